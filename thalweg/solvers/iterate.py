"""Where an algorithm is, and how it comes to its end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.creation import asarray, full
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.linalg.norms import vector_norm
from thalweg.ops.reduce.extremes import max as largest
from thalweg.ops.reduce.sums import all as every
from thalweg.solvers.function import SmoothFunction, Vector

Settings = Mapping[str, Any]

# How a run ended, as algorithms carry it. What a user sees of each stands in `result.ENDINGS`.
GOING = -1
SMALL_GRADIENT = 0
SMALL_DECREASE = 1
SMALL_STEP = 2
ITERATIONS = 3
EVALUATIONS = 4
NO_STEP = 5
NOT_FINITE = 6
STOPPED = 7
SMALL_MODEL = 8
SMALL_BOTH = 9
NO_MINIMUM = 10
VIOLATED = 11


class Iterate(NamedTuple):
    """A point of a run, and the counts up to it; also what an algorithm returns."""

    x: Vector
    value: Tensor
    gradient: Vector
    nit: Tensor
    nfev: Tensor
    njev: Tensor
    nhev: Tensor
    ending: Tensor

    @property
    def goes_on(self) -> Tensor:
        """Whether the run is not at its end."""
        return self.ending == GOING


def size(vector: Vector, norm: Any) -> Tensor:
    """Return a norm of a vector, by default the greatest absolute value."""
    if norm == float("inf"):
        return largest(absolute(vector))
    return vector_norm(vector, ord=norm)


def optimality(function: SmoothFunction, at: Iterate, settings: Settings) -> Tensor:
    """Return the size of what is zero at a minimum: the gradient, or x - P(x - ∇f) in bounds."""
    norm = settings.get("norm", float("inf"))
    return size(function.downhill(at.x, at.gradient), norm)


def first_iterate(function: SmoothFunction, x: Vector, settings: Settings) -> Iterate:
    """Return the iterate at a start, which may already be the end."""
    value, gradient = function.both(x)
    none, one = asarray(0), asarray(1)
    at = Iterate(x, value, gradient, none, one, one, none, asarray(GOING))
    ending = first_true(
        (~(isfinite(value) & every(isfinite(gradient))), NOT_FINITE),
        (optimality(function, at, settings) <= settings["gtol"], SMALL_GRADIENT),
        (settings["maxiter"] <= none, ITERATIONS),
    )
    return at._replace(ending=ending)


def first_true(*cases: tuple[Any, int]) -> Tensor:
    """Return the ending of the first of several conditions that holds, else GOING."""
    ending = asarray(GOING)
    for condition, code in reversed(cases):
        ending = where(condition, code, ending)
    return ending


def ending_after(
    function: SmoothFunction, before: Iterate, after: Iterate, failed: Any, settings: Settings
) -> Tensor:
    """Return how a run ends after a step, if it does.

    Args:
        function: What is minimized.
        before: Where the step began.
        after: Where it led.
        failed: Whether it led nowhere, for the last time.
        settings: The tolerances and limits.
    """
    decrease = before.value - after.value
    scale = maximum(maximum(absolute(before.value), absolute(after.value)), 1.0)
    moved = ~as_tensor(failed)
    cases = [
        (function.stops(after.nit, after.x, after.value), STOPPED),
        (~(isfinite(after.value) & every(isfinite(after.gradient))), NOT_FINITE),
        (after.value < -abyss(after.x), NO_MINIMUM),
        (optimality(function, after, settings) <= settings["gtol"], SMALL_GRADIENT),
    ]
    if "ftol" in settings:
        small = (decrease >= 0.0) & (decrease <= settings["ftol"] * scale)
        cases.append((moved & (settings["ftol"] > 0.0) & small, SMALL_DECREASE))
    if "xrtol" in settings:
        small = size(after.x - before.x, 2) <= settings["xrtol"] * (
            settings["xrtol"] + size(after.x, 2)
        )
        cases.append((moved & (settings["xrtol"] > 0.0) & small, SMALL_STEP))
    cases += [(failed, NO_STEP), (after.nit >= settings["maxiter"], ITERATIONS)]
    if "maxfun" in settings:
        cases.append((after.nfev >= settings["maxfun"], EVALUATIONS))
    return first_true(*cases)


def rounding(vector: Vector) -> float:
    """Return the distance of 1 from the next number of a vector's dtype."""
    return float(np.finfo(vector.dtype).eps)


def abyss(vector: Vector) -> float:
    """Return how far a function falls that has no minimum: its square is the largest number."""
    return math.sqrt(float(np.finfo(vector.dtype).max))


def scalar_like(vector: Vector, number: Any) -> Tensor:
    """Return a number as a scalar of a vector's dtype."""
    return full((), number, dtype=vector.dtype)
