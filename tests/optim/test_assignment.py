"""The linear assignment problem: SciPy's optimum, in Optax's order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import thalweg as tw
from thalweg.errors import ShapeError
from thalweg.optim import assignment

RANDOM = np.random.default_rng(5)
SHAPES = [(1, 1), (1, 5), (5, 1), (4, 4), (3, 7), (7, 3), (12, 12), (20, 31)]
ALGORITHMS = [assignment.base_hungarian_algorithm, assignment.hungarian_algorithm]
both = pytest.mark.parametrize("algorithm", ALGORITHMS)


def check(cost: Any, i: Any, j: Any) -> None:
    """Assert that some pairs are an assignment of least cost."""
    rows, columns = scipy.optimize.linear_sum_assignment(cost)
    count = min(cost.shape)
    assert len(set(np.asarray(i).tolist())) == len(set(np.asarray(j).tolist())) == count
    least = cost[rows, columns].sum()
    np.testing.assert_allclose(cost[np.asarray(i), np.asarray(j)].sum(), least, rtol=1e-12)


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_costs_are_the_least_in_the_order_of_optax(
    algorithm: Callable[..., Any], shape: tuple[int, int]
) -> None:
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    cost = RANDOM.normal(size=shape)
    found = algorithm(cost)
    check(cost, *found)
    with jax.enable_x64(True):
        expected = getattr(optax.assignment, algorithm.__name__)(jax.numpy.asarray(cost))
    for ours, theirs in zip(found, expected, strict=True):
        assert isinstance(ours, np.ndarray)
        np.testing.assert_array_equal(ours, theirs)


@both
def test_equal_costs_and_whole_numbers(algorithm: Callable[..., Any]) -> None:
    for _ in range(5):
        cost = RANDOM.integers(0, 4, (6, 8))
        check(cost, *algorithm(cost))
    check(np.zeros((4, 4)), *algorithm(np.zeros((4, 4))))


@both
def test_pairs_that_must_not_be_are_not(algorithm: Callable[..., Any]) -> None:
    cost = RANDOM.uniform(size=(5, 6))
    cost[RANDOM.uniform(size=(5, 6)) < 0.4] = np.inf
    cost[np.arange(5), np.arange(5)] = 9.0
    check(cost, *algorithm(cost))


@both
def test_costs_without_an_answer_end_all_the_same(algorithm: Callable[..., Any]) -> None:
    for value in (np.nan, np.inf, -np.inf):
        i, j = algorithm(np.full((3, 4), value))
        assert sorted(i.tolist()) == [0, 1, 2]
        assert len(set(j.tolist())) == 3


@both
def test_it_compiles_natively_and_runs_along_a_batch(algorithm: Callable[..., Any]) -> None:
    costs = RANDOM.normal(size=(4, 5, 6))
    compiled = tw.jit(algorithm, engine="native", fallback="refuse")
    batched = tw.jit(tw.vmap(algorithm), engine="native", fallback="refuse")
    together = [tw.vmap(algorithm)(costs), batched(costs)]
    for n, cost in enumerate(costs):
        i, j = compiled(cost)
        check(cost, i, j)
        for rows, columns in together:
            np.testing.assert_array_equal(np.asarray(rows)[n], i)
            np.testing.assert_array_equal(np.asarray(columns)[n], j)


@both
def test_nothing_to_assign(algorithm: Callable[..., Any]) -> None:
    for shape in ((0, 3), (3, 0)):
        assert [x.shape for x in algorithm(np.zeros(shape))] == [(0,), (0,)]
    with pytest.raises(ShapeError, match="two axes"):
        algorithm(np.zeros(3))


def test_costs_of_pairs_have_derivatives() -> None:
    def least(cost: Any) -> Any:
        i, j = assignment.hungarian_algorithm(cost)
        return tw.sum(cost[i, j])

    cost = RANDOM.normal(size=(4, 4))
    rows, columns = scipy.optimize.linear_sum_assignment(cost)
    expected = np.zeros((4, 4))
    expected[rows, columns] = 1
    np.testing.assert_array_equal(tw.grad(least)(cost), expected)
