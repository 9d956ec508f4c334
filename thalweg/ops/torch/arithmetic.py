"""Arithmetic beyond the operators: PyTorch's fused forms, remainders, signs and magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, widen
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, DtypeError
from thalweg.ops.elementwise.arithmetic import add, divide, floor_divide, multiply, sqrt, subtract
from thalweg.ops.elementwise.comparison import maximum, minimum
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.elementwise.rounding import trunc

__all__ = [
    "addcdiv",
    "addcmul",
    "clamp_max",
    "clamp_min",
    "frac",
    "lerp",
    "rsqrt",
    "rsub",
]


# ---- PyTorch's keywords of the arithmetic operators


def _scaled(name: str, y: Any, alpha: Any) -> Any:
    if type(alpha) is float and as_tensor(y).dtype.kind in "biu":
        raise ArgumentError(
            f"For integral input tensors, argument alpha of {name} must not be a floating point "
            f"number, and {alpha} was given. Convert the tensor with astype(float)."
        )
    if type(alpha) is bool and as_tensor(y).dtype.kind != "b":
        raise ArgumentError(
            f"Boolean alpha only supported for Boolean results, and {name} got {alpha}. "
            "Give a number."
        )
    return y if type(alpha) is int and alpha == 1 else multiply(y, alpha)


@widen("add", "alpha")
def _add(x: Any, y: Any = None, *, other: Any = None, alpha: Any = 1) -> Tensor:
    return add(x, _scaled("add", other if y is None else y, alpha))


@widen("subtract", "alpha")
def _subtract(x: Any, y: Any = None, *, other: Any = None, alpha: Any = 1) -> Tensor:
    return subtract(x, _scaled("sub", other if y is None else y, alpha))


@widen("divide", "rounding_mode")
def _divide(
    x: Any, y: Any = None, *, other: Any = None, rounding_mode: str | None = None
) -> Tensor:
    divisor = other if y is None else y
    if rounding_mode is None:
        return divide(x, divisor)
    if rounding_mode == "floor":
        return floor_divide(x, divisor)
    if rounding_mode != "trunc":
        raise ArgumentError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"{rounding_mode!r}. Give one of these."
        )
    kind = np.result_type(as_tensor(x).dtype, as_tensor(divisor).dtype).kind
    quotient = trunc(divide(x, divisor))
    return quotient if kind in "fc" else astype(quotient, np.int64)


@method
def rsub(x: Any, y: Any, *, alpha: Any = 1) -> Tensor:
    """Difference the other way around: y - α x."""
    return subtract(y, _scaled("rsub", x, alpha))


@method(inplace=True)
def addcmul(x: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """Add a multiple of a product: x + value · tensor₁ · tensor₂."""
    product = multiply(tensor1, tensor2)
    return add(x, product if type(value) is int and value == 1 else multiply(value, product))


@method(inplace=True)
def addcdiv(x: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """Add a multiple of a quotient: x + value · tensor₁ / tensor₂.

    Raises:
        DtypeError: If all three are integers.
    """
    operands = [as_tensor(operand) for operand in (x, tensor1, tensor2)]
    if all(operand.dtype.kind not in "fc" for operand in operands):
        raise DtypeError(
            "Integer division with addcdiv is no longer supported; it got integers alone. "
            "Convert them with astype(float)."
        )
    return add(x, multiply(value, divide(tensor1, tensor2)))


@method(inplace=True)
def lerp(x: Any, end: Any, weight: Any) -> Tensor:
    """Interpolate linearly: x + weight · (end - x).

    Raises:
        DtypeError: If x and end are of different dtypes.

    Example:
        >>> import thalweg as tw
        >>> tw.lerp(tw.tensor([0.0, 10.0]), tw.tensor([10.0, 20.0]), 0.5)
        tensor([ 5., 15.])
    """
    start, stop, share = as_tensor(x), as_tensor(end), as_tensor(weight)
    given = [start, stop] if share.weak else [start, stop, share]
    if len({tensor.dtype for tensor in given if not tensor.weak}) > 1:
        raise DtypeError(
            f"lerp expected dtype {start.dtype} for `end` and `weight` but got dtypes "
            f"{stop.dtype} and {share.dtype}. Convert them with astype."
        )
    # Differences of unsigned integers would wrap.
    start, stop = as_floating(start, None), as_floating(stop, None)
    return add(start, multiply(share, subtract(stop, start)))


@method(inplace=True)
def clamp_min(x: Any, min: Any) -> Tensor:
    """Limit values from below: the larger of x and `min`."""
    return maximum(x, min)


@method(inplace=True)
def clamp_max(x: Any, max: Any) -> Tensor:
    """Limit values from above: the smaller of x and `max`."""
    return minimum(x, max)


@method(inplace=True)
def rsqrt(x: Any) -> Tensor:
    """One over the square root: 1 / √x."""
    return divide(1.0, sqrt(x))


@method(inplace=True)
def frac(x: Any) -> Tensor:
    """Digits after the point, with the sign of x: x - trunc(x)."""
    return subtract(x, trunc(x))
