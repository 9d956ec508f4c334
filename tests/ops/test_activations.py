"""Activations: JAX's and torch's values and gradients, also at zero, infinity and NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import thalweg as tw
from thalweg import torch as wing
from thalweg.errors import ArgumentError
from thalweg.testing import check_gradients

X = np.array([[-30.0, -3.2, -0.7, 1e-9], [0.3, 1.9, 8.0, 40.0]])

ACTIVATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "relu": (tw.relu, jax.nn.relu),
    "leaky_relu": (tw.leaky_relu, jax.nn.leaky_relu),
    "leaky_relu, slope": (lambda x: tw.leaky_relu(x, 0.3), lambda x: jax.nn.leaky_relu(x, 0.3)),
    "elu": (tw.elu, jax.nn.elu),
    "elu, alpha": (lambda x: tw.elu(x, 0.4), lambda x: jax.nn.elu(x, 0.4)),
    "gelu": (tw.gelu, lambda x: jax.nn.gelu(x, approximate=False)),
    "gelu, tanh": (lambda x: tw.gelu(x, "tanh"), lambda x: jax.nn.gelu(x, approximate=True)),
    "silu": (tw.silu, jax.nn.silu),
    "sigmoid": (tw.sigmoid, jax.nn.sigmoid),
    "softplus": (tw.softplus, jax.nn.softplus),
    "log_sigmoid": (tw.log_sigmoid, jax.nn.log_sigmoid),
    "softmax": (tw.softmax, jax.nn.softmax),
    "softmax, first axis": (lambda x: tw.softmax(x, 0), lambda x: jax.nn.softmax(x, 0)),
    "log_softmax": (tw.log_softmax, jax.nn.log_softmax),
    "log_softmax, all": (
        lambda x: tw.log_softmax(x, (0, 1)),
        lambda x: jax.nn.log_softmax(x, (0, 1)),
    ),
    "logsumexp": (tw.logsumexp, jax.nn.logsumexp),
    "logsumexp, axis": (
        lambda x: tw.logsumexp(x, 1, keepdims=True),
        lambda x: jax.nn.logsumexp(x, 1, keepdims=True),
    ),
    "erf": (wing.erf, jax.lax.erf),
}
each_activation = pytest.mark.parametrize("name", ACTIVATIONS)


@each_activation
def test_values_and_gradients_are_those_of_jax(name: str) -> None:
    found, oracle = ACTIVATIONS[name]
    np.testing.assert_allclose(found(X).numpy(), jax.jit(oracle)(X), rtol=1e-12, atol=1e-15)
    weights = np.cos(np.arange(8.0)).reshape(2, 4)[: np.ndim(found(X)) or 1]
    slope = tw.grad(lambda x: tw.sum(weights * found(x)))(X)
    expected = jax.jit(jax.grad(lambda x: jnp.sum(weights * oracle(x))))(X)
    np.testing.assert_allclose(slope, expected, rtol=1e-11, atol=1e-15)


@each_activation
def test_second_derivatives_are_those_of_differences(name: str) -> None:
    found, _ = ACTIVATIONS[name]
    check_gradients(found, np.array([[-2.5, -0.7, 0.4], [1.3, 0.9, 3.1]]))


@each_activation
def test_float32_stays_float32(name: str) -> None:
    found, oracle = ACTIVATIONS[name]
    result = found(X.astype(np.float32))
    assert result.dtype == np.float32
    np.testing.assert_allclose(
        result.numpy(), jax.jit(oracle)(X.astype(np.float32)), rtol=2e-6, atol=5e-7
    )


def test_relu_passes_nan_on_and_is_flat_at_zero() -> None:
    x = np.array([np.nan, 0.0, -0.0, np.inf, -np.inf])
    np.testing.assert_array_equal(tw.relu(x).numpy(), [np.nan, 0, 0, np.inf, 0])
    slope = tw.grad(lambda t: tw.sum(tw.relu(t)))(x)
    np.testing.assert_array_equal(slope[1:], [0, 0, 1, 0])


def test_gelu_of_either_kind_is_that_of_torch() -> None:
    for kind in ("none", "tanh"):
        expected = torch.nn.functional.gelu(torch.tensor(X), approximate=kind).numpy()
        np.testing.assert_allclose(tw.gelu(X, kind).numpy(), expected, rtol=1e-11, atol=1e-15)
    with pytest.raises(ArgumentError, match="approximate='exact'; it wants 'none' or 'tanh'"):
        tw.gelu(X, "exact")


def test_logsumexp_of_infinities_is_that_of_jax() -> None:
    inf = np.inf
    for row in ([-inf, -inf], [-inf, 1.0], [inf, 1.0], [inf, -inf], [np.nan, 1.0], [inf, inf]):
        expected = jax.nn.logsumexp(jnp.asarray(row))
        np.testing.assert_array_equal(tw.logsumexp(np.array(row)).numpy(), expected)


def test_the_gradient_of_logsumexp_is_finite_where_everything_is_minus_infinity() -> None:
    x = np.array([[-np.inf, -np.inf], [-np.inf, 2.0]])
    slope = tw.grad(lambda t: tw.sum(tw.where(x > -1e9, tw.logsumexp(t, 1, keepdims=True), 0.0)))(x)
    np.testing.assert_array_equal(slope, [[0.0, 0.0], [0.0, 1.0]])


def test_softmax_of_large_logits_does_not_overflow() -> None:
    found = tw.softmax(np.array([1000.0, 1000.0, -1000.0])).numpy()
    np.testing.assert_array_equal(found, [0.5, 0.5, 0.0])


def test_one_hot_is_that_of_jax() -> None:
    indices = np.array([[0, 3], [5, -1]])
    expected = jax.nn.one_hot(indices, 4)
    np.testing.assert_array_equal(tw.one_hot(indices, 4).numpy(), expected)
    assert tw.one_hot(indices, 4, dtype=np.float32).dtype == np.float32


def test_stop_gradient_holds_a_value_constant() -> None:
    slope = tw.grad(lambda x: x * tw.stop_gradient(x))(3.0)
    assert slope == 3.0


def test_complex_numbers_have_a_logistic_function_too() -> None:
    z = np.array([0.3 + 2j, -5.0 - 1j, 800.0 + 3j, -40.0 + 1j, 2j])
    for ours, theirs in ((tw.sigmoid, torch.sigmoid), (tw.silu, torch.nn.functional.silu)):
        found = ours(tw.tensor(z)).numpy()
        np.testing.assert_allclose(found, theirs(torch.tensor(z)).numpy(), 1e-12)
    # Where the exponential overflows too; PyTorch's is not a number there.
    assert tw.sigmoid(tw.tensor(-800.0 + 1j)).item() == 0
