"""Derivatives of whole functions against JAX's, in float64."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw

jax = pytest.importorskip("jax")
jnp = jax.numpy

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(6, 3))
Y = RANDOM.normal(size=6)
W1, W2 = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(4, 2))
COUNTS = RANDOM.integers(0, 5, size=6)


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def least_squares(np: Any, b: Any) -> Any:
    return np.sum((Y - X @ b) ** 2)


def logistic(np: Any, b: Any) -> Any:
    return np.mean(np.logaddexp(0.0, -np.sign(Y) * (X @ b)))


def poisson(np: Any, b: Any) -> Any:
    eta = X @ b
    return np.sum(np.exp(eta) - COUNTS * eta)


def robust(np: Any, b: Any) -> Any:
    r = np.abs(Y - X @ b)
    return np.sum(np.where(r < 1.0, 0.5 * r**2, r - 0.5))


def rosenbrock(np: Any, b: Any) -> Any:
    return np.sum(100.0 * (b[1:] - b[:-1] ** 2) ** 2 + (1.0 - b[:-1]) ** 2)


def cauchy(np: Any, b: Any) -> Any:
    return np.sum(np.log1p((Y - X @ b) ** 2)) + np.sqrt(np.sum(b * b))


def cosine(np: Any, b: Any) -> Any:
    return np.sum(np.cos(X * b)[::2, 1:] * np.tanh(b[None, 1:])) / np.max(np.abs(b))


def reordered(np: Any, b: Any) -> Any:
    return np.sum(np.cumsum(b[::-1]) * np.concatenate([b[1:], b[:1]]) + b[np.array([0, 0, 2])])


def product(np: Any, b: Any) -> Any:
    return np.prod(b) + np.std(b) + np.min(X @ b)


def softmax(np: Any, b: Any) -> Any:
    scores = X * b
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    return -np.mean(shifted[:, 0] - np.log(np.sum(np.exp(shifted), axis=1)))


SCALAR = [
    *(least_squares, logistic, poisson, robust, rosenbrock, cauchy, cosine, reordered),
    *(product, softmax),
]
POINT = np.array([0.3, -0.7, 1.1])
DIRECTION = np.array([1.0, 0.5, -2.0])

each_function = pytest.mark.parametrize("function", SCALAR, ids=lambda f: f.__name__)


def pair(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return lambda b: function(np, b), lambda b: function(jnp, b)


def equal_trees(ours: Any, theirs: Any) -> None:
    mine, structure = jax.tree.flatten(ours, is_leaf=lambda leaf: isinstance(leaf, tw.Tensor))
    expected, wanted = jax.tree.flatten(theirs)
    assert structure == wanted
    for a, b in zip(mine, expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, np.asarray(b), rtol=1e-11, atol=1e-12)


@each_function
def test_gradients(function: Callable[..., Any]) -> None:
    ours, theirs = pair(function)
    equal_trees(tw.value_and_grad(ours)(POINT), jax.jit(jax.value_and_grad(theirs))(POINT))


@each_function
def test_hessians(function: Callable[..., Any]) -> None:
    ours, theirs = pair(function)
    equal_trees(tw.hessian(ours)(POINT), jax.jit(jax.hessian(theirs))(POINT))


@each_function
def test_third_derivatives_in_every_nesting(function: Callable[..., Any]) -> None:
    ours, theirs = pair(function)
    expected = jax.jit(jax.jacfwd(jax.hessian(theirs)))(POINT)
    equal_trees(tw.jacobian(tw.hessian(ours))(POINT), expected)
    equal_trees(tw.jacfwd(tw.jacfwd(tw.jacfwd(ours)))(POINT), expected)
    equal_trees(tw.jacobian(tw.jacobian(tw.grad(ours)))(POINT), expected)


@each_function
def test_hessian_vector_products_in_every_nesting(function: Callable[..., Any]) -> None:
    ours, theirs = pair(function)
    expected = jax.jit(jax.hessian(theirs))(POINT) @ DIRECTION
    equal_trees(tw.hvp(ours, POINT, DIRECTION), expected)
    reverse = tw.grad(lambda b: np.sum(tw.grad(ours)(b) * DIRECTION))(POINT)
    equal_trees(reverse, expected)
    mixed = tw.grad(lambda b: tw.jvp(ours, (b,), (DIRECTION,))[1])(POINT)
    equal_trees(mixed, expected)


@each_function
def test_batches_of_derivatives(function: Callable[..., Any]) -> None:
    ours, theirs = pair(function)
    points = POINT + np.linspace(-0.1, 0.1, 4)[:, None]
    equal_trees(tw.vmap(ours)(points), jax.jit(jax.vmap(theirs))(points))
    equal_trees(tw.vmap(tw.grad(ours))(points), jax.jit(jax.vmap(jax.grad(theirs)))(points))
    equal_trees(tw.vmap(tw.hessian(ours))(points), jax.jit(jax.vmap(jax.hessian(theirs)))(points))


def network(np: Any, params: Any, x: Any) -> Any:
    hidden = np.tanh(x @ params["first"]["w"] + params["first"]["b"])
    return {"mean": hidden @ params["second"], "size": np.sum(hidden**2)}


PARAMS = {"first": {"w": W1, "b": np.zeros(4)}, "second": W2}


def test_jacobians_over_trees() -> None:
    for argnums in (0, 1, (0, 1), (1,)):
        theirs = jax.jacrev(lambda p, x: network(jnp, p, x), argnums=argnums)
        expected = jax.jit(theirs)(PARAMS, X)

        def ours(p: Any, x: Any) -> Any:
            return network(np, p, x)

        equal_trees(tw.jacobian(ours, argnums=argnums)(PARAMS, X), expected)
        equal_trees(tw.jacfwd(ours, argnums=argnums)(PARAMS, X), expected)


def test_hessians_over_trees() -> None:
    expected = jax.jit(jax.hessian(lambda p: jnp.sum(network(jnp, p, X)["mean"] ** 2)))(PARAMS)
    equal_trees(tw.hessian(lambda p: np.sum(network(np, p, X)["mean"] ** 2))(PARAMS), expected)


def test_vector_products_over_trees() -> None:
    out, pull = tw.vjp(lambda p: network(np, p, X), PARAMS)
    expected_out, expected_pull = jax.vjp(lambda p: network(jnp, p, X), PARAMS)
    equal_trees(out, expected_out)
    cotangent = jax.tree.map(lambda leaf: np.cos(np.asarray(leaf)), expected_out)
    equal_trees(pull(cotangent), expected_pull(cotangent))
    tangent = jax.tree.map(lambda leaf: leaf + 0.5, PARAMS)
    equal_trees(
        tw.jvp(lambda p: network(np, p, X), (PARAMS,), (tangent,)),
        jax.jvp(lambda p: network(jnp, p, X), (PARAMS,), (tangent,)),
    )


def test_gradients_of_each_example_over_trees() -> None:
    def loss(np: Any, p: Any, x: Any, y: Any) -> Any:
        return np.sum((network(np, p, x)["mean"] - y) ** 2)

    ours = tw.vmap(tw.grad(lambda p, x, y: loss(np, p, x, y)), in_axes=(None, 0, 0))
    theirs = jax.vmap(jax.grad(lambda p, x, y: loss(jnp, p, x, y)), in_axes=(None, 0, 0))
    equal_trees(ours(PARAMS, X, Y), theirs(PARAMS, X, Y))


@pytest.mark.parametrize("axes", [(0, 0, 0), (1, None, -1), (None, 1, 0), (-1, 0, None)])
def test_batches_along_other_axes(axes: tuple[Any, Any, int | None]) -> None:
    first, second, out = axes
    if out is None:
        out = 1
    a, b = RANDOM.normal(size=(3, 3, 3)), RANDOM.normal(size=(3, 3, 3))
    ours = tw.vmap(lambda x, y: np.sin(x) @ y, in_axes=(first, second), out_axes=out)
    theirs = jax.vmap(lambda x, y: jnp.sin(x) @ y, in_axes=(first, second), out_axes=out)
    equal_trees(ours(a, b), theirs(a, b))


def test_nested_batches_and_products_of_all_pairs() -> None:
    def kernel(np: Any, a: Any, b: Any) -> Any:
        return np.exp(-np.sum((a - b) ** 2))

    def gram(v: Any, np: Any) -> Any:
        inner = v(lambda a, b: kernel(np, a, b), in_axes=(None, 0))
        return v(inner, in_axes=(0, None))

    equal_trees(gram(tw.vmap, np)(X, X), gram(jax.vmap, jnp)(X, X))
    ours = tw.grad(lambda x: np.sum(gram(tw.vmap, np)(x, X) ** 2))(X)
    equal_trees(ours, jax.grad(lambda x: jnp.sum(gram(jax.vmap, jnp)(x, X) ** 2))(X))


def test_the_order_of_nesting_does_not_confuse_perturbations() -> None:
    def nested(derivative: Any) -> float:
        return float(derivative(lambda x: x * derivative(lambda y: x + y)(1.0))(1.0))

    assert nested(tw.grad) == 1.0
    assert nested(lambda f: lambda x: tw.jvp(f, (x,), (1.0,))[1]) == 1.0


def test_float32_stays_float32() -> None:
    point = POINT.astype(np.float32)
    theirs = jax.grad(lambda b: jnp.sum(jnp.log1p(b**2) / 3))(point)
    ours = tw.grad(lambda b: np.sum(np.log1p(b**2) / 3))(point)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-6)
    assert tw.hessian(lambda b: np.sum(b**3))(point).dtype == np.float32


def test_conversions_of_dtype_carry_derivatives() -> None:
    def function(np: Any, b: Any) -> Any:
        return np.sum(b.astype("float32").astype("float64") ** 3)

    point = np.array([0.5, 2.0])
    theirs = jax.jit(jax.hessian(lambda b: function(jnp, b)))(point)
    equal_trees(tw.hessian(lambda b: function(np, b))(point), theirs)
