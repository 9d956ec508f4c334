"""Signs, sizes and angles of numbers, and what lies next to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import FLOAT64, REAL, require_dtypes
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError
from thalweg.ops.composed import isnan
from thalweg.ops.elementwise import (
    absolute,
    equal,
    greater,
    less,
    logical_or,
    maximum,
    minimum,
    sign,
    where,
)
from thalweg.ops.shaping import astype

__all__ = [
    "arccosh",
    "arcsinh",
    "arctan2",
    "copysign",
    "fabs",
    "fmax",
    "fmin",
    "heaviside",
    "hypot",
    "nextafter",
    "sgn",
    "signbit",
]

Array = np.ndarray[Any, Any]

# ---- signs and magnitudes


@operation
def fabs(x: Any) -> Tensor:
    """Absolute value in floating numbers: |x|.

    Raises:
        DtypeError: If x is complex.
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind == "c":
        raise DtypeError("fabs got complex numbers; their magnitudes are np.abs(x).")
    return absolute(tensor if tensor.dtype.kind == "f" else astype(tensor, FLOAT64))


@method(inplace=True)
def sgn(x: Any) -> Tensor:
    """Sign: -1, 0 or 1; of a complex number x / |x|."""
    tensor = as_tensor(x)
    if tensor.dtype.kind != "c":
        return sign(tensor)
    size = absolute(tensor)
    return where(equal(size, 0), 0, tensor / where(equal(size, 0), 1, size))


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


@elementwise(
    lambda g, out, x, y: g * _safely_divided(x, out),
    lambda g, out, x, y: g * _safely_divided(y, out),
    cast=floating,
    takes=REAL,
)
def hypot(x: Array, y: Array) -> Array:
    """Length of the hypotenuse, without overflow: √(x² + y²)."""
    return np.hypot(x, y)


def _safely_divided(x: Any, y: Any) -> Any:
    zero = equal(y, 0)
    return where(zero, 0.0, x / where(zero, 1.0, y))


@elementwise(
    lambda g, out, x, y: g * _safely_divided(y, x * x + y * y),
    lambda g, out, x, y: -(g * _safely_divided(x, x * x + y * y)),
    cast=floating,
    takes=REAL,
    names=("atan2",),
)
def arctan2(x: Array, y: Array) -> Array:
    """Angle of the point (y, x), in radians between -π and π: the arctangent of x / y."""
    return np.arctan2(x, y)


@elementwise(lambda g, out, x: g / op.sqrt(x * x + 1.0), cast=floating, names=("asinh",))
def arcsinh(x: Array) -> Array:
    """Inverse hyperbolic sine."""
    return np.arcsinh(x)


@elementwise(
    lambda g, out, x: g / (op.sqrt(x - 1.0) * op.sqrt(x + 1.0)), cast=floating, names=("acosh",)
)
def arccosh(x: Array) -> Array:
    """Inverse hyperbolic cosine of x ≥ 1."""
    return np.arccosh(x)


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
