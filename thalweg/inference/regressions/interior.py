"""Check losses near their minimum: an interior point method.

They are piecewise linear, so gradients say nothing of how near the optimum is; the gap between the
problem and its dual does.

Source:
    Portnoy & Koenker, "The Gaussian Hare and the Laplacian Tortoise", Statistical Science 12, 1997;
    Mehrotra, "On the Implementation of a Primal-Dual Interior Point Method", 1992.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# How far of the way to the border of what is allowed a step may go.
SHARE = 0.99995


def central_path(
    Z: Floats, y: Floats, q: Floats, w: Floats, tolerance: float, most: int
) -> tuple[Floats, float, int]:
    """Return coefficients near the least sum of check losses, the gap that is left, and the steps.

        min Σᵢ wᵢ max(qᵢ rᵢ, (qᵢ − 1) rᵢ),    r = y − Zγ

    The dual's d is told by x = d + (1 − q) w, between 0 and w, and s, what is left of w.

    Args:
        Z: Features, shape (rows, columns).
        y: Targets, of size about 1, shape (rows,).
        q: The levels, shape (rows,).
        w: The weights, at most 1, shape (rows,).
        tolerance: The gap that is asked for, in parts of 1 + the sum.
        most: How many steps may be made.

    Example:
        >>> y = np.array([1.0, 2.0, 7.0])
        >>> central_path(np.ones((3, 1)), y, np.full(3, 0.5), np.ones(3), 1e-10, 50)[0].round(6)
        array([2.])
    """
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


def independent(X: Floats, order: NDArray[np.int64], least: float) -> list[int]:
    """Return the first rows in an order that are independent, as many as there are columns.

    Args:
        X: The rows, shape (rows, columns).
        order: Their numbers.
        least: The part of a row's length that must be no other row's.

    Example:
        >>> independent(np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 1.0]]), np.arange(3), 1e-9)
        [0, 2]
    """
    chosen: list[int] = []
    basis = np.zeros((0, X.shape[1]))
    for row in order.tolist():
        rest = X[row]
        for _ in range(2):
            rest = rest - basis.T @ (basis @ rest)
        size = float(np.linalg.norm(rest))
        if size > least * float(np.linalg.norm(X[row])):
            basis = np.vstack([basis, rest / size])
            chosen.append(row)
            if len(chosen) == X.shape[1]:
                break
    return chosen
