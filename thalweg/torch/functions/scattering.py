"""Reading and writing at positions, in slices, and where a mask holds: PyTorch's names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import op
from thalweg.core.spec import REAL, require_dtypes
from thalweg.core.tensor import Tensor, astype, fresh
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.elementwise.arithmetic import divide, multiply
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.index.items import getitem, put_at
from thalweg.ops.index.take import (
    add_to,
    as_indices,
    combine_at,
    from_front,
    places_along,
    read_at,
    take,
    take_along_axis,
)
from thalweg.ops.index.take import scatter_add as add_at
from thalweg.ops.linalg.diagonals import diagonal
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import part_of, slice_
from thalweg.ops.shape.reshape import axis_of, lifted, reshape
from thalweg.torch.functions.viewing import select
from thalweg.torch.naming import as_tensor, function, method
from thalweg.torch.steps import call_step

Array = np.ndarray[Any, Any]


def _positions(name: str, x: Any, axis: Any, index: Any) -> tuple[Tensor, int, Tensor]:
    (tensor, positions), given = lifted(x, as_indices(index)), as_tensor(x)
    place = axis_of(name, axis, given.ndim)
    if positions.ndim != tensor.ndim and positions.size:
        raise ShapeError(
            f"{name}: Index tensor must have the same number of dimensions as input tensor; the "
            f"shapes are {tensor.shape} and {positions.shape}. Reshape one."
        )
    for i, (n, m) in enumerate(zip(positions.shape, tensor.shape, strict=False)):
        if i != place and n > m and positions.size:
            raise ShapeError(
                f"{name}: Size does not match at dimension {i} expected index "
                f"{list(positions.shape)} to be no larger than self {list(tensor.shape)} apart "
                f"from dimension {place}. Cut the index."
            )
    _require_within(positions, tensor.shape[place], place)
    return tensor, place, positions


def _require_within(index: Tensor, extent: int, axis: int) -> None:
    if index.is_symbolic or not index.size:
        return
    low, high = int(index.array.min()), int(index.array.max())
    if low < 0 or high >= extent:
        raise IndexOutOfRange(
            f"index {low if low < 0 else high} is out of bounds for dimension {axis} with size "
            f"{extent}; indices lie between 0 and {extent - 1}."
        )


def _require_same_dtype(what: str, x: Tensor, values: Tensor) -> None:
    """Refuse values that would have to be converted, unless they are Python's numbers."""
    if values.dtype != x.dtype and not values.weak:
        raise DtypeError(f"{what}, but got {x.dtype} and {values.dtype}. Convert one with astype.")


def _number(name: str, value: Any, instead: str) -> Tensor:
    number = as_tensor(value)
    if number.ndim:
        raise ShapeError(
            f"{name} only supports a 0-dimensional value tensor, but got tensor with "
            f"{number.ndim} dimension(s). Use {instead}."
        )
    return number


def _source(name: str, x: Tensor, index: Tensor, source: Any) -> Tensor:
    """Return what an index writes: a number for all places, or the first elements of a tensor."""
    given = as_tensor(source)
    if given.weak:
        return astype(broadcast_to(given, index.shape), x.dtype)
    (values,) = lifted(given)
    _require_same_dtype(f"{name}(): Expected self.dtype to be equal to src.dtype", x, values)
    if not index.size:
        return reshape(slice_(values, ((0, 0, 1),) * values.ndim), index.shape)
    if values.ndim != index.ndim or any(
        n > m for n, m in zip(index.shape, values.shape, strict=True)
    ):
        raise ShapeError(
            f"{name}: Expected index {list(index.shape)} to be no larger than src "
            f"{list(values.shape)}. Cut the index, or give a larger source."
        )
    return slice_(values, tuple((0, n, 1) for n in index.shape))


Write = Callable[[Tensor, Tensor, Tensor], Tensor]


def _write_along(name: str, x: Any, axis: Any, index: Any, source: Any, write: Write) -> Tensor:
    """Return a tensor with a source written, in some way, to the places of an index."""
    tensor, place, positions = _positions(name, x, axis, index)
    values = _source(name, tensor, positions, source)
    if not positions.size:
        return as_tensor(x) + 0
    found = write(tensor, places_along(tensor, place, positions), values)
    return reshape(found, as_tensor(x).shape)


# ---- an index for each element


@method
def gather(x: Any, axis: int, index: Any, *, sparse_grad: bool = False) -> Tensor:
    """Read one element for each position: out[i, j] = x[i, index[i, j]] for the last axis.

    Raises:
        ShapeError: If the index has other axes, or is larger along another one.
        IndexOutOfRange: If a position is.
    """
    tensor, place, positions = _positions("gather", x, axis, index)
    if not positions.size:
        found = read_at(tensor, positions)
    elif all(
        n == m
        for i, (n, m) in enumerate(zip(positions.shape, tensor.shape, strict=True))
        if i != place
    ):
        found = take_along_axis(tensor, positions, axis=place)
    else:
        found = read_at(tensor, places_along(tensor, place, positions))
    return reshape(found, as_tensor(index).shape)


@method(inplace=True)
def scatter(
    x: Any, axis: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """Write one element for each position: x[i, index[i, j]] = src[i, j] for the last axis.

    Args:
        x: A tensor.
        axis: The axis the index counts along.
        index: The positions.
        src: A tensor at least as large, or a number.
        value: The number.
        reduce: "add" or "multiply" what is written to what is there; None replaces it.

    Raises: as `gather`.
    """
    if reduce not in _WRITES:
        raise ArgumentError(
            f"scatter(): reduce argument must be either add or multiply, not {reduce!r}."
        )
    given = value if src is None else src
    return _write_along("scatter", x, axis, index, given, _WRITES[reduce])


_WRITES: dict[str | None, Write] = {
    None: put_at,
    "add": add_to,
    "multiply": functools.partial(combine_at, how="multiply"),
}


@method(inplace=True)
def scatter_add(x: Any, axis: int, index: Any, src: Any) -> Tensor:
    """Add one element for each position: x[i, index[i, j]] += src[i, j] for the last axis.

    Raises: as `gather`.
    """
    return scatter(x, axis, index, src, reduce="add")


_REDUCTIONS = {"amax": "maximum", "amin": "minimum", "prod": "multiply"}

_NEUTRAL = {"amax": -np.inf, "amin": np.inf, "prod": 1, "sum": 0, "mean": 0}


def _reduction(name: str, x: Any, reduce: str, include_self: bool) -> Write:
    """Return what combines values with those at places, which may not take part themselves."""
    if reduce not in _NEUTRAL:
        raise ArgumentError(
            f"{name}: reduce argument must be either {', '.join(_NEUTRAL)}, got {reduce!r}."
        )
    if reduce in ("amax", "amin"):
        require_dtypes(name, REAL, as_tensor(x))
    return functools.partial(_reduce_at, reduce=reduce, include_self=include_self)


def _reduce_at(
    x: Tensor, places: Tensor, values: Tensor, reduce: str, include_self: bool
) -> Tensor:
    if not places.size:
        return x + 0
    start = x
    if not include_self:
        neutral: Any = _NEUTRAL[reduce]
        if x.dtype.kind in "iu" and np.isinf(neutral):
            limits = np.iinfo(x.dtype)
            neutral = limits.min if reduce == "amax" else limits.max
        start = put_at(x, places, as_tensor(np.asarray(neutral, x.dtype)))
    if reduce in _REDUCTIONS:
        return combine_at(start, places, values, how=_REDUCTIONS[reduce])
    total = add_to(start, places, values)
    if reduce == "sum":
        return total
    ones = as_tensor(np.ones(places.shape, x.dtype))
    count = add_to(op.ones_like(x) if include_self else op.zeros_like(x), places, ones)
    count = where(equal(count, 0), 1.0, count)
    if x.dtype.kind in "iu":
        return astype(op.floor_divide(total, astype(count, x.dtype)), x.dtype)
    return divide(total, count)


@method(inplace=True)
def scatter_reduce(
    x: Any, axis: int, index: Any, src: Any, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Combine x[i, index[i, j]] with src[i, j], for the last axis.

    Args:
        x: A tensor.
        axis: The axis the index counts along.
        index: The positions.
        src: What to combine; at least as large as the index.
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: Whether what is there takes part.

    Raises: as `gather`; ArgumentError for another `reduce`.
    """
    write = _reduction("scatter_reduce", x, reduce, include_self)
    return _write_along("scatter_reduce", x, axis, index, src, write)


# ---- places in the flattened tensor


@method(inplace=True)
def put(x: Any, index: Any, source: Any, accumulate: bool = False) -> Tensor:
    """Replace elements, counted in row-major order, or add to them.

    Raises:
        ShapeError: If there is not one number for each position.
        DtypeError: If they are of another dtype.
    """
    tensor, places, values = as_tensor(x), as_indices(index), as_tensor(source)
    if values.size != places.size:
        raise ShapeError(
            f"put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {values.size}, index.numel() = {places.size}."
        )
    _require_same_dtype("put_(): self and source expected to have the same dtype", tensor, values)
    values = reshape(values, places.shape)
    return _put(tensor, from_front(places, tensor.size), values, accumulate)


def _put(x: Tensor, places: Tensor, values: Tensor, accumulate: bool) -> Tensor:
    if not places.size:
        return x + 0
    return add_to(x, places, values) if accumulate else put_at(x, places, values)


# ---- an index for each slice


def _slices(name: str, x: Any, axis: Any, index: Any) -> tuple[Tensor, int, Tensor]:
    (tensor, positions), given = lifted(x, as_indices(index)), as_tensor(x)
    if positions.ndim != 1:
        raise IndexOutOfRange(
            f"{name}(): Index is supposed to be a vector, but it has shape {positions.shape}."
        )
    place = axis_of(name, axis, given.ndim)
    _require_within(positions, tensor.shape[place], place)
    return tensor, place, positions


def _slice_source(name: str, x: Tensor, axis: int, index: Tensor, source: Any) -> Tensor:
    values, wanted = as_tensor(source), (*x.shape[:axis], index.size, *x.shape[axis + 1 :])
    _require_same_dtype(f"{name}(): self and source expected to have the same dtype", x, values)
    if values.size != int(np.prod(wanted)) or (values.ndim and values.array.shape != wanted):
        raise ShapeError(
            f"{name}(): Number of indices ({index.size}) should be equal to source.size(dim), and "
            f"source of shape {wanted}; it has shape {values.shape}."
        )
    return reshape(values, wanted)


def _write_slices(name: str, x: Any, axis: Any, index: Any, source: Any, write: Write) -> Tensor:
    """Return a tensor with slices written, in some way, at positions along an axis."""
    tensor, place, positions = _slices(name, x, axis, index)
    values = _slice_source(name, tensor, place, positions, source)
    upright = reshape(positions, tuple(-1 if i == place else 1 for i in range(tensor.ndim)))
    places = places_along(tensor, place, broadcast_to(upright, values.shape))
    return reshape(write(tensor, places, values), as_tensor(x).shape)


@method
def index_select(x: Any, axis: int, index: Any) -> Tensor:
    """Read slices at positions along an axis.

    Raises:
        IndexOutOfRange: If there is no such axis or position, or the index is no vector.
    """
    tensor, place, positions = _slices("index_select", x, axis, index)
    found = take(tensor, positions, axis=place)
    return found if as_tensor(x).ndim else reshape(found, ())


@method(inplace=True)
def index_add(x: Any, axis: int, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
    """Add multiples of slices at positions along an axis; repeated positions add up.

    Raises:
        ShapeError: If the source is not one slice for each position.
        DtypeError: If it is of another dtype.
    """
    tensor, place, positions = _slices("index_add", x, axis, index)
    values = _slice_source("index_add", tensor, place, positions, source)
    found = add_at(tensor, positions, multiply(values, alpha), axis=place)
    return reshape(found, as_tensor(x).shape)


@method(inplace=True)
def index_copy(x: Any, axis: int, index: Any, source: Any) -> Tensor:
    """Replace slices at positions along an axis; arguments as `index_add`'s."""
    return _write_slices("index_copy", x, axis, index, source, put_at)


@method(inplace=True)
def index_fill(x: Any, axis: int, index: Any, value: Any) -> Tensor:
    """Write one number into the slices at positions along an axis.

    Raises:
        ShapeError: If the value is no number.
    """
    tensor, place, positions = _slices("index_fill", x, axis, index)
    number = _number("index_fill_", value, "index_copy")
    ones = as_tensor(np.ones(positions.shape))
    hit = add_at(op.zeros(tensor.shape[place]), positions, ones, axis=0)
    shape = [1] * tensor.ndim
    shape[place] = -1
    filled = astype(number, tensor.dtype)
    found = where(equal(reshape(hit, tuple(shape)), 0), tensor, filled)
    return reshape(found, as_tensor(x).shape)


@method(inplace=True)
def index_reduce(
    x: Any, axis: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Combine slices at positions along an axis: by "prod", "mean", "amax" or "amin"."""
    write = _reduction("index_reduce", x, reduce, include_self)
    return _write_slices("index_reduce", x, axis, index, source, write)


@method
def take_along_dim(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Read one element at each position along an axis, by default of the flattened tensor."""
    return take_along_axis(x, indices, axis=axis)


# ---- where a mask holds


def _mask(name: str, mask: Any) -> Tensor:
    tensor = as_tensor(mask)
    if tensor.dtype.kind != "b":
        raise DtypeError(
            f"{name}: expected BoolTensor for mask, and got {tensor.dtype}. Compare first."
        )
    return tensor


def _places_of(mask: Tensor, x: Tensor) -> tuple[Tensor, Array]:
    """Return a tensor broadcast with a mask, and where the mask holds."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    return broadcast_to(x, shape), np.flatnonzero(np.broadcast_to(mask.numpy(), shape))


@method(inplace=True)
def masked_fill(x: Any, mask: Any, value: Any) -> Tensor:
    """Write one number where a mask, broadcast, holds.

    Raises:
        DtypeError: If the mask is not Boolean.
        ShapeError: If the value is no number.
    """
    tensor, number = as_tensor(x), _number("masked_fill", value, "where")
    if number.dtype.kind == "c" and tensor.dtype.kind != "c":
        raise DtypeError("value cannot be converted to type double without overflow")
    # A small integer is left to promotion, which refuses one that the dtype does not hold.
    if not number.weak or number.dtype.kind == "f" or tensor.dtype.kind == "b":
        number = astype(number, tensor.dtype)
    return where(_mask("masked_fill", mask), number, tensor)


@method
def masked_select(x: Any, mask: Any) -> Tensor:
    """Return the elements where a mask holds, in row-major order; both broadcast.

    Raises:
        DtypeError: If the mask is not Boolean.
    """
    tensor, places = _places_of(_mask("masked_select", mask), as_tensor(x))
    return read_at(tensor, as_tensor(places))


@method(inplace=True)
def masked_scatter(x: Any, mask: Any, source: Any) -> Tensor:
    """Write the first elements of a tensor where a mask, broadcast, holds.

    Raises:
        DtypeError: If the mask is not Boolean, or the dtypes differ.
        ShapeError: If there are too few elements.
    """
    tensor, values, chosen = as_tensor(x), as_tensor(source), _mask("masked_scatter", mask)
    if values.dtype != tensor.dtype:
        raise DtypeError(
            f"masked_scatter_: expected self and source to have same dtypes but got {tensor.dtype} "
            f"and {values.dtype}. Convert one with astype."
        )
    tensor, places = _places_of(chosen, tensor)
    if values.size < places.size:
        raise ShapeError(
            f"masked_scatter_: expected source to have at least {places.size} elements, as many as "
            f"places in the mask, but got {values.size}."
        )
    taken = read_at(values, as_tensor(np.arange(places.size)))
    return put_at(tensor, places, taken)


# ---- an index as in x[...]


def _numbered(x: Tensor) -> Tensor:
    return fresh(np.arange(x.size).reshape(x.array.shape))


@method(inplace=True)
def index_put(x: Any, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """Replace what x[indices] reads, or add to it; repeated positions add up.

    Args:
        x: A tensor.
        indices: One index an axis, or None for a whole one.
        values: What to write; it broadcasts.
        accumulate: Whether to add.
    """
    tensor, new = as_tensor(x), as_tensor(values)
    key = tuple(slice(None) if index is None else index for index in indices)
    places = getitem(_numbered(tensor), key)
    what = "Index put requires the source and destination dtypes match"
    _require_same_dtype(what, tensor, new)
    new = broadcast_to(astype(new, tensor.dtype), places.shape)
    return _put(tensor, places, new, accumulate)


# ---- replacing what a view shows


def replace_view(
    name: str, x: Any, source: Any, view: Callable[..., Tensor], *where: Any
) -> Tensor:
    """Return a copy of a tensor in which a view shows another tensor."""
    tensor, values = as_tensor(x), as_tensor(source)
    places = view(_numbered(tensor), *where)
    if values.array.shape != places.array.shape:
        raise ShapeError(
            f"{name}: expected src to have a size equal to the slice of self. src size = "
            f"{list(values.shape)}, slice size = {list(places.shape)}."
        )
    return put_at(tensor, places, values)


@method
def select_scatter(x: Any, src: Any, axis: int, index: int) -> Tensor:
    """Return a copy in which `select(axis, index)` shows another tensor."""
    return replace_view("select_scatter", x, src, select, axis, index)


@method
def slice_scatter(
    x: Any, src: Any, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Return a copy in which the slice along an axis shows another tensor."""
    return replace_view("slice_scatter", x, src, slice_along, axis, start, end, step)


@function
def slice_along(
    x: Any, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Read a slice along one axis."""
    tensor = as_tensor(x)
    place = axis_of("slice", axis, tensor.ndim)
    if step < 1:
        raise ArgumentError(f"slice step must be positive, and {step} was given.")
    first, last, _ = slice(start, end, step).indices(tensor.shape[place])
    return part_of(tensor, place, first, last, step)


@method
def diagonal_scatter(x: Any, src: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return a copy in which `diagonal` shows another tensor."""
    return replace_view("diagonal_scatter", x, src, diagonal, offset, axis1, axis2)


# ---- runs of slices

_OF_SEGMENTS = {
    "sum": ("sum", 0.0),
    "mean": ("sum", 0.0),
    "prod": ("prod", 1.0),
    "max": ("amax", -np.inf),
    "min": ("amin", np.inf),
}


@function
def segment_reduce(
    x: Any,
    reduce: str,
    *,
    lengths: Any = None,
    indices: Any = None,
    offsets: Any = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """Combine runs of neighbours along an axis: of data (…, n, …) a result (…, segments, …).

    Args:
        x: The data, floating.
        reduce: "sum", "mean", "max", "min" or "prod".
        lengths: How long each run is; along its last axis they sum to n.
        indices: Not supported, as in PyTorch.
        offsets: Instead of lengths: where runs begin, and where the last one ends.
        axis: The axis, the last one of `lengths`.
        unsafe: Accepted as in PyTorch; lengths are always looked at.
        initial: What each run begins with; by default 0, 1, ∓∞, and a mean of none is NaN.

    Raises:
        ArgumentError: If neither is given, they do not fit the data, or for another `reduce`.
        DtypeError: If the data are not floating.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.segment_reduce(torch.tensor([1.0, 5.0, 2.0]), "max", lengths=torch.tensor([2, 1]))
        tensor([5., 2.])
    """
    data = as_tensor(x)
    counts = _lengths_of_segments(data, lengths, offsets, axis)
    if reduce not in _OF_SEGMENTS:
        raise ArgumentError(
            "reduce argument must be either sum, prod, mean, amax or amin, got "
            f"{reduce}. Write one of {', '.join(_OF_SEGMENTS)}."
        )
    if data.array.dtype.kind != "f":
        raise DtypeError(
            f"segment_reduce() takes floating numbers, and {data.dtype} was given. Convert them "
            "with .float()."
        )
    combine, none = _OF_SEGMENTS[reduce]
    extremal = reduce in ("max", "min")
    begin = none if initial is None or extremal else initial
    shape, rest = counts.shape, data.shape[axis + 1 :]
    owner = np.repeat(np.arange(counts.size), counts.reshape(-1))
    places = np.broadcast_to(owner.reshape(-1, *(1,) * len(rest)), (len(owner), *rest))
    flat = reshape(data, (-1, *rest))
    start = fresh(np.full((counts.size, *rest), begin, data.array.dtype), data.results)
    found = scatter_reduce(start, 0, places, flat, combine)
    if extremal and initial is not None:
        better = op.greater if reduce == "max" else op.less
        found = where(better(initial, found), initial, found)
    if reduce == "mean":
        sizes = counts.reshape(-1, *(1,) * len(rest)).astype(data.array.dtype)
        empty = np.nan if initial is None else initial
        found = where(sizes > 0, divide(found, np.maximum(sizes, 1)), empty)
    found = reshape(found, (*shape, *rest))
    call_step(found, (data,), "SegmentReduceBackward")
    return found


def _lengths_of_segments(data: Tensor, lengths: Any, offsets: Any, axis: int) -> Array:
    """Return how long runs are, checked against the data."""
    if lengths is None and offsets is None:
        raise ArgumentError("segment_reduce(): Either lengths or offsets must be defined.")
    given = numbers_of(as_tensor(offsets if lengths is None else lengths))
    counts = np.diff(given, axis=-1) if lengths is None else given
    if counts.dtype.kind not in "iu":
        raise DtypeError(
            f"segment_reduce(): lengths and offsets are integers, and {counts.dtype} was given. "
            "Convert them with .long()."
        )
    if axis != counts.ndim - 1:
        raise ArgumentError(
            "segment_reduce(): Expected axis to be the last dimension of lengths but got "
            f"{axis}. Give axis={counts.ndim - 1}."
        )
    if (counts < 0).any():
        raise ArgumentError("lengths contains negative value!")
    if counts.shape[:-1] != data.shape[:axis] or (counts.sum(-1) != data.shape[axis]).any():
        raise ArgumentError(
            "segment_reduce(): Expected all rows of lengths along axis to sum to "
            f"data.size(lengths.dim()-1) when !unsafe. The data are of shape {tuple(data.shape)}."
        )
    return counts
