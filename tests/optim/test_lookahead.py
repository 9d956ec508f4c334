"""Lookahead: slow parameters follow fast ones as Optax's do."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import OF_PAIRS, Sample, listed, params
from tests.optim.test_agreement_with_optax import assert_equal, described, gradients
from thalweg import optim
from thalweg.errors import ArgumentError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

each_sample = pytest.mark.parametrize("sample", listed(OF_PAIRS))
STEPS = 50


def walk(made: Any, o: Any, start: Any) -> tuple[Any, Any]:
    """Return parameters and state after some steps by the fast parameters' gradients."""
    pair = o.LookaheadParams.init_synced(start)
    state, everything = made.init(pair), gradients(start)
    for step in range(STEPS):
        own = tw.tree.map(lambda g, t=step: g[t], everything)
        updates, state = made.update(own, state, pair)
        pair = o.apply_updates(pair, updates)
    return pair, state


@each_sample
def test_lookahead_equals_optax(sample: Sample) -> None:
    ours, state = walk(sample(optim), optim, params())
    with jax.enable_x64(True):
        theirs, expected = walk(sample(optax), optax, jax.tree.map(jax.numpy.asarray, params()))
    assert described(state) == described(expected)
    assert type(ours).__name__ == type(theirs).__name__ == "LookaheadParams"
    assert ours._fields == theirs._fields
    assert_equal(ours, theirs)
    assert_equal(state, expected)


@each_sample
def test_lookahead_is_a_recipe(sample: Sample) -> None:
    made = sample(optim)
    assert made.rebuild(list(made.hyperparameters.values())) == made
    assert "[" not in "".join(made.hyperparameters)
    assert repr(made).startswith("lookahead(fast_optimizer=")


@each_sample
def test_a_loss_of_the_pair_is_fitted_natively(sample: Sample) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))
    y = x @ np.array([1.0, -2.0, 0.5])

    def loss(pair: Any, x: Any, y: Any) -> Any:
        return np.mean((x @ pair.fast - y) ** 2)

    start = optim.LookaheadParams.init_synced(np.zeros(3))
    native, reference = (
        tw.fit(loss, start, (x, y), optimizer=sample(optim), steps=40, engine=engine)
        for engine in ("native", "numpy")
    )
    for ours, theirs in zip(native.params, reference.params, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    rate_of_slow = sample(optim).hyperparameters["slow_step_size"]
    assert (native.params.slow != 0.0).any() == (rate_of_slow > 0.0)


def test_the_state_of_the_fast_optimizer_starts_anew() -> None:
    made = optim.lookahead(optim.adam(0.1), 2, 0.5, reset_state=True)
    pair = optim.LookaheadParams.init_synced(np.array([1.0]))
    first = made.init(pair)
    _, once = made.update(np.array([1.0]), first, pair)
    _, twice = made.update(np.array([1.0]), once, pair)
    assert once.fast_state[0].count == 1
    assert twice.fast_state[0].count == 0
    assert twice.steps_since_sync == 0


def test_parameters_that_are_no_pair_are_refused() -> None:
    made = optim.lookahead(optim.sgd(0.1), 2, 0.5)
    state = made.init(1.0)
    with pytest.raises(ArgumentError, match=r"type float; it wants fast and slow.*init_synced"):
        made.update(1.0, state, 1.0)


def test_a_period_is_at_least_one_step() -> None:
    with pytest.raises(ArgumentError, match="synchronization period"):
        optim.lookahead(optim.sgd(0.1), 0, 0.5)
