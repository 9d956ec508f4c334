"""Arithmetic in PyTorch's fused forms, and complex numbers made of real ones and shown as them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.control.fused import Fused, is_eager
from thalweg.core.tensor import Tensor
from thalweg.engines.composed import composed
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.creation.creation import complex_of, real_parts
from thalweg.ops.elementwise import arithmetic, rounding
from thalweg.ops.elementwise.arithmetic import floor_divide, multiply, sqrt
from thalweg.ops.elementwise.comparison import (
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    maximum,
    minimum,
    where,
)
from thalweg.ops.elementwise.complex import imag, real
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.rounding import trunc
from thalweg.ops.elementwise.trigonometric import cos, sin
from thalweg.ops.shape.join import stack
from thalweg.ops.special import activations
from thalweg.ops.special.gamma import polygamma
from thalweg.torch.functions.viewing import select
from thalweg.torch.fused.choosing import rectified, rectified_back
from thalweg.torch.naming import as_tensor, attach, function, in_place_variant, method
from thalweg.torch.steps import step


@method(inplace=True)
def relu(x: Any) -> Tensor:
    """Rectified linear unit: x where x > 0, else 0; NaN stays NaN, the derivative at 0 is 0."""
    tensor = as_tensor(x)
    if is_eager(tensor) and tensor.array.ndim and tensor.array.size < _FEW:
        return _RECTIFIED(tensor)
    return composed(activations.relu, tensor)


# Fewer elements than this have a derivative in NumPy before machine code is called.
_FEW = 1 << 12


_RECTIFIED = Fused("ReluBackward0", rectified, rectified_back, activations.relu)


@method("clamp", inplace=True)
def clip(x: Any, min: Any = None, max: Any = None) -> Tensor:
    """Limit values to lie between two bounds; NaN stays NaN.

    At a bound that is a number the derivative is that of x, and of NaN it is 0.

    Args:
        x: A tensor.
        min: Lower bound, a number, a tensor that broadcasts, or None for no bound.
        max: Upper bound, likewise; it is the one that counts if it is the smaller one.
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f" or not _are_numbers(min, max):
        return rounding.clip(x, min, max)
    return composed(_limited, tensor, low=_bound(min, -math.inf), high=_bound(max, math.inf))


def _are_numbers(*bounds: Any) -> bool:
    """Tell whether bounds are numbers or None, and not all None."""
    given = [bound for bound in bounds if bound is not None]
    return bool(given) and all(type(n) in (int, float) and n == n for n in given)


def _bound(given: Any, otherwise: float) -> float:
    return otherwise if given is None else given or 0  # as programs of 0.0 and -0.0 differ


def _limited(x: Tensor, low: float, high: float) -> Tensor:
    fixed = stop_gradient(x)
    raised = where(less(fixed, low), low, fixed)
    inside = logical_and(greater_equal(x, low), less_equal(x, high))
    # NaN is not inside.
    return where(inside, x, where(greater(raised, high), high, raised))


def _where(x: Any, condition: Any, other: Any) -> Tensor:
    """Return the elements where a condition holds, and others elsewhere.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([1.0, -2.0])
        >>> x.where(x > 0, 0.0)
        tensor([1., 0.])
    """
    return where(condition, x, other)


attach("where", _where)

# ---- PyTorch's keywords of the arithmetic operators


def _scale(name: str, y: Any, alpha: Any) -> Any:
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


@method(inplace=True)
def add(x: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """Sum of two tensors: x + α y."""
    return arithmetic.add(x, _scale("add", other, alpha))


@method("sub", inplace=True)
def subtract(x: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """Difference of two tensors: x - α y."""
    return arithmetic.subtract(x, _scale("sub", other, alpha))


@method("div", "true_divide", inplace=True)
def divide(x: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Quotient of two tensors, rounded to whole numbers if that is asked.

    Args:
        x: The dividend.
        other: The divisor.
        rounding_mode: "floor" for down, "trunc" for towards zero, None for not at all.

    Raises:
        ArgumentError: If it is none of these.
    """
    divisor = other
    if rounding_mode is None:
        return arithmetic.divide(x, divisor)
    if rounding_mode == "floor":
        return floor_divide(x, divisor)
    if rounding_mode != "trunc":
        raise ArgumentError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"{rounding_mode!r}. Give one of these."
        )
    kind = np.result_type(as_tensor(x).dtype, as_tensor(divisor).dtype).kind
    quotient = trunc(arithmetic.divide(x, divisor))
    return quotient if kind in "fc" else astype(quotient, np.int64)


@method
def rsub(x: Any, y: Any, *, alpha: Any = 1) -> Tensor:
    """Difference the other way around: y - α x."""
    return subtract(y, _scale("rsub", x, alpha))


@method(inplace=True)
def addcmul(x: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """Add a multiple of a product: x + value · tensor₁ · tensor₂."""
    operands = [as_tensor(operand) for operand in (x, tensor1, tensor2)]
    return composed(_with_product, *operands, value=value)


def _with_product(x: Tensor, y: Tensor, z: Tensor, value: Any) -> Tensor:
    product = multiply(y, z)
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
    return composed(_with_quotient, *operands, value=value)


def _with_quotient(x: Tensor, y: Tensor, z: Tensor, value: Any) -> Tensor:
    return add(x, multiply(value, divide(y, z)))


@method(inplace=True)
def lerp(x: Any, end: Any, weight: Any) -> Tensor:
    """Interpolate linearly: x + weight · (end - x).

    Raises:
        DtypeError: If x and end are of different dtypes.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.lerp(torch.tensor([0.0, 10.0]), torch.tensor([10.0, 20.0]), 0.5)
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
    if share.weak and share.node is None and not share.is_symbolic:
        return composed(_between, start, stop, weight=share.item())
    return _between(start, stop, share)


def _between(start: Tensor, stop: Tensor, weight: Any) -> Tensor:
    return add(start, multiply(weight, subtract(stop, start)))


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
    return composed(_rsqrt, as_tensor(x))


def _rsqrt(x: Tensor) -> Tensor:
    return divide(1.0, sqrt(x))


@method(inplace=True)
def frac(x: Any) -> Tensor:
    """Digits after the point, with the sign of x: x - trunc(x)."""
    return subtract(x, trunc(x))


Array = np.ndarray[Any, Any]


@function
def complex(real: Any, imag: Any) -> Tensor:
    """Return complex numbers of real and imaginary parts.

    Raises:
        DtypeError: If they are not floating numbers of one dtype.
    """
    return complex_of(real, imag)


@function
def polar(abs: Any, angle: Any) -> Tensor:
    """Return complex numbers of sizes and angles: r (cos θ + i sin θ)."""
    (size, turn), _ = real_parts("polar", abs, angle)
    return complex_of(multiply(size, cos(turn)), multiply(size, sin(turn)))


@function("view_as_complex_copy")
def view_as_complex(x: Any) -> Tensor:
    """Return complex numbers of which the last axis, of extent 2, holds both parts.

    Raises:
        ShapeError: If it has another extent.
    """
    tensor = as_tensor(x)
    if not tensor.ndim or tensor.shape[-1] != 2:
        raise ShapeError(f"view_as_complex wants a last axis of extent 2; got {tensor.shape}.")
    return complex_of(select(tensor, -1, 0), select(tensor, -1, 1))


@function("view_as_real_copy")
def view_as_real(x: Any) -> Tensor:
    """Return both parts of complex numbers along a new last axis.

    Raises:
        DtypeError: If they are not complex.
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind != "c":
        raise DtypeError(
            f"view_as_real is only supported for complex tensors, not for {tensor.dtype}."
        )
    return stack([real(tensor), imag(tensor)], axis=-1)


# ---- methods whose first operand is the function's second


@step("Polygamma")
def _polygamma(x: Tensor, n: int) -> Tensor:
    """Derivative of order n of the digamma function, as `torch.polygamma(n, x)`."""
    return polygamma(n, x)


attach("polygamma", _polygamma)
attach("polygamma_", in_place_variant("polygamma", _polygamma))


# ---- conjugates, which are computed at once


@method
def resolve_conj(x: Any) -> Tensor:
    """Return the tensor: its values are computed, and none waits to be conjugated."""
    return as_tensor(x)


@method
def resolve_neg(x: Any) -> Tensor:
    """Return the tensor: its values are computed, and none waits to be negated."""
    return as_tensor(x)
