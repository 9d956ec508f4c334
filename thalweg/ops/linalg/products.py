"""Products of vectors and matrices; the primitive is the product of stacks of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, op, register
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec, promote
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.reshape import ravel, reshape, restore_axes, squeeze
from thalweg.ops.shape.transpose import swapaxes, transpose

__all__ = [
    "dot",
    "inner",
    "matmul",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
]


Array = np.ndarray[Any, Any]


@linear(
    lambda x, y: Spec((*x.shape[:-1], y.shape[-1]), x.dtype),
    lambda g, out, x, y: op.matrix_product(g, swapaxes(y, -1, -2)),
    lambda g, out, x, y: op.matrix_product(swapaxes(x, -1, -2), g),
)
def matrix_product(x: Array, y: Array) -> Array:
    """Product of stacks of matrices of equal batch shape: (…, m, k) · (…, k, n) = (…, m, n)."""
    product: Array = np.matmul(x, y)
    return product


def _resolve_matmul(x: Any, y: Any) -> tuple[tuple[Tensor, Tensor], dict[str, Any]]:
    a, b = as_tensor(x), as_tensor(y)
    left, right = a.array.shape, b.array.shape
    if not left or not right or left[-1] != (right[-2] if len(right) > 1 else right[0]):
        raise ShapeError(
            f"matmul got shapes {left} and {right}; the last axis of the first must equal "
            "the last but one (or only) axis of the second. Transpose one, or use *."
        )
    if a.array.dtype is not b.array.dtype:
        dtype = promote((a.spec, b.spec))[0]
        a, b = (t if t.dtype == dtype else t.astype(dtype) for t in (a, b))
    return (a, b), {}


def _expand_matmul(a: Tensor, b: Tensor) -> Tensor:
    left = reshape(a, (1, *a.shape)) if a.ndim == 1 else a
    right = reshape(b, (*b.shape, 1)) if b.ndim == 1 else b
    product = _stacked_product(left, right, f"matmul got shapes {a.shape} and {b.shape}")
    rows = () if a.ndim == 1 else product.shape[-2:-1]
    columns = () if b.ndim == 1 else product.shape[-1:]
    return reshape(product, (*product.shape[:-2], *rows, *columns))


def _matmul_spec(x: Spec, y: Spec) -> Spec:
    try:
        batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"matmul got shapes {x.shape} and {y.shape}, whose leading axes do not broadcast. "
            "Make them equal or 1."
        ) from None
    return Spec((*batch, *x.shape[:-1][-1:], *(y.shape[-1:] if len(y.shape) > 1 else ())), x.dtype)


def _matmul_of_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return g * y if x.ndim == 1 else reshape(g, (*g.shape, 1)) * y
    if x.ndim == 1:
        if y.ndim == 2:
            return op.matmul(y, g)
        return squeeze(op.matmul(y, reshape(g, (*g.shape, 1))), -1)
    return op.matmul(g, swapaxes(y, -1, -2))


def _rows(x: Tensor) -> Tensor:
    """Return the rows of a stack of matrices as one matrix, also where they have no elements."""
    return x if x.ndim == 2 else reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_of_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return g * x if y.ndim == 1 else reshape(x, (-1, 1)) * reshape(g, (*g.shape[:-1], 1, -1))
    if y.ndim == 1:
        rows = _rows(x)
        return op.matmul(g if g.ndim == 1 else reshape(g, (-1,)), rows)
    if y.ndim == 2 and x.ndim > 2:
        # One tall matrix instead of a stack of products that are summed.
        x, g = _rows(x), _rows(g)
    return op.matmul(swapaxes(x, -1, -2), g)


@linear(
    _matmul_spec,
    _matmul_of_left,
    _matmul_of_right,
    arguments=_resolve_matmul,
    expansion=_expand_matmul,
)
def matmul(x: Array, y: Array) -> Array:
    """Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast.

    Raises:
        ShapeError: If the inner extents differ; it names both shapes.

    Example:
        >>> import thalweg as tw
        >>> tw.matmul(tw.ones((2, 3)), tw.ones(3))
        tensor([3., 3.])
    """
    product: Array = np.matmul(x, y)
    return product


attach("matmul", matmul)


def _stacked_product(left: Tensor, right: Tensor, given: str) -> Tensor:
    if left.ndim > 2 and right.ndim == 2:
        # One tall matrix instead of a stack of equal products.
        rows = math.prod(left.shape[:-1])
        tall = matrix_product(reshape(left, (rows, left.shape[-1])), right)
        return reshape(tall, (*left.shape[:-1], right.shape[-1]))
    try:
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    except ValueError:
        raise ShapeError(
            f"{given}, whose leading axes do not broadcast. Make them equal or 1."
        ) from None
    return matrix_product(
        broadcast_to(left, (*batch, *left.shape[-2:])),
        broadcast_to(right, (*batch, *right.shape[-2:])),
    )


@method
def dot(x: Any, y: Any) -> Tensor:
    """Products of the rows of x and the columns of y, as NumPy: last axis with last but one."""
    a, b = as_tensor(x), as_tensor(y)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    if b.ndim <= 2:
        return matmul(a, b)
    return tensordot(a, b, ((-1,), (-2,)))


@method
def inner(x: Any, y: Any) -> Tensor:
    """Sums of products over the last axes of both."""
    a, b = as_tensor(x), as_tensor(y)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


@method("ger")
def outer(x: Any, y: Any) -> Tensor:
    """Products of each element of x and each of y: shape (x.size, y.size)."""
    a, b = as_tensor(x), as_tensor(y)
    return multiply(reshape(a, (a.size, 1)), reshape(b, (1, b.size)))


@method
def vdot(x: Any, y: Any) -> Tensor:
    """Sum of products of all elements, those of x conjugated."""
    return matmul(ravel(op.conjugated(x)), ravel(y))


@method
def vecdot(x: Any, y: Any, axis: int = -1) -> Tensor:
    """Sums of products along one axis, those of x conjugated; the other axes broadcast.

    Raises:
        ShapeError: If the extents along the axis differ.
    """
    extents = [
        tensor.shape[normalize_axis("vecdot", axis, tensor.ndim)]
        for tensor in (as_tensor(x), as_tensor(y))
    ]
    if extents[0] != extents[1]:
        raise ShapeError(
            f"vecdot got vectors of {extents[0]} and {extents[1]} elements along axis {axis}; "
            "both must have as many. Name the axis of the vectors."
        )
    product = multiply(op.conjugated(x), y)
    return reduce_sum(product, normalize_axis("vecdot", axis, product.ndim))


@method
def tensordot(x: Any, y: Any, axes: Any = 2, *, dims: Any = None) -> Tensor:
    """Sum products over several axes at once.

    Args:
        x: A tensor.
        y: A tensor.
        axes: The axes of x and the axes of y to sum over, as two sequences; or how many of
            the last of x and the first of y.
        dims: PyTorch's name of `axes`.

    Raises:
        ShapeError: If their extents differ.

    Example:
        >>> import thalweg as tw
        >>> tw.tensordot(tw.ones((2, 3)), tw.ones((3, 4)), axes=1).shape
        thalweg.Size([2, 4])
    """
    a, b = as_tensor(x), as_tensor(y)
    axes = axes if dims is None else dims
    if np.ndim(axes) == 0 and not isinstance(axes, (tuple, list)):
        axes = (range(a.ndim - int(axes), a.ndim), range(int(axes)))
    one = _listed(axes[0], a.ndim)
    other = _listed(axes[1], b.ndim)
    for i, j in zip(one, other, strict=False):
        # As PyTorch: an extent of 1 repeats, so that what it meets is summed.
        if a.shape[i] == 1 and b.shape[j] > 1:
            b = restore_axes(reduce_sum(b, j), b.shape, (j,))
        elif b.shape[j] == 1 and a.shape[i] > 1:
            a = restore_axes(reduce_sum(a, i), a.shape, (i,))
    if [a.shape[i] for i in one] != [b.shape[i] for i in other]:
        raise ShapeError(
            f"tensordot got shapes {a.shape} and {b.shape} and axes {one} and {other}, whose "
            "extents differ. Name axes of equal extents, in the same order."
        )
    rows = [i for i in range(a.ndim) if i not in one]
    columns = [i for i in range(b.ndim) if i not in other]
    shape = (*(a.shape[i] for i in rows), *(b.shape[i] for i in columns))
    size = math.prod(a.shape[i] for i in one)
    left = reshape(transpose(a, (*rows, *one)), (math.prod(a.shape[i] for i in rows), size))
    right = reshape(transpose(b, (*other, *columns)), (size, math.prod(shape[len(rows) :])))
    return reshape(matmul(left, right), shape)


def _listed(axes: Any, ndim: int) -> list[int]:
    given = axes if isinstance(axes, (tuple, list, range)) else (axes,)
    return [normalize_axis("tensordot", axis, ndim) for axis in given]


def diagonals(x: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Diagonals of a stack of matrices, as the last axis."""
    found: Tensor = op.diagonal(x, offset, dim1, dim2)
    return found


def traces(x: Any, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Sums of the diagonals of a stack of matrices."""
    return sum(diagonals(x, offset=offset), -1, dtype)


def outer_product(x: Any, y: Any) -> Tensor:
    """Products of each element of a vector and each of another one."""
    a, b = as_tensor(x), as_tensor(y)
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(
            f"linalg.outer got shapes {tuple(a.shape)} and {tuple(b.shape)}; it wants vectors. "
            "Use tw.outer, which flattens."
        )
    found: Tensor = op.outer(a, b)
    return found


register("linalg.diagonal", diagonals)

register("linalg.trace", traces)

register("linalg.outer", outer_product)
