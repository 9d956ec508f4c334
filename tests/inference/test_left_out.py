"""What rows do not determine: found, named, left out, and never a wrong number in its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thalweg.errors import ArgumentError, DataError, ShapeError
from thalweg.inference import regression

RNG = np.random.default_rng(3)
N = 60
A, B = RNG.normal(size=N), RNG.normal(size=N)
Y = 1.0 + A - B + RNG.normal(size=N)


def test_constant_zero_and_collinear_columns_are_named() -> None:
    columns = {"a": A, "ones": np.ones(N), "none": np.zeros(N), "b": B, "both": 2 * A - B + 3}
    found = regression(columns, Y)
    assert found.left_out == {
        "ones": "constant (1 in every row)",
        "none": "zero in every row",
        "both": "collinear with intercept, a, b",
    }
    without = regression({"a": A, "b": B}, Y)
    kept = [found.names.index(name) for name in without.names]
    assert_allclose(found.estimates[kept], without.estimates, rtol=1e-12)
    assert_allclose(found.covariance[np.ix_(kept, kept)], without.covariance, rtol=1e-12)
    assert np.isnan(found.std_errors[[2, 3, 5]]).all()
    assert found.facts["AIC"] == pytest.approx(without.facts["AIC"], rel=1e-12)
    lines = repr(found).splitlines()
    assert any("ones" in line and "left out: constant" in line for line in lines)


def test_a_constant_column_is_the_intercept_where_there_is_none() -> None:
    own = regression({"ones": np.ones(N), "a": A}, Y, intercept=False)
    assert not own.left_out
    assert_allclose(own.estimates, regression({"a": A}, Y).estimates, rtol=1e-12)
    assert_allclose(own.facts["R²"], regression({"a": A}, Y).facts["R²"], rtol=1e-12)


def test_fewer_rows_than_columns() -> None:
    found = regression(RNG.normal(size=(5, 9)), RNG.normal(size=5))
    assert list(found.left_out) == [f"x{i}" for i in range(4, 9)]
    assert found.left_out["x8"] == "more columns than rows (5)"
    assert "as many coefficients as rows (5)" in found.why
    assert np.isnan(found.std_errors).all()
    assert "No standard errors. There are as many" in repr(found)
    with pytest.raises(ArgumentError, match="as many coefficients"):
        found.wald("x0")


def test_a_perfect_fit_has_no_scatter() -> None:
    found = regression({"a": A}, 3.0 - 2.0 * A)
    assert_allclose(found.estimates, [3.0, -2.0], rtol=1e-14)
    assert not found.why
    assert (found.std_errors < 1e-14).all()


def test_classes_separated_by_one_dummy() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    y = (rng.uniform(size=200) < 1 / (1 + np.exp(-x))).astype(float)
    dummy = np.zeros(200)
    dummy[np.flatnonzero(y == 1)[:17]] = 1.0  # only ones among its rows
    found = regression({"x": x, "dummy": dummy}, y, "logistic")
    reason = "separated: it tells the class of 17 rows for certain, and has no finite value"
    assert found.left_out == {"dummy": reason}
    rest = regression({"x": x[dummy == 0]}, y[dummy == 0], "logistic")
    assert_allclose(found.estimates[:2], rest.estimates, rtol=1e-10)
    assert_allclose(found.std_errors[:2], rest.std_errors, rtol=1e-10)
    assert_allclose(found.facts["log-likelihood"], rest.facts["log-likelihood"], rtol=1e-10)
    with pytest.raises(ArgumentError, match="dummy has no standard error: separated"):
        found.wald("dummy")
    with pytest.raises(ArgumentError, match="no finite estimate"):
        found.predict({"x": [0.0], "dummy": [0.0]})


def test_classes_separated_by_a_threshold_with_ties() -> None:
    x = np.array([0.0, 1, 2, 3, 3, 4, 5, 6])
    y = np.array([0.0, 0, 0, 0, 1, 1, 1, 1])
    z = np.array([1.0, -1, 2, 0.5, 0.7, -2, 1, 0])
    found = regression({"x": x, "z": z}, y, "logistic")
    assert set(found.left_out) >= {"x", "intercept"}
    assert np.isnan(found.std_errors[:2]).all()


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e4])
def test_classes_separated_completely(scale: float) -> None:
    x = np.linspace(-1, 1, 40) * scale
    found = regression({"x": x, "noise": RNG.normal(size=40)}, (x > 0.1 * scale) * 1.0, "logistic")
    assert "separate the classes completely" in found.why
    assert "Add a penalty" in found.why
    assert set(found.left_out) == {"intercept", "x", "noise"}


def test_classes_that_overlap_by_one_pair_are_not_separated() -> None:
    x = np.linspace(-1, 1, 40)
    y = (x > 0).astype(float)
    y[[18, 21]] = 1.0, 0.0
    found = regression({"x": x}, y, "logistic")
    assert not found.left_out
    assert not found.why
    assert (found.std_errors > 0.5).all()


def test_counts_of_zero_alone_in_a_group() -> None:
    rng = np.random.default_rng(1)
    x, group = rng.normal(size=300), np.zeros(300)
    y = rng.poisson(np.exp(0.5 * x)).astype(float)
    group[np.flatnonzero(y == 0)[:20]] = 1.0
    found = regression({"x": x, "group": group}, y, "poisson")
    assert list(found.left_out) == ["group"]
    rest = regression({"x": x[group == 0]}, y[group == 0], "poisson")
    assert_allclose(found.std_errors[:2], rest.std_errors, rtol=1e-9)


def test_counts_that_scatter_no_more_than_poissons_have_no_alpha() -> None:
    y = np.random.default_rng(0).binomial(10, 0.5, size=200)
    found = regression(np.empty((200, 0)), y, "negative binomial")
    assert 'Choose family="poisson"' in found.why


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y": [0.0, 1.0, np.nan, 1.0]}, DataError, "missing or infinite value in row 2"),
        ({"y": [0.0, 1.0, 1.0]}, ShapeError, "y has shape"),
        ({"y": [0.0, 1.0, 2.0, 1.0], "family": "logistic"}, DataError, "y has 2"),
        ({"y": [0.0, 1.0, -2.0, 1.0], "family": "poisson"}, DataError, "y has -2"),
        ({"family": "logit"}, ArgumentError, "Did you mean 'logistic'"),
        ({"covariance": "HC4"}, ArgumentError, "Did you mean 'HC"),
        ({"covariance": "clustered"}, ArgumentError, "give both, or neither"),
        ({"weights": [1.0, 0.0, 1.0, 1.0]}, DataError, "weights has 0 in row 1"),
        ({"names": ["a", "b"]}, ShapeError, "2 names were given for 1"),
        ({"names": ["intercept"]}, ArgumentError, "intercept=False"),
        ({"params": [1.0]}, ShapeError, "there are 2: intercept, x0"),
        ({"level": 95}, ArgumentError, "such as 0.95"),
    ],
)
def test_what_is_refused(change: dict[str, Any], error: type[Exception], words: str) -> None:
    given = {"X": [1.0, 2.0, 4.0, 3.0], "y": [0.0, 1.0, 1.0, 0.0], **change}
    with pytest.raises(error, match=words):
        regression(**given)


def test_frames_of_other_rows_are_refused() -> None:
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"a": A})
    with pytest.raises(DataError, match="different indexes"):
        regression(X, pandas.Series(Y).sort_values())
    assert_allclose(regression(X, pandas.Series(Y)).estimates, regression({"a": A}, Y).estimates)


def test_what_is_left_out_must_hold_in_new_rows() -> None:
    found = regression({"a": A, "twice": 2 * A}, Y)
    inside = found.predict({"a": [1.0], "twice": [2.0]})
    assert_allclose(inside.mean, regression({"a": A}, Y).predict({"a": [1.0]}).mean)
    with pytest.raises(ArgumentError, match="does not hold in row 0"):
        found.predict({"a": [1.0], "twice": [3.0]})


def test_a_row_of_leverage_one_has_no_hc3() -> None:
    alone = np.zeros(N)
    alone[7] = 1.0
    with pytest.raises(ArgumentError, match="row 7 has leverage h = 1"):
        regression({"a": A, "alone": alone}, Y, covariance="HC3")
