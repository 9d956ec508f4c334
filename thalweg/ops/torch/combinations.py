"""Products and combinations of elements."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.index.take import take
from thalweg.ops.shape.broadcast import meshgrid
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.reshape import ravel

__all__ = [
    "cartesian_prod",
    "combinations",
]


@operation
def cartesian_prod(*tensors: Any) -> Tensor:
    """Return all choices of one element of each vector, as rows; the last changes fastest.

    Raises:
        ShapeError: If one is no vector.
    """
    vectors = [as_tensor(item) for item in tensors]
    if any(vector.ndim != 1 for vector in vectors):
        raise ShapeError("Expect a 1D vector; cartesian_prod got tensors of other shapes.")
    if len(vectors) == 1:
        return vectors[0]
    return stack([ravel(grid) for grid in meshgrid(*vectors, indexing="ij")], axis=1)


@operation
def combinations(x: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return all choices of r elements of a vector, as rows, in the order of their positions.

    Raises:
        ShapeError: If it is no vector.
        ArgumentError: If r is negative.
    """
    tensor = as_tensor(x)
    if tensor.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {tensor.shape}. Use ravel.")
    if r < 0:
        raise ArgumentError(f"Expect a non-negative number, but got {r}.")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(tensor.size), r)) if r else []
    return take(tensor, np.asarray(rows, np.int64).reshape(len(rows), r), axis=0)
