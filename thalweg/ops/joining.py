"""Tensors put together and taken apart: stack, split and their relatives."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation
from thalweg.core.size import Size
from thalweg.core.spec import FLOAT64, Spec, broadcast
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, CallError, ShapeError
from thalweg.ops.arranging import atleast_1d, atleast_2d, atleast_3d, ravel
from thalweg.ops.cutting import slice_
from thalweg.ops.indexing import take
from thalweg.ops.shaping import (
    as_shape,
    broadcast_to,
    concatenate,
    expand_dims,
    normalize_axis,
    reshape,
    transpose,
)

__all__ = [
    "array_split",
    "broadcast_arrays",
    "broadcast_shapes",
    "cartesian_prod",
    "column_stack",
    "combinations",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "meshgrid",
    "split",
    "stack",
    "vsplit",
    "vstack",
]


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
    if any(tensor.shape != tensors[0].shape for tensor in tensors):
        shapes = ", ".join(f"{tensor.shape}" for tensor in tensors)
        raise ShapeError(f"stack got {shapes}; it wants equal shapes. Broadcast or reshape them.")
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


@operation
def split(
    x: Any,
    indices_or_sections: Any = None,
    axis: int = 0,
    *,
    dim: int | None = None,
    split_size_or_sections: Any = None,
) -> list[Tensor] | tuple[Tensor, ...]:
    """Cut a tensor into equal parts, or at the given positions along an axis.

    With PyTorch's `dim=` or `split_size_or_sections=` it is `x.split`, which is given the sizes
    of the parts.

    Raises:
        ArgumentError: If a number of parts does not divide the axis.

    Example:
        >>> import thalweg as tw
        >>> tw.split(tw.arange(5), [2])
        [tensor([0, 1]), tensor([2, 3, 4])]
    """
    tensor = as_tensor(x)
    if dim is not None or split_size_or_sections is not None:
        sizes = indices_or_sections if split_size_or_sections is None else split_size_or_sections
        pieces: tuple[Tensor, ...] = op.split_in_sizes(tensor, sizes, axis if dim is None else dim)
        return pieces
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
    return [_part(tensor, position, *slice(*edge).indices(extent)[:2]) for edge in edges]


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


def _part(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    bounds = [(0, n, 1) for n in x.shape]
    bounds[axis] = (start, max(start, stop), 1)
    return slice_(x, tuple(bounds))


def _cut_along(name: str, x: Any, where: Any, axis: int, least: int) -> list[Tensor]:
    tensor = as_tensor(x)
    if tensor.ndim < least:
        raise ShapeError(
            f"{name} requires a tensor with at least {least} dimension, but got a tensor with "
            f"{tensor.ndim} dimensions. Reshape it first."
        )
    return list(split(tensor, where, axis))


@method
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the second axis, or a vector along its only one; as `split`."""
    axis = 0 if as_tensor(x).ndim < 2 else 1
    return _cut_along("hsplit", x, indices_or_sections, axis, 1)


@method
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the first axis, of two at least; as `split`."""
    return _cut_along("vsplit", x, indices_or_sections, 0, 2)


@method
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the third axis; as `split`."""
    return _cut_along("dsplit", x, indices_or_sections, 2, 3)


@operation("broadcast_tensors")
def broadcast_arrays(*arrays: Any) -> list[Tensor]:
    """Return the tensors broadcast to their common shape.

    Raises:
        ShapeError: If they have none.
    """
    tensors = [as_tensor(array) for array in arrays]
    shape = broadcast("broadcast_arrays", tuple(t.spec for t in tensors)) if tensors else ()
    return [broadcast_to(tensor, shape) for tensor in tensors]


@operation
def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Tensor]:
    """Return the coordinates of a grid, one tensor an axis.

    Args:
        arrays: The vectors of coordinates along each axis.
        indexing: "xy", where the first vector runs along the second axis, or "ij".
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid got indexing {indexing!r}; it wants 'xy' or 'ij'.")
    if len(arrays) == 1 and isinstance(arrays[0], (tuple, list)) and _are_tensors(arrays[0]):
        arrays = tuple(arrays[0])  # PyTorch's list of them
    vectors = [ravel(array) for array in arrays]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = [1, 0]
    ones = [(1,) * place + (-1,) + (1,) * (len(vectors) - place - 1) for place in places]
    return broadcast_arrays(*(reshape(v, s) for v, s in zip(vectors, ones, strict=True)))


def _are_tensors(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Tensor) for item in items)


@operation
def broadcast_shapes(*shapes: Any) -> Size:
    """Return the shape that tensors of these shapes broadcast to.

    Raises:
        ShapeError: If they do not.
    """
    specs = tuple(Spec(as_shape(shape), FLOAT64) for shape in shapes)
    if any(extent < 0 for spec in specs for extent in spec.shape):
        raise ShapeError(f"Trying to create tensor with negative dimension: {shapes}.")
    return Size(broadcast("broadcast_shapes", specs) if specs else ())


@operation
def cartesian_prod(*tensors: Any) -> Tensor:
    """Return all choices of one element of each vector, as rows; the last changes fastest.

    Raises:
        ShapeError: If one is no vector.
    """
    vectors = [as_tensor(item) for item in tensors]
    if any(vector.ndim != 1 for vector in vectors):
        raise ShapeError("Expect a 1D vector; cartesian_prod got tensors of other shapes.")
    if len(vectors) == 1:
        return vectors[0]
    return stack([ravel(grid) for grid in meshgrid(*vectors, indexing="ij")], axis=1)


@operation
def combinations(x: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return all choices of r elements of a vector, as rows, in the order of their positions.

    Raises:
        ShapeError: If it is no vector.
        ArgumentError: If r is negative.
    """
    tensor = as_tensor(x)
    if tensor.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {tensor.shape}. Use ravel.")
    if r < 0:
        raise ArgumentError(f"Expect a non-negative number, but got {r}.")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(tensor.size), r)) if r else []
    return take(tensor, np.asarray(rows, np.int64).reshape(len(rows), r), axis=0)
