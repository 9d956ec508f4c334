"""Loggers of other tools as callbacks of a run, known by what they have: none is imported."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

Numbers = dict[str, float]
Write = Callable[[Numbers, int], Any]


class Standing(Protocol):
    """What is logged of where a run stands."""

    step: int
    loss: float
    validation: float | None

    @property
    def epoch(self) -> float:
        """How many epochs have been made."""


def logger_of(callback: Any) -> Logger | None:
    """Return what writes a run to a logger; None if it is none.

    These are known: `log(dict, step=…)`, as a run of Weights & Biases has; `log_metrics(dict,
    step=…)`, as MLflow; and `add_scalar(name, value, step)`, as TensorBoard's SummaryWriter.

    Example:
        >>> class Lines:
        ...     def log(self, numbers, step):
        ...         print(step, numbers)
        >>> logger_of(Lines()) is not None, logger_of(print) is None
        (True, True)
    """
    log = getattr(callback, "log", None)
    metrics = getattr(callback, "log_metrics", None)
    scalar = getattr(callback, "add_scalar", None)
    if callable(metrics):  # first, as MLflow's module is no function to log by
        return Logger(lambda numbers, step: metrics(numbers, step=step))
    if callable(log):
        return Logger(lambda numbers, step: log(numbers, step=step))
    if callable(scalar):

        def each(numbers: Numbers, step: int) -> None:
            for name, value in numbers.items():
                scalar(name, value, step)

        return Logger(each)
    return None


class Logger:
    """Writes losses at each evaluation and at the end, under the names that Keras gave them."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._last = -1

    def on_begin(self, info: Standing) -> None:
        """Forget an earlier run."""
        self._last = -1

    def on_eval(self, info: Standing) -> None:
        """Write where the run stands."""
        numbers = {"loss": info.loss, "epoch": info.epoch}
        if info.validation is not None:
            numbers["val_loss"] = info.validation
        # Loggers want steps that rise, and a run may end at an evaluation.
        if info.step > self._last and not math.isnan(info.loss):
            self._write(numbers, info.step)
            self._last = info.step

    on_end = on_eval
