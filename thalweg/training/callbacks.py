"""What user code sees of a run, and when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thalweg.errors import ArgumentError, printable

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
        for callback in _listed(callbacks):
            self._add(callback)

    def _add(self, callback: Any) -> None:
        found = [event for event in EVENTS if callable(getattr(callback, event, None))]
        for event in found:
            self._hooks[event].append((_name(callback), getattr(callback, event)))
        if found:
            return
        if not callable(callback) or isinstance(callback, type):
            raise ArgumentError(
                f"callbacks holds {callback!r}, which is no callback. Give a function of the "
                f"run's info, or an object with any of {', '.join(EVENTS)}."
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


def _listed(callbacks: Any) -> Sequence[Any]:
    if isinstance(callbacks, Iterable) and not callable(callbacks):
        return list(callbacks)
    return [callbacks]


def _name(callback: Any) -> str:
    named = getattr(callback, "__qualname__", None)
    return str(named or type(callback).__qualname__)
