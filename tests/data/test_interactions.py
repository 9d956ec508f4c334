"""Products of columns: what a formula would make of them, under their own names."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose

from thalweg.data.encoding import from_json, to_json
from thalweg.data.table import as_table
from thalweg.errors import ArgumentError, DataError
from thalweg.estimators import fit_table, load_model, read_model, save_model


@pytest.fixture
def houses() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "area": rng.uniform(40, 120, 80),
        "rooms": rng.integers(1, 6, 80).astype(float),
        "town": rng.choice(["Como", "Lugano", "Varese"], 80),
        "view": rng.choice(["lake", "none"], 80),
        "price": rng.normal(100, 9, 80),
    })  # fmt: skip


def names_of(formula_names: list[str]) -> list[str]:
    """Return patsy's names as they are here."""
    return [name.replace("[T.", "=").replace("]", "").replace("Intercept", "intercept")
            for name in formula_names]  # fmt: skip


@pytest.mark.parametrize(
    ("interactions", "right"),
    [
        (("area:rooms",), "area + rooms + town + view + area:rooms"),
        (("area:town", "town:view"), "area + rooms + town + view + area:town + town:view"),
        (("all",), "(area + rooms + town + view) ** 2"),
        (("rooms:area", "area:rooms"), "area + rooms + town + view + rooms:area"),
    ],
)
def test_they_equal_those_of_a_formula(
    houses: pd.DataFrame, interactions: tuple[str, ...], right: str, tmp_path: Path
) -> None:
    fit = fit_table(houses, "price", interactions=interactions, holdout=0)
    oracle = smf.ols(f"price ~ {right}", houses).fit(cov_type="HC1", use_t=True)
    swapped = {":".join(sorted(name.split(":"))): i for i, name in enumerate(fit.inference.names)}
    wanted = [":".join(sorted(name.split(":"))) for name in names_of(list(oracle.params.index))]
    order = [swapped[name] for name in wanted]
    assert len(order) == len(fit.inference.names)
    assert_allclose(fit.inference.estimates[order], oracle.params, rtol=1e-8)
    assert_allclose(fit.inference.std_errors[order], oracle.bse, rtol=1e-8)
    save_model(fit.model, tmp_path / "m")
    new = houses.drop(columns="price").iloc[[7, 3]]
    for model in (read_model(tmp_path / "m"), load_model(tmp_path / "m")):
        assert_allclose(model.predict(new), oracle.predict(new), rtol=1e-9)
    expected = oracle.get_prediction(new).summary_frame()
    found = read_model(tmp_path / "m").intervals(new)
    assert_allclose(found.new_interval, expected.iloc[:, 4:], rtol=1e-8)


def test_a_missing_value_takes_the_mean_of_the_products_it_is_in(houses: pd.DataFrame) -> None:
    options: dict[str, Any] = {"interactions": ("area:town",), "missing": "mean", "holdout": 0}
    encoding = fit_table(houses, "price", **options).split.encoding
    row = {"area": [None], "rooms": [2.0], "town": ["Lugano"], "view": ["lake"]}
    at = [encoding.names.index(f"area:town={town}") for town in ("Lugano", "Varese")]
    assert (encoding.matrix(as_table(row))[0, at] == 0.0).all()
    unknown = row | {"area": [50.0], "town": ["Bern"]}
    with pytest.raises(DataError, match="column 'town' has 'Bern' in row 1"):
        encoding.matrix(as_table(unknown))
    assert (encoding.matrix(as_table(unknown), unknown="ignore")[0, at] == 0.0).all()
    assert from_json(json.loads(json.dumps(to_json(encoding)))) == encoding


def test_names_may_hold_colons(houses: pd.DataFrame) -> None:
    renamed = houses.rename(columns={"area": "a:rea"})
    found = fit_table(renamed, "price", interactions=("a:rea:rooms",), holdout=0)
    assert "a:rea:rooms" in found.split.encoding.names


def test_a_network_takes_them_too(houses: pd.DataFrame) -> None:
    options: dict[str, Any] = {"model": "mlp:4", "epochs": 2, "progress": False}
    fit = fit_table(houses, "price", interactions=("all",), **options)
    assert fit.model.predict(houses).shape == (80,)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("area", "is no interaction; write two columns as area:town"),
        ("area:area", "one column with itself"),
        ("aera:town", "no column 'aera'; perhaps 'area' is meant"),
        ("area:price", "no column 'price'"),
    ],
)
def test_what_names_no_two_columns_is_refused(
    houses: pd.DataFrame, asked: str, reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        fit_table(houses, "price", interactions=(asked,))


def test_a_formula_has_its_own(houses: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="there is a formula, which names them itself"):
        fit_table(houses, formula="price ~ area", interactions=("area:town",))


def test_products_beyond_numbers_are_refused() -> None:
    data = {"a": [1e200, 2e200, 1.0, 3.0], "b": [1e200, 1.0, 2e200, 4.0], "y": [1.0, 2, 3, 5]}
    with pytest.raises(DataError, match="too large"):
        fit_table(data, "y", interactions=("a:b",), holdout=0)
