"""Cholesky factors and systems with triangles, natively: NumPy's and SciPy's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import thalweg as tw
from tests.engines.llvm.matrices.systems import SIZES, Array, close, definite, native, normal
from thalweg import torch as wing

FLOATS = [np.float64, np.float32]


@pytest.mark.parametrize(("dtype", "target"), [(np.float64, "avx2"), (np.float32, "sse")])
@pytest.mark.parametrize("n", SIZES)
def test_a_cholesky_factor_is_numpys(n: int, dtype: Any, target: str) -> None:
    x = definite(dtype, 2, n, n)
    x += np.triu(np.full_like(x, np.nan), 1)  # only the lower triangle is read
    (found,) = native(tw.linalg.cholesky, x, target=target)
    close(found, np.linalg.cholesky(x).astype(dtype), n)
    assert not np.triu(found, 1).any()


@pytest.mark.parametrize("wrong", [-1.0, 0.0, np.nan])
@pytest.mark.parametrize("n", [1, 5, 40])
def test_what_is_not_definite_gives_nan_in_all_of_its_factor(n: int, wrong: float) -> None:
    x = definite(np.float64, 3, n, n)
    x[1, n // 2, n // 2] = wrong
    (found,) = native(tw.linalg.cholesky, x)
    assert np.isnan(found[1]).all()
    close(found[::2], np.linalg.cholesky(x[::2]), n)


def systems(dtype: Any, n: int, columns: int) -> tuple[Array, Array]:
    a = normal(dtype, 2, n, n) / max(n, 1) + 2 * np.eye(n, dtype=dtype)
    return a.astype(dtype), normal(dtype, 2, n, columns)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("columns", [1, 5])
@pytest.mark.parametrize("n", SIZES[1:])
def test_a_system_with_a_triangle_is_scipys(n: int, columns: int, dtype: Any) -> None:
    a, b = systems(dtype, n, columns)
    for lower, trans, unit in np.ndindex(2, 2, 2):
        read = np.tri(n, k=-1 if unit else 0, dtype=bool)
        given = np.where(read if lower else read.T, a, np.nan).astype(dtype)

        def solve(a: Any, b: Any, case: Any = (trans, bool(lower), bool(unit))) -> Any:
            return tw.linalg.solve_triangular(a, b, *case)

        (found,) = native(solve, given, b)
        whole = np.where(read if lower else read.T, a, np.eye(n) if unit else 0).astype(dtype)
        whole = np.swapaxes(whole, -1, -2) if trans else whole
        close(found, np.linalg.solve(whole, b), n)
        eager = tw.linalg.solve_triangular(
            np.nan_to_num(given), b, trans, bool(lower), bool(unit)
        ).numpy()
        close(eager, found, n)


def test_scipys_arguments_and_vectors() -> None:
    a, b = definite(np.float64, 4, 4), normal(np.float64, 4)
    for trans in (0, 1, 2, "N", "T", "C"):
        found = tw.linalg.solve_triangular(a, b, trans, lower=True)
        expected = scipy.linalg.solve_triangular(a, b, trans, lower=True)
        np.testing.assert_allclose(found, expected, 1e-13)
    for lower in (False, True):
        ours = tw.linalg.cho_solve(tw.linalg.cho_factor(a, lower), b)
        np.testing.assert_allclose(ours, np.linalg.solve(a, b), 1e-12)
    matrix, right = wing.tensor(a), wing.tensor(b[:, None])
    pytorchs = wing.linalg.solve_triangular(A=matrix, B=right, upper=True).numpy()
    np.testing.assert_allclose(pytorchs[:, 0], scipy.linalg.solve_triangular(a, b), 1e-13)
    with pytest.raises(tw.errors.ArgumentError, match="0 on its diagonal"):
        tw.linalg.solve_triangular(np.zeros((2, 2)), np.ones(2))


def test_operands_that_do_not_lie_row_by_row() -> None:
    x, b = definite(np.float64, 9, 9), normal(np.float64, 6, 9)

    def solve(x: Any, b: Any) -> Any:
        factor = tw.linalg.cholesky(x[::-1, ::-1])
        return tw.linalg.solve_triangular(factor.T, b[::2].T)

    (found,) = native(solve, x, b)
    factor = np.linalg.cholesky(x[::-1, ::-1])
    close(found, scipy.linalg.solve_triangular(factor.T, b[::2].T), 9)


# ---- a Gaussian process' marginal likelihood


def negative_log_likelihood(p: Any, distances: Any, y: Any) -> Any:
    scale, length, noise = np.exp(p[0]), np.exp(p[1]), np.exp(p[2])
    covariance = scale**2 * np.exp(-0.5 * distances / length**2)
    factor = np.linalg.cholesky(covariance + noise**2 * np.eye(len(y)))
    z = tw.linalg.solve_triangular(factor, y, lower=True)
    return 0.5 * np.sum(z**2) + np.sum(np.log(np.diagonal(factor)))


@pytest.mark.parametrize("derivative", [lambda f: f, tw.grad, tw.hessian])
def test_a_gaussian_process_compiles_whole(derivative: Any) -> None:
    x, y = normal(np.float64, 30, 2), normal(np.float64, 30)
    distances = ((x[:, None] - x[None]) ** 2).sum(-1)
    p = np.array([0.1, -0.3, -1.0])
    function = derivative(negative_log_likelihood)
    found = np.asarray(tw.jit(function, engine="native")(p, distances, y))
    expected = np.asarray(function(p, distances, y))
    np.testing.assert_allclose(found, expected, 1e-9, 1e-9)
    batch = np.stack([p, p + 0.1, p - 0.2])
    mapped = tw.vmap(function, (0, None, None))
    several = np.asarray(tw.jit(mapped, engine="native")(batch, distances, y))
    np.testing.assert_allclose(several[0], found, 1e-9, 1e-9)
