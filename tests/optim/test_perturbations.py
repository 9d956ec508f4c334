"""Perturbed functions are Optax's, draw by draw, with its derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError
from thalweg.optim import perturbations

jax = pytest.importorskip("jax")
oracle = pytest.importorskip("optax").perturbations

RANDOM = np.random.default_rng(4)
X = {"a": RANDOM.normal(size=3), "b": RANDOM.normal(size=(2, 2))}
NOISES = ["Gumbel", "Normal"]


# Compiled quickly, JAX computes a number twice and rounds it differently: none is the largest then.
OPTIMIZED = {"xla_backend_optimization_level": 3, "xla_cpu_use_fusion_emitters": True}


def largest(library: Any, x: Any) -> Any:
    """Return a one at the largest of some numbers, and a number of others."""
    best = library.max(x["a"])
    return {"one": library.where(x["a"] == best, 1.0, 0.0), "sum": library.sum(x["b"] ** 2)}


@pytest.mark.parametrize("noise", NOISES)
def test_draws_and_densities_are_those_of_optax(noise: str) -> None:
    ours, theirs = getattr(perturbations, noise)(), getattr(oracle, noise)()
    with jax.enable_x64(True):
        for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 2e-6)):
            drawn = theirs.sample(jax.random.PRNGKey(7), (4, 5), dtype)
            found = ours.sample(tw.random.key(7), (4, 5), dtype)
            assert found.dtype == dtype
            np.testing.assert_allclose(found, drawn, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(ours.log_prob(X["a"]), theirs.log_prob(X["a"]), rtol=1e-14)


@pytest.mark.parametrize("use_baseline", [True, False])
@pytest.mark.parametrize("noise", NOISES)
def test_values_and_derivatives_are_those_of_optax(noise: str, use_baseline: bool) -> None:
    def made(space: Any, library: Any) -> Any:
        kind = getattr(space, noise)()
        return space.make_perturbed_fun(
            lambda x: largest(library, x), 40, 0.5, kind, use_baseline=use_baseline
        )

    def loss(function: Any, key: Any) -> Any:
        def summed(x: Any) -> Any:
            found = function(key, x)
            return (found["one"] * np.arange(1.0, 4.0)).sum() + found["sum"]

        return summed

    with jax.enable_x64(True):
        key = jax.random.PRNGKey(3)
        theirs = made(oracle, jax.numpy)
        expected = jax.jit(theirs, compiler_options=OPTIMIZED)(key, X)
        slope = jax.jit(jax.grad(loss(theirs, key)), compiler_options=OPTIMIZED)(X)
    ours, seed = made(perturbations, tw), tw.random.key(3).numpy()
    found = ours(seed, X)
    gradient = tw.grad(loss(ours, seed))
    compiled = tw.jit(gradient, engine="native", fallback="refuse")(X)
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14)
    for name in X:
        np.testing.assert_allclose(gradient(X)[name], slope[name], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(compiled[name], slope[name], rtol=1e-10, atol=1e-11)


def test_the_perturbed_maximum_has_the_gradient_of_a_softmax() -> None:
    x = np.array([0.0, 0.4, -0.3])
    soft = perturbations.make_perturbed_fun(tw.max, num_samples=20_000, sigma=1.0)
    slope = tw.grad(lambda x: soft(tw.random.key(0), x))(x)
    np.testing.assert_allclose(slope, tw.softmax(x), atol=0.03)


def test_a_width_that_is_none_is_refused() -> None:
    with pytest.raises(ArgumentError, match="sigma=0"):
        perturbations.make_perturbed_fun(tw.max, sigma=0.0)
