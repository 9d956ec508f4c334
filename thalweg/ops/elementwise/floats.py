"""Floating-point numbers: which are finite, how near, their signs, parts and neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL, require_dtypes
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import DtypeError
from thalweg.ops.elementwise.arithmetic import absolute, multiply, positive, power
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    less,
    logical_or,
    maximum,
    minimum,
    not_equal,
    where,
)
from thalweg.ops.elementwise.conversion import astype

__all__ = [
    "copysign",
    "fmax",
    "fmin",
    "frexp",
    "heaviside",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "ldexp",
    "nan_to_num",
    "nextafter",
    "signbit",
]


_INFINITY = float("inf")


@method(inplace=True)
def nan_to_num(
    x: Any, nan: Any = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replace NaN, +∞ and -∞ by numbers; the infinities by the dtype's extremes by default."""
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        return positive(tensor)
    largest = float(np.finfo(tensor.dtype).max)
    tensor = where(isnan(tensor), nan, tensor)
    tensor = where(equal(tensor, _INFINITY), largest if posinf is None else posinf, tensor)
    return where(equal(tensor, -_INFINITY), -largest if neginf is None else neginf, tensor)


# ---- tests


@method
def isnan(x: Any) -> Tensor:
    """Tell where x is not a number."""
    tensor = as_tensor(x)
    return not_equal(tensor, tensor)


@method
def isinf(x: Any) -> Tensor:
    """Tell where x is +∞ or -∞."""
    return equal(absolute(x), _INFINITY)


@method
def isfinite(x: Any) -> Tensor:
    """Tell where x is neither infinite nor NaN."""
    return less(absolute(x), _INFINITY)


# ---- tests


@method
def isposinf(x: Any) -> Tensor:
    """Tell where x is +∞."""
    tensor = as_tensor(x)
    require_dtypes("isposinf", REAL, tensor)
    return equal(tensor, math.inf)


@method
def isneginf(x: Any) -> Tensor:
    """Tell where x is -∞."""
    tensor = as_tensor(x)
    require_dtypes("isneginf", REAL, tensor)
    return equal(tensor, -math.inf)


@method
def isreal(x: Any) -> Tensor:
    """Tell where the imaginary part is 0."""
    tensor = as_tensor(x)
    return equal(tensor, tensor) if tensor.dtype.kind not in "fc" else _is_real(tensor)


def _is_real(x: Tensor) -> Tensor:
    if x.dtype.kind == "f":
        typed: Tensor = op.logical_or(equal(x, x), isnan(x))
        return typed
    return equal(op.imag(x), 0)


Array = np.ndarray[Any, Any]


@elementwise(None, inplace=False, takes=REAL)
def sign_bit(x: Array) -> Array:
    """Tell where the sign bit is set, as 0 and 1."""
    return np.signbit(x).astype(x.dtype)


@method
def signbit(x: Any) -> Tensor:
    """Tell where x is negative, of zeros too: true for -0.0."""
    tensor = as_tensor(x)
    require_dtypes("signbit", REAL, tensor)
    return less(tensor, 0) if tensor.dtype.kind != "f" else greater(sign_bit(tensor), 0)


@method(inplace=True)
def copysign(x: Any, y: Any) -> Tensor:
    """Return |x| with the sign of y, also of its zeros."""
    tensor, signed = as_tensor(x), as_tensor(y)
    require_dtypes("copysign", REAL, tensor, signed)
    size = absolute(astype(tensor, floating((tensor.spec, signed.spec))[0]))
    return where(signbit(signed), -size, size)


@method(inplace=True)
def heaviside(x: Any, values: Any) -> Tensor:
    """Step function: 0 where x < 0, `values` where x = 0, 1 where x > 0.

    Raises:
        DtypeError: If the dtypes differ.
    """
    tensor, at_zero = as_tensor(x), as_tensor(values)
    if tensor.dtype != at_zero.dtype and not (tensor.weak or at_zero.weak):
        raise DtypeError(
            f"heaviside is not yet implemented for tensors with different dtypes: it got "
            f"{tensor.dtype} and {at_zero.dtype}. Convert one with astype."
        )
    require_dtypes("heaviside", REAL, tensor, at_zero)
    tensor = astype(tensor, floating((tensor.spec, at_zero.spec))[0])
    step = astype(greater(tensor, 0), tensor.dtype)
    return where(isnan(tensor), tensor, where(equal(tensor, 0), at_zero, step))


@elementwise(lambda g, out, x, y: g, lambda g, out, x, y: g * 0.0, cast=floating, takes=REAL)
def nextafter(x: Array, y: Array) -> Array:
    """Next number after x in the direction of y."""
    return np.nextafter(x, y)


@method
def fmax(x: Any, y: Any) -> Tensor:
    """Larger of two; where one is NaN, the other."""
    a, b = as_tensor(x), as_tensor(y)
    if np.result_type(a.dtype, b.dtype).kind != "f":
        return maximum(a, b)
    # Ties go to the first, as do their derivatives.
    return where(logical_or(op.greater_equal(a, b), isnan(b)), a, b)


@method
def fmin(x: Any, y: Any) -> Tensor:
    """Smaller of two; where one is NaN, the other."""
    a, b = as_tensor(x), as_tensor(y)
    if np.result_type(a.dtype, b.dtype).kind != "f":
        return minimum(a, b)
    return where(logical_or(op.less_equal(a, b), isnan(b)), a, b)


# ---- exponentials, logarithms and their limits


@method(inplace=True)
def ldexp(x: Any, y: Any) -> Tensor:
    """Multiply by a power of two: x 2ʸ."""
    return multiply(x, power(2.0, y))


@operation
def frexp(x: Any) -> tuple[Tensor, Tensor]:
    """Return mantissas between a half and one, and exponents of two: x = m 2ᵉ.

    Raises:
        DtypeError: If they are no floating numbers.
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        raise DtypeError(f"frexp() only supports floating-point dtypes, not {tensor.dtype}.")
    _, exponents = np.frexp(numbers_of(tensor))
    scale = np.ldexp(1.0, -exponents).astype(tensor.dtype)
    return tensor * scale, fresh(exponents.astype(np.int32))
