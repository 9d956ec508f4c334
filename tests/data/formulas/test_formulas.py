"""Formulas: what they make of tables equals statsmodels' formulas, now and from a file."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose

from thalweg.data.encoding import encode, from_json, to_json
from thalweg.data.formulas import parse_formula
from thalweg.data.formulas.expressions import read_factor
from thalweg.data.sources import table_of
from thalweg.data.table import as_table
from thalweg.errors import ArgumentError, CheckpointError, DataError, MissingLibrary, SpecError
from thalweg.estimators import Settings, fit_table, load_model, read_model, save_model
from thalweg.estimators.folder import checksum

FAIR = sm.datasets.fair.load_pandas().data
STATES = sm.datasets.statecrime.load_pandas().data

CASES = [
    (FAIR, "np.log(affairs + 1) ~ rate_marriage + C(occupation) * yrs_married + I(educ**2)"),
    (FAIR, "affairs ~ C(educ, Treatment(12)) + center(np.log(age)) + standardize(children)"),
    (STATES, "murder ~ urban * poverty + np.log(white) + Q('hs_grad')"),
]


def patsy_names(names: Any) -> list[str]:
    """Return patsy's names as they are here: whole numbers as such."""
    return [n.replace(".0]", "]").replace("Q('hs_grad')", "hs_grad") for n in names]


@pytest.mark.parametrize(("data", "formula"), CASES)
def test_coefficients_errors_and_predictions_equal_statsmodels(
    data: pd.DataFrame, formula: str, tmp_path: Path
) -> None:
    fit = fit_table(data, formula=formula, holdout=0)
    oracle = smf.ols(formula, data).fit(cov_type="HC1", use_t=True)
    names = ["intercept", *patsy_names(oracle.params.index)[1:]]
    order = [fit.inference.names.index(name) for name in names]
    assert len(order) == len(fit.inference.names)
    for ours, theirs in (
        (fit.inference.estimates, oracle.params),
        (fit.inference.std_errors, oracle.bse),
        (fit.inference.p_values, oracle.pvalues),
    ):
        assert_allclose(ours[order], theirs, rtol=1e-8, atol=1e-15)
    save_model(fit.model, tmp_path / "m")
    new = data.iloc[[3, 1, 40]]
    expected = oracle.predict(new)
    assert_allclose(read_model(tmp_path / "m").predict(new), expected, rtol=1e-9)
    assert_allclose(load_model(tmp_path / "m").predict(new), expected, rtol=1e-9)


@pytest.fixture
def houses() -> dict[str, list[Any]]:
    rng = np.random.default_rng(0)
    area = rng.uniform(40, 120, 60)
    return {
        "price": (area * rng.uniform(0.9, 1.1, 60)).tolist(),
        "living area": area.tolist(),
        "rooms": rng.integers(1, 5, 60).astype(float).tolist(),
        "town": rng.choice(["Como", "Lugano", "O'Fallon"], 60).tolist(),
    }


STATES_KEPT = [
    "center(`living area`)",
    "poly(`living area`, 3)",
    "bs(`living area`, df=5)",
    "cr(`living area`, df=4)",
    "scale(log(`living area`)):town",
    "C(rooms, Sum)",
    'C(town, Treatment("O\'Fallon"))',
    "C(rooms > 2) + town:rooms",
    "C(rooms, contr.helmert())",
]


@pytest.mark.parametrize("right", STATES_KEPT)
def test_what_a_formula_learnt_comes_back_from_a_file(
    houses: dict[str, list[Any]], right: str
) -> None:
    table = as_table(houses)
    rows = np.arange(5, 55)
    everything = pd.DataFrame(houses)["living area"]
    # Knots are those of the training rows, which here have the least and the largest value.
    rows = np.union1d(rows, [everything.idxmin(), everything.idxmax()])
    formula = parse_formula(f"log(price) ~ {right}")
    encoding = encode(table_with_target(table), "log(price)", formula=formula, rows=rows)
    again = from_json(json.loads(json.dumps(to_json(encoding))))
    X = encoding.matrix(table)
    assert X.shape[1] >= 1
    assert np.isfinite(X).all()
    assert_allclose(X[rows].mean(axis=0), 0.0, atol=1e-12)
    # Row by row, as nothing is learnt any more.
    for row in (7, 59):
        np.testing.assert_array_equal(again.matrix(table.take([row])), X[[row]])


def table_with_target(table: Any) -> Any:
    from thalweg.data.formulas import with_left_side

    return with_left_side(table, parse_formula("log(price) ~ rooms"))


def test_means_and_knots_are_those_of_the_training_rows(houses: dict[str, list[Any]]) -> None:
    fit = fit_table(houses, formula="price ~ center(rooms)", seed=3)
    assert fit.split.places is not None
    mean = np.mean(np.array(houses["rooms"])[fit.split.places[0]])
    derivation = fit.split.encoding.derivation
    assert derivation is not None
    assert derivation.transforms["center(rooms)"]["center"] == pytest.approx(mean, rel=1e-14)


def test_names_of_other_scripts_are_columns(houses: dict[str, list[Any]]) -> None:
    renamed = {{"living area": "größe"}.get(name, name): v for name, v in houses.items()}
    fit = fit_table(renamed, formula="price ~ log(größe) + größe:rooms", holdout=0)
    oracle = smf.ols("price ~ np.log(größe) + größe:rooms", pd.DataFrame(renamed)).fit()
    assert_allclose(fit.inference.estimates, oracle.params, rtol=1e-8)
    assert fit.inference.names == ("intercept", "log(`größe`)", "größe:rooms")


def test_a_dot_stands_for_all_other_columns(houses: dict[str, list[Any]]) -> None:
    fit = fit_table(houses, formula="log(price) ~ .", holdout=0, drop=("rooms",))
    assert set(fit.split.encoding.names) == {"living area", "town[T.Lugano]", "town[T.O'Fallon]"}
    assert fit.split.encoding.columns == ("living area", "town")


def test_classes_are_on_the_left_side_as_a_column() -> None:
    data = STATES.assign(high=np.where(STATES.murder > 4.5, "yes", "no"))
    fit = fit_table(data, formula="high ~ urban * poverty", holdout=0, l2=0)
    coded = data.assign(high=(data.murder > 4.5) * 1.0)
    family = sm.families.Binomial()
    oracle = smf.glm("high ~ urban * poverty", coded, family=family).fit(tol=1e-14)
    order = [fit.inference.names.index(n) for n in ("urban", "poverty", "urban:poverty")]
    assert_allclose(fit.inference.estimates[order], oracle.params.to_numpy()[1:], rtol=1e-7)


# ---- missing values and unknown categories, as for plain columns


def test_a_missing_value_takes_the_mean_of_the_terms_it_is_in(houses: dict[str, list[Any]]) -> None:
    fit = fit_table(houses, formula="price ~ log(rooms) + town", holdout=0, missing="mean")
    encoding = fit.split.encoding
    new = as_table({"rooms": [None, 2.0], "town": ["Lugano", None]})
    X, names = encoding.matrix(new), encoding.names
    at = names.index("log(rooms)")
    assert X[0, at] == 0.0
    assert X[1, at] != 0.0
    dummies = [i for i in range(3) if i != at]
    assert (X[1, dummies] == 0.0).all()
    assert (X[0, dummies] != 0.0).all()
    with pytest.raises(DataError, match="column 'rooms' is missing in row 1"):
        encoding.matrix(new, missing="refuse")
    assert encoding.complete(new).tolist() == [False, False]


@pytest.mark.parametrize("options", [{}, {"l2": 2.0}, {"model": "mlp:3", "epochs": 3}])
def test_a_sum_of_columns_is_what_plain_columns_are(
    houses: dict[str, list[Any]], options: dict[str, Any]
) -> None:
    for name, row in (("rooms", 3), ("town", 8), ("town", 20), ("living area", 5), ("price", 6)):
        houses[name][row] = None
    how = {"missing": "mean", "progress": False, "seed": 4} | options
    # Columns of categories are not standardized alone, so that a penalty would count otherwise.
    right = "`living area` + rooms" if options else "`living area` + rooms + town"
    drop = ("town",) if options else ()
    plain = fit_table(houses, "price", drop=drop, **how)
    formula = fit_table(houses, formula=f"price ~ {right}", **how)
    assert plain.split.places is not None
    assert formula.split.places is not None
    np.testing.assert_array_equal(formula.split.places[1], plain.split.places[1])
    new = as_table({"living area": [80.0, None, 70.0], "rooms": [2.0, 3.0, None],
                    "town": [None, "Lugano", "Bern"]})  # fmt: skip
    found, expected = (
        fit.model.of_features(fit.split.encoding.matrix(new, unknown="ignore"))
        for fit in (formula, plain)
    )
    assert_allclose(found, expected, rtol=1e-9)


def test_rows_are_counted_anew_once_some_are_left_out(houses: dict[str, list[Any]]) -> None:
    houses["rooms"][:3], houses["rooms"][9] = [None] * 3, 0.0
    with pytest.raises(DataError, match=r"without the rows left out: log\(rooms\) .* in row 7 "):
        fit_table(houses, formula="price ~ log(rooms)", holdout=0, missing="drop")


def test_what_is_dropped_cannot_be_needed() -> None:
    with pytest.raises(ArgumentError, match="the formula needs 'rooms'"):
        Settings("price", formula="price ~ rooms", drop=("rooms",))


def test_rows_with_missing_values_are_left_out_if_asked(houses: dict[str, list[Any]]) -> None:
    houses["rooms"][4] = None
    houses["price"][9] = None
    fit = fit_table(houses, formula="log(price) ~ center(rooms)", holdout=0, missing="drop")
    kept = pd.DataFrame(houses).dropna()
    oracle = smf.ols("np.log(price) ~ center(rooms)", kept).fit()
    assert_allclose(fit.inference.estimates, oracle.params, rtol=1e-9)
    with pytest.raises(DataError, match="missing in row"):
        fit_table(houses, formula="log(price) ~ center(rooms)", holdout=0)


@pytest.mark.parametrize(
    ("right", "new"), [("town", {"town": ["Bern"]}), ("C(rooms)", {"rooms": [7.0]})]
)
def test_unknown_categories_are_refused_or_ignored(
    houses: dict[str, list[Any]], right: str, new: dict[str, list[Any]]
) -> None:
    encoding = fit_table(houses, formula=f"price ~ {right}", holdout=0).split.encoding
    with pytest.raises(DataError, match=r"row 1, not among the categories fitted.*--unknown"):
        encoding.matrix(as_table(new))
    assert (encoding.matrix(as_table(new), unknown="ignore") == 0.0).all()


# ---- what is refused


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("price", "one left and one right side"),
        ("~ rooms", "one left and one right side"),
        ("price ~ rooms | town", "one left and one right side"),
        ("price + rooms ~ town", "2 terms on its left side"),
        ("C(town) ~ rooms", "left side. Give a column"),
        ("price ~ rooms +", r"cannot be read: Operator `\+`.*at '\+'"),
        ("log(price ~ rooms", "cannot be read"),
        ("price ~ 0 + rooms", "leaves the intercept out"),
        ("price ~ 1", "nothing to predict from"),
        ("price ~ lgo(rooms)", "Did you mean 'log'"),
        ("price ~ lag(rooms)", "not among those known"),
        ("price ~ I(__import__('os').system('true'))", "not among those known"),
        ("price ~ np.load(rooms)", "not among those known"),
        ("price ~ I(rooms.__class__)", "no formula here may hold"),
        ("price ~ I(9**9**9)", "a power of numbers"),
        ("price ~ I([0] * 99999999)", "where a number is wanted"),
        ("price ~ I(lambda: 1)", "no formula here may hold"),
        ("price ~ center(rooms, 'a\"]')", "where none is taken"),
        ("price ~ log(rooms, price)", "2 arguments of log. It takes 1"),
        ("price ~ log(rooms, out=price)", "2 arguments of log"),
        ("price ~ where(rooms > 2, 'a', 'b')", "where none is taken"),
        ("price ~ C([rooms, area])", "a list where a column"),
        ("price ~ Q(rooms)", "Q without one name in quotes"),
        ("price ~ bs(rooms, _state=1)", "arguments that are not by name"),
    ],
)
def test_a_formula_that_means_nothing_or_would_run_is_refused(formula: str, reason: str) -> None:
    with pytest.raises(SpecError, match=reason) as raised:
        parse_formula(formula)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("price ~ romos", "has no column 'romos'; perhaps 'rooms' is meant"),
        (
            "log(price - 100) ~ rooms",
            r"log\(price - 100\), the left side .* no finite value in row",
        ),
        ("price ~ log(rooms - 1)", r"log\(rooms - 1\) of the formula has no finite value in row"),
        ("log(town) ~ rooms", "cannot be evaluated"),
        ("price ~ log(town)", "cannot be evaluated"),
        ("price ~ C(town, levels=['Como'])", "not among its levels"),
        ("price ~ C(rooms > 0)", "makes no column"),
        ("price ~ owner", "60 different texts in 60 rows.*names, dates or free text"),
        ("price ~ .", "60 different texts in 60 rows.*names, dates or free text"),
        ("price ~ sold", "'sold' holds dates"),
    ],
)
def test_data_that_a_formula_cannot_use_are_refused(
    houses: dict[str, list[Any]], formula: str, reason: str
) -> None:
    houses |= {"owner": [f"owner {i}" for i in range(60)], "sold": ["2024-01-31"] * 60}
    with pytest.raises(DataError, match=reason):
        fit_table(houses, formula=formula, holdout=0)


def test_numbers_without_end_are_no_categories() -> None:
    table = {"y": np.arange(3000.0) % 7, "x": np.sqrt(np.arange(3000.0))}
    with pytest.raises(DataError, match="3,000 different numbers, too many to be categories"):
        fit_table(table, formula="y ~ C(x)", task="regression", holdout=0)


def test_without_formulaic_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "formulaic", None)
    with pytest.raises(MissingLibrary, match=r"pip install 'thalweg\[formula\]'"):
        parse_formula("fresh ~ never_read_before")


def test_no_code_in_a_folder_is_run(houses: dict[str, list[Any]], tmp_path: Path) -> None:
    save_model(fit_table(houses, formula="price ~ log(rooms)", holdout=0).model, tmp_path / "m")
    path = tmp_path / "m" / "model.json"
    said = json.loads(path.read_text())
    del said["checksum"]
    for code in (f"open({str(tmp_path / 'run')!r}, 'w')", "().__class__", "rooms.values.tofile"):
        said["encoding"]["formula"]["terms"] = [[code]]
        path.write_text(json.dumps(said | {"checksum": checksum(said)}))
        with pytest.raises(CheckpointError, match="damaged"):
            read_model(tmp_path / "m").predict(houses)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("`a b` + Q('c d') * log(e)", ("a b", "c d", "e")),
        ("np.where(x > 0, x, -x)", ("x",)),
        ("(town == 'a') & (x < 3)", ("town", "x")),
        ("log(größe)", ("größe",)),
    ],
)
def test_columns_of_an_expression_are_found(text: str, names: tuple[str, ...]) -> None:
    assert read_factor(text).names == names


def test_tables_of_files_hold_what_a_formula_needs_alone(
    houses: dict[str, list[Any]], tmp_path: Path
) -> None:
    path = tmp_path / "h.csv"
    pd.DataFrame(houses).assign(sold="2024-01-31", junk=[[1]] * 60).to_csv(path, index=False)
    fit = fit_table(str(path), formula="log(price) ~ `sold.month` + rooms", date=("sold",))
    assert fit.split.encoding.columns == ("sold", "rooms")
    assert fit.model.predict(table_of(str(path))).shape == (60,)
