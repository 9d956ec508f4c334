"""The incomplete gamma functions, regularized, and their derivative by the shape."""

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
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.special.error import erfc
from thalweg.ops.special.stirling import (
    binet,
    digamma1p,
    excess,
    less_digamma,
    less_logarithm,
    lgamma1p,
    logarithm,
    polynomial,
    product_and_error,
    sum_and_error,
)
from thalweg.ops.special.tables import TEMME


def _density(g: Any, out: Any, a: Any, x: Any) -> Any:
    """Return g xᵃ⁻¹ e⁻ˣ / Γ(a), the derivative by x."""
    # At 0 the power decides alone: its logarithm has no derivative there.
    zero = equal(x, 0)
    inside = where(zero, 1.0, x)
    height = exp((a - 1.0) * log(inside) - inside - op.lgamma(a))
    at_zero = where(equal(a, 1.0), 1.0, where(op.less(a, 1.0), math.inf, op.zeros_like(a)))
    return g * where(zero, at_zero, height)


@of_reals(lambda g, out, a, x: g * op.gammainc_by_shape(a, x), _density, cost=600)
def gammainc(a: Array, x: Array) -> Array:
    """Lower incomplete gamma function, regularized: ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a).

    Natively within 8 ulp, or of what changes of a and x by one ulp make, if that is more.

    Source:
        DLMF 8.7.1 up to x = a, the continued fraction 8.9.2 beyond it; for large a near x Temme's
        expansion, 8.12.
    """
    shape, z, inside = _operands(a, x)
    near, below, _ = _ranges(shape, z)
    lower = _only(below & ~near, _series, shape, z)
    upper = _only(~below & ~near, _fraction, shape, z)
    found = np.where(below, lower, 1.0 - upper)
    found = np.where(near, _only(near, _lower_of_large, shape, z), found)
    return _at_the_edges(a, x, inside, found, 0.0).astype(x.dtype)


@of_reals(
    lambda g, out, a, x: -(g * op.gammainc_by_shape(a, x)),
    lambda g, out, a, x: -_density(g, out, a, x),
    cost=600,
)
def gammaincc(a: Array, x: Array) -> Array:
    """Upper incomplete gamma function, regularized: ∫ₓ^∞ tᵃ⁻¹ e⁻ᵗ dt / Γ(a).

    Natively within 8 ulp, as `gammainc`, also where it is small.
    """
    shape, z, inside = _operands(a, x)
    near, below, small = _ranges(shape, z)
    lower = _only(below & ~near, _series, shape, z)
    upper = _only(~below & ~near, _fraction, shape, z)
    found = np.where(below, 1.0 - lower, upper)
    least = small & (lower > 0.5)
    found = np.where(least, _only(least, _complement_of_small, shape, z), found)
    found = np.where(near, _only(near, _upper_of_large, shape, z), found)
    return _at_the_edges(a, x, inside, found, 1.0).astype(x.dtype)


def _by_shape_twice(g: Any, out: Any, a: Any, x: Any) -> Any:
    raise GradientError(
        "The second derivative of gammainc(a, x) with respect to a was asked for, which is not "
        "known here; the first is, and those with respect to x are. Detach a."
    )


def _density_by_shape(g: Any, out: Any, a: Any, x: Any) -> Any:
    zero = equal(x, 0)
    inside = where(zero, 1.0, x)
    return where(zero, 0.0, _density(g, out, a, inside) * (log(inside) - op.digamma(a)))


@of_reals(_by_shape_twice, _density_by_shape, cost=800)
def gammainc_by_shape(a: Array, x: Array) -> Array:
    """Derivative of the lower incomplete gamma function, regularized, by a.

    Natively within 8 ulp, or of what changes of a and x by one ulp make, if that is more.
    """
    shape, z, inside = _operands(a, x)
    near, _, _ = _ranges(shape, z)
    # The series is of positive terms, and a little beyond x = a loses less than the fraction.
    below = z <= 1.06 * shape + 1.1
    found = _only(below & ~near, _lower_by_shape, shape, z)
    found = np.where(below | near, found, _only(~below & ~near, _upper_by_shape, shape, z))
    found = np.where(near, _only(near, _large_by_shape, shape, z), found)
    wrong = ~((np.asarray(a) > 0) & (np.asarray(x) >= 0))
    return np.where(inside, found, np.where(wrong, np.nan, 0.0)).astype(x.dtype)


# ---- ranges

# Below this x, 1 - Q is a series; from this a on, near x, the expansion for large a serves.
_SMALL, _LARGE, _NEAR = 1.1, 40.0, 0.35

_MOST, _NOTHING = 200, 2.0**-55


def _operands(a: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return operands that the series take, and where they are those given."""
    shape, z = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    inside = (shape > 0) & (z > 0) & np.isfinite(shape) & np.isfinite(z)
    return np.where(inside, shape, 1.0), np.where(inside, z, 1.0), inside


def _ranges(a: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return where a is large and near x, where P is a series, and where x is small."""
    near = (np.abs(x - a) < _NEAR * a) & (a >= _LARGE)
    return near, (x <= a) | (x < _SMALL), x < _SMALL


def _only(wanted: Array, function: Callable[..., Array], *operands: Array) -> Array:
    """Return a function where it is wanted, and 0 elsewhere."""
    result = np.zeros(wanted.shape)
    if wanted.any():
        result[wanted] = function(*[operand[wanted] for operand in operands])
    return result


def _at_the_edges(a: Array, x: Array, inside: Array, found: Array, at_zero: float) -> Array:
    shape, z = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    at_infinity = 1.0 - at_zero
    edge = np.where(np.isinf(z) | ((shape == 0) & (z > 0)), at_infinity, at_zero)
    wrong = (shape < 0) | (z < 0) | np.isnan(shape) | np.isnan(z)
    wrong |= ((shape == 0) & (z == 0)) | (np.isinf(shape) & np.isinf(z))
    return np.where(inside, found, np.where(wrong, np.nan, edge))


def _matters(term: Array, total: Array) -> bool:
    return bool((np.abs(term) > _NOTHING * np.abs(total)).any())


# ---- the functions


def _height(a: Array, x: Array) -> Array:
    """Return xᵃ e⁻ˣ / Γ(a + 1), with as many digits for large a."""
    few = a < 2.0
    simple = a * np.log(x) - x - lgamma1p(np.minimum(a, 2.0))
    shape = np.maximum(a, 2.0)
    far = -shape * excess((x - shape) / shape, x / shape) - binet(shape)
    factor = np.where(few, 1.0, np.sqrt(2.0 * np.pi * shape))
    return np.asarray(np.exp(np.where(few, simple, far)) / factor)


def _series(a: Array, x: Array) -> Array:
    """Return P(a, x) = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n))."""
    term = total = np.ones_like(x)
    for n in range(1, _MOST):
        term = term * (x / (a + n))
        total = total + term
        if not _matters(term, total):
            break
    return _height(a, x) * total


def _fraction(a: Array, x: Array) -> Array:
    """Return Q(a, x) = xᵃ e⁻ˣ / Γ(a) / (x + 1 - a - 1 (1 - a) / (x + 3 - a - …)), by Steed."""
    b = x - a + 1.0
    inner = step = total = 1.0 / b
    for n in range(1, _MOST):
        b = b + 2.0
        inner = 1.0 / (n * (a - n) * inner + b)
        step = step * (b * inner - 1.0)
        total = total + step
        if not _matters(step, total):
            break
    return np.asarray(_height(a, x) * a * total)


def _alternating(a: Array, x: Array) -> Array:
    """Return Σ (-x)ⁿ / (n! (a + n)) over n ≥ 1 for x ≤ 1.1."""
    term, total = np.ones_like(x), np.zeros_like(x)
    for n in range(1, 21):
        term = -term * x / n
        total = total + term / (a + n)
    return total


def _complement_of_small(a: Array, x: Array) -> Array:
    """Return Q(a, x) = 1 - xᵃ / Γ(a + 1) · (1 + a Σ (-x)ⁿ / (n! (a + n))) for small x and a."""
    exponent = a * np.log(x) - lgamma1p(np.minimum(a, 2.0))
    total = _alternating(a, x)
    return np.asarray(-(np.expm1(exponent) + np.exp(exponent) * a * total))


# ---- large shapes


def _about(a: Array, x: Array) -> tuple[Array, Array]:
    """Return μ = (x - a) / a, and η of its sign, η² / 2 = μ - ln(1 + μ)."""
    part = (x - a) / a
    return part, np.copysign(np.sqrt(2.0 * less_logarithm(part)), part)


def _in_shape(rows: Any, a: Array, eta: Array) -> Array:
    """Return Σ Cₖ(η) a⁻ᵏ."""
    total = np.zeros_like(a)
    for row in reversed(rows):
        total = total / a + polynomial(eta, row)
    return total


def _bell(a: Array, eta: Array) -> Array:
    return np.asarray(np.exp(-0.5 * a * (eta * eta)) / (math.sqrt(2.0 * math.pi) * np.sqrt(a)))


def _lower_of_large(a: Array, x: Array) -> Array:
    _, eta = _about(a, x)
    whole = 0.5 * erfc.meaning(-eta * np.sqrt(0.5 * a))
    return np.asarray(whole - _bell(a, eta) * _in_shape(TEMME, a, eta))


def _upper_of_large(a: Array, x: Array) -> Array:
    _, eta = _about(a, x)
    whole = 0.5 * erfc.meaning(eta * np.sqrt(0.5 * a))
    return np.asarray(whole + _bell(a, eta) * _in_shape(TEMME, a, eta))


# ---- derivatives by the shape


def _slope(a: Array, x: Array) -> Array:
    """Return a (ln x - ψ(a)), where it counts that x is near a."""
    few = a < 2.0
    small, large = np.where(few, a, 1.0), np.minimum(np.maximum(a, 2.0), 1e300)
    z = np.where(few, 2.0, x)
    far = large * (
        logarithm((z - large) / large, np.maximum(z / large, 1e-300)) + less_digamma(large)
    )
    return np.asarray(np.where(few, 1.0 + small * (np.log(x) - digamma1p(small)), far))


def _lower_by_shape(a: Array, x: Array) -> Array:
    """Return the derivative of the series of P, Σ tₙ: that of tₙ is -tₙ Σ 1 / (a + k).

    Where a is small it is that of P(a + 1, x), and of what P is more: near its zero ln x - ψ(a + 1)
    then is not taken from as large a part.
    """
    few = a < 1.0
    # Of very large shapes it is nothing; their products would overflow.
    shape, z = np.minimum(np.where(few, a + 1.0, a), 1e150), np.minimum(x, 1e150)
    term = total = np.ones_like(x)
    low = harmonic = rest = total_by = rest_by = np.zeros_like(x)
    for n in range(1, _MOST):
        at = shape + n
        inverse = 1.0 / at
        # The term as a sum of two, so that errors of many factors do not add up.
        product, error = product_and_error(term, z)
        quotient = product * inverse
        back, back_error = product_and_error(quotient, at)
        error = error + (product - back - back_error) - quotient * (shape - (at - n))
        low, term = inverse * (low * z + error), quotient
        harmonic = harmonic + inverse
        part = term * harmonic
        total, lost = sum_and_error(total, term)
        total_by, lost_by = sum_and_error(total_by, part)
        rest, rest_by = rest + (low + lost), rest_by + (low * harmonic + lost_by)
        if not (_matters(term, total) or _matters(part, total_by)):
            break
    total, total_by = total + rest, total_by + rest_by
    few_slope = np.log(x) - digamma1p(np.where(few, a, 0.0))
    inverse = 1.0 / np.where(few, a + 1.0, a)
    slope = np.where(few, few_slope - inverse, (_slope(np.maximum(a, 1.0), x) - 1.0) * inverse)
    found = total * slope - total_by
    return np.asarray(_height(a, x) * np.where(few, x * inverse * found + few_slope, found))


def _upper_by_shape(a: Array, x: Array) -> Array:
    """Return the derivative of -Q, by that of the fraction step by step."""
    b = x - a + 1.0
    inner = step = total = 1.0 / b
    inner_by = step_by = total_by = inner * inner
    for n in range(1, _MOST):
        b = b + 2.0
        part, part_by = n * (a - n) * inner, n * (a - n) * inner_by + n * inner
        inner = 1.0 / (part + b)
        inner_by = -inner * inner * (part_by - 1.0)
        ratio, ratio_by = -part * inner, -(part_by * inner + part * inner_by)
        step_by = ratio * step_by + ratio_by * step
        step = step * ratio
        total, total_by = total + step, total_by + step_by
        if not (_matters(step, total) or _matters(step_by, total_by)):
            break
    return np.asarray(-_height(a, x) * (total * _slope(a, x) + a * total_by))


def _large_by_shape(a: Array, x: Array) -> Array:
    """Return the derivative of Temme's expansion: ∂(a η² / 2) = -ln(1 + μ), ∂η = -μ / (a η)."""
    part, eta = _about(a, x)
    divisor = np.where(eta == 0.0, 1.0, eta)
    ratio = np.where(eta == 0.0, 1.0, np.log1p(part) / divisor)
    by_eta = np.where(eta == 0.0, 1.0, part / divisor) / a
    slopes = [[n * c for n, c in enumerate(row) if n] or [0.0] for row in TEMME]
    total = _in_shape(TEMME, a, eta) * (np.log1p(part) - 0.5 / a) + ratio
    total = total - _in_shape(slopes, a, eta) * by_eta
    falling = [[(k + 1) * c for c in row] for k, row in enumerate(TEMME[1:])]
    return np.asarray(-_bell(a, eta) * (total - _in_shape(falling, a, eta) / (a * a)))
