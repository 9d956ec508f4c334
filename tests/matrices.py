"""Samples of the primitives of complex numbers and of matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import scipy.linalg

from tests.draws import Array, Row, Sample, real

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def inside(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw numbers well inside of -1 … 1."""
    return random.uniform(-0.9, 0.9, shape)


def complex_numbers(*params: dict[str, Any]) -> Row:
    """Return a row of complex operands; differences of real numbers say nothing of them."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        for shape in ((3, 4), (1, 2)):
            x = real(random, shape) + 1j * real(random, shape)
            for chosen in params or ({},):
                yield Sample((x,), chosen, smooth=False)

    return row


# ---- matrices that have what is asked of them, and whose derivatives exist


def _regular(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return random.normal(size=shape) + 3.0 * np.eye(shape[-2], shape[-1])


def _symmetric(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    x = random.normal(size=shape)
    return x + np.swapaxes(x, -1, -2) + np.diag(4.0 * np.arange(shape[-1]))


def _definite(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    x = random.normal(size=shape)
    return np.matmul(x, np.swapaxes(x, -1, -2)) + 2.0 * np.eye(shape[-1])


def _orthonormal(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.linalg.qr(random.normal(size=shape))[0]


SQUARE = ((1, 1), (3, 3), (2, 2, 2))


def stacks(draw: Draw, shapes: tuple[tuple[int, ...], ...] = SQUARE, smooth: bool = True) -> Row:
    """Return a row of stacks of matrices."""

    def row(random: np.random.Generator) -> Iterator[Sample]:
        for dtype in (np.float64, np.float32):
            for shape in shapes:
                operand = draw(random, shape).astype(dtype)
                yield Sample((operand,), smooth=smooth and dtype is np.float64)

    return row


def _systems(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in (np.float64, np.float32):
        for shape, columns in (((2, 2), 1), ((3, 3), 2), ((2, 2, 2), 3)):
            a = _regular(random, shape).astype(dtype)
            b = random.normal(size=(*shape[:-1], columns)).astype(dtype)
            yield Sample((a, b), smooth=dtype is np.float64)


def _triangular_systems(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in (np.float64, np.float32):
        for shape, columns in (((1, 1), 1), ((3, 3), 1), ((3, 3), 2), ((2, 2, 2), 3)):
            a = _regular(random, shape).astype(dtype)
            b = random.normal(size=(*shape[:-1], columns)).astype(dtype)
            for lower, transposed, unit in np.ndindex(2, 2, 2):
                chosen = {"lower": bool(lower), "transposed": bool(transposed), "unit": bool(unit)}
                yield Sample((a, b), chosen, smooth=dtype is np.float64)


def _solve_triangular(a: Array, b: Array, lower: bool, transposed: bool, unit: bool) -> Array:
    found = np.empty_like(b)
    for place in np.ndindex(a.shape[:-2]):
        found[place] = scipy.linalg.solve_triangular(
            a[place], b[place], int(transposed), lower, unit
        )
    return found


def _factors(x: Array) -> Array:
    """Return L and U in one matrix, and the rows' exchanges, by definition."""
    found = np.zeros((*x.shape[:-2], x.shape[-1] + 1, x.shape[-1]), x.dtype)
    for place in np.ndindex(x.shape[:-2]):
        lu, exchanges = scipy.linalg.lu_factor(x[place])
        found[place] = np.vstack([lu, exchanges])
    return found


def _factored_systems(random: np.random.Generator) -> Iterator[Sample]:
    for sample in _systems(random):
        a, b = sample.operands
        for transposed in (False, True):
            # The factors follow the matrix, which differences of one operand do not know.
            yield Sample((a, _factors(a), b), {"transposed": transposed}, smooth=False)


def _solved(x: Array, factors: Array, b: Array, transposed: bool) -> Array:
    return np.linalg.solve(np.swapaxes(x, -1, -2) if transposed else x, b)


def _of_factors(random: np.random.Generator) -> Iterator[Sample]:
    for of, value in (("determinant", np.linalg.det), ("log", lambda x: np.linalg.slogdet(x)[1])):
        for sample in stacks(_regular)(random):
            (x,) = sample.operands
            operands = np.asarray(value(x), x.dtype), x, _factors(x)
            yield Sample(operands, {"of": of}, smooth=False)


def _pseudo_inverses(random: np.random.Generator) -> Iterator[Sample]:
    for dtype in (np.float64, np.float32):
        for shape in ((3, 3), (4, 2), (2, 3, 2), (2, 4)):
            x = _regular(random, shape).astype(dtype)
            rtol = np.full(shape[:-2], 1e-6, dtype)
            # A tolerance has no derivative, so differences of all operands do not apply.
            yield Sample((x, rtol), smooth=dtype is np.float64)


def singular(random: np.random.Generator, shape: tuple[int, ...], rank: int) -> Array:
    """Draw square matrices of a rank."""
    n = shape[-1]
    return random.normal(size=(*shape[:-1], rank)) @ random.normal(size=(*shape[:-2], rank, n))


def _cofactors(random: np.random.Generator) -> Iterator[Sample]:
    yield from stacks(_regular)(random)
    for shape, rank in (((1, 1), 0), ((3, 3), 2), ((3, 3), 1), ((2, 4, 4), 2), ((4, 4), 0)):
        # The third derivative of a determinant is that of invertible matrices.
        yield Sample((singular(random, shape, rank),), smooth=False)


def _minors(random: np.random.Generator) -> Iterator[Sample]:
    for sample in _cofactors(random):
        weights = random.normal(size=sample.operands[0].shape).astype(sample.operands[0].dtype)
        yield Sample((*sample.operands, weights), smooth=sample.smooth)


_ANY = ((3, 3), (4, 2), (2, 4), (2, 3, 2))

MATRICES: dict[str, Row] = {
    "solve_matrices": _systems,
    "triangular_solve": _triangular_systems,
    "lu_parts": stacks(_regular, smooth=False),
    "lu_solved": _factored_systems,
    "found_of_factors": _of_factors,
    "inverse_of": stacks(_regular),
    "determinant_of": stacks(_regular),
    "cofactors_of": _cofactors,
    "minors_along": _minors,
    "log_of_determinant": stacks(_regular),
    "sign_of_determinant": stacks(_regular, smooth=False),
    "pseudo_inverse": _pseudo_inverses,
    # Their derivatives are those along symmetric matrices: tests/ops/test_matrices.py.
    "cholesky_factor": stacks(_definite, smooth=False),
    "eigen_parts": stacks(_symmetric, smooth=False),
    **dict.fromkeys(("eigenvalues_of", "eigenvectors_of"), stacks(_regular, smooth=False)),
    "singular_parts": stacks(_regular, _ANY),
    "completing_columns": stacks(_orthonormal, ((3, 1), (2, 4, 2)), smooth=False),
    "orthogonal_parts": stacks(_regular, _ANY),
    "exponential_of": stacks(_regular),
}


# ---- what NumPy says


def _eigen_parts(x: Array) -> Array:
    values, vectors = np.linalg.eigh(x)
    return np.concatenate([values[..., None, :], vectors], -2)


def _singular_parts(x: Array) -> Array:
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, s[..., None, :], np.swapaxes(vt, -1, -2)], -2)


def _orthogonal_parts(x: Array) -> Array:
    q, r = np.linalg.qr(x)
    return np.concatenate([q, np.swapaxes(r, -1, -2)], -2)


def _exponential(x: Array) -> Array:
    with mpmath.workdps(40):
        each = [
            mpmath.expm(mpmath.matrix(a.tolist())).tolist() for a in x.reshape(-1, *x.shape[-2:])
        ]
    return np.array(each, dtype=np.float64).reshape(x.shape)


def _transform(x: Array, axis: int, inverse: bool) -> Array:
    n = x.shape[axis]
    sign = 2j if inverse else -2j
    waves = np.exp(sign * np.pi * np.outer(np.arange(n), np.arange(n)) / n)
    return np.moveaxis(np.tensordot(waves, x, (1, axis)), 0, axis).astype(x.dtype)


def cofactors(x: Array) -> Array:
    """Cofactors by their definition: determinants of what is left without a row and a column."""
    found = np.zeros(x.shape, x.dtype)
    for i, j in np.ndindex(x.shape[-2:]):
        left = np.delete(np.delete(x, i, -2), j, -1)
        found[..., i, j] = (-1) ** (i + j) * np.linalg.det(left)
    return found


def _minors_along(x: Array, g: Array) -> Array:
    wide, found = x.astype(np.float64), np.zeros(x.shape, x.dtype)
    for i, j in np.ndindex(x.shape[-2:]):
        # A cofactor is linear in each element, so that differences of it are exact.
        step = np.zeros(x.shape[-2:])
        step[i, j] = 1.0
        change = (cofactors(wide + step) - cofactors(wide - step)) / 2.0
        found[..., i, j] = (change * g).sum(axis=(-2, -1))
    return found


MATRIX_ORACLES: dict[str, Callable[..., Any]] = {
    "solve_matrices": np.linalg.solve,
    "triangular_solve": _solve_triangular,
    "lu_parts": _factors,
    "lu_solved": _solved,
    "found_of_factors": lambda value, x, factors, of: value,
    "inverse_of": np.linalg.inv,
    "determinant_of": np.linalg.det,
    "cofactors_of": cofactors,
    "minors_along": _minors_along,
    "log_of_determinant": lambda x: np.linalg.slogdet(x).logabsdet,
    "sign_of_determinant": lambda x: np.linalg.slogdet(x).sign,
    "pseudo_inverse": np.linalg.pinv,
    "cholesky_factor": np.linalg.cholesky,
    "eigen_parts": _eigen_parts,
    "eigenvalues_of": lambda x: np.linalg.eig(x).eigenvalues.astype(np.result_type(x, 1j)),
    "eigenvectors_of": lambda x: np.linalg.eig(x).eigenvectors.astype(np.result_type(x, 1j)),
    "singular_parts": _singular_parts,
    "completing_columns": lambda q: np.linalg.qr(q, "complete")[0][..., q.shape[-1] :],
    "orthogonal_parts": _orthogonal_parts,
    "exponential_of": _exponential,
    "and_bits": np.bitwise_and,
    "or_bits": np.bitwise_or,
    "xor_bits": np.bitwise_xor,
    "invert_bits": np.invert,
    "shift_left": np.left_shift,
    "shift_right": np.right_shift,
    "real_part": np.real,
    "imaginary_part": np.imag,
    "fourier": _transform,
}
