"""Products: matmul is the primitive, dot and einsum are composed of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec, promote
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.shaping import broadcast_to, reshape, transpose

Array = np.ndarray[Any, Any]


@operation
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes."""
    tensor = as_tensor(x)
    order = list(range(tensor.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(tensor, tuple(order))


@linear(
    lambda x, y: Spec((*x.shape[:-1], y.shape[-1]), x.dtype),
    lambda g, out, x, y: op.matrix_product(g, swapaxes(y, -1, -2)),
    lambda g, out, x, y: op.matrix_product(swapaxes(x, -1, -2), g),
)
def matrix_product(x: Array, y: Array) -> Array:
    """Product of stacks of matrices of equal batch shape: (…, m, k) · (…, k, n) = (…, m, n)."""
    product: Array = np.matmul(x, y)
    return product


@operation
def matmul(x: Any, y: Any) -> Tensor:
    """Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast.

    Raises:
        ShapeError: If the inner extents differ; it names both shapes.

    Example:
        >>> import thalweg as tw
        >>> tw.matmul(tw.ones((2, 3)), tw.ones(3))
        Tensor([3., 3.])
    """
    a, b = as_tensor(x), as_tensor(y)
    inner = b.shape[-2] if b.ndim > 1 else (b.shape[0] if b.ndim else None)
    if not a.ndim or inner is None or a.shape[-1] != inner:
        raise ShapeError(
            f"matmul got shapes {a.shape} and {b.shape}; the last axis of the first must equal "
            "the last but one (or only) axis of the second."
        )
    dtype = promote((a.spec, b.spec))[0]
    a, b = (t if t.dtype == dtype else t.astype(dtype) for t in (a, b))
    left = reshape(a, (1, *a.shape)) if a.ndim == 1 else a
    right = reshape(b, (*b.shape, 1)) if b.ndim == 1 else b
    if left.ndim > 2 and right.ndim == 2:
        # One tall matrix instead of a stack of equal products.
        tall = matrix_product(reshape(left, (-1, left.shape[-1])) if left.size else left, right)
        product = reshape(tall, (*left.shape[:-1], right.shape[-1]))
    else:
        try:
            batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        except ValueError:
            raise ShapeError(
                f"matmul got shapes {a.shape} and {b.shape}, whose leading axes do not broadcast."
            ) from None
        product = matrix_product(
            broadcast_to(left, (*batch, *left.shape[-2:])),
            broadcast_to(right, (*batch, *right.shape[-2:])),
        )
    shape = product.shape
    if b.ndim == 1:
        shape = shape[:-1]
    if a.ndim == 1:
        shape = (*shape[:-2], *shape[-1:]) if b.ndim > 1 else shape[:-1]
    return product if shape == product.shape else reshape(product, shape)


@operation
def dot(x: Any, y: Any) -> Tensor:
    """NumPy's dot: a product of scalars, or matmul for vectors and matrices."""
    a, b = as_tensor(x), as_tensor(y)
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        raise ShapeError(
            f"dot got shapes {a.shape} and {b.shape}; for more than two axes use matmul or einsum."
        )
    return matmul(a, b)
