"""Coefficients of tables: those of the room of inference, in own units, or the reason why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import ArgumentError
from thalweg.estimators import fit_table
from thalweg.inference import regression

RNG = np.random.default_rng(0)
N = 80
COLUMNS = {"a": RNG.normal(5.0, 2.0, N), "b": RNG.normal(size=N)}
Y = 3.0 + COLUMNS["a"] - 2 * COLUMNS["b"] + RNG.normal(size=N) * (1 + np.abs(COLUMNS["b"]))


def fit(columns: dict[str, Any] = COLUMNS, y: Any = Y, **settings: Any) -> Any:
    return fit_table({**columns, "y": y}, "y", holdout=0, progress=False, **settings)


@pytest.mark.parametrize(
    ("family", "loss", "y"),
    [
        ("linear", "squared", Y),
        ("logistic", "logistic", (Y > 8).astype(float)),
        ("poisson", "poisson", np.round(np.abs(Y))),
    ],
)
def test_they_are_those_of_the_regression(family: str, loss: str, y: Any) -> None:
    found = fit(y=y, loss=loss, l2=0).inference
    expected = regression(COLUMNS, y, family, covariance="HC1")
    assert found.names == expected.names
    assert_allclose(found.estimates, expected.estimates, rtol=1e-8)
    assert_allclose(found.covariance, expected.covariance, rtol=1e-8, atol=1e-12)
    assert_allclose(found.p_values, expected.p_values, rtol=1e-7)
    assert found.convention == expected.convention
    for name, value in expected.facts.items():
        assert found.facts[name] == pytest.approx(value, rel=1e-8)
    assert found.optimization_error.max() < 1e-4


def test_constant_and_collinear_columns_have_none_and_the_others_do() -> None:
    more = {**COLUMNS, "same": np.ones(N), "twice": 2 * COLUMNS["a"] + 1}
    whole = fit(more)
    found = whole.inference
    assert found.left_out == {
        "same": "constant in the training rows",
        "intercept": "collinear with a, twice",
        "a": "collinear with twice",
        "twice": "collinear with a",
    }
    expected = regression(COLUMNS, Y, covariance="HC1")
    b = found.names.index("b")
    assert_allclose(found.std_errors[b], expected.std_errors[2], rtol=1e-8)
    assert np.isnan(np.delete(found.std_errors, b)).all()


def test_separated_classes_are_named() -> None:
    y = np.where(COLUMNS["a"] > 5.0, "yes", "no")
    found = fit(y=y, l2=0).inference
    assert found.convention is None
    assert "separate the classes completely" in found.why


def test_where_there_are_none_the_reason_is_told() -> None:
    penalized = fit(l2=1.0)
    assert "Fit without one (l2 = 0)" in penalized.inference.why
    assert penalized.coefficients.std_errors is None
    short = fit(optimizer=tw.optim.sgd(0.01), batch_size=10, epochs=2)
    assert "standard errors short of the optimum" in short.inference.why
    three = fit(y=np.array(["u", "v", "w"])[np.arange(N) % 3])
    assert "several classes" in three.inference.why
    hinge = fit(y=np.where(Y > 8, "yes", "no"), loss="hinge", l2=0, epochs=2)
    assert "has kinks" in hinge.inference.why
    few = fit({"a": COLUMNS["a"][:3], "b": COLUMNS["b"][:3]}, Y[:3])
    assert "as many coefficients as rows" in few.inference.why
    with pytest.raises(ArgumentError, match="has no coefficients"):
        fit(model="mlp:2", epochs=1).inference  # noqa: B018


def test_a_quantiles_are_powells() -> None:
    found = fit(
        loss="quantile(0.75)",
        optimizer=tw.optim.adam(tw.optim.cosine_decay_schedule(0.05, 3000)),
        batch_size=80,
        epochs=3000,
    ).inference
    expected = tw.inference.quantile_regression(COLUMNS, Y, 0.75)
    assert_allclose(found.std_errors, expected.std_errors, rtol=1e-8)
    assert_allclose(found.estimates, expected.estimates, rtol=1e-8)


def test_what_is_apart_from_collinear_columns_is_determined() -> None:
    random = np.random.default_rng(0)
    one = (random.uniform(size=N) < 0.5).astype(float)
    x = np.maximum(random.normal(size=N), 0.0)
    columns = {"one": one, "x": x, "left": x * one, "right": x * (1 - one)}
    found = fit(columns).inference
    assert set(found.left_out) == {"x", "left", "right"}
    expected = regression({k: columns[k] for k in ("one", "left", "right")}, Y, covariance="HC1")
    assert_allclose(found.std_errors[:2], expected.std_errors[:2], rtol=1e-8)
