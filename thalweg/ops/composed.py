"""Elementwise functions composed of the primitives: NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, register
from thalweg.core.primitive import numeric
from thalweg.core.spec import REAL, require_dtypes
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise import (
    absolute,
    ceil,
    divide,
    equal,
    floor,
    less,
    less_equal,
    logical_or,
    maximum,
    minimum,
    not_equal,
    where,
)
from thalweg.ops.reductions import all
from thalweg.ops.transcendental import rint

__all__ = [
    "allclose",
    "clip",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "logical_xor",
    "nan_to_num",
    "positive",
    "reciprocal",
    "round",
    "trunc",
]

_INFINITY = float("inf")

# ---- arithmetic


@method
def positive(x: Any) -> Tensor:
    """Return a copy: +x; Booleans have no sign."""
    tensor = as_tensor(x)
    numeric((tensor.spec,))
    copied: Tensor = op.clone(tensor)
    return copied


@method(inplace=True)
def reciprocal(x: Any) -> Tensor:
    """One over x; integers are inverted as float64, where NumPy rounds to zero."""
    return divide(1, x)


@method("clamp", inplace=True)
def clip(
    x: Any, min: Any = None, max: Any = None, *, a_min: Any = None, a_max: Any = None
) -> Tensor:
    """Limit values to lie between two bounds; NaN stays NaN.

    At a bound the derivative is shared equally between x and the bound.

    Args:
        x: A tensor.
        min: Lower bound, a number, a tensor that broadcasts, or None for no bound.
        max: Upper bound, likewise.
        a_min: NumPy's other name of `min`.
        a_max: NumPy's other name of `max`.

    Example:
        >>> import thalweg as tw
        >>> tw.clip(tw.Tensor([-2.0, 0.5, 3.0]), 0, 1)
        tensor([0.0000, 0.5000, 1.0000])
    """
    tensor = as_tensor(x)
    low = a_min if min is None else min
    high = a_max if max is None else max
    if low is None and high is None:
        tensor = op.clone(tensor)
    if low is not None:
        tensor = maximum(tensor, low)
    if high is not None:
        return minimum(tensor, high)
    return tensor if low is not None else positive(tensor)


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


# ---- rounding: the derivative is 0


@method(inplace=True)
def round(x: Any, decimals: int = 0) -> Tensor:
    """Round to a number of decimals, halves to even; as NumPy, by scaling and `rint`."""
    tensor = as_tensor(x)
    if decimals == 0:
        return rint(tensor) if tensor.dtype.kind in "fc" else positive(tensor)
    if tensor.dtype.kind not in "fc":
        if decimals > 0:
            return positive(tensor)
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
    require_dtypes("trunc", REAL, tensor)
    if tensor.dtype.kind != "f":
        return op.clone(tensor)  # type: ignore[no-any-return]
    return where(less(tensor, 0), ceil(tensor), floor(tensor))


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
) -> Any:
    """Tell whether all elements of x and y are close, as `isclose` tells of each: True or False.

    Inside a traced function the answer is a tensor.
    """
    found = all(isclose(x, y, rtol, atol, equal_nan))
    return found if found.is_symbolic else bool(found)
