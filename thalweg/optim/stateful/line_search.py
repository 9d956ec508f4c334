"""A step length along a direction, by the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

# Sufficient decrease, and how much the slope must flatten.
DECREASE, CURVATURE = 1e-4, 0.9
LONGEST = 25


class Point(NamedTuple):
    """What is known at one step length."""

    t: float
    value: float
    gradient: Any
    slope: float  # the derivative along the direction


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, size: float, tolerance: float
) -> tuple[Point, int]:
    """Return a point that falls far enough and is flat enough, and how many were tried.

    First step lengths grow until they bracket such a point, then the bracket shrinks; both by the
    minimum of the cubic through two values and slopes.

    Args:
        at: Evaluates a step length.
        start: The point of step length 0.
        t: The first length to try.
        size: The largest element of the direction.
        tolerance: The change of an element below which a bracket is narrow enough.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6.
    """
    previous, new, tried = start, at(t), 1
    for rounds in range(LONGEST):
        if _too_high(new, start) or (rounds > 1 and new.value >= previous.value):
            return _zoom(at, start, [previous, new], size, tolerance, rounds, tried)
        if abs(new.slope) <= -CURVATURE * start.slope:
            return new, tried
        if new.slope >= 0:
            return _zoom(at, start, [previous, new], size, tolerance, rounds, tried)
        ahead = (new.t + 0.01 * (new.t - previous.t), new.t * 10)
        longer = cubic_minimum(previous, new, ahead)
        previous, new = new, at(longer)
        tried += 1
    return min(start, new, key=lambda point: point.value), tried


def _too_high(point: Point, start: Point) -> bool:
    return point.value > start.value + DECREASE * point.t * start.slope


def _zoom(
    at: Callable[[float], Point],
    start: Point,
    bracket: list[Point],
    size: float,
    tolerance: float,
    rounds: int,
    tried: int,
) -> tuple[Point, int]:
    """Shrink a bracket around a point that fulfils the conditions."""
    low, high = sorted(bracket, key=lambda point: point.value)
    stuck = False
    for _ in range(rounds, LONGEST):
        if abs(high.t - low.t) * size < tolerance:
            break
        left, right = sorted((low.t, high.t))
        t = cubic_minimum(low, high, (left, right))
        t, stuck = _away_from_ends(t, left, right, stuck)
        new = at(t)
        tried += 1
        if _too_high(new, start) or new.value >= low.value:
            low, high = sorted((low, new), key=lambda point: point.value)
            continue
        if abs(new.slope) <= -CURVATURE * start.slope:
            return new, tried
        if new.slope * (high.t - low.t) >= 0:
            high = low
        low = new
    return low, tried


def _away_from_ends(t: float, left: float, right: float, stuck: bool) -> tuple[float, bool]:
    """Move a length that is close to an end of its bracket for the second time inwards."""
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if not (stuck or t >= right or t <= left):
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def cubic_minimum(one: Point, two: Point, bounds: tuple[float, float]) -> float:
    """Return where the cubic through two values and slopes is least, within bounds.

    Source:
        Nocedal & Wright, "Numerical Optimization", 2006, equation 3.59.
    """
    a, b = (one, two) if one.t <= two.t else (two, one)
    low, high = bounds
    try:
        secant = one.slope + two.slope - 3 * (one.value - two.value) / (one.t - two.t)
        root = math.sqrt(secant**2 - one.slope * two.slope)
        t = b.t - (b.t - a.t) * ((b.slope + root - secant) / (b.slope - a.slope + 2 * root))
    except (ArithmeticError, ValueError):
        return (low + high) / 2
    return min(max(t, low), high)
