"""Keyed random numbers are those of JAX, in NumPy's meaning and from the native engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import scipy.special

import thalweg as tw
from thalweg.errors import ArgumentError, DtypeError
from thalweg.random import keyed

SHAPES: list[tuple[int, ...]] = [(), (5,), (3, 7), (2, 3, 40)]
SEEDS = [0, 7, 2**31, 2**32 - 1, 2**40 + 3]


def both(draw: Callable[[Any], Any], key: Any) -> list[Any]:
    """Return what is drawn with a key, by either engine."""
    return [np.asarray(draw(key)), np.asarray(tw.jit(draw, engine="native")(key))]


def words(key: Any) -> Any:
    return np.asarray(key).view(np.uint32)


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_are_those_of_jax(seed: int) -> None:
    theirs, ours = jax.random.PRNGKey(seed), keyed.key(seed)
    np.testing.assert_array_equal(words(ours), theirs)
    for number in (0, 1, 2**31 - 1):
        np.testing.assert_array_equal(
            words(keyed.fold_in(ours, number)), jax.random.fold_in(theirs, number)
        )
    np.testing.assert_array_equal(words(keyed.split(ours, 5)), jax.random.split(theirs, 5))
    np.testing.assert_array_equal(
        words(keyed.split(ours, (2, 3))), jax.random.split(theirs, (2, 3))
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_draws_are_those_of_jax(shape: tuple[int, ...], dtype: Any) -> None:
    theirs, ours = jax.random.PRNGKey(3), keyed.key(3)
    uniform = jax.random.uniform(theirs, shape, dtype)
    for found in both(lambda k: keyed.uniform(k, shape, dtype), ours):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, uniform)
    close = 4 * float(np.finfo(dtype).eps)
    between = jax.random.uniform(theirs, shape, dtype, -2.0, 3.0)
    for found in both(lambda k: keyed.uniform(k, shape, dtype, -2.0, 3.0), ours):
        np.testing.assert_allclose(found, between, atol=3 * close, rtol=close)
    normal = jax.random.normal(theirs, shape, dtype)
    for found in both(lambda k: keyed.normal(k, shape, dtype), ours):
        np.testing.assert_allclose(found, normal, atol=close, rtol=4 * close)
    chance = dtype(0.3)
    certain = jax.random.bernoulli(theirs, chance, shape)
    for found in both(lambda k: keyed.bernoulli(k, chance, shape), ours):
        np.testing.assert_array_equal(found, certain)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_bits_are_those_of_jax(dtype: Any) -> None:
    wide = np.uint32 if dtype is np.int32 else np.uint64
    wanted = np.asarray(jax.random.bits(jax.random.PRNGKey(9), (33,), wide))
    for found in both(lambda k: keyed.random_bits(k, (33,), dtype), keyed.key(9)):
        np.testing.assert_array_equal(found.view(wide), wanted)


def test_bounds_and_chances_may_be_tensors() -> None:
    theirs, ours = jax.random.PRNGKey(1), keyed.key(1)
    low, high = np.array([0.0, -3.0, 5.0]), np.array([1.0, 3.0, 5.5])
    np.testing.assert_allclose(
        np.asarray(keyed.uniform(ours, (3,), minval=low, maxval=high)),
        jax.random.uniform(theirs, (3,), np.float64, low, high),
        rtol=1e-15,
    )
    np.testing.assert_array_equal(
        np.asarray(keyed.bernoulli(ours, np.array([0.1, 0.5, 0.9]))),
        jax.random.bernoulli(theirs, np.array([0.1, 0.5, 0.9])),
    )


def test_a_step_and_a_seed_may_be_computed_in_a_compiled_run() -> None:
    def draws(seed: Any, step: Any) -> Any:
        return keyed.uniform(keyed.fold_in(keyed.key(seed), step + 1), (9,))

    compiled = tw.jit(draws, engine="native")
    for seed, step in ((3, 4), (-1, 2**33), (2**40, -7)):
        given = tw.tensor(np.int64(seed)), tw.tensor(np.int64(step))
        np.testing.assert_array_equal(np.asarray(compiled(*given)), np.asarray(draws(*given)))
        whole = keyed.uniform(keyed.fold_in(keyed.key(seed), step + 1), (9,))
        np.testing.assert_array_equal(np.asarray(draws(*given)), np.asarray(whole))


def test_keys_are_mapped_over_like_other_arrays() -> None:
    keys = keyed.split(keyed.key(0), 4)
    found = tw.vmap(lambda k: keyed.normal(k, (3,)))(keys)
    wanted = np.stack([np.asarray(keyed.normal(k, (3,))) for k in keys])
    np.testing.assert_array_equal(np.asarray(found), wanted)


def test_the_inverse_error_function_is_that_of_scipy() -> None:
    x = np.linspace(-1, 1, 20_001)[1:-1]
    wanted = scipy.special.erfinv(x)
    np.testing.assert_allclose(np.asarray(keyed.erf_inverse(tw.tensor(x))), wanted, rtol=1e-12)
    single = keyed.erf_inverse(tw.tensor(x.astype(np.float32)))
    np.testing.assert_allclose(np.asarray(single), wanted, rtol=2e-5, atol=1e-7)


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: keyed.uniform(7, (3,)), ArgumentError, "a key is two 32-bit integers"),
    (lambda: keyed.uniform(keyed.key(0), (3,), int), DtypeError, "float32 or float64"),
    (lambda: keyed.random_bits(keyed.key(0), (3,), np.int8), DtypeError, "int32 or int64"),
    (lambda: keyed.random_bits(keyed.key(0), (2**16, 2**16)), ArgumentError, "Split the key"),
    (lambda: keyed.fold_in(keyed.key(0), 0.5), DtypeError, "whole numbers"),
    (lambda: keyed.key(0.5), DtypeError, "whole number"),
]


@pytest.mark.parametrize(("call", "error", "said"), REFUSED)
def test_what_is_no_key_or_number_is_refused(
    call: Callable[[], Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call()
