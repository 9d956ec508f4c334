"""Norms and distances by PyTorch's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.index.take import take
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axes
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.scalars import axis_of

__all__ = [
    "cdist",
    "dist",
    "pdist",
    "renorm",
]


def _norm_of(
    x: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """Norm of the elements over some axes, by default of all.

    Args:
        x: A tensor.
        p: A number, for (Σ |x|ᵖ)^(1/p); "fro" for 2; "nuc" for the sum of singular values.
        dim: An axis, several, or None for all.
        keepdim: Whether reduced axes stay, with extent 1.
        dtype: What to compute in.

    Raises:
        ArgumentError: If there is no norm of that name.
    """
    tensor = as_floating(x, dtype)
    if p == "nuc":
        found: Tensor = op.matrix_norm(tensor, ord="nuc", keepdims=keepdim)
        return found
    if isinstance(p, str) and p != "fro":
        raise ArgumentError(f"norm got p={p!r}; it wants a number, 'fro' or 'nuc'.")
    axes = normalize_axes("norm", None if dim in ((), []) else dim, tensor.ndim)
    return norm_of_vectors(tensor, 2.0 if p in ("fro", None) else float(p), axes, keepdim)


attach("norm", _norm_of, replace=True)


@method
def dist(x: Any, y: Any, p: float = 2.0) -> Tensor:
    """Norm of a difference: (Σ |x - y|ᵖ)^(1/p) over all elements."""
    difference = as_floating(x, None) - as_tensor(y)
    return norm_of_vectors(difference, float(p), tuple(range(difference.ndim)), False)


@operation
def cdist(
    x: Any, y: Any, p: float = 2.0, compute_mode: str | None = None, *, x1: Any = None
) -> Tensor:
    """Distances between every row of x and every row of y, in stacks of matrices.

    Args:
        x: Rows of shape (…, m, k).
        y: Rows of shape (…, n, k); the leading axes broadcast.
        p: The order of the norm.
        compute_mode: Always by differences, which cancel nothing.
        x1: PyTorch's name of x.

    Raises:
        ShapeError: If the rows have different extents, or there are no rows.
    """
    a, b = as_tensor(x), as_tensor(y)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(
            f"cdist: X1 and X2 must have the same number of columns and two axes at least; the "
            f"shapes are {a.shape} and {b.shape}."
        )
    if p < 0:
        raise ArgumentError(f"cdist only supports non-negative p values, and {p} was given.")
    difference = expand_dims(a, -2) - expand_dims(b, -3)
    if not difference.shape[-1]:
        return sum(difference, -1)
    return norm_of_vectors(difference, float(p), (difference.ndim - 1,), False)


@operation
def pdist(x: Any, p: float = 2.0) -> Tensor:
    """Distances of the rows of a matrix from all later rows: of n rows n (n - 1) / 2.

    Raises:
        ShapeError: If x is no matrix.
    """
    rows = as_tensor(x)
    if rows.ndim != 2:
        raise ShapeError(
            f"pdist only supports 2D tensors, got: {rows.ndim}D. Give a matrix of one row a point."
        )
    one, other = np.triu_indices(rows.shape[0], 1)
    difference = take(rows, one, axis=0) - take(rows, other, axis=0)
    return norm_of_vectors(difference, float(p), 1, False)


@method(inplace=True)
def renorm(x: Any, p: float, axis: int, maxnorm: float) -> Tensor:
    """Scale the slices along an axis down to norms of at most `maxnorm`.

    Raises:
        ArgumentError: If the order or the largest norm is not positive.
        ShapeError: If there are fewer than two axes.
    """
    tensor = as_tensor(x)
    if p <= 0 or maxnorm < 0:
        raise ArgumentError(
            f"renorm: non-positive-norm not supported; it got p={p} and maxnorm={maxnorm}."
        )
    if tensor.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {tensor.ndim}.")
    place = axis_of("renorm", axis, tensor.ndim)
    others = tuple(i for i in range(tensor.ndim) if i != place)
    norms = norm_of_vectors(tensor, float(p), others, True)
    factor = where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)
    return tensor * factor
