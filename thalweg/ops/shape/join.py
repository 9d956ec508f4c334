"""Tensors put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.core.operation import operation, publish
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec, promote
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.shape.axes import normalize_axis, without
from thalweg.ops.shape.cut import slice_
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
    "append",
    "block",
    "column_stack",
    "concatenate",
    "dstack",
    "hstack",
    "stack",
    "vstack",
]


Array = np.ndarray[Any, Any]

# ---- the primitives


Resolved = tuple[tuple[Any, ...], dict[str, Any]]


def _resolve_concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None) -> Resolved:
    tensors = [as_tensor(array) for array in arrays]
    if dtype is None and tensors:
        dtype = promote(tuple(tensor.spec for tensor in tensors))[0]
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
        same_rank = tensor.ndim == first.ndim
        if not same_rank or without(tensor.shape, (position,)) != without(first.shape, (position,)):
            shapes = ", ".join(f"{t.shape}" for t in tensors)
            raise ShapeError(
                f"concatenate got shapes {shapes}; they may differ along axis {axis} only. "
                "Reshape or broadcast them first."
            )
    return tuple(astype(tensor, dtype) for tensor in tensors), {"axis": position}


def _concatenated(*specs: Spec, axis: int) -> Spec:
    total = sum(spec.shape[axis] for spec in specs)
    shape = specs[0].shape
    return Spec((*shape[:axis], total, *shape[axis + 1 :]), specs[0].dtype)


def _own_parts(g: Tensor, out: Tensor, *operands: Tensor, axis: int) -> Iterator[Tensor]:
    bounds = [(0, n, 1) for n in g.array.shape]
    start = 0
    for operand in operands:
        stop = start + operand.array.shape[axis]
        bounds[axis] = (start, stop, 1)
        yield slice_(g, tuple(bounds))
        start = stop


@linear(_concatenated, variadic=_own_parts, arguments=_resolve_concatenate, additive=True)
def concatenate(*arrays: Array, axis: int) -> Array:
    """Join tensors along an existing axis."""
    return np.concatenate(arrays, axis=axis)


publish(concatenate, ("cat", "concat"), False, False, "concatenate")


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
