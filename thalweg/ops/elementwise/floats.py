"""Floating-point numbers: which are finite, how near, their signs, parts and neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import op, operation
from thalweg.core.primitive import elementwise, floating, of_reals
from thalweg.core.spec import REAL, Array, require_dtypes
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import DtypeError
from thalweg.ops.elementwise.arithmetic import absolute, multiply, positive, power
from thalweg.ops.elementwise.comparison import equal, less, maximum, minimum, not_equal, where
from thalweg.ops.elementwise.conversion import as_real, astype

__all__ = [
    "copysign", "fmax", "fmin", "frexp", "heaviside", "isfinite", "isinf", "isnan", "isneginf",
    "isposinf", "isreal", "ldexp", "nan_to_num", "nextafter", "signbit",
]  # fmt: skip


@operation
def nan_to_num(
    x: Any, nan: Any = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replace NaN, +∞ and -∞ by numbers; the infinities by the dtype's extremes by default."""
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        return positive(tensor)
    largest = float(np.finfo(tensor.dtype).max)
    tensor = where(isnan(tensor), nan, tensor)
    tensor = where(tensor == math.inf, largest if posinf is None else posinf, tensor)
    return where(tensor == -math.inf, -largest if neginf is None else neginf, tensor)


# ---- tests


@operation
def isnan(x: Any) -> Tensor:
    """Tell where x is not a number."""
    tensor = as_tensor(x)
    return not_equal(tensor, tensor)


@operation
def isinf(x: Any) -> Tensor:
    """Tell where x is +∞ or -∞."""
    return equal(absolute(x), math.inf)


@operation
def isfinite(x: Any) -> Tensor:
    """Tell where x is neither infinite nor NaN."""
    return less(absolute(x), math.inf)


# ---- tests


@operation
def isposinf(x: Any) -> Tensor:
    """Tell where x is +∞."""
    return equal(as_real("isposinf", x), math.inf)


@operation
def isneginf(x: Any) -> Tensor:
    """Tell where x is -∞."""
    return equal(as_real("isneginf", x), -math.inf)


@operation
def isreal(x: Any) -> Tensor:
    """Tell where the imaginary part is 0."""
    tensor = as_tensor(x)
    if tensor.dtype.kind == "c":
        return equal(op.imag(tensor), 0)
    return equal(tensor, tensor) | isnan(tensor)


@elementwise(None, takes=REAL)
def sign_bit(x: Array) -> Array:
    """Tell where the sign bit is set, as 0 and 1."""
    return np.signbit(x).astype(x.dtype)


@operation
def signbit(x: Any) -> Tensor:
    """Tell where x is negative, of zeros too: true for -0.0."""
    tensor = as_real("signbit", x)
    return tensor < 0 if tensor.dtype.kind != "f" else sign_bit(tensor) > 0


@operation
def copysign(x: Any, y: Any) -> Tensor:
    """Return |x| with the sign of y, also of its zeros."""
    tensor, signed = as_real("copysign", x), as_real("copysign", y)
    size = absolute(astype(tensor, floating((tensor.spec, signed.spec), tensor.promotion)[0]))
    return where(signbit(signed), -size, size)


@operation
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
    tensor = astype(tensor, floating((tensor.spec, at_zero.spec), tensor.promotion)[0])
    step = astype(tensor > 0, tensor.dtype)
    return where(isnan(tensor), tensor, where(tensor == 0, at_zero, step))


@of_reals(lambda g, out, x, y: g, lambda g, out, x, y: g * 0.0)
def nextafter(x: Array, y: Array) -> Array:
    """Next number after x in the direction of y."""
    return np.nextafter(x, y)


@operation
def fmax(x: Any, y: Any) -> Tensor:
    """Larger of two; where one is NaN, the other."""
    return _extreme(x, y, maximum, op.greater_equal)


@operation
def fmin(x: Any, y: Any) -> Tensor:
    """Smaller of two; where one is NaN, the other."""
    return _extreme(x, y, minimum, op.less_equal)


def _extreme(x: Any, y: Any, of_integers: Any, is_first: Any) -> Tensor:
    a, b = as_tensor(x), as_tensor(y)
    if np.result_type(a.dtype, b.dtype).kind != "f":
        return of_integers(a, b)  # type: ignore[no-any-return]
    # Ties go to the first, as do their derivatives.
    return where(is_first(a, b) | isnan(b), a, b)


# ---- exponentials, logarithms and their limits


@operation
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
