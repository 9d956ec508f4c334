"""Numbers near others: whole ones, rounded ones, and those between bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation, register
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL, Array
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.arithmetic import positive
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.conversion import as_real

__all__ = ["ceil", "clip", "floor", "rint", "round", "trunc"]

# ---- rounding


@elementwise(lambda g, out, x: g * 0.0, takes=REAL)
def floor(x: Array) -> Array:
    """Largest integer not above x."""
    return np.floor(x)


@elementwise(lambda g, out, x: g * 0.0, takes=REAL)
def ceil(x: Array) -> Array:
    """Smallest integer not below x."""
    return np.ceil(x)


@elementwise(lambda g, out, x: g * 0.0, cast=floating)
def rint(x: Array) -> Array:
    """Nearest integer, the even one of two equally near; integers become float64."""
    return np.rint(x)


@method
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


# ---- rounding: the derivative is 0


@method
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


@operation("fix")
def trunc(x: Any) -> Tensor:
    """Drop the digits after the point: the nearest integer towards zero."""
    tensor = as_real("trunc", x)
    if tensor.dtype.kind != "f":
        return op.clone(tensor)
    return where(tensor < 0, ceil(tensor), floor(tensor))
