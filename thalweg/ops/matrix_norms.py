"""Norms by the Array API's names: of vectors over any axes, of stacks of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.spec import DType
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.arranging import moveaxis
from thalweg.ops.elementwise import absolute
from thalweg.ops.extremes import max, min
from thalweg.ops.matrices import floating, svdvals
from thalweg.ops.norms import norm_of_vectors
from thalweg.ops.reductions import sum
from thalweg.ops.shaping import astype, expand_dims

__all__: list[str] = []

_INFINITY = float("inf")


def _in(x: Any, dtype: Any) -> Tensor:
    return floating(x) if dtype is None else astype(as_tensor(x), dtype)


@operation
def vector_norm(
    x: Any,
    ord: Any = 2,
    axis: Any = None,
    keepdims: bool = False,
    *,
    dtype: DType | None = None,
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
    return norm_of_vectors(_in(x, dtype), ord, axis, keepdims)


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
    tensor = moveaxis(_in(x, dtype), axis, (-2, -1))
    found = _of_last_axes(tensor, ord)
    return expand_dims(found, tuple(a % tensor.ndim for a in axis)) if keepdims else found


def _of_last_axes(x: Tensor, ord: Any) -> Tensor:
    if ord is None or ord == "fro":
        return norm_of_vectors(x, 2, (-2, -1), False)
    if ord == "nuc":
        return sum(svdvals(x), -1)
    if ord not in (1, -1, 2, -2, _INFINITY, -_INFINITY):
        raise ArgumentError(
            f"matrix_norm got ord {ord!r}; it wants 'fro', 'nuc', 1, -1, 2, -2, inf or -inf."
        )
    if ord in (2, -2):
        sizes = svdvals(x)
    else:
        sizes = sum(absolute(x), -2 if ord in (1, -1) else -1)
    if ord > 0 and not sizes.shape[-1]:
        return sum(sizes, -1)
    extreme: Tensor = max(sizes, -1) if ord > 0 else min(sizes, -1)
    return extreme


@operation("linalg.norm")
def norm_of(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, **named: Any) -> Any:
    """Norm of a vector or a matrix, as `tw.norm`, the norms by singular values too."""
    tensor = floating(x)
    matrices = (axis is None and tensor.ndim == 2) or (np.ndim(axis) and len(axis) == 2)
    if matrices and ord is not None:
        rows_and_columns = (-2, -1) if axis is None else axis
        return matrix_norm(tensor, ord, rows_and_columns, keepdims, **named)
    if ord is None or axis is not None or tensor.ndim == 1:
        return vector_norm(tensor, 2 if ord is None else ord, axis, keepdims, **named)
    return op.norm(tensor, ord, axis, keepdims)
