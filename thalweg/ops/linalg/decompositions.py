"""Matrices taken apart: primitives over stacks of matrices, one array as the result of each.

Where a decomposition has several parts, they stand above each other in one array; the functions
of `thalweg.linalg` cut it. Derivatives are holomorphic ones, transposed without conjugation.

Derivatives: Giles (2008), Collected matrix derivative results for forward and reverse mode
algorithmic differentiation; of QR: Walter and Lehmann (2012); of the pseudo-inverse: Golub and
Pereyra (1973).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar, Unpack

import numpy as np

from thalweg.core.apply import stacked
from thalweg.core.operation import op
from thalweg.core.primitive import Declared, Primitive, Rule, general
from thalweg.core.spec import SINGLE_OR_DOUBLE, Array, Spec, real_dtype
from thalweg.core.tensor import Tensor, is_known
from thalweg.errors import GradientError, NoResult, ShapeError
from thalweg.ops.creation.creation import eye
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.elementwise.complex import conjugated, imag, real
from thalweg.ops.elementwise.conversion import astype, stop_gradient
from thalweg.ops.linalg.diagonals import tril, triu
from thalweg.ops.linalg.products import matmul, traces
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import swapaxes

Result = TypeVar("Result")


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


def numerically(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Call one of NumPy's decompositions; its error is ours."""
    try:
        return function(*args, **kwargs)
    except np.linalg.LinAlgError as error:
        raise NoResult(f"linalg.{function.__name__}", str(error)) from None


def _of_adjoints(rule: Rule) -> Rule:
    """Let a rule written with conjugate transposes take and give cotangents that have none."""

    @functools.wraps(rule)
    def transposed(g: Tensor, *given: Any, **params: Any) -> Tensor:
        return conjugated(rule(conjugated(g), *given, **params))

    return transposed


def of_matrices(
    spec: Callable[..., Spec], *rules: Rule | None, share: float = 1.0, **facts: Unpack[Declared]
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare a primitive of the matrices along the last two axes, each of a stack alone.

    Args:
        spec: As for `general`, and likewise the rules and facts.
        rules: One an operand.
        share: Its work, in additions of one element, for each number in each row of a matrix.
        facts: What else is to be stated.
    """

    def work(*specs: Spec, **_: Any) -> int:
        return int(share * max(spec.size * max(spec.shape[-2:], default=1) for spec in specs))

    stated: Declared = {
        "takes": SINGLE_OR_DOUBLE, "batch": stacked, "role": "whole", "work": work, **facts
    }  # fmt: skip
    return general(spec, *rules, **stated)


# ---- triangles


def _of_triangle(x: Tensor, lower: bool, unit: bool) -> Tensor:
    """Return the triangle of a matrix that a system reads."""
    return tril(x, -1 if unit else 0) if lower else triu(x, 1 if unit else 0)


def _triangle_rule(
    g: Tensor, out: Tensor, a: Tensor, b: Tensor, lower: bool, transposed: bool, unit: bool
) -> Tensor:
    moved = _triangular_turned(g, a, lower, transposed, unit)
    pair = (out, moved) if transposed else (moved, out)
    return -_of_triangle(matmul(pair[0], turned(pair[1])), lower, unit)


def _triangular_turned(g: Tensor, a: Tensor, lower: bool, transposed: bool, unit: bool) -> Tensor:
    """Solve the system with the transpose."""
    return op.triangular_solve(a, g, lower=lower, transposed=not transposed, unit=unit)


@of_matrices(
    lambda a, b, **params: b,
    _triangle_rule,
    lambda g, out, a, b, **params: _triangular_turned(g, a, **params),
    work=lambda a, b, **params: a.size * b.shape[-1] // 4,
)
def triangular_solve(a: Array, b: Array, *, lower: bool, transposed: bool, unit: bool) -> Array:
    """Solve op(a) x = b for stacks of equal batch shape, reading one triangle of a alone.

    Where a number on the diagonal is 0, a compiled program goes on with Inf and NaN.
    """
    n = a.shape[-1]
    left = np.swapaxes(a, -1, -2) if transposed else a
    diagonal = np.diagonal(a, 0, -2, -1)
    if not unit and not diagonal.all():
        raise NoResult("linalg.solve_triangular", "the matrix has 0 on its diagonal")
    x = np.array(b)
    for i in range(n) if lower != transposed else reversed(range(n)):
        known = slice(0, i) if lower != transposed else slice(i + 1, n)
        x[..., i, :] -= (left[..., i : i + 1, known] @ x[..., known, :])[..., 0, :]
        if not unit:
            x[..., i, :] /= diagonal[..., i, None]
    return x


# ---- elimination: in a program, what is asked of a matrix shares its factors


def _pivoted(factors: Array, b: Array, backwards: bool) -> Array:
    """Exchange rows as elimination did, or undo that."""
    n = factors.shape[-1]
    x = np.array(b).reshape(-1, n, b.shape[-1])
    places = factors[..., n, :].real.astype(np.int64).reshape(-1, n)
    each = np.arange(len(x))
    for k in reversed(range(n)) if backwards else range(n):
        x[each, k], x[each, places[:, k]] = x[each, places[:, k]], x[each, k]
    found: Array = x.reshape(b.shape)
    return found


def _compared(x: Array) -> Array:
    """Return magnitudes as LAPACK compares them: |Re| + |Im| of complex numbers."""
    if x.dtype.kind != "c":
        return np.asarray(np.abs(x))
    return np.asarray(np.abs(x.real) + np.abs(x.imag))


@of_matrices(lambda x: Spec((*x.shape[:-2], x.shape[-1] + 1, x.shape[-1]), x.dtype), share=0.3)
def lu_parts(x: Array) -> Array:
    """L and U of P x = L U in one matrix, and below them with which row each was exchanged.

    L has ones on its diagonal, which are not stored. By elimination with partial pivoting.
    """
    n = x.shape[-1]
    stack = math.prod(x.shape[:-2])
    told = np.zeros((*x.shape[:-2], 1, n), x.dtype)
    found = np.concatenate([x, told], -2).reshape(stack, n + 1, n)
    each = np.arange(stack)
    for k in range(n):
        place = k + np.argmax(_compared(found[:, k:n, k]), axis=-1)
        found[:, n, k] = place
        found[each, k], found[each, place] = found[each, place], found[each, k]
        pivot = found[:, k, k, None]
        factor = found[:, k + 1 : n, k] / np.where(pivot == 0, 1, pivot)
        found[:, k + 1 : n, k] = factor
        found[:, k + 1 : n, k + 1 :] -= factor[:, :, None] * found[:, None, k, k + 1 :]
    result: Array = found.reshape(*x.shape[:-2], n + 1, n)
    return result


def _lu(x: Tensor) -> Tensor:
    return lu_parts(stop_gradient(x))


def _turned_system(g: Tensor, x: Tensor, factors: Tensor, transposed: bool) -> Tensor:
    return op.lu_solved(x, factors, g, transposed=not transposed)


def _system_rule(
    g: Tensor, out: Tensor, x: Tensor, factors: Tensor, b: Tensor, transposed: bool
) -> Tensor:
    moved = _turned_system(g, x, factors, transposed)
    left, right = (out, moved) if transposed else (moved, out)
    return -matmul(left, turned(right))


@of_matrices(
    lambda x, factors, b, transposed: b,
    _system_rule,
    None,
    lambda g, out, x, factors, b, transposed: _turned_system(g, x, factors, transposed),
    work=lambda x, factors, b, transposed: x.size * b.shape[-1] // 2,
)
def lu_solved(x: Array, factors: Array, b: Array, *, transposed: bool) -> Array:
    """Solve x y = b, or xᵀ y = b, by the factors of x; derivatives are by x and b.

    Where x is singular, a compiled program goes on with NaN.
    """
    n = x.shape[-1]
    matrix = factors[..., :n, :]
    if not np.diagonal(matrix, 0, -2, -1).all():
        raise NoResult("linalg.solve or inv", "Singular matrix")
    solve = functools.partial(triangular_solve.meaning, matrix, transposed=transposed)
    if transposed:
        return _pivoted(
            factors, solve(solve(b, lower=False, unit=False), lower=True, unit=True), True
        )
    found = solve(_pivoted(factors, b, False), lower=True, unit=True)
    return np.asarray(solve(found, lower=False, unit=False))


def _times(factor: Tensor, x: Tensor) -> Tensor:
    """Multiply each matrix of a stack by its own number."""
    return expand_dims(expand_dims(factor, -1), -1) * x


def _turned_inverse(x: Tensor, factors: Tensor) -> Tensor:
    one = broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape)
    return lu_solved(x, factors, one, transposed=True)


def _sign_rule(g: Tensor, out: Tensor, x: Tensor, inverse: Callable[[], Tensor]) -> Tensor:
    """Return the cotangent of a sign on the circle, which turns by Im tr(x⁻¹ dx)."""
    if x.dtype.kind != "c":
        return x * 0.0
    return _times(imag(g * out) * 1j, inverse())


_OF_DETERMINANTS: dict[str, Callable[[Tensor, Tensor, Tensor, Callable[[], Tensor]], Tensor]] = {
    "determinant": lambda g, out, x, inverse: _times(g, op.cofactors_of(x)),
    "log": lambda g, out, x, inverse: _times(g, inverse()),
    "sign": _sign_rule,
}


def _factors_rule(
    g: Tensor, out: Tensor, value: Tensor, x: Tensor, factors: Tensor, of: str
) -> Tensor:
    return _OF_DETERMINANTS[of](g, out, x, lambda: _turned_inverse(x, factors))


@of_matrices(
    lambda value, x, factors, of: value,
    None,
    _factors_rule,
    None,
    work=lambda value, x, factors, of: value.size,
)
def found_of_factors(value: Array, x: Array, factors: Array, *, of: str) -> Array:
    """Return a number that was found by a matrix' factors; its derivatives are those by x.

    Args:
        value: The number.
        x: The matrix.
        factors: Its factors, by which the derivative is found.
        of: What the number is: "determinant", the "log" of its magnitude, or its "sign".
    """
    return value


def _of_factors(x: Tensor, of: str) -> Tensor:
    """Return what is asked of a determinant, by the factors of its matrix."""
    factors, n = _lu(x), x.shape[-1]
    diagonal = op.diagonal(factors[..., :n, :], 0, -2, -1)
    if of == "log":
        return found_of_factors(op.sum(op.log(op.absolute(diagonal)), -1), x, factors, of=of)
    parity = where(factors[..., n, :] == arange(n, dtype=x.dtype), 1.0, -1.0)
    if of == "sign":
        size = op.absolute(diagonal)
        real = x.dtype.kind != "c"
        diagonal = op.sign(diagonal) if real else diagonal / where(size == 0, 1.0, size)
    return found_of_factors(op.prod(astype(parity * diagonal, x.dtype), -1), x, factors, of=of)


@of_matrices(
    lambda a, b: b,
    lambda g, out, a, b: -matmul(op.solve_matrices(turned(a), g), turned(out)),
    lambda g, out, a, b: op.solve_matrices(turned(a), g),
    expansion=lambda a, b: lu_solved(a, _lu(a), b, transposed=False),
)
def solve_matrices(a: Array, b: Array) -> Array:
    """Solve a x = b for stacks of matrices of equal batch shape."""
    return numerically(np.linalg.solve, a, b)


def _expanded_inverse(x: Tensor) -> Tensor:
    one = broadcast_to(eye(x.shape[-1], dtype=x.dtype), x.shape)
    return lu_solved(x, _lu(x), one, transposed=False)


@of_matrices(
    lambda x: x,
    lambda g, out, x: -matmul(matmul(turned(out), g), turned(out)),
    expansion=_expanded_inverse,
)
def inverse_of(x: Array) -> Array:
    """Inverse of square matrices."""
    return numerically(np.linalg.inv, x)


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


@of_matrices(
    lambda x, rtol, hermitian=False: Spec((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype),
    _pseudo_inverse_rule,
    None,
)
def pseudo_inverse(x: Array, rtol: Array, *, hermitian: bool = False) -> Array:
    """Moore-Penrose inverse; singular values up to `rtol` times the largest count as zero.

    Of Hermitian matrices the lower triangle is read; derivatives are those of whole matrices.
    """
    return numerically(np.linalg.pinv, x, rtol, hermitian)


# ---- Cholesky


def _half_lower(x: Tensor) -> Tensor:
    """Return the lower triangle with half of the diagonal."""
    return tril(x) - eye(x.shape[-1], dtype=x.dtype) * x * 0.5


def _solve_adjoint(a: Tensor, b: Tensor) -> Tensor:
    """Solve aᴴ x = b, of a lower triangle."""
    return op.triangular_solve(conjugated(a), b, lower=True, transposed=True, unit=False)


@_of_adjoints
def _cholesky_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    lt = adjoint_of(out)
    inner = _half_lower(matmul(lt, tril(g)))
    found = _solve_adjoint(out, inner)
    found = adjoint_of(_solve_adjoint(out, adjoint_of(found)))
    return (found + adjoint_of(found)) * 0.5


@of_matrices(lambda x: x, _cholesky_rule, share=0.1)
def cholesky_factor(x: Array) -> Array:
    """Lower triangular L with L Lᴴ = x, of positive definite matrices.

    Of any other matrix a compiled program makes NaN.
    """
    return numerically(np.linalg.cholesky, x)


# ---- eigenvalues of symmetric matrices


def _per_gap(name: str, turning: Tensor, along: Tensor, gaps: Tensor) -> Tensor:
    """Divide what turns vectors towards each other by the gaps between values; 0 on the diagonal.

    Raises:
        GradientError: If vectors that belong to equal values have a cotangent: as the vectors are
            arbitrary, it has no meaning. While tracing it is NaN, as in JAX.
    """
    one = eye(gaps.shape[-1], dtype=gaps.dtype)
    undefined = where(where(one == 1, False, gaps == 0), along != 0, False)
    refusal = (
        f"The derivative of {name}'s vectors was asked for where values are equal, and there "
        "is none: vectors of equal values are any that span the same space. Use the values "
        "alone, or a function of the matrix that needs no vectors; or separate the values "
        "first by adding a small diagonal of different numbers."
    )
    return _quotient(turning, gaps, undefined, refusal)


def _quotient(x: Tensor, gaps: Tensor, undefined: Tensor, refusal: str) -> Tensor:
    """Return x over gaps, 0 where a gap is; where it is undefined refuse, or NaN if traced."""
    if is_known(undefined) and bool(undefined.any()):
        raise GradientError(refusal)
    quotient = x / where(gaps == 0, 1.0, gaps)
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


@of_matrices(
    lambda x, triangle="L": Spec((*x.shape[:-2], x.shape[-1] + 1, x.shape[-1]), x.dtype),
    _eigen_rule,
)
def eigen_parts(x: Array, *, triangle: str = "L") -> Array:
    """Eigenvalues, as a first row, and eigenvectors, as columns, of symmetric matrices.

    One triangle is read, "L" or "U".
    Where eigenvalues are equal, the derivatives of their vectors do not exist and are refused.
    """
    values, vectors = numerically(np.linalg.eigh, x, triangle)
    return np.concatenate([values[..., None, :].astype(x.dtype), vectors], axis=-2)


# ---- eigenvalues of other matrices, always complex


def _complex_dtype(x: Spec | Array) -> np.dtype[Any]:
    return np.result_type(x.dtype, np.complex64)


def _eigen_of(x: Array) -> tuple[Array, Array]:
    values, vectors = numerically(np.linalg.eig, x)
    return values.astype(_complex_dtype(x)), vectors.astype(_complex_dtype(x))


def _eigenvalues_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    """Return V⁻ᵀ diag(g) Vᵀ: each eigenvalue changes as its left and right vectors say."""
    vectors = eigenvectors_of(x)
    found = solve_matrices(turned(vectors), expand_dims(g, -1) * turned(vectors))
    return found if x.dtype.kind == "c" else astype(real(found), x.dtype)


def _eigenvectors_rule(g: Tensor, out: Tensor, x: Tensor) -> Tensor:
    raise GradientError(
        "The derivative of eigenvectors of a matrix that need not be symmetric was asked for; "
        "they are defined up to a complex factor each, so it is not defined. The derivative of "
        "the eigenvalues is; of symmetric matrices take eigh."
    )


@of_matrices(lambda x: Spec(x.shape[:-1], _complex_dtype(x)), _eigenvalues_rule)
def eigenvalues_of(x: Array) -> Array:
    """Eigenvalues of square matrices, complex, in the order of LAPACK."""
    return _eigen_of(x)[0]


@of_matrices(lambda x: Spec(x.shape, _complex_dtype(x)), _eigenvectors_rule)
def eigenvectors_of(x: Array) -> Array:
    """Eigenvectors of square matrices, as columns of length 1, in the order of the eigenvalues."""
    return _eigen_of(x)[1]


# ---- singular values


def _per_value(along: Tensor, values: Tensor) -> Tensor:
    """Divide the columns of vectors' cotangents by their singular values, as `_per_gap` does."""
    row = expand_dims(values, -2)
    refusal = (
        "The derivative of svd's vectors was asked for where a singular value is 0, and there "
        "is none: its vectors are any that complete the others. Use the values alone, or a "
        "matrix of full rank."
    )
    return _quotient(along, row, where(row == 0, along != 0, False), refusal)


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


@of_matrices(_singular_spec, _singular_rule)
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


def _completing_spec(x: Spec) -> Spec:
    return Spec((*x.shape[:-2], x.shape[-2], x.shape[-2] - x.shape[-1]), x.dtype)


@of_matrices(_completing_spec)
def completing_columns(x: Array) -> Array:
    """Orthonormal columns that complete tall matrices of orthonormal columns to square ones."""
    return np.asarray(np.linalg.qr(x, mode="complete")[0][..., x.shape[-1] :])


# ---- QR


def _tall_qr(g_q: Tensor, g_r: Tensor, q: Tensor, r: Tensor) -> Tensor:
    inner = matmul(r, adjoint_of(g_r)) - matmul(adjoint_of(g_q), q)
    lower = tril(inner, -1)
    # The diagonal of R is real.
    mirrored = lower + adjoint_of(lower) + eye(inner.shape[-1], dtype=q.dtype) * real(inner)
    found = g_q + matmul(q, mirrored)
    upper = {"lower": False, "transposed": False, "unit": False}
    return adjoint_of(op.triangular_solve(r, adjoint_of(found), **upper))


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


@of_matrices(
    lambda x: Spec((*x.shape[:-2], sum(x.shape[-2:]), min(x.shape[-2:])), x.dtype), _qr_rule
)
def orthogonal_parts(x: Array) -> Array:
    """Q and Rᵀ above each other, of min(m, n) columns: Q orthonormal, R upper triangular."""
    q, r = numerically(np.linalg.qr, x)
    return np.concatenate([q, np.swapaxes(r, -1, -2)], axis=-2)


# ---- determinants


@of_matrices(
    lambda x: Spec(x.shape[:-2], x.dtype),
    lambda g, out, x: _times(g, op.cofactors_of(x)),
    expansion=functools.partial(_of_factors, of="determinant"),
)
def determinant_of(x: Array) -> Array:
    """Determinant of square matrices."""
    return np.asarray(np.linalg.det(x))


@of_matrices(
    lambda x: Spec(x.shape[:-2], real_dtype(x.dtype)),
    lambda g, out, x: _times(g, turned(inverse_of(x))),
    expansion=functools.partial(_of_factors, of="log"),
)
def log_of_determinant(x: Array) -> Array:
    """Logarithm of the magnitude of the determinant of square matrices."""
    return np.asarray(np.linalg.slogdet(x)[1])


@of_matrices(
    lambda x: Spec(x.shape[:-2], x.dtype),
    lambda g, out, x: _sign_rule(g, out, x, lambda: turned(inverse_of(x))),
    expansion=functools.partial(_of_factors, of="sign"),
)
def sign_of_determinant(x: Array) -> Array:
    """Sign of the determinant of square matrices: -1, 0 or 1; of complex ones on the circle."""
    return np.asarray(np.linalg.slogdet(x)[0])


@of_matrices(lambda x: x, lambda g, out, x: op.minors_along(x, g))
def cofactors_of(x: Array) -> Array:
    """Cofactors of square matrices: the derivative of the determinant by each element."""
    inverse = _inverse_if_regular(x)
    if inverse is not None:
        return np.asarray(np.linalg.det(x)[..., None, None] * np.swapaxes(inverse, -1, -2))
    left, values, right, sign = _rotated(x)
    return np.asarray(sign * left @ (_products_without(values, 1)[..., None] * right))


def _third_rule(w: Tensor, out: Tensor, x: Tensor, g: Tensor) -> Tensor:
    """Return the third derivative of the determinant along g and w, of invertible matrices."""
    inverse = inverse_of(x)
    along_g, along_w = matmul(inverse, g), matmul(inverse, w)
    trace_g, trace_w = traces(along_g), traces(along_w)
    both, swapped = matmul(along_g, along_w), matmul(along_w, along_g)
    found = _times(trace_g * trace_w - traces(both), inverse)
    found = found - _times(trace_w, matmul(along_g, inverse))
    found = found - _times(trace_g, matmul(along_w, inverse))
    found = found + matmul(both + swapped, inverse)
    return _times(determinant_of(x), turned(found))


@of_matrices(lambda x, g: x, _third_rule, lambda w, out, x, g: op.minors_along(x, w))
def minors_along(x: Array, g: Array) -> Array:
    """Derivative of the cofactors of square matrices, summed with weights g."""
    inverse = _inverse_if_regular(x)
    if inverse is not None:
        along = inverse @ g
        trace = np.trace(along, axis1=-2, axis2=-1)[..., None, None]
        found = np.swapaxes(trace * inverse - along @ inverse, -1, -2)
        return np.asarray(np.linalg.det(x)[..., None, None] * found)
    left, values, right, sign = _rotated(x)
    turned_g = np.swapaxes(left, -1, -2) @ g @ np.swapaxes(right, -1, -2)
    pairs = _products_without(values, 2)
    diagonal = np.einsum("...kk,...ik->...i", turned_g, pairs)
    inner = -np.swapaxes(turned_g, -1, -2) * pairs
    np.einsum("...ii->...i", inner)[...] = diagonal
    return np.asarray(sign * left @ inner @ right)


def _inverse_if_regular(x: Array) -> Array | None:
    """Return the inverses of matrices if all have one that keeps half of the digits."""
    try:
        inverse: Array = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        return None
    with np.errstate(all="ignore"):
        condition = (
            np.abs(x).sum(axis=-1) * np.abs(inverse).sum(axis=-1).max(-1, initial=0)[..., None]
        )
    regular = condition.max(initial=0) < np.finfo(x.dtype).eps ** -0.5
    return inverse if regular and np.isfinite(np.linalg.det(x)).all() else None


def _rotated(x: Array) -> tuple[Array, Array, Array, Array]:
    """Return Ū, the singular values, V̄ᴴ, and det(U) det(Vᴴ)."""
    u, s, vh = numerically(np.linalg.svd, x)
    sign = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return np.conjugate(u), s, np.conjugate(vh), sign


def _products_without(values: Array, count: int) -> Array:
    """Return the products of a row's values but one, or but each two of them; 0 without a pair."""
    n = values.shape[-1]
    apart = ~np.eye(n, dtype=bool)
    found: Array
    if count == 1:
        found = np.where(apart, values[..., None, :], 1.0).prod(axis=-1, dtype=values.dtype)
        return found
    kept = apart[:, None, :] & apart[None, :, :]
    found = np.where(kept, values[..., None, None, :], 1.0).prod(axis=-1, dtype=values.dtype)
    return np.where(apart, found, 0.0).astype(values.dtype)
