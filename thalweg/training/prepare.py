"""From a problem to something that runs: traced and compiled, or kept from a fit before."""

from __future__ import annotations

import contextlib
import gc
import time
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from thalweg.core.program import Program, uncollected
from thalweg.core.spec import default_dtypes
from thalweg.engines import registry
from thalweg.engines.engine import CompiledLoop, Engine, Loop
from thalweg.engines.fingerprint import Fingerprint
from thalweg.engines.kept import MOST_KEPT, Cache, Captured
from thalweg.engines.registry import Fallback, chosen, warning_text
from thalweg.errors import ArgumentError, EngineError
from thalweg.lines import level_of_user
from thalweg.training.inputs import Batches
from thalweg.training.program import Problem, trace_loss, trace_step
from thalweg.training.surroundings import trace_steadily, warn_of_untrained


@dataclass(frozen=True)
class PreparedStep:
    """A training step, ready to run; `calls_back` tells whether NumPy computes a part of it."""

    engine: str
    calls_back: bool
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


Prepared = TypeVar("Prepared", PreparedStep, Evaluation)

# What tracing found, by what was traced.
STEPS: Cache[PreparedStep] = Cache(64)

EVALUATIONS: Cache[Evaluation] = Cache(64)

# What an engine made of a program, by its signature and meanings: traced anew, it need not be
# compiled.
COMPILED: Cache[Any] = Cache(64)


@dataclass(frozen=True)
class EngineChoice:
    """The engine a user wants.

    Attributes:
        engine: Its name, or itself.
        fallback: What becomes of what the native engine cannot compute.
        told: Whether the user was warned of that before.
    """

    engine: str | Engine
    fallback: Fallback = "callback"
    told: bool = field(default=False, compare=False)

    def following(self, step: PreparedStep) -> EngineChoice:
        """Return the choice for the evaluations of a run: what was warned of holds for them too."""
        fell_back = self.engine == "auto" and step.engine != "native"
        return EngineChoice(
            step.engine if fell_back else self.engine, self.fallback, step.calls_back
        )


def prepare_step(
    problem: Problem, fingerprint: Fingerprint, batches: Batches, engine: EngineChoice
) -> tuple[PreparedStep, float]:
    """Return a training step ready to run, and the seconds that took.

    Raises:
        ThalwegError: Whatever tracing the loss or compiling it raises.
    """
    layout = (batches.rows, batches.batch_size, batches.remainder, batches.reshuffled)
    state = (problem.state, tuple(problem.state_specs))
    key = (*_key(problem, fingerprint, engine), problem.optimizer.structure, *state, layout)
    make = lambda: _step(problem, fingerprint, batches, engine, layout)
    return _prepare(STEPS, key, fingerprint, engine, make)


def _prepare(
    cache: Cache[Prepared],
    key: Hashable,
    fingerprint: Fingerprint,
    engine: EngineChoice,
    make: Callable[[], tuple[Prepared, bool]],
) -> tuple[Prepared, float]:
    """Return what is kept of a key, or make it, which says whether a later fit may have it too."""
    known = cache.get(key) if fingerprint.key is not None else None
    if known is not None:
        return known, 0.0
    # An engine is imported ahead of time: that is done once, and is no part of compiling.
    with contextlib.suppress(EngineError):
        if isinstance(engine.engine, str):
            registry.engine("native" if engine.engine == "auto" else engine.engine)
    began = time.perf_counter()
    with uncollected(), _aged():
        made, steady = make()
    if steady and fingerprint.key is not None and made.captured.nbytes <= MOST_KEPT:
        cache.keep(key, made)
    return made, time.perf_counter() - began


# Whether somebody keeps objects from the garbage collector. Python counts them one by one, which
# takes as long as a fit where they are millions: once there are some, it is not asked again.
_frozen = False


@contextlib.contextmanager
def _aged() -> Iterator[None]:
    """Let what is made in a `with` block count as old for the garbage collector, as it will be.

    Else all of it is looked at once afterwards, which is long after an interruption.
    """
    global _frozen
    try:
        yield
    finally:
        _frozen = _frozen or gc.get_freeze_count() > 0
        if not _frozen:
            gc.freeze()
            gc.unfreeze()


def _key(problem: Problem, fingerprint: Fingerprint, engine: EngineChoice) -> tuple[Any, ...]:
    params = problem.params, tuple(problem.param_specs)
    data = problem.data, tuple(problem.data_specs)
    return fingerprint.key, *params, *data, engine, default_dtypes()


def _step(
    problem: Problem,
    fingerprint: Fingerprint,
    batches: Batches,
    engine: EngineChoice,
    layout: Hashable,
) -> tuple[PreparedStep, bool]:
    """Trace and compile a training step; tell whether the loss is the same at each call."""
    traced, steady = trace_steadily(problem, lambda: trace_step(problem, batches.specs()))
    warn_of_untrained(problem, traced)
    first, *others = traced.programs
    loop = Loop(
        step=first,
        remainder=others[0] if others else None,
        states=len(problem.param_specs) + len(problem.state_specs),
        data=len(problem.data_specs) + len(traced.captured),
        rows=batches.rows,
        batch_size=batches.batch_size,
        reshuffled=batches.reshuffled,
    )
    kind = (layout, loop.states, loop.data)
    make = lambda to: to.compile_loop(loop)
    (name, calls_back), compiled = _compile(engine, kind, traced.programs, make)
    return PreparedStep(
        name, calls_back, loop, compiled, Captured.of(traced.captured, traced.lines, fingerprint)
    ), steady


def prepare_evaluation(
    problem: Problem, fingerprint: Fingerprint, engine: EngineChoice
) -> tuple[Evaluation, float]:
    """Return the loss of given data ready to run, and the seconds that took; errors as above."""

    def make() -> tuple[Evaluation, bool]:
        traced = trace_loss(problem)
        (program,) = traced.programs
        (name, _), run = _compile(engine, "loss", traced.programs, lambda to: to.compile(program))
        return Evaluation(
            name, program, run, Captured.of(traced.captured, traced.lines, fingerprint)
        ), True

    return _prepare(EVALUATIONS, _key(problem, fingerprint, engine), fingerprint, engine, make)


def _compile(
    engine: EngineChoice,
    kind: Hashable,
    programs: Sequence[Program],
    compile_on: Callable[[Engine], Any],
) -> tuple[tuple[str, bool], Any]:
    """Return what an engine made of programs, its name, and whether NumPy computes a part."""
    given, lacking = engine.engine, None
    if isinstance(given, str):
        to, lacking = chosen(given, programs, engine.fallback)
    else:
        to = given
    if not hasattr(to, "compile_loop"):
        raise ArgumentError(
            f'engine={given!r} was given. It wants "auto", the name of an engine, or an engine.'
        )
    if lacking is not None and not engine.told:
        warnings.warn(warning_text(lacking), stacklevel=level_of_user())
    # An engine given as an object is itself alone; its id is kept alive by what it compiled.
    identity = to.name, 0 if isinstance(given, str) else id(given)
    meanings = frozenset(meaning for program in programs for meaning in program.meanings())
    key = (identity, kind, meanings, *(program.signature for program in programs))
    made = COMPILED.get(key) or COMPILED.keep(key, compile_on(to))
    return (to.name, lacking is not None), made
