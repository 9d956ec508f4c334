"""Transformations of some of the steps, and of gradients that are not finite."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

BAD = [1.0, np.nan, np.inf, 2.0, np.nan, np.nan, np.nan, np.nan, 1.0]


@pytest.mark.parametrize("allowed", [0, 1, 3])
def test_gradients_that_are_not_finite_are_skipped_as_by_optax(allowed: int) -> None:
    with jax.enable_x64(True):
        ours, theirs = (o.apply_if_finite(o.adam(0.1), allowed) for o in (optim, optax))
        mine, other = ours.init(np.zeros(2)), theirs.init(jax.numpy.zeros(2))
        for number in BAD:
            gradient = np.array([number, 1.0])
            updates, mine = ours.update(gradient, mine)
            expected, other = theirs.update(jax.numpy.asarray(gradient), other)
            np.testing.assert_allclose(updates, expected, rtol=1e-12)
            for a, b in zip(tw.tree.leaves(mine), jax.tree.leaves(other), strict=True):
                assert np.asarray(a).dtype == b.dtype
                np.testing.assert_allclose(a, b, rtol=1e-12)


def test_conditions_may_look_at_extra_arguments() -> None:
    def rising(step: Any, value: Any, **_: Any) -> Any:
        return value > 1.0

    for make, otherwise in ((optim.conditionally_transform, 1.0), (optim.conditionally_mask, 0.0)):
        made = make(optim.scale(10.0), rising, forward_extra_args=True)
        state = made.init([0.0])
        low, state = made.update([1.0], state, None, value=0.5)
        high, state = made.update([1.0], state, None, value=1.5)
        assert (low, high) == ([otherwise], [10.0])
        assert state.step == 2


def test_skipped_steps_are_not_steps_of_the_inner_optimizer() -> None:
    rare = optim.conditionally_mask(optim.adam(0.1), lambda step: step % 2 == 0)
    state = rare.init([0.0])
    for _ in range(5):
        _, state = rare.update([1.0], state)
    assert optim.tree.get(state, "count") == 3


def test_a_negative_number_of_errors_is_refused() -> None:
    with pytest.raises(ArgumentError, match="max_consecutive_errors=-1"):
        optim.apply_if_finite(optim.sgd(0.1), -1)


def test_nan_is_zeroed_and_told_and_infinity_stays() -> None:
    zeroed = optim.zero_nans()
    gradients = {"w": np.array([np.nan, np.inf]), "b": np.array(1.0)}
    updates, state = zeroed.update(gradients, zeroed.init(gradients))
    np.testing.assert_array_equal(updates["w"], [0.0, np.inf])
    assert bool(state.found_nan["w"])
    assert not bool(state.found_nan["b"])


def test_no_parameter_becomes_negative() -> None:
    bounded = optim.chain(optim.sgd(1.0), optim.keep_params_nonnegative())
    weights = np.array([0.5, 2.0])
    updates, _ = bounded.update(np.ones(2), bounded.init(weights), weights)
    np.testing.assert_array_equal(optim.apply_updates(weights, updates), [0.0, 1.0])
    with pytest.raises(ArgumentError, match="without parameters"):
        bounded.update(np.ones(2), bounded.init(weights))
