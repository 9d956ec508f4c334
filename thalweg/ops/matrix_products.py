"""Products of vectors and matrices by the names of linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, register
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.arranging import moveaxis
from thalweg.ops.reductions import sum
from thalweg.ops.shaping import normalize_axis

__all__ = ["cross"]


@method
def cross(x: Any, y: Any, axis: int = -1) -> Tensor:
    """Cross product of vectors of three elements along an axis; the other axes broadcast.

    Raises:
        ShapeError: If the vectors have not three elements.
    """
    a, b = as_tensor(x), as_tensor(y)
    places = [normalize_axis("cross", axis, tensor.ndim) for tensor in (a, b)]
    if a.shape[places[0]] != 3 or b.shape[places[1]] != 3:
        raise ShapeError(
            f"cross got shapes {tuple(a.shape)} and {tuple(b.shape)}; it wants three elements "
            f"along axis {axis}. Move the axis of the vectors there."
        )
    a, b = moveaxis(a, axis, -1), moveaxis(b, axis, -1)
    after, before = np.array([1, 2, 0]), np.array([2, 0, 1])
    found = a[..., after] * b[..., before] - a[..., before] * b[..., after]
    return moveaxis(found, -1, axis)


def diagonals(x: Any, *, offset: int = 0) -> Tensor:
    """Diagonals of a stack of matrices, as the last axis."""
    found: Tensor = op.diagonal(x, offset, -2, -1)
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
