"""Tensors put together, and taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.core.apply import joined
from thalweg.core.operation import operation, publish
from thalweg.core.primitive import Resolved, linear
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, CallError, ShapeError
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.axes import normalize_axis, without
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.reshape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    expand_dims,
    ravel,
    reshape,
)
from thalweg.ops.shape.transpose import transpose

__all__ = [
    "append", "array_split", "block", "column_stack", "concatenate", "dsplit", "dstack",
    "hsplit", "hstack", "split", "stack", "unstack", "vsplit", "vstack",
]  # fmt: skip


# ---- the primitives


def _resolve_concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None) -> Resolved:
    tensors = [as_tensor(array) for array in arrays]
    if dtype is None and tensors:
        dtype = joined(*tensors)
    if axis is not None and len({tensor.ndim for tensor in tensors}) > 1:
        # As PyTorch: vectors without elements join anything.
        tensors = [tensor for tensor in tensors if tensor.array.shape != (0,)]
    if not tensors:
        raise ArgumentError("concatenate got no tensors; it wants at least one. Check the list.")
    if axis is None:
        tensors, axis = [reshape(tensor, (tensor.size,)) for tensor in tensors], 0
    first = tensors[0]
    if not first.array.shape:
        raise ShapeError("zero-dimensional tensors cannot be concatenated. Use stack.")
    position = normalize_axis("concatenate", axis, first.ndim)
    for tensor in tensors:
        if tensor.ndim != first.ndim:
            raise ShapeError(
                f"Tensors must have same number of dimensions: got {first.ndim} and {tensor.ndim}. "
                "Reshape one of them, or use stack."
            )
        if without(tensor.shape, (position,)) != without(first.shape, (position,)):
            raise ShapeError(_differing(tensors, position))
    return tuple(astype(tensor, dtype) for tensor in tensors), {"axis": position}


def _differing(tensors: Sequence[Tensor], axis: int) -> str:
    """Say which of several tensors is the first to differ along another axis than one."""
    shapes = [tuple(tensor.shape) for tensor in tensors]
    number, wanted, found = next(
        (number, a, b)
        for number, shape in enumerate(shapes)
        for place, (a, b) in enumerate(zip(shapes[0], shape, strict=True))
        if a != b and place != axis
    )
    return (
        f"Sizes of tensors must match except in dimension {axis}. Expected size {wanted} but got "
        f"size {found} for tensor number {number} in the list: the shapes are "
        f"{', '.join(map(str, shapes))}. Reshape or broadcast them first."
    )


def _concatenate_spec(*specs: Spec, axis: int) -> Spec:
    total = sum(spec.shape[axis] for spec in specs)
    shape = specs[0].shape
    return Spec((*shape[:axis], total, *shape[axis + 1 :]), specs[0].dtype)


def _own_parts(g: Tensor, out: Tensor, *operands: Tensor, axis: int) -> Iterator[Tensor]:
    start = 0
    for operand in operands:
        stop = start + operand.array.shape[axis]
        yield part_of(g, axis, start, stop)
        start = stop


@linear(
    _concatenate_spec,
    variadic=_own_parts,
    arguments=_resolve_concatenate,
    additive=True,
    order="K",
    role="piecewise",
    cost=2,
)
def concatenate(*arrays: Array, axis: int) -> Array:
    """Join tensors along an existing axis."""
    return np.concatenate(arrays, axis=axis)


publish(concatenate, ("concat",), own="concatenate")


def require_equal(shapes: Sequence[Sequence[int]]) -> None:
    """Refuse tensors that do not lie on one another.

    Raises:
        ShapeError: If one has another shape than the first.
    """
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(shapes[0])} at entry 0 "
                f"and {list(shape)} at entry {number}. Broadcast or reshape them."
            )


@operation
def stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

    Raises:
        ShapeError: If the shapes differ.

    Example:
        >>> import thalweg as tw
        >>> tw.stack([tw.ones(2), tw.zeros(2)], axis=1)
        tensor([[1., 0.],
                [1., 0.]])
    """
    tensors = [as_tensor(array) for array in arrays]
    if not tensors:
        raise ArgumentError("stack got no tensors; it wants at least one. Check the list.")
    require_equal([tensor.shape for tensor in tensors])
    position = normalize_axis("stack", axis, tensors[0].ndim + 1)
    return concatenate([expand_dims(tensor, position) for tensor in tensors], axis=position)


@operation("row_stack")
def vstack(arrays: Sequence[Any]) -> Tensor:
    """Join along the first axis; vectors of n elements count as rows of shape (1, n)."""
    return concatenate([atleast_2d(array) for array in arrays], axis=0)


@operation
def hstack(arrays: Sequence[Any]) -> Tensor:
    """Join along the second axis; vectors along their only one."""
    tensors = [atleast_1d(array) for array in arrays]
    return concatenate(tensors, axis=0 if tensors and tensors[0].ndim == 1 else 1)


@operation
def dstack(arrays: Sequence[Any]) -> Tensor:
    """Join along the third axis; matrices and vectors get one of extent 1."""
    return concatenate([atleast_3d(array) for array in arrays], axis=2)


@operation
def column_stack(arrays: Sequence[Any]) -> Tensor:
    """Join vectors as the columns of a matrix; matrices contribute their columns."""
    tensors = [as_tensor(array) for array in arrays]
    return concatenate([t if t.ndim > 1 else transpose(atleast_2d(t)) for t in tensors], axis=1)


# ---- at the end, at positions, out of them


@operation
def append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return a tensor with others at its end along an axis; by default both flattened."""
    if axis is None:
        return concatenate((ravel(arr), ravel(values)), axis=0)
    return concatenate((as_tensor(arr), as_tensor(values)), axis=axis)


# ---- blocks and choices


@operation
def block(arrays: Any) -> Tensor:
    """Join nested lists of tensors: the innermost along the last axis, then along those before.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.block([[tw.ones((1, 1)), tw.zeros((1, 1))], [tw.tensor([[2.0, 3.0]])]])
        tensor([[1., 0.],
                [2., 3.]])
    """
    depth, rank = _depth(arrays), _rank(arrays)
    return _joined(arrays, depth, max(depth, rank))


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise ArgumentError("block got an empty list: List cannot be empty. Leave it out.")
    depths = {_depth(item) for item in arrays}
    if len(depths) > 1:
        raise ArgumentError("block got lists whose depths differ. Nest all of them alike.")
    return 1 + depths.pop()


def _rank(arrays: Any) -> int:
    return max(map(_rank, arrays)) if isinstance(arrays, list) else as_tensor(arrays).ndim


def _joined(arrays: Any, depth: int, rank: int) -> Tensor:
    if not isinstance(arrays, list):
        x = as_tensor(arrays)
        return reshape(x, (*(1,) * (rank - x.ndim), *x.shape))
    return concatenate([_joined(item, depth - 1, rank) for item in arrays], axis=-depth)


@operation
def split(x: Any, indices_or_sections: Any = None, axis: int = 0) -> list[Tensor]:
    """Cut a tensor into equal parts, or at the given positions along an axis.

    Raises:
        ArgumentError: If a number of parts does not divide the axis.

    Example:
        >>> import thalweg as tw
        >>> tw.split(tw.arange(5), [2])
        [tensor([0, 1]), tensor([2, 3, 4])]
    """
    tensor = as_tensor(x)
    position = normalize_axis("split", axis, tensor.ndim)
    extent = tensor.shape[position]
    if np.ndim(indices_or_sections) == 0 and (
        (parts := _parts("split", indices_or_sections)) < 1 or extent % parts
    ):
        raise ArgumentError(
            f"split got {indices_or_sections} parts for an axis of extent {extent}; it wants a "
            "divisor of the extent. Use array_split for unequal parts."
        )
    return array_split(tensor, indices_or_sections, position)


@operation
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut a tensor into nearly equal parts, the first ones larger, or at the given positions.

    Raises:
        ArgumentError: If fewer than one part is asked for.
    """
    tensor = as_tensor(x)
    position = normalize_axis("array_split", axis, tensor.ndim)
    extent = tensor.shape[position]
    if np.ndim(indices_or_sections):
        cuts = [int(cut) for cut in indices_or_sections]
    else:
        parts = _parts("array_split", indices_or_sections)
        if parts < 1:
            raise ArgumentError(f"array_split got {parts} parts; it wants at least 1.")
        size, larger = divmod(extent, parts)
        cuts = [part * size + min(part, larger) for part in range(1, parts)]
    edges = zip([None, *cuts], [*cuts, None], strict=True)
    return [part_of(tensor, position, *slice(*edge).indices(extent)[:2]) for edge in edges]


def _parts(name: str, given: Any) -> int:
    """Return how many parts are wanted.

    Raises:
        CallError: If it is no whole number.
    """
    try:
        parts = int(given)
    except (TypeError, ValueError):
        parts = None
    if parts is None or parts != given:
        raise CallError(
            f"{name} got {given!r}; it wants a number of parts, or a list of positions to cut at. "
            "Give an int, or a list of them."
        )
    return parts


def _cut_along(name: str, x: Any, where: Any, axis: int, least: int) -> list[Tensor]:
    tensor = as_tensor(x)
    if tensor.ndim < least:
        raise ShapeError(
            f"{name} requires a tensor with at least {least} dimension, but got a tensor with "
            f"{tensor.ndim} dimensions. Reshape it first."
        )
    return list(split(tensor, where, axis))


@operation
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the second axis, or a vector along its only one; as `split`."""
    axis = 0 if as_tensor(x).ndim < 2 else 1
    return _cut_along("hsplit", x, indices_or_sections, axis, 1)


@operation
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the first axis, of two at least; as `split`."""
    return _cut_along("vsplit", x, indices_or_sections, 0, 2)


@operation
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the third axis; as `split`."""
    return _cut_along("dsplit", x, indices_or_sections, 2, 3)


@operation
def unstack(x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the slices along an axis, which disappears."""
    tensor = as_tensor(x)
    place = normalize_axis("unstack", axis, tensor.ndim)
    shape = without(tensor.shape, (place,))
    cuts = (part_of(tensor, place, i, i + 1) for i in range(tensor.shape[place]))
    return tuple(reshape(cut, shape) for cut in cuts)
