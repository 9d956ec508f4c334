"""Linear algebra by NumPy's names: systems, decompositions, ranks and least squares."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.apply import apply, joined
from thalweg.core.operation import op, operation, register
from thalweg.core.spec import real_dtype
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import eye, zeros
from thalweg.ops.elementwise.arithmetic import absolute, square
from thalweg.ops.elementwise.comparison import greater, maximum, where
from thalweg.ops.elementwise.complex import conjugated, real
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.exponential import log
from thalweg.ops.linalg import decompositions
from thalweg.ops.linalg.decompositions import (
    adjoint_of,
    determinant_of,
    log_of_determinant,
    require_square,
    sign_of_determinant,
    symmetric,
    turned,
)
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.extremes import max, min
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims, squeeze

__all__ = ["matrix_transpose"]


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class EighResult(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class LstsqResult(NamedTuple):
    """Solutions of least squares and what is known of them."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class QRResult(NamedTuple):
    """Orthonormal columns, and an upper triangle."""

    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its magnitude."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """Left singular vectors as columns, singular values, right ones as conjugate rows."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def require_matrices(name: str, x: Tensor) -> Tensor:
    """Return a stack of matrices.

    Raises:
        ShapeError: If it has fewer axes than two.
    """
    if x.ndim < 2:
        raise ShapeError(
            f"{name} got shape {tuple(x.shape)}; it wants matrices along the last two axes. "
            "Reshape it."
        )
    return x


def stacked_matrices(name: str, x: Any) -> Tensor:
    """Return a stack of matrices in a floating dtype."""
    return require_matrices(name, as_floating(x))


def square_matrices(name: str, x: Any) -> Tensor:
    """Return a stack of square matrices in a floating dtype."""
    tensor = as_floating(x)
    require_square(name, tensor.spec)
    return tensor


@operation
def matrix_transpose(x: Any) -> Tensor:
    """Transposes of a stack of matrices: the last two axes swapped."""
    return turned(require_matrices("matrix_transpose", as_tensor(x)))


# ---- systems and inverses


@operation
def solve(a: Any, b: Any, *, left: bool | None = None) -> Tensor:
    """Solve a x = b for x.

    Args:
        a: Square matrices of shape (…, n, n).
        b: A vector of shape (n,), or matrices of shape (…, n, k).
        left: PyTorch's keyword: true to solve a x = b, false to solve x a = b. Given it, a stack
            of vectors, of shape a.shape[:-1], is taken for one too, as PyTorch does.

    Raises:
        ShapeError: If the shapes do not fit.
        ArgumentError: If a matrix is singular; a compiled program goes on with NaN.

    Example:
        >>> import thalweg as tw
        >>> tw.linalg.solve(tw.tensor([[2.0, 0.0], [0.0, 4.0]]), tw.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    matrix, right = _of_one_dtype(square_matrices("solve", a), as_floating(b))
    column = right.ndim == 1 or (left is not None and right.shape == matrix.shape[:-1])
    if column and left is False:
        raise ShapeError("solve got vectors and left=False; it wants matrices. Reshape them.")
    right = expand_dims(right, -1) if column else right
    if left is False:
        return turned(_solve(turned(matrix), turned(right)))
    found = _solve(matrix, right)
    return squeeze(found, -1) if column else found


def _of_one_dtype(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    dtype = joined(a, b)
    return astype(a, dtype), astype(b, dtype)


def _solve(a: Tensor, b: Tensor) -> Tensor:
    return decompositions.solve_matrices(*_fitting("solve", a, b))


def _fitting(name: str, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return both sides of a system as stacks of the same shape.

    Raises:
        ShapeError: If they do not fit.
    """
    if b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        raise ShapeError(
            f"{name} got shapes {tuple(a.shape)} and {tuple(b.shape)}; the rows of both must be "
            "as many. Transpose one, or reshape it; of stacks of vectors say left=True."
        )
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return (
        broadcast_to(a, (*batch, *a.shape[-2:])), broadcast_to(b, (*batch, *b.shape[-2:]))
    )  # fmt: skip


@operation
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    *,
    upper: bool | None = None,
    left: bool = True,
    unitriangular: bool = False,
) -> Tensor:
    """Solve a x = b for x, reading one triangle of a alone.

    Args:
        a: Square matrices of shape (…, n, n).
        b: A vector of shape (n,), or matrices of shape (…, n, k).
        trans: SciPy's: 0 or "N" for a x = b, 1 or "T" for aᵀ x = b, 2 or "C" for aᴴ x = b.
        lower: Whether the lower triangle is read, not the upper one.
        unit_diagonal: Whether the diagonal counts as ones, and is not read.
        upper: PyTorch's keyword, the opposite of `lower`.
        left: PyTorch's keyword: false to solve x a = b.
        unitriangular: PyTorch's name of `unit_diagonal`.

    Raises:
        ShapeError: If the shapes do not fit.
        ArgumentError: If a number on the diagonal is 0. A compiled program goes on with Inf or NaN.

    Example:
        >>> import thalweg as tw
        >>> a = tw.tensor([[2.0, 0.0], [1.0, 4.0]])
        >>> tw.linalg.solve_triangular(a, tw.tensor([2.0, 5.0]), lower=True)
        tensor([1., 1.])
    """
    matrix, right = _of_one_dtype(square_matrices("solve_triangular", a), as_floating(b))
    lower = lower if upper is None else not upper
    if trans not in _TRANSPOSED:
        raise ArgumentError(f"solve_triangular got trans {trans!r}; it wants 0, 1, 2, N, T or C.")
    matrix = conjugated(matrix) if trans in (2, "C") else matrix
    column = right.ndim == 1
    right = expand_dims(right, -1) if column else right
    system = {
        "lower": bool(lower), "transposed": _TRANSPOSED[trans] != (not left),
        "unit": bool(unit_diagonal or unitriangular),
    }  # fmt: skip
    pair = _fitting("solve_triangular", matrix, right if left else turned(right))
    found = apply(decompositions.triangular_solve, pair, system)
    found = found if left else turned(found)
    return squeeze(found, -1) if column else found


_TRANSPOSED = {0: False, 1: True, 2: True, "N": False, "T": True, "C": True}


@operation
def cho_factor(a: Any, lower: bool = False) -> tuple[Tensor, bool]:
    """Return a Cholesky factor and whether it is the lower one, as `cho_solve` takes them.

    Args:
        a: Positive definite matrices of shape (…, n, n).
        lower: Whether to return L with L Lᴴ = a, not Lᴴ.

    Raises:
        ArgumentError: If a matrix is not positive definite; a compiled program goes on with NaN.
    """
    return cholesky(a, upper=not lower), bool(lower)


@operation
def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Tensor:
    """Solve a x = b for x, given the Cholesky factor of a as `cho_factor` returns it.

    Args:
        c_and_lower: The factor, and whether it is the lower one.
        b: A vector of shape (n,), or matrices of shape (…, n, k).

    Example:
        >>> import thalweg as tw
        >>> a = tw.tensor([[4.0, 2.0], [2.0, 5.0]])
        >>> tw.linalg.cho_solve(tw.linalg.cho_factor(a), tw.tensor([6.0, 7.0]))
        tensor([1., 1.])
    """
    factor, lower = c_and_lower
    halfway = solve_triangular(factor, b, 0 if lower else 2, lower)
    return solve_triangular(factor, halfway, 2 if lower else 0, lower)


@operation
def inv(x: Any) -> Tensor:
    """Inverse of square matrices.

    Raises:
        ArgumentError: If one is singular; a compiled program goes on with NaN.
    """
    return decompositions.inverse_of(square_matrices("inv", x))


@operation
def pinv(x: Any, rtol: Any = None, *, rcond: Any = None, hermitian: bool = False) -> Tensor:
    """Moore-Penrose inverse of matrices, of full rank where derivatives are wanted.

    Args:
        x: Matrices of shape (…, m, n).
        rtol: Singular values up to this part of the largest count as zero; by default
            max(m, n) ε.
        rcond: NumPy's older name of `rtol`.
        hermitian: Whether the matrices are symmetric, and only their lower triangle is read;
            derivatives are those of the inverse of whole matrices.
    """
    tensor = stacked_matrices("pinv", x)
    limit = _tolerance(tensor, rtol if rcond is None else rcond)
    return decompositions.pseudo_inverse(tensor, limit, hermitian=hermitian)


def _tolerance(x: Tensor, rtol: Any) -> Tensor:
    kind = real(x).dtype
    if rtol is None:
        rtol = float(np.finfo(kind).eps) * builtins.max(x.shape[-2:])
    return astype(broadcast_to(as_tensor(rtol), x.shape[:-2]), kind)


# ---- determinants and powers


@operation
def det(x: Any) -> Tensor:
    """Determinant of square matrices; the derivative are the cofactors, of singular ones too."""
    return determinant_of(square_matrices("det", x))


@operation
def slogdet(x: Any) -> SlogdetResult:
    """Sign of the determinant of square matrices, and the logarithm of its magnitude.

    Raises:
        ArgumentError: From a derivative, if a matrix is singular: the logarithm is -∞ there.
    """
    tensor = square_matrices("slogdet", x)
    return SlogdetResult(sign_of_determinant(tensor), log_of_determinant(tensor))


@operation
def logdet(x: Any) -> Tensor:
    """Logarithm of the determinant of square matrices; NaN where that is negative."""
    sign, size = slogdet(x)
    return size + log(sign)


@operation
def matrix_power(x: Any, n: int) -> Tensor:
    """Product of a square matrix with itself, n times; of its inverse for negative n."""
    tensor = square_matrices("matrix_power", x) if n < 0 else as_tensor(x)
    require_square("matrix_power", tensor.spec)
    base, times = (inv(tensor), -n) if n < 0 else (tensor, n)
    if times == 0:
        return op.clone(broadcast_to(eye(base.shape[-1], dtype=base.dtype), base.shape))
    found = None
    while times:
        if times % 2:
            found = base if found is None else matmul(found, base)
        times //= 2
        base = matmul(base, base) if times else base
    assert found is not None
    return op.clone(found) if n == 1 else found


@operation
def multi_dot(arrays: Sequence[Any]) -> Tensor:
    """Product of several matrices, from left to right."""
    given = [as_tensor(array) for array in arrays]
    return functools.reduce(matmul, given) if len(given) > 1 else op.clone(given[0])


# ---- decompositions


@operation
def cholesky(x: Any, *, upper: bool = False) -> Tensor:
    """Triangular factor of positive definite matrices: the lower L with L Lᴴ = x, or Lᴴ.

    Raises:
        ArgumentError: If a matrix is not positive definite; a compiled program goes on with NaN
            in the place of all of its factor.
    """
    found = decompositions.cholesky_factor(square_matrices("cholesky", x))
    return adjoint_of(found) if upper else found


@operation
def qr(x: Any, mode: str = "reduced") -> QRResult:
    """Orthonormal columns and an upper triangle whose product is the matrix, signs as LAPACK's.

    Args:
        x: Matrices of shape (…, m, n).
        mode: "reduced" for min(m, n) columns, or "complete" for m of them; derivatives take
            the further ones for constants.

    Raises:
        ArgumentError: If there is no such mode.
    """
    tensor = stacked_matrices("qr", x)
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f"qr got mode {mode!r}; it wants 'reduced' or 'complete'.")
    parts = decompositions.orthogonal_parts(tensor)
    rows, columns = tensor.shape[-2:]
    q, r = parts[..., :rows, :], turned(parts[..., rows:, :])
    if mode == "complete" and rows > columns:
        q = concatenate((q, decompositions.completing_columns(stop_gradient(q))), axis=-1)
        below = ((0, rows - columns), (0, 0))
        r = op.pad(r, (*((0, 0),) * (r.ndim - 2), *below))
    return QRResult(q, r)


@operation
def eigh(x: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues, in ascending order, and eigenvectors of symmetric or Hermitian matrices.

    Vectors are known up to a sign, which a compiled program may choose otherwise than NumPy; of
    what is not finite it makes NaN.

    Args:
        x: Matrices of shape (…, n, n).
        UPLO: "L" or "U", the triangle that is read.
    """
    if UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"eigh got UPLO {UPLO!r}; it wants 'L' or 'U'.")
    parts = decompositions.eigen_parts(square_matrices("eigh", x), triangle=UPLO.upper())
    return EighResult(real(parts[..., 0, :]), parts[..., 1:, :])


@operation
def eigvalsh(x: Any, UPLO: str = "L") -> Tensor:
    """Eigenvalues, in ascending order, of symmetric or Hermitian matrices."""
    return eigh(x, UPLO).eigenvalues


@operation
def svd(
    x: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Singular values and vectors: x = U diag(S) Vh, the values in descending order.

    Pairs of vectors are known up to a sign, which a compiled program may choose otherwise than
    NumPy; of what is not finite it makes NaN.

    Args:
        x: Matrices of shape (…, m, n).
        full_matrices: Whether U and Vh are square; derivatives take what that adds for constant.
        compute_uv: Whether to return the vectors, not the values alone.
        hermitian: Whether the matrices are known to be symmetric; they need not be told.
    """
    tensor = stacked_matrices("svd", x)
    rows, columns = tensor.shape[-2:]
    full = full_matrices and compute_uv and rows != columns
    parts = decompositions.singular_parts(tensor, full=full)
    values = real(parts[..., rows, : builtins.min(rows, columns)])
    if not compute_uv:
        return values
    u, v = parts[..., :rows, :], parts[..., rows + 1 :, :]
    if full:
        u, v = u[..., :rows], v[..., :columns]
    return SVDResult(u, values, adjoint_of(v))


@operation
def svdvals(x: Any) -> Tensor:
    """Singular values of matrices, in descending order."""
    found: Tensor = svd(x, compute_uv=False)
    return found


def eig(a: Any) -> EigResult:
    """Return eigenvalues and eigenvectors of square matrices, both complex, in LAPACK's order.

    Only the eigenvalues have derivatives, where they are distinct.

    Args:
        a: Matrices of shape (…, n, n).

    Raises:
        ShapeError: If they are not square.
        GradientError: If a derivative of the vectors is asked for.

    Example:
        >>> import thalweg as tw
        >>> tw.linalg.eig(tw.tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues.numpy()
        array([0.+1.j, 0.-1.j])
    """
    tensor = square_matrices("eig", a)
    return EigResult(decompositions.eigenvalues_of(tensor), decompositions.eigenvectors_of(tensor))


def eigvals(a: Any) -> Tensor:
    """Return the eigenvalues of square matrices, complex; arguments and errors as `eig`'s."""
    return decompositions.eigenvalues_of(square_matrices("eigvals", a))


register("eig", eig)

register("eigvals", eigvals)


# ---- sizes of matrices


@operation
def matrix_rank(
    x: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """Number of singular values larger than `tol`, or `rtol` times the largest.

    Args:
        x: Matrices of shape (…, m, n).
        tol: What counts as zero.
        hermitian: Whether the matrices are symmetric, and only their lower triangle is read.
        atol: What counts as zero at least, beside `rtol`, which is 0 then by default.
        rtol: What part of the largest counts as zero; by default max(m, n) ε.
    """
    tensor = stacked_matrices("matrix_rank", x)
    tensor = symmetric(tensor) if hermitian else tensor
    values = svdvals(tensor)
    if tol is not None:
        return sum(greater(values, expand_dims(as_tensor(tol), -1)), -1)
    if not values.shape[-1]:
        return sum(astype(values, np.int64), -1)
    if atol is not None and rtol is None:
        rtol = where(greater(as_tensor(atol), 0), 0.0, _tolerance(tensor, None))
    limit = max(values, -1) * _tolerance(tensor, rtol)
    limit = limit if atol is None else maximum(limit, as_tensor(atol))
    return sum(greater(values, expand_dims(limit, -1)), -1)


@operation
def cond(x: Any, p: Any = None) -> Tensor:
    """Condition number of matrices: ‖x‖ ‖x⁻¹‖, by singular values for p None, 2 or -2."""
    tensor = stacked_matrices("cond", x)
    if p in (None, 2, -2):
        values = svdvals(tensor)
        found = max(values, -1) / min(values, -1)
        return 1 / found if p == -2 else found
    return op.matrix_norm(tensor, ord=p) * op.matrix_norm(inv(tensor), ord=p)


# ---- least squares


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
    matrix, right = stacked_matrices("lstsq", a), as_floating(b)
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
