"""Decompositions that tell where they failed instead of raising."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.control.callback import pure_callback
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.errors import NoResult
from thalweg.ops.creation.creation import eye
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.linalg import matrices
from thalweg.ops.linalg.decompositions import lu_parts
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.functions.matrices.lu import first_zero
from thalweg.torch.functions.matrices.operands import squares_of
from thalweg.torch.naming import as_tensor
from thalweg.torch.return_types import named_result

linalg_inv_ex = named_result("linalg_inv_ex", "inverse", "info")
linalg_solve_ex = named_result("linalg_solve_ex", "result", "info")
linalg_cholesky_ex = named_result("linalg_cholesky_ex", "L", "info")


def _singular(x: Tensor) -> Tensor:
    """Return where elimination meets its first 0, counted from 1; 0 of regular matrices."""
    return first_zero(lu_parts(stop_gradient(x))[..., : x.shape[-1], :])


def _of_regular(x: Tensor, info: Tensor) -> tuple[Tensor, Tensor]:
    """Return matrices with the identity for those that failed, and which failed."""
    failed: Any = expand_dims(expand_dims(info, -1), -1) != 0
    return where(failed, eye(x.shape[-1], dtype=x.dtype), x), failed


def _refuse(info: Tensor, name: str, text: str) -> None:
    """Refuse what failed, with the place of the first failure in a text."""
    if not info.is_symbolic and info.array.any():
        raise NoResult(name, text.format(int(info.array[info.array > 0].flat[0])))


def inv_ex(A: Any, *, check_errors: bool = False) -> Any:
    """Return inverses, and where elimination met a 0: `info` is 0 where it met none.

    Args:
        A: Square matrices; the inverse of a singular one is NaN.
        check_errors: Whether a singular one is refused.

    Raises:
        ShapeError: If they are not square.
        NoResult: If one is singular and that is asked for.

    Example:
        >>> import thalweg.torch as torch
        >>> inverse, info = torch.linalg.inv_ex(torch.zeros(2, 2))
        >>> inverse.isnan().all().item(), info.item()
        (True, 1)
    """
    x = squares_of("linalg.inv", A)
    info = _singular(x)
    if check_errors:
        _refuse(
            info, "linalg.inv_ex",
            "The diagonal element {} is zero, the inversion could not be completed because the "
            "input matrix is singular.",
        )  # fmt: skip
    regular, failed = _of_regular(x, info)
    return linalg_inv_ex(where(failed, np.nan, matrices.inv(regular)), info)


def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> Any:
    """Solve A X = B, and tell where elimination met a 0: `info` is 0 where it met none.

    Args:
        A: Square matrices; the solution of a singular one is NaN.
        B: As `torch.linalg.solve` takes it.
        left: Whether A X = B is solved, not X A = B.
        check_errors: Whether a singular one is refused.

    Raises:
        ShapeError: If shapes do not fit.
        NoResult: If one is singular and that is asked for.
    """
    x, right = squares_of("linalg.solve", A), as_tensor(B)
    info = _singular(x)
    if check_errors:
        _refuse(
            info, "torch.linalg.solve_ex",
            "The solver failed because the input matrix is singular.",
        )  # fmt: skip
    regular, failed = _of_regular(x, info)
    found = matrices.solve(regular, right, left=left)
    return linalg_solve_ex(
        where(failed if found.ndim >= x.ndim else failed[..., 0], np.nan, found), info
    )


def _order_of_failure(x: Array) -> Array:
    """Return the order of the first leading minor that is not positive; 0 if all are."""
    found = np.zeros(x.shape[:-2], np.int32)
    for index in np.ndindex(found.shape):
        matrix, n = x[index], x.shape[-1]
        if not _is_positive(matrix):
            minors = (k for k in range(1, n) if not _is_positive(matrix[:k, :k]))
            found[index] = next(minors, n)
    return found


def _is_positive(x: Array) -> bool:
    try:
        np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        return False
    return True


def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> Any:
    """Return Cholesky factors, and the order of the first minor that is not positive.

    Args:
        A: Positive definite matrices; the factor of any other is NaN.
        upper: Whether Lᴴ is returned.
        check_errors: Whether any other is refused.

    Returns:
        `L`, and `info`, which is 0 of positive definite matrices.

    Raises:
        ShapeError: If they are not square.
        NoResult: If one is not positive definite and that is asked for.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.linalg.cholesky_ex(torch.tensor([[1.0, 2.0], [2.0, 1.0]])).info.item()
        2
    """
    x = squares_of("linalg.cholesky", A)
    spec = Spec(x.shape[:-2], np.dtype(np.int32))
    info = as_tensor(
        pure_callback(_order_of_failure, spec, stop_gradient(x), vmap_method="expand_dims")
    )
    if check_errors:
        _refuse(
            info, "linalg.cholesky_ex",
            "The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order {} is not positive-definite).",
        )  # fmt: skip
    regular, failed = _of_regular(x, info)
    factor = matrices.cholesky(regular, upper=upper)
    return linalg_cholesky_ex(where(failed, np.nan, factor), info)
