"""Quantile regression to its exact optimum: the central path, then the vertex it points to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thalweg.estimators.newton import decorrelated
from thalweg.inference.regressions.interior import central_path, independent

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Checked:
    """Coefficients whose sum of losses is least.

    Attributes:
        theta: The coefficients, shape (columns,).
        gap: By how much the sum may be above its minimum, in parts of 1 + its value.
        iterations: How many steps it took.
    """

    theta: Floats
    gap: float
    iterations: int


def check_losses(A: Floats, y: Floats, levels: Floats, weights: Floats, theta: Floats) -> float:
    """Return Σᵢ wᵢ max(qᵢ rᵢ, (qᵢ − 1) rᵢ) for residuals r = y − Aθ."""
    r = y - A @ theta
    return float(np.sum(weights * np.maximum(levels * r, (levels - 1.0) * r)))


def least_check_losses(
    A: Floats, y: Floats, levels: Floats, weights: Floats, tolerance: float, most: int
) -> Checked:
    """Minimize the sum of check losses, each row with a level and a weight of its own.

        min Σᵢ wᵢ max(qᵢ rᵢ, (qᵢ − 1) rᵢ),    r = y − Aθ
        max y'd  where A'd = 0 and (qᵢ − 1) wᵢ ≤ dᵢ ≤ qᵢ wᵢ

    Args:
        A: Features, shape (rows, columns).
        y: Targets, shape (rows,).
        levels: q, between 0 and 1, shape (rows,).
        weights: w, positive, shape (rows,).
        tolerance: The gap that is asked for.
        most: How many steps may be made.

    Example:
        >>> y = np.array([1.0, 2.0, 7.0])
        >>> least_check_losses(np.ones((3, 1)), y, np.full(3, 0.5), np.ones(3), 1e-10, 50).theta
        array([2.])
    """
    unit = float(np.max(np.abs(y))) or 1.0
    scale = float(np.max(weights))
    at = decorrelated(A, np.full(len(y), 1.0 / len(y)), np.zeros(A.shape[1]))
    gamma, gap, steps = central_path(at.Z, y / unit, levels, weights / scale, tolerance, most)
    theta = at.P @ gamma
    vertex = at.P @ _vertex(at.Z, y / unit, gamma)
    value = check_losses(A, y / unit, levels, weights, theta)
    if check_losses(A, y / unit, levels, weights, vertex) <= value + tolerance * (scale + value):
        theta = vertex
    return Checked(theta * unit, gap, steps)


def _vertex(Z: Floats, y: Floats, gamma: Floats) -> Floats:
    """Return the coordinates that leave no residual in the independent rows nearest to the fit."""
    r = y - Z @ gamma
    near = np.argsort(np.abs(r), kind="stable")[: 4 * Z.shape[1]]
    chosen = independent(Z, near, 1e-8)
    if len(chosen) < Z.shape[1]:
        return gamma
    return gamma + np.linalg.solve(Z[chosen], r[chosen])
