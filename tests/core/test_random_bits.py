"""Keyed random bits: JAX's, uniform, and a function of their key alone."""

import numpy as np
import pytest

from thalweg.random.bits import keyed_permutation, split_words, threefry2x32


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_threefry_equals_that_of_jax(size: int) -> None:
    random = pytest.importorskip("jax.extend.random")
    counter = np.arange(size, dtype=np.uint32) * np.uint32(0x9E3779B9)
    key = np.array([0xDEADBEEF, 17], np.uint32)
    np.testing.assert_array_equal(
        threefry2x32(key, counter), np.asarray(random.threefry_2x32(key, counter))
    )


def test_the_key_of_an_epoch_is_that_of_jax() -> None:
    jax = pytest.importorskip("jax")
    key = jax.random.fold_in(jax.random.PRNGKey(5), 3)
    np.testing.assert_array_equal(
        threefry2x32(split_words(5), split_words(3)), np.asarray(jax.random.key_data(key))
    )


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 300])
def test_a_permutation_has_every_row_once(n: int) -> None:
    np.testing.assert_array_equal(np.sort(keyed_permutation(n, 4, 2)), np.arange(n))


def test_permutations_differ_by_seed_and_epoch_and_repeat_for_both() -> None:
    orders = {
        keyed_permutation(50, seed, epoch).tobytes() for seed in range(5) for epoch in range(5)
    }
    assert len(orders) == 25
    assert keyed_permutation(50, 3, 3).tobytes() in orders
    # Both words of each number matter.
    assert keyed_permutation(50, 2**32, 0).tobytes() not in orders
    assert keyed_permutation(50, 0, 2**32).tobytes() not in orders


def test_every_order_of_four_rows_is_equally_likely() -> None:
    draws = 4800
    orders, counts = np.unique(
        [keyed_permutation(4, 11, epoch) for epoch in range(draws)], axis=0, return_counts=True
    )
    assert len(orders) == 24
    expected = draws / 24
    # χ² with 23 degrees of freedom exceeds 49.7 once in a thousand times.
    assert ((counts - expected) ** 2 / expected).sum() < 49.7


def test_every_row_is_equally_likely_at_every_place() -> None:
    n, draws = 20, 2000
    counts = np.zeros((n, n))
    for epoch in range(draws):
        counts[np.arange(n), keyed_permutation(n, 0, epoch)] += 1
    expected = draws / n
    # χ² with 361 degrees of freedom exceeds 450 less than once in a thousand times.
    assert ((counts - expected) ** 2 / expected).sum() < 450
