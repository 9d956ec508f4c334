"""Measurements are kept in the state, as by Optax."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import optim

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")


def test_measurements_are_those_of_optax() -> None:
    rng = np.random.default_rng(0)

    def make(o: Any) -> Any:
        norm = o.tree.norm
        return o.chain(o.monitor({"norm": norm, "mean": o.measure_with_ema(norm, 0.9)}), o.sgd(0.1))

    with jax.enable_x64(True):
        ours, theirs = make(optim), make(optax)
        mine, other = ours.init([np.zeros(3)]), theirs.init([jax.numpy.zeros(3)])
        for _ in range(20):
            gradient = rng.normal(size=3)
            _, mine = ours.update([gradient], mine)
            _, other = theirs.update([jax.numpy.asarray(gradient)], other)
            for name in ("norm", "mean"):
                expected = optax.tree.get(other, name)
                np.testing.assert_allclose(optim.tree.get(mine, name), expected, rtol=1e-12)


def test_a_state_that_measures_keeps_its_structure() -> None:
    watch = optim.monitor({"norm": optim.tree.norm, "all": optim.ema(0.5)})
    state = watch.init({"w": np.ones(2)})
    _, after = watch.update({"w": np.ones(2)}, state)
    assert tw.tree.structure(after) == tw.tree.structure(state)
    assert state.measurements["norm"] == 0.0
    assert after.measurements["norm"] == np.sqrt(2.0)
