"""The derivatives of the incomplete beta function by its parameters.

With I = E b / (a + b) · S, where E = xᵃ yᵇ Γ(1 + a + b) / (Γ(1 + a) Γ(1 + b)), y = 1 - x, there are
three ways: for parameters that are not small an integral, whose integrand has one sign; else S is
a continued fraction, taken from its end with its derivatives; and close to the end that belongs to
a small parameter, a series. Beyond the mean the other side's are taken, where that is better. Each
gives the derivative without its factor E / (a + b).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.errors import GradientError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.exponential import log, log1p
from thalweg.ops.special.incomplete_beta import (
    Function,
    at_edges,
    density,
    distance,
    height,
    log_of_rest,
)
from thalweg.ops.special.stirling import (
    digamma1p,
    digamma_lead,
    digamma_rise,
    excess,
    less_digamma,
    less_logarithm,
    logarithm,
)
from thalweg.ops.special.tables import GAUSS


def _density_by(which: int) -> Callable[..., Any]:
    """Return the rule of x of the derivative by a or b: the density's own derivative."""

    def rule(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
        edge = equal(x, 0) | equal(x, 1)
        inside = where(edge, 0.5, x)
        logarithm = log(inside) if which == 0 else log1p(-inside)
        slope = logarithm - op.digamma((a, b)[which]) + op.digamma(a + b)
        return where(edge, 0.0, density(g, out, a, b, inside) * slope)

    return rule


def _twice(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
    raise GradientError(
        "A second derivative of betainc(a, b, x) with respect to a and b was asked for, which is "
        "not known here; the first ones are, and those with respect to x are. Detach a and b."
    )


@of_reals(_twice, _twice, _density_by(0), cost=900)
def betainc_by_a(a: Array, b: Array, x: Array) -> Array:
    """Derivative of the incomplete beta function, regularized, by a.

    Natively within 8 ulp, or of what changes of the operands by one ulp make, if that is more.
    """
    return _evaluated((a, b, x), True)


@of_reals(_twice, _twice, _density_by(1), cost=900)
def betainc_by_b(a: Array, b: Array, x: Array) -> Array:
    """Derivative of the incomplete beta function, regularized, by b.

    Natively within 8 ulp, or of what changes of the operands by one ulp make, if that is more.
    """
    return _evaluated((a, b, x), False)


# From these parameters on the integral, below them the fraction.
_LARGE = 3.0

_MOST, _NOTHING = 30_000, 2.0**-55

# Turns enough for the series, whose terms fall by half.
_TERMS = 80

# A part e⁻³⁸ of an integral is nothing.
_DEEP = 38.0


def _evaluated(given: tuple[Array, Array, Array], first: bool) -> Array:
    a, b, x, inside, result = at_edges(given, 0.0)
    y = 1.0 - x
    beyond = x * b > y * a
    at_start = beyond & (x * np.maximum(b, 1.0) <= 0.5)
    at_end = ~beyond & (y * np.maximum(a, 1.0) <= 0.5)
    swapped, slight = (beyond & ~at_start) | at_end, at_start | at_end
    large = (np.minimum(a, b) >= _LARGE) & ~slight
    for crossed in (False, True):
        for chosen, ways in (
            (slight, _SERIES),
            (large, _INTEGRALS),
            (~(slight | large), _FRACTIONS),
        ):
            side = inside & chosen & (swapped == crossed)
            if side.any():
                p, q, at, rest = (v[side] for v in (a, b, x, y))
                found = -ways[first](q, p, rest, at) if crossed else ways[not first](p, q, at, rest)
                size = height(p, q, at, rest)
                # Where E vanishes, what belongs to it may overflow.
                result[side] = np.where(size == 0.0, 0.0, size * found / (p + q))
    return result.astype(given[2].dtype)


# ---- parameters that are not small


def _integral(first: bool) -> Function:
    """Return ∫ (ln t - ψ(a) + ψ(a + b)) of the density, or that of ln(1 - t) - ψ(b) + ψ(a + b).

    With t = x e⁻ᵛ = x (1 - w), by Gauss's formula in v.
    """

    def derivative(a: Array, b: Array, x: Array, y: Array) -> Array:
        total, gap, odds = a + b, distance(a, b, x, y), x / y
        # The density falls by e^(-a (v - w) - b (u - ln(1 + u)) - w λ/y), u = w x / y.
        fall = np.maximum(-gap / y, 0.0)
        length = _length(a, b, odds, fall)
        share, other, part, at = (a, b, gap, x) if first else (b, a, -gap, y)
        slope = logarithm(part / share, at * (total / share)) + digamma_lead(share, other)
        found = np.zeros_like(x)
        for place, weight in reversed(GAUSS):
            v = length * place
            w = -np.expm1(-v)
            u = odds * w
            near = w <= 0.5
            less = np.where(near, less_logarithm(-np.where(near, w, 0.0)), v - w)
            less_u = excess(u, 1.0 + u)
            size = np.exp(-(a * less + b * less_u + fall * w)) / (1.0 + u)
            found = found + weight * (size * (slope - v if first else slope + (u - less_u)))
        return np.asarray(found * length * (a / y) * b)

    return derivative


def _length(a: Array, b: Array, odds: Array, fall: Array) -> Array:
    """Return a v beyond which the density is nothing, and about which it is not yet."""
    # v - w is at least v - 1, and v²/3 up to 1.
    by_a = np.where(a > 3.0 * _DEEP, np.sqrt(3.0 * _DEEP / a), _DEEP / a + 1.0)
    # u - ln(1 + u) is at least 3 u² / (6 + 4 u).
    depth = _DEEP / b
    u = (4.0 * depth + np.sqrt(16.0 * depth * depth + 72.0 * depth)) / 6.0
    w = np.minimum(u / odds, _DEEP / np.maximum(fall, 1.0))
    within = w < 1.0
    by_w = -np.log1p(-np.where(within, w, 0.5))
    return np.where(within, np.minimum(by_a, by_w), by_a)


# ---- the fraction


def _matters(term: Array, total: Array) -> Array:
    return np.abs(term) > _NOTHING * np.abs(total)


def _turns(a: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Return after how many turns the fraction stands still, and where it never does."""
    mean, q = 1.0 - distance(a, b, x, y), 1.0 / (a + 1.0)
    inner = step = found = 1.0 / (mean * q)
    turns, going = np.zeros_like(x), np.ones(x.shape, bool)
    for m in range(1, _MOST):
        r = 1.0 / (a + 1.0 + 2 * m)
        # For whole b the fraction ends at m = b, its derivative by b does not.
        rest = np.where(np.abs(b - m) < 0.5, 0.5, b - m)
        across = m * rest * x
        above = (q if m == 1 else (a + (m - 1)) * q) * ((a + b + (m - 1)) * q) * (across * x)
        below = (a + m) * r * (m * (1.0 + y) + mean) + across * q + m
        part = above * inner
        inner, q = 1.0 / (part + below), r
        step = -step * (part * inner)
        found = found + step
        turns = np.where(going, float(m), turns)
        going = _matters(step, found)
        if not going.any():
            break
    # The derivatives want a few more.
    return turns + np.floor(turns / 8.0) + 2.0, going


def _fraction(a: Array, b: Array, x: Array, y: Array, first: bool) -> tuple[Array, Array]:
    """Return S = a / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …))) and its derivative, from the end."""
    mean = 1.0 - distance(a, b, x, y)
    turns, endless = _turns(a, b, x, y)
    mean_by = y if first else -x  # ∂λ is -y by a, x by b.
    tail = tail_by = np.zeros_like(x)
    most = int(turns.max())
    r = 1.0 / (a + 1.0 + 2 * most)
    for m in range(most, 0, -1):
        q = 1.0 / (a + (2 * m - 1))
        across, across_by = m * (b - m) * x, 0.0 if first else m * x
        one, other = (a + (m - 1)) * q, (a + b + (m - 1)) * q
        one_by, other_by = (m * q * q, (m - b) * q * q) if first else (0.0, q)
        if m == 1:  # Of S, a₁ has no factor a.
            one, one_by = q, -q * q if first else 0.0
        above = one * other * (across * x)
        above_by = x * ((one_by * other + one * other_by) * across + one * other * across_by)
        share, last = (a + m) * r, m * (1.0 + y) + mean
        below = share * last + across * q + m
        below_by = share * mean_by + ((m + 1.0) * r * r * last if first else 0.0)
        below_by = below_by + (-across * q * q if first else across_by * q)
        inverse = 1.0 / (below + tail)
        part = above * inverse
        part_by = (above_by - part * (below_by + tail_by)) * inverse
        tail, tail_by = np.where(m > turns, 0.0, part), np.where(m > turns, 0.0, part_by)
        r = q
    q = 1.0 / (a + 1.0)
    found = 1.0 / (mean * q + tail)
    by = -found * found * (q * (mean_by - mean * q if first else mean_by) + tail_by)
    return np.where(endless, np.nan, found), by


def _fraction_by_first(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return b (S (ln x - ψ(a + 1) + ψ(a + b)) + ∂S)."""
    found, by = _fraction(a, b, x, y, True)
    total, one = a + b, np.maximum(a, 1.0)
    gap = distance(a, b, x, y)
    slope = logarithm(gap / one, x * (total / one)) + digamma_lead(one, b) - 1.0 / one
    slope = np.where(a < 2.0, _slope_of_few(a, b, x), slope)
    return np.asarray(b * (found * slope + by) - _pole(a, b, found))


def _slope_of_few(a: Array, b: Array, x: Array) -> Any:
    """Return ln x - ψ(a + 1) + ψ(a + b) for a up to 2, where a + b < 2 without -1 / (a + b)."""
    total, few = np.maximum(a + b, 2.0), np.minimum(a, 2.0)
    larger = np.log(x * total) - less_digamma(total)
    smaller = np.log(x) + digamma1p(np.minimum(a + b, 2.0))
    return np.where(a + b < 2.0, smaller, larger) - digamma1p(few)


def _pole(a: Array, b: Array, found: Array) -> Any:
    """Return what `_slope_of_few` leaves out, times b and a factor."""
    return np.where(a + b < 2.0, found * (b / (a + b)), 0.0)


def _fraction_by_second(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return b (S (ln y - ψ(b) + ψ(a + b)) + ∂S)."""
    found, by = _fraction(a, b, x, y, False)
    total, one = a + b, np.maximum(b, 1.0)
    gap = distance(a, b, x, y)
    small = b * (log_of_rest(x, y) + digamma_rise(b + 1.0, a)) + a / total
    large = one * (logarithm(-gap / one, y * (total / one)) + digamma_lead(one, a))
    slope = np.where(b < 1.0, small, large)
    return np.asarray(found * slope + b * by)


# ---- the series


def _series(a: Array, b: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return Σ (1 - b) … (n - b) xⁿ / (n! (a + n)) over n ≥ 1, and its derivatives by both."""
    term, term_by = np.ones_like(x), np.zeros_like(x)
    found = by_a = by_b = np.zeros_like(x)
    for n in range(1, _TERMS):
        share, inverse = x / n, 1.0 / (a + n)
        term_by, term = (term_by * (n - b) - term) * share, term * (n - b) * share
        part, part_by = term * inverse, term_by * inverse
        found, by_a, by_b = found + part, by_a - part * inverse, by_b + part_by
        if not (_matters(part, found) | _matters(part_by, by_b)).any():
            break
    return found, by_a, by_b


def _without_rest(b: Array, x: Array) -> Any:
    """Return what takes yᵇ out of E."""
    return np.exp(-b * np.log1p(-x))


def _series_by_first(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return the derivative of xᵃ / (a B(a, b)) · (1 + a Σ …) by a."""
    found, by_a, _ = _series(a, b, x)
    whole = 1.0 + a * found
    part = b * (_slope_of_few(a, b, x) * whole + found + a * by_a)
    return np.asarray(_without_rest(b, x) * (part - _pole(a, b, whole)))


def _series_by_second(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return the derivative of xᵃ / (a B(a, b)) · (1 + a Σ …) by b."""
    found, _, by_b = _series(a, b, x)
    few = b < 1.0
    rise = b * digamma_rise(np.where(few, b + 1.0, b), a) + np.where(few, a / (a + b), 0.0)
    part = rise * (1.0 + a * found) + a * (b * by_b)
    return np.asarray(_without_rest(b, x) * part)


# By the first parameter, and by the second.
_INTEGRALS = _integral(True), _integral(False)
_FRACTIONS = _fraction_by_first, _fraction_by_second
_SERIES = _series_by_first, _series_by_second
