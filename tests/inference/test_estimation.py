"""Inference for losses in plain NumPy: equal to the regressions', and refused where it is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import ArgumentError, ShapeError
from thalweg.inference import m_estimation, regression
from thalweg.inference.regressions.families import FAMILIES

RNG = np.random.default_rng(0)
N = 150
X = RNG.normal(size=(N, 2))
Y = X @ [1.0, -1.0] + 0.5 + RNG.normal(size=N) * (1 + 0.5 * np.abs(X[:, 0]))
LABELS = (Y > 0.3).astype(float)
START = {"b": 0.0, "w": np.zeros(2)}
GROUPS = np.arange(N) // 10


def squares(params: Any, X: Any, y: Any) -> Any:
    return np.mean((y - X @ params["w"] - params["b"]) ** 2)


def logistic(params: Any, X: Any, y: Any) -> Any:
    scores = X @ params["w"] + params["b"]
    return np.sum(np.logaddexp(0.0, scores) - y * scores)


def logistic_rows(params: Any, X: Any, y: Any) -> Any:
    scores = X @ params["w"] + params["b"]
    return np.logaddexp(0.0, scores) - y * scores


@pytest.mark.parametrize("kind", ["classical", "HC0", "HC1", "HC2", "HC3", "clustered"])
def test_squares_are_least_squares(kind: str) -> None:
    clusters = GROUPS if kind == "clustered" else None
    options: dict[str, Any] = {"covariance": kind, "clusters": clusters}
    found = m_estimation(squares, START, (X, Y), loss_is="squares", **options)
    expected = regression(X, Y, **options)
    assert found.names == ("b", "w[0]", "w[1]")
    assert_allclose(found.estimates, expected.estimates, rtol=1e-10)
    assert_allclose(found.covariance, expected.covariance, rtol=1e-8, atol=1e-14)
    assert found.convention is not None
    assert expected.convention is not None
    assert found.convention.reference == expected.convention.reference
    assert_allclose(found.p_values, expected.p_values, rtol=1e-8)


@pytest.mark.parametrize("loss", [logistic, logistic_rows])
@pytest.mark.parametrize("kind", ["classical", "HC0", "HC1", "HC3", "clustered"])
def test_a_likelihood_is_the_regressions(loss: Any, kind: str) -> None:
    clusters = GROUPS if kind == "clustered" else None
    options: dict[str, Any] = {"covariance": kind, "clusters": clusters}
    found = m_estimation(loss, START, (X, LABELS), loss_is="likelihood", **options)
    expected = regression(X, LABELS, "logistic", **options)
    assert_allclose(found.covariance, expected.covariance, rtol=1e-8, atol=1e-12)
    for name in ("log-likelihood", "AIC", "BIC"):
        assert found.facts[name] == pytest.approx(expected.facts[name], rel=1e-10)


def test_hubers_regression_is_statsmodels() -> None:
    # A smooth part of Huber's loss, at a scale that is given: RLM's H3 has other factors.
    def pseudo_huber(b: Any, X: Any, y: Any) -> Any:
        return np.mean(np.sqrt(1.0 + (y - X @ b) ** 2))

    A = np.column_stack([np.ones(N), X])
    found = m_estimation(pseudo_huber, np.zeros(3), {"X": A, "y": Y})
    r = Y - A @ found.estimates
    psi, slope = r / np.sqrt(1 + r**2), (1 + r**2) ** -1.5
    assert_allclose(A.T @ psi, 0.0, atol=1e-10)
    bread = np.linalg.inv(A.T @ (slope[:, None] * A))
    assert_allclose(found.covariance, bread @ (A.T @ (psi[:, None] ** 2 * A)) @ bread, rtol=1e-10)


def test_a_loss_without_data_is_a_likelihood() -> None:
    whole = lambda params: logistic(params, X, LABELS)
    found = m_estimation(whole, START, loss_is="likelihood")
    assert_allclose(found.covariance, regression(X, LABELS, "logistic").covariance, rtol=1e-8)
    with pytest.raises(ArgumentError, match="no row has a score"):
        m_estimation(whole, START)
    with pytest.raises(ArgumentError, match="no row has a score"):
        m_estimation(whole, START, loss_is="likelihood", covariance="HC0")


def test_parameters_that_move_freely_are_left_out() -> None:
    def twice(params: Any, X: Any, y: Any) -> Any:
        return np.mean((y - X[:, 0] * (params["a"] + params["c"]) - params["b"]) ** 2)

    found = m_estimation(twice, {"a": 0.3, "b": 0.0, "c": 0.1, "d": 1.0}, (X, Y))
    assert found.left_out == {
        "a": "not determined: it can move with c",
        "c": "not determined: it can move with a",
        "d": "not determined: it can move with no change of the loss",
    }
    simple = regression(X[:, 0], Y, covariance="HC0")
    assert_allclose(found.std_errors[1], simple.std_errors[0], rtol=1e-8)
    assert np.isnan(found.std_errors[[0, 2, 3]]).all()


def test_a_penalized_sum_is_refused_and_a_penalized_mean_is_not() -> None:
    summed = lambda b, X, y: np.sum((y - X @ b) ** 2) + np.sum(b**2)
    with pytest.raises(ArgumentError, match="rows do not add up"):
        m_estimation(summed, np.ones(2), (X, Y))
    penalized = lambda b, X, y: np.mean((y - X @ b) ** 2) + 0.1 * np.sum(b**2)
    found = m_estimation(penalized, np.ones(2), (X, Y))
    ridge = np.linalg.solve(X.T @ X + 0.1 * N * np.eye(2), X.T @ Y)
    assert_allclose(found.estimates, ridge, rtol=1e-10)


def test_a_loss_without_a_minimum_has_no_standard_errors() -> None:
    falling = m_estimation(lambda b, y: np.mean(y * 0.0 + b), 1.0, Y)
    assert "no curvature" in falling.why
    kinked = m_estimation(lambda b, y: np.mean(np.abs(y - b)), float(np.median(Y[:149])), Y[:149])
    assert "Use quantile_regression" in kinked.why
    far = m_estimation(lambda b, y: np.mean(np.logaddexp(0.0, y * 0.0 - b)), 1.0, Y)
    assert "Newton's steps led to none" in far.why
    assert np.isnan(falling.std_errors).all()
    wave = m_estimation(lambda b, y: np.mean(np.cos(b + 0.0 * y) + 0.0 * y), np.array([0.0]), Y)
    assert "no minimum" in wave.why


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"data": (X, Y[:-1])}, ShapeError, "share their first axis"),
        ({"data": (X, 3.0)}, ShapeError, "Put constants into the loss"),
        ({"loss_is": "density"}, ArgumentError, '"likelihood", "squares"'),
        ({"covariance": "classical"}, ArgumentError, "loss_is="),
        ({"loss": lambda p, X, y: X}, ShapeError, "one number, or one a row"),
    ],
)
def test_what_is_refused(change: dict[str, Any], error: type[Exception], words: str) -> None:
    given: dict[str, Any] = {"loss": squares, "params": START, "data": (X, Y), **change}
    with pytest.raises(error, match=words):
        m_estimation(**given)


# ---- the bootstrap


def test_the_bootstrap_of_pairs_is_near_the_sandwich() -> None:
    found = m_estimation(logistic_rows, START, (X, LABELS))
    again = found.bootstrap(800, seed=1)
    assert again.failed == 0
    assert_allclose(again.std_errors, found.std_errors, rtol=0.2)
    assert np.array_equal(again.replicates, found.bootstrap(800, seed=1).replicates)
    for kind in ("percentile", "basic", "normal"):
        assert_allclose(again.intervals(kind=kind), found.intervals(), atol=0.25)
    assert again.table.convention is not None
    assert "pairs, 800 refits" in repr(again)


def test_each_refit_is_the_optimum_of_its_rows() -> None:
    found = regression(X, LABELS, "logistic")
    again = found.bootstrap(3, seed=5)
    for rows, estimates in zip(_drawn(3, seed=5), again.replicates, strict=True):
        oracle = sm.Logit(LABELS[rows], sm.add_constant(X[rows])).fit(disp=0, tol=1e-14)
        assert_allclose(estimates, oracle.params, rtol=1e-8)


def test_another_function_of_the_same_shape_is_traced_anew() -> None:
    scale = 1.0
    loss = lambda b, y: np.mean(np.sqrt(1.0 + ((y - b) / scale) ** 2))
    first = m_estimation(loss, 0.0, Y).bootstrap(50).replicates
    scale = 10.0
    second = m_estimation(loss, 0.0, Y).bootstrap(50).replicates
    assert np.abs(first - second).max() > 1e-3
    assert_allclose(second[:, 0], np.array([Y[i].mean() for i in _drawn(50)]), atol=0.05)


def _drawn(count: int, seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.integers(N, size=N) for _ in range(count)]


@pytest.mark.parametrize("kind", ["residual", "parametric"])
def test_the_bootstrap_of_a_line(kind: Any) -> None:
    weights = np.linspace(0.5, 2.0, N)
    found = regression(X, Y, weights=weights)
    again = found.bootstrap(600, kind=kind, seed=2)
    assert_allclose(again.std_errors, found.std_errors, rtol=0.1)
    assert_allclose(again.replicates.mean(axis=0), found.estimates, atol=0.03)


def test_the_parametric_bootstrap_of_counts() -> None:
    rng = np.random.default_rng(1)
    means = np.exp(0.5 + 0.3 * X[:, 0])
    found = regression(X, rng.poisson(means), "poisson")
    again = found.bootstrap(400, kind="parametric")
    assert_allclose(again.std_errors, found.std_errors, rtol=0.2)
    with pytest.raises(ArgumentError, match="is not for a"):
        found.bootstrap(10, kind="residual")
    draw = FAMILIES["negative binomial"].draw
    assert draw is not None
    drawn = draw(rng, np.full(100_000, 3.0), 0.5)
    assert_allclose([drawn.mean(), drawn.var()], [3.0, 3.0 + 0.5 * 9.0], rtol=0.03)


def test_clusters_are_drawn_whole() -> None:
    found = regression(X, Y, covariance="clustered", clusters=GROUPS)
    with pytest.raises(ArgumentError, match="whole"):
        found.bootstrap(10)
    again = found.bootstrap(500, clusters=GROUPS)
    assert_allclose(again.std_errors, found.std_errors, rtol=0.25)


def test_refits_without_an_optimum_are_counted() -> None:
    x = np.array([0.0, 1, 2, 3, 4, 5, 6, 7])
    y = np.array([0.0, 0, 0, 1, 0, 1, 1, 1])
    again = regression(x, y, "logistic").bootstrap(15)
    assert 0 < again.failed < 15
    assert len(again.replicates) == 15 - again.failed
    assert f"{again.failed} further refits had no optimum" in repr(again)


def test_quantiles_are_drawn_again() -> None:
    y = X @ [1.0, 2.0] + RNG.normal(size=N)
    found = tw.inference.quantile_regression(X, y, 0.5)
    again = found.bootstrap(60)
    assert again.replicates.shape == (60, 3)
    assert_allclose(again.std_errors, found.std_errors, rtol=0.5)
