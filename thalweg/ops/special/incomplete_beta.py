"""The incomplete beta function, regularized."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.special.gamma import betaln, digamma
from thalweg.ops.special.stirling import binet, excess, lgamma1p, product_and_error
from thalweg.ops.special.zeta import zeta


def density(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
    """Return g xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b), the derivative by x."""
    # At 0 and at 1 one power decides alone: its logarithm has no derivative there.
    first, last = equal(x, 0), equal(x, 1)
    inside = where(first | last, 0.5, x)
    height = exp((a - 1.0) * log(inside) + (b - 1.0) * log1p(-inside) - betaln(a, b))
    at_first = where(equal(a, 1.0), b + 0.0, where(op.less(a, 1.0), math.inf, op.zeros_like(a)))
    at_last = where(equal(b, 1.0), a + 0.0, where(op.less(b, 1.0), math.inf, op.zeros_like(b)))
    return g * where(first, at_first, where(last, at_last, height))


@of_reals(
    lambda g, out, a, b, x: g * op.betainc_by_a(a, b, x),
    lambda g, out, a, b, x: g * op.betainc_by_b(a, b, x),
    density,
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
    return np.minimum(_evaluated((a, b, x), _value, _value, 1.0), 1.0)


# ---- numbers

_MOST, _NOTHING = 30_000, 2.0**-55

# Where b is so small beside a, close to 1 I is the rest of a series for the other side.
_SLIGHT = 0.25

# Turns of that series.
_TERMS = 28

Function = Callable[[Array, Array, Array, Array], Array]


def _evaluated(
    given: tuple[Array, Array, Array], before: Function, beyond: Function, whole: float
) -> Array:
    """Return a function of (a, b, x, 1 - x) before the mean, another of (b, a, 1 - x, x) beyond."""
    a, b, x, inside, result = at_edges(given, whole)
    y = 1.0 - x
    swapped = inside & (x * b > y * a) & ~_is_slight(a, b, y)
    for side, function in ((inside & ~swapped, before), (swapped, beyond)):
        if side.any():
            p, q, at, rest = (v[side] for v in (a, b, x, y))
            crossed = side is swapped
            found = function(q, p, rest, at) if crossed else function(p, q, at, rest)
            result[side] = whole - found if crossed else found
    return result.astype(given[2].dtype)


def at_edges(
    given: tuple[Array, Array, Array], whole: float
) -> tuple[Array, Array, Array, Array, Array]:
    """Return the operands as float64, where they are inside of their ranges, and what is beyond."""
    a, b, x = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in given))
    inside = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b) & (x > 0) & (x < 1)
    at_start, at_end = (a == 0) | np.isposinf(b), (b == 0) | np.isposinf(a)
    result = np.where(at_start, whole, 0.0)
    result = np.where(x == 0, 0.0, np.where(x == 1, whole, result))
    wrong = ~((a >= 0) & (b >= 0) & (x >= 0) & (x <= 1)) | (at_start & at_end)
    return a, b, x, inside, np.where(wrong, np.nan, result)


# I = E b / (a + b) · S, where E = xᵃ yᵇ Γ(1 + a + b) / (Γ(1 + a) Γ(1 + b)).


def distance(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return λ = b x - a y, whose parts cancel at the mean."""
    (one, error), (other, other_error) = product_and_error(b, x), product_and_error(a, y)
    return np.asarray(one - other + (error - other_error))


def log_of_rest(x: Array, y: Array) -> Any:
    """Return ln y = ln(1 - x), with the digits of the smaller of both."""
    small = x < 0.5
    return np.where(small, np.log1p(np.where(small, -x, 0.0)), np.log(y))


def height(a: Array, b: Array, x: Array, y: Array) -> Any:
    """Return E, for parameters that are not small about the mean, where large parts cancel."""
    total, gap = a + b, distance(a, b, x, y)
    few = total < 2.0
    p, q = np.where(few, a, 0.5), np.where(few, b, 0.5)
    small = p * np.log(x) + q * log_of_rest(x, y)
    small = small + lgamma1p(p + q) - lgamma1p(p) - lgamma1p(q)
    both = np.maximum(total, 2.0)
    (one, first), (other, second) = _part(a, gap, x * both), _part(b, -gap, y * both)
    # Γ(1 + a) has the factor √(2πa) if it is taken by Stirling's formula.
    factor = np.sqrt((both / one) * (2.0 * math.pi / other))
    exponent = first + second + binet(both)
    return np.exp(np.where(few, small, exponent)) * np.where(few, 1.0, factor)


def _part(a: Array, gap: Array, product: Array) -> tuple[Array, Array]:
    """Return the part of E that belongs to a: a divisor under the root, and an exponent."""
    few, small, large = a < 2.0, np.minimum(a, 2.0), np.maximum(a, 2.0)
    exponent = small * np.log(product) - small - gap - lgamma1p(small)
    far = -(large * excess(gap / large, product / large)) - binet(large)
    return np.where(few, 1.0, 2.0 * math.pi * large), np.where(few, exponent, far)


def _matters(term: Array, total: Array) -> Array:
    return np.abs(term) > _NOTHING * np.abs(total)


def _is_slight(a: Array, b: Array, y: Array) -> Array:
    return (b < _SLIGHT * np.minimum(a, 1.0)) & (np.maximum(a, 1.0) * y < _SLIGHT)


def _value(a: Array, b: Array, x: Array, y: Array) -> Array:
    slight = _is_slight(a, b, y)
    result = np.empty_like(x)
    for side, function in ((slight, _value_of_slight), (~slight, _fraction)):
        if side.any():
            result[side] = function(a[side], b[side], x[side], y[side])
    return result


def _fraction(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return E b / (a + b) · a / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …)))."""
    mean = 1.0 - distance(a, b, x, y)
    q = 1.0 / (a + 1.0)
    inner = step = found = 1.0 / (mean * q)
    for m in range(1, _MOST):
        r = 1.0 / (a + 1.0 + 2 * m)
        across = m * (b - m) * x
        # Without its factor a, a₁ has none.
        one = q if m == 1 else (a + (m - 1)) * q
        above = one * ((a + b + (m - 1)) * q) * (across * x)
        below = (a + m) * r * (m * (1.0 + y) + mean) + across * q + m
        inner, q = 1.0 / (above * inner + below), r
        step = step * (below * inner - 1.0)
        found = found + step
        if not _matters(step, found).any():
            break
    whole = height(a, b, x, y) * (b / (a + b)) * found
    return np.where(_matters(step, found), np.nan, whole)


def _value_of_slight(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return 1 - yᵇ / (b B(a, b)) (1 + b Σ (1 - a) … (n - a) yⁿ / (n! (b + n)))."""
    # ln Γ(a + b) - ln Γ(a), raised by two: 2 h ψ(m) - 2 Σ hⁿ ζ(n, m) / n about m, of odd n.
    half = 0.5 * b
    middle = a + 2.0 + half
    bend = np.zeros_like(b)
    for n in (11, 9, 7, 5, 3):
        bend = (bend + zeta.meaning(np.full_like(middle, float(n)), middle) / n) * half * half
    shift = b * (digamma.meaning(middle) - bend)
    shift = shift - np.log1p(b / a) - np.log1p(b / (a + 1.0))
    exponent = b * np.log(y) - lgamma1p(b) + shift
    term, total = np.ones_like(x), np.zeros_like(x)
    for n in range(1, _TERMS + 1):
        term = term * (n - a) * (y / n)
        total = total + term / (b + n)
    return np.asarray(-(np.expm1(exponent) + b * total * np.exp(exponent)))
