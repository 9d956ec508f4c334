"""How far the coefficients of a linear model may be from those of the population."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.data.encoding import Encoding
from thalweg.estimators.objectives import Objective

__all__ = ["covariance", "std_errors", "two_sided"]

Floats = NDArray[np.float64]


def covariance(objective: Objective, X: Floats, y: Floats, scores: Floats) -> Floats | None:
    """Return the robust covariance of intercept and coefficients at the optimum of a smooth loss.

        n/(n − p) · H⁻¹ (Σᵢ ℓ′ᵢ² aᵢ aᵢ′) H⁻¹,    H = Σᵢ ℓ″ᵢ aᵢ aᵢ′,    aᵢ = (1, xᵢ)

    It needs neither equal variances nor that the loss is the right likelihood.

    Args:
        objective: The loss, one a row.
        X: Features, shape (rows, features).
        y: Targets, shape (rows,).
        scores: Scores at the optimum, shape (rows,).

    Returns:
        Shape (1 + features, 1 + features); None if the rows do not determine the coefficients.

    Source:
        White, "A Heteroskedasticity-Consistent Covariance Matrix Estimator", Econometrica 48,
        1980; MacKinnon & White, 1985 (HC1).
    """

    def slope(s: Any) -> Any:
        return tw.grad(lambda at: np.sum(objective.losses(at, y)))(s)

    first, second = tw.jvp(slope, (scores,), (np.ones_like(scores),))
    A = np.column_stack([np.ones(len(X)), X])
    rows, parameters = A.shape
    H = A.T @ (np.asarray(second)[:, None] * A)
    if rows <= parameters or np.linalg.matrix_rank(H, hermitian=True) < parameters:
        return None
    spread = np.linalg.solve(H, (np.asarray(first)[:, None] * A).T)
    return np.asarray(rows / (rows - parameters) * (spread @ spread.T))


def std_errors(covariance: Floats, encoding: Encoding) -> Floats:
    """Return the standard errors of intercept and coefficients in the columns' own units.

    Args:
        covariance: That of the intercept and the coefficients of encoded features and target.
        encoding: How columns became those.

    Returns:
        Shape (1 + features,).
    """
    # What turns standardized intercept and coefficients into those in own units, by columns.
    units = np.eye(len(covariance))
    slopes, intercept = encoding.original_units(units[1:], units[0])
    own = np.vstack([intercept, slopes])
    variances = np.sum((own @ covariance) * own, axis=1)
    return np.asarray(np.sqrt(np.maximum(variances, 0.0)) * encoding.target.scale)


def two_sided(z: float) -> float:
    """Return the probability that a standard normal is farther from 0 than z.

    >>> round(two_sided(-1.959964), 6)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2))
