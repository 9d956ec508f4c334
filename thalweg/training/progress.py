"""One line that tells how a run is going, at most ten times a second."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from thalweg.errors import ArgumentError
from thalweg.training.callbacks import Info

_FIRST = 0.5
_EVERY = 0.1
# What has no steps to tell of is announced after so many seconds.
_PATIENCE = 1.0


class Progress:
    """Decides when to show progress, and shows it.

    Args:
        choice: "auto" (a line where someone watches a terminal), True (a line in any case), False,
            or a function of the run's info.
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
        if callable(choice):
            self._show = choice
        elif choice not in ("auto", True, False):
            raise ArgumentError(
                f"progress={choice!r} was given; it wants 'auto', True, False or a function of "
                "the run's info."
            )
        self._asked = callable(choice) or choice is True
        if self._asked or (choice == "auto" and self._watched):
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
            self._write("\n" if self._watched else "")

    def _line(self, info: Info) -> None:
        if self._watched:
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
