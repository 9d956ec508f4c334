"""Matrices of low rank near large ones, from products with few random vectors."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.matrices import qr, svd
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.functions.matrices.operands import matrices_of
from thalweg.torch.functions.random import randn
from thalweg.torch.naming import as_tensor, function


def _turned(x: Tensor) -> Tensor:
    return swapaxes(conjugated(x), -1, -2)


def _range_of(x: Tensor, q: int, niter: int) -> Tensor:
    """Return q orthonormal columns that nearly span what a matrix maps to.

    Source:
        Halko, Martinsson & Tropp, "Finding Structure with Randomness", 2011, algorithm 4.4.
    """
    basis, _ = qr(matmul(x, randn(x.shape[-1], q, dtype=x.dtype)))
    for _ in range(niter):
        basis, _ = qr(matmul(_turned(x), basis))
        basis, _ = qr(matmul(x, basis))
    return basis


@function
def svd_lowrank(A: Any, q: int = 6, niter: int = 2, M: Any = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest singular values of matrices with their vectors, about: A ≈ U diag(S) Vᴴ.

    Args:
        A: Shape (…, m, n).
        q: How many are wanted; more than the rank that is looked for, by some.
        niter: How often the random vectors are taken through the matrix and back.
        M: What is subtracted from A first, of a shape that broadcasts to its.

    Returns:
        U of shape (…, m, q), S of (…, q) and V of (…, n, q).

    Raises:
        ShapeError: If A is no matrix.

    Source:
        Halko, Martinsson & Tropp, "Finding Structure with Randomness", 2011, algorithm 5.1.

    Example:
        >>> import thalweg.torch as torch
        >>> U, S, V = torch.svd_lowrank(torch.outer(torch.tensor([3.0, 4.0]), torch.ones(4)), q=1)
        >>> [round(s, 4) for s in S.tolist()]
        [10.0]
    """
    x = matrices_of("svd_lowrank", as_tensor(A))
    if M is not None:
        x = x - as_tensor(M)
    is_wide = x.shape[-2] < x.shape[-1]
    if is_wide:
        x = _turned(x)
    basis = _range_of(x, q, niter)
    U, S, Vh = svd(matmul(_turned(basis), x), full_matrices=False)
    left, right = matmul(basis, U), _turned(Vh)
    return (right, S, left) if is_wide else (left, S, right)


@function
def pca_lowrank(
    A: Any, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first principal components of rows, about, as `svd_lowrank` of what is centred.

    Args:
        A: Rows of numbers, shape (…, m, n).
        q: How many components; by default 6, or as many as there are.
        center: Whether the columns' means are subtracted first.
        niter: As of `svd_lowrank`.

    Returns:
        U, S and V, whose columns are the principal directions; S² / (m - 1) are the variances.

    Raises:
        ArgumentError: If q is not from 0 to the lesser of m and n, or niter negative.

    Example:
        >>> import thalweg.torch as torch
        >>> rows = torch.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]])
        >>> U, S, V = torch.pca_lowrank(rows, q=1)
        >>> [round(abs(v), 4) for v in V.flatten().tolist()]
        [0.4472, 0.8944]
    """
    x = matrices_of("pca_lowrank", as_tensor(A))
    most = min(x.shape[-2:])
    count = min(6, most) if q is None else q
    if not 0 <= count <= most:
        raise ArgumentError(
            f"q(={count}) must be non-negative integer and not greater than min(m, n)={most}. "
            "Ask for fewer components."
        )
    if niter < 0:
        raise ArgumentError(f"niter(={niter}) must be non-negative integer. Give 2, say.")
    if center:
        x = x - mean(x, axis=-2, keepdims=True)
    found: tuple[Tensor, Tensor, Tensor] = svd_lowrank(x, count, niter)
    return found
