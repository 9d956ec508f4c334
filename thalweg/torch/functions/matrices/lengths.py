"""Norms of slices, each of a length of its own."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.linalg.norms import norm_of_vectors
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
