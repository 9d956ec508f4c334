"""Diagonals and triangles of matrices, and matrices built of them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.apply import apply, stacked
from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import INT64, Array, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import add
from thalweg.ops.elementwise.comparison import greater_equal, where
from thalweg.ops.index.take import scatter_add, take
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import pad_with_zeros, part_of
from thalweg.ops.shape.reshape import axis_of, expand_dims, reshape
from thalweg.ops.shape.transpose import moveaxis

__all__ = [
    "diag", "diag_indices_from", "diagflat", "diagonal", "trace", "tril", "tril_indices",
    "tril_indices_from", "triu", "triu_indices", "triu_indices_from",
]  # fmt: skip

# ---- triangles


def _columns_minus_rows(shape: Shape) -> Tensor:
    return arange(shape[-1]) - expand_dims(arange(shape[-2]), 1)


def _matrix(name: str, x: Any) -> Tensor:
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(f"{name} got shape {tensor.shape}; it wants a matrix. Use reshape.")
    return tensor


@operation
def tril(x: Any, k: int = 0, *, diagonal: int | None = None) -> Tensor:
    """Lower triangle of a matrix or of a stack of them; zeros above the k-th diagonal."""
    tensor, offset = _matrix("tril", x), k if diagonal is None else diagonal
    return where(greater_equal(offset, _columns_minus_rows(tensor.shape)), tensor, False)


@operation
def triu(x: Any, k: int = 0, *, diagonal: int | None = None) -> Tensor:
    """Upper triangle of a matrix or of a stack of them; zeros below the k-th diagonal."""
    tensor, offset = _matrix("triu", x), k if diagonal is None else diagonal
    return where(greater_equal(_columns_minus_rows(tensor.shape), offset), tensor, False)


def _indices(name: str, row: int, col: int, offset: int, dtype: Any) -> Tensor:
    if row < 0 or col < 0:
        raise ArgumentError(f"{name}: row and col must be non-negative, got {row} and {col}.")
    triangle = np.tri(row, col, offset if name == "tril_indices" else offset - 1, dtype=bool)
    found = np.nonzero(triangle if name == "tril_indices" else ~triangle)
    return fresh(np.stack(found).astype(INT64 if dtype is None else dtype))


@operation
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None) -> Tensor:
    """Rows and columns of the lower triangle of a matrix, as the two rows of a tensor."""
    return _indices("tril_indices", row, col, offset, dtype)


@operation
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None) -> Tensor:
    """Rows and columns of the upper triangle of a matrix, as the two rows of a tensor."""
    return _indices("triu_indices", row, col, offset, dtype)


# ---- diagonals


def _indices_from(name: str, arr: Any, k: int, part: Any) -> tuple[Tensor, ...]:
    shape = as_tensor(arr).shape
    if len(shape) != 2:
        raise ShapeError(f"{name} got shape {shape}: input array must be 2-d. Reshape it.")
    return tuple(as_tensor(places) for places in part(shape[0], k, shape[1]))


@operation
def tril_indices_from(arr: Any, k: int = 0) -> tuple[Tensor, ...]:
    """Return the rows and the columns of the elements on and below the k-th diagonal.

    Raises:
        ShapeError: If it is no matrix.
    """
    return _indices_from("tril_indices_from", arr, k, np.tril_indices)


@operation
def triu_indices_from(arr: Any, k: int = 0) -> tuple[Tensor, ...]:
    """Return the rows and the columns of the elements on and above the k-th diagonal.

    Raises:
        ShapeError: If it is no matrix.
    """
    return _indices_from("triu_indices_from", arr, k, np.triu_indices)


@operation
def diag_indices_from(arr: Any) -> tuple[Tensor, ...]:
    """Return the positions of the main diagonal, one tensor an axis.

    Raises:
        ShapeError: If there are not two axes at least, or they are not of one extent.
    """
    shape = as_tensor(arr).shape
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ShapeError(
            f"diag_indices_from got shape {shape}: all dimensions of input must be of equal "
            "length, and two at least."
        )
    return tuple(as_tensor(places) for places in np.diag_indices(shape[0], len(shape)))


@functools.lru_cache(64)
def _positions(rows: int, columns: int, offset: int) -> Array:
    """Return where a diagonal lies in a matrix read row by row; one array for all of a size."""
    first = (max(0, -offset), max(0, offset))
    count = max(0, min(rows - first[0], columns - first[1]))
    found = np.asarray((first[0] + np.arange(count)) * columns + first[1] + np.arange(count))
    found.flags.writeable = False
    return found


def _diagonal_spec(x: Spec, offset: int) -> Spec:
    rows, columns = x.shape[-2:]
    return Spec((*x.shape[:-2], _positions(rows, columns, offset).size), x.dtype)


# Of a matrix of more elements a derivative that goes over all of them takes longer than one that
# goes to those of the diagonal.
_FEW = 64


def _read_at_places(x: Tensor, offset: int) -> Tensor:
    rows, columns = x.shape[-2:]
    flat = reshape(x, (*x.shape[:-2], rows * columns))
    places = _positions(rows, columns, offset)
    if rows * columns > _FEW:
        return take(flat, places, axis=-1)
    start, stop = (int(places[0]), int(places[-1]) + 1) if places.size else (0, 0)
    return part_of(flat, flat.ndim - 1, start, stop, columns + 1)


@linear(
    _diagonal_spec,
    lambda g, out, x, offset: _place_diagonal(g, x.shape, offset),
    view=True,
    batch=stacked,
    expansion=_read_at_places,
)
def last_diagonal(x: Array, *, offset: int) -> Array:
    """Show a diagonal of the matrices along the last two axes."""
    shown = np.diagonal(x, offset, -2, -1)
    shown.flags.writeable = x.flags.writeable
    return shown


def _place_diagonal(g: Tensor, shape: Shape, offset: int) -> Tensor:
    """Return matrices that are 0 but for a diagonal."""
    rows, columns = shape[-2:]
    flat = zeros((*shape[:-2], rows * columns), g.dtype, like=g)
    filled = scatter_add(flat, _positions(rows, columns, offset), g, axis=g.ndim - 1)
    return reshape(filled, tuple(shape))


@method
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Show a diagonal of the matrices along two axes; it becomes the last axis."""
    tensor = _matrix("diagonal", x) if as_tensor(x).ndim else as_tensor(x)
    places = _two_axes("diagonal", axis1, axis2, tensor.ndim)
    return last_diagonal(moveaxis(tensor, places, (-2, -1)), offset=int(offset))


def _two_axes(name: str, axis1: int, axis2: int, ndim: int) -> tuple[int, int]:
    first, second = axis_of(name, axis1, ndim), axis_of(name, axis2, ndim)
    if first == second:
        raise ArgumentError(f"diagonal dimensions cannot be identical {axis1}, {axis2}.")
    return first, second


@method
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of a diagonal of the matrices along two axes."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


@operation
def diag(x: Any, k: int = 0, *, diagonal: int | None = None) -> Tensor:
    """Read the k-th diagonal of a matrix, or build the matrix with a vector there.

    Raises:
        ShapeError: If it is neither.
    """
    tensor, offset = as_tensor(x), k if diagonal is None else diagonal
    if tensor.ndim not in (1, 2):
        raise ShapeError(
            f"diag(): Supports 1D or 2D tensors. Got {tensor.ndim}D. Use diagonal or diag_embed."
        )
    if tensor.ndim == 2:
        # A view that is not written, as NumPy's.
        shown = op.diagonal(tensor, offset)
        return apply(broadcast_to, (shown,), {"shape": tuple(shown.shape)})
    return diag_embed(tensor, offset)


@operation
def diag_embed(x: Any, offset: int = 0, axis1: int = -2, axis2: int = -1) -> Tensor:
    """Build matrices along two new axes with the last axis of x as their diagonal.

    Raises:
        ArgumentError: If the two axes are one.
    """
    tensor = as_tensor(x)
    places = _two_axes("diag_embed", axis1, axis2, tensor.ndim + 1)
    extent = tensor.shape[-1] + abs(offset)
    matrices = _place_diagonal(tensor, (*tensor.shape[:-1], extent, extent), offset)
    return moveaxis(matrices, (-2, -1), places)


@operation
def diagflat(x: Any, offset: int = 0) -> Tensor:
    """Build the matrix with all elements of x on a diagonal."""
    return diag_embed(reshape(as_tensor(x), -1), offset)


@operation
def fill_diagonal_(x: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Set the elements whose indices are all equal, and return the tensor.

    Args:
        x: A tensor with at least two axes, of equal extents where there are more.
        fill_value: The number.
        wrap: Whether in a tall matrix the diagonal starts again after its end.
    """
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
        raise ShapeError(
            f"fill_diagonal_ got shape {x.shape}; dimensions must be larger than 1, and all "
            "dimensions of input must be of equal length."
        )
    if x.ndim == 2 and not wrap and not x.is_symbolic:
        diagonal(x)[...] = fill_value
        return x
    mask = np.zeros(x.shape, bool)
    np.fill_diagonal(mask, True, wrap)
    x[mask] = fill_value
    return x


@operation
def block_diag(*tensors: Any) -> Tensor:
    """Build the matrix with matrices along its diagonal; numbers and vectors count as rows.

    Raises:
        ShapeError: If one has more than two axes.
    """
    blocks = [as_tensor(item) for item in (tensors or (zeros((1, 0)),))]
    for block in blocks:
        if block.ndim > 2:
            raise ShapeError(
                f"block_diag: Input tensors must have 2 or fewer dimensions, not {block.ndim}."
            )
    dtype = np.result_type(*(block.dtype for block in blocks))
    shapes = [(1,) * (2 - block.ndim) + tuple(block.shape) for block in blocks]
    rows, columns = (int(n) for n in np.sum(shapes, axis=0))
    placed, row, column = [], 0, 0
    for block, shape in zip(blocks, shapes, strict=True):
        after = (rows - row - shape[0], columns - column - shape[1])
        matrix = reshape(astype(block, dtype), shape)
        placed.append(pad_with_zeros(matrix, (row, column), after, (0, 0)))
        row, column = row + shape[0], column + shape[1]
    return functools.reduce(add, placed)
