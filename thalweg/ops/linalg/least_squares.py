"""Solutions of least squares, with what is known of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.operation import operation, register
from thalweg.core.spec import real_dtype
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.arithmetic import absolute, square
from thalweg.ops.linalg.matrices import floating, matrix_rank, pinv, stacked_matrices, svdvals
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import sum


class LstsqResult(NamedTuple):
    """Solutions of least squares and what is known of them."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@operation
def lstsq(a: Any, b: Any, rcond: Any = None, *, driver: str | None = None) -> LstsqResult:
    """Return the x of least ‖a x - b‖, and of least ‖x‖ among those.

    Derivatives are those of matrices that keep their rank.

    Args:
        a: Matrices of shape (…, m, n).
        b: Right-hand sides of shape (…, m, k), or one of shape (m,).
        rcond: Singular values up to this part of the largest count as zero; by default
            max(m, n) ε, and ε where it is negative.
        driver: PyTorch's name of a routine, which tells what is returned beside the solution:
            "gels" no rank, "gelsy" no residuals, and neither of them singular values.

    Raises:
        ShapeError: If the shapes do not fit.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> a, b = tw.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), tw.tensor([1.0, 3.0, 5.0])
        >>> np.linalg.lstsq(a, b)[0]
        tensor([1.0000, 2.0000])
    """
    matrix, right = stacked_matrices("lstsq", a), floating(b)
    rows, columns = matrix.shape[-2:]
    if right.shape[-2 if right.ndim > 1 else 0 :][:1] != (rows,):
        raise ShapeError(
            f"lstsq got shapes {tuple(matrix.shape)} and {tuple(right.shape)}: Incompatible "
            "dimensions. Give a right-hand side of as many rows."
        )
    if rcond is not None and not isinstance(rcond, Tensor) and np.ndim(rcond) == 0 and rcond < 0:
        rcond = float(np.finfo(matrix.dtype).eps)
    solution = matmul(pinv(matrix, rcond), right)
    empty = zeros((0,), real_dtype(matrix.dtype))
    rank = matrix_rank(matrix, rtol=rcond) if driver != "gels" else zeros((0,), np.int64)
    # Of a traced matrix full rank is expected: the shapes must not depend on it.
    full = rank.is_symbolic or driver == "gels"
    full = full or (driver != "gelsy" and bool((rank == columns).all()))
    residuals = empty
    if full and driver != "gelsy" and rows > columns:
        missed = square(absolute(matmul(matrix, solution) - right))
        residuals = sum(missed, -2) if right.ndim > 1 else sum(missed, -1, keepdims=True)
    values = empty if driver in ("gels", "gelsy") else svdvals(matrix)
    return LstsqResult(solution, residuals, rank, values)


def _of_matrix(a: Any, b: Any, rcond: Any = None) -> LstsqResult:
    """Return what NumPy's function does: of one matrix, with its rank."""
    if as_tensor(a).ndim != 2:
        raise ShapeError(
            f"lstsq got shape {tuple(as_tensor(a).shape)}: NumPy's wants one matrix. Use "
            "tw.linalg.lstsq for stacks of them."
        )
    return lstsq(a, b, rcond)


register("linalg.lstsq", _of_matrix)
