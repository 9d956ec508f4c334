"""Matrices taken apart: primitives over stacks of matrices, one array as the result of each.

Where a decomposition has several parts, they stand above each other in one array; the functions
of `thalweg.linalg` cut it. Derivatives are holomorphic ones, transposed without conjugation.

Derivatives: Giles (2008), Collected matrix derivative results for forward and reverse mode
algorithmic differentiation; of QR: Walter and Lehmann (2012); of the pseudo-inverse: Golub and
Pereyra (1973).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import Rule, general
from thalweg.core.spec import SINGLE_OR_DOUBLE, Spec
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, GradientError, ShapeError
from thalweg.ops.creation.creation import eye
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.complex import conjugated, real
from thalweg.ops.linalg.diagonals import tril
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import swapaxes

Array = np.ndarray[Any, Any]


def turned(x: Tensor) -> Tensor:
    """Return the transposes of a stack of matrices."""
    return swapaxes(x, -1, -2)


def adjoint_of(x: Tensor) -> Tensor:
    """Return the conjugate transposes of a stack of matrices."""
    return conjugated(swapaxes(x, -1, -2))


def require_square(name: str, x: Spec) -> None:
    """Refuse what is no stack of square matrices.

    Raises:
        ShapeError: If the last two axes differ, or there are none.
    """
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(
            f"{name} got shape {tuple(x.shape)}; it wants square matrices along the last two axes."
        )


def numerically(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call one of NumPy's decompositions; its error is ours."""
    try:
        return function(*args, **kwargs)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(
            f"linalg.{function.__name__} found no result: {error}. Check the matrix, or add a "
            "small multiple of the identity to it."
        ) from None


def _of_adjoints(rule: Rule) -> Rule:
    """Let a rule written with conjugate transposes take and give cotangents that have none."""

    @functools.wraps(rule)
    def transposed(g: Tensor, *given: Any, **params: Any) -> Tensor:
        return conjugated(rule(conjugated(g), *given, **params))

    return transposed


# ---- solving


@general(
    lambda a, b: b,
    lambda g, out, a, b: -matmul(op.solve_matrices(turned(a), g), turned(out)),
    lambda g, out, a, b: op.solve_matrices(turned(a), g),
    takes=SINGLE_OR_DOUBLE,
)
def solve_matrices(a: Array, b: Array) -> Array:
    """Solve a x = b for stacks of matrices of equal batch shape."""
    found: Array = numerically(np.linalg.solve, a, b)
    return found


@general(
    lambda x: x,
    lambda g, out, x: -matmul(matmul(turned(out), g), turned(out)),
    takes=SINGLE_OR_DOUBLE,
)
def inverse_of(x: Array) -> Array:
    """Inverse of square matrices."""
    found: Array = numerically(np.linalg.inv, x)
    return found


def symmetric(x: Tensor) -> Tensor:
    """Return the symmetric or Hermitian matrices that have these lower triangles."""
    return tril(x) + adjoint_of(tril(x, -1))


@_of_adjoints
def _pseudo_inverse_rule(
    g: Tensor, out: Tensor, x: Tensor, rtol: Tensor, hermitian: bool = False
) -> Tensor:
    x = symmetric(x) if hermitian else x
    p, pt, gt = out, adjoint_of(out), adjoint_of(g)
    rows, columns = x.shape[-2:]
    beside = eye(rows, dtype=x.dtype) - matmul(x, p)
    below = eye(columns, dtype=x.dtype) - matmul(p, x)
    found = matmul(matmul(beside, gt), matmul(p, pt)) + matmul(matmul(pt, p), matmul(gt, below))
    return found - matmul(matmul(pt, g), pt)


@general(
    lambda x, rtol, hermitian=False: Spec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype),
    _pseudo_inverse_rule,
    None,
    takes=SINGLE_OR_DOUBLE,
)
def pseudo_inverse(x: Array, rtol: Array, *, hermitian: bool = False) -> Array:
    """Moore-Penrose inverse; singular values up to `rtol` times the largest count as zero.

    Of Hermitian matrices the lower triangle is read; derivatives are those of whole matrices.
    """
    found: Array = numerically(np.linalg.pinv, x, rtol, hermitian)
    return found


# ---- Cholesky


def _half_lower(x: Tensor) -> Tensor:
    """Return the lower triangle with half of the diagonal."""
    return tril(x) - eye(x.shape[-1], dtype=x.dtype) * x * 0.5


@_of_adjoints
def _cholesky_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    lt = adjoint_of(out)
    inner = _half_lower(matmul(lt, tril(g)))
    found = solve_matrices(lt, inner)
    found = adjoint_of(solve_matrices(lt, adjoint_of(found)))
    return (found + adjoint_of(found)) * 0.5


@general(lambda x: x, _cholesky_rule, takes=SINGLE_OR_DOUBLE)
def cholesky_factor(x: Array) -> Array:
    """Lower triangular L with L Lᴴ = x, of positive definite matrices."""
    found: Array = numerically(np.linalg.cholesky, x)
    return found


# ---- eigenvalues of symmetric matrices


def _per_gap(name: str, turning: Tensor, along: Tensor, gaps: Tensor) -> Tensor:
    """Divide what turns vectors towards each other by the gaps between values; 0 on the diagonal.

    Raises:
        GradientError: If vectors that belong to equal values have a cotangent: as the vectors are
            arbitrary, it has no meaning. While tracing it is NaN, as in JAX.
    """
    one = eye(gaps.shape[-1], dtype=gaps.dtype)
    equal = where(one == 1, False, gaps == 0)
    undefined = where(equal, along != 0, False)
    if not undefined.is_symbolic and bool(undefined.any()):
        raise GradientError(
            f"The derivative of {name}'s vectors was asked for where values are equal, and there "
            "is none: vectors of equal values are any that span the same space. Use the values "
            "alone, or a function of the matrix that needs no vectors; or separate the values "
            "first by adding a small diagonal of different numbers."
        )
    quotient = turning / where(gaps == 0, 1.0, gaps)
    return where(undefined, float("nan"), where(gaps == 0, 0.0, quotient))


@_of_adjoints
def _eigen_rule(g: Tensor, out: Tensor, x: Tensor, triangle: str = "L") -> Tensor:
    values, vectors = out[..., 0, :], out[..., 1:, :]
    of_values, of_vectors = g[..., 0, :], g[..., 1:, :]
    gaps = expand_dims(values, -2) - expand_dims(values, -1)
    one = eye(x.shape[-1], dtype=x.dtype)
    along = matmul(adjoint_of(vectors), of_vectors)
    inner = one * expand_dims(of_values, -2) + _per_gap("eigh", along, along, gaps)
    found = matmul(vectors, matmul(inner, adjoint_of(vectors)))
    return (found + adjoint_of(found)) * 0.5


@general(
    lambda x, triangle="L": Spec((*x.shape[:-2], x.shape[-1] + 1, x.shape[-1]), x.dtype),
    _eigen_rule,
    takes=SINGLE_OR_DOUBLE,
)
def eigen_parts(x: Array, *, triangle: str = "L") -> Array:
    """Eigenvalues, as a first row, and eigenvectors, as columns, of symmetric matrices.

    One triangle is read, "L" or "U".
    Where eigenvalues are equal, the derivatives of their vectors do not exist and are refused.
    """
    values, vectors = numerically(np.linalg.eigh, x, triangle)
    return np.concatenate([values[..., None, :].astype(x.dtype), vectors], axis=-2)


# ---- singular values


def _per_value(along: Tensor, values: Tensor) -> Tensor:
    """Divide the columns of vectors' cotangents by their singular values, as `_per_gap` does."""
    zero = expand_dims(values == 0, -2)
    undefined = where(zero, along != 0, False)
    if not undefined.is_symbolic and bool(undefined.any()):
        raise GradientError(
            "The derivative of svd's vectors was asked for where a singular value is 0, and there "
            "is none: its vectors are any that complete the others. Use the values alone, or a "
            "matrix of full rank."
        )
    quotient = along / expand_dims(where(values == 0, 1.0, values), -2)
    return where(undefined, float("nan"), where(zero, 0.0, quotient))


@_of_adjoints
def _singular_rule(g: Tensor, out: Tensor, x: Tensor, full: bool = False) -> Tensor:
    m, n = x.shape[-2:]
    g, out = (part[..., : min(m, n)] for part in (g, out))
    u, s, v = out[..., :m, :], out[..., m, :], out[..., m + 1 :, :]
    gu, gs, gv = g[..., :m, :], g[..., m, :], g[..., m + 1 :, :]
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    gaps = (row - column) * (row + column)
    one = eye(s.shape[-1], dtype=x.dtype)
    ut, vt = adjoint_of(u), adjoint_of(v)
    of_u, of_v = matmul(ut, gu), matmul(vt, gv)
    skew_u, skew_v = of_u - adjoint_of(of_u), of_v - adjoint_of(of_v)
    inner = _per_gap("svd", skew_u, of_u, gaps) * row
    inner = inner + column * _per_gap("svd", skew_v, of_v, gaps)
    inner = inner + one * expand_dims(gs, -2)
    found = matmul(u, matmul(inner, vt))
    if m > n:
        found = found + matmul(_per_value(gu - matmul(u, of_u), s), vt)
    if n > m:
        found = found + matmul(u, adjoint_of(_per_value(gv - matmul(v, of_v), s)))
    return found


def _singular_spec(x: Spec, full: bool = False) -> Spec:
    columns = max(x.shape[-2:]) if full else min(x.shape[-2:])
    return Spec((*x.shape[:-2], sum(x.shape[-2:]) + 1, columns), x.dtype)


@general(_singular_spec, _singular_rule, takes=SINGLE_OR_DOUBLE)
def singular_parts(x: Array, *, full: bool = False) -> Array:
    """U, the singular values as a row, and V, above each other; each with min(m, n) columns.

    With all columns, that is max(m, n), zeros fill the others; derivatives take the vectors
    beyond the singular values for constant.
    """
    u, s, vt = numerically(np.linalg.svd, x, full_matrices=full)
    v = np.conjugate(np.swapaxes(vt, -1, -2))
    parts = [u, s[..., None, :].astype(x.dtype), v]
    columns = max(part.shape[-1] for part in parts)
    return np.concatenate([_widened(part, columns) for part in parts], axis=-2)


def _widened(x: Array, columns: int) -> Array:
    lacking = columns - x.shape[-1]
    return np.pad(x, (*((0, 0),) * (x.ndim - 1), (0, lacking))) if lacking else x


def _completing(x: Spec) -> Spec:
    return Spec((*x.shape[:-2], x.shape[-2], x.shape[-2] - x.shape[-1]), x.dtype)


@general(_completing, takes=SINGLE_OR_DOUBLE)
def completing_columns(x: Array) -> Array:
    """Orthonormal columns that complete tall matrices of orthonormal columns to square ones."""
    columns = x.shape[-1]
    found: Array = np.linalg.qr(x, mode="complete")[0][..., columns:]
    return found


# ---- QR


def _tall_qr(g_q: Tensor, g_r: Tensor, q: Tensor, r: Tensor) -> Tensor:
    inner = matmul(r, adjoint_of(g_r)) - matmul(adjoint_of(g_q), q)
    lower = tril(inner, -1)
    # The diagonal of R is real.
    mirrored = lower + adjoint_of(lower) + eye(inner.shape[-1], dtype=q.dtype) * real(inner)
    found = g_q + matmul(q, mirrored)
    return adjoint_of(solve_matrices(r, adjoint_of(found)))


@_of_adjoints
def _qr_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    m, n = x.shape[-2:]
    q, r = out[..., :m, :], turned(out[..., m:, :])
    g_q, g_r = g[..., :m, :], turned(g[..., m:, :])
    if m >= n:
        return _tall_qr(g_q, g_r, q, r)
    rest = g_r[..., m:]
    g_q = g_q + matmul(x[..., m:], adjoint_of(rest))
    square = _tall_qr(g_q, g_r[..., :m], q, r[..., :m])
    return concatenate((square, matmul(q, rest)), axis=-1)


@general(
    lambda x: Spec((*x.shape[:-2], sum(x.shape[-2:]), min(x.shape[-2:])), x.dtype),
    _qr_rule,
    takes=SINGLE_OR_DOUBLE,
)
def orthogonal_parts(x: Array) -> Array:
    """Q and Rᵀ above each other, of min(m, n) columns: Q orthonormal, R upper triangular."""
    q, r = numerically(np.linalg.qr, x)
    return np.concatenate([q, np.swapaxes(r, -1, -2)], axis=-2)
