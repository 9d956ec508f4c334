"""Elementwise functions that programs write with other primitives: NumPy's eagerly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL
from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise import (
    absolute,
    arctan,
    equal,
    exp,
    expm1,
    floor,
    less,
    log,
    log1p,
    logical_and,
    logical_or,
    power,
    sign,
    sqrt,
    where,
)

__all__ = [
    "arccos",
    "arcsin",
    "arctanh",
    "cbrt",
    "cosh",
    "exp2",
    "log2",
    "log10",
    "rint",
    "sinh",
]

Array = np.ndarray[Any, Any]
_LOG_2, _LOG_10 = math.log(2.0), math.log(10.0)


def _nearest(x: Tensor) -> Tensor:
    if x.dtype.kind == "c":
        return op.complex(_nearest(op.real(x)), _nearest(op.imag(x)))  # type: ignore[no-any-return]
    below = floor(x)
    part = x - below
    even = equal(floor(below * 0.5) * 2, below)
    down = logical_or(less(part, 0.5), logical_and(equal(part, 0.5), even))
    # An infinity minus itself is NaN, and larger numbers are integers already.
    return where(equal(below, x), x, where(down, below, below + 1))


@elementwise(lambda g, out, x: g * 0.0, cast=floating, inplace=False, expansion=_nearest)
def rint(x: Array) -> Array:
    """Nearest integer, the even one of two equally near; integers become float64."""
    return np.rint(x)


@elementwise(lambda g, out, x: g * (out * _LOG_2), cast=floating, expansion=lambda x: power(2.0, x))
def exp2(x: Array) -> Array:
    """Power of two: 2ˣ."""
    return np.exp2(x)


@elementwise(lambda g, out, x: g / (x * _LOG_2), cast=floating, expansion=lambda x: log(x) / _LOG_2)
def log2(x: Array) -> Array:
    """Logarithm to base 2."""
    return np.log2(x)


@elementwise(
    lambda g, out, x: g / (x * _LOG_10), cast=floating, expansion=lambda x: log(x) / _LOG_10
)
def log10(x: Array) -> Array:
    """Logarithm to base 10."""
    return np.log10(x)


@elementwise(
    lambda g, out, x: g / (3.0 * (out * out)),
    cast=floating,
    takes=REAL,
    expansion=lambda x: sign(x) * power(absolute(x), 1.0 / 3.0),
)
def cbrt(x: Array) -> Array:
    """Cube root: ∛x, of negative numbers too."""
    return np.cbrt(x)


# expm1 keeps the digits near zero.
@elementwise(
    lambda g, out, x: g * op.cosh(x),
    cast=floating,
    expansion=lambda x: (expm1(x) - expm1(-x)) * 0.5,
)
def sinh(x: Array) -> Array:
    """Hyperbolic sine: (eˣ - e⁻ˣ) / 2."""
    return np.sinh(x)


@elementwise(
    lambda g, out, x: g * op.sinh(x), cast=floating, expansion=lambda x: (exp(x) + exp(-x)) * 0.5
)
def cosh(x: Array) -> Array:
    """Hyperbolic cosine: (eˣ + e⁻ˣ) / 2."""
    return np.cosh(x)


@elementwise(
    lambda g, out, x: g / sqrt((1.0 - x) * (1.0 + x)),
    cast=floating,
    names=("asin",),
    expansion=lambda x: arctan(x / sqrt((1.0 - x) * (1.0 + x))),
)
def arcsin(x: Array) -> Array:
    """Inverse sine, in radians, of x in [-1, 1]."""
    return np.arcsin(x)


@elementwise(
    lambda g, out, x: -(g / sqrt((1.0 - x) * (1.0 + x))),
    cast=floating,
    names=("acos",),
    expansion=lambda x: 2.0 * arctan(sqrt((1.0 - x) / (1.0 + x))),
)
def arccos(x: Array) -> Array:
    """Inverse cosine, in radians, of x in [-1, 1]."""
    return np.arccos(x)


@elementwise(
    lambda g, out, x: g / ((1.0 - x) * (1.0 + x)),
    cast=floating,
    names=("atanh",),
    expansion=lambda x: (log1p(x) - log1p(-x)) * 0.5,
)
def arctanh(x: Array) -> Array:
    """Inverse hyperbolic tangent of x in [-1, 1]."""
    return np.arctanh(x)
