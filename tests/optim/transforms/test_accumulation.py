"""MultiSteps: the optimizer sees k batches as one."""

import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError

optax = pytest.importorskip("optax")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 3)), RNG.normal(size=24)


def squared(w: Any, x: Any, y: Any) -> Any:
    return ((x @ w - y) ** 2).mean()


@pytest.mark.parametrize("k", [2, 3])
def test_k_batches_are_one_step_of_a_batch_k_times_as_large(k: int) -> None:
    inner = optim.adam(optim.exponential_decay(0.1, 2, 0.5))
    many = optim.MultiSteps(inner, k, accumulator_dtype=None)
    small = tw.fit(
        squared, np.zeros(3), (X, Y), optimizer=many, batch_size=4, epochs=6, shuffle=False
    )
    large = tw.fit(
        squared, np.zeros(3), (X, Y), optimizer=inner, batch_size=4 * k, epochs=6, shuffle=False
    )
    np.testing.assert_allclose(small.params, large.params, rtol=1e-12)


def test_until_the_step_parameters_stay_and_counts_tell() -> None:
    optimizer = optim.MultiSteps(optim.sgd(1.0), 2)
    state = optimizer.init(np.zeros(2))
    assert not optimizer.has_updated(state)
    seen = []
    for _ in range(4):
        updates, state = optimizer.update(np.ones(2), state)
        seen.append((updates.tolist(), bool(optimizer.has_updated(state)), int(state[1])))
    still, moved = [0.0, 0.0], [-1.0, -1.0]
    assert seen == [(still, False, 0), (moved, True, 1), (still, False, 1), (moved, True, 2)]


def test_a_batch_that_is_left_out_has_never_been() -> None:
    optimizer = optim.MultiSteps(optim.adam(0.1), 2, True, optim.skip_not_finite, None)
    state = optimizer.init(np.zeros(2))
    _, state = optimizer.update(np.array([1.0, 2.0]), state)
    updates, after = optimizer.update(np.array([np.nan, 1.0]), state)
    np.testing.assert_array_equal(updates, [0.0, 0.0])
    assert bool(after.skip_state["should_skip"])
    assert after.skip_state["num_not_finite"] == 1
    for a, b in zip(tw.tree.leaves(state[:4]), tw.tree.leaves(after[:4]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_batch_that_is_not_finite_does_not_spoil_the_next_step() -> None:
    # Optax multiplies what is not wanted by zero: it stays NaN for ever.
    optimizer = optim.MultiSteps(optim.sgd(1.0), 2)
    state = optimizer.init(np.zeros(1))
    for gradient in (np.nan, 1.0):
        updates, state = optimizer.update(np.array([gradient]), state)
    assert np.isnan(updates).all()
    for _ in range(2):
        updates, state = optimizer.update(np.ones(1), state)
    np.testing.assert_array_equal(updates, [-1.0])


@pytest.mark.parametrize("size", [3.9, 4.1, np.nan, np.inf])
def test_whether_updates_are_skipped_is_what_optax_says(size: float) -> None:
    updates = {"w": np.array([size, 0.0]), "b": np.array(0.0)}
    for ours, theirs in (
        (optim.skip_not_finite(updates, 0, None), optax.skip_not_finite(updates, 0, None)),
        (
            optim.skip_large_updates(updates, 0, None, 16.0),
            optax.skip_large_updates(updates, 0, None, 16.0),
        ),
    ):
        assert bool(ours[0]) == bool(theirs[0])
        assert ours[1].keys() == theirs[1].keys()
        for key, value in ours[1].items():
            np.testing.assert_allclose(value, theirs[1][key], rtol=1e-6)


def test_it_knows_how_it_was_made() -> None:
    optimizer = optim.MultiSteps(optim.adam(0.1), 4)
    assert repr(optimizer) == "MultiSteps(opt=adam(learning_rate=0.1), every_k_schedule=4)"
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer
    assert optimizer.hyperparameters["opt.learning_rate"] == 0.1
    assert optimizer.inner_opt == optim.adam(0.1)
    assert optimizer.gradient_transformation() is optimizer
    assert optim.chain(optim.clip(1.0), optimizer).init([0.0])[1].mini_step == 0


def test_less_than_one_batch_a_step_is_refused() -> None:
    with pytest.raises(ArgumentError, match="every_k_schedule=0"):
        optim.MultiSteps(optim.sgd(0.1), 0)


def test_a_decision_that_is_no_boolean_scalar_is_refused() -> None:
    broken = optim.MultiSteps(optim.sgd(0.1), 2, True, lambda u, i, p: (np.array(1), ()))
    with pytest.raises(ValueError, match="should return a boolean scalar"):
        broken.init([0.0])


def test_the_number_of_batches_may_follow_a_schedule_of_the_steps() -> None:
    later = optim.piecewise_constant_schedule(1, {2: 2})
    optimizer = optim.MultiSteps(optim.sgd(1.0), later)
    state, moved = optimizer.init(np.zeros(1)), []
    for _ in range(7):
        updates, state = optimizer.update(np.ones(1), state)
        moved.append(bool(updates[0]))
    assert moved == [True, True, False, True, False, True, False]
    assert state.mini_step.dtype == np.int32
