"""Products of vectors and matrices by the names of linear algebra."""

from __future__ import annotations

from typing import Any

from thalweg.core.operation import op, register
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.reductions import sum

__all__: list[str] = []


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
