"""Elementwise functions composed of the primitives: NumPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import method, register
from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise import (
    absolute,
    arctan,
    ceil,
    divide,
    equal,
    exp,
    expm1,
    floor,
    less,
    less_equal,
    log,
    log1p,
    logical_or,
    maximum,
    minimum,
    not_equal,
    power,
    sqrt,
    where,
)
from thalweg.ops.reductions import all
from thalweg.ops.shaping import astype

__all__ = [
    "allclose",
    "arccos",
    "arcsin",
    "arctanh",
    "clip",
    "cosh",
    "exp2",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "log2",
    "log10",
    "logical_xor",
    "nan_to_num",
    "positive",
    "reciprocal",
    "rint",
    "round",
    "sinh",
    "trunc",
]

_INFINITY = float("inf")

# ---- arithmetic


@method
def positive(x: Any) -> Tensor:
    """Return x itself: +x."""
    return as_tensor(x)


@method(inplace=True)
def reciprocal(x: Any) -> Tensor:
    """One over x; integers are inverted as float64, where NumPy rounds to zero."""
    return divide(1, x)


@method("clamp", inplace=True)
def clip(
    x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Tensor:
    """Limit values to lie between two bounds; NaN stays NaN.

    At a bound the derivative is shared equally between x and the bound.

    Args:
        x: A tensor.
        a_min: Lower bound, a number, a tensor that broadcasts, or None for no bound.
        a_max: Upper bound, likewise.
        min: Another name of `a_min`.
        max: Another name of `a_max`.

    Example:
        >>> import thalweg as tw
        >>> tw.clip(tw.Tensor([-2.0, 0.5, 3.0]), 0, 1)
        tensor([0.0000, 0.5000, 1.0000])
    """
    tensor = as_tensor(x)
    low = a_min if min is None else min
    high = a_max if max is None else max
    if low is not None:
        tensor = maximum(tensor, low)
    return tensor if high is None else minimum(tensor, high)


@method(inplace=True)
def nan_to_num(
    x: Any, nan: Any = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Replace NaN, +∞ and -∞ by numbers; the infinities by the dtype's extremes by default."""
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        return tensor
    largest = float(np.finfo(tensor.dtype).max)
    tensor = where(isnan(tensor), nan, tensor)
    tensor = where(equal(tensor, _INFINITY), largest if posinf is None else posinf, tensor)
    return where(equal(tensor, -_INFINITY), -largest if neginf is None else neginf, tensor)


# ---- rounding: the derivative is 0


@method
def rint(x: Any) -> Tensor:
    """Nearest integer, the even one of two equally near; integers become float64."""
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        return astype(tensor, FLOAT64)
    below = floor(tensor)
    part = tensor - below
    even = equal(floor(below * 0.5) * 2, below)
    down = logical_or(less(part, 0.5), equal(part, 0.5) & even)
    # An infinity minus itself is NaN, and larger numbers are integers already.
    return where(equal(below, tensor), tensor, where(down, below, below + 1))


@method(inplace=True)
def round(x: Any, decimals: int = 0) -> Tensor:
    """Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""
    tensor = as_tensor(x)
    if decimals == 0:
        return rint(tensor) if tensor.dtype.kind == "f" else tensor
    if tensor.dtype.kind != "f":
        if decimals > 0:
            return tensor
        raise ArgumentError(
            f"round got decimals {decimals} for dtype {tensor.dtype}; only floating tensors can be "
            "rounded to tens. Convert it with astype(float)."
        )
    scale = 10.0 ** abs(decimals)
    return rint(tensor * scale) / scale if decimals > 0 else rint(tensor / scale) * scale


register("around", round)


@method("fix", inplace=True)
def trunc(x: Any) -> Tensor:
    """Drop the digits after the point: the nearest integer towards zero."""
    tensor = as_tensor(x)
    if tensor.dtype.kind != "f":
        return tensor
    return where(less(tensor, 0), ceil(tensor), floor(tensor))


# ---- exponentials, logarithms, trigonometry


@method(inplace=True)
def exp2(x: Any) -> Tensor:
    """Power of two: 2ˣ."""
    return power(2.0, x)


@method(inplace=True)
def log2(x: Any) -> Tensor:
    """Logarithm to base 2."""
    return log(x) / math.log(2.0)


@method(inplace=True)
def log10(x: Any) -> Tensor:
    """Logarithm to base 10."""
    return log(x) / math.log(10.0)


@method(inplace=True)
def sinh(x: Any) -> Tensor:
    """Hyperbolic sine: (eˣ - e⁻ˣ) / 2."""
    tensor = as_tensor(x)
    # expm1 keeps the digits near zero.
    return (expm1(tensor) - expm1(-tensor)) * 0.5


@method(inplace=True)
def cosh(x: Any) -> Tensor:
    """Hyperbolic cosine: (eˣ + e⁻ˣ) / 2."""
    tensor = as_tensor(x)
    return (exp(tensor) + exp(-tensor)) * 0.5


@method("asin", inplace=True)
def arcsin(x: Any) -> Tensor:
    """Inverse sine, in radians, of x in [-1, 1]."""
    tensor = as_tensor(x)
    return arctan(tensor / sqrt((1.0 - tensor) * (1.0 + tensor)))


@method("acos", inplace=True)
def arccos(x: Any) -> Tensor:
    """Inverse cosine, in radians, of x in [-1, 1]."""
    tensor = as_tensor(x)
    return 2.0 * arctan(sqrt((1.0 - tensor) / (1.0 + tensor)))


@method("atanh", inplace=True)
def arctanh(x: Any) -> Tensor:
    """Inverse hyperbolic tangent of x in [-1, 1]."""
    tensor = as_tensor(x)
    return (log1p(tensor) - log1p(-tensor)) * 0.5


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


@method(inplace=True)
def logical_xor(x: Any, y: Any) -> Tensor:
    """Tell where exactly one holds."""
    return not_equal(not_equal(x, 0), not_equal(y, 0))


@method
def isclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Tell where x and y are equal or differ by no more than atol + rtol |y|.

    Args:
        x: A tensor.
        y: Another one.
        rtol: The relative tolerance.
        atol: The absolute one.
        equal_nan: Whether two NaN are close.

    Raises:
        ArgumentError: If a tolerance is negative.
    """
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"isclose got rtol {rtol} and atol {atol}; they must not be negative.")
    a, b = as_tensor(x), as_tensor(y)
    near = less_equal(absolute(a - b), atol + rtol * absolute(b)) & isfinite(b)
    found = logical_or(near, equal(a, b))
    return logical_or(found, isnan(a) & isnan(b)) if equal_nan else found


@method
def allclose(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Tell whether all elements of x and y are close, as `isclose` tells of each."""
    return all(isclose(x, y, rtol, atol, equal_nan))
