"""Noise: drawn with keys as JAX draws, smaller from step to step."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")


def test_a_key_and_its_seed_draw_the_same() -> None:
    g = np.zeros(5)
    by_seed, by_key = (optim.add_noise(1.0, 0.5, key=key) for key in (3, tw.random.key(3)))
    by_words = optim.add_noise(1.0, 0.5, key=np.array([0, 3], np.uint32))
    first, *others = (made.update(g, made.init(g))[0] for made in (by_seed, by_key, by_words))
    for other in others:
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("make", [optim.add_noise, lambda *a, **k: optim.noisy_sgd(0.1, *a, **k)])
def test_seed_is_deprecated_and_works(make: Any) -> None:
    with pytest.warns(DeprecationWarning, match='"seed" is deprecated') as caught:
        made = make(1.0, 0.5, seed=3)
    assert caught[0].filename == __file__
    g = np.zeros(2)
    new = make(1.0, 0.5, 3)
    np.testing.assert_array_equal(made.update(g, made.init(g))[0], new.update(g, new.init(g))[0])


def test_a_key_and_a_seed_together_are_refused() -> None:
    with (
        pytest.warns(DeprecationWarning, match='use "key"'),
        pytest.raises(ArgumentError, match="Only one of seed or key can be specified"),
    ):
        optim.add_noise(1.0, 0.5, key=1, seed=2)


def test_no_key_is_key_0_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="No key was given"):
        made = optim.add_noise(1.0, 0.5)
    assert made.init(np.zeros(2)).rng_key.tolist() == [0, 0]


@pytest.mark.parametrize(("dtype", "rtol"), [("complex128", 1e-12), ("complex64", 1e-5)])
def test_noise_of_complex_updates_is_optaxs(dtype: str, rtol: float) -> None:
    g = {"b": np.zeros(3, dtype), "a": np.zeros((2, 2), dtype)}
    made = optim.add_noise(0.5, 0.1, 7)
    state = made.init(g)
    with jax.enable_x64(True):
        theirs = optax.add_noise(0.5, 0.1, 7)
        their_state = theirs.init(g)
        for _ in range(2):
            expected, their_state = theirs.update(jax.tree.map(jax.numpy.asarray, g), their_state)
            found, state = made.update(g, state)
        for name, leaf in found.items():
            assert leaf.dtype == dtype
            np.testing.assert_allclose(leaf, expected[name], rtol=rtol)


def test_noise_in_half_precision_is_drawn_in_float32() -> None:
    made = optim.add_noise(1.0, 0.5, 3)
    half, single = (np.zeros(4, dtype) for dtype in (np.float16, np.float32))
    found, expected = (made.update(g, made.init(g))[0] for g in (half, single))
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, expected.astype(np.float16))


def test_the_noise_of_a_tree_without_leaves_is_none() -> None:
    made = optim.add_noise(1.0, 0.5, 3)
    updates, state = made.update({}, made.init({}))
    assert updates == {}
    assert state.count == 1


def test_its_variance_falls_as_stated() -> None:
    made = optim.add_noise(4.0, 1.0, 0)
    g = np.zeros(20000)
    state = made.init(g)
    for step in range(1, 5):
        updates, state = made.update(g, state)
        assert np.std(updates) == pytest.approx(2.0 / np.sqrt(step), rel=0.03)
