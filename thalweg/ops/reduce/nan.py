"""Reductions that leave out what is not a number: NumPy's names, arguments and warnings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation
from thalweg.core.program import level_of_user
from thalweg.core.spec import BOOL
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import logical_and, logical_not, where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.reduce.extremes import amax, amin, argmax, argmin
from thalweg.ops.reduce.scans import cumprod
from thalweg.ops.reduce.statistics import std, var
from thalweg.ops.reduce.sums import all, cumsum, mean, prod, sum

__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]


def _numbers(x: Tensor, mask: Any) -> Tensor:
    """Return where elements are numbers, and a mask holds too."""
    held = logical_not(isnan(x))
    return held if mask is None else logical_and(held, astype(mask, BOOL))


def _filled(x: Any, value: float) -> Tensor:
    tensor = as_tensor(x)
    return tensor if tensor.dtype.kind not in "fc" else where(isnan(tensor), value, tensor)


# ---- sums and products


@method
def nansum(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    """Sum over some axes, NaN counting as 0; arguments as `sum`'s."""
    return sum(_filled(x, 0), axis, dtype, keepdims, initial=initial, where=where)


@operation
def nanprod(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    """Product over some axes, NaN counting as 1; arguments as `sum`'s."""
    return prod(_filled(x, 1), axis, dtype, keepdims, initial=initial, where=where)


@operation
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis, NaN counting as 0."""
    return cumsum(_filled(x, 0), axis, dtype)


@operation
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis, NaN counting as 1."""
    return cumprod(_filled(x, 1), axis, dtype)


# ---- means and spreads


@method
def nanmean(
    x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, where: Any = None
) -> Tensor:
    """Mean of what is not NaN over some axes; by default over all; arguments as `mean`'s."""
    tensor = as_floating(x, dtype)
    return mean(tensor, axis, keepdims=keepdims, where=_numbers(tensor, where))


@operation
def nanvar(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: float | None = None,
) -> Tensor:
    """Variance of what is not NaN over some axes; arguments as `var`'s.

    It is NaN where no more than `ddof` elements are numbers.
    """
    words = {"mean": mean, "correction": correction}
    return _spread(var, x, axis, dtype, ddof, keepdims, where, words)


@operation
def nanstd(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: float | None = None,
) -> Tensor:
    """Standard deviation of what is not NaN over some axes; arguments as `var`'s."""
    words = {"mean": mean, "correction": correction}
    return _spread(std, x, axis, dtype, ddof, keepdims, where, words)


def _spread(
    function: Any,
    x: Any,
    axis: Any,
    dtype: Any,
    ddof: float,
    keepdims: bool,
    mask: Any,
    words: dict[str, Any],
) -> Tensor:
    tensor = as_floating(x, dtype)
    held = _numbers(tensor, mask)
    found = function(_filled(tensor, 0), axis, None, ddof, keepdims, where=held, **words)
    less = ddof if words["correction"] is None else words["correction"]
    enough = op.greater(sum(held, axis, keepdims=keepdims), less)
    return where(enough, found, np.nan)


# ---- extremes


@operation
def nanmax(
    x: Any, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Tensor:
    """Largest number over some axes; NaN where there is none, with a warning if that is known.

    Raises: as `amax`.
    """
    return _extreme(amax, x, axis, keepdims, -np.inf, initial, where)


@operation
def nanmin(
    x: Any, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Tensor:
    """Smallest number over some axes; as `nanmax`."""
    return _extreme(amin, x, axis, keepdims, np.inf, initial, where)


def _extreme(
    reduce: Any, x: Any, axis: Any, keepdims: bool, worst: float, initial: Any, mask: Any
) -> Tensor:
    tensor = as_tensor(x)
    found: Tensor = reduce(_filled(tensor, worst), axis, keepdims, initial=initial, where=mask)
    if tensor.dtype.kind not in "fc":
        return found
    held = logical_not(isnan(tensor))
    nothing = all(logical_not(held), axis, keepdims=keepdims, where=mask)
    if initial is not None:
        return found
    if not nothing.is_symbolic and bool(nothing.array.any()):
        warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=level_of_user())
    return where(nothing, np.nan, found)


@operation
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the first largest number along an axis, or in the flattened tensor.

    Raises:
        ArgumentError: If all are NaN.
    """
    return _position(argmax, x, axis, keepdims, -np.inf)


@operation
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the first smallest number along an axis, or in the flattened tensor.

    Raises:
        ArgumentError: If all are NaN.
    """
    return _position(argmin, x, axis, keepdims, np.inf)


def _position(find: Any, x: Any, axis: Any, keepdims: bool, worst: float) -> Tensor:
    tensor = as_tensor(x)
    nothing = all(isnan(tensor), axis)
    if not nothing.is_symbolic and bool(nothing.array.any()):
        raise ArgumentError(
            "All-NaN slice encountered: no element is a number, and none has a position. Replace "
            "them first, as with np.nan_to_num."
        )
    found: Tensor = find(_filled(tensor, worst), axis, keepdims)
    return found
