"""What a loss costs here and in JAX: samples in turn, in a process with nothing compiled yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import thalweg as tw
from benchmarks.losses import MODELS
from benchmarks.losses.model import Model, apart
from benchmarks.rivals import XLA
from thalweg.engines import registry
from thalweg.training.prepare import STEPS

# A sample's seconds, and those after which a process is given up.
SAMPLE_SECONDS, PATIENCE = 0.1, 600
FLAGS = ("", "bigwhile")
RATE = 1e-4


@dataclass(frozen=True)
class Times:
    """What the updates of one loss, written in one way, cost.

    Attributes:
        size: The rows of data, or steps in time.
        engine: The engine that ran it.
        lacking: The primitives that the native engine lacks for it.
        equations: Those of the program of one update.
        ours: Samples of the microseconds of an update by `tw.fit`.
        theirs: Samples of those of JAX's loop, interleaved with ours.
        compiling: The seconds of a first fit of one update.
        their_compiling: The seconds of JAX's first run of one update.
    """

    size: int
    engine: str
    lacking: list[str]
    equations: int
    ours: list[float]
    theirs: list[float]
    compiling: float
    their_compiling: float


@dataclass(frozen=True)
class Agreement:
    """How far thalweg's minimum is from another library's; None where it has none.

    Attributes:
        loss: The distance of the least losses, relative.
        params: That of the parameters, relative to the largest.
        value: That of the loss computed otherwise, where the descent starts.
        library: What found the other one.
    """

    loss: float | None
    params: float | None
    value: float | None
    library: str


# ---- in the process that measures


def times_here(model: Model, variant: str, size: int, repeats: int, with_jax: bool) -> Times:
    """Take one loss's times in this process."""
    registry.engine("native")
    optimizer = tw.optim.adam(RATE)
    fitted = lambda steps: model.fit(variant, size, steps, optimizer)
    with warnings.catch_warnings():
        # The engine that a warning speaks of is told.
        warnings.simplefilter("ignore")
        compiling, engine = _seconds(lambda: fitted(1)), fitted(1).engine
        program = STEPS.values()[-1].loop.step
        lacking = {e.primitive.name for e in registry.engine("native").unsupported(program)}
        samplers = [_sampler(lambda steps: _seconds(lambda: fitted(steps)))]
        their_compiling = 0.0
        if with_jax:
            run = _in_jax(model, size)
            their_compiling = _seconds(lambda: run(1))
            samplers.append(_sampler(lambda steps: _seconds(lambda: run(steps))))
        samples = [[sampler() for sampler in samplers] for _ in range(repeats)]
    ours, *rest = (list(column) for column in zip(*samples, strict=True))
    equations, theirs = len(program.equations), rest[0] if rest else []
    return Times(size, engine, sorted(lacking), equations, ours, theirs, compiling, their_compiling)


def _seconds(run: Callable[[], object]) -> float:
    """Return a run's seconds of the processor: what else the machine does takes none of them."""
    start = time.process_time()
    run()
    return time.process_time() - start


def _sampler(taken: Callable[[int], float]) -> Callable[[], float]:
    """Return a function that samples the microseconds of an update: of 3N less N, by 2N."""
    updates = 1
    while updates < 1_000_000 and (found := taken(3 * updates)) < SAMPLE_SECONDS:
        updates = min(20 * updates, int(updates * SAMPLE_SECONDS / max(found, 1e-6)) + 1)
    return lambda: (taken(3 * updates) - taken(updates)) / (2 * updates) * 1e6


def _in_jax(model: Model, size: int) -> Callable[[int], object]:
    # JAX is imported only where it is measured.
    import jax
    import optax

    from benchmarks.losses.in_jax import arrays, run_of

    params, data = map(arrays, model.make(size))
    # A loop over time is written as `lax.scan` there: unrolled it compiles for minutes.
    run = run_of(model.scanned or model.loss, optax.adam(RATE))
    return lambda steps: jax.block_until_ready(run(params, data, steps))


def agreement_here(model: Model) -> Agreement:
    """Find the minimum and compare it with another library's."""
    size = model.checked or model.size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start, data = model.make(size)
        found = model.descend(size)
        loss = float(model.loss(found.params, *data))
        value = params = least = None
        library = "PyTorch"
        if model.value is not None:
            value = apart(model.loss(start, *data), model.value(start, *data))
        if model.optimum is not None:
            best = model.optimum(*data)
            least, library = apart(loss, best.loss), best.library
            params = None if best.params is None else apart(found.params, best.params)
    return Agreement(least, params, value, library)


# ---- in the process that asks


def times(model: Model, variant: str, size: int, repeats: int, flags: str | None) -> Times | str:
    """Take one loss's times in a new process, with JAX under some flags, or without JAX (None).

    Returns:
        The times; or in words why there are none.
    """
    found = _asked("times", model.name, variant, size, repeats, flags is not None, flags=flags)
    return found if isinstance(found, str) else Times(**found)


def agreement(model: Model) -> Agreement | str:
    """Compare minima in a new process; in words why there is nothing to compare."""
    found = _asked("agreement", model.name)
    return found if isinstance(found, str) else Agreement(**found)


def _asked(*arguments: Any, flags: str | None = "") -> dict[str, Any] | str:
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"}
    single = "--xla_cpu_multi_thread_eigen=false"
    environment["XLA_FLAGS"] = " ".join([single, *(XLA[f] for f in (flags or "").split())])
    environment["OPENBLAS_NUM_THREADS"] = "1"
    command = [sys.executable, "-m", "benchmarks.losses.measure", json.dumps(arguments)]
    with tempfile.TemporaryDirectory() as cache:
        environment["THALWEG_CACHE_DIR"] = cache
        try:
            run = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            return f"longer than {PATIENCE} s"
    if run.returncode:
        return (run.stderr.strip().splitlines() or [f"exit {run.returncode}"])[-1]
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def _answer(kind: str, name: str, *rest: Any) -> Times | Agreement:
    return times_here(MODELS[name], *rest) if kind == "times" else agreement_here(MODELS[name])


if __name__ == "__main__":
    print(json.dumps(asdict(_answer(*json.loads(sys.argv[1])))))
