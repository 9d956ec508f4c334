"""Different values among the elements, and where values belong among sorted ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import operation
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.creation.creation import ones, zeros
from thalweg.ops.elementwise.comparison import less, minimum, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.index.take import scatter_add, take, take_along_axis
from thalweg.ops.order.sort import place_among
from thalweg.ops.shape.reshape import ravel

__all__ = [
    "bincount", "isin", "searchsorted", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
]  # fmt: skip


def _numbers(x: Any) -> Array:
    return numbers_of(as_tensor(x))


def _results(found: tuple[Any, ...]) -> Any:
    tensors = tuple(as_tensor(part) for part in found)
    return tensors[0] if len(tensors) == 1 else tensors


def different(x: Tensor, axis: int | None = None, equal_nan: bool = True) -> Tensor:
    """Return the different elements, or slices along an axis, in order.

    Of equal ones the first is returned, and so the first has the derivative.
    """
    values = numbers_of(x)
    if not x.requires_grad:
        return fresh(np.unique(values, axis=axis, equal_nan=equal_nan))
    places = np.unique(values, return_index=True, axis=axis, equal_nan=equal_nan)[1]
    return take(ravel(x), places, axis=0) if axis is None else take(x, places, axis=axis)


@operation
def unique(
    x: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Return the different elements, or slices along an axis, in order.

    Args:
        x: A tensor.
        return_index: Whether to return where each occurs first.
        return_inverse: Whether to return which of them each element is.
        return_counts: Whether to return how often each occurs.
        axis: The axis whose slices are compared; None for elements.
        equal_nan: Whether NaNs are one element.
        sorted: They always are.

    Example:
        >>> import thalweg as tw
        >>> tw.unique(tw.tensor([2.0, 1.0, 2.0]), return_counts=True)
        (tensor([1., 2.]), tensor([1, 2]))
    """
    distinct: Any = np.unique
    tensor = as_tensor(x)
    found = distinct(
        numbers_of(tensor), return_index, return_inverse, return_counts, axis, equal_nan=equal_nan
    )
    parts = found if isinstance(found, tuple) else (found,)
    if tensor.requires_grad:
        parts = (different(tensor, axis, equal_nan), *parts[1:])
    return _results(parts)


# ---- among sorted values


def _side(name: str, side: str | None, right: bool) -> Any:
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ArgumentError(
            f"{name} got side={side!r} and right={right}; side can only be 'left' or 'right', and "
            "they must not contradict each other. Give one of them."
        )
    return "right" if right or side == "right" else "left"


@operation
def searchsorted(
    x: Any,
    v: Any = None,
    side: str | None = None,
    sorter: Any = None,
    *,
    input: Any = None,
    right: bool = False,
    out_int32: bool = False,
) -> Tensor:
    """Return where values belong among sorted ones, so that they stay sorted.

    Args:
        x: Sorted values; with more axes than one, the last of which is sorted.
        v: The values to place; with leading axes as those of x, where it has some.
        side: "left" or "right" of equal ones; "left" by default.
        sorter: Positions that sort x.
        input: PyTorch's name of v.
        right: PyTorch's way to say side="right".
        out_int32: Whether to return int32 instead of int64.

    Raises:
        ShapeError: If the leading axes differ.
    """
    rows, wanted = as_tensor(x), as_tensor(v if input is None else input)
    if not rows.ndim:
        raise ShapeError("searchsorted got sorted values without axes; it wants one at least.")
    place = _side("searchsorted", side, right)
    if sorter is not None:
        rows = _sort_by(rows, as_tensor(sorter))
    if rows.ndim > 1 and rows.shape[:-1] != wanted.shape[:-1]:
        raise ShapeError(
            f"searchsorted got sorted values of shape {rows.shape} and values of shape "
            f"{wanted.shape}; all axes but the last must be equal."
        )
    found = place_among(stop_gradient(rows), stop_gradient(wanted), place == "right")
    return astype(found, np.int32) if out_int32 else found


def _sort_by(rows: Tensor, sorter: Tensor) -> Tensor:
    if sorter.shape != rows.shape:
        raise ShapeError(
            f"searchsorted got sorted values of shape {rows.shape} and a sorter of shape "
            f"{sorter.shape}; boundary and sorter must have the same size."
        )
    if sorter.dtype.kind not in "iu":
        raise DtypeError(f"searchsorted got a sorter of dtype {sorter.dtype}; it wants int64.")
    if not sorter.is_symbolic:
        positions = sorter.array
        if positions.size and (positions.min() < 0 or positions.max() >= rows.shape[-1]):
            raise ArgumentError("searchsorted got a sorter with a position out of range.")
    return take_along_axis(rows, sorter, axis=-1)


# ---- counting


@operation
def bincount(
    x: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None
) -> Tensor:
    """Count how often each integer from 0 on occurs in a vector, or sum weights for each.

    Args:
        x: The integers.
        weights: What each of them counts; by default 1.
        minlength: The least number of counts.
        length: Their number, where it is told beforehand, as it must be of traced integers; what
            is not below it is not counted.

    Raises:
        ShapeError: If x is no vector, or the weights have another shape.
        ArgumentError: If one is negative, or `minlength` is.
        IndexOutOfRange: Likewise, of traced integers, when the program runs.

    Example:
        >>> import thalweg as tw
        >>> tw.bincount(tw.tensor([0, 2, 2]), length=4)
        tensor([1, 0, 2, 0])
    """
    tensor, heavy = as_tensor(x), None if weights is None else as_tensor(weights)
    # Where nothing tells how many counts there are, the largest integer does.
    values = _numbers(tensor) if length is None or not tensor.is_symbolic else None
    negative = values is not None and values.size and values.min() < 0
    if tensor.ndim != 1 or tensor.dtype.kind not in "iu" or negative:
        raise ShapeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0 or (length is not None and length < 0):
        raise ArgumentError(
            f"minlength should be >= 0, and {minlength if length is None else length} was given."
        )
    if heavy is not None and heavy.shape != tensor.shape:
        raise ShapeError("weights should be 1-d and have the same length as input")
    if length is not None or values is None:
        return _counts(tensor, heavy, length or 0)
    if heavy is None:
        return fresh(np.bincount(values, minlength=minlength))
    if not heavy.is_symbolic and not heavy.requires_grad:
        return fresh(np.bincount(values, heavy.array, minlength))
    return _counts(tensor, heavy, max(minlength, int(values.max(initial=-1)) + 1))


def _counts(x: Tensor, weights: Tensor | None, length: int) -> Tensor:
    # What is too large is counted in one more place, which is cut off; for what is negative there
    # is none.
    place = where(less(x, 0), length + 1, minimum(astype(x, np.int64), length))
    if weights is None:
        weights = ones(x.shape, np.int64, like=x)
    else:
        weights = astype(weights, np.float64)
    return scatter_add(zeros(length + 1, weights.dtype, like=x), place, weights, axis=0)[:length]


class UniqueAll(NamedTuple):
    """The different values, where each is first, which each element is, how often it occurs."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The different values, and how often each occurs."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The different values, and which of them each element is."""

    values: Tensor
    inverse_indices: Tensor


@operation
def unique_all(x: Any) -> UniqueAll:
    """Return the different values in order, with their first places, inverse and counts.

    Every NaN is a value of its own.

    Example:
        >>> import thalweg as tw
        >>> tw.unique_all(tw.tensor([3, 1, 3])).counts
        tensor([1, 2])
    """
    return UniqueAll(*unique(x, True, True, True, equal_nan=False))


@operation
def unique_counts(x: Any) -> UniqueCounts:
    """Return the different values in order, and how often each occurs."""
    return UniqueCounts(*unique(x, return_counts=True, equal_nan=False))


@operation
def unique_inverse(x: Any) -> UniqueInverse:
    """Return the different values in order, and which of them each element is."""
    return UniqueInverse(*unique(x, return_inverse=True, equal_nan=False))


@operation
def unique_values(x: Any) -> Tensor:
    """Return the different values in order; every NaN is a value of its own."""
    return different(as_tensor(x), equal_nan=False)


@operation
def isin(
    x: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Tell which elements are among others."""
    found = np.isin(
        _numbers(x), _numbers(test_elements), assume_unique=assume_unique, invert=invert
    )
    return fresh(np.asarray(found))
