"""From a problem to something that runs: traced and compiled, or kept from a fit before."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from thalweg.core.program import Program
from thalweg.core.spec import default_dtype
from thalweg.engines import registry
from thalweg.engines.engine import CompiledLoop, Engine, Loop
from thalweg.engines.registry import choose
from thalweg.errors import ArgumentError, EngineError
from thalweg.training.fingerprint import Fingerprint
from thalweg.training.inputs import Batches
from thalweg.training.layout import RelaidLoop, relaid, transposed_states
from thalweg.training.program import Problem, Traced, trace_loss, trace_step
from thalweg.training.surroundings import trace_steadily, warn_of_untrained

Kept = TypeVar("Kept")


class Cache(Generic[Kept]):
    """The most recently used values, by key; safe to use from several threads.

    Two threads that miss the same key both make the value, and the first one made is kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """Return the value of a key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, value: Kept) -> Kept:
        """Remember a value unless the key has one; return the one that is kept."""
        with self._lock:
            found = self._kept.setdefault(key, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
            return found

    def values(self) -> list[Kept]:
        """Return what is kept, the most recently used last."""
        with self._lock:
            return list(self._kept.values())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


@dataclass(frozen=True)
class Captured:
    """The arrays a program captured from the loss's surroundings.

    An array that the loss refers to itself is found anew at each fit, by its place in the loss's
    fingerprint, so that no data of the user are kept alive; others were made while tracing.
    `lines` are the user's lines that use them.
    """

    sources: tuple[Any, ...]
    lines: tuple[str, ...]

    def arrays(self, referred: Sequence[Any]) -> list[Any]:
        """Return the arrays, given those the loss refers to."""
        return [referred[s] if type(s) is int else s for s in self.sources]

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays kept."""
        return sum(source.nbytes for source in self.sources if type(source) is not int)


@dataclass(frozen=True)
class Step:
    """A training step, ready to run."""

    engine: str
    loop: Loop
    compiled: CompiledLoop
    captured: Captured


@dataclass(frozen=True)
class Evaluation:
    """The loss of some data, ready to run."""

    engine: str
    program: Program
    run: Callable[..., list[Any]]
    captured: Captured


# What tracing found, by what was traced.
STEPS: Cache[Step] = Cache(64)

EVALUATIONS: Cache[Evaluation] = Cache(64)

# What an engine made of a program, by its signature: traced anew, it need not be compiled.
COMPILED: Cache[Any] = Cache(64)

# A program that made more than this while it was traced is traced anew at each fit.
MOST_KEPT = 2**26

EngineChoice = str | Engine


def prepare_step(
    problem: Problem, fingerprint: Fingerprint, batches: Batches, engine: EngineChoice
) -> tuple[Step, float]:
    """Return a training step ready to run, and the seconds that took.

    Raises:
        ThalwegError: Whatever tracing the loss or compiling it raises.
    """
    layout = (batches.rows, batches.batch_size, batches.remainder, batches.reshuffled)
    key = (
        fingerprint.key,
        problem.optimizer.structure,
        _structure(problem),
        problem.state,
        tuple(problem.state_specs),
        layout,
        engine,
        default_dtype(),
    )
    known = STEPS.get(key) if fingerprint.key is not None else None
    if known is not None:
        return known, 0.0
    _import(engine)
    began = time.perf_counter()
    with uncollected():
        step, steady = _step(problem, fingerprint, batches, engine, layout)
    if steady and _is_worth_keeping(fingerprint, step.captured):
        STEPS.keep(key, step)
    return step, time.perf_counter() - began


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Hold the garbage collector back in a `with` block that makes much and drops little.

    It would look at every equation again and again: a fifth of the time of a long program. What
    was made counts as old afterwards, as it would have become: else all of it is looked at once,
    which is long after an interruption.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if collecting:
            gc.enable()


def _step(
    problem: Problem,
    fingerprint: Fingerprint,
    batches: Batches,
    engine: EngineChoice,
    layout: Hashable,
) -> tuple[Step, bool]:
    """Trace and compile a training step; tell whether a later fit may have it too."""
    traced, steady = trace_steadily(problem, lambda: trace_step(problem, batches.specs()))
    warn_of_untrained(problem, traced)
    remainder = traced.programs[1] if len(traced.programs) > 1 else None
    loop = Loop(
        step=traced.programs[0],
        remainder=remainder,
        states=len(problem.param_specs) + len(problem.state_specs),
        data=len(problem.data_specs) + len(traced.captured),
        rows=batches.rows,
        batch_size=batches.batch_size,
        reshuffled=batches.reshuffled,
    )
    chosen = _chosen(engine, traced.programs)
    text = (
        _identity(engine, chosen),
        layout,
        loop.states,
        loop.data,
        *(program.signature for program in traced.programs),
    )
    compiled = COMPILED.get(text) or COMPILED.keep(text, _compiled(chosen, loop))
    return Step(chosen.name, loop, compiled, _captured(traced, fingerprint)), steady


def prepare_evaluation(
    problem: Problem, fingerprint: Fingerprint, engine: EngineChoice
) -> tuple[Evaluation, float]:
    """Return the loss of given data ready to run, and the seconds that took; errors as above."""
    key = (fingerprint.key, _structure(problem), engine, default_dtype())
    known = EVALUATIONS.get(key) if fingerprint.key is not None else None
    if known is not None:
        return known, 0.0
    _import(engine)
    began = time.perf_counter()
    traced = trace_loss(problem)
    program = traced.programs[0]
    chosen = _chosen(engine, traced.programs)
    text = (_identity(engine, chosen), "loss", program.signature)
    run = COMPILED.get(text) or COMPILED.keep(text, chosen.compile(program))
    evaluation = Evaluation(chosen.name, program, run, _captured(traced, fingerprint))
    if _is_worth_keeping(fingerprint, evaluation.captured):
        EVALUATIONS.keep(key, evaluation)
    return evaluation, time.perf_counter() - began


def _structure(problem: Problem) -> Hashable:
    params = problem.params, tuple(problem.param_specs)
    return params, problem.data, tuple(problem.data_specs)


def _import(engine: EngineChoice) -> None:
    """Import an engine ahead of time: that is done once, and is no part of compiling."""
    with contextlib.suppress(EngineError):
        if isinstance(engine, str):
            registry.engine("native" if engine == "auto" else engine)


def _chosen(engine: EngineChoice, programs: Sequence[Program]) -> Engine:
    if isinstance(engine, str):
        return choose(engine, *programs)
    if not hasattr(engine, "compile_loop"):
        raise ArgumentError(
            f'engine={engine!r} was given. It wants "auto", the name of an engine, or an engine.'
        )
    return engine


def _compiled(engine: Engine, loop: Loop) -> CompiledLoop:
    states = transposed_states(loop)
    if not states:
        return engine.compile_loop(loop)
    return RelaidLoop(engine.compile_loop(relaid(loop, states)), states)


def _identity(engine: EngineChoice, chosen: Engine) -> tuple[str, int]:
    # An engine given as an object is itself alone; its id is kept alive by what it compiled.
    return chosen.name, 0 if isinstance(engine, str) else id(engine)


def _captured(traced: Traced, fingerprint: Fingerprint) -> Captured:
    sources: list[Any] = []
    for array in traced.captured:
        position = fingerprint.position(array)
        # What was made while tracing may share memory with arrays that change later.
        sources.append(array.copy() if position is None else position)
    return Captured(tuple(sources), tuple(traced.lines))


def _is_worth_keeping(fingerprint: Fingerprint, captured: Captured) -> bool:
    return fingerprint.key is not None and captured.nbytes <= MOST_KEPT
