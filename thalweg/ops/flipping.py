"""Quarter turns and mirror images of tensors, and integers' common divisors and multiples."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import method, operation
from thalweg.core.primitive import elementwise
from thalweg.core.spec import DType, Spec, promote
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.arranging import swapaxes
from thalweg.ops.axes import axis_of
from thalweg.ops.shaping import flip

__all__ = ["fliplr", "flipud", "frexp", "gcd", "lcm", "rot90"]

Array = np.ndarray[Any, Any]


@method
def fliplr(x: Any) -> Tensor:
    """Reverse the second axis, left to right.

    Raises:
        ShapeError: If there are fewer than two axes.
    """
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(f"fliplr wants two axes at least, and the shape is {tensor.shape}.")
    return flip(tensor, 1)


@method
def flipud(x: Any) -> Tensor:
    """Reverse the first axis, up to down.

    Raises:
        ShapeError: If there is no axis.
    """
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise ShapeError("flipud wants one axis at least, and the tensor has none.")
    return flip(tensor, 0)


@method
def rot90(x: Any, k: int = 1, axes: Any = (0, 1), *, dims: Any = None) -> Tensor:
    """Turn the plane of two axes by k quarters, from the first axis towards the second.

    Raises:
        ArgumentError: If there are not two different axes.
    """
    tensor, given = as_tensor(x), tuple(axes if dims is None else dims)
    if len(given) != 2 or tensor.ndim < 2:
        raise ArgumentError(
            f"rot90: expected total rotation dims == 2 and total dims >= 2, but got dims = "
            f"{given} and {tensor.ndim} axes."
        )
    first, second = (axis_of("rot90", axis, tensor.ndim) for axis in given)
    if first == second:
        raise ArgumentError(f"rot90: expected rotation dims to be different, but got {given}.")
    turns = k % 4
    if turns == 0:
        return tensor
    if turns == 2:
        return flip(tensor, (first, second))
    if turns == 1:
        return swapaxes(flip(tensor, second), first, second)
    return flip(swapaxes(tensor, first, second), second)


def _integers(specs: tuple[Spec, ...]) -> tuple[DType, ...]:
    dtype = promote(specs)[0]
    if dtype.kind not in "iu":
        raise DtypeError(
            f"A common divisor or multiple was asked of numbers of dtype {dtype}; it wants "
            "integers. Convert them with astype(int)."
        )
    return (dtype,) * len(specs)


@elementwise(None, None, cast=_integers)
def gcd(x: Array, y: Array) -> Array:
    """Greatest common divisor of integers."""
    return np.gcd(x, y)


@elementwise(None, None, cast=_integers)
def lcm(x: Array, y: Array) -> Array:
    """Least common multiple of integers, not negative."""
    return np.lcm(x, y)


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
