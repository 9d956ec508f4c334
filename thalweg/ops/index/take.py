"""Reading and adding at positions: gathers and their adjoints, scatter-adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, op
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import IndexOutOfRange, ShapeError, WrongIndex
from thalweg.ops.creation.creation import zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import equal
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims, reshape

__all__ = [
    "one_hot",
    "take",
    "take_along_axis",
    "take_along_dim",
]


Array = np.ndarray[Any, Any]


def counted_from_front(indices: Array, extent: int) -> Array:
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
    positions = indices.astype(np.int64)
    return np.where(positions < 0, positions + extent, positions)


def as_indices(value: Any) -> Tensor:
    """Return an integer tensor.

    Raises:
        WrongIndex: If the values are not integers.
    """
    tensor = as_tensor(value)
    if tensor.dtype.kind not in "iu":
        raise WrongIndex(
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
    lambda g, out, x, indices, axis: op.scatter_add(
        zeros(x.shape, x.dtype, like=g), indices, g, axis=axis
    ),
    arguments=_resolve_take,
)
def take(x: Array, indices: Array, *, axis: int) -> Array:
    """Read slices at integer positions along an axis; negative positions count from the end."""
    return np.take(x, counted_from_front(indices, x.shape[axis]), axis=axis)


attach("take", take)


def _resolve_scatter(x: Any, indices: Any, updates: Any, axis: int) -> Any:
    tensor, positions = as_tensor(x), as_indices(indices)
    return (tensor, positions, astype(as_tensor(updates), tensor.dtype)), {"axis": axis}


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: g,
    None,
    lambda g, out, x, indices, updates, axis: take(g, indices, axis=axis),
    arguments=_resolve_scatter,
    additive=True,
)
def scatter_add(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Add slices at integer positions along an axis; repeated positions add up."""
    result = x.copy()
    key: Any = (*(slice(None),) * axis, counted_from_front(indices, x.shape[axis]))
    np.add.at(result, key, updates)
    return result


def _resolve_along(x: Any, indices: Any, axis: int | None = -1) -> Any:
    tensor, positions = as_tensor(x), as_indices(indices)
    if axis is None:
        tensor, positions, axis = reshape(tensor, -1), reshape(positions, -1), 0
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
    lambda g, out, x, indices, axis: op.scatter_add_along_axis(
        zeros(x.shape, x.dtype, like=g), indices, g, axis=axis
    ),
    arguments=_resolve_along,
)
def take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    """Read one element at each position: out[i, j] = x[i, indices[i, j]] for the last axis."""
    return np.take_along_axis(x, counted_from_front(indices, x.shape[axis]), axis)


attach("take_along_axis", take_along_axis)


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: g,
    None,
    lambda g, out, x, indices, updates, axis: take_along_axis(g, indices, axis=axis),
    arguments=_resolve_scatter,
    additive=True,
)
def scatter_add_along_axis(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Add one element at each position, the transpose of `take_along_axis`."""
    result = x.copy()
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = counted_from_front(indices, x.shape[axis])
    np.add.at(result, tuple(grid), updates)
    return result


def from_front(indices: Tensor, extent: int) -> Tensor:
    """Return indices with negative ones counted from the front; refuse what is out of range."""
    if indices.is_symbolic:
        # Reading from 0, 1, … checks the range when the program runs.
        return take(arange(extent), indices, axis=0)
    return fresh(counted_from_front(indices.numpy(), extent))


@method
def one_hot(indices: Any, num_classes: int, dtype: Any = np.float64) -> Tensor:
    """Return 1 at each index and 0 elsewhere along a new last axis.

    Args:
        indices: Integers of any shape; those outside 0 … num_classes - 1 give rows of zeros.
        num_classes: The extent of the new axis.
        dtype: The dtype of the result.
    """
    positions = expand_dims(as_indices(indices), -1)
    return astype(equal(positions, arange(num_classes)), dtype)


@method
def take_along_dim(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Read one element at each position along an axis, by default of the flattened tensor."""
    return take_along_axis(x, indices, axis=axis)
