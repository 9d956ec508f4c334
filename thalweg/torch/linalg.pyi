"""PyTorch's `torch.linalg`: the functions of `thalweg.linalg`, and PyTorch's further ones."""

# Written by `python -m tests.stubs`.

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from thalweg.core.spec import DType
from thalweg.errors import NoResult as _NoResult
from thalweg.torch.tensors import TorchTensor

_Out: TypeAlias = TorchTensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

class EigResult(NamedTuple):
    eigenvalues: TorchTensor
    eigenvectors: TorchTensor

class EighResult(NamedTuple):
    eigenvalues: TorchTensor
    eigenvectors: TorchTensor

class QRResult(NamedTuple):
    Q: TorchTensor
    R: TorchTensor

class SlogdetResult(NamedTuple):
    sign: TorchTensor
    logabsdet: TorchTensor

class SVDResult(NamedTuple):
    U: TorchTensor
    S: TorchTensor
    Vh: TorchTensor

LinAlgError = _NoResult

def cholesky(input: ArrayLike, *, upper: bool = False, out: _Out = None) -> TorchTensor:
    r"""Triangular factor of positive definite matrices: the lower L with L Lᴴ = x, or Lᴴ."""

def cholesky_ex(A: ArrayLike, *, upper: bool = False, check_errors: bool = False) -> Any:
    r"""Return Cholesky factors, and the order of the first minor that is not positive."""

def cond(input: ArrayLike, p: Any = None, *, out: _Out = None) -> TorchTensor:
    r"""Condition number of matrices: ‖x‖ ‖x⁻¹‖, by singular values for p None, 2 or -2."""

def cross(input: ArrayLike, other: ArrayLike, dim: int = -1) -> TorchTensor:
    r"""Cross products of vectors of three elements along an axis; the others broadcast."""

def det(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Determinant of square matrices; the derivative are the cofactors, of singular ones too."""

def diagonal(input: ArrayLike, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> TorchTensor:
    r"""Diagonals of a stack of matrices, as the last axis."""

def eig(a: ArrayLike) -> EigResult:
    r"""Return eigenvalues and eigenvectors of square matrices, both complex, in LAPACK's order."""

def eigh(input: ArrayLike, UPLO: str = "L") -> EighResult:
    r"""Eigenvalues, in ascending order, and eigenvectors of symmetric or Hermitian matrices."""

def eigvals(a: ArrayLike) -> TorchTensor:
    r"""Return the eigenvalues of square matrices, complex; arguments and errors as `eig`'s."""

def eigvalsh(input: ArrayLike, UPLO: str = "L", *, out: _Out = None) -> TorchTensor:
    r"""Eigenvalues, in ascending order, of symmetric or Hermitian matrices."""

def householder_product(A: ArrayLike, tau: ArrayLike) -> TorchTensor:
    r"""Return the first n columns of the product of k reflections of dimension m."""

def inv(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Inverse of square matrices."""

def inv_ex(A: ArrayLike, *, check_errors: bool = False) -> Any:
    r"""Return inverses, and where elimination met a 0: `info` is 0 where it met none."""

def ldl_factor(A: ArrayLike, *, hermitian: bool = False) -> Any:
    r"""Return L and D in one matrix, and which rows were exchanged, as `ldl_solve` takes them."""

def ldl_factor_ex(A: ArrayLike, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    r"""Return L and D in one matrix, which rows were exchanged, and where D has its first 0."""

def ldl_solve(
    LD: ArrayLike, pivots: ArrayLike, B: ArrayLike, *, hermitian: bool = False
) -> TorchTensor:
    r"""Solve A X = B by the factors of A, as `ldl_factor` returns them."""

def lstsq(A: ArrayLike, B: ArrayLike, rcond: Any = None, *, driver: str | None = None) -> Any:
    r"""Return the X of least ‖A X - B‖, and of least ‖X‖ among those."""

def lu(A: ArrayLike, *, pivot: bool = True) -> Any:
    r"""Decompose matrices into a permutation, a lower triangle and an upper one: A = P L U."""

def lu_factor(A: ArrayLike, *, pivot: bool = True) -> Any:
    r"""Return L and U in one matrix, and which rows were exchanged, as `lu_solve` takes them."""

def lu_factor_ex(A: ArrayLike, *, pivot: bool = True, check_errors: bool = False) -> Any:
    r"""Return L and U in one matrix, which rows were exchanged, and where U has its first 0."""

def lu_solve(
    LU: ArrayLike, pivots: ArrayLike, B: ArrayLike, *, left: bool = True, adjoint: bool = False
) -> TorchTensor:
    r"""Solve A X = B by the factors of A, as `lu_factor` returns them."""

def matmul(input: ArrayLike, other: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast."""

def matrix_exp(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Exponential of square matrices: Σ xᵏ / k!."""

def matrix_norm(
    input: ArrayLike,
    ord: Any = "fro",
    dim: int | Sequence[int] | None = ...,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Norm of stacks of matrices."""

def matrix_power(input: ArrayLike, n: int, *, out: _Out = None) -> TorchTensor:
    r"""Product of a square matrix with itself, n times; of its inverse for negative n."""

def matrix_rank(
    input: ArrayLike,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Number of singular values larger than `tol`, or `rtol` times the largest."""

def matrix_transpose(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Transposes of a stack of matrices: the last two axes swapped."""

def multi_dot(tensors: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Product of several matrices, from left to right."""

def norm(
    input: ArrayLike,
    ord: Any = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    out: _Out = None,
    **named: Any,
) -> TorchTensor:
    r"""Norm of a vector or a matrix, as `tw.norm`, the norms by singular values too."""

def outer(input: ArrayLike, other: ArrayLike) -> TorchTensor:
    r"""Products of each element of a vector and each of another one."""

def pinv(
    input: ArrayLike,
    rtol: Any = None,
    *,
    rcond: Any = None,
    hermitian: bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Moore-Penrose inverse of matrices, of full rank where derivatives are wanted."""

def qr(input: ArrayLike, mode: str = "reduced") -> QRResult:
    r"""Orthonormal columns and an upper triangle whose product is the matrix, signs as LAPACK's."""

def slogdet(input: ArrayLike) -> SlogdetResult:
    r"""Sign of the determinant of square matrices, and the logarithm of its magnitude."""

def solve(A: ArrayLike, B: ArrayLike, *, left: bool | None = None, out: _Out = None) -> TorchTensor:
    r"""Solve a x = b for x."""

def solve_ex(A: ArrayLike, B: ArrayLike, *, left: bool = True, check_errors: bool = False) -> Any:
    r"""Solve A X = B, and tell where elimination met a 0: `info` is 0 where it met none."""

def solve_triangular(
    A: ArrayLike,
    B: ArrayLike,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    *,
    upper: bool | None = None,
    left: bool = True,
    unitriangular: bool = False,
    out: _Out = None,
) -> TorchTensor:
    r"""Solve a x = b for x, reading one triangle of a alone."""

@overload
def svd(
    input: ArrayLike,
    full_matrices: bool = True,
    *,
    compute_uv: Literal[False],
    hermitian: bool = False,
) -> TorchTensor:
    r"""Singular values and vectors: x = U diag(S) Vh, the values in descending order."""

@overload
def svd(
    input: ArrayLike,
    full_matrices: bool = True,
    compute_uv: Literal[True] = True,
    hermitian: bool = False,
) -> SVDResult:
    r"""Singular values and vectors: x = U diag(S) Vh, the values in descending order."""

@overload
def svd(
    input: ArrayLike, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    r"""Singular values and vectors: x = U diag(S) Vh, the values in descending order."""

def svdvals(input: ArrayLike, *, out: _Out = None) -> TorchTensor:
    r"""Singular values of matrices, in descending order."""

def tensordot(
    input: ArrayLike, other: ArrayLike, dim: int | Sequence[int] | None = 2, *, out: _Out = None
) -> TorchTensor:
    r"""Sum products over several axes at once."""

def tensorinv(input: ArrayLike, ind: int = 2, *, out: _Out = None) -> TorchTensor:
    r"""Inverse under `tensordot` over `ind` axes."""

def tensorsolve(
    a: ArrayLike, b: ArrayLike, dim: int | Sequence[int] | None = None, *, out: _Out = None
) -> TorchTensor:
    r"""Solve tensordot(a, x, x.ndim) = b for x."""

def trace(input: ArrayLike, *, offset: int = 0, dtype: DTypeLike | None = None) -> TorchTensor:
    r"""Sums of the diagonals of a stack of matrices."""

def vander(input: ArrayLike, N: int | None = None, *, out: _Out = None) -> TorchTensor:
    r"""Powers 0 … N - 1 of the last axis' elements, as rows: shape (…, n, N), by default N = n."""

def vecdot(input: ArrayLike, other: ArrayLike, dim: int = -1, *, out: _Out = None) -> TorchTensor:
    r"""Sums of products along one axis, those of x conjugated; the other axes broadcast."""

def vector_norm(
    input: ArrayLike,
    ord: Any = 2,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    out: _Out = None,
) -> TorchTensor:
    r"""Norm of vectors: (Σ |x|ᵖ)^(1/p) over one or several axes; by default over all."""
