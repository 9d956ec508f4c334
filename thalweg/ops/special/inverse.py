"""The inverses of the incomplete gamma and beta functions, regularized.

All are found as the logarithm of a positive number, x itself or the odds x / (1 - x), by Newton's
method on the logarithm of the smaller tail. That is a concave function of the logarithm, for the
densities of ln x and of ln x / (1 - x) are log-concave: the method converges from everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.special.error import ndtri
from thalweg.ops.special.gamma import betaln, digamma, lgamma
from thalweg.ops.special.incomplete import _height, gammainc, gammaincc
from thalweg.ops.special.incomplete_beta import _is_slight, _value, height
from thalweg.ops.special.stirling import lgamma1p
from thalweg.ops.special.zeta import zeta

Rule = Callable[..., Any]


def _by_odds(sign: float) -> tuple[Rule, Rule]:
    """Return the rules of a and p: those of the implicit function."""

    def inside(out: Any) -> tuple[Any, Any, Any]:
        zero, infinite = equal(out, 0), equal(out, math.inf)
        return zero, infinite, where(zero | infinite, 1.0, out)

    def by_share(g: Any, out: Any, a: Any, p: Any) -> Any:
        zero, infinite, x = inside(out)
        # The inverse of xᵃ⁻¹ e⁻ˣ / Γ(a).
        found = exp(x + op.lgamma(a) - (a - 1.0) * log(x))
        at_zero = where(equal(a, 1.0), 1.0, where(op.less(a, 1.0), 0.0, math.inf))
        return sign * g * astype(where(zero, at_zero, where(infinite, math.inf, found)), out.dtype)

    def by_shape(g: Any, out: Any, a: Any, p: Any) -> Any:
        zero, infinite, x = inside(out)
        slope = -op.gammainc_by_shape(a, x) * exp(x + op.lgamma(a) - (a - 1.0) * log(x))
        return g * astype(where(zero | infinite, 0.0, slope), out.dtype)

    return by_shape, by_share


@of_reals(*_by_odds(1.0), cost=4000)
def gammaincinv(a: Array, y: Array) -> Array:
    """Inverse of the lower incomplete gamma function, regularized: the x of gammainc(a, x) = y.

    Natively within 8 ulp, or of what changes of a and y by one ulp make, if that is more.

    Source:
        Newton's method on the logarithm of the smaller tail, from the cube of Wilson & Hilferty
        (1931) or the first term of the series.
    """
    share = np.asarray(y, np.float64)
    return _gamma_quantile(a, share, 1.0 - share).astype(y.dtype)


@of_reals(*_by_odds(-1.0), cost=4000)
def gammainccinv(a: Array, y: Array) -> Array:
    """Inverse of the upper incomplete gamma function, regularized: the x of gammaincc(a, x) = y.

    Natively within 8 ulp, as `gammaincinv`, also of a y that is small.
    """
    share = np.asarray(y, np.float64)
    return _gamma_quantile(a, 1.0 - share, share).astype(y.dtype)


def _of_density(a: Any, b: Any, out: Any) -> tuple[Any, Any, Any]:
    """Return where x is 0, where it is 1, and one by the density xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b)."""
    first, last = equal(out, 0), equal(out, 1)
    x = where(first | last, 0.5, out)
    found = exp(betaln(a, b) - (a - 1.0) * log(x) - (b - 1.0) * log1p(-x))
    at_first = where(equal(a, 1.0), 1.0 / b, where(op.less(a, 1.0), 0.0, math.inf))
    at_last = where(equal(b, 1.0), 1.0 / a, where(op.less(b, 1.0), 0.0, math.inf))
    inverse = where(first, at_first, where(last, at_last, found))
    return first | last, x, astype(inverse, out.dtype)


def _by_parameter(derivative: Rule) -> Rule:
    def rule(g: Any, out: Any, a: Any, b: Any, p: Any) -> Any:
        edge, x, inverse = _of_density(a, b, out)
        # 0 at the edges, where an inverse may be infinite.
        return -g * where(edge, 0.0, derivative(a, b, x) * where(edge, 0.0, inverse))

    return rule


@of_reals(
    _by_parameter(lambda a, b, x: op.betainc_by_a(a, b, x)),
    _by_parameter(lambda a, b, x: op.betainc_by_b(a, b, x)),
    lambda g, out, a, b, y: g * _of_density(a, b, out)[2],
    cost=4000,
)
def betaincinv(a: Array, b: Array, y: Array) -> Array:
    """Inverse of the incomplete beta function, regularized: the x of betainc(a, b, x) = y.

    Natively within 10 ulp, or of what changes of the operands by one ulp make, if that is more.
    NaN where `betainc` is.

    Source:
        Newton's method on the logarithm of the smaller tail, from Abramowitz & Stegun 26.5.22 or
        the first term of the series.
    """
    share = np.asarray(y, np.float64)
    return _beta_quantile(a, b, share, 1.0 - share).astype(y.dtype)


@of_reals(
    _by_parameter(lambda a, b, x: op.betainc_by_a(a, b, x)),
    _by_parameter(lambda a, b, x: op.betainc_by_b(a, b, x)),
    lambda g, out, a, b, y: -g * _of_density(a, b, out)[2],
    cost=4000,
)
def betainccinv(a: Array, b: Array, y: Array) -> Array:
    """Inverse of the complement of the incomplete beta function: 1 - betainc(a, b, x) = y.

    Natively within 10 ulp, as `betaincinv`, also of a y that is small.
    """
    share = np.asarray(y, np.float64)
    return _beta_quantile(a, b, 1.0 - share, share).astype(y.dtype)


# ---- numbers

# A quantile below the first is the first term of its series.
_TINY, _MOST, _STEP = 1e-290, 200, 40.0

# Newton's error is squared: below the first no further step is of use, nor below the second.
_CLOSE, _STILL = 2.0**-27, 2.0**-53

_SMALLEST = 5e-324

# Up to this parameter the logarithm of a B(a, b) is a series in it.
_SMALL = 1e-3

Tails = Callable[[Array, Array], tuple[Array, Array]]


def _root(tails: Tails, target: Array, start: Array) -> Array:
    """Return the positive number at which a tail is the target.

    Where a step would leave what the number is known to lie between, or be of no use, the next one
    is the geometric mean of that.

    Args:
        tails: `(x, which)`: of some of the elements the tail and its derivative by ln x.
        target: What it is to be.
        start: A number not far from it.
    """
    x = np.clip(start, _TINY, 1.0 / _TINY)
    low, high = np.full_like(x, _TINY), np.full_like(x, 1.0 / _TINY)
    going = np.arange(x.size)
    for _ in range(_MOST):
        at, (tail, slope) = x[going], tails(x[going], going)
        tail = np.maximum(tail, _SMALLEST)
        size = np.maximum(np.maximum(np.abs(slope), 1e-300 * tail), _SMALLEST)
        off = np.log(tail / target[going])
        step = -off * (tail / np.copysign(size, slope))
        before = (off < 0) != np.signbit(slope)
        low[going] = least = np.where(before, at, low[going])
        high[going] = most = np.where(before, high[going], at)
        moved = at * np.exp(np.clip(step, -_STEP, _STEP))
        between = (moved < least) | (moved > most)
        between |= (np.abs(step) > _STEP) & (most < least * np.exp(2.0 * _STEP))
        x[going] = np.where(between, np.sqrt(least) * np.sqrt(most), moved)
        going = going[(np.abs(off) > _CLOSE) & (np.abs(step) > _STILL)]
        if not going.size:
            break
    return x


def _gamma_quantile(a: Array, p: Array, q: Array) -> Array:
    """Return the quantile of the gamma distribution, of its two tails."""
    shape, below, above = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (a, p, q)))
    inside = (shape > 0) & (shape < np.inf) & (below > 0) & (above > 0)
    edge = np.where(below == 0, 0.0, np.where(above == 0, np.inf, np.nan))
    result = np.where(shape >= 0, edge, np.nan)
    if inside.any():
        result[inside] = _gamma_inside(shape[inside], below[inside], above[inside])
    return result


def _gamma_inside(a: Array, p: Array, q: Array) -> Array:
    lower = p <= 0.5
    target = np.where(lower, p, q)
    log_p = np.where(lower, np.log(p), np.log1p(-np.where(lower, 0.5, q)))
    few = np.where(a < 2.0, lgamma1p(np.minimum(a, 2.0)), lgamma.meaning(a + 1.0))
    first = np.exp(np.minimum((log_p + few) / a, 700.0))
    start = _gamma_start(a, target, lower, first)

    def tails(x: Array, which: Array) -> tuple[Array, Array]:
        shape, is_lower = a[which], lower[which]
        tail = np.where(is_lower, gammainc.meaning(shape, x), gammaincc.meaning(shape, x))
        return tail, np.where(is_lower, shape, -shape) * _height(shape, x)

    return np.where(first < _TINY, first, _root(tails, target, start))


def _gamma_start(a: Array, target: Array, lower: Array, first: Array) -> Array:
    """Return about the quantile, by its size: a series, a cube, or a tail."""
    tail = ndtri.meaning(target)
    z = np.where(lower, tail, -tail)
    cube = np.maximum(1.0 - 1.0 / (9.0 * a) + z / (3.0 * np.sqrt(a)), 0.0)
    large = np.maximum(a * cube**3, first)
    # Far beyond a, Γ(a, x) is about xᵃ⁻¹ e⁻ˣ.
    height = -np.log(target) - lgamma.meaning(a)
    far = height + (a - 1.0) * np.log(np.maximum(height, 1.0))
    far = height + (a - 1.0) * np.log(np.maximum(far, 1.0))
    large = np.where(~lower & (height > a) & (far > a), far, large)
    near = first < 0.2 * (a + 1.0)
    return np.where(near, first * np.exp(np.where(near, first, 0.0) / (a + 1.0)), large)


def _beta_quantile(a: Array, b: Array, p: Array, q: Array) -> Array:
    """Return the quantile of the beta distribution, of its two tails."""
    a, b, p, q = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (a, b, p, q)))
    inside = (a > 0) & (b > 0) & (a < np.inf) & (b < np.inf) & (p > 0) & (q > 0)
    result = np.where((q == 0) | (np.isposinf(a) & (p > 0)), 1.0, 0.0)
    wrong = ~((a > 0) & (b > 0) & (p >= 0) & (q >= 0)) | (np.isposinf(a) & np.isposinf(b))
    result = np.where(wrong, np.nan, result)
    if inside.any():
        result[inside] = _beta_inside(a[inside], b[inside], p[inside], q[inside])
    return result


def _beta_inside(a: Array, b: Array, p: Array, q: Array) -> Array:
    upper = p > 0.5
    a, b, p = np.where(upper, b, a), np.where(upper, a, b), np.where(upper, q, p)
    first = np.minimum((np.log(p) + _log_size(a, b)) / a, 0.0)
    last = np.minimum((np.log1p(-p) + _log_size(b, a)) / b, 0.0)

    def tails(odds: Array, which: Array) -> tuple[Array, Array]:
        shape, other = a[which], b[which]
        x, y = odds / (1.0 + odds), 1.0 / (1.0 + odds)
        beyond = (odds * other > shape) & ~_is_slight(shape, other, y)
        one, two = np.where(beyond, other, shape), np.where(beyond, shape, other)
        found = _value(one, two, np.where(beyond, y, x), np.where(beyond, x, y))
        return np.where(beyond, 1.0 - found, found), _density(shape, other, x, y)

    odds = _root(tails, p, _beta_start(a, b, p, first))
    small, large = first < math.log(_TINY), last < math.log(_TINY)
    x = np.where(small, np.exp(first), np.where(large, 1.0, odds / (1.0 + odds)))
    y = np.where(large, np.exp(last), np.where(small, 1.0, 1.0 / (1.0 + odds)))
    return np.where(upper, y, x)


def _density(a: Array, b: Array, x: Array, y: Array) -> Array:
    """Return xᵃ yᵇ / B(a, b), the derivative of I_x(a, b) by ln x / y."""
    return np.asarray(height(a, b, x, y) * (a * (b / (a + b))))


def _log_size(a: Array, b: Array) -> Array:
    """Return ln a B(a, b), which for small a is about a."""
    small = np.minimum(a, _SMALL)
    middle = 1.0 + b + 0.5 * small
    # ln Γ(b + a + 1) - ln Γ(b + 1) = a ψ(m) + a³ ψ″(m) / 24 + …, m = b + 1 + a/2
    bend = zeta.meaning(np.full_like(middle, 3.0), middle) / 12.0
    near = lgamma1p(small) + np.log1p(small / b)
    near = near - small * (digamma.meaning(middle) - small * small * bend)
    # Of the factor at the mean otherwise.
    factor = _density(a, b, a / (a + b), b / (a + b))
    far = -np.log(factor / a) - a * np.log1p(b / a) - b * np.log1p(a / b)
    return np.asarray(np.where(a < _SMALL, near, far))


def _beta_start(a: Array, b: Array, p: Array, first: Array) -> Array:
    """Return about the odds of a quantile, of the logarithm of the first term of its series."""
    z = -ndtri.meaning(p)
    both = (a > 1.0) & (b > 1.0)
    one, two = (1.0 / (2.0 * np.where(both, v, 2.0) - 1.0) for v in (a, b))
    width, bend = 2.0 / (one + two), (z * z - 3.0) / 6.0
    part = z * np.sqrt(np.maximum(width + bend, 0.0)) / width
    part = part - (two - one) * (bend + 5.0 / 6.0 - 2.0 / (3.0 * width))
    normal = np.log(a) - np.log(b) - 2.0 * part
    series = first - np.log(-np.expm1(np.minimum(first, -0.1)))
    found = np.where(both, np.maximum(normal, series), series)
    return np.asarray(np.exp(np.clip(found, -660.0, 660.0)))
