"""Reductions that leave out what is not a number: NumPy's names, arguments and warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import arguments_of, op, operation
from thalweg.core.spec import BOOL
from thalweg.core.tensor import Tensor, as_tensor, astype, is_known
from thalweg.errors import ArgumentError
from thalweg.lines import level_of_user
from thalweg.ops.elementwise.comparison import logical_and, logical_not, where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.reduce.extremes import amax, amin, argmax, argmin
from thalweg.ops.reduce.scans import cumprod
from thalweg.ops.reduce.statistics import root, var
from thalweg.ops.reduce.sums import all, cumsum, mean, prod, sum

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin",
    "nanprod", "nanstd", "nansum", "nanvar",
]  # fmt: skip


def _numbers(x: Tensor, mask: Any) -> Tensor:
    """Return where elements are numbers, and a mask holds too."""
    held = logical_not(isnan(x))
    return held if mask is None else logical_and(held, astype(mask, BOOL))


def _fill_nan(x: Any, value: float) -> Tensor:
    tensor = as_tensor(x)
    return tensor if tensor.dtype.kind not in "fc" else where(isnan(tensor), value, tensor)


# ---- sums and products


@operation
@arguments_of(sum)
def nansum(x: Any, *args: Any, **named: Any) -> Tensor:
    """Sum over some axes, NaN counting as 0; arguments as `sum`'s."""
    return sum(_fill_nan(x, 0), *args, **named)


@operation
@arguments_of(prod)
def nanprod(x: Any, *args: Any, **named: Any) -> Tensor:
    """Product over some axes, NaN counting as 1; arguments as `sum`'s."""
    return prod(_fill_nan(x, 1), *args, **named)


@operation
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis, NaN counting as 0."""
    return cumsum(_fill_nan(x, 0), axis, dtype)


@operation
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis, NaN counting as 1."""
    return cumprod(_fill_nan(x, 1), axis, dtype)


# ---- means and spreads


@operation
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
    tensor = as_floating(x, dtype)
    held = _numbers(tensor, where)
    less = ddof if correction is None else correction
    found = var(_fill_nan(tensor, 0), axis, None, less, keepdims, where=held, mean=mean)
    enough = op.greater(sum(held, axis, keepdims=keepdims), less)
    return op.where(enough, found, np.nan)


@operation
@arguments_of(nanvar)
def nanstd(x: Any, *args: Any, **named: Any) -> Tensor:
    """Standard deviation of what is not NaN over some axes; arguments as `var`'s."""
    return root(nanvar(x, *args, **named))


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
    found: Tensor = reduce(_fill_nan(tensor, worst), axis, keepdims, initial=initial, where=mask)
    if tensor.dtype.kind not in "fc" or initial is not None:
        return found
    nothing = all(isnan(tensor), axis, keepdims=keepdims, where=mask)
    if is_known(nothing) and bool(nothing.array.any()):
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


def _position(
    find: Callable[..., Tensor], x: Any, axis: Any, keepdims: bool, worst: float
) -> Tensor:
    tensor = as_tensor(x)
    nothing = all(isnan(tensor), axis)
    if is_known(nothing) and bool(nothing.array.any()):
        raise ArgumentError(
            "All-NaN slice encountered: no element is a number, and none has a position. Replace "
            "them first, as with np.nan_to_num."
        )
    return find(_fill_nan(tensor, worst), axis, keepdims)
