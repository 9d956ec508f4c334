"""Accelerated descent reaches the optimum however the features are, and says when it does not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thalweg.estimators.descent import TOLERANCE, decorrelated, descend
from thalweg.estimators.objectives import OBJECTIVES, Objective


def problem(correlation: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 5))
    X[:, 1] = X[:, 0] + correlation * rng.normal(size=200) if correlation else X[:, 1]
    y = X @ [1.0, -2.0, 0.5, 0.0, 3.0] + 0.7 + rng.normal(size=200)
    return X, y


def optimum(objective: Objective, X: np.ndarray, y: np.ndarray, penalty: float = 0.0):
    at = decorrelated(X, objective.curvature or float(np.mean(y)), penalty)
    found = descend(objective, at, y, np.zeros(at.P.shape[1]), penalty, progress=False)
    return found, at.P @ found.gamma


@pytest.mark.parametrize("correlation", [0.0, 1e-3, 1e-6])
def test_least_squares_are_reached_for_all_but_equal_columns(correlation: float) -> None:
    X, y = problem(correlation)
    found, theta = optimum(OBJECTIVES["squared"], X, y)
    assert found.converged
    expected = np.linalg.lstsq(np.column_stack([np.ones(200), X]), y, rcond=None)[0]
    assert_allclose(theta, expected, rtol=1e-8)


def test_ridge_regression_agrees_with_its_closed_form() -> None:
    X, y = problem()
    _, theta = optimum(OBJECTIVES["squared"], X, y, penalty=0.3)
    A = np.column_stack([np.ones(200), X])
    ridge = 0.3 * np.diag([0.0, *np.ones(5)])
    expected = np.linalg.solve(2 / 200 * A.T @ A + ridge, 2 / 200 * A.T @ y)
    assert_allclose(theta, expected, rtol=1e-9)


def test_equal_columns_share_their_coefficient() -> None:
    X, y = problem()
    X[:, 1] = X[:, 0]
    found, theta = optimum(OBJECTIVES["squared"], X, y)
    assert found.converged
    assert_allclose(theta[1], theta[2], rtol=1e-9)
    X[:, 4] = 0.0
    assert optimum(OBJECTIVES["squared"], X, y)[1][5] == pytest.approx(0.0, abs=1e-12)


def test_large_counts_without_a_bound_on_curvature_are_fitted() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 2))
    y = rng.poisson(np.exp(X @ [1.5, -1.0] + 3)).astype(float)
    found, theta = optimum(OBJECTIVES["poisson"], X, y)
    assert found.converged
    A = np.column_stack([np.ones(300), X])
    assert_allclose(A.T @ (np.exp(A @ theta) - y) / 300, 0.0, atol=1e-8)


def test_a_run_without_an_optimum_is_not_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.linspace(-1, 1, 50)[:, None]
    y = (X[:, 0] > 0).astype(float)
    monkeypatch.setattr("thalweg.estimators.descent.MOST_STEPS", 3000)
    found, _ = optimum(OBJECTIVES["logistic"], X, y)
    assert not found.converged
    assert found.gradient > TOLERANCE
    assert found.steps == 3000
