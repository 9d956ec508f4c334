"""Sorting, and searching: positions of what is ordered."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.leaving import numbers_of, require_no_derivative
from thalweg.core.operation import attach, method, op, operation
from thalweg.core.primitive import general
from thalweg.core.spec import FLOAT64, INT64, Array, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh, is_known
from thalweg.core.writing import inplace
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.comparison import less, logical_and, logical_not, logical_or, where
from thalweg.ops.elementwise.conversion import as_floating, as_real
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.index.take import counted_from_front, scatter_add, take, take_along_axis
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import along, axis_of, expand_dims, lowered, ravel, reshape

__all__ = [
    "argpartition", "argsort", "digitize", "histogram", "histogram_bin_edges", "interp", "median",
    "nanmedian", "partition", "sort", "top_k",
]  # fmt: skip


class Found(NamedTuple):
    """Elements that were looked for, and their positions along an axis."""

    values: Tensor
    indices: Tensor


@general(
    lambda x, axis, descending: Spec(x.shape, INT64),
    role="whole",
    work=lambda x, axis, descending: 40 * x.size,
)
def order_along(x: Array, *, axis: int, descending: bool) -> Array:
    """Positions that put an axis into order; equal elements stay as they are, NaN is largest."""
    if not descending:
        return np.argsort(x, axis=axis, stable=True)
    backwards = np.argsort(np.flip(x, axis), axis=axis, stable=True)
    return np.asarray(x.shape[axis] - 1 - np.flip(backwards, axis))


def order_of(name: str, x: Tensor, axis: Any, descending: bool) -> Tensor:
    """Return the positions that put an axis into order."""
    return order_along(x, axis=axis_of(name, axis, x.ndim), descending=bool(descending))


@along
def _sort(x: Tensor, axis: int, descending: bool) -> Found:
    indices = order_along(x, axis=axis, descending=bool(descending))
    return Found(take_along_axis(x, indices, axis=axis), indices)


# ---- sorting


@operation
def sort(x: Any, axis: int | None = -1, *, descending: bool = False, stable: bool = True) -> Tensor:
    """Return the elements in order along an axis, of the flattened tensor for None.

    Args:
        x: A tensor.
        axis: The axis.
        descending: Whether the largest come first.
        stable: Equal elements always stay in their order.

    Example:
        >>> import thalweg as tw
        >>> tw.sort(tw.tensor([3.0, 1.0, 2.0]))
        tensor([1., 2., 3.])
    """
    return sorted_along("sort", x, axis, descending).values


@method
def argsort(
    x: Any, axis: int | None = -1, *, descending: bool = False, stable: bool = True
) -> Tensor:
    """Return the positions that put an axis into order; equal elements stay in theirs."""
    return sorted_along("argsort", x, axis, descending).indices


def sorted_along(name: str, x: Any, axis: int | None, descending: bool) -> Found:
    """Return the elements in order along an axis, and their positions."""
    if axis is None:
        x, axis = ravel(x), 0
    normalize_axis(name, axis, as_tensor(x).ndim or 1)
    return _sort(x, axis_of("sort", axis, as_tensor(x).ndim), descending)


@operation
def partition(x: Any, kth: Any, axis: int | None = -1) -> Tensor:
    """Return the elements with each of some places as if in order, which all are.

    Args:
        x: A tensor.
        kth: The places, smaller elements being before and larger ones behind.
        axis: The axis; None for the flattened tensor.

    Raises:
        IndexOutOfRange: If there is no such place.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.partition(tw.tensor([3.0, 1.0, 2.0]), 1)
        tensor([1., 2., 3.])
    """
    return _partitioned("partition", x, kth, axis).values


@operation
def argpartition(x: Any, kth: Any, axis: int | None = -1) -> Tensor:
    """Return the positions of what `partition` returns; arguments as there."""
    return _partitioned("argpartition", x, kth, axis).indices


def _partitioned(name: str, x: Any, kth: Any, axis: int | None) -> Found:
    found = sorted_along(name, x, axis, False)
    counted_from_front(np.asarray(kth), found.values.shape[axis or 0] if found.values.ndim else 1)
    return found


@operation
def top_k(x: Any, k: int, axis: int = -1, *, mode: str = "largest") -> Found:
    """Return the k largest elements along an axis, the largest first, and their positions.

    Of equal elements the first ones count, and NaN is larger than all others.

    Args:
        x: A tensor.
        k: How many.
        axis: The axis.
        mode: "largest"; or "smallest", the smallest first.

    Returns:
        (values, indices), as `jax.lax.top_k`; derivatives go to the elements that were taken.

    Raises:
        ShapeError: If there are not that many.
        ArgumentError: If the mode is another.

    Example:
        >>> import thalweg as tw
        >>> values, indices = tw.top_k(tw.tensor([1.0, 3.0, 2.0]), 2)
        >>> values, indices
        (tensor([3., 2.]), tensor([1, 2]))
    """
    if mode not in ("largest", "smallest"):
        raise ArgumentError(f"top_k got mode {mode!r}; it wants 'largest' or 'smallest'.")
    return first_in_order("top_k", as_tensor(x), int(k), axis, mode == "largest")


def first_in_order(name: str, x: Tensor, k: int, axis: int, descending: bool) -> Found:
    """Return the first k elements along an axis in order, and their positions.

    Raises:
        ShapeError: If there are not that many.
    """
    place = axis_of(name, axis, x.ndim)
    if not x.ndim:
        return Found(*map(lowered, first_in_order(name, reshape(x, (1,)), k, 0, descending)))
    if not 0 <= k <= x.shape[place]:
        raise ShapeError(
            f"selected index k out of range: {name} got k={k} for an axis of extent "
            f"{x.shape[place]}. Give a smaller k."
        )
    order = order_along(x, axis=place, descending=bool(descending))
    indices = part_of(order, place, 0, k)
    return Found(take_along_axis(x, indices, axis=place), indices)


def _sort_in_place(x: Tensor, axis: int = -1) -> None:
    """Put the elements in order along an axis, as `ndarray.sort` does."""
    inplace(sort, x, axis)


attach("sort", _sort_in_place)


@operation
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Middle element over some axes, the mean of both middle ones where their number is even.

    Example:
        >>> import thalweg as tw
        >>> tw.median(tw.tensor([1.0, 4.0, 2.0, 3.0]))
        tensor(2.5000)
    """
    found: Tensor = op.quantile(x, 0.5, axis, keepdims=keepdims)
    return found


@operation
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Middle element of what is not NaN, as `median`."""
    found: Tensor = op.nanquantile(x, 0.5, axis, keepdims=keepdims)
    return found


# Up to so many ordered values, comparing with all of them is the shortest program.
_FEW = 16


def place_among(ordered: Tensor, values: Tensor, right: bool) -> Tensor:
    """Return how many of ordered values lie below each value; with `right`, those equal too.

    Args:
        ordered: A vector; or rows, the last axis of which is in order, with as many axes as values.
        values: What to place: among the rows, those with the same leading axes.
        right: Whether equal ones lie below.
    """
    if is_known(ordered, values):
        return fresh(_places_among(ordered.array, values.array, "right" if right else "left"))
    count = ordered.shape[-1]
    if count <= _FEW:
        rows = ordered if ordered.ndim == 1 else expand_dims(ordered, -2)
        return sum(_is_before(rows, expand_dims(values, -1), right), -1)
    # By halves: in each step the place is moved on where the value there is still before.
    place: Tensor = op.zeros_like(values, dtype=INT64)
    step = 1 << (count.bit_length() - 1)
    while step:
        ahead = place + step
        last = op.minimum(ahead, count) - 1
        there = (take if ordered.ndim == 1 else take_along_axis)(ordered, last, axis=-1)
        place = where((ahead <= count) & _is_before(there, values, right), ahead, place)
        step //= 2
    return place


def _is_before(there: Tensor, value: Tensor, right: bool) -> Tensor:
    return logical_not(_is_less(value, there)) if right else _is_less(there, value)


def _is_less(x: Tensor, y: Tensor) -> Tensor:
    """Tell where x comes before y: NaN is behind all others."""
    found = less(x, y)
    if "f" not in (x.dtype.kind, y.dtype.kind):
        return found
    return logical_or(found, logical_and(isnan(y), logical_not(isnan(x))))


def _places_among(ordered: Array, values: Array, side: Any) -> Array:
    if ordered.ndim == 1:
        return np.asarray(np.searchsorted(ordered, values, side), np.int64)
    found = np.empty(values.shape, np.int64)
    for row in np.ndindex(ordered.shape[:-1]):
        found[row] = np.searchsorted(ordered[row], values[row], side)
    return found


# ---- interpolation


@operation
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Tensor:
    """Interpolate linearly between points; beyond them the first or last value is kept.

    Args:
        x: Where to interpolate.
        xp: The points' coordinates, a vector in ascending order unless there is a period.
        fp: The values there.
        left: The value before the first point.
        right: The value after the last point.
        period: Of the coordinates; `left` and `right` are not used then.

    Raises:
        ShapeError: If the points and the values are no vectors of one length.
        ArgumentError: If there are no points, or the period is 0.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.interp(tw.tensor([0.5, 3.0]), [0.0, 1.0, 2.0], [0.0, 10.0, 20.0])
        tensor([ 5., 20.])
    """
    at, points, heights = as_tensor(x), as_tensor(xp), as_tensor(fp)
    if points.ndim != 1 or points.shape != heights.shape:
        raise ShapeError(
            f"interp got points of shape {points.shape} and values of shape {heights.shape}; it "
            "wants two vectors of one length. Use ravel."
        )
    if not points.size:
        raise ArgumentError("interp got no points: array of sample points is empty. Give some.")
    if any(t.dtype.kind == "c" for t in (at, points)):
        raise DtypeError("interp got complex coordinates, which have no order. Give real ones.")
    at, points = astype(at, FLOAT64), astype(points, FLOAT64)
    heights = astype(heights, np.complex128 if heights.dtype.kind == "c" else FLOAT64)
    if period is not None:
        at, points, heights = _periodic(at, points, heights, period)
        left = right = None
    first = heights[0] if left is None else left
    last = heights[-1] if right is None else right
    if points.shape[0] == 1:
        inside = broadcast_to(heights[0], at.shape)
    else:
        inside = _between(at, points, heights)
    return where(at < points[0], first, where(at > points[-1], last, inside))


def _periodic(
    at: Tensor, points: Tensor, heights: Tensor, period: Any
) -> tuple[Tensor, Tensor, Tensor]:
    if not isinstance(period, Tensor) and period == 0:
        raise ArgumentError("interp got period 0: period must be a non-zero value.")
    length = op.absolute(period)
    at, points = op.remainder(at, length), op.remainder(points, length)
    order = argsort(points)
    points, heights = take(points, order, axis=0), take(heights, order, axis=0)
    points = concatenate((points[-1:] - length, points, points[:1] + length))
    return at, points, concatenate((heights[-1:], heights, heights[:1]))


def _between(at: Tensor, points: Tensor, heights: Tensor) -> Tensor:
    last = points.shape[0] - 2
    place = op.minimum(op.maximum(place_among(points, at, True) - 1, 0), last)
    low, high = take(points, place, axis=0), take(points, place + 1, axis=0)
    start, end = take(heights, place, axis=0), take(heights, place + 1, axis=0)
    width = high - low
    flat = width == 0
    slope = (end - start) / where(flat, 1.0, width)
    there = at == high
    found = where(there, end + slope * (at - high), start + slope * (at - low))
    # Where a slope is infinite: the points themselves have their values, and level parts theirs.
    level = (at == low) | (start == end)
    other = where(level, start, where(there, end, end + slope * (at - high)))
    return where(flat, end, where(isnan(found), where(isnan(at), at, other), found))


# ---- intervals


@operation
def digitize(x: Any, bins: Any, right: bool = False) -> Tensor:
    """Return which interval between ascending or descending bounds each element lies in.

    Args:
        x: A tensor, of real numbers.
        bins: The bounds, a vector whose values are known.
        right: Whether a bound belongs to the interval below it.

    Raises:
        ArgumentError: If the bounds are not in order.
    """
    values, bounds = as_tensor(x), as_tensor(bins)
    if values.dtype.kind == "c":
        raise DtypeError("digitize got complex numbers, which have no order. Give real ones.")
    if bounds.ndim != 1:
        raise ShapeError(f"digitize got bounds of shape {bounds.shape}; it wants a vector.")
    steps = np.diff(bounds.numpy())
    if not (np.all(steps >= 0) or np.all(steps <= 0)):
        raise ArgumentError(
            "digitize got bounds in no order: bins must be monotonically increasing or decreasing. "
            "Sort them."
        )
    if np.all(steps >= 0):
        return place_among(bounds, values, not right)
    return bounds.shape[0] - place_among(flip(bounds), values, not right)


@operation
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Tensor:
    """Return the bounds that `histogram` counts between; arguments as there."""
    values = as_real("histogram", a)
    if np.ndim(bins):
        bounds = as_tensor(bins)
        if bounds.ndim != 1:
            raise ShapeError(f"histogram got bins of shape {bounds.shape}; it wants a vector.")
        if is_known(bounds) and (np.diff(bounds.array) < 0).any():
            raise ArgumentError("histogram: `bins` must increase monotonically. Sort them.")
        return bounds
    named = isinstance(bins, str)
    if named:
        require_no_derivative(values, f"histogram(bins={bins!r})")
    # The bounds move with the extremes, and so do their derivatives.
    moving = values.requires_grad and range is None and not named
    if (is_known(values) and not moving) or (range is not None and not named):
        known = numbers_of(values) if is_known(values) else np.zeros(0)
        heavy = as_tensor(weights).numpy() if named and weights is not None else None
        try:
            return fresh(np.histogram_bin_edges(known, bins, range, heavy))
        except ValueError as error:
            raise ArgumentError(f"histogram: {error} Give bounds, or another range.") from None
    if named:
        raise ArgumentError(
            f"histogram got bins={bins!r} and values that are traced or differentiated; how many "
            "bins there are would depend on them. Give a number, or bounds."
        )
    values = as_floating(values, None)
    low, high = op.amin(values), op.amax(values)
    even = low == high
    low, high = where(even, low - 0.5, low), where(even, high + 0.5, high)
    step = (high - low) / int(bins)
    inner = low + np.arange(int(bins)).astype(values.dtype) * step
    # The last bound is the largest value itself, to the last digit.
    return concatenate((inner, reshape(high, (1,))))


@operation
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Tensor, Tensor]:
    """Count elements, or sum their weights, between bounds; the last one belongs to its interval.

    Args:
        a: A tensor, flattened.
        bins: How many intervals of equal width; or their bounds; or NumPy's name of a rule.
        range: The first and the last bound; by default the extremes.
        density: Whether to divide by the total and the widths, so that the integral is 1.
        weights: What each element counts, with derivatives; by default 1.

    Returns:
        The counts and the bounds.

    Raises:
        ShapeError: If there is not one weight for each element.
        ArgumentError: If the bounds are not in order, or depend on what is traced.
    """
    values, edges = ravel(a), histogram_bin_edges(a, bins, range, weights)
    heavy = None if weights is None else ravel(weights)
    if heavy is not None and as_tensor(weights).shape != as_tensor(a).shape:
        raise ShapeError(
            f"histogram: weights of shape {as_tensor(weights).shape} should have the same shape as "
            f"a, {as_tensor(a).shape}."
        )
    count = edges.shape[0] - 1
    place = place_among(edges, values, True) - 1
    place = where(values == edges[-1], count - 1, place)
    outside = (place < 0) | (place >= count)
    # What lies in no interval is counted in one more, which is cut off.
    place = where(outside, count, place)
    kind = INT64 if heavy is None else heavy.dtype
    ones = op.ones_like(values, dtype=INT64) if heavy is None else heavy
    sums = scatter_add(op.zeros(count + 1, kind, like=values), place, ones, axis=0)[:count]
    if density:
        widths = astype(edges[1:] - edges[:-1], FLOAT64)
        return sums / widths / sum(sums), edges
    return reshape(sums, (count,)), edges
