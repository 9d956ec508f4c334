"""Reading at positions, gathers; adding there, their adjoints; other ways to combine there."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.apply import Flags, Operands, Params, apply, move_axis, repeated
from thalweg.core.operation import attach, op, operation
from thalweg.core.primitive import HELD, Index, Primitive, general, linear
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import IndexOutOfRange, ShapeError, WrongIndex
from thalweg.ops.creation.creation import zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import divide, multiply
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.transpose import transpose

__all__ = ["one_hot", "take", "take_along_axis"]


def counted_from_front(indices: Array, extent: int, axis: int = 0) -> Array:
    """Return indices along an axis of some extent counted from the front.

    Raises:
        IndexOutOfRange: If one points outside the axis.
    """
    if indices.size and (indices.min() < -extent or indices.max() >= extent):
        worst = indices.max() if indices.max() >= extent else indices.min()
        raise IndexOutOfRange(
            f"index {worst} is out of bounds for dimension {axis} with size {extent}; "
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


def _take_spec(x: Spec, indices: Spec, axis: int) -> Spec:
    return Spec((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


def _slices_held(index: Index, x: Spec, indices: Spec, axis: int) -> tuple[Index, Index]:
    end = axis + len(indices.shape)
    return (*index[:axis], HELD, *index[end:]), index[axis:end]


def _take_of_examples(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    (x, indices), axis = operands, params["axis"]
    if not flags[1]:
        return apply(primitive, operands, {"axis": axis + 1})
    if not flags[0]:
        return move_axis(apply(primitive, operands, params), axis, 0)
    positions = _shifted_positions(indices, size, x.shape[axis + 1])
    found = apply(primitive, (_end_to_end(x, axis), positions), {"axis": 0})
    return _axes_moved(found, 1, indices.ndim - 1, axis + 1)


def _shifted_positions(indices: Tensor, size: int, extent: int) -> Tensor:
    """Return, for indices (size, …) into an axis, those into all examples' axes end to end."""
    shape = (size, *(1,) * (indices.ndim - 1))
    # A position outside its own example is refused here; it must not fall into another's.
    return from_front(indices, extent) + reshape(arange(0, size * extent, extent), shape)


def _end_to_end(x: Tensor, axis: int) -> Tensor:
    """Lay an axis of all examples end to end: (size, …, n, …) becomes (size · n, …, …)."""
    front = move_axis(x, axis + 1, 1)
    return reshape(front, (front.shape[0] * front.shape[1], *front.shape[2:]))


def _axes_moved(x: Tensor, source: int, count: int, target: int) -> Tensor:
    """Move a run of axes to another place; both are counted without the run."""
    moving = range(source, source + count)
    order = [i for i in range(x.ndim) if i not in moving]
    order[target:target] = moving
    return x if order == list(range(x.ndim)) else transpose(x, tuple(order))


@linear(
    _take_spec,
    lambda g, out, x, indices, axis: op.scatter_add(
        zeros(x.shape, x.dtype, like=g), indices, g, axis=axis
    ),
    arguments=_resolve_take,
    order="C",
    role="gather",
    cost=2,
    reads=_slices_held,
    batch=_take_of_examples,
)
def take(x: Array, indices: Array, *, axis: int) -> Array:
    """Read slices at integer positions along an axis; negative positions count from the end."""
    return np.take(x, counted_from_front(indices, x.shape[axis], axis), axis=axis)


attach("take", take)


def _resolve_scatter(x: Any, indices: Any, updates: Any, axis: int) -> Any:
    tensor, positions = as_tensor(x), as_indices(indices)
    return (tensor, positions, astype(as_tensor(updates), tensor.dtype)), {"axis": axis}


def own_element(
    index: Index, x: Spec, indices: Spec, updates: Spec, **params: Any
) -> tuple[Index, None, None]:
    # Whichever updates are added there.
    return index, None, None


def _scatter_of_examples(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    indices, axis = operands[1], params["axis"]
    x, updates = repeated(size, operands[::2], flags[::2])
    if not flags[1]:
        return apply(primitive, (x, indices, updates), {"axis": axis + 1})
    extent = x.shape[axis + 1]
    positions = _shifted_positions(indices, size, extent)
    moved = _axes_moved(updates, axis + 1, indices.ndim - 1, 1)
    flat = apply(primitive, (_end_to_end(x, axis), positions, moved), {"axis": 0})
    return move_axis(reshape(flat, (size, extent, *flat.shape[1:])), 1, axis + 1)


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: g,
    None,
    lambda g, out, x, indices, updates, axis: take(g, indices, axis=axis),
    arguments=_resolve_scatter,
    additive=True,
    order="C",
    role="scatter",
    reads=own_element,
    batch=_scatter_of_examples,
)
def scatter_add(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Add slices at integer positions along an axis; repeated positions add up."""
    result = x.copy()
    np.add.at(result, _slices(x, indices, axis), updates)
    return result


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: op.put_slices(
        g, indices, op.zeros_like(updates), axis=axis
    ),
    None,
    lambda g, out, x, indices, updates, axis: take(g, indices, axis=axis),
    arguments=_resolve_scatter,
    additive=True,
    order="C",
    role="scatter",
    reads=own_element,
    batch=_scatter_of_examples,
)
def put_slices(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Replace slices at integer positions along an axis, no two of which are equal."""
    result = x.copy()
    result[_slices(x, indices, axis)] = updates
    return result


def _slices(x: Array, indices: Array, axis: int) -> Any:
    return (*(slice(None),) * axis, counted_from_front(indices, x.shape[axis], axis))


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
    role="gather",
    cost=2,
    reads=lambda index, x, indices, axis: ((*index[:axis], HELD, *index[axis + 1 :]), index),
)
def take_along_axis(x: Array, indices: Array, *, axis: int) -> Array:
    """Read one element at each position: out[i, j] = x[i, indices[i, j]] for the last axis."""
    return np.take_along_axis(x, counted_from_front(indices, x.shape[axis], axis), axis)


@linear(
    lambda x, indices, updates, axis: x,
    lambda g, out, x, indices, updates, axis: g,
    None,
    lambda g, out, x, indices, updates, axis: take_along_axis(g, indices, axis=axis),
    arguments=_resolve_scatter,
    additive=True,
    role="scatter",
    reads=own_element,
)
def scatter_add_along_axis(x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
    """Add one element at each position, the transpose of `take_along_axis`."""
    result = x.copy()
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = counted_from_front(indices, x.shape[axis], axis)
    np.add.at(result, tuple(grid), updates)
    return result


def from_front(indices: Tensor, extent: int) -> Tensor:
    """Return indices with negative ones counted from the front; refuse what is out of range."""
    if indices.is_symbolic:
        # Reading from 0, 1, … checks the range when the program runs.
        return take(arange(extent), indices, axis=0)
    return fresh(counted_from_front(indices.numpy(), extent))


def at_own_places(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    """Write into a batch, whose elements are counted on from example to example."""
    x, indices, values = repeated(size, operands, flags)
    count = x.size // size if size else 0
    starts = reshape(arange(size) * count, (size, *(1,) * (indices.ndim - 1)))
    return apply(primitive, (x, from_front(indices, count) + starts, values), params)


@operation
def one_hot(indices: Any, num_classes: int, dtype: Any = np.float64) -> Tensor:
    """Return 1 at each index and 0 elsewhere along a new last axis.

    Args:
        indices: Integers of any shape; those outside 0 … num_classes - 1 give rows of zeros.
        num_classes: The extent of the new axis.
        dtype: The dtype of the result.
    """
    positions = expand_dims(as_indices(indices), -1)
    return astype(equal(positions, arange(num_classes)), dtype)


# ---- places: positions of elements, counted in row-major order


def places_along(x: Tensor, axis: int, index: Tensor) -> Tensor:
    """Return where x[i, index[i, j]] and its like lie, for every element of the index."""
    strides = [int(np.prod(x.shape[i + 1 :])) for i in range(x.ndim)]
    places: Any = from_front(index, x.shape[axis]) * strides[axis]
    for i, stride in enumerate(strides):
        if i != axis:
            shape = [1] * x.ndim
            shape[i] = -1
            places = places + reshape(arange(index.shape[i]) * stride, tuple(shape))
    return places  # type: ignore[no-any-return]


def add_to(x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Add values at places; those at repeated ones add up."""
    sums = scatter_add(reshape(x, -1), reshape(places, -1), reshape(values, -1), axis=0)
    return reshape(sums, x.shape)


def read_at(x: Tensor, places: Tensor) -> Tensor:
    """Return the elements at places."""
    return take(reshape(x, -1), places, axis=0)


# ---- combining what meets at one place

_UFUNCS = {"multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum}


def _rule_of_target(
    g: Tensor, out: Tensor, x: Tensor, places: Tensor, values: Tensor, how: str
) -> Tensor:
    if how == "multiply":
        return multiply(g, combine_at(op.ones_like(x), places, values, how=how))
    return where(equal(x, out), divide(g, _ties(out, x, places, values)), 0.0)


def _rule_of_values(
    g: Tensor, out: Tensor, x: Tensor, places: Tensor, values: Tensor, how: str
) -> Tensor:
    if how != "multiply":
        ties = _ties(out, x, places, values)
        return where(equal(values, read_at(out, places)), read_at(divide(g, ties), places), 0.0)
    # The product of the others: without its own zero where it is the only one.
    zero = equal(values, 0)
    ones = where(zero, 1.0, values)
    zeros = add_to(op.zeros_like(x), places, astype(zero, x.dtype))
    product = read_at(combine_at(x, places, ones, how=how), places)
    count = read_at(zeros, places)
    others = where(
        zero,
        where(equal(count, 1), product, 0.0),
        where(equal(count, 0), divide(product, ones), 0.0),
    )
    return multiply(read_at(g, places), others)


def _ties(out: Tensor, x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    reached = astype(equal(values, read_at(out, places)), x.dtype)
    ties = add_to(astype(equal(x, out), x.dtype), places, reached)
    return where(equal(ties, 0), 1.0, ties)


@general(
    lambda x, places, values, how: x,
    _rule_of_target,
    None,
    _rule_of_values,
    role="scatter",
    reads=own_element,
    batch=at_own_places,
)
def combine_at(x: Array, places: Array, values: Array, *, how: str) -> Array:
    """Multiply what is at places by values, or keep the larger or smaller; places may repeat."""
    flat = x.ravel().copy()
    _UFUNCS[how].at(flat, counted_from_front(places.ravel(), x.size), values.ravel())
    return flat.reshape(x.shape)
