"""Schedules that go down in stairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.comparison import less, where
from thalweg.ops.elementwise.rounding import floor
from thalweg.optim.ranges import FINITE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.schedules.schedule import Schedule

__all__ = ["multi_step_schedule", "step_schedule"]


@factory
def step_schedule(init_value: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """Multiply by a factor once every so many steps.

        value = init_value · gamma^⌊step / step_size⌋

    Args:
        init_value: The value at step 0.
        step_size: Steps from one factor to the next; with 1 the value decays exponentially.
        gamma: The factor.

    Raises:
        ArgumentError: If a number is not finite or `step_size` not positive.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.step_schedule(1.0, step_size=2, gamma=0.5)(np.arange(5)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    FINITE.check("init_value", init_value)
    POSITIVE.check("step_size", step_size)
    FINITE.check("gamma", gamma)
    return Schedule(lambda step: init_value * gamma ** floor(step / step_size))


@factory
def multi_step_schedule(
    init_value: float, milestones: Iterable[int], gamma: float = 0.1
) -> Schedule:
    """Multiply by a factor at each of some steps.

        value = init_value · gamma^|{m ∈ milestones: m ≤ step}|

    Args:
        init_value: The value before the first milestone.
        milestones: The steps from which on the factor applies once more; one that is listed
            twice counts twice.
        gamma: The factor.

    Raises:
        ArgumentError: If a number is not finite.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.multi_step_schedule(1.0, [1, 3], gamma=0.5)(np.arange(5)).tolist()
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    FINITE.check("init_value", init_value)
    FINITE.check("gamma", gamma)
    reached = sorted(milestones)

    def value(step: Tensor) -> Any:
        passed: Any = 0.0
        for milestone in reached:
            passed = passed + where(less(step, float(milestone)), 0.0, 1.0)
        return init_value * gamma**passed

    return Schedule(value)
