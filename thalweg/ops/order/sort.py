"""Elements in order: sorting, order statistics, unique values and where values belong.

`tw.sort`, `tw.argsort`, `tw.median` and their like mean what NumPy's do; called with PyTorch's
keyword `dim`, or as methods where NumPy's arrays have none, they mean what PyTorch's do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.operation import attach, method, op, operation
from thalweg.core.primitive import general
from thalweg.core.spec import INT64, Spec
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import IndexOutOfRange, ShapeError
from thalweg.ops.elementwise.comparison import equal, logical_not, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.reduce.extremes import argmax, max, min
from thalweg.ops.reduce.sums import any, sum
from thalweg.ops.shape.axes import normalize_axis, without
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.reshape import expand_dims, ravel, reshape, restore_axes
from thalweg.ops.shape.scalars import along, axis_of, lifted

__all__ = [
    "argsort",
    "kthvalue",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "sort",
    "topk",
]


Array = np.ndarray[Any, Any]


class Found(NamedTuple):
    """Elements that were looked for, and their positions along an axis."""

    values: Tensor
    indices: Tensor


def _ordered(x: Spec, axis: int, descending: bool) -> Spec:
    return Spec(x.shape, INT64)


@general(_ordered)
def order_along(x: Array, *, axis: int, descending: bool) -> Array:
    """Positions that put an axis into order; equal elements stay as they are, NaN is largest."""
    if not descending:
        return np.argsort(x, axis=axis, stable=True)
    backwards = np.argsort(np.flip(x, axis), axis=axis, stable=True)
    return np.asarray(x.shape[axis] - 1 - np.flip(backwards, axis))


def _order(name: str, x: Tensor, axis: Any, descending: bool) -> Tensor:
    return order_along(x, axis=axis_of(name, axis, x.ndim), descending=bool(descending))


@along
def _sorted(x: Tensor, axis: Any, descending: bool) -> Found:
    indices = _order("sort", x, axis, descending)
    return Found(take_along_axis(x, indices, axis=axis_of("sort", axis, x.ndim)), indices)


# ---- sorting


@operation
def sort(
    x: Any,
    axis: int | None = -1,
    *,
    dim: int | None = None,
    descending: bool = False,
    stable: bool = True,
) -> Any:
    """Return the elements in order along an axis, of the flattened tensor for None.

    Called with `dim`, or as a method, return the values and their positions, as PyTorch does.

    Args:
        x: A tensor.
        axis: The axis.
        dim: PyTorch's name of it.
        descending: Whether the largest come first.
        stable: Equal elements always stay in their order.

    Example:
        >>> import thalweg as tw
        >>> tw.sort(tw.tensor([3.0, 1.0, 2.0]))
        tensor([1., 2., 3.])
        >>> tw.tensor([3.0, 1.0, 2.0]).sort().indices
        tensor([1, 2, 0])
    """
    if dim is not None:
        return _sorted(x, dim, descending)
    if axis is None:
        return _sorted(ravel(x), 0, descending).values
    normalize_axis("sort", axis, as_tensor(x).ndim)
    return _sorted(x, axis, descending).values


def _sort_of(
    x: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = True, axis: Any = None
) -> Found:
    """Return the elements in order along an axis, and their positions."""
    return _sorted(x, dim if axis is None else axis, descending)


@operation
def argsort(
    x: Any,
    axis: int | None = -1,
    *,
    dim: int | None = None,
    descending: bool = False,
    stable: bool = True,
) -> Tensor:
    """Return the positions that put an axis into order; equal elements stay in theirs."""
    if dim is None and axis is None:
        return _sorted(ravel(x), 0, descending).indices
    return _sorted(x, axis if dim is None else dim, descending).indices


def _argsort_of(
    x: Tensor, dim: int = -1, descending: bool = False, stable: bool = True, axis: Any = None
) -> Tensor:
    """Return the positions that put an axis into order."""
    return _sorted(x, dim if axis is None else axis, descending).indices


attach("sort", _sort_of)

attach("argsort", _argsort_of)


@method
def msort(x: Any) -> Tensor:
    """Return the elements in order along the first axis."""
    return _sorted(x, 0, False).values


@method
def topk(x: Any, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Found:
    """Return the k largest elements along an axis, the largest first, and their positions.

    Raises:
        ShapeError: If there are not that many.
    """
    return _topk(x, int(k), axis, bool(largest))


@along
def _topk(x: Tensor, k: int, axis: int, largest: bool) -> Found:
    place = axis_of("topk", axis, x.ndim)
    if not 0 <= k <= x.shape[place]:
        raise ShapeError(
            f"selected index k out of range: topk got k={k} for an axis of extent "
            f"{x.shape[place]}. Give a smaller k."
        )
    bounds = tuple((0, k if i == place else n, 1) for i, n in enumerate(x.shape))
    indices = slice_(_order("topk", x, axis, largest), bounds)
    return Found(take_along_axis(x, indices, axis=place), indices)


# ---- order statistics


def _picked(x: Tensor, indices: Tensor, place: int, keepdims: bool) -> Found:
    """Return the elements at one position along an axis, given with that axis."""
    values = take_along_axis(x, indices, axis=place)
    if keepdims:
        return Found(values, indices)
    shape = without(x.shape, (place,))
    return Found(reshape(values, shape), reshape(indices, shape))


def picked_at(x: Any, index: Any, axis: int, keepdims: bool) -> Found:
    """Return the elements that a function of a tensor and an axis gives the positions of."""
    (tensor,) = lifted(x)
    place = axis_of("dim", axis, tensor.ndim)
    if not tensor.shape[place]:
        raise IndexOutOfRange(
            f"Expected reduction dim {axis} to have non-zero size; the shape is {tensor.shape}. "
            "Check that the data are not empty."
        )
    indices = restore_axes(index(tensor, place), tensor.shape, (place,))
    found = _picked(tensor, indices, place, keepdims)
    if as_tensor(x).ndim:
        return found
    return Found(reshape(found.values, ()), reshape(found.indices, ()))


@operation
def extreme_along(x: Any, axis: Any, keepdims: bool, index: Any) -> Found:
    """Return the largest or smallest element along one axis, and its position."""
    return picked_at(x, lambda tensor, place: index(tensor, axis=place), axis, keepdims)


@method
def kthvalue(x: Any, k: int, axis: int = -1, keepdims: bool = False) -> Found:
    """Return the k-th smallest element along an axis, counted from 1, and its position.

    Raises:
        ShapeError: If there is none.
    """

    def index(tensor: Tensor, place: int) -> Tensor:
        if not 1 <= k <= tensor.shape[place]:
            raise ShapeError(
                f"kthvalue(): selected number k out of range for dimension {place}: got {k} for "
                f"extent {tensor.shape[place]}. Give one from 1 on."
            )
        return _at(_order("kthvalue", tensor, place, False), place, k - 1)

    return picked_at(x, index, axis, keepdims)


def _at(x: Tensor, axis: int, position: int) -> Tensor:
    bounds = [(0, n, 1) for n in x.shape]
    bounds[axis] = (position, position + 1, 1)
    return reshape(slice_(x, tuple(bounds)), without(x.shape, (axis,)))


def _middle(x: Tensor, place: int) -> Tensor:
    """Return where the lower median is, or the first NaN."""
    middle = _at(_order("median", x, place, False), place, (x.shape[place] - 1) // 2)
    if x.dtype.kind != "f":
        return middle
    return where(any(isnan(x), place), argmax(x, place), middle)


def _middle_of_numbers(x: Tensor, place: int) -> Tensor:
    """Return where the lower median of what is not NaN is."""
    count = sum(logical_not(isnan(x)), place, keepdims=True)
    rank = where(equal(count, 0), 0, (count - 1) // 2)
    ordered = _order("nanmedian", x, place, False)
    return reshape(take_along_axis(ordered, rank, axis=place), without(x.shape, (place,)))


def _lower_median(x: Any, dim: Any, keepdims: bool, index: Any) -> Any:
    if dim is not None:
        return picked_at(x, index, dim, keepdims)
    tensor = as_tensor(x)
    if not tensor.size:
        return fresh(np.asarray(np.nan, tensor.dtype))
    return picked_at(ravel(tensor), index, 0, False).values


def _median_of(
    x: Tensor, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
) -> Any:
    """Return the lower median; along an axis, with its position."""
    return _lower_median(x, dim if axis is None else axis, keepdim or keepdims, _middle)


def _nanmedian_of(
    x: Tensor, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False
) -> Any:
    """Return the lower median of what is not NaN; along an axis, with its position."""
    return _lower_median(x, dim if axis is None else axis, keepdim or keepdims, _middle_of_numbers)


attach("median", _median_of)

attach("nanmedian", _nanmedian_of)


@operation
def median(x: Any, axis: Any = None, keepdims: bool = False, *, dim: Any = None) -> Any:
    """Middle element over some axes, the mean of both middle ones where their number is even.

    Called with `dim`, or as a method, it is PyTorch's: the lower of the two, with its position.

    Example:
        >>> import thalweg as tw
        >>> x = tw.tensor([1.0, 4.0, 2.0, 3.0])
        >>> tw.median(x), x.median()
        (tensor(2.5000), tensor(2.))
    """
    if dim is not None:
        return _median_of(x, dim, keepdims)
    return op.quantile(x, 0.5, axis, keepdims=keepdims)


@operation
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False, *, dim: Any = None) -> Any:
    """Middle element of what is not NaN, as `median`."""
    if dim is not None:
        return _nanmedian_of(x, dim, keepdims)
    return op.nanquantile(x, 0.5, axis, keepdims=keepdims)


@method
def mode(x: Any, axis: int = -1, keepdims: bool = False) -> Found:
    """Return the most frequent element along an axis, the smallest of several, and its position."""

    def index(tensor: Tensor, place: int) -> Tensor:
        last = op.moveaxis(tensor, place, -1)
        same = equal(expand_dims(last, -1), expand_dims(last, -2))
        counts = sum(same, -1)
        often = equal(counts, max(counts, -1, True))
        ranks = _order("mode", _order("mode", last, -1, False), -1, False)
        first = min(where(often, ranks, last.shape[-1]), -1, True)
        value = sum(where(equal(ranks, first), 1, 0) * op.arange(last.shape[-1]), -1, keepdims=True)
        chosen = equal(last, take_along_axis(last, value, axis=-1))
        extent = last.shape[-1]
        typed: Tensor = extent - 1 - argmax(astype(flip(chosen, -1), INT64), -1)
        return typed

    return picked_at(x, index, axis, keepdims)
