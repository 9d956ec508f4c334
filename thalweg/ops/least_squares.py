"""Solutions of least squares, with what is known of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.tensor import Tensor
from thalweg.ops.creation import zeros
from thalweg.ops.elementwise import square
from thalweg.ops.linalg import matmul
from thalweg.ops.matrices import _matrices, floating, matrix_rank, pinv, svdvals
from thalweg.ops.reductions import sum


class LstsqResult(NamedTuple):
    """Solutions of least squares and what is known of them."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@operation
def lstsq(a: Any, b: Any, rcond: Any = None, *, driver: str | None = None) -> LstsqResult:
    """Return the x of least ‖a x - b‖, and of least ‖x‖ among those.

    Args:
        a: Matrices of shape (…, m, n).
        b: Right-hand sides of shape (…, m, k).
        rcond: Singular values up to this part of the largest count as zero.
        driver: PyTorch's name of a routine, which tells what is returned beside the solution:
            "gels" no rank, "gelsy" no residuals, and neither of them singular values.
    """
    matrix, right = _matrices("lstsq", a), floating(b)
    rows, columns = matrix.shape[-2:]
    solution = matmul(pinv(matrix, rcond), right)
    empty = zeros((0,), matrix.dtype)
    rank = matrix_rank(matrix, rtol=rcond) if driver != "gels" else zeros((0,), np.int64)
    full = driver == "gels" or (driver != "gelsy" and bool((rank == columns).all()))
    residuals = empty
    if full and rows > columns:
        residuals = sum(square(matmul(matrix, solution) - right), -2)
    values = empty if driver in ("gels", "gelsy") else svdvals(matrix)
    return LstsqResult(solution, residuals, rank, values)
