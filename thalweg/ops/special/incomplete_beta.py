"""The incomplete beta function, regularized, and its derivatives by both parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.errors import GradientError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.special.gamma import betaln, digamma, zeta
from thalweg.ops.special.stirling import binet, digamma_lead, excess, lgamma1p


def _density(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
    """Return g xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b), the derivative by x."""
    # At 0 and at 1 one power decides alone: its logarithm has no derivative there.
    first, last = equal(x, 0), equal(x, 1)
    inside = where(first | last, 0.5, x)
    height = exp((a - 1.0) * log(inside) + (b - 1.0) * log1p(-inside) - betaln(a, b))
    at_first = where(equal(a, 1.0), b + 0.0, where(op.less(a, 1.0), math.inf, op.zeros_like(a)))
    at_last = where(equal(b, 1.0), a + 0.0, where(op.less(b, 1.0), math.inf, op.zeros_like(b)))
    return g * where(first, at_first, where(last, at_last, height))


def _density_by(which: int) -> Callable[..., Any]:
    """Return the rule of x of the derivative by a or b: the density's own derivative."""

    def rule(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
        edge = equal(x, 0) | equal(x, 1)
        inside = where(edge, 0.5, x)
        logarithm = log(inside) if which == 0 else log1p(-inside)
        slope = logarithm - op.digamma((a, b)[which]) + op.digamma(a + b)
        return where(edge, 0.0, _density(g, out, a, b, inside) * slope)

    return rule


def _twice(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
    raise GradientError(
        "A second derivative of betainc(a, b, x) with respect to a and b was asked for, which is "
        "not known here; the first ones are, and those with respect to x are. Detach a and b."
    )


@of_reals(
    lambda g, out, a, b, x: g * op.betainc_by_a(a, b, x),
    lambda g, out, a, b, x: g * op.betainc_by_b(a, b, x),
    _density,
    cost=600,
)
def betainc(a: Array, b: Array, x: Array) -> Array:
    """Incomplete beta function, regularized: ∫₀ˣ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt / B(a, b).

    Natively within 8 ulp, or of what changes of the operands by one ulp make, if that is more.
    It takes √(a + b) steps at most, and is NaN where 30 000 are not enough, beyond 10⁹.

    Source:
        Didonato & Morris, "Algorithm 708", 1992, equation 9: the even part of the continued
        fraction DLMF 8.17.22, by Steed's method.
    """
    return _evaluated((a, b, x), _value, _value, 1.0)


@of_reals(_twice, _twice, _density_by(0), cost=900)
def betainc_by_a(a: Array, b: Array, x: Array) -> Array:
    """Derivative of the incomplete beta function, regularized, by a.

    Natively within 48 ulp, or of what changes of the operands by one ulp make, if that is more.
    """
    return _evaluated((a, b, x), _by(True), _by(False), 0.0, 0)


@of_reals(_twice, _twice, _density_by(1), cost=900)
def betainc_by_b(a: Array, b: Array, x: Array) -> Array:
    """Derivative of the incomplete beta function, regularized, by b.

    Natively within 300 ulp, counted as for `betainc_by_a`: where x is small beside the parameters.
    """
    return _evaluated((a, b, x), _by(False), _by(True), 0.0, 1)


# ---- numbers

_MOST, _NOTHING = 30_000, 2.0**-55

# Below this b and close to 1, I is the rest of a series for the other side.
_SLIGHT = 3e-4

Function = Callable[[Array, Array, Array, Array], Array]


def _evaluated(
    given: tuple[Array, Array, Array],
    before: Function,
    beyond: Function,
    whole: float,
    small: int | None = None,
) -> Array:
    """Return a function of (a, b, x, 1 - x) before the mean, another of (b, a, 1 - x, x) beyond."""
    a, b, x = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in given))
    inside = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b) & (x > 0) & (x < 1)
    at_start, at_end = (a == 0) | np.isposinf(b), (b == 0) | np.isposinf(a)
    result = np.where(at_start, whole, 0.0)
    result = np.where(x == 0, 0.0, np.where(x == 1, whole, result))
    wrong = ~((a >= 0) & (b >= 0) & (x >= 0) & (x <= 1)) | (at_start & at_end)
    result = np.where(wrong, np.nan, result)
    y = 1.0 - x
    swapped = inside & (x * b > y * a)
    if small is not None:
        # Near a small parameter's end its own derivative is a difference of smaller parts.
        share, near = ((a, x), (b, y))[small]
        early = inside & (share < 1) & (near * np.where(inside, a + b + 2.0, 1.0) < share + 1.0)
        swapped = swapped & ~early if small == 0 else swapped | early
    for side, function in ((inside & ~swapped, before), (swapped, beyond)):
        if side.any():
            p, q, at, rest = (v[side] for v in (a, b, x, y))
            crossed = side is swapped
            found = function(q, p, rest, at) if crossed else function(p, q, at, rest)
            result[side] = whole - found if crossed else found
    return result.astype(given[2].dtype)


def _halves(x: Array) -> tuple[Array, Array]:
    """Return a number as two of 26 bits (Veltkamp)."""
    shifted = x * (2.0**27 + 1.0)
    high = shifted - (shifted - x)
    return high, x - high


def _product(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a product as a rounded one and its error (Dekker)."""
    product = x * y
    (a, b), (c, d) = _halves(x), _halves(y)
    return product, a * c - product + a * d + b * c + b * d


def _distance(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return λ = b x - a y, whose parts cancel at the mean."""
    (one, error), (other, other_error) = _product(b, x), _product(a, y)
    return np.asarray(one - other + (error - other_error))


def _size(a: Array) -> tuple[Array, Array]:
    """Return what e^(-J(a)) √a is, J Binet's function: a factor and an exponent."""
    few, small = a < 2.0, np.minimum(a, 2.0)
    exponent = small * np.log(small) - small - lgamma1p(small)
    factor = np.where(few, a * math.sqrt(2.0 * math.pi), np.sqrt(a))
    return factor, np.where(few, exponent, -binet(np.maximum(a, 2.0)))


def _factor(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return xᵃ yᵇ / B(a, b), taken about the mean, where its large parts cancel."""
    total, distance = a + b, _distance(a, b, x, y)
    exponent = -(a * excess(distance / a, x * (total / a)))
    exponent = exponent - b * excess(-distance / b, y * (total / b))
    (first, e1), (second, e2), (both, e3) = _size(a), _size(b), _size(total)
    size = first * (second / (both * math.sqrt(2.0 * math.pi)))
    return np.asarray(size * np.exp(exponent + (e1 + e2 - e3)))


def _matters(term: Array, total: Array) -> Array:
    return np.abs(term) > _NOTHING * np.abs(total)


def _value(a: Array, b: Array, x: Array, y: Array) -> Array:
    slight = (b < _SLIGHT * np.minimum(a, 1.0)) & (np.maximum(a, 1.0) * y < 0.1)
    result = np.empty_like(x)
    for side, function in ((slight, _value_of_slight), (~slight, _fraction)):
        if side.any():
            result[side] = function(a[side], b[side], x[side], y[side])
    return result


def _fraction(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return xᵃ yᵇ / B(a, b) / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …)))."""
    mean = 1.0 - _distance(a, b, x, y)
    q = 1.0 / (a + 1.0)
    inner = step = found = 1.0 / (a * mean * q)
    for m in range(1, _MOST):
        r = 1.0 / (a + 1.0 + 2 * m)
        across = m * (b - m) * x
        above = ((a + (m - 1)) * q) * ((a + b + (m - 1)) * q) * (across * x)
        below = (a + m) * r * (m * (1.0 + y) + mean) + across * q + m
        inner, q = 1.0 / (above * inner + below), r
        step = step * (below * inner - 1.0)
        found = found + step
        if not _matters(step, found).any():
            break
    return np.where(_matters(step, found), np.nan, _factor(a, b, x, y) * found)


def _value_of_slight(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return 1 - yᵇ / (b B(a, b)) (1 + b Σ (1 - a) … (n - a) yⁿ / (n! (b + n)))."""
    # ln Γ(a + b) - ln Γ(a) = b ψ(m) + b³ ψ″(m) / 24 + …, m = a + b/2
    middle = a + 0.5 * b
    bend = zeta.meaning(np.full_like(middle, 3.0), middle) / -12.0
    shift = b * (digamma.meaning(middle) + b * b * bend)
    exponent = b * np.log(y) - lgamma1p(b) + shift
    term, total = np.ones_like(x), np.zeros_like(x)
    for n in range(1, 17):
        term = term * (n - a) * (y / n)
        total = total + term / (b + n)
    return np.asarray(-(np.expm1(exponent) + b * total * np.exp(exponent)))


# ---- derivatives


def _by(first: bool) -> Function:
    """Return the derivative of the fraction by a, or by b, step by step."""

    def derivative(a: Array, b: Array, x: Array, y: Array) -> Array:
        mean = 1.0 - _distance(a, b, x, y)
        mean_by = y if first else -x  # ∂λ is -y by a, x by b.
        q = 1.0 / (a + 1.0)
        # It is a times the fraction, which for small a is nearly 1.
        inner = step = found = 1.0 / (mean * q)
        start_by = q * (mean_by - mean * q if first else mean_by)
        inner_by = step_by = found_by = -inner * inner * start_by
        for m in range(1, _MOST):
            r = 1.0 / (a + 1.0 + 2 * m)
            across, across_by = m * (b - m) * x, 0.0 if first else m * x
            one, other = (a + (m - 1)) * q, (a + b + (m - 1)) * q
            one_by, other_by = ((1.0 - one) * q, (1.0 - other) * q) if first else (0.0, q)
            if m == 1:
                one, one_by = q, -q * q if first else 0.0
            above = one * other * (across * x)
            above_by = x * ((one_by * other + one * other_by) * across + one * other * across_by)
            share, last = (a + m) * r, m * (1.0 + y) + mean
            below = share * last + across * q + m
            below_by = share * mean_by + ((1.0 - share) * r * last if first else 0.0)
            below_by = below_by + (-across * q * q if first else across_by * q)
            inner_by = below_by + above_by * inner + above * inner_by
            inner, q = 1.0 / (above * inner + below), r
            inner_by = -inner * inner * inner_by
            ratio = below * inner - 1.0
            step_by = ratio * step_by + (below * inner_by + below_by * inner) * step
            step = step * ratio
            found, found_by = found + step, found_by + step_by
            more = _matters(step, found) | _matters(step_by, found_by)
            if not more.any():
                break
        result = _factor(a, b, x, y) / a * (found * _slope(a, b, x, y, first) + found_by)
        return np.where(more, np.nan, result)

    return derivative


def _slope(a: Array, b: Array, x: Array, y: Array, first: bool) -> Any:
    """Return the derivative of ln xᵃ yᵇ / (a B(a, b)): ln x - ψ(a + 1) + ψ(a + b) by a."""
    total, distance = a + b, _distance(a, b, x, y)
    share, other, part, at = (a, b, distance, x) if first else (b, a, -distance, y)
    quotient = part / share
    near = (quotient >= -0.5) & (quotient <= 1.0)
    far = np.log(np.where(near, 1.0, at * (total / share)))
    logarithm = np.where(near, np.log1p(np.where(near, quotient, 0.0)), far)
    slope = logarithm + digamma_lead(share, other)
    small = np.log(x) + digamma.meaning(total) - digamma.meaning(a + 1.0)
    return np.where(a < 1.0, small, slope - 1.0 / a) if first else slope
