"""Gradients of single examples are aggregated as by Optax."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim
from thalweg.errors import ArgumentError, ShapeError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
theirs_too = pytest.importorskip("optax.experimental").aggregating

START = {"w": np.ones((3, 2)), "b": np.zeros(2)}

SAMPLES: dict[str, Callable[[Any, Any], Any]] = {
    "average_per_element_updates": lambda o, a: a.average_per_element_updates(0),
    "average_incrementally_updates": lambda o, a: a.average_incrementally_updates(0, 3),
    "average_once": lambda o, a: a.average_incrementally_updates(0, 1),
    "process": lambda o, a: a.process(
        o.clip(1.0), a.average_incrementally_updates(0, 2), o.adam(0.1)
    ),
    "add_mean_variance_to_opt": lambda o, a: a.add_mean_variance_to_opt(o.adam(0.1), 0.8),
    "in_several_batches": lambda o, a: a.add_mean_variance_to_opt(o.sgd(0.1), 0.8, 0, 3),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_step_is_that_of_optax(name: str) -> None:
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        ours = SAMPLES[name](optim, optim.experimental.aggregating)
        theirs = SAMPLES[name](optax, theirs_too)
        mine, other = ours.init(START), theirs.init(jax.tree.map(jax.numpy.asarray, START))
        for _ in range(7):
            grads = tw.tree.map(lambda p: rng.normal(size=(4, *p.shape)), START)
            updates, mine = ours.update(grads, mine, START)
            expected, other = theirs.update(jax.tree.map(jax.numpy.asarray, grads), other, START)
            pairs = zip(
                tw.tree.leaves((updates, mine)), jax.tree.leaves((expected, other)), strict=True
            )
            # Optax divides int32 by int32 in float32 there.
            rtol = 1e-7 if name == "in_several_batches" else 1e-12
            for a, b in pairs:
                np.testing.assert_allclose(np.asarray(a), b, rtol=rtol, atol=1e-14)


def test_several_axes_may_count_the_examples() -> None:
    aggregating = optim.experimental.aggregating
    grads = np.random.default_rng(0).normal(size=(2, 3, 4))
    mean = aggregating.average_per_element_updates((0, 1))
    np.testing.assert_allclose(mean.update(grads, mean.init(0.0))[0], grads.mean((0, 1)))
    both = aggregating.get_per_element_mean_and_sum_sq_diff_grads([0, 1])
    (found, aux), _ = both.update(grads, both.init(0.0))
    np.testing.assert_allclose(found, grads.mean((0, 1)), rtol=1e-14)
    np.testing.assert_allclose(aux["sum_sq_diff_grads"], 6 * grads.var((0, 1)), rtol=1e-14)
    assert aux["sample_size"] == 6


def test_averages_freed_of_their_start_are_those_of_optax() -> None:
    aggregating = optim.experimental.aggregating
    optimizer = aggregating.add_mean_variance_to_opt(optim.sgd(0.1), 0.8)
    state = optimizer.init(np.zeros(2))
    grads = np.random.default_rng(0).normal(size=(4, 2))
    for _ in range(3):
        _, state = optimizer.update(grads, state)
    means, variances = aggregating.get_unbiased_mean_and_variance_ema(state)
    np.testing.assert_allclose(means, grads.mean(0), rtol=1e-14)
    np.testing.assert_allclose(variances, grads.var(0, ddof=1), rtol=1e-14)
    with pytest.raises(ArgumentError, match="must have PerElementMeanAndVarianceEMAState"):
        aggregating.get_unbiased_mean_and_variance_ema(optim.sgd(0.1).init(0.0))


def test_what_aggregates_says_so_and_knows_how_it_was_made() -> None:
    aggregating = optim.experimental.aggregating
    made = aggregating.average_per_element_updates(0)
    assert isinstance(made, aggregating.Aggregator)
    assert repr(made) == "average_per_element_updates()"
    assert isinstance(
        aggregating.process(optim.identity(), made, optim.sgd(0.1)), aggregating.Aggregator
    )


def test_batches_of_several_sizes_and_too_few_steps_are_refused() -> None:
    aggregating = optim.experimental.aggregating
    with pytest.raises(ShapeError, match="must have the same batch size"):
        aggregating.get_batch_size_from_per_elt_updates([np.ones(2), np.ones(3)], 0)
    for make in (
        aggregating.accumulate_avg_updates,
        lambda n: aggregating.get_per_element_mean_and_sum_sq_diff_grads(0, n),
    ):
        with pytest.raises(ArgumentError, match="must be larger than or equal to 1"):
            make(0)


def test_the_public_names_are_those_of_optax() -> None:
    leaked = {"Any", "NamedTuple", "Protocol", "Sequence"}
    theirs = {
        name
        for name, value in vars(theirs_too).items()
        if name[0] != "_" and name not in leaked and not hasattr(value, "__spec__")
    }
    assert set(optim.experimental.aggregating.__all__) == theirs
