"""Reading and writing at positions along an axis, by PyTorch's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import FURTHER, attach, in_place_variant, method, op, understanding
from thalweg.core.spec import REAL, require_dtypes
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.elementwise.arithmetic import divide
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.index.scatter import add_to, combine_at, places_along, read_at
from thalweg.ops.index.setitem import put_at
from thalweg.ops.index.take import as_indices, from_front, take_along_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.scalars import axis_of, lifted

__all__ = [
    "gather",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
]


Array = np.ndarray[Any, Any]


def _checked(name: str, x: Any, axis: Any, index: Any) -> tuple[Tensor, int, Tensor]:
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
    _require_within(positions, tensor.shape[place])
    return tensor, place, positions


def _require_within(index: Tensor, extent: int) -> None:
    if index.is_symbolic or not index.size:
        return
    low, high = int(index.array.min()), int(index.array.max())
    if low < 0 or high >= extent:
        raise IndexOutOfRange(
            f"index {low if low < 0 else high} is out of bounds for an axis of size {extent}; "
            f"indices lie between 0 and {extent - 1}."
        )


def _source(name: str, x: Tensor, index: Tensor, source: Any) -> Tensor:
    """Return what an index writes: a number for all places, or the first elements of a tensor."""
    given = as_tensor(source)
    if given.weak:
        return astype(broadcast_to(given, index.shape), x.dtype)
    (values,) = lifted(given)
    if values.dtype != x.dtype:
        raise DtypeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype; they are {x.dtype} and "
            f"{values.dtype}. Convert one with astype."
        )
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


# ---- an index for each element


@method
def gather(x: Any, axis: int, index: Any, *, sparse_grad: bool = False) -> Tensor:
    """Read one element for each position: out[i, j] = x[i, index[i, j]] for the last axis.

    Raises:
        ShapeError: If the index has other axes, or is larger along another one.
        IndexOutOfRange: If a position is.
    """
    tensor, place, positions = _checked("gather", x, axis, index)
    if not positions.size:
        found = read_at(tensor, positions) if tensor.size else positions.astype(tensor.dtype)
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
    x: Any,
    axis: int,
    index: Any,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
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
    tensor, place, positions = _checked("scatter", x, axis, index)
    given = value if src is None else src
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(
            f"scatter(): reduce argument must be either add or multiply, not {reduce!r}."
        )
    values = _source("scatter", tensor, positions, given)
    if not positions.size:
        return as_tensor(x) + 0
    places = places_along(tensor, place, positions)
    if reduce == "add":
        found = add_to(tensor, places, values)
    elif reduce == "multiply":
        found = combine_at(tensor, places, values, how="multiply")
    else:
        found = put_at(tensor, places, values)
    return reshape(found, as_tensor(x).shape)


def _scatter_add(x: Any, axis: int, index: Any, src: Any) -> Tensor:
    """Add one element for each position: x[i, index[i, j]] += src[i, j] for the last axis.

    Raises: as `gather`.
    """
    return scatter(x, axis, index, src, reduce="add")


# The primitive of this name is what reading positions transposes to; this is PyTorch's function.
_scatter_add.__name__ = _scatter_add.__qualname__ = "scatter_add"

scatter_add = understanding(_scatter_add)

attach("scatter_add", scatter_add)

FURTHER["scatter_add_"] = in_place_variant("scatter_add", scatter_add)

attach("scatter_add_", FURTHER["scatter_add_"])

_REDUCTIONS = {"amax": "maximum", "amin": "minimum", "prod": "multiply"}

_NEUTRAL = {"amax": -np.inf, "amin": np.inf, "prod": 1, "sum": 0, "mean": 0}


def _reduced(
    name: str, x: Tensor, places: Tensor, values: Tensor, reduce: str, include_self: bool
) -> Tensor:
    if reduce not in _NEUTRAL:
        raise ArgumentError(
            f"{name}: reduce argument must be either {', '.join(_NEUTRAL)}, got {reduce!r}."
        )
    if reduce in ("amax", "amin"):
        require_dtypes(name, REAL, x)
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
    tensor, place, positions = _checked("scatter_reduce", x, axis, index)
    values = _source("scatter_reduce", tensor, positions, src)
    places = places_along(tensor, place, positions) if positions.size else positions
    found = _reduced("scatter_reduce", tensor, places, values, reduce, include_self)
    return reshape(found, as_tensor(x).shape)


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
    if values.dtype != tensor.dtype and not values.weak:
        raise DtypeError(
            f"put_(): self and source expected to have the same dtype, but got {tensor.dtype} and "
            f"{values.dtype}. Convert one with astype."
        )
    if not places.size:
        return tensor + 0
    values = reshape(values, places.shape)
    places = from_front(places, tensor.size)
    return add_to(tensor, places, values) if accumulate else put_at(tensor, places, values)
