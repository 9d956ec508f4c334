"""What a fit returns."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from thalweg.training import report
from thalweg.training.history import History
from thalweg.training.record import Record, Trees, write_record


class Fit:
    """A finished or interrupted run: parameters, history, and all that continuing it needs.

    Attributes:
        record: The arrays and facts behind it, as leaves; what a file of it holds.
    """

    def __init__(self, record: Record, trees: Trees) -> None:
        self.record = record
        self._trees = trees

    @cached_property
    def params(self) -> Any:
        """The parameters after the last step, in the caller's tree and kinds of arrays."""
        return self._trees.params_of(self.record.params)

    @cached_property
    def best_params(self) -> Any:
        """The parameters of the least validation loss; without validation, the last ones."""
        return self._trees.params_of(self.record.best or self.record.params)

    @cached_property
    def opt_state(self) -> Any:
        """The state of the optimizer after the last step, as its `init` makes it."""
        return self._trees.state_of(self.record.state)

    @cached_property
    def history(self) -> History:
        """The loss of every step and of every evaluation."""
        record = self.record
        per_epoch = record.layout.steps_per_epoch
        return History(record.losses, record.validation, record.validation_step, per_epoch)

    @property
    def steps(self) -> int:
        """How many steps were made, counting those before a resume."""
        return self.record.step

    @property
    def epochs(self) -> float:
        """How many epochs were made, counting those before a resume."""
        return self.record.step / self.record.layout.steps_per_epoch

    @property
    def seconds(self) -> float:
        """The time the call of `fit` took after compiling, from its first step to its last."""
        return self.record.seconds

    @property
    def us_per_step(self) -> float:
        """The time of one step in microseconds: those spent in steps alone."""
        made = self.record.step - self.record.began
        return self.record.running / made * 1e6 if made else 0.0

    @property
    def compile_seconds(self) -> float:
        """The time it took to trace and compile; 0 if both were found ready."""
        return self.record.compiling

    @property
    def engine(self) -> str:
        """The name of the engine that ran it."""
        return self.record.engine

    @property
    def finished(self) -> bool:
        """Whether it made all its steps or stopped early; otherwise it was interrupted."""
        return self.record.finished

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit to a file that `tw.load` reads and `resume` continues.

        Args:
            path: The file, by custom named *.safetensors. It is replaced whole or not at all.

        Raises:
            CheckpointError: If it cannot be written.
        """
        write_record(path, self.record, self._trees)

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses against epochs, with the validation loss where there is one.

        Args:
            ax: Matplotlib axes to draw on; by default new ones. Nothing is shown.

        Returns:
            The axes.
        """
        from thalweg.training.plots import draw_history

        return draw_history(self.history, ax)

    def __repr__(self) -> str:
        return report.text(self)

    def _repr_html_(self) -> str:
        return report.html(self)
