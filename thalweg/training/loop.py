"""A run in slices: steps for a few hundredths of a second, then a look at how it goes.

All that happens between slices — evaluation, early stopping, checkpoints, progress, callbacks —
reads the state and never changes it, so how a run is sliced changes no bit of its result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.data.memory import require_memory
from thalweg.engines.engine import Array, Run
from thalweg.errors import ArgumentError, NoResult
from thalweg.training.checks.finite import is_finite
from thalweg.training.inputs import Batches, whole_number
from thalweg.training.progress import Callbacks, Info, Progress
from thalweg.training.record import Record, Trees, write_record
from thalweg.training.result import Fit
from thalweg.training.saving import Checkpoint

_FIRST_STEPS = 1

_SECONDS = 0.03

_MOST_SECONDS = 0.08


class Pace:
    """How many steps the next slice should have."""

    def __init__(self) -> None:
        self.steps = _FIRST_STEPS

    def learn(self, steps: int, seconds: float, copying: float) -> None:
        """Adapt to the time a slice took, and to the time that copying its state took."""
        wanted = min(max(_SECONDS, 10 * copying), _MOST_SECONDS)
        fitting = int(steps * wanted / max(seconds, 1e-9))
        self.steps = max(1, min(fitting, 16 * steps))


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run is of, for its records.

    Attributes:
        trees: The trees around the leaves of parameters and state.
        layout: How the epochs are laid out.
        optimizer: The optimizer; its text is what is written.
        loss: The name of the loss.
        engine: The name of the engine.
        compiling: The seconds that compiling took.
    """

    trees: Trees
    layout: Batches
    optimizer: object
    loss: str
    engine: str
    compiling: float


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told how a run is going."""

    callbacks: Callbacks
    progress: Progress
    checkpoint: Checkpoint | None


class NotFiniteError(Exception):
    """A slice whose losses or parameters are not all finite."""

    def __init__(self, losses: Array) -> None:
        super().__init__()
        self.losses = losses


class Slices:
    """A run on its course.

    `at` holds the last step that is known to be good and the state after it: where an
    interruption falls back to. It changes in one assignment.
    """

    def __init__(
        self,
        course: Course,
        facts: RunFacts,
        watchers: Watchers,
        run: Run,
        state: list[Array],
        before: Record | None,
    ) -> None:
        self.course = course
        self.facts = facts
        self.callbacks = watchers.callbacks
        self.progress = watchers.progress
        self.checkpoint = watchers.checkpoint
        self.run = run
        self.at: tuple[int, list[Array]] = (course.start, state)
        self.before = before
        self.losses = np.empty(course.total - course.start)
        self.validation: list[tuple[int, float]] = []
        self.best: tuple[float, int, list[Array] | None] = (math.inf, course.start, None)
        self.params = len(facts.trees.kinds)
        self.running = 0.0
        self.called: Mapping[str, float] = {}
        self.began = self.written = time.perf_counter()
        # Evaluations before this one do not count against patience.
        self.patient_from = 0
        if before is not None:
            self._take_up(before)
        self.info = Info(course.total, facts.layout.steps_per_epoch, facts.trees.params_of)

    def _take_up(self, before: Record) -> None:
        steps, values = before.validation_step.tolist(), before.validation.tolist()
        self.validation = list(zip(steps, values, strict=True))
        if before.best is not None:
            finite = [(value, step) for step, value in self.validation if not math.isnan(value)]
            self.best = (*min(finite), before.best)
        if self._impatient():
            self.patient_from = len(self.validation)
        if not before.finished:
            self.running = before.running
            self.called = before.called
            self.began -= before.seconds

    # ---- the loop

    def go(self) -> None:
        """Run to the end of the course, or until someone stops it.

        Raises:
            NotFiniteError: If a loss or a parameter is not finite; `at` is still from before.
        """
        course = self.course
        pace = Pace()
        self._tell("on_begin")
        # An interruption may have come between a step and the evaluation after it.
        if self._evaluation_due(course.start):
            self._evaluate()
        while self.at[0] < course.total and not self.info.stopped:
            step = self.at[0]
            steps = min(pace.steps, self._boundary(step) - step)
            self._slice(step, steps, pace)
            if self._evaluation_due(step + steps):
                self._evaluate()
            if self._checkpoint_due(step + steps):
                self._write()
            if time.perf_counter() - self.began >= self.progress.due:
                self.progress.show(self._informed())

    def _slice(self, step: int, steps: int, pace: Pace) -> None:
        done = step - self.course.start
        losses = self.losses[done : done + steps]
        began = time.perf_counter()
        # As good as what nobody computed.
        losses.fill(math.nan)
        try:
            self.run.advance(step, steps, losses)
        except NoResult:
            raise NotFiniteError(losses) from None
        ran = time.perf_counter()
        state = self.run.state()
        copied = time.perf_counter()
        if not (_all_finite(losses) and all(map(is_finite, state[: self.params]))):
            raise NotFiniteError(losses)
        self.at = (step + steps, state)
        self.running += ran - began
        pace.learn(steps, ran - began, copied - ran)

    def _boundary(self, step: int) -> int:
        """Return the next step at which there is something to do."""
        writes = None if self.checkpoint is None else self.checkpoint.steps
        intervals = [every for every in (self.course.evaluate_every, writes) if every]
        return min([self.course.total, *((step // every + 1) * every for every in intervals)])

    # ---- between slices

    def _evaluation_due(self, step: int) -> bool:
        every = self.course.evaluate_every
        if not every or step % every or step == 0:
            return False
        return not self.validation or self.validation[-1][0] < step

    def _evaluate(self) -> None:
        step, state = self.at
        if self.course.evaluate is not None:
            params = state[: self.params]
            loss = self.course.evaluate(state)
            if loss < self.best[0]:
                self.best = (loss, step, params)
            self.validation.append((step, loss))
            if self._impatient():
                self.info.stop()
        self._tell("on_eval")

    def _impatient(self) -> bool:
        patience = self.course.patience
        waited = [step for step, _ in self.validation[self.patient_from :] if step > self.best[1]]
        return bool(patience) and len(waited) >= patience

    def _checkpoint_due(self, step: int) -> bool:
        checkpoint = self.checkpoint
        if checkpoint is None or step == self.course.total:
            return False
        if checkpoint.steps is not None and step % checkpoint.steps == 0:
            return True
        waited = time.perf_counter() - self.written
        return checkpoint.seconds is not None and waited >= checkpoint.seconds

    def _write(self, finished: bool = False) -> None:
        checkpoint = self.checkpoint
        if checkpoint is not None:
            write_record(checkpoint.path, self.record(finished), self.facts.trees)
            self.written = time.perf_counter()
            self.info.path = str(checkpoint.path)
            self._tell("on_checkpoint")

    def end(self) -> None:
        """Write the last checkpoint and tell everyone that the run has ended."""
        self._write(finished=True)
        self._tell("on_end")
        self.progress.end(self._informed())

    def interrupted(self) -> Fit:
        """Return the run as it stands; it goes to the checkpoint too, without telling anyone."""
        fit = self.so_far()
        if self.checkpoint is not None:
            write_record(self.checkpoint.path, fit.record, self.facts.trees)
        return fit

    def so_far(self) -> Fit:
        """Return the run as it stands, without writing it."""
        self.progress.end(self._informed())
        return Fit(self.record(finished=False), self.facts.trees)

    def _tell(self, event: str) -> None:
        if self.callbacks.wants(event):
            self.callbacks.call(event, self._informed())

    def _informed(self) -> Info:
        info, done = self.info, self.at[0] - self.course.start
        info.step = self.at[0]
        info.leaves = self.at[1][: self.params]
        info.seconds = time.perf_counter() - self.began
        if done:
            info.loss = float(self.losses[done - 1])
        if self.validation:
            info.validation = self.validation[-1][1]
            info.best_validation = self.best[0]
        return info

    def record(self, finished: bool) -> Record:
        """Return the run as it stands."""
        facts, (step, state) = self.facts, self.at
        losses = self.losses[: step - self.course.start]
        if self.before is not None:
            losses = np.concatenate([self.before.losses, losses])
        validation = [entry for entry in self.validation if entry[0] <= step]
        return Record(
            params=state[: self.params],
            state=state[self.params :],
            best=self.best[2],
            losses=losses,
            validation=np.array([value for _, value in validation], np.float64),
            validation_step=np.array([at for at, _ in validation], np.int64),
            step=step,
            began=self.course.began,
            finished=finished,
            layout=facts.layout,
            optimizer=facts.optimizer,
            loss=facts.loss,
            engine=facts.engine,
            seconds=time.perf_counter() - self.began,
            running=self.running,
            compiling=facts.compiling,
            called=_added(self.called, getattr(self.run, "called", {})),
        )


def _added(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: before.get(name, 0.0) + after.get(name, 0.0) for name in {**before, **after}}


def _all_finite(losses: Array) -> bool:
    # A sum is finite only if all its terms are; it may overflow even so.
    return math.isfinite(np.add.reduce(losses)) or is_finite(losses)


Evaluate = Callable[[Sequence[Any]], float]


@dataclass(frozen=True, slots=True)
class Course:
    """What a run is to do.

    Attributes:
        start: The step it starts from.
        total: The step it ends at.
        began: The step at which this call of fit began, or the interrupted one it completes.
        evaluate: The loss on the validation data, if there are any, of the leaves of parameters
            and state.
        evaluate_every: The steps between two evaluations; 0 for none.
        patience: After how many evaluations without a new best one to stop; 0 for never.
    """

    start: int
    total: int
    began: int
    evaluate: Evaluate | None
    evaluate_every: int
    patience: int


def read_course(
    steps_per_epoch: int,
    before: Record | None,
    wanted: tuple[Any, Any],
    evaluations: tuple[Any, Any],
    evaluate: Evaluate | None,
    heard: bool,
) -> Course:
    """Check the arguments that say how long a run is.

    Args:
        steps_per_epoch: The number of steps in an epoch.
        before: The run to continue, if any.
        wanted: The arguments `epochs` and `steps`.
        evaluations: The arguments `evaluate_every` and `patience`.
        evaluate: The loss on the validation data, if there are any.
        heard: Whether a callback listens to evaluations.

    Raises:
        ArgumentError: If one is outside its range, or needs validation data that are missing.
        DataError: If the history would not fit in memory.
    """
    epochs, steps = wanted
    if steps is not None and epochs != 1:
        raise ArgumentError(
            f"epochs={epochs!r} and steps={steps!r} were given; each says how long to run. "
            "Give one of them."
        )
    if steps is None:
        advice = "It is how often to go through the data."
        count = steps_per_epoch * whole_number("epochs", epochs, 1, advice)
    else:
        count = whole_number("steps", steps, 1, "It is how many steps to make.")
    start = 0 if before is None else before.step
    began = start if before is None or before.finished else before.began
    if began + count < start:
        raise ArgumentError(
            f"The run to resume was interrupted at step {start} of a call that began at step "
            f"{began}; {count} steps of it would end before. An interrupted run is completed: "
            "give the epochs or steps of the interrupted call, or more."
        )
    require_memory(8 * (began + count - start), f"The loss of each of {count:,} steps")
    every, patience = evaluations
    if evaluate is None:
        _require_validation(evaluate_every=None if heard else every, patience=patience)
    if every is not None:
        every = whole_number("evaluate_every", every, 1, "It is a number of steps.")
    if patience is not None:
        patience = whole_number("patience", patience, 1, "It is a number of evaluations.")
    if evaluate is None and not heard:
        every = 0
    elif every is None:
        every = min(steps_per_epoch, count)
    return Course(start, began + count, began, evaluate, every, patience or 0)


def _require_validation(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ArgumentError(
                f"{name}={value!r} was given, but there are no validation data to evaluate. "
                f"Give validation=(X, y), in the form of the data, or leave {name} out."
            )
