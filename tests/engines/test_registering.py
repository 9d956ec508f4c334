"""An engine is tested by being registered, and the tests find its mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engines import test_conformance as conformance
from tests.engines import test_engine as refusals
from tests.engines.tiny import TinyEngine, TinyLoop, TinyRun
from thalweg.core.primitive import PRIMITIVES

ROOT = Path(__file__).resolve().parents[2]


def test_a_row_of_the_registry_is_all_that_the_tests_need() -> None:
    """Collect the tests with one more engine: what runs on the reference runs on it too."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q"]
    command += ["-n", "0", "--whole", "-p", "tests.engines.tiny_row"]
    command += ["tests/engines/test_conformance.py", "tests/engines/test_engine.py"]
    command += ["tests/training/test_checkpoint.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tests: dict[str, set[str]] = defaultdict(set)
    parts = re.compile(r"^(.*\[)(numpy|native|tiny)\b(.*\])$", re.MULTILINE)
    for before, engine, after in parts.findall(listed):
        tests[before + after].add(engine)
    assert len(tests) > len(PRIMITIVES)
    assert set(map(frozenset, tests.values())) == {frozenset({"numpy", "native", "tiny"})}
    assert {test.partition("::")[0] for test in tests} == set(command[-3:])


# ---- engines with one mistake each


class Sharing(TinyRun):
    """Hands its own arrays out."""

    def state(self) -> Any:
        return self.current


class Taking(TinyRun):
    """Keeps the arrays it was given."""

    def restore(self, state: Any) -> None:
        self.current = list(state)


class Dropping(TinyRun):
    """Fills the last batch of an epoch from the first rows."""

    def rows(self, step: int) -> Any:
        loop, order = self.compiled.loop, self.order
        return [np.resize(order[step % loop.steps_per_epoch * loop.batch_size :], loop.batch_size)]


class Counting(TinyRun):
    """Counts the steps of its slices, and not those it is told."""

    def advance(self, start: int, steps: int, losses: Any) -> None:
        super().advance(0, steps, losses)


def mistaken(run: type[TinyRun]) -> TinyEngine:
    engine = TinyEngine()
    engine.begun = run
    return engine


class Unchecked(TinyEngine):
    """Trusts every loop."""

    def compile_loop(self, loop: Any) -> Any:
        return TinyLoop(loop, self)


class Narrow(TinyEngine):
    """Computes with half of the digits."""

    def compile(self, program: Any) -> Any:
        exact = super().compile(program)
        return lambda *arrays: [self.halved(array) for array in exact(*arrays)]

    def halved(self, array: Any) -> Any:
        with np.errstate(over="ignore"):
            return array.astype(np.float32).astype(array.dtype)


class Lacking(TinyEngine):
    """Runs what it says it cannot."""

    def unsupported(self, program: Any) -> Any:
        return [e for e in program.equations if e.primitive.name == "exp"]


batches = conformance.test_batches_follow_the_order_and_the_last_may_be_smaller
ordered = lambda engine: batches(engine, False)
sliced = lambda engine: conformance.test_slices_and_restored_states_change_no_bit(
    engine, "linear", True
)
exponential = lambda engine: conformance.test_a_primitive_means_what_numpy_means_or_is_refused(
    engine, "exp"
)

MISTAKES: dict[str, tuple[TinyEngine, Callable[[Any], None]]] = {
    "sharing": (mistaken(Sharing), conformance.test_the_state_is_the_runs_own),
    "taking": (mistaken(Taking), conformance.test_the_state_is_the_runs_own),
    "dropping": (mistaken(Dropping), ordered),
    "counting": (mistaken(Counting), sliced),
    "unchecked": (Unchecked(), refusals.test_a_loss_that_is_no_scalar_is_refused),
    "narrow": (Narrow(), exponential),
    "lacking": (Lacking(), exponential),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found(name: str) -> None:
    engine, finding = MISTAKES[name]
    finding(TinyEngine())
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        finding(engine)
