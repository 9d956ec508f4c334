"""What a run leaves behind step by step, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class History:
    """The course of a fit.

    Attributes:
        loss: The loss of each step, on its batch, before its update; float64 of shape (steps,).
        validation: The loss on the validation data, float64 of shape (evaluations,).
        validation_step: How many steps had been made at each evaluation, int64.
        steps_per_epoch: The number of steps in an epoch.
    """

    loss: Array
    validation: Array
    validation_step: Array
    steps_per_epoch: int

    @property
    def step(self) -> Array:
        """How many steps had been made when each loss was taken, from 0 on."""
        return np.arange(len(self.loss))

    @property
    def epoch(self) -> Array:
        """How many epochs had been made when each loss was taken."""
        return self.step / self.steps_per_epoch

    @property
    def validation_epoch(self) -> Array:
        """How many epochs had been made at each evaluation."""
        return self.validation_step / self.steps_per_epoch

    def __len__(self) -> int:
        return len(self.loss)

    def __repr__(self) -> str:
        evaluations = f", {len(self.validation)} evaluations" if len(self.validation) else ""
        return f"History({len(self.loss)} steps{evaluations})"
