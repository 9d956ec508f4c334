"""Reading and adding at positions: gathers, their adjoint scatter-adds, and `x[...]`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError, IndexOutOfRange, ShapeError, UnsupportedOperation
from thalweg.ops.creation import arange, zeros
from thalweg.ops.shaping import (
    broadcast_to,
    expand_dims,
    flip,
    normalize_axis,
    reshape,
    slice_,
)

Array = np.ndarray[Any, Any]


def _checked(indices: Array, extent: int) -> Array:
    """Return indices counted from the front.

    Raises:
        IndexOutOfRange: If one points outside the axis.
    """
    if indices.size and (indices.min() < -extent or indices.max() >= extent):
        worst = indices.max() if indices.max() >= extent else indices.min()
        raise IndexOutOfRange(
            f"Index {worst} is out of range for an axis of extent {extent}; "
            f"indices must lie between {-extent} and {extent - 1}."
        )
    return np.where(indices < 0, indices + extent, indices)


def as_indices(value: Any) -> Tensor:
    """Return an integer tensor.

    Raises:
        DtypeError: If the values are not integers.
    """
    tensor = as_tensor(value)
    if tensor.dtype.kind not in "iu":
        raise DtypeError(
            f"Indices of dtype {tensor.dtype} were given; they must be integers. "
            "Convert them with astype(int), or use where for Boolean masks."
        )
    return tensor


def _resolve_take(x: Any, indices: Any, axis: int | None = None) -> Any:
    tensor = as_tensor(x)
    if axis is None:
        tensor, axis = reshape(tensor, -1), 0
    return (tensor, as_indices(indices)), {"axis": normalize_axis("take", axis, tensor.ndim)}


def _taken(x: Spec, indices: Spec, axis: int) -> Spec:
    return Spec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


@linear(
    _taken,
    lambda g, out, x, indices, axis: scatter_add(
        zeros(x.shape, x.dtype, like=g), indices, g, axis=axis
    ),
    arguments=_resolve_take,
)
def take(x: Array, indices: Array, *, axis: int) -> Array:
    """Read slices at integer positions along an axis; negative positions count from the end."""
    return np.take(x, _checked(indices, x.shape[axis]), axis=axis)


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: g,
    None,
    lambda g, out, x, indices, updates, axis: take(g, indices, axis=axis),
    additive=True,
)
def scatter_add(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Add slices at integer positions along an axis; repeated positions add up."""
    result = x.copy()
    np.add.at(result, (slice(None),) * axis + (_checked(indices, x.shape[axis]),), updates)
    return result


def _resolve_along(x: Any, indices: Any, axis: int = -1) -> Any:
    tensor, positions = as_tensor(x), as_indices(indices)
    if positions.ndim != tensor.ndim:
        raise ShapeError(
            f"take_along_axis got a tensor with {tensor.ndim} axes and indices with "
            f"{positions.ndim}; both need as many axes."
        )
    axis = normalize_axis("take_along_axis", axis, tensor.ndim)
    lead = np.broadcast_shapes(
        *(tuple(1 if i == axis else n for i, n in enumerate(t.shape)) for t in (tensor, positions))
    )
    tensor = broadcast_to(tensor, (*lead[:axis], tensor.shape[axis], *lead[axis + 1 :]))
    shape = (*lead[:axis], positions.shape[axis], *lead[axis + 1 :])
    return (tensor, broadcast_to(positions, shape)), {"axis": axis}


@linear(
    lambda x, indices, axis: Spec(indices.shape, x.dtype),
    lambda g, out, x, indices, axis: scatter_add_along_axis(
        zeros(x.shape, x.dtype, like=g), indices, g, axis=axis
    ),
    arguments=_resolve_along,
)
def take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    """Read one element at each position: out[i, j] = x[i, indices[i, j]] for the last axis."""
    return np.take_along_axis(x, _checked(indices, x.shape[axis]), axis)


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: g,
    None,
    lambda g, out, x, indices, updates, axis: take_along_axis(g, indices, axis=axis),
    additive=True,
)
def scatter_add_along_axis(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Add one element at each position, the transpose of `take_along_axis`."""
    result = x.copy()
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = _checked(indices, x.shape[axis])
    np.add.at(result, tuple(grid), updates)
    return result


# ---- x[...]


@operation
def getitem(x: Any, key: Any) -> Tensor:
    """Index with slices, integers, `...`, None and integer arrays, as NumPy does."""
    tensor = as_tensor(x)
    keys = _expand(key if isinstance(key, tuple) else (key,), tensor)
    bounds, reversed_axes, arrays, layout = [], [], [], []
    axis = 0
    for item in keys:
        if item is None:
            layout.append("new")
            continue
        extent = tensor.shape[axis]
        if isinstance(item, slice):
            start, stop, step = item.indices(extent)
            if step < 0:
                count = len(range(start, stop, step))
                start, stop = start + (count - 1) * step, start + 1
                reversed_axes.append(axis)
            bounds.append((start, max(start, stop), abs(step)))
            layout.append("kept")
        elif isinstance(item, (int, np.integer)):
            position = int(_checked(np.asarray(item), extent))
            bounds.append((position, position + 1, 1))
            layout.append("dropped")
        else:
            bounds.append((0, extent, 1))
            arrays.append((axis, as_indices(item)))
            layout.append("array")
        axis += 1
    result = slice_(tensor, tuple(bounds)) if _cuts(bounds, tensor) else tensor
    if reversed_axes:
        result = flip(result, tuple(reversed_axes))
    if arrays:
        return _gather(result, arrays, layout)
    return _relayout(result, layout)


def _cuts(bounds: list[tuple[int, int, int]], tensor: Tensor) -> bool:
    return any(b != (0, n, 1) for b, n in zip(bounds, tensor.shape, strict=True))


def _expand(keys: tuple[Any, ...], tensor: Tensor) -> list[Any]:
    """Replace `...` and missing trailing keys by full slices; refuse what is not supported."""
    used = sum(1 for item in keys if item is not None and item is not Ellipsis)
    if used > tensor.ndim:
        raise IndexOutOfRange(
            f"{used} indices were given for a tensor of shape {tensor.shape}; "
            f"at most {tensor.ndim} fit."
        )
    full = [slice(None)] * (tensor.ndim - used)
    expanded: list[Any] = []
    for item in keys:
        if item is Ellipsis:
            expanded += full
            full = []
            continue
        if isinstance(item, (list, np.ndarray, Tensor)) and _is_mask(item):
            raise UnsupportedOperation(
                "A Boolean mask was used as an index; the shape of its result depends on the "
                "data. Use where(mask, x, 0), or integer positions."
            )
        expanded.append(item)
    return expanded + full


def _is_mask(item: Any) -> bool:
    return as_tensor(item).dtype.kind == "b"


def _relayout(x: Tensor, layout: list[str]) -> Tensor:
    extents = iter(x.shape)
    shape = []
    for kind in layout:
        n = 1 if kind == "new" else next(extents)
        if kind != "dropped":
            shape.append(n)
    return x if tuple(shape) == x.shape else reshape(x, tuple(shape))


def _gather(x: Tensor, arrays: list[tuple[int, Tensor]], layout: list[str]) -> Tensor:
    """Read at integer arrays: move their axes together, flatten them, take once."""
    axes = [axis for axis, _ in arrays]
    shape = np.broadcast_shapes(*(indices.shape for _, indices in arrays))
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    flat = x.transpose((*axes, *rest))
    extents = [x.shape[axis] for axis in axes]
    flat = reshape(flat, (math.prod(extents), *(x.shape[axis] for axis in rest)))
    position: Any = None
    for (_, indices), extent in zip(arrays, extents, strict=True):
        counted = from_front(indices, extent) if len(arrays) > 1 else indices
        position = counted if position is None else position * extent + counted
    taken = take(flat, broadcast_to(position, shape), axis=0)
    kinds = [kind for kind in layout if kind != "new"]
    together = axes == list(range(axes[0], axes[-1] + 1)) and "new" not in layout
    before = sum(1 for kind in kinds[: axes[0]] if kind == "kept") if together else 0
    tail = iter(taken.shape[len(shape) :])
    kept = [n for n, axis in zip(tail, rest, strict=True) if kinds[axis] == "kept"]
    result = reshape(taken, (*shape, *kept))
    if before:
        order = list(range(len(shape), len(shape) + before)) + list(range(len(shape)))
        result = result.transpose((*order, *range(len(order), result.ndim)))
    return _with_new_axes(result, layout, len(shape)) if "new" in layout else result


def _with_new_axes(x: Tensor, layout: list[str], indexed: int) -> Tensor:
    # The indexed axes stand first; new axes go among the kept ones behind them.
    kinds = [kind for kind in layout if kind in ("new", "kept")]
    return expand_dims(x, tuple(indexed + i for i, k in enumerate(kinds) if k == "new"))


def from_front(indices: Tensor, extent: int) -> Tensor:
    """Return indices with negative ones counted from the front; refuse what is out of range."""
    if not indices.is_symbolic:
        return as_tensor(_checked(indices.numpy(), extent))
    return take(arange(extent), indices, axis=0)


@operation
def one_hot(indices: Any, num_classes: int, dtype: Any = np.float64) -> Tensor:
    """Return 1 at each index and 0 elsewhere along a new last axis.

    Args:
        indices: Integers of any shape; those outside 0 … num_classes - 1 give rows of zeros.
        num_classes: The extent of the new axis.
        dtype: The dtype of the result.
    """
    positions = expand_dims(as_indices(indices), -1)
    return (positions == arange(num_classes)).astype(dtype)
