"""Parts of a tensor along an axis, as views: PyTorch's names."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from thalweg.core.operation import attach, method
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError
from thalweg.ops.shape.axes import without
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.scalars import axis_of
from thalweg.ops.shape.split import array_split

__all__ = [
    "chunk",
    "narrow",
    "select",
    "split_with_sizes",
    "tensor_split",
    "unbind",
]


# ---- parts


@method
def narrow(x: Any, axis: int, start: Any, length: int) -> Tensor:
    """Read `length` positions from `start` on along an axis.

    Raises:
        ShapeError: If the tensor has no axes, or they reach over the end.
        ArgumentError: If the start is a tensor, and not one integer.
    """
    tensor, first = as_tensor(x), _start(start)
    if not tensor.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor. Reshape it first.")
    place = axis_of("narrow", axis, tensor.ndim)
    extent = tensor.shape[place]
    if not -extent <= first <= extent:
        raise IndexOutOfRange(f"narrow got start {first}; it wants one from {-extent} to {extent}.")
    first += extent if first < 0 else 0
    if length < 0 or first + length > extent:
        raise ShapeError(
            f"narrow: start ({first}) + length ({length}) exceeds dimension size ({extent}), or "
            "the length is negative. Give fewer positions."
        )
    return part_of(tensor, place, first, first + length)


def _start(given: Any) -> int:
    if isinstance(given, Tensor) and (given.ndim or given.dtype.kind not in "iu"):
        raise ArgumentError(
            f"start must be an 0-dim integral Tensor; narrow got shape {given.shape} and dtype "
            f"{given.dtype}. Give an int."
        )
    return int(given)


@method
def select(x: Any, axis: int, index: int) -> Tensor:
    """Read one position along an axis, which disappears.

    Raises:
        IndexOutOfRange: If there is no such position or axis.
    """
    tensor, position = as_tensor(x), int(index)
    if not tensor.ndim:
        raise IndexOutOfRange("select() cannot be applied to a 0-dim tensor. Reshape it first.")
    place = axis_of("select", axis, tensor.ndim)
    extent = tensor.shape[place]
    if not -extent <= position < extent:
        raise IndexOutOfRange(
            f"select(): index {position} out of range for tensor of size {list(tensor.shape)} at "
            f"dimension {place}. It wants one from {-extent} to {extent - 1}."
        )
    position %= extent
    cut = part_of(tensor, place, position, position + 1)
    return reshape(cut, without(tensor.shape, (place,)))


@method
def unbind(x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Read all positions along an axis, one tensor each."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise IndexOutOfRange("unbind() cannot be applied to a 0-dim tensor. Reshape it first.")
    place = axis_of("unbind", axis, tensor.ndim)
    return tuple(select(tensor, place, i) for i in range(tensor.shape[place]))


@method
def split_with_sizes(x: Any, split_sizes: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into parts of the given sizes along an axis.

    Raises:
        ShapeError: If they do not sum to its extent.
    """
    tensor, sizes = as_tensor(x), [int(n) for n in split_sizes]
    if not tensor.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor; reshape it first.")
    place = axis_of("split", axis, tensor.ndim)
    if sum(sizes) != tensor.shape[place] or min(sizes, default=0) < 0:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {tensor.shape[place]} (input "
            f"tensor's size at dimension {place}), but got split_sizes={sizes}. Change one."
        )
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(part_of(tensor, place, a, b) for a, b in pairwise(starts))


@method("unsafe_split")
def split_in_sizes(x: Any, split_size: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into parts of one size, the last one smaller, or of several sizes.

    This is the method `x.split`, as PyTorch's; the function `tw.split` counts parts, as NumPy's.
    """
    tensor = as_tensor(x)
    if isinstance(split_size, (tuple, list)):
        return split_with_sizes(tensor, split_size, axis)
    if not tensor.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor; reshape it first.")
    extent, size = tensor.shape[axis_of("split", axis, tensor.ndim)], int(split_size)
    if size < 0 or (size == 0 and extent):
        raise ArgumentError(f"split expects split_size be positive, but got {split_size}.")
    count = -(-extent // size) if extent else 1
    return split_with_sizes(tensor, [min(size, extent - i * size) for i in range(count)], axis)


attach("split", split_in_sizes, replace=True)


@method("unsafe_chunk")
def chunk(x: Any, chunks: int, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into at most `chunks` parts of one size, the last one smaller."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor; reshape it first.")
    if chunks < 1:
        raise ArgumentError(f"chunk expects `chunks` to be greater than 0, got: {chunks}.")
    place = axis_of("chunk", axis, tensor.ndim)
    size = -(-tensor.shape[place] // chunks)
    if not size:
        return split_with_sizes(tensor, [0] * chunks, place)
    return split_in_sizes(tensor, size, place)


@method
def tensor_split(x: Any, indices_or_sections: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into nearly equal parts, the first ones larger, or at the given positions."""
    tensor, where = as_tensor(x), indices_or_sections
    if not tensor.ndim:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor; reshape it first.")
    if isinstance(where, Tensor):
        if where.ndim > 1 or where.dtype != np.int64:
            raise ShapeError("tensor_split expected a tensor of int64 with zero or one axes.")
        where = where.tolist()
    return tuple(array_split(tensor, where, axis))
