"""Ctrl-C in each phase of a fit, in processes of their own; `make interruptions` does more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.interruptions.sent import interrupt_after
from tests.interruptions.trial import interrupted

# What each phase is given: its size, so that it would take several seconds, and the engine.
PHASES = {
    "tracing": ("tracing",),
    "compiling": ("compiling", 100),
    "short steps": ("short",),
    "a long step": ("long", 3000),
    "a long step in NumPy": ("long", 3000, "numpy"),
}


@pytest.mark.parametrize("name", PHASES)
def test_ctrl_c_is_heard_at_once(name: str) -> None:
    phase, *arguments = PHASES[name]
    trials = [interrupted(phase, after, *arguments) for after in (0.1, 0.6)]
    assert all(trial.sound for trial in trials)
    # Another process may hold a busy machine once.
    assert min(trial.wait for trial in trials) < 0.2


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_a_run_interrupted_in_a_long_step_is_completed_bit_for_bit(
    engine: str, interrupts: None
) -> None:
    rng = np.random.default_rng(0)
    X, params = rng.normal(size=(500, 500)), rng.normal(size=(500, 500)) / 22

    def loss(weights: Any, X: Any) -> Any:
        for _ in range(4):
            X = np.tanh(X @ weights)
        return np.mean(X**2)

    def run(**more: Any) -> tw.Fit:
        return tw.fit(
            loss, params, X, optimizer=tw.optim.adam(1e-3), engine=engine, steps=6, **more
        )

    def press(info: Any) -> None:
        if info.step == 3:
            interrupt_after(0.02)

    with pytest.raises(KeyboardInterrupt) as caught:
        run(callbacks=press)
    so_far = caught.value.fit
    assert 3 <= so_far.steps < 6
    whole, resumed = run(), run(resume=so_far)
    assert resumed.steps == 6
    assert np.array_equal(resumed.params, whole.params)
    assert np.array_equal(resumed.history.loss, whole.history.loss)
