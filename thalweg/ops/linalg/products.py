"""Products of vectors and matrices; the primitive is the product of stacks of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.apply import (
    Flags,
    Operands,
    Params,
    apply,
    apply_to_two,
    joined,
    kind_of,
    move_axis,
    stacked,
)
from thalweg.core.operation import attach, method, op, operation, register
from thalweg.core.primitive import Index, Primitive, linear
from thalweg.core.spec import Array, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.arithmetic import multiply, subtract
from thalweg.ops.index.take import scatter_add, take
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import axes_in_order, normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import axis_of, expand_dims, ravel, reshape, restore_axes, squeeze
from thalweg.ops.shape.transpose import swapaxes, transpose

__all__ = [
    "cross", "dot", "inner", "kron", "matmul", "outer", "tensordot", "vander", "vdot", "vecdot",
]  # fmt: skip


def _rows_and_columns(index: Index, x: Spec, y: Spec) -> tuple[Index, Index]:
    *batch, row, column, inner = index[: len(x.shape) + 1]
    return (*batch, row, inner), (*batch, inner, column)


def _product_of_examples(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    x, y = operands
    if flags == (True, False) and y.ndim == 2:
        # One tall matrix instead of a stack of products with the same one.
        tall = apply(primitive, (reshape(x, (size * x.shape[1], x.shape[2])), y), params)
        return reshape(tall, (size, x.shape[1], y.shape[1]))
    if flags == (False, True) and x.ndim == 2:
        wide = reshape(move_axis(y, 0, 1), (y.shape[1], size * y.shape[2]))
        product = apply(primitive, (x, wide), params)
        return move_axis(reshape(product, (x.shape[0], size, y.shape[2])), 1, 0)
    return stacked(primitive, size, operands, flags, params)


@linear(
    lambda x, y: Spec((*x.shape[:-1], y.shape[-1]), x.dtype),
    lambda g, out, x, y: op.matrix_product(g, swapaxes(y, -1, -2)),
    lambda g, out, x, y: op.matrix_product(swapaxes(x, -1, -2), g),
    role="product",
    reads=_rows_and_columns,
    batch=_product_of_examples,
)
def matrix_product(x: Array, y: Array) -> Array:
    """Product of stacks of matrices of equal batch shape: (…, m, k) · (…, k, n) = (…, m, n)."""
    product: Array = np.matmul(x, y)
    return product


def _misfit(left: Shape, right: Shape) -> str:
    """Say in PyTorch's words that a product does not exist; nothing where it has none of them."""
    if len(right) == 2 and len(left) >= 2:
        rows, columns = math.prod(left[:-1]), left[-1]
        factors = f"{rows}x{columns} and {right[0]}x{right[1]}"
        return f"mat1 and mat2 shapes cannot be multiplied ({factors}): "
    if len(left) == 2 and len(right) == 1:
        return (
            f"size mismatch, got input ({left[0]}), mat ({left[0]}x{left[1]}), vec ({right[0]}): "
        )
    if len(left) == len(right) == 1:
        return (
            f"inconsistent tensor size, expected tensor [{left[0]}] and src [{right[0]}] to have "
            f"the same number of elements, but got {left[0]} and {right[0]} elements respectively: "
        )
    return ""


def _resolve_matmul(x: Any, y: Any) -> tuple[tuple[Tensor, Tensor], dict[str, Any]]:
    a, b = as_tensor(x), as_tensor(y)
    left, right = a.array.shape, b.array.shape
    if not left or not right or left[-1] != (right[-2] if len(right) > 1 else right[0]):
        raise ShapeError(
            f"{_misfit(left, right)}matmul got shapes {left} and {right}; the last axis of the "
            "first must equal the last but one (or only) axis of the second. Transpose one, or "
            "use *."
        )
    if a.array.dtype is not b.array.dtype:
        dtype = kind_of((a, b)).promotion.product("matmul", (a.spec, b.spec))
        a, b = (t if t.dtype == dtype else t.astype(dtype) for t in (a, b))
    return (a, b), {}


def _expand_matmul(a: Tensor, b: Tensor) -> Tensor:
    shape = _matmul_spec(a.spec, b.spec).shape
    left = reshape(a, (1, *a.shape)) if a.ndim == 1 else a
    right = reshape(b, (*b.shape, 1)) if b.ndim == 1 else b
    product = _stacked_product(left, right)
    return product if product.shape == shape else reshape(product, shape)


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


def _product(x: Tensor, y: Any) -> Tensor:
    """Product of stacks of matrices, of which the right one may be a sparse matrix of SciPy's."""
    if y.__class__ is not x.__class__ and hasattr(y, "tocoo"):
        return sparse_product(x, y)
    if isinstance(y, Tensor):
        a, b = x.array, y.array
        # What needs no look at dtypes and axes takes a third of the time less.
        if (
            a.__class__ is np.ndarray is b.__class__
            and a.dtype is b.dtype
            and len(a.shape) == 2 == len(b.shape)
            and a.shape[1] == b.shape[0]
        ):
            return apply_to_two(matmul, x, y)
    return matmul(x, y)


attach("__matmul__", _product)
attach("__rmatmul__", lambda x, y: matmul(y, x))


def _stacked_product(left: Tensor, right: Tensor) -> Tensor:
    if left.ndim > 2 and right.ndim == 2:
        # One tall matrix instead of a stack of equal products.
        rows = math.prod(left.shape[:-1])
        tall = matrix_product(reshape(left, (rows, left.shape[-1])), right)
        return reshape(tall, (*left.shape[:-1], right.shape[-1]))
    if left.ndim == right.ndim == 2:
        return matrix_product(left, right)
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
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


@operation
def inner(x: Any, y: Any) -> Tensor:
    """Sums of products over the last axes of both."""
    a, b = as_tensor(x), as_tensor(y)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


@operation
def outer(x: Any, y: Any) -> Tensor:
    """Products of each element of x and each of y: shape (x.size, y.size)."""
    a, b = as_tensor(x), as_tensor(y)
    return multiply(reshape(a, (a.size, 1)), reshape(b, (1, b.size)))


@operation
def vdot(x: Any, y: Any) -> Tensor:
    """Sum of products of all elements, those of x conjugated."""
    return matmul(ravel(op.conjugated(x)), ravel(y))


@operation
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


@operation
def tensordot(x: Any, y: Any, axes: Any = 2) -> Tensor:
    """Sum products over several axes at once.

    Args:
        x: A tensor.
        y: A tensor.
        axes: The axes of x and the axes of y to sum over, as two sequences; or how many of
            the last of x and the first of y.

    Raises:
        ShapeError: If their extents differ.

    Example:
        >>> import thalweg as tw
        >>> tw.tensordot(tw.ones((2, 3)), tw.ones((3, 4)), axes=1).shape
        thalweg.Size([2, 4])
    """
    a, b = as_tensor(x), as_tensor(y)
    if np.ndim(axes) == 0 and not isinstance(axes, (tuple, list)):
        axes = (range(a.ndim - int(axes), a.ndim), range(int(axes)))
    one = list(axes_in_order("tensordot", axes[0], a.ndim))
    other = list(axes_in_order("tensordot", axes[1], b.ndim))
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


def diagonals(x: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Diagonals of a stack of matrices, as the last axis."""
    return op.diagonal(x, offset, dim1, dim2)


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
    return op.outer(a, b)


register("linalg.diagonal", diagonals)

register("linalg.trace", traces)

register("linalg.outer", outer_product)


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


@operation
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
    return op.power(expand_dims(tensor, 1), powers.copy())


def sparse_product(x: Tensor, matrix: Any) -> Tensor:
    """Return x @ S for a sparse matrix S, whose elements are constants.

    Args:
        x: A tensor of shape (…, n).
        matrix: A sparse matrix of shape (n, m), with `tocoo` and the attributes of what that gives.

    Raises:
        ShapeError: If the inner extents differ.
    """
    entries = matrix.tocoo()
    rows, columns = entries.shape
    if not x.ndim or x.shape[-1] != rows:
        raise ShapeError(
            f"matmul got shapes {tuple(x.shape)} and {entries.shape} of a sparse matrix; the inner "
            "extents must be equal. Transpose one of them."
        )
    values = as_tensor(np.asarray(entries.data))
    dtype = joined(x, values)
    parts = multiply(take(astype(x, dtype), entries.row.astype(np.int64), axis=-1), values)
    start = zeros((*x.shape[:-1], columns), dtype, like=x)
    return scatter_add(start, entries.col.astype(np.int64), parts, axis=x.ndim - 1)
