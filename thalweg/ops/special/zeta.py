"""Hurwitz's zeta function and its derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.exponential import exp, log

# Bernoulli's numbers B₂, B₄, … of the Euler-Maclaurin formula.
BERNOULLI = (
    *(1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510),
    *(43867 / 798, -174611 / 330, 854513 / 138, -236364091 / 2730),
)

# From here on the formula is exact.
_FAR = 12.0


def _zeta_from_half(s: Array, a: Array) -> Array:
    """Return the Hurwitz zeta function for a ≥ 1/2."""
    base, total = a, np.zeros_like(a)
    # The series wants a base that is large beside s; so many terms are all that count of others.
    far = np.maximum(_FAR, 0.7 * (s + 16.0))
    for _ in range(40):
        near = base < far
        if not near.any():
            break
        total = np.where(near, total + base**-s, total)
        base = np.where(near, base + 1.0, base)
    # Of a larger order, infinite ones too, the rest is nothing.
    s = np.minimum(s, 1e4)
    total = total + base ** (1.0 - s) / (s - 1.0) + 0.5 * base**-s
    factor = s * base ** (-s - 1.0)
    return np.asarray(add_corrections(total, factor, s, base))


def add_corrections(total: Any, factor: Any, s: Any, base: Any) -> Any:
    """Add the terms with Bernoulli's numbers of the Euler-Maclaurin formula of Σ 1 / nˢ."""
    for k, bernoulli in enumerate(BERNOULLI, start=1):
        total = total + bernoulli / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1.0) * (s + 2 * k) / (base * base)
    return total


def _zeta_below_half(s: Array, a: Array) -> Array:
    """Return the Hurwitz zeta function for a < 1/2, no integer, as if s were whole below 0."""
    even = np.where(np.mod(s, 2.0) == 0.0, 1.0, -1.0)
    # All that counts of a in the sum over all integers is its distance from the next ones.
    place = a - np.round(a)
    near = np.abs(place) ** -s + _zeta_from_half(s, 1.0 + np.abs(place))
    far = _zeta_from_half(s, 1.0 - np.abs(place))
    near = np.where(np.abs(place) == 0.5, far, near)  # which cancel exactly
    everywhere = np.where(place > 0, near + even * far, far + even * near)
    return np.where(a > 0, near, everywhere - even * _zeta_from_half(s, 1.0 - np.minimum(a, 0.0)))


@of_reals(
    lambda g, out, x, y: g * op.zeta_by_order(x, y),
    lambda g, out, x, y: -(g * x * op.zeta(x + 1.0, y)),
    cost=400,
)
def zeta(x: Array, y: Array) -> Array:
    """Hurwitz zeta function: Σ 1 / (y + k)ˣ over k = 0, 1, …, for x > 1.

    Natively within 8 ulp; near its zeros, of what a change of y by one ulp makes.

    Source:
        The Euler-Maclaurin formula; Abramowitz & Stegun 23.1. Below zero the terms on both sides
        of it, Σ 1 / (y + k)ˣ over all integers k, less those that are not wanted: so the time
        does not depend on y.
    """
    s, a = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    total = _zeta_from_half(s, np.where(a < 0.5, 1.0, a))
    below = (a < 0.5) & (a != np.floor(a))
    if below.any():
        total = np.where(below, _zeta_below_half(s, np.where(below, a, 0.25)), total)
    infinite = (a < 0) & np.isposinf(s)
    total = np.where(infinite | ((a <= 0) & (a == np.floor(a))), np.inf, total)
    # A power of a negative number that is no integer has no real value.
    total = np.where((a < 0) & (a != np.floor(a)) & (s != np.floor(s)), np.nan, total)
    total = np.where(s == 1.0, np.inf, np.where(s < 1.0, np.nan, total))
    return np.where(np.isnan(a) | np.isnan(s), np.nan, total).astype(x.dtype)


# ---- derivatives by the order

_TERMS = 12


def _euler_maclaurin(s: Any, base: Any) -> tuple[Any, Any, Any]:
    """Return h of Σ 1 / (base + k)ˢ = h / baseˢ over k ≥ 0, and its two derivatives by s."""
    inverse = 1.0 / base
    square = inverse * inverse
    series, first, second = 0.0 * inverse, 0.0, 0.0
    for k in range(len(BERNOULLI), 0, -1):
        # Each has the factors of the one before it, and (s + 2k - 1) (s + 2k).
        factor, slope = (s + (2 * k - 1.0)) * (s + 2.0 * k), 2.0 * s + (4 * k - 1.0)
        second = (second * factor + 2.0 * (first * slope + series)) * square
        first = (first * factor + series * slope) * square
        series = series * factor * square + BERNOULLI[k - 1] / math.factorial(2 * k)
    pole = 1.0 / (s - 1.0)
    return (
        base * pole + 0.5 + s * inverse * series,
        inverse * (series + s * first) - base * pole * pole,
        inverse * (2.0 * first + s * second) + 2.0 * base * pole * pole * pole,
    )


def _by_order_twice(s: Any, q: Any) -> Any:
    """Return the second derivative by s, in operations, so that there are further ones."""
    total: Any = 0.0
    for k in range(_TERMS):
        logarithm = log(q + float(k))
        root = exp(-0.5 * s * logarithm)
        total = total + logarithm * logarithm * root * root
    base = q + float(_TERMS)
    logarithm = log(base)
    value, first, second = _euler_maclaurin(s, base)
    rest = (value * logarithm - 2.0 * first) * logarithm + second
    root = exp(-0.5 * s * logarithm)
    return where(s >= 1.0, total + rest * root * root, math.nan)


@of_reals(
    lambda g, out, x, y: g * _by_order_twice(x, y),
    lambda g, out, x, y: -(g * (op.zeta(x + 1.0, y) + x * op.zeta_by_order(x + 1.0, y))),
    cost=600,
)
def zeta_by_order(x: Array, y: Array) -> Array:
    """Derivative of Hurwitz's zeta function by its order: -Σ ln(y + k) / (y + k)ˣ, for x > 1.

    NaN where y is not positive: there the function is one of whole orders alone.

    Natively within 8 ulp, or of what changes of x and y by one ulp make, if that is more.

    Source:
        The derivative of the Euler-Maclaurin formula, DLMF 25.11.5.
    """
    s, q = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    inside = (s > 1.0) & (q > 0.0) & (q < np.inf)
    s, q = np.where(inside, s, 2.0), np.where(inside, q, 1.0)
    total = np.zeros_like(q)
    # A root has all its digits where the power is subnormal.
    for k in range(_TERMS - 1, -1, -1):
        root = (q + k) ** (-0.5 * s)
        total = total - np.log(q + k) * root * root
    base = q + _TERMS
    value, slope, _ = _euler_maclaurin(np.minimum(s, 1e4), base)
    root = base ** (-0.5 * s)
    total = total + (slope - value * np.log(base)) * root * root
    at_edge = np.where((x > 1.0) & (y == np.inf), 0.0, np.nan)
    at_edge = np.where((x == 1.0) & (y > 0.0), -np.inf, at_edge)
    return np.where(inside, total, at_edge).astype(x.dtype)
