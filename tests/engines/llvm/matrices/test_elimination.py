"""Systems, inverses and determinants, natively: NumPy's and SciPy's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.matrices.systems import SIZES, Array, close, native, normal
from thalweg.compiler.pipeline import optimize
from thalweg.core.operation import op
from thalweg.core.spec import FLOAT64, Spec

FLOATS = [np.float64, np.float32]


def regular(dtype: Any, *shape: int) -> Array:
    return (normal(np.float64, *shape) + 3 * np.eye(shape[-1])).astype(dtype)


@pytest.mark.parametrize(("dtype", "target"), [(np.float64, "avx2"), (np.float32, "sse")])
@pytest.mark.parametrize("n", [*SIZES[1:], 230])
def test_factors_and_exchanges_are_scipys(n: int, dtype: Any, target: str) -> None:
    x = normal(dtype, 2, n, n)
    (found,) = native(lambda x: op.lu_parts(x), x, target=target)
    for a, factors in zip(x, found, strict=True):
        lower, upper = np.tril(factors[:n], -1) + np.eye(n, dtype=dtype), np.triu(factors[:n])
        assert np.abs(lower).max() <= 1
        permuted = a.copy()
        for k, place in enumerate(factors[n].astype(int)):
            permuted[[k, place]] = permuted[[place, k]]
        close(lower @ upper, permuted, n)
        if dtype is np.float64:
            np.testing.assert_array_equal(factors[n], scipy.linalg.lu_factor(a)[1])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", SIZES)
def test_what_elimination_finds_is_numpys(n: int, dtype: Any) -> None:
    x, b = regular(dtype, 2, n, n), normal(dtype, 2, n, 3)
    limit = 20.0 * float(np.linalg.cond(x).max()) if n else 1.0
    for columns in (1, 3):
        (found,) = native(tw.linalg.solve, x, b[..., :columns])
        close(found, np.linalg.solve(x, b[..., :columns]), 1, limit)

    def asked(x: Any) -> Any:
        return tw.linalg.inv(x), *tw.linalg.slogdet(x), tw.linalg.det(x / (3.0 + n**0.5))

    found = [np.asarray(part) for part in tw.jit(asked, engine="native")(x)]
    close(found[0], np.linalg.inv(x), 1, limit)
    close(found[1], np.linalg.slogdet(x).sign, 1)
    close(found[2], np.linalg.slogdet(x).logabsdet, n)
    close(found[3], np.linalg.det(x / dtype(3.0 + n**0.5)), n, limit)


def test_what_is_singular_gives_nan_and_a_determinant_of_zero() -> None:
    x = regular(np.float64, 3, 4, 4)
    x[1, 2] = x[1, 0]
    solve = tw.jit(tw.linalg.solve, engine="native")
    found = np.asarray(solve(x, np.ones((3, 4, 1))))
    assert np.isnan(found[1]).all()
    close(found[::2], np.linalg.solve(x[::2], np.ones((2, 4, 1))), 4)
    det, log = tw.jit(lambda x: (tw.linalg.det(x), tw.linalg.slogdet(x)[1]), engine="native")(x)
    assert np.asarray(det)[1] == 0
    assert np.asarray(log)[1] == -np.inf
    with pytest.raises(tw.errors.ArgumentError, match="Singular"):
        tw.jit(tw.linalg.solve, engine="numpy")(x, np.ones((3, 4, 1)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_nan_and_infinity_go_as_far_as_numpys(wrong: float) -> None:
    x = regular(np.float64, 5, 5)
    x[3, 1] = wrong
    found = np.asarray(tw.jit(tw.linalg.inv, engine="native")(x))
    with np.errstate(invalid="ignore"):
        expected = np.linalg.inv(x)
    assert np.isnan(found).any() == np.isnan(expected).any()
    np.testing.assert_allclose(found[np.isfinite(found)], expected[np.isfinite(found)], atol=1e-14)


def likelihood(x: Any, b: Any) -> Any:
    quadratic = np.sum(b * np.linalg.solve(x, b))
    return np.linalg.slogdet(x)[1] + quadratic


def test_a_matrix_is_factored_once_and_derivatives_are_those_of_the_reference() -> None:
    x, b = regular(np.float64, 6, 6), normal(np.float64, 6)
    both = tw.value_and_grad(likelihood, (0, 1))
    program = optimize(
        program_of(lambda x, b: both(x, b)[1][0], Spec((6, 6), FLOAT64), Spec((6,), FLOAT64))
    )
    assert [e.primitive.name for e in program.equations].count("lu_parts") == 1
    for function in (likelihood, tw.grad(likelihood), tw.hessian(likelihood)):
        found = np.asarray(tw.jit(function, engine="native")(x, b))
        close(found, np.asarray(function(x, b)), 6, 1e4)
    several = np.stack([x, x.T, x + 1])
    mapped = tw.jit(tw.vmap(tw.grad(likelihood), (0, None)), engine="native")
    close(np.asarray(mapped(several, b))[1], np.asarray(tw.grad(likelihood)(x.T, b)), 6, 1e4)


@pytest.mark.parametrize("n", [4, 10, 40])
def test_of_ill_conditioned_matrices_residuals_are_small(n: int) -> None:
    x, b = scipy.linalg.hilbert(n), normal(np.float64, n, 2)
    (found,) = native(tw.linalg.solve, x, b)
    limit = 4.0 * n * np.finfo(np.float64).eps * np.abs(x).sum(-1).max()
    assert np.abs(x @ found - b).max() <= limit * max(1.0, np.abs(found).max())
    definite = x + 1e-12 * np.eye(n)
    (factor,) = native(tw.linalg.cholesky, definite)
    np.testing.assert_allclose(factor @ factor.T, definite, rtol=0, atol=limit)
