"""Elements in order, running extremes, and counts of them: PyTorch's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import op
from thalweg.core.spec import INT64
from thalweg.core.tensor import Tensor, fresh, is_known
from thalweg.errors import ArgumentError, CallError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.creation.ranges import arange, linspace
from thalweg.ops.elementwise.comparison import (
    equal,
    less,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    not_equal,
    where,
)
from thalweg.ops.elementwise.conversion import astype, stop_gradient
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.index.take import scatter_add, take, take_along_axis
from thalweg.ops.order.sort import Found, first_in_order, order_of, sorted_along
from thalweg.ops.order.unique import _numbers, _results, different, searchsorted
from thalweg.ops.reduce.extremes import amax, amin, argmax, index_of_max, index_of_min
from thalweg.ops.reduce.scans import extreme_so_far
from thalweg.ops.reduce.sums import any, cumsum, sum
from thalweg.ops.shape.axes import without
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.reshape import along, axis_of, expand_dims, ravel, reshape, restore_axes
from thalweg.torch.functions.viewing import select
from thalweg.torch.naming import adopted, as_tensor, function, method, variant_of
from thalweg.torch.return_types import named_result

Array = np.ndarray[Any, Any]


@along
def _running(x: Tensor, axis: int, largest: bool) -> Found:
    place = axis_of("cummax" if largest else "cummin", axis, x.ndim)
    return Found(*extreme_so_far(x, place, largest))


@method
def cummax(x: Any, axis: int) -> Found:
    """Return the largest element so far along an axis, and its position."""
    return _running(x, axis, True)


@method
def cummin(x: Any, axis: int) -> Found:
    """Return the smallest element so far along an axis, and its position."""
    return _running(x, axis, False)


@method
def msort(x: Any) -> Tensor:
    """Return the elements in order along the first axis."""
    return sorted_along("msort", x, 0, False).values


@method
def topk(x: Any, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Found:
    """Return the k largest elements along an axis, the largest first, and their positions.

    Raises:
        ShapeError: If there are not that many.
    """
    return first_in_order("topk", as_tensor(x), int(k), axis, bool(largest))


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
        return select(order_of("kthvalue", tensor, place, False), place, k - 1)

    return _pick(x, index, axis, keepdims)


@method
def mode(x: Any, axis: int = -1, keepdims: bool = False) -> Found:
    """Return the most frequent element along an axis, the smallest of several, and its position."""

    def index(tensor: Tensor, place: int) -> Tensor:
        last = op.moveaxis(tensor, place, -1)
        same = equal(expand_dims(last, -1), expand_dims(last, -2))
        counts = sum(same, -1)
        often = equal(counts, amax(counts, -1, True))
        ranks = order_of("mode", order_of("mode", last, -1, False), -1, False)
        first = amin(where(often, ranks, last.shape[-1]), -1, True)
        value = sum(where(equal(ranks, first), 1, 0) * op.arange(last.shape[-1]), -1, keepdims=True)
        chosen = equal(last, take_along_axis(last, value, axis=-1))
        extent = last.shape[-1]
        typed: Tensor = extent - 1 - argmax(astype(flip(chosen, -1), INT64), -1)
        return typed

    return _pick(x, index, axis, keepdims)


@method
def unique_consecutive(
    x: Any, return_inverse: bool = False, return_counts: bool = False, axis: int | None = None
) -> Any:
    """Return the elements, or slices along an axis, that differ from the one before.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
        tensor([1, 2, 1])
    """
    tensor = as_tensor(x)
    place = 0 if axis is None else axis_of("unique_consecutive", axis, tensor.ndim)
    shape = (-1,) if axis is not None else tensor.shape
    if axis is None or not tensor.ndim:
        tensor = ravel(tensor)
    rows = np.moveaxis(numbers_of(tensor), place, 0)
    starts = np.ones(len(rows), bool)
    starts[1:] = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
    first = np.flatnonzero(starts)
    parts = [
        take(tensor, first, axis=place),
        *([(np.cumsum(starts) - 1).reshape(shape)] if return_inverse else []),
        *([np.diff(first, append=len(rows))] if return_counts else []),
    ]
    return _results(tuple(parts))


@function
def bucketize(x: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Return the number of the interval between sorted boundaries each element lies in."""
    if as_tensor(boundaries).ndim != 1:
        raise ShapeError("bucketize: boundaries tensor must be 1 dimension.")
    return searchsorted(boundaries, x, right=right, out_int32=out_int32)


@method
def histc(x: Any, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """Count elements in intervals of equal width between two bounds, by default the extremes.

    Raises:
        ArgumentError: If there is no interval, or the bounds are not finite and in order.
    """
    values = _numbers(x)
    low, high = float(min), float(max)
    if bins <= 0:
        raise ArgumentError(f"histc: bins must be > 0, and {bins} were asked for.")
    if low == high and values.size:
        low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 1.0, high + 1.0
    if not (np.isfinite(low) and np.isfinite(high)) or high < low:
        raise ArgumentError(f"histc: range of [{low}, {high}] is not finite or not in order.")
    counts, _ = np.histogram(values, bins, (low, high))
    return fresh(counts.astype(values.dtype))


@method
def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the different elements, or slices along an axis, in order.

    Args:
        input: A tensor.
        sorted: They always are.
        return_inverse: Whether to return which of them each element is.
        return_counts: Whether to return how often each occurs.
        dim: The axis whose slices are compared; None for elements.
    """
    x = as_tensor(input)
    values = _numbers(x)
    axis = None if dim is None else axis_of("unique", dim, values.ndim)
    # A number has one slice along the axis it does not have.
    slices = x if axis is None or values.ndim else reshape(x, 1)
    found: Any = np.unique(
        numbers_of(slices), return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    inverse = found[1].reshape(values.shape if axis is None else -1)
    parts = [
        different(slices, axis, equal_nan=False) if x.requires_grad else found[0],
        *([inverse] if return_inverse else []),
        *([found[2]] if return_counts else []),
    ]
    return _results(tuple(parts))


# ---- order statistics, with their positions


@along
def _pick(x: Tensor, index: Any, axis: int, keepdims: bool) -> Found:
    """Return the elements that a function of a tensor and an axis gives the positions of."""
    place = axis_of("dim", axis, x.ndim)
    if not x.shape[place]:
        raise IndexOutOfRange(
            f"Expected reduction dim {axis} to have non-zero size; the shape is {x.shape}. "
            "Check that the data are not empty."
        )
    indices = restore_axes(index(x, place), x.shape, (place,))
    values = take_along_axis(x, indices, axis=place)
    if keepdims:
        return Found(values, indices)
    shape = without(x.shape, (place,))
    return Found(reshape(values, shape), reshape(indices, shape))


def _middle(x: Tensor, place: int) -> Tensor:
    """Return where the lower median is, or the first NaN."""
    middle = select(order_of("median", x, place, False), place, (x.shape[place] - 1) // 2)
    if x.dtype.kind != "f":
        return middle
    return where(any(isnan(x), place), argmax(x, place), middle)


def _middle_of_numbers(x: Tensor, place: int) -> Tensor:
    """Return where the lower median of what is not NaN is."""
    count = sum(logical_not(isnan(x)), place, keepdims=True)
    rank = where(equal(count, 0), 0, (count - 1) // 2)
    ordered = order_of("nanmedian", x, place, False)
    return reshape(take_along_axis(ordered, rank, axis=place), without(x.shape, (place,)))


def _lower_median(x: Any, dim: Any, keepdims: bool, index: Any) -> Any:
    if dim is not None:
        return _pick(x, index, dim, keepdims)
    tensor = as_tensor(x)
    if not tensor.size:
        return sum(tensor) + np.nan
    found = _pick(ravel(tensor), index, 0, False).values
    return found if tensor.dtype.kind != "f" else _of_all_equal(tensor, found)


def _of_all_equal(x: Tensor, found: Tensor) -> Tensor:
    """Return an element of a tensor, whose derivative all that are equal to it share."""
    fixed = stop_gradient(found)
    same = logical_or(equal(x, fixed), logical_and(isnan(x), isnan(fixed)))
    away = sum(where(same, x - stop_gradient(x), 0)) / sum(astype(same, x.dtype))
    return fixed + away


@method
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the lower of the middle elements; along an axis, with its position."""
    return _lower_median(input, dim, keepdim, _middle)


@method
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the lower median of what is not NaN; along an axis, with its position."""
    return _lower_median(input, dim, keepdim, _middle_of_numbers)


def _extreme(
    name: str,
    ways: tuple[Any, Any, Any],
    input: Any,
    dim: Any = None,
    keepdim: bool = False,
    *,
    other: Any = None,
) -> Any:
    of_two, over, position = ways
    if other is not None or isinstance(dim, (Tensor, np.ndarray)):
        return of_two(input, dim if other is None else other)
    if dim is None:
        return over(input)
    return _pick(input, lambda x, place: position(x, axis=place), dim, keepdim)


@method
@variant_of(_extreme, (maximum, amax, index_of_max))
def max() -> None:
    """Return the largest element; along an axis, with its position; or the larger of two."""


@method
@variant_of(_extreme, (minimum, amin, index_of_min))
def min() -> None:
    """Return the smallest element; along an axis, with its position; or the smaller of two."""


# ---- sorting


@method
def sort(input: Any, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Found:
    """Return the elements in order along an axis, and their positions.

    Args:
        input: A tensor.
        dim: The axis.
        descending: Whether the largest come first.
        stable: Equal elements always stay in their order.
    """
    return sorted_along("sort", input, dim, descending)


@method
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Return the positions that put an axis into order; equal elements stay in theirs."""
    return sorted_along("argsort", input, dim, descending).indices


# ---- counts in cells, and as many places as are asked for


@method
def nonzero_static(x: Any, *, size: int, fill_value: int = -1) -> Tensor:
    """Return the first `size` positions of elements that are not 0, one a row, then fill.

    Args:
        x: A tensor.
        size: The number of rows.
        fill_value: What stands in rows beyond the last position.

    Raises:
        ArgumentError: If the size is negative.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.nonzero_static(torch.tensor([0.0, 3.0, 4.0]), size=3)
        tensor([[ 1],
                [ 2],
                [-1]])
    """
    if size < 0:
        raise ArgumentError(
            f"nonzero_static: 'size' must be an non-negative integer, and {size} was given."
        )
    tensor = as_tensor(x)
    chosen = not_equal(reshape(tensor, -1), 0)
    number = cumsum(astype(chosen, np.int64)) - 1
    row = where(chosen, where(less(number, size), number, size), size)
    place = scatter_add(zeros(size + 1, np.int64), row, arange(tensor.size), axis=0)[:size]
    known = less(arange(size), sum(astype(chosen, np.int64)))
    steps = [math.prod(tensor.shape[axis + 1 :]) for axis in range(tensor.ndim)]
    columns = [place // (n or 1) % (m or 1) for n, m in zip(steps, tensor.shape, strict=True)]
    if not columns:
        return zeros((size, 0), np.int64)
    return where(expand_dims(known, 1), stack(columns, 1), fill_value)


@method
def bincount(
    input: Any, weights: Any = None, minlength: int = 0, *, length: int | None = None
) -> Tensor:
    """Count how often each integer from 0 on occurs, or sum weights: float32 if these are.

    Args:
        input: A vector of integers.
        weights: What each of them counts; by default 1.
        minlength: The least number of counts.
        length: Their number, which traced integers need; what is not below it is not counted.

    Raises: as `tw.bincount`.
    """
    found: Tensor = op.bincount(input, weights, minlength, length=length)
    single = weights is not None and as_tensor(weights).dtype == np.float32
    return astype(found, np.float32) if single else found


_Histogram = named_result("histogramdd", "hist", "bin_edges")
_Counts = named_result("histogram", "hist", "bin_edges")


@method
def histogram(
    input: Any, bins: Any = 100, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """Count elements, or sum their weights, between bounds; the last one belongs to its interval.

    Args:
        input: A floating tensor, flattened.
        bins: How many intervals of equal width; or their bounds, a tensor of one axis.
        range: The first and the last bound; by default the extremes.
        weight: What each element counts, of the input's shape.
        density: Whether to divide by the total and the widths, so that the integral is 1.

    Returns:
        `hist`, of the input's dtype, and `bin_edges`.

    Raises:
        ShapeError: If shapes do not fit.
        DtypeError: If the input is not of a floating dtype, or the others are of another.
        ArgumentError: If there is no interval, or the range is not finite or not in order.
        CallError: If bounds are given with a range.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.histogram(torch.tensor([0.0, 1.0, 4.0]), 2).hist
        tensor([2., 1.])
    """
    if not isinstance(bins, (int, Tensor)) or (isinstance(bins, Tensor) and range is not None):
        kinds = f"(Tensor, {type(bins).__name__}{'' if range is None else ', range=tuple'})"
        raise CallError(
            f"histogram() received an invalid combination of arguments - got {kinds}, but expected "
            "one of: a number of intervals, perhaps with a range; a tensor of their bounds"
        )
    if isinstance(bins, int) and bins <= 0:
        raise ArgumentError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    points = reshape(input, (-1, 1))
    heavy = None if weight is None else as_tensor(weight)
    if heavy is not None and heavy.shape == as_tensor(input).shape:
        heavy = reshape(heavy, -1)
    found = histogramdd(points, [bins], range=range, weight=heavy, density=density)
    return _Counts(found.hist, found.bin_edges[0])


@function
def histogramdd(
    input: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False
) -> Any:
    """Count points in the cells of a grid, or sum their weights.

    Args:
        input: Points, of shape (…, D).
        bins: How many intervals each axis has, or one number for all; or their bounds, D tensors.
        range: The first and the last bound of each axis, 2·D numbers; by default the extremes.
        weight: What each point counts, of shape (…,).
        density: Whether to divide by the total and the cells' volumes.

    Returns:
        `hist`, and `bin_edges`, the bounds along each axis.

    Raises:
        ShapeError: If shapes do not fit.
        DtypeError: If the points are not of a floating dtype.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.histogramdd(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), [2, 2]).hist
        tensor([[0., 1.],
                [1., 0.]])
    """
    x = as_tensor(input)
    if x.ndim < 2:
        raise ShapeError("torch.histogramdd: input tensor should have at least 2 dimensions.")
    if x.dtype.kind != "f":
        raise DtypeError(f'"histogramdd" not implemented for {x.dtype}. Convert it with .float().')
    points = reshape(x, (-1, x.shape[-1]))
    heavy = None if weight is None else as_tensor(weight)
    if heavy is not None and heavy.shape != x.shape[:-1]:
        raise ShapeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            f"input tensor excluding its innermost dimension, but got input with shape "
            f"{list(x.shape)} and weight with shape {list(heavy.shape)}"
        )
    if heavy is not None and heavy.array.dtype != x.array.dtype:
        raise DtypeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor "
            f"should have the same dtype, but got input({x.dtype}), and weight({heavy.dtype})"
        )
    edges = _edges(points, bins, range)
    counts = [edge.shape[0] - 1 for edge in edges]
    place, outside = astype(points[:, 0] * 0, np.int64), less(points[:, 0] * 0, 0)
    for axis, (edge, count) in enumerate(zip(edges, counts, strict=True)):
        values = points[:, axis]
        # The last bound belongs to its interval.
        number = searchsorted(edge, values, side="right") - 1
        number = where(values == edge[-1], count - 1, number)
        outside = outside | (number < 0) | (number >= count)
        place = place * count + where(outside, 0, number)
    cells = math.prod(counts)
    each = points[:, 0] * 0 + 1 if heavy is None else reshape(heavy, -1)
    flat = scatter_add(zeros(cells + 1, x.dtype), where(outside, cells, place), each, axis=0)
    found = reshape(flat[:cells], tuple(counts))
    if density:
        found = found / sum(found)
        for axis, edge in enumerate(edges):
            widths = edge[1:] - edge[:-1]
            found = found / reshape(widths, (-1, *(1,) * (len(edges) - axis - 1)))
    return _Histogram(adopted(found), tuple(map(adopted, edges)))


def _bounds(axis: int, edges: Tensor, dtype: Any) -> Tensor:
    """Return given bounds along an axis, or refuse them."""
    if edges.array.dtype != dtype:
        raise DtypeError(
            "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got "
            f"input with dtype {dtype} and bins for dimension {axis} with dtype {edges.dtype}"
        )
    if edges.ndim != 1 or not edges.size:
        raise ShapeError(
            f"torch.histogramdd: bins tensor should have one dimension and at least 1 element, but "
            f"got shape {tuple(edges.shape)} in the bins tensor for dimension {axis}"
        )
    return edges


def _require_range(axis: int, low: Tensor, high: Tensor) -> None:
    if not (is_known(low) and is_known(high)):
        return
    first, last = float(low.array), float(high.array)
    if not (math.isfinite(first) and math.isfinite(last)):
        raise ArgumentError(
            f"torch.histogramdd: dimension {axis}'s range [{first:g}, {last:g}] is not finite"
        )
    if first > last:
        raise ArgumentError(
            f"torch.histogramdd: min should not exceed max, but got min {first:g} max {last:g} for "
            f"dimension {axis}"
        )


def _edges(points: Tensor, bins: Any, given: Any) -> list[Tensor]:
    """Return the bounds along each axis."""
    axes = points.shape[1]
    many = [bins] * axes if isinstance(bins, int) else list(bins)
    if len(many) != axes:
        raise ShapeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input, "
            f"{axes}; {len(many)} were given."
        )
    if not all(isinstance(n, int) for n in many):
        return [_bounds(axis, as_tensor(n), points.dtype) for axis, n in enumerate(many)]
    for axis, count in enumerate(many):
        if count <= 0:
            raise ArgumentError(
                f"torch.histogramdd(): bins must be > 0, but got {count} for dimension {axis}"
            )
    if given is not None and len(given) != 2 * axes:
        raise ShapeError(
            f"torch.histogramdd: for a {axes}-dimensional histogram range should have {2 * axes} "
            f"elements, but got {len(given)}"
        )
    found = []
    for axis, count in enumerate(many):
        values = points[:, axis]
        if given is None and values.size:
            low, high = amin(values), amax(values)
        else:
            bounds = (0.0, 1.0) if given is None else given[2 * axis :][:2]
            low, high = (as_tensor(np.asarray(bound, points.dtype)) for bound in bounds)
        _require_range(axis, low, high)
        same = low == high
        low, high = where(same, low - 0.5, low), where(same, high + 0.5, high)
        found.append(astype(linspace(low, high, count + 1), points.dtype))
    return found
