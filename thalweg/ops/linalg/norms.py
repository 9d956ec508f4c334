"""Norms of vectors and matrices: NumPy's names and signatures, and the Array API's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.spec import DType
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, UnsupportedOperation
from thalweg.ops.elementwise.arithmetic import absolute, power
from thalweg.ops.elementwise.comparison import equal, not_equal, where
from thalweg.ops.elementwise.complex import real, squared_magnitude
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.linalg.matrices import svdvals
from thalweg.ops.reduce.extremes import max, min
from thalweg.ops.reduce.statistics import root
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import axes_in_order
from thalweg.ops.shape.reshape import expand_dims, ravel, restore_axes
from thalweg.ops.shape.transpose import moveaxis


@operation
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Norm of a vector or a matrix; √Σ x² by default.

    The derivative of a norm at 0 is taken as 0.

    Args:
        x: A tensor.
        ord: For vectors a number p, for (Σ |x|ᵖ)^(1/p); inf and -inf give the largest and the
            smallest |x|, 0 the number of nonzeros. For matrices "fro", or 1, -1, inf, -inf for
            the largest and smallest column sum and row sum of |x|.
        axis: An axis for vectors, two for matrices; by default all of a vector or matrix.
        keepdims: Whether reduced axes stay, with extent 1.

    Raises:
        UnsupportedOperation: If a norm needs singular values (2, -2 and "nuc" of matrices).
        ArgumentError: If there is no norm of that order or over that many axes.

    Example:
        >>> import thalweg as tw
        >>> tw.linalg.norm(tw.Tensor([3.0, 4.0]))
        tensor(5.)
    """
    tensor = as_tensor(x)
    tensor = as_floating(tensor)
    if axis is None and ord is None:
        flat = _euclidean(ravel(tensor), 0, False)
        return restore_axes(flat, tensor.shape, tuple(range(tensor.ndim))) if keepdims else flat
    axes = axes_in_order("norm", range(tensor.ndim) if axis is None else axis, tensor.ndim)
    if len(axes) == 1:
        return norm_of_vectors(tensor, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(tensor, ord, axes[0], axes[1], keepdims)
    raise ArgumentError(
        f"norm got {len(axes)} axes with ord {ord}; it wants one axis for vectors or two for "
        "matrices. Give axis, or leave ord out."
    )


def _euclidean(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    return root(sum(squared_magnitude(x), axis, keepdims=keepdims))


def norm_of_vectors(x: Tensor, ord: Any, axis: Any, keepdims: bool) -> Tensor:
    """Return (Σ |x|ᵖ)^(1/p) over some axes; the meaning of each p is that of `norm`."""
    if ord is None or ord == 2:
        return _euclidean(x, axis, keepdims)
    if isinstance(ord, str):
        raise ArgumentError(f"norm got ord {ord!r} for vectors; it wants a number or None.")
    if ord == 0:
        return sum(astype(not_equal(x, 0), real(x).dtype), axis, keepdims=keepdims)
    size = absolute(x)
    # Nothing has the norm 0.
    if ord == 1 or (ord == math.inf and not x.size):
        return sum(size, axis, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        return (max if ord > 0 else min)(size, axis, keepdims)
    return _power_sum(size, ord, axis, keepdims)


def _power_sum(size: Tensor, ord: float, axis: Any, keepdims: bool) -> Tensor:
    # Powers have no finite derivative at 0 either: neither those of the elements, nor the root.
    zero = equal(size, 0)
    powers = where(zero, 0.0 if ord > 0 else math.inf, power(where(zero, 1, size), ord))
    total = sum(powers, axis, keepdims=keepdims)
    zero = equal(total, 0)
    return where(zero, 0.0 if ord > 0 else math.inf, power(where(zero, 1, total), 1.0 / ord))


def _matrix_norm(x: Tensor, ord: Any, rows: int, columns: int, keepdims: bool) -> Tensor:
    if ord is None or ord == "fro":
        return _euclidean(x, (rows, columns), keepdims)
    if ord in (2, -2, "nuc"):
        raise UnsupportedOperation(
            f"norm got ord {ord!r} for matrices, which needs singular values. "
            "Use the Frobenius norm, ord='fro'."
        )
    if ord not in (1, -1, math.inf, -math.inf):
        raise ArgumentError(f"norm got ord {ord!r}; matrices have 'fro', 1, -1, inf and -inf.")
    sums = sum(absolute(x), rows if ord in (1, -1) else columns, keepdims=True)
    return (max if ord > 0 else min)(sums, (rows, columns), keepdims)


@operation
def vector_norm(
    x: Any, ord: Any = 2, axis: Any = None, keepdims: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """Norm of vectors: (Σ |x|ᵖ)^(1/p) over one or several axes; by default over all.

    The derivative of a norm at 0 is taken as 0.

    Args:
        x: A tensor.
        ord: p; inf and -inf give the largest and the smallest |x|, 0 the number of nonzeros.
        axis: An axis, several, or None for all.
        keepdims: Whether reduced axes stay, with extent 1.
        dtype: What to compute in.
    """
    return norm_of_vectors(as_floating(x, dtype), ord, axis, keepdims)


@operation
def matrix_norm(
    x: Any,
    ord: Any = "fro",
    axis: Any = (-2, -1),
    keepdims: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """Norm of stacks of matrices.

    Args:
        x: A tensor with at least two axes.
        ord: "fro" for √Σ |x|², "nuc" for the sum of singular values, 2 and -2 for the largest
            and the smallest of them, 1 and -1 for column sums of |x|, inf and -inf for row sums.
        axis: The axes of rows and columns.
        keepdims: Whether reduced axes stay, with extent 1.
        dtype: What to compute in.

    Raises:
        ArgumentError: If there is no norm of that order.
    """
    tensor = moveaxis(as_floating(x, dtype), axis, (-2, -1))
    found = _of_last_axes(tensor, ord)
    return expand_dims(found, tuple(a % tensor.ndim for a in axis)) if keepdims else found


def _of_last_axes(x: Tensor, ord: Any) -> Tensor:
    if ord is None or ord == "fro":
        return norm_of_vectors(x, 2, (-2, -1), False)
    if ord == "nuc":
        return sum(svdvals(x), -1)
    if ord not in (1, -1, 2, -2, math.inf, -math.inf):
        raise ArgumentError(
            f"matrix_norm got ord {ord!r}; it wants 'fro', 'nuc', 1, -1, 2, -2, inf or -inf."
        )
    if ord in (2, -2):
        sizes = svdvals(x)
    else:
        sizes = sum(absolute(x), -2 if ord in (1, -1) else -1)
    if ord > 0 and not sizes.shape[-1]:
        return sum(sizes, -1)
    return max(sizes, -1) if ord > 0 else min(sizes, -1)


@operation("linalg.norm")
def norm_of(
    x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, **named: Any
) -> Tensor:
    """Norm of a vector or a matrix, as `tw.norm`, the norms by singular values too."""
    tensor = as_floating(x)
    matrices = (axis is None and tensor.ndim == 2) or (np.ndim(axis) and len(axis) == 2)
    if matrices and ord is not None:
        rows_and_columns = (-2, -1) if axis is None else axis
        return matrix_norm(tensor, ord, rows_and_columns, keepdims, **named)
    if ord is None or axis is not None or tensor.ndim == 1:
        return vector_norm(tensor, 2 if ord is None else ord, axis, keepdims, **named)
    return norm(tensor, ord, axis, keepdims)
