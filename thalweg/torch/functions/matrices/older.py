"""PyTorch's older names of decompositions, and its search for a few eigenvalues."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import zeros
from thalweg.ops.linalg import matrices
from thalweg.ops.linalg.decompositions import adjoint_of
from thalweg.ops.shape.flip import flip
from thalweg.torch.functions.matrices.operands import matrices_of, squares_of
from thalweg.torch.naming import as_tensor, function, method
from thalweg.torch.return_types import named_result

svd_result = named_result("svd", "U", "S", "V")
qr_result = named_result("qr", "Q", "R")
triangular_result = named_result("triangular_solve", "solution", "cloned_coefficient")


@method
def svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """Singular values and vectors: input = U diag(S) Vᴴ, the values in descending order.

    Args:
        input: Matrices of shape (…, m, n).
        some: Whether U and V have min(m, n) columns, not all.
        compute_uv: Whether U and V are wanted; if not they are zeros.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.svd(torch.tensor([[0.0, 2.0], [1.0, 0.0]])).S.tolist()
        [2.0, 1.0]
    """
    x = matrices_of("torch.svd", input, "input")
    if not compute_uv:
        u, v = (zeros((*x.shape[:-2], size, size), x.dtype) for size in x.shape[-2:])
        return svd_result(u, matrices.svdvals(x), v)
    u, values, vh = matrices.svd(x, full_matrices=not some)
    return svd_result(u, values, adjoint_of(vh))


@method
def qr(input: Any, some: bool = True) -> Any:
    """Orthonormal columns and an upper triangle whose product is the matrix.

    Args:
        input: Matrices of shape (…, m, n).
        some: Whether Q has min(m, n) columns, not m.

    Example:
        >>> import thalweg.torch as torch
        >>> Q, R = torch.qr(torch.tensor([[3.0], [4.0]]))
        >>> R.tolist()
        [[-5.0]]
    """
    x = matrices_of("torch.qr", input, "input")
    return qr_result(*matrices.qr(x, "reduced" if some else "complete"))


@method
def triangular_solve(
    b: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """Solve A x = b, reading one triangle of A alone.

    Args:
        b: Matrices of shape (…, n, k).
        A: Matrices of shape (…, n, n).
        upper: Whether the upper triangle is read.
        transpose: Whether Aᵀ is taken.
        unitriangular: Whether the diagonal counts as ones.

    Returns:
        `solution`, and `cloned_coefficient`, a copy of A.

    Example:
        >>> import thalweg.torch as torch
        >>> b, A = torch.tensor([[4.0], [6.0]]), torch.tensor([[1.0, 1.0], [0.0, 3.0]])
        >>> torch.triangular_solve(b, A).solution.tolist()
        [[2.0], [2.0]]
    """
    matrix = squares_of("triangular_solve", A)
    found = matrices.solve_triangular(
        matrix, matrices_of("triangular_solve", b, "b"), int(transpose), upper=upper,
        unitriangular=unitriangular,
    )  # fmt: skip
    return triangular_result(found, clone(matrix))


@function
def lobpcg(
    A: Any,
    k: int | None = None,
    B: Any = None,
    X: Any = None,
    n: int | None = None,
    iK: Any = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: Any = None,
    ortho_fparams: Any = None,
    ortho_bparams: Any = None,
) -> tuple[Tensor, Tensor]:
    """Return the k largest or smallest eigenvalues of symmetric matrices, with their vectors.

    A v = λ B v. PyTorch iterates; here all are computed, so they are exact and what steers the
    iteration is accepted and has no meaning. Vectors have a free sign.

    Args:
        A: Symmetric matrices of shape (…, m, m), m ≥ 3 k.
        k: How many; by default as many as X has columns, or one.
        B: Positive definite matrices; by default the identity.
        X: First guesses, whose number is that of what is wanted.
        n: How many guesses an iteration would have.
        iK: What would precondition an iteration.
        niter: How many iterations there would be.
        tol: Where an iteration would end.
        largest: Whether the largest are wanted: true by default.
        method: "basic" or "ortho".
        tracker: What would be called with each iteration.
        ortho_iparams: Parameters of an iteration.
        ortho_fparams: Parameters of an iteration.
        ortho_bparams: Parameters of an iteration.

    Raises:
        ShapeError: If the matrices are not square.
        ArgumentError: If they are smaller than three times the number of what is wanted.

    Example:
        >>> import thalweg.torch as torch
        >>> values, vectors = torch.lobpcg(torch.diag(torch.tensor([1.0, 5.0, 3.0])), k=1)
        >>> values.tolist(), vectors.abs().tolist()
        ([5.0], [[0.0], [1.0], [0.0]])
    """
    x = squares_of("lobpcg", A)
    count = k if k is not None else 1 if X is None else as_tensor(X).shape[-1]
    if x.shape[-1] < 3 * count:
        raise ArgumentError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={x.shape[-1]}) is "
            f"smaller than 3 x the number of requested eigenpairs (={count}). Use "
            "torch.linalg.eigh."
        )
    values, vectors = _pairs(x, B)
    if largest is None or largest:
        values, vectors = flip(values, -1), flip(vectors, -1)
    return values[..., :count], vectors[..., :count]


def _pairs(x: Tensor, b: Any) -> tuple[Tensor, Tensor]:
    """Return all eigenvalues, ascending, and vectors of x v = λ b v."""
    if b is None:
        return matrices.eigh(x)
    factor = matrices.cholesky(squares_of("lobpcg", b, "B"))
    half = matrices.solve_triangular(factor, x, lower=True)
    inner = matrices.solve_triangular(factor, adjoint_of(half), lower=True)
    values, vectors = matrices.eigh((inner + adjoint_of(inner)) * 0.5)
    return values, matrices.solve_triangular(factor, vectors, "C", lower=True)


def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: str | None = None) -> Any:
    """Return the X of least ‖A X - B‖, and of least ‖X‖ among those.

    Args:
        A: Matrices of shape (…, m, n).
        B: Right-hand sides of shape (…, m, k), or one of shape (m,).
        rcond: Singular values up to this part of the largest count as zero; by default
            max(m, n) ε.
        driver: What is told beside the solution: "gels" neither rank nor singular values,
            "gelsy", which is the default, the rank, "gelsd" and "gelss" both.

    Raises:
        ShapeError: If shapes do not fit.
        ArgumentError: If there is no such driver.
    """
    chosen = "gelsy" if driver is None else driver
    if chosen not in ("gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    return matrices.lstsq(A, B, rcond, driver=chosen)
