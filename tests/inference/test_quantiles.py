"""Quantile regression beside the linear program of SciPy's HiGHS, and statsmodels' conventions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy.optimize import linprog
from scipy.stats import norm
from statsmodels.regression.quantile_regression import hall_sheather, kernels

from thalweg.inference import quantile_regression
from thalweg.inference.regressions.quantiles import QuantileRows, bandwidth, powell

RTOL = 1e-8
# Where all points of an edge of the linear program have the least loss.
EDGES = {("stackloss", 0.25), ("ccard", 0.8)}
NAMES = ("engel", "ccard", "anes96", "star98", "fair", "stackloss")


def load(name: str) -> tuple[Any, Any]:
    """Return columns with ones in front, and the target."""
    data = getattr(sm.datasets, name).load_pandas()
    X, y = np.asarray(data.exog, float)[:2000, :8], np.asarray(data.endog, float)[:2000]
    return np.column_stack([np.ones(len(X)), X]), y[:, 0] if y.ndim > 1 else y


def by_linear_program(A: Any, y: Any, q: float) -> Any:
    """Return the multipliers of max y'd, A'd = (1 − q) A'1, 0 ≤ d ≤ 1: the coefficients."""
    found = linprog(
        -y, A_eq=A.T, b_eq=(1.0 - q) * A.sum(axis=0), bounds=(0.0, 1.0), method="highs-ds"
    )
    return -found.eqlin.marginals


def by_statsmodels(A: Any, y: Any, q: float) -> tuple[Any, float]:
    """Return statsmodels' fit of the target in other units, and what these are.

    It takes residuals for at least 1e-6, so that in large units it comes nearer to the optimum.
    """
    unit = 1e6 / np.abs(y).max()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it turns in a circle around the optimum
        return sm.QuantReg(y * unit, A).fit(q=q, p_tol=1e-9, max_iter=5000), unit


def assert_near(found: Any, wanted: Any, A: Any) -> None:
    """Compare coefficients by what they add to predictions: some are zero."""
    size = np.abs(A).max(axis=0)
    assert_allclose(found * size, wanted * size, rtol=RTOL, atol=RTOL * np.abs(wanted * size).max())


@pytest.mark.parametrize("name", NAMES)
def test_the_linear_program_s_solution(name: str) -> None:
    A, y = load(name)
    for q in (0.05, 0.25, 0.5, 0.8):
        found, wanted = quantile_regression(A[:, 1:], y, q), by_linear_program(A, y, q)
        rows = QuantileRows(q, A, y)
        assert rows.loss(found.estimates) <= rows.loss(wanted) * (1 + 1e-13)
        if (name, q) not in EDGES:
            assert_near(found.estimates, wanted, A)


@pytest.mark.parametrize("name", NAMES)
def test_statsmodels_estimates_and_standard_errors_of_medians(name: str) -> None:
    A, y = load(name)
    found = quantile_regression(A[:, 1:], y, 0.5)
    oracle, unit = by_statsmodels(A, y, 0.5)
    assert_near(found.estimates, np.asarray(oracle.params) / unit, A)
    assert_allclose(found.std_errors, np.asarray(oracle.bse) / unit, rtol=RTOL)
    assert_allclose(found.p_values, oracle.pvalues, rtol=1e-6, atol=1e-200)
    assert_allclose(found.facts["bandwidth"], oracle.bandwidth / unit, rtol=RTOL)
    assert_allclose(1.0 / found.facts["density at 0"], oracle.sparsity / unit, rtol=RTOL)


@pytest.mark.parametrize("q", [0.1, 0.25, 0.75, 0.9])
def test_statsmodels_standard_errors_at_its_own_estimates(q: float) -> None:
    # A few rows are met exactly. Beside the optimum rounding says on which side of it they are,
    # and elsewhere than at the median the covariance minds: it is compared at one point.
    for name in ("engel", "star98"):
        A, y = load(name)
        oracle, unit = by_statsmodels(A, y, q)
        rows = QuantileRows(q, A, y)
        theirs = np.asarray(oracle.params) / unit
        assert_near(quantile_regression(A[:, 1:], y, q).estimates, theirs, A)
        residuals = (y * unit - A @ np.asarray(oracle.params)) / unit
        covariance = powell(rows, residuals, unit / oracle.sparsity)
        assert_allclose(bandwidth(residuals, y, q), oracle.bandwidth / unit, rtol=RTOL)
        assert_allclose(covariance, np.asarray(oracle.cov_params()) / unit**2, rtol=RTOL)


@pytest.mark.parametrize("q", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_statsmodels_formula_at_the_exact_estimates(q: float) -> None:
    for name in ("engel", "anes96", "fair", "star98"):
        A, y = load(name)
        found = quantile_regression(A[:, 1:], y, q)
        e = y - A @ found.estimates
        e[np.abs(e) < 1e-10 * np.abs(y).max()] = 0.0  # rows that are met exactly
        n, low, high = len(y), *np.quantile(e, [0.25, 0.75])
        h = hall_sheather(n, q)
        h = min(np.std(y), (high - low) / 1.34) * np.diff(norm.ppf([q - h, q + h]))[0]
        density = np.sum(kernels["epa"](e / h)) / (n * h)
        d = np.where(e > 0, (q / density) ** 2, ((1 - q) / density) ** 2)
        bread = np.linalg.pinv(A.T @ A)
        wanted = np.sqrt(np.diag(bread @ (A.T @ (d[:, None] * A)) @ bread))
        assert_allclose(found.std_errors, wanted, rtol=RTOL)


@pytest.mark.parametrize("q", [0.05, 0.5, 0.93])
@pytest.mark.parametrize("ties", [False, True])
def test_ties_lead_to_the_least_loss(q: float, ties: bool) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, 4)), rng.standard_t(2, size=150)
    if ties:
        X, y = np.round(X), np.round(y)
    A = np.column_stack([np.ones(150), X])
    rows = QuantileRows(q, A, y)
    best = rows.loss(by_linear_program(A, y, q))
    assert rows.loss(quantile_regression(X, y, q).estimates) <= best * (1 + 1e-12)
