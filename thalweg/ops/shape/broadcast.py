"""Broadcasting, and its transpose: sums over axes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.apply import Flags, Operands, Params, apply
from thalweg.core.operation import operation
from thalweg.core.primitive import Primitive, Resolved, aligned, linear
from thalweg.core.spec import FLOAT64, Array, Shape, Size, Spec, broadcast
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.shape.axes import normalize_axes, without
from thalweg.ops.shape.reshape import as_shape, ravel, reshape, restore_axes

__all__ = ["broadcast_arrays", "broadcast_shapes", "broadcast_to", "meshgrid"]

# ---- the primitives


@operation
def sum_to(g: Tensor, shape: Shape) -> Tensor:
    """Sum over the axes that broadcasting added, the transpose of `broadcast_to`."""
    if g.shape == shape:
        return g
    added = g.ndim - len(shape)
    stretched = [i for i, n in enumerate(shape) if n == 1 and g.shape[i + added] != 1]
    axes = (*range(added), *(i + added for i in stretched))
    total = reduce_sum(g, axes)
    return total if total.shape == shape else reshape(total, shape)


def _resolve_broadcast(x: Any, shape: Any) -> Resolved:
    tensor, wanted = as_tensor(x), as_shape(shape)
    if broadcast("broadcast_to", (tensor.spec, Spec(wanted, tensor.dtype))) != wanted:
        raise ShapeError(f"broadcast_to got shape {tensor.shape}, which is not part of {wanted}.")
    return (tensor,), {"shape": wanted}


def _broadcast_examples(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    (x,), shape = operands, params["shape"]
    lead = (1,) * (len(shape) + 1 - x.ndim)
    return broadcast_to(reshape(x, (size, *lead, *x.shape[1:])), (size, *shape))


@functools.lru_cache(maxsize=1024)
def _repeated_strides(shape: Shape, strides: Shape, rank: int) -> Shape:
    """Return the strides of an array that is repeated along new and single axes."""
    own = [0 if n == 1 else step for n, step in zip(shape, strides, strict=True)]
    return (0,) * (rank - len(shape)) + tuple(own)


@linear(
    lambda x, shape: Spec(shape, x.dtype),
    lambda g, out, x, shape: sum_to(g, x.shape),
    arguments=_resolve_broadcast,
    identity=True,
    view=True,
    role="view",
    reads=lambda index, x, shape: aligned(index, x),
    batch=_broadcast_examples,
)
def broadcast_to(x: Array, *, shape: Shape) -> Array:
    """Repeat along new leading axes and axes of extent 1."""
    if x.flags.c_contiguous:
        # NumPy's own function takes longer than small operations do.
        strides = _repeated_strides(x.shape, x.strides, len(shape))
        spread: Array = np.ndarray(shape, x.dtype, x, 0, strides)
        if shape != x.shape:
            spread.setflags(write=False)
        return spread
    return x[...] if shape == x.shape else np.broadcast_to(x, shape)


def _resolve_reduce_sum(x: Any, axis: Any) -> Resolved:
    tensor = as_tensor(x)
    return (tensor,), {"axis": normalize_axes("sum", axis, tensor.ndim)}


def _spread_again(g: Tensor, shape: Shape, axis: tuple[int, ...]) -> Tensor:
    restored = g if not g.array.shape else restore_axes(g, shape, axis)
    return apply(broadcast_to, (restored,), {"shape": shape})


@linear(
    lambda x, axis: Spec(without(x.shape, axis), x.dtype),
    lambda g, out, x, axis: _spread_again(g, x.array.shape, axis),
    arguments=_resolve_reduce_sum,
    identity=True,
    order="K",
    role="reduction",
)
def reduce_sum(x: Array, *, axis: tuple[int, ...]) -> Array:
    """Sum over some axes, which disappear."""
    total: Array = np.add.reduce(x, axis=axis, dtype=x.dtype)
    return total


@operation
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
    if (
        len(arrays) == 1
        and isinstance(arrays[0], (tuple, list))
        and any(isinstance(item, Tensor) for item in arrays[0])
    ):
        arrays = tuple(arrays[0])  # PyTorch's list of them
    vectors = [ravel(array) for array in arrays]
    places = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        places[:2] = [1, 0]
    ones = [(1,) * place + (-1,) + (1,) * (len(vectors) - place - 1) for place in places]
    return broadcast_arrays(*(reshape(v, s) for v, s in zip(vectors, ones, strict=True)))


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
