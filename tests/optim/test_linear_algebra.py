"""Iterations of linear algebra, second derivatives and the normal distribution: Optax's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, ShapeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

RANDOM = np.random.default_rng(6)
FACTOR = RANDOM.normal(size=(5, 5))
SYMMETRIC = FACTOR @ FACTOR.T
TALL, RIGHT = RANDOM.normal(size=(8, 4)), RANDOM.normal(size=8)


def test_power_iteration_is_that_of_optax() -> None:
    for given in ({}, {"v0": np.ones(5)}, {"num_iters": 3}, {"error_tolerance": 0.1}):
        with jax.enable_x64(True):
            value, vector = optax.power_iteration(jax.numpy.asarray(SYMMETRIC), **given)
        found = optim.power_iteration(SYMMETRIC, **given)
        np.testing.assert_allclose(found[0], value, rtol=1e-12)
        np.testing.assert_allclose(found[1], vector, rtol=1e-11)
    exact = np.linalg.eigvalsh(SYMMETRIC)[-1]
    value, vector = optim.power_iteration(SYMMETRIC, num_iters=1000, error_tolerance=1e-13)
    np.testing.assert_allclose(value, exact, rtol=1e-12)
    np.testing.assert_allclose(SYMMETRIC @ vector, exact * vector, rtol=1e-9)


def test_power_iteration_takes_functions_of_trees_and_keys() -> None:
    def twice(v: Any) -> Any:
        return {"a": 2.0 * v["a"], "b": [3.0 * v["b"][0]]}

    start = {"a": np.ones(2), "b": [np.ones(3)]}
    value, vector = optim.power_iteration(twice, v0=start, num_iters=200)
    np.testing.assert_allclose(value, 3.0, rtol=1e-6)
    np.testing.assert_allclose(vector["b"][0], np.full(3, 3**-0.5), rtol=1e-6)
    with pytest.raises(ArgumentError, match="v0 must be provided when `matrix` is a callable"):
        optim.power_iteration(twice)
    with jax.enable_x64(True):
        key = jax.random.PRNGKey(5)
        expected = optax.power_iteration(jax.numpy.asarray(SYMMETRIC), num_iters=2, key=key)
    found = optim.power_iteration(SYMMETRIC, num_iters=2, key=tw.random.key(5))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)


@pytest.mark.parametrize("p", [1, 2, 4, 8])
def test_inverse_roots_are_those_of_optax(p: int) -> None:
    with jax.enable_x64(True):
        expected, error = optax.matrix_inverse_pth_root(jax.numpy.asarray(SYMMETRIC), p)
    found = optim.matrix_inverse_pth_root(SYMMETRIC, p)
    # Optax takes constants in float32.
    np.testing.assert_allclose(found[0], expected, rtol=1e-6, atol=1e-8)
    assert found[1] <= 1e-6
    assert abs(found[1] - float(error)) <= 1e-6


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5, 6])
def test_inverse_roots_are_inverse_roots(p: int) -> None:
    matrix = SYMMETRIC + np.eye(5)
    root, _ = optim.matrix_inverse_pth_root(matrix, p, ridge_epsilon=0.0, error_tolerance=1e-12)
    np.testing.assert_allclose(np.linalg.matrix_power(root, p) @ matrix, np.eye(5), atol=1e-9)
    one, _ = optim.matrix_inverse_pth_root(np.array([[16.0]]), p, ridge_epsilon=0.0)
    np.testing.assert_allclose(one, 16.0 ** (-1 / p))


def test_inverse_roots_of_other_kinds_are_refused() -> None:
    with pytest.raises(ArgumentError, match="p=0"):
        optim.matrix_inverse_pth_root(SYMMETRIC, 0)
    with pytest.raises(ShapeError, match="square"):
        optim.matrix_inverse_pth_root(TALL, 2)


def test_non_negative_least_squares_are_those_of_scipy_and_optax() -> None:
    expected, _ = scipy.optimize.nnls(TALL, RIGHT)
    np.testing.assert_allclose(optim.nnls(TALL, RIGHT, 3000), expected, atol=1e-9)
    several = RANDOM.normal(size=(8, 3))
    for b, bound in ((RIGHT, None), (several, None), (RIGHT, 40.0)):
        with jax.enable_x64(True):
            theirs = optax.nnls(jax.numpy.asarray(TALL), jax.numpy.asarray(b), 17, L=bound)
        np.testing.assert_allclose(optim.nnls(TALL, b, 17, L=bound), theirs, 1e-11, 1e-13)
    assert not optim.nnls(np.zeros((3, 2)), np.ones(3), 5).any()
    with pytest.raises(ShapeError, match="wants"):
        optim.nnls(TALL, RIGHT[1:], 5)


def test_all_of_it_compiles_natively() -> None:
    def everything(a: Any, tall: Any, b: Any) -> Any:
        root = optim.matrix_inverse_pth_root(a, 4)[0]
        return optim.power_iteration(a)[0], root, optim.nnls(tall, b, 9)

    compiled = tw.jit(everything, engine="native", fallback="refuse")
    given = SYMMETRIC, TALL, RIGHT
    for found, expected in zip(compiled(*given), everything(*given), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


def test_the_normal_distribution_is_that_of_optax_and_scipy() -> None:
    loc, log_scale = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=2)
    x = RANDOM.normal(size=(4, 3, 2))
    ours = optim.multi_normal(loc, log_scale)
    with jax.enable_x64(True):
        theirs = optax.multi_normal(loc, log_scale)
        drawn = theirs.sample((4,), jax.random.PRNGKey(1))
    np.testing.assert_allclose(ours.sample((4,), tw.random.key(1)), drawn, rtol=1e-12)
    expected = scipy.stats.norm.logpdf(x, loc, np.exp(log_scale)).sum((1, 2))
    np.testing.assert_allclose(ours.log_prob(x), expected, rtol=1e-12)
    assert [tuple(p.shape) for p in ours.params] == [(3, 2), (2,)]
    np.testing.assert_array_equal(ours.log_scale, log_scale)
    with pytest.raises(ShapeError, match="Incompatible shapes for broadcasting"):
        optim.multi_normal(np.zeros(2), np.zeros(3))


@pytest.mark.filterwarnings("ignore:The function:DeprecationWarning")
def test_second_derivatives_are_those_of_optax() -> None:
    def loss(library: Any) -> Any:
        return lambda p, x, y: library.sum((library.tanh(x @ p["w"]) * p["b"] - y) ** 2)

    params = {"w": RANDOM.normal(size=4), "b": np.float64(0.7)}
    batch = (TALL, RIGHT)
    v = RANDOM.normal(size=5)
    with jax.enable_x64(True):
        theirs = [
            optax.second_order.hvp(loss(jax.numpy), v, params, *batch),
            optax.second_order.hessian_diag(loss(jax.numpy), params, *batch),
            optax.second_order.fisher_diag(loss(jax.numpy), params, *batch),
        ]
    ours = [
        optim.second_order.hvp(loss(tw), v, params, *batch),
        optim.second_order.hessian_diag(loss(tw), params, *batch),
        optim.second_order.fisher_diag(loss(tw), params, *batch),
    ]
    for mine, other in zip(tw.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-11)


@pytest.mark.parametrize("name", ["hvp", "hessian_diag", "fisher_diag"])
def test_second_derivatives_warn_that_they_will_go(name: str) -> None:
    function = getattr(optim.second_order, name)
    extra = (np.ones(2),) if name == "hvp" else ()
    with pytest.warns(DeprecationWarning, match=f"{name} is deprecated"):
        function(lambda p, x, y: tw.sum(p**2), *extra, np.ones(2), None, None)
