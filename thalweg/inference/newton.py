"""Newton's steps to an optimum: how far off a point is, and the way there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thalweg.inference.tall import ScaledRows, squares

Floats = NDArray[np.float64]

MOST_STEPS = 60

# In units of the statistical error: from here on a step needs no search, there it is an optimum,
# and below this all that is left is rounding.
NEAR, CONVERGED, VANISHED = 1e-3, 1e-7, 1e-12


@dataclass(frozen=True)
class LossCurvature:
    """A sum of losses at a point, to second order, with what each row contributes.

    Args:
        scores: The gradient of each row's loss, shape (rows, parameters).
        hessian: The second derivatives of the sum, shape (parameters, parameters).
        rounding: What rounding alone may make of g'H⁻¹g.
        chance: What chance alone makes of it, where there is no score of each row to tell.
    """

    scores: Floats | ScaledRows
    hessian: Floats
    rounding: float = 0.0
    chance: float | None = None

    @property
    def gradient(self) -> Floats:
        """The gradient of the sum."""
        return np.asarray(self.scores.sum(axis=0))

    def step(self) -> Floats:
        """Return Newton's step, −H⁻¹g, with the size of H's negative curvatures."""
        return np.asarray(-bent_up(self.hessian) @ self.gradient)

    def distance(self) -> float:
        """Return how far the optimum is, in units of the statistical error.

            √(g'H⁻¹g / Σᵢ sᵢ'H⁻¹sᵢ)

        The numerator is what a step would gain, the denominator what chance alone makes of it.
        """
        inverse = bent_up(self.hessian)
        gradient = self.gradient
        gained = float(gradient @ inverse @ gradient)
        chance = self.chance
        if chance is None:
            chance = float(np.sum(inverse * squares(self.scores)))
        # Of a perfect fit the scores are rounding too, and there is nothing left to gain.
        nothing = gained <= self.rounding or chance <= 0.0
        return 0.0 if nothing else float(np.sqrt(gained / chance))


def bent_up(hessian: Floats) -> Floats:
    """Return the inverse of a symmetric matrix whose curvatures count by their sizes.

    Where all are positive it is the inverse itself; where one is negative or zero, a step along it
    goes down all the same.

    >>> bent_up(np.diag([2.0, -4.0]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    unit = np.sqrt(np.abs(np.diag(hessian)))
    unit[unit == 0.0] = 1.0
    scaled = hessian / np.outer(unit, unit)
    values, vectors = np.linalg.eigh(scaled)
    sizes = np.maximum(np.abs(values), 1e-10 * max(1.0, float(np.abs(values).max(initial=0.0))))
    return np.asarray((vectors / sizes) @ vectors.T / np.outer(unit, unit))


@dataclass(frozen=True)
class Optimum:
    """Where Newton's steps led.

    Args:
        at: The parameters.
        curvature: The losses there.
        distance: How far the optimum is from there, in units of the statistical error.
        steps: How many steps were made.
    """

    at: Floats
    curvature: LossCurvature
    distance: float
    steps: int

    @property
    def converged(self) -> bool:
        """Whether this is an optimum to rounding, and a minimum."""
        values = np.linalg.eigvalsh(self.curvature.hessian)
        return self.distance <= CONVERGED and bool(values.min(initial=1.0) > 0.0)


def descend(
    value: Callable[[Floats], float],
    curvature: Callable[[Floats], LossCurvature],
    start: Floats,
    stop: Callable[[Floats, int], bool] = lambda at, steps: False,
) -> Optimum:
    """Take Newton's steps from a start until rounding hides what is left to gain.

    Args:
        value: The sum of losses; infinite or NaN where there is none.
        curvature: The same to second order.
        start: Where to begin.
        stop: Asked before each step whether to give up.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, section 3.4.

    Example:
        >>> losses = lambda a: float(np.sum(np.exp(a) - 2 * a))
        >>> bend = lambda a: LossCurvature((np.exp(a) - 2)[None], np.diag(np.exp(a)))
        >>> descend(losses, bend, np.zeros(1)).at.round(12)
        array([0.69314718])
    """
    at, before = np.asarray(start, np.float64), np.inf
    bend = curvature(at)
    for steps in range(MOST_STEPS):
        distance = bend.distance()
        floor = distance < CONVERGED and distance > 0.5 * before
        if distance <= VANISHED or floor or stop(at, steps):
            return Optimum(at, bend, distance, steps)
        whole = bend.step()
        slope = float(bend.gradient @ whole)
        step = _shortened(value, at, whole, slope) if distance > NEAR else whole
        if step is None or not np.isfinite(step).all():
            return Optimum(at, bend, distance, steps)
        at, before = at + step, distance
        bend = curvature(at)
    return Optimum(at, bend, bend.distance(), MOST_STEPS)


def _shortened(
    value: Callable[[Floats], float], at: Floats, step: Floats, slope: float
) -> Floats | None:
    """Return a step halved until it gains, or None if it never does."""
    first = value(at)
    for halvings in range(40):
        shorter = step * 0.5**halvings
        if value(at + shorter) <= first + 1e-4 * 0.5**halvings * slope:
            return shorter
    return None
