"""Derivatives at singular matrices: exact, or refused with the reason."""

import itertools
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.matrices import cofactors, singular
from thalweg import torch as wing
from thalweg.errors import ArgumentError, GradientError

RANDOM = np.random.default_rng(5)
RANKS = [(n, rank) for n in range(1, 6) for rank in range(n + 1)]


def matrices_of(n: int, rank: int) -> list[np.ndarray]:
    """Return matrices of a rank: of reals, of whole numbers, diagonal, with two equal rows."""
    found = [singular(RANDOM, (n, n), rank)]
    found.append(np.round(2 * RANDOM.normal(size=(n, rank))) @ np.ones((rank, n)))
    found.append(np.diag([*np.arange(1.0, rank + 1), *np.zeros(n - rank)]))
    found.append(np.vstack([found[0][-1:], found[0][1:]]))
    return found


@pytest.mark.parametrize(("n", "rank"), RANKS)
def test_the_derivative_of_a_determinant_is_the_matrix_of_cofactors(n: int, rank: int) -> None:
    for x in matrices_of(n, rank):
        gradient = tw.grad(np.linalg.det)(x)
        np.testing.assert_allclose(np.asarray(gradient), cofactors(x), 1e-9, 1e-9)
        traced = tw.jit(tw.grad(np.linalg.det), engine="numpy")(x)
        np.testing.assert_array_equal(np.asarray(traced), np.asarray(gradient))


@pytest.mark.parametrize(("n", "rank"), RANKS)
def test_second_derivatives_of_a_determinant_are_differences_of_cofactors(
    n: int, rank: int
) -> None:
    x, weights = singular(RANDOM, (n, n), rank), RANDOM.normal(size=(n, n))
    second = tw.grad(lambda x: (tw.grad(np.linalg.det)(x) * weights).sum())(x)
    expected = np.zeros_like(x)
    for place in itertools.product(range(n), repeat=2):
        step = np.zeros_like(x)
        step[place] = 1.0
        expected[place] = ((cofactors(x + step) - cofactors(x - step)) * weights).sum() / 2
    np.testing.assert_allclose(np.asarray(second), expected, 1e-9, 1e-9)


def test_a_stack_of_singular_and_regular_matrices_has_derivatives() -> None:
    x = np.stack([np.ones((3, 3)), np.zeros((3, 3)), np.eye(3), singular(RANDOM, (3, 3), 2)])
    found = tw.grad(lambda x: np.linalg.det(x).sum())(x)
    np.testing.assert_allclose(np.asarray(found), cofactors(x), 1e-12, 1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tw.linalg.slogdet(x)[1],
        wing.logdet,
        lambda x: tw.linalg.inv(x).sum(),
        lambda x: tw.linalg.matrix_power(x, -2).sum(),
        lambda x: tw.linalg.cholesky(x).sum(),
        lambda x: tw.linalg.solve(x, np.ones(2)).sum(),
        lambda x: tw.linalg.qr(x)[0].sum(),
    ],
)
def test_what_has_no_value_or_derivative_at_singular_matrices_says_so(function: Any) -> None:
    with pytest.raises(ArgumentError, match="found no result"):
        tw.grad(function)(np.zeros((2, 2)))


VECTORS = [
    lambda x: tw.linalg.eigh(x)[1].sum(),
    lambda x: (tw.linalg.eigh(x)[1] * np.arange(4.0).reshape(2, 2)).sum(),
    lambda x: tw.linalg.svd(x)[0].sum(),
    lambda x: (tw.linalg.svd(x)[2] * np.arange(4.0).reshape(2, 2)).sum(),
]


@pytest.mark.parametrize("function", VECTORS)
@pytest.mark.parametrize("x", [np.zeros((2, 2)), np.eye(2), -3.0 * np.eye(2)])
def test_vectors_of_equal_values_have_no_derivative(function: Any, x: np.ndarray) -> None:
    with pytest.raises(GradientError, match=r"vectors .* values are equal"):
        tw.grad(function)(x)
    assert np.isnan(np.asarray(tw.jit(tw.grad(function))(x))).any()


def test_a_function_of_the_matrix_by_its_vectors_is_refused_where_values_are_equal() -> None:
    def root(x: Any) -> Any:
        values, vectors = tw.linalg.eigh(x)
        return (((vectors * np.sqrt(values)) @ vectors.T) * np.ones((2, 2))).sum()

    with pytest.raises(GradientError, match="equal"):
        tw.grad(root)(np.eye(2))
    apart = tw.grad(root)(np.diag([1.0, 4.0]))
    # Of the root R, R dR + dR R = dX.
    np.testing.assert_allclose(np.asarray(apart), [[1 / 2, 1 / 3], [1 / 3, 1 / 4]], 1e-12)


def test_vectors_of_a_value_of_zero_have_no_derivative() -> None:
    with pytest.raises(GradientError, match="singular value is 0"):
        tw.grad(lambda x: tw.linalg.svd(x, full_matrices=False)[0][2].sum())(np.eye(3, 2) * [1, 0])


def test_values_alone_have_derivatives_where_they_are_equal() -> None:
    for x in (np.zeros((2, 2)), np.eye(2), np.ones((2, 2))):
        of_values = tw.grad(lambda x: tw.linalg.eigh(x)[0].sum())(x)
        np.testing.assert_allclose(np.asarray(of_values), np.eye(2), 1e-12, 1e-12)
        assert np.isfinite(np.asarray(tw.grad(lambda x: tw.linalg.svdvals(x).sum())(x))).all()


def test_powers_and_norms_are_right_at_singular_matrices() -> None:
    zero = np.zeros((2, 2))
    for ord in (None, "fro", "nuc", 2, 1):
        found = tw.grad(lambda x, ord=ord: tw.linalg.matrix_norm(x, ord or "fro"))(zero)
        assert np.isfinite(np.asarray(found)).all()
    np.testing.assert_array_equal(np.asarray(tw.grad(np.linalg.norm)(zero)), zero)
    powers = tw.grad(lambda x: tw.linalg.matrix_power(x, 3).sum())(np.ones((2, 2)))
    np.testing.assert_allclose(np.asarray(powers), np.full((2, 2), 12.0))
