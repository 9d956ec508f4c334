"""Who is told how a run is going: callbacks, and one line at most ten times a second."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

from thalweg.errors import ArgumentError, printable
from thalweg.training.watching.loggers import logger_of
from thalweg.training.watching.notebook import Bar, in_notebook

EVENTS = ("on_begin", "on_eval", "on_checkpoint", "on_end")


class Info:
    """Where a run stands; what callbacks are given.

    Attributes:
        step: How many steps have been made.
        steps: How many there will be.
        steps_per_epoch: The number of steps in an epoch.
        loss: The loss of the last step; NaN before the first.
        validation: The last loss on the validation data, or None.
        best_validation: The least one so far, or None.
        seconds: The time since the run began.
        path: The file of the last checkpoint, or None.
        leaves: The leaves of the current parameters.
    """

    def __init__(self, steps: int, steps_per_epoch: int, params_of: Callable[[Any], Any]) -> None:
        self.step = 0
        self.steps = steps
        self.steps_per_epoch = steps_per_epoch
        self.loss = float("nan")
        self.validation: float | None = None
        self.best_validation: float | None = None
        self.seconds = 0.0
        self.path: str | None = None
        self.stopped = False
        self.leaves: Sequence[Any] = ()
        self._params_of = params_of

    @property
    def epoch(self) -> float:
        """How many epochs have been made."""
        return self.step / self.steps_per_epoch

    @property
    def epochs(self) -> float:
        """How many epochs there will be."""
        return self.steps / self.steps_per_epoch

    @property
    def params(self) -> Any:
        """The current parameters, in the caller's tree and kinds of arrays."""
        return self._params_of(self.leaves)

    def stop(self) -> None:
        """End the run after this callback; it counts as finished."""
        self.stopped = True

    def __repr__(self) -> str:
        validation = "" if self.validation is None else f", validation={self.validation:.6g}"
        return f"Info(step={self.step}/{self.steps}, loss={self.loss:.6g}{validation})"


class Callbacks:
    """The callbacks of a run, called in their order."""

    def __init__(self, callbacks: Any) -> None:
        self._hooks: dict[str, list[tuple[str, Callable[[Info], Any]]]] = {e: [] for e in EVENTS}
        for callback in _as_list(callbacks):
            self._add(callback)

    def _add(self, callback: Any) -> None:
        found = [event for event in EVENTS if callable(getattr(callback, event, None))]
        for event in found:
            self._hooks[event].append((_name(callback), getattr(callback, event)))
        if found:
            return
        if (logger := logger_of(callback)) is not None:
            for event in ("on_begin", "on_eval", "on_end"):
                self._hooks[event].append((_name(callback), getattr(logger, event)))
            return
        if not callable(callback) or isinstance(callback, type):
            raise ArgumentError(
                f"callbacks holds {callback!r}, which is no callback. Give a function of the "
                f"run's info, an object with any of {', '.join(EVENTS)}, or a logger with "
                "log(dict, step), log_metrics(dict, step) or add_scalar(name, value, step)."
            )
        self._hooks["on_eval"].append((_name(callback), callback))

    def wants(self, event: str) -> bool:
        """Tell whether any callback listens to an event."""
        return bool(self._hooks[event])

    def call(self, event: str, info: Info) -> None:
        """Call those who listen to an event; their errors say whose they are."""
        for name, hook in self._hooks[event]:
            try:
                hook(info)
            except Exception as error:
                error.add_note(
                    f"Raised by the callback {printable(name)} in {event} at step {info.step}."
                )
                raise


def _as_list(callbacks: Any) -> Sequence[Any]:
    if isinstance(callbacks, Iterable) and not callable(callbacks):
        return list(callbacks)
    return [callbacks]


def _name(callback: Any) -> str:
    named = getattr(callback, "__qualname__", None)
    return str(named or type(callback).__qualname__)


_FIRST = 0.5

_EVERY = 0.1

# What has no steps to tell of is announced after so many seconds.
_PATIENCE = 1.0


class Progress:
    """Decides when to show progress, and shows it.

    Args:
        choice: "auto" (a line where someone watches a terminal, a bar in a notebook), True (either
            in any case), False, or a function of the run's info.
        stream: Where the line goes; by default standard error.

    Raises:
        ArgumentError: If the choice is none of these.
    """

    def __init__(self, choice: Any, stream: TextIO | None = None) -> None:
        self.due = float("inf")
        self._shown = False
        self._tenth = -1
        self._stream = stream if stream is not None else sys.stderr
        self._watched = _is_watched(self._stream)
        self._show: Callable[[Info], Any] = self._line
        # A notebook is watched, though its streams are no terminal.
        self._bar = Bar() if stream is None and choice in ("auto", True) and in_notebook() else None
        if callable(choice):
            self._show = choice
        elif choice not in ("auto", True, False):
            raise ArgumentError(
                f"progress={choice!r} was given; it wants 'auto', True, False or a function of "
                "the run's info."
            )
        self._asked = callable(choice) or choice is True
        if self._asked or (choice == "auto" and (self._watched or self._bar is not None)):
            self.due = _FIRST

    @contextlib.contextmanager
    def announced(self, what: str) -> Iterator[None]:
        """Tell where someone watches what is being done in the `with` block, if it takes long."""
        if self.due == float("inf") or self._show != self._line:
            yield
            return
        told: list[str] = []

        def tell() -> None:
            told.append(what)
            self._write(f"{what} …" if self._watched else f"{what} …\n")

        timer = threading.Timer(_PATIENCE, tell)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if told and self._watched:
                self._write("\r\x1b[K")

    def show(self, info: Info) -> None:
        """Show where the run stands; `due` says, in seconds since it began, when to call again."""
        self._show(info)
        self._shown = True
        self.due = info.seconds + _EVERY

    def end(self, info: Info) -> None:
        """Leave the last line standing, if there was one; show one if that was asked for."""
        if self._show != self._line:
            if not self._shown:
                self.show(info)
        elif self._shown or self._asked:
            self._tenth = -1
            self._line(info)
            self._write("\n" if self._watched and self._bar is None else "")

    def _line(self, info: Info) -> None:
        if self._bar is not None:
            self._bar.show(describe(info), info.step / info.steps)
        elif self._watched:
            self._write(f"\r{describe(info)}\x1b[K")
        elif (tenth := 10 * info.step // info.steps) != self._tenth:
            # A file or a pipe keeps every line: a few will do.
            self._write(f"{describe(info)}\n")
            self._tenth = tenth

    def _write(self, text: str) -> None:
        # A closed terminal is no reason to lose a run.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def describe(info: Info) -> str:
    """Return the progress line: epoch, step, losses, pace and the time that is left."""
    pace = info.seconds / max(1, info.step)
    parts = [
        f"epoch {info.epoch:.1f}/{info.epochs:g}",
        f"step {info.step:,}/{info.steps:,}",
        f"loss {info.loss:.5g}",
    ]
    if info.validation is not None:
        parts.append(f"validation {info.validation:.5g}")
    parts.append(f"{pace * 1e6:.3g} µs/step")
    parts.append(f"{spell_seconds(pace * (info.steps - info.step))} left")
    return "  ".join(parts)


def spell_seconds(seconds: float) -> str:
    """Write a duration as a clock would.

    Example:
        >>> spell_seconds(75.0)
        '1:15'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _is_watched(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
