"""Matrices as a permutation times triangles: P L U, and systems solved by them.

Source of the derivative: de Hoog, Anderssen and Lukas (2011), Differentiation of matrix functionals
using triangular factorization.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.control.callback import pure_callback
from thalweg.control.custom import Rule, ruled
from thalweg.core.operation import op
from thalweg.core.spec import Array, Spec
from thalweg.core.tape import is_recorded
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, NoResult, ShapeError
from thalweg.ops.creation.creation import eye, zeros
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.complex import real
from thalweg.ops.elementwise.conversion import astype, stop_gradient
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.linalg.decompositions import adjoint_of, lu_parts, turned
from thalweg.ops.linalg.diagonals import tril, triu
from thalweg.ops.linalg.matrices import solve_triangular
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.broadcast import broadcast_shapes, broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.functions.matrices.operands import matrices_of
from thalweg.torch.naming import as_tensor, function, method
from thalweg.torch.return_types import named_result

linalg_lu = named_result("linalg_lu", "P", "L", "U")
linalg_lu_factor = named_result("linalg_lu_factor", "LU", "pivots")
linalg_lu_factor_ex = named_result("linalg_lu_factor_ex", "LU", "pivots", "info")
unpacked = named_result("lu_unpack", "P", "L", "U")
with_info = named_result("_lu_with_info", "LU", "pivots", "info")


def _orders(pivots: Array, rows: int) -> Array:
    """Return which row each row was, after rows were exchanged in turn."""
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    order = np.tile(np.arange(rows), (len(flat), 1))
    each = np.arange(len(flat))
    for k in range(pivots.shape[-1]):
        other = flat[:, k] - 1
        order[each, k], order[each, other] = order[each, other], order[each, k].copy()
    found: Array = order.reshape(*pivots.shape[:-1], rows)
    return found


def _order_of(pivots: Tensor, rows: int) -> Tensor:
    spec = Spec((*pivots.shape[:-1], rows), np.dtype(np.int64))
    found: Tensor = pure_callback(
        lambda p: _orders(p, rows), spec, pivots, vmap_method="expand_dims"
    )
    return as_tensor(found)


def _rows(x: Tensor, order: Tensor) -> Tensor:
    """Return the rows of matrices in an order, each stack's own."""
    batch = broadcast_shapes(x.shape[:-2], order.shape[:-1])
    x = broadcast_to(x, (*batch, *x.shape[-2:]))
    index = broadcast_to(expand_dims(order, -1), (*batch, order.shape[-1], x.shape[-1]))
    return take_along_axis(x, index, axis=-2)


def _solve(a: Tensor, b: Tensor, *, lower: bool, transposed: bool) -> Tensor:
    return op.triangular_solve(a, b, lower=lower, transposed=transposed, unit=lower)


def _pull_back(
    arguments: list[Tensor], results: list[Tensor], kept: list[Tensor], g: list[Tensor]
) -> list[Tensor]:
    """Return the cotangent of a matrix whose rows are in order, from those of L and U."""
    (left, right), (g_left, g_right) = results, g
    m, k, n = left.shape[-2], left.shape[-1], right.shape[-1]
    first, upper = left[..., :k, :], right[..., :k]
    g_first, g_upper = g_left[..., :k, :], g_right[..., :k]
    below = beside = None
    if m > k:
        below = turned(_solve(upper, turned(g_left[..., k:, :]), lower=False, transposed=False))
        g_upper = g_upper - matmul(turned(left[..., k:, :]), below)
    if n > k:
        beside = _solve(first, g_right[..., k:], lower=True, transposed=True)
        g_first = g_first - matmul(beside, turned(right[..., k:]))
    inner = tril(matmul(turned(first), g_first), -1) + triu(matmul(g_upper, turned(upper)))
    half = _solve(first, inner, lower=True, transposed=True)
    found = turned(_solve(upper, turned(half), lower=False, transposed=False))
    found = found if below is None else concatenate([found, below], axis=-2)
    return [found if beside is None else concatenate([found, beside], axis=-1)]


def _factors(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return L, U, the exchanged rows counted from 1, and the order of rows they lead to."""
    m, n = x.shape[-2:]
    k = min(m, n)
    fixed = stop_gradient(x)
    # Elimination knows square matrices; with no more columns it exchanges no more rows.
    square = fixed[..., :k]
    if m > k:
        square = concatenate([square, zeros((*x.shape[:-2], m, m - k), x.dtype)], axis=-1)
    parts = lu_parts(square)
    pivots = astype(real(parts[..., m, :k]), np.int32) + np.int32(1)
    order = _order_of(pivots, m)
    left = tril(parts[..., :m, :k], -1) + eye(m, k, dtype=x.dtype)
    right = triu(parts[..., :k, :k])
    if n > k:
        rest = _rows(fixed[..., k:], order)
        right = concatenate([right, _solve(left, rest, lower=True, transposed=False)], axis=-1)
    if is_recorded(x):
        rule = Rule(2, 1, _pull_back, None)
        left, right = ruled((left, right), [_rows(x, order)], [], rule)
    return left, right, pivots, order


def _require_pivoting(name: str, pivot: bool) -> None:
    if not pivot:
        raise ArgumentError(
            f"{name}: LU without pivoting is not implemented on the CPU. Leave pivot=True."
        )


def _permutation(order: Tensor, dtype: Any) -> Tensor:
    """Return P of x = P L U."""
    one = eye(order.shape[-1], dtype=dtype)
    return turned(_rows(one, order))


def lu(A: Any, *, pivot: bool = True) -> Any:
    """Decompose matrices into a permutation, a lower triangle and an upper one: A = P L U.

    Args:
        A: Matrices of shape (…, m, n).
        pivot: Always true: rows are exchanged.

    Returns:
        `P`, `L` with ones on the diagonal, of min(m, n) columns, and `U`.

    Raises:
        ShapeError: If these are no matrices.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([[1.0, 2.0], [4.0, 2.0]])
        >>> P, L, U = torch.linalg.lu(x)
        >>> L.tolist(), U.tolist(), torch.equal(P @ L @ U, x)
        ([[1.0, 0.0], [0.25, 1.0]], [[4.0, 2.0], [0.0, 1.5]], True)
    """
    _require_pivoting("linalg.lu_factor", pivot)
    x = matrices_of("torch.linalg.lu", A)
    left, right, _, order = _factors(x)
    return linalg_lu(_permutation(order, x.dtype), left, right)


def _compact(A: Any, pivot: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return L and U in one matrix, the exchanged rows, and where U has its first zero."""
    _require_pivoting("linalg.lu_factor", pivot)
    x = as_tensor(A)
    if x.ndim < 2:
        raise ShapeError(
            "torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: "
            f"{list(x.shape)} instead"
        )
    left, right, pivots, _ = _factors(matrices_of("torch.linalg.lu_factor", x))
    m, n = x.shape[-2:]
    below = tril(left, -1)
    if n > m:
        below = concatenate([below, zeros((*x.shape[:-2], m, n - m), x.dtype)], axis=-1)
    if m > n:
        right = concatenate([right, zeros((*x.shape[:-2], m - n, n), x.dtype)], axis=-2)
    return below + right, pivots, first_zero(right)


def first_zero(x: Tensor) -> Tensor:
    """Return the place, counted from 1, of the first 0 on the diagonal of matrices; 0 if none."""
    if 0 in x.shape[-2:]:
        return zeros(x.shape[:-2], np.int32)
    none: Any = op.diagonal(stop_gradient(x), 0, -2, -1) == 0
    place = op.argmax(astype(none, np.int32), axis=-1)
    return astype(where(none.any(-1), place + 1, 0), np.int32)


def lu_factor_ex(A: Any, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """Return L and U in one matrix, which rows were exchanged, and where U has its first 0.

    Args:
        A: Matrices of shape (…, m, n).
        pivot: Always true: rows are exchanged.
        check_errors: Whether a 0 on the diagonal of U is refused.

    Raises:
        ShapeError: If these are no matrices.
        NoResult: If U has a 0 on its diagonal and that is asked for.
    """
    return _factored("torch.linalg.lu_factor_ex", A, pivot, check_errors)


def _factored(name: str, A: Any, pivot: bool, check_errors: bool) -> Any:
    both, pivots, info = _compact(A, pivot)
    if check_errors and not info.is_symbolic and info.array.any():
        place = int(info.array[info.array > 0].flat[0])
        raise NoResult(
            name,
            f"U[{place},{place}] is zero and using it on lu_solve would result in a division by "
            "zero. If you still want to perform the factorization, consider calling "
            "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)",
        )
    return linalg_lu_factor_ex(both, pivots, info)


def lu_factor(A: Any, *, pivot: bool = True) -> Any:
    """Return L and U in one matrix, and which rows were exchanged, as `lu_solve` takes them.

    Args:
        A: Matrices of shape (…, m, n).
        pivot: Always true: rows are exchanged.

    Returns:
        `LU`, with U in the upper triangle and L, whose diagonal of ones is not stored, below it;
        and `pivots`, of int32, with which row each row was exchanged, counted from 1.

    Raises:
        ShapeError: If these are no matrices.
        NoResult: If U has a 0 on its diagonal.

    Example:
        >>> import thalweg.torch as torch
        >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[1.0, 2.0], [4.0, 2.0]]))
        >>> LU.tolist(), pivots.tolist()
        ([[4.0, 2.0], [0.25, 1.5]], [2, 2])
        >>> torch.linalg.lu_solve(LU, pivots, torch.tensor([[3.0], [6.0]])).tolist()
        [[1.0], [1.0]]
    """
    return linalg_lu_factor(*_factored("torch.linalg.lu_factor", A, pivot, True)[:2])


def lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """Solve A X = B by the factors of A, as `lu_factor` returns them.

    Args:
        LU: L and U in one matrix, of shape (…, n, n).
        pivots: With which row each was exchanged, counted from 1.
        B: Matrices of shape (…, n, k); (…, k, n) if not `left`.
        left: Whether A X = B is solved, not X A = B.
        adjoint: Whether A is replaced by Aᴴ.

    Raises:
        ShapeError: If shapes do not fit.
        DtypeError: If the pivots are not of int32.
    """
    factors, right = matrices_of("linalg.lu_solve", LU), matrices_of("linalg.lu_solve", B, "B")
    exchanged = as_tensor(pivots)
    if exchanged.array.dtype != np.int32:
        raise DtypeError(
            "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32. Convert them."
        )
    if factors.shape[-1] != right.shape[-2 if left else -1]:
        n, (rows, columns) = factors.shape[-1], right.shape[-2:]
        raise ShapeError(
            "linalg.lu_solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({n}x{n} and {rows}x{columns})"
        )
    if not left:
        # X A = B is Aᴴ Xᴴ = Bᴴ.
        return adjoint_of(_solved(factors, exchanged, adjoint_of(right), not adjoint))
    return _solved(factors, exchanged, right, adjoint)


def _solved(factors: Tensor, pivots: Tensor, b: Tensor, adjoint: bool) -> Tensor:
    order = _order_of(pivots, factors.shape[-1])
    if not adjoint:
        half = solve_triangular(factors, _rows(b, order), lower=True, unit_diagonal=True)
        return solve_triangular(factors, half, lower=False)
    half = solve_triangular(factors, b, "C", lower=False)
    found = solve_triangular(factors, half, "C", lower=True, unit_diagonal=True)
    return _rows(found, op.argsort(order, axis=-1))


def solve_by_factors(b: Any, LU_data: Any, LU_pivots: Any) -> Tensor:
    """Solve A x = b by the factors of A: `torch.linalg.lu_solve` with the factors last."""
    return lu_solve(LU_data, LU_pivots, b)


# PyTorch has one name for both: the room's own, and this one.
solve_by_factors.__name__ = "lu_solve"
method(solve_by_factors)


@function
def lu_unpack(
    LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """Return P, L and U of what `torch.linalg.lu_factor` returned.

    Args:
        LU_data: L and U in one matrix, of shape (…, m, n).
        LU_pivots: With which row each was exchanged, counted from 1.
        unpack_data: Whether L and U are wanted; if not they are empty.
        unpack_pivots: Whether P is wanted; if not it is empty.

    Raises:
        DtypeError: If the pivots are not of int32.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.tensor([[1.0, 2.0], [4.0, 2.0]])
        >>> P, L, U = torch.lu_unpack(*torch.linalg.lu_factor(x))
        >>> torch.equal(P @ L @ U, x)
        True
    """
    both, pivots = matrices_of("torch.lu_unpack", LU_data, "LU_data"), as_tensor(LU_pivots)
    if unpack_pivots and pivots.array.dtype != np.int32:
        raise DtypeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 "
            f"dtype. Got {pivots.dtype}. Convert it."
        )
    m, n = both.shape[-2:]
    k = min(m, n)
    empty = zeros((0,), both.dtype)
    left = right = permutation = empty
    if unpack_data:
        left = tril(both[..., :k], -1) + eye(m, k, dtype=both.dtype)
        right = triu(both[..., :k, :])
    if unpack_pivots:
        permutation = _permutation(_order_of(pivots, m), both.dtype)
    return unpacked(permutation, left, right)


def factored(A: Any, pivot: bool = True, get_infos: bool = False) -> Any:
    """Return L and U in one matrix, and which rows were exchanged: an older `lu_factor_ex`.

    Args:
        A: Matrices of shape (…, m, n).
        pivot: Always true: rows are exchanged.
        get_infos: Whether it is told where U has its first 0.
    """
    both, pivots, info = _compact(A, pivot)
    return with_info(both, pivots, info) if get_infos else (both, pivots)


# The room's own function of the name means another thing.
factored.__name__ = "lu"
method(factored)
