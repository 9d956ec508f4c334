"""Quantile regression to its exact optimum: an interior point method, then the vertex it points to.

The loss is piecewise linear, so gradients say nothing of how near the optimum is; the gap between
the problem and its dual does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thalweg.estimators.newton import decorrelated

Floats = NDArray[np.float64]

# How far of the way to the border of what is allowed a step may go.
SHARE = 0.99995


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

    Source:
        Portnoy & Koenker, "The Gaussian Hare and the Laplacian Tortoise", Statistical Science 12,
        1997; Mehrotra, "On the Implementation of a Primal-Dual Interior Point Method", 1992.

    Example:
        >>> y = np.array([1.0, 2.0, 7.0])
        >>> least_check_losses(np.ones((3, 1)), y, np.full(3, 0.5), np.ones(3), 1e-10, 50).theta
        array([2.])
    """
    unit = float(np.max(np.abs(y))) or 1.0
    scale = float(np.max(weights))
    at = decorrelated(A, np.full(len(y), 1.0 / len(y)), np.zeros(A.shape[1]))
    gamma, gap, steps = _central(at.Z, y / unit, levels, weights / scale, tolerance, most)
    theta = at.P @ gamma
    vertex = at.P @ _vertex(at.Z, y / unit, gamma)
    value = check_losses(A, y / unit, levels, weights, theta)
    if check_losses(A, y / unit, levels, weights, vertex) <= value + tolerance * (scale + value):
        theta = vertex
    return Checked(theta * unit, gap, steps)


def _central(
    Z: Floats, y: Floats, q: Floats, w: Floats, tolerance: float, most: int
) -> tuple[Floats, float, int]:
    """Follow the central path; x = d + (1 − q) w lies between 0 and w, and s is what is left."""
    x, s = (1.0 - q) * w, q * w
    gamma = np.asarray(np.linalg.lstsq(Z, y, rcond=None)[0], np.float64)
    r = y - Z @ gamma
    # The dual's multipliers of x ≥ 0 and of s ≥ 0: the parts of the residuals, kept from zero.
    least = max(float(np.mean(np.abs(r))), 1e-3)
    low, high = np.maximum(-r, 0.0) + least, np.maximum(r, 0.0) + least
    steps, gap = 0, _gap(y, x, s, q, w, low, high)
    while gap > tolerance and steps < most:
        dx, dgamma, dlow, dhigh = _step(Z, y, gamma, x, s, low, high)
        primal = SHARE * min(1.0, _longest(x, dx), _longest(s, -dx))
        dual = SHARE * min(1.0, _longest(low, dlow), _longest(high, dhigh))
        x, s = x + primal * dx, s - primal * dx
        gamma, low, high = gamma + dual * dgamma, low + dual * dlow, high + dual * dhigh
        before, gap, steps = gap, _gap(y, x, s, q, w, low, high), steps + 1
        if not gap < before and gap < 1e-6:
            break  # rounding is reached
    return gamma, gap, steps


def _gap(y: Floats, x: Floats, s: Floats, q: Floats, w: Floats, low: Floats, high: Floats) -> float:
    primal = float(np.sum(w * (q * high + (1.0 - q) * low)))
    complement = float(x @ low + s @ high)
    return complement / (1.0 + abs(primal))


def _step(
    Z: Floats, y: Floats, gamma: Floats, x: Floats, s: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return Newton's step, corrected for what the step to the border alone would leave."""
    mu = float(x @ low + s @ high) / (2 * len(x))
    Q = 1.0 / (low / x + high / s)
    H = Z.T @ (Q[:, None] * Z)
    H[np.diag_indices_from(H)] *= 1.0 + 1e-14
    residual = y - Z @ gamma - high + low  # zero once a whole step was made

    def solved(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        # Of x·low → a and s·high → b, with Z'dx = 0.
        pull = a / x - low - b / s + high - residual
        found = np.linalg.lstsq(H, Z.T @ (Q * pull), rcond=None)[0]
        dgamma = -np.asarray(found, np.float64)
        dx = Q * (pull + Z @ dgamma)
        return dx, dgamma, (a - x * low - low * dx) / x, (b - s * high + high * dx) / s

    zero = np.zeros_like(x)
    dx, _, dlow, dhigh = solved(zero, zero)
    primal = min(1.0, _longest(x, dx), _longest(s, -dx))
    dual = min(1.0, _longest(low, dlow), _longest(high, dhigh))
    left = (x + primal * dx) @ (low + dual * dlow) + (s - primal * dx) @ (high + dual * dhigh)
    wanted = mu * (float(left) / (2 * len(x)) / mu) ** 3
    return solved(wanted - dx * dlow, wanted + dx * dhigh)


def _longest(values: Floats, steps: Floats) -> float:
    """Return how many steps may be made before a value is zero."""
    falling = steps < 0.0
    return float(np.min(-values[falling] / steps[falling])) if falling.any() else np.inf


def _vertex(Z: Floats, y: Floats, gamma: Floats) -> Floats:
    """Return the coordinates that leave no residual in the independent rows nearest to the fit."""
    r = y - Z @ gamma
    near = np.argsort(np.abs(r), kind="stable")[: 4 * Z.shape[1]]
    chosen: list[int] = []
    basis = np.zeros((0, Z.shape[1]))
    for row in near:
        rest = Z[row] - basis.T @ (basis @ Z[row])
        rest -= basis.T @ (basis @ rest)
        size = float(np.linalg.norm(rest))
        if size > 1e-8 * float(np.linalg.norm(Z[row])) > 0.0:
            basis = np.vstack([basis, rest / size])
            chosen.append(int(row))
        if len(chosen) == Z.shape[1]:
            return gamma + np.linalg.solve(Z[chosen], r[chosen])
    return gamma
