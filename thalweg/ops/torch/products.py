"""Products of vectors and matrices by PyTorch's names, checked as strictly, and fused forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.arithmetic import add, multiply, subtract
from thalweg.ops.linalg.products import matmul, outer
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.scalars import axis_of

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "chain_matmul",
    "cross",
    "kron",
    "mm",
    "mv",
    "sum_to_size",
    "vander",
]


def _checked(name: str, x: Any, y: Any, axes: tuple[int, int]) -> tuple[Tensor, Tensor]:
    one, other = as_tensor(x), as_tensor(y)
    if (one.ndim, other.ndim) != axes:
        raise ShapeError(
            f"{name} expects tensors with {axes[0]} and {axes[1]} axes; it got shapes {one.shape} "
            f"and {other.shape}. Use matmul, which broadcasts."
        )
    if one.dtype != other.dtype:
        raise DtypeError(
            f"{name} expected both tensors to have the same dtype, but got {one.dtype} and "
            f"{other.dtype}. Convert one with astype."
        )
    if axes == (3, 3) and one.shape[0] != other.shape[0]:
        raise ShapeError(
            f"{name}: Expected size for first two dimensions of batch2 tensor to be those of "
            f"batch1; the shapes are {one.shape} and {other.shape}."
        )
    return one, other


@method
def mm(x: Any, mat2: Any) -> Tensor:
    """Product of two matrices."""
    return matmul(*_checked("mm", x, mat2, (2, 2)))


@method
def bmm(x: Any, mat2: Any) -> Tensor:
    """Products of two stacks of matrices, of as many."""
    return matmul(*_checked("bmm", x, mat2, (3, 3)))


@method
def mv(x: Any, vec: Any) -> Tensor:
    """Product of a matrix and a vector."""
    return matmul(*_checked("mv", x, vec, (2, 1)))


def _fused(name: str, x: Any, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    start = as_tensor(x)
    if start.dtype != product.dtype and not start.weak:
        raise DtypeError(
            f"{name}: expected input of dtype {product.dtype} but got {start.dtype}. Convert it."
        )
    scaled = product if type(alpha) is int and alpha == 1 else multiply(product, alpha)
    # What is multiplied by zero is ignored, NaN too.
    if type(beta) in (int, float) and beta == 0:
        return scaled
    try:
        whole = broadcast_to(start, product.shape)
    except ShapeError:
        raise ShapeError(
            f"{name} got an input of shape {start.shape}, which does not broadcast to the "
            f"product's shape {product.shape}."
        ) from None
    return add(whole if type(beta) is int and beta == 1 else multiply(whole, beta), scaled)


@method(inplace=True)
def addmm(x: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add a product of matrices: β x + α A B.

    Raises:
        ShapeError: If A and B are no matrices, or x does not broadcast to their product.
    """
    return _fused("addmm", x, mm(mat1, mat2), beta, alpha)


@method(inplace=True)
def addmv(x: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add a product of a matrix and a vector: β x + α A v."""
    return _fused("addmv", x, mv(mat, vec), beta, alpha)


@method(inplace=True)
def addr(x: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add an outer product: β x + α u vᵀ."""
    u, v = as_tensor(vec1), as_tensor(vec2)
    if u.ndim != 1 or v.ndim != 1:
        raise ShapeError(f"addr: Expected 1-D vectors, but got shapes {u.shape} and {v.shape}.")
    return _fused("addr", x, outer(u, v), beta, alpha)


@method(inplace=True)
def baddbmm(x: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add the products of two stacks of matrices: β x + α A B."""
    return _fused("baddbmm", x, bmm(batch1, batch2), beta, alpha)


@method(inplace=True)
def addbmm(x: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Add the sum of the products of two stacks of matrices: β x + α Σ A B."""
    return _fused("addbmm", x, sum(bmm(batch1, batch2), 0), beta, alpha)


@operation
def chain_matmul(*matrices: Any) -> Tensor:
    """Product of several matrices, from left to right."""
    given = [as_tensor(matrix) for matrix in matrices]
    if not given:
        raise ArgumentError("chain_matmul: Expected one or more matrices; it got none.")
    result = given[0]
    for matrix in given[1:]:
        result = mm(result, matrix)
    return result if len(given) > 1 else op.clone(result)


@operation
def cross(x: Any, y: Any, axis: int = -1) -> Tensor:
    """Cross products of vectors of three elements along an axis; the others broadcast.

    Raises:
        ShapeError: If the axis has another extent.
    """
    a, b = as_tensor(x), as_tensor(y)
    if axis < 0:
        # Counted from the end, the axis is the same one whatever axes stand before it.
        ndim = max(a.ndim, b.ndim)
        a, b = (t[(None,) * (ndim - t.ndim)] if t.ndim < ndim else t for t in (a, b))
    if a.ndim != b.ndim:
        raise ShapeError(
            f"cross: inputs must have the same number of dimensions, not {a.ndim} and {b.ndim}."
        )
    place = axis_of("cross", axis, a.ndim)
    if not a.ndim or a.shape[place] != 3 or b.shape[place] != 3:
        raise ShapeError(
            f"cross: inputs dimension {axis} must have length 3. Got shapes {a.shape} and "
            f"{b.shape}."
        )
    p, q = ([part_of(v, place, i, i + 1) for i in range(3)] for v in (a, b))
    parts = [
        subtract(multiply(p[i], q[j]), multiply(p[j], q[i])) for i, j in ((1, 2), (2, 0), (0, 1))
    ]
    return concatenate(parts, axis=place)


def _cross_of(x: Tensor, other: Any, dim: int | None = None) -> Tensor:
    """Cross products along an axis, by default along the first of extent 3."""
    tensor = as_tensor(x)
    if dim is not None:
        return cross(tensor, other, dim)
    shape = np.broadcast_shapes(tensor.shape, as_tensor(other).shape)
    places = [i for i, n in enumerate(shape) if n == 3]
    if not places:
        raise ShapeError(f"no dimension of size 3 in input of shape {shape}; cross wants one.")
    return cross(tensor, other, places[0])


attach("cross", _cross_of)


@method
def kron(x: Any, y: Any) -> Tensor:
    """Kronecker product: every element of x times the whole of y, side by side."""
    a, b = as_tensor(x), as_tensor(y)
    ndim = max(a.ndim, b.ndim)
    rows = (1,) * (ndim - a.ndim) + tuple(a.shape)
    columns = (1,) * (ndim - b.ndim) + tuple(b.shape)
    left = reshape(a, [n for extent in rows for n in (extent, 1)])
    right = reshape(b, [n for extent in columns for n in (1, extent)])
    shape = tuple(m * n for m, n in zip(rows, columns, strict=True))
    return reshape(multiply(left, right), shape)


@method
def sum_to_size(x: Any, *size: Any) -> Tensor:
    """Sum over axes so that the shape becomes one that broadcasts to it.

    Raises:
        ShapeError: If it does not.
    """
    tensor = as_tensor(x)
    given = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    shape = tuple(int(n) for n in given)
    padded = (1,) * (tensor.ndim - len(shape)) + shape
    fits = len(shape) <= tensor.ndim and all(
        n in (1, m) for n, m in zip(padded, tensor.shape, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"size {list(shape)} is not expandable to size {list(tensor.shape)}. Give a shape that "
            "broadcasts to it."
        )
    found: Tensor = op.sum_to(tensor, shape)
    return found


@operation
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the powers of a vector's elements as columns, the highest first.

    Raises:
        ShapeError: If x is no vector.
    """
    tensor = as_tensor(x)
    if tensor.ndim != 1:
        raise ShapeError(f"vander got shape {tensor.shape}; it wants a vector. Use ravel.")
    count = tensor.size if N is None else int(N)
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    found: Tensor = op.power(expand_dims(tensor, 1), powers.copy())
    return found
