"""Linear algebra: the Array API's extension, and PyTorch's further names."""

# Written by `python -m tests.stubs`.

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from thalweg.core.spec import DType
from thalweg.core.tensor import Tensor
from thalweg.ops.linalg.matrices import EighResult, LstsqResult, QRResult, SlogdetResult, SVDResult
from thalweg.ops.linalg.matrices import eig as eig
from thalweg.ops.linalg.matrices import eigvals as eigvals
from thalweg.ops.linalg.products import diagonals as _diagonals
from thalweg.ops.linalg.products import outer_product as _outer_product
from thalweg.ops.linalg.products import traces as _traces

_Out: TypeAlias = Tensor | np.ndarray[Any, Any] | tuple[Any, ...] | None

def cho_factor(a: ArrayLike, lower: bool = False, *, out: _Out = None) -> tuple[Tensor, bool]:
    r"""Return a Cholesky factor and whether it is the lower one, as `cho_solve` takes them."""

def cho_solve(c_and_lower: tuple[Any, bool], b: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Solve a x = b for x, given the Cholesky factor of a as `cho_factor` returns it."""

def cholesky(x: ArrayLike, *, upper: bool = False, out: _Out = None) -> Tensor:
    r"""Triangular factor of positive definite matrices: the lower L with L Lᴴ = x, or Lᴴ."""

def cond(x: ArrayLike, p: Any = None, *, out: _Out = None) -> Tensor:
    r"""Condition number of matrices: ‖x‖ ‖x⁻¹‖, by singular values for p None, 2 or -2."""

def cross(x: ArrayLike, y: ArrayLike, axis: int = -1, *, out: _Out = None) -> Tensor:
    r"""Cross products of vectors of three elements along an axis; the others broadcast."""

def det(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Determinant of square matrices; the derivative are the cofactors, of singular ones too."""

diagonal = _diagonals

def eigh(x: ArrayLike, UPLO: str = "L") -> EighResult:
    r"""Eigenvalues, in ascending order, and eigenvectors of symmetric or Hermitian matrices."""

def eigvalsh(x: ArrayLike, UPLO: str = "L", *, out: _Out = None) -> Tensor:
    r"""Eigenvalues, in ascending order, of symmetric or Hermitian matrices."""

def expm(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Exponential of square matrices: Σ xᵏ / k!."""

def inv(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Inverse of square matrices."""

def lstsq(
    a: ArrayLike, b: ArrayLike, rcond: Any = None, *, driver: str | None = None
) -> LstsqResult:
    r"""Return the x of least ‖a x - b‖, and of least ‖x‖ among those."""

def matmul(x: ArrayLike, y: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Matrix product with NumPy's rules: vectors are promoted, batch axes broadcast."""

def matrix_exp(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Exponential of square matrices: Σ xᵏ / k!."""

def matrix_norm(
    x: ArrayLike,
    ord: Any = "fro",
    axis: int | Sequence[int] | None = ...,
    keepdims: bool = False,
    *,
    dtype: DType | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Norm of stacks of matrices."""

def matrix_power(x: ArrayLike, n: int, *, out: _Out = None) -> Tensor:
    r"""Product of a square matrix with itself, n times; of its inverse for negative n."""

def matrix_rank(
    x: ArrayLike,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
    out: _Out = None,
) -> Tensor:
    r"""Number of singular values larger than `tol`, or `rtol` times the largest."""

def matrix_transpose(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Transposes of a stack of matrices: the last two axes swapped."""

def multi_dot(arrays: Sequence[ArrayLike] | ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Product of several matrices, from left to right."""

def norm(
    x: ArrayLike,
    ord: Any = None,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    out: _Out = None,
    **named: Any,
) -> Tensor:
    r"""Norm of a vector or a matrix, as `tw.norm`, the norms by singular values too."""

outer = _outer_product

def pinv(
    x: ArrayLike, rtol: Any = None, *, rcond: Any = None, hermitian: bool = False, out: _Out = None
) -> Tensor:
    r"""Moore-Penrose inverse of matrices, of full rank where derivatives are wanted."""

def qr(x: ArrayLike, mode: str = "reduced") -> QRResult:
    r"""Orthonormal columns and an upper triangle whose product is the matrix, signs as LAPACK's."""

def slogdet(x: ArrayLike) -> SlogdetResult:
    r"""Sign of the determinant of square matrices, and the logarithm of its magnitude."""

def solve(a: ArrayLike, b: ArrayLike, *, left: bool | None = None, out: _Out = None) -> Tensor:
    r"""Solve a x = b for x."""

def solve_triangular(
    a: ArrayLike,
    b: ArrayLike,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    *,
    upper: bool | None = None,
    left: bool = True,
    unitriangular: bool = False,
    out: _Out = None,
) -> Tensor:
    r"""Solve a x = b for x, reading one triangle of a alone."""

@overload
def svd(
    x: ArrayLike, full_matrices: bool = True, *, compute_uv: Literal[False], hermitian: bool = False
) -> Tensor:
    r"""Singular values and vectors: x = U diag(S) Vh, the values in descending order."""

@overload
def svd(
    x: ArrayLike,
    full_matrices: bool = True,
    compute_uv: Literal[True] = True,
    hermitian: bool = False,
) -> SVDResult:
    r"""Singular values and vectors: x = U diag(S) Vh, the values in descending order."""

@overload
def svd(
    x: ArrayLike, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    r"""Singular values and vectors: x = U diag(S) Vh, the values in descending order."""

def svdvals(x: ArrayLike, *, out: _Out = None) -> Tensor:
    r"""Singular values of matrices, in descending order."""

def tensordot(
    x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = 2, *, out: _Out = None
) -> Tensor:
    r"""Sum products over several axes at once."""

def tensorinv(x: ArrayLike, ind: int = 2, *, out: _Out = None) -> Tensor:
    r"""Inverse under `tensordot` over `ind` axes."""

def tensorsolve(
    a: ArrayLike, b: ArrayLike, axes: int | Sequence[int] | None = None, *, out: _Out = None
) -> Tensor:
    r"""Solve tensordot(a, x, x.ndim) = b for x."""

trace = _traces

def vander(x: ArrayLike, N: int | None = None, *, out: _Out = None) -> Tensor:
    r"""Powers 0 … N - 1 of the last axis' elements, as rows: shape (…, n, N), by default N = n."""

def vecdot(x: ArrayLike, y: ArrayLike, axis: int = -1, *, out: _Out = None) -> Tensor:
    r"""Sums of products along one axis, those of x conjugated; the other axes broadcast."""

def vector_norm(
    x: ArrayLike,
    ord: Any = 2,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    *,
    dtype: DType | None = None,
    out: _Out = None,
) -> Tensor:
    r"""Norm of vectors: (Σ |x|ᵖ)^(1/p) over one or several axes; by default over all."""
