"""QR, eigenvalues and singular values, natively: what they multiply to, and NumPy's numbers.

QR has LAPACK's signs. Singular vectors, and eigenvectors, are known up to a sign each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import thalweg as tw
from tests.engines.llvm.matrices.systems import SIZES, Array, close, definite, native, normal
from thalweg.core.operation import op

FLOATS = [np.float64, np.float32]

# Both sizes of numbers, and of vectors.
EACH = [(np.float64, "avx2"), (np.float32, "sse")]

SHAPES = [(1, 1), (3, 3), (1, 5), (5, 1), (16, 7), (7, 16), (20, 33)]


def turned(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def orthonormal(x: Array) -> None:
    close(turned(x) @ x, np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype),
          (*x.shape[:-2], x.shape[-1], x.shape[-1])), x.shape[-2])  # fmt: skip


@pytest.mark.parametrize(("dtype", "target"), EACH)
@pytest.mark.parametrize("shape", SHAPES)
def test_qr_has_lapacks_signs(shape: tuple[int, int], dtype: Any, target: str) -> None:
    x = normal(dtype, 2, *shape)
    q, r = native(lambda x: tuple(tw.linalg.qr(x)), x, target=target)
    expected = np.linalg.qr(x)
    close(q @ r, x, shape[0])
    orthonormal(q)
    assert (np.sign(np.diagonal(r, 0, 1, 2)) == np.sign(np.diagonal(expected.R, 0, 1, 2))).all()
    condition = float(np.linalg.cond(x[..., : shape[0]]).max())
    close(r, expected.R, shape[0], 10.0 * condition)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(3, 1), (16, 7), (33, 20), (4, 4), (3, 0)])
def test_what_completes_orthonormal_columns(shape: tuple[int, int], dtype: Any) -> None:
    q = np.linalg.qr(normal(dtype, 2, *shape)).Q
    (rest,) = native(lambda x: op.completing_columns(x), q)
    orthonormal(np.concatenate([q, rest], -1))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("dtype", "target"), EACH)
@pytest.mark.parametrize("n", SIZES[:-1])
def test_eigenvalues_are_numpys(n: int, dtype: Any, target: str) -> None:
    x = normal(dtype, 2, n, n)
    for triangle, whole in (("L", np.tril(x) + turned(np.tril(x, -1))),
                            ("U", np.triu(x) + turned(np.triu(x, 1)))):  # fmt: skip
        values, vectors = native(
            lambda x, of=triangle: tuple(tw.linalg.eigh(x, of)), x, target=target
        )
        close(values, np.linalg.eigvalsh(whole), n)
        orthonormal(vectors)
        close(vectors * values[..., None, :] @ turned(vectors), whole, n)


def special(n: int, scale: float) -> dict[str, Array]:
    x = normal(np.float64, n, n)
    return {
        "zero": np.zeros((n, n)), "one": np.eye(n), "equal": np.ones((n, n)),
        "ordered": np.diag(np.arange(float(n))), "graded": np.diag(10.0 ** -np.arange(n)),
        "of rank one": np.outer(x[0], x[0]), "huge": (x + x.T) * scale,
        "tiny": (x + x.T) / scale,
    }  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", special(2, 1.0))
def test_special_matrices(name: str, dtype: Any) -> None:
    for n in (3, 33):
        x = special(n, 1e300 if dtype is np.float64 else 1e36)[name].astype(dtype)
        size = float(np.abs(np.linalg.eigvalsh(x.astype(float))).max()) or 1.0
        values, vectors = native(lambda x: tuple(tw.linalg.eigh(x)), x)
        orthonormal(vectors)
        close(vectors * (values / dtype(size)) @ vectors.T, x / dtype(size), n)
        for full in (False, True):
            u, s, vh = native(lambda x, full=full: tuple(tw.linalg.svd(x, full)), x)
            orthonormal(u)
            orthonormal(vh.T)
            close(u * (s / dtype(size)) @ vh, x / dtype(size), n)
            assert (np.diff(s) <= 0).all()


@pytest.mark.parametrize(("dtype", "target"), EACH)
@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_are_numpys(shape: tuple[int, int], dtype: Any, target: str) -> None:
    x, p = normal(dtype, 2, *shape), min(shape)
    for full in (False, True):
        u, s, vh = native(lambda x, full=full: tuple(tw.linalg.svd(x, full)), x, target=target)
        close(s, np.linalg.svd(x, compute_uv=False), max(shape))
        orthonormal(u)
        orthonormal(turned(vh))
        close(u[..., :p] * s[..., None, :] @ vh[..., :p, :], x, max(shape))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES)
def test_pseudo_inverses_are_numpys(shape: tuple[int, int], dtype: Any) -> None:
    x = normal(dtype, 2, *shape)
    (found,) = native(op.pseudo_inverse, x, np.full(2, 1e-5, dtype))
    close(found, np.linalg.pinv(x, 1e-5), 1, 20.0 * float(np.linalg.cond(x).max()))
    low = (x[..., :1] @ x[..., :1, :]).astype(dtype)
    (found,) = native(op.pseudo_inverse, low, np.full(2, 1e-4, dtype))
    close(found, np.linalg.pinv(low, 1e-4), max(shape))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [1, 2, 7, 17])
def test_exponentials_are_scipys(n: int, dtype: Any) -> None:
    x = normal(dtype, 2, n, n) * np.array([0.1, 2.0], dtype)[:, None, None]
    (found,) = native(tw.linalg.expm, x)
    expected = np.stack([scipy.linalg.expm(a) for a in x])
    for a, b in zip(found, expected, strict=True):
        close(a, b, n, 50.0)


def test_what_is_not_finite_gives_nan() -> None:
    x = definite(np.float64, 3, 5, 5)
    x[1, 3, 2] = np.nan
    for function in (tw.linalg.eigvalsh, tw.linalg.svdvals, tw.linalg.pinv):
        found = np.asarray(tw.jit(function, engine="native")(x))
        assert np.isnan(found[1]).all()
        assert np.isfinite(found[::2]).all()


def test_least_squares_and_their_derivatives_are_the_references() -> None:
    a, b = normal(np.float64, 12, 4), normal(np.float64, 12, 2)

    def missed(a: Any, b: Any) -> Any:
        solution, residuals, rank, values = tw.linalg.lstsq(a, b)
        return np.sum(solution**2) + np.sum(residuals) + np.sum(values) + np.sum(rank * 1.0)

    for function in (missed, tw.grad(missed), tw.jacobian(tw.grad(missed, 1))):
        found = np.asarray(tw.jit(function, engine="native")(a, b))
        np.testing.assert_allclose(found, np.asarray(function(a, b)), 1e-9, 1e-9)


DIFFERENTIABLE = {
    "qr": lambda x: np.sum(tw.linalg.qr(x)[0] ** 3) + np.sum(tw.linalg.qr(x)[1] ** 3),
    "eigh": lambda x: np.sum(tw.linalg.eigh(x @ x.T)[0] ** 2 + tw.linalg.eigh(x @ x.T)[1] ** 4),
    "svd": lambda x: np.sum(tw.linalg.svd(x, False)[0] ** 4 * tw.linalg.svd(x, False)[1]),
    "pinv": lambda x: np.sum(tw.linalg.pinv(x) ** 2),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_are_those_of_the_reference(name: str) -> None:
    function: Any = DIFFERENTIABLE[name]
    x = normal(np.float64, 5, 5) + np.diag(np.arange(5.0))
    for derivative in (tw.grad, tw.hessian):
        found = np.asarray(tw.jit(derivative(function), engine="native")(x))
        expected = np.asarray(derivative(function)(x))
        close(found, expected, 5, 1e6)
    stack = np.stack([x, x.T])
    mapped = np.asarray(tw.jit(tw.vmap(tw.grad(function)), engine="native")(stack))
    close(mapped[1], np.asarray(tw.grad(function)(x.T)), 5, 1e6)
