"""Norms of slices and of matrices, by PyTorch's names of old."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.linalg.norms import matrix_norm, norm_of_vectors
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.naming import as_tensor, function


@function
def norm_except_dim(v: Any, pow: int = 2, dim: int = 0) -> Tensor:
    """Norm of each slice along one dimension, taken over all others; for -1 of the whole tensor.

    Args:
        v: A tensor.
        pow: The order of the norm.
        dim: The dimension that is kept.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.norm_except_dim(torch.tensor([[3.0, 4.0], [0.0, 2.0]])).tolist()
        [[5.0], [2.0]]
    """
    x = as_tensor(v)
    if dim == -1:
        return norm_of_vectors(reshape(x, (-1,)), pow, None, False)
    others = tuple(axis for axis in range(x.ndim) if axis != dim)
    return norm_of_vectors(x, pow, others, True)


@function
def nuclear_norm(x: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Sum of the singular values of a matrix, or of those along two dimensions.

    Args:
        x: A matrix, or a tensor of more dimensions.
        dim: The dimensions of rows and columns; the last two by default.
        keepdim: Whether these stay, with extent 1. It may stand second, if there is no `dim`.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.nuclear_norm(torch.tensor([[3.0, 0.0], [0.0, -4.0]]))
        tensor(7.)
    """
    if isinstance(dim, bool):
        dim, keepdim = None, dim
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions; nuclear_norm "
            f"got {tensor.ndim}."
        )
    return matrix_norm(tensor, "nuc", (-2, -1) if dim is None else tuple(dim), keepdim)


@function
def frobenius_norm(x: Any, dim: Any, keepdim: bool = False) -> Tensor:
    """√Σ |x|² over dimensions; over all for none of them.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.frobenius_norm(torch.tensor([[3.0, 4.0]]), (0, 1))
        tensor(5.)
    """
    axes = (dim,) if isinstance(dim, int) else tuple(dim)
    return norm_of_vectors(as_tensor(x), 2, axes or None, keepdim)
