"""One cycle of Optax's form, and cosines that start again."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError
from thalweg.optim.ranges import FINITE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.schedules.pieces import (
    join_schedules,
    piecewise_interpolate_schedule,
    warmup_cosine_decay_schedule,
)
from thalweg.optim.schedules.schedule import Schedule

__all__ = ["cosine_onecycle_schedule", "linear_onecycle_schedule", "sgdr_schedule"]

# Where pieces meet is structure, and no hyperparameter that changes without compiling again.
Share = float


@factory
def cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: Share = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """Rise along half a period of a cosine, then fall along another one.

        peak_value / div_factor → peak_value → peak_value / (div_factor · final_div_factor)

    Args:
        transition_steps: Steps the schedule takes, in [1, ∞).
        peak_value: The largest value.
        pct_start: The share of the steps that the rise takes, in [0, 1].
        div_factor: The peak's ratio to the first value, in (0, ∞).
        final_div_factor: The first value's ratio to the last one, in (0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates", 2017. arXiv:1708.07120

    Example:
        >>> import thalweg as tw
        >>> schedule = tw.optim.cosine_onecycle_schedule(100, peak_value=1.0)
        >>> [round(schedule(step), 3) for step in (0, 15, 30, 100)]
        [0.04, 0.52, 1.0, 0.0]
    """
    _check("cosine", transition_steps, peak_value, div_factor, final_div_factor)
    turn = int(pct_start * transition_steps)
    scales = {turn: div_factor, int(transition_steps): 1.0 / (div_factor * final_div_factor)}
    return piecewise_interpolate_schedule("cosine", peak_value / div_factor, scales)


@factory
def linear_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: Share = 0.3,
    pct_final: Share = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Schedule:
    """Rise along a straight line, fall along another one, then further along a third.

        peak_value / div_factor → peak_value → peak_value / div_factor
                                             → peak_value / (div_factor · final_div_factor)

    Args:
        transition_steps: Steps the schedule takes, in [1, ∞).
        peak_value: The largest value.
        pct_start: The share of the steps after which it is reached, in [0, 1].
        pct_final: The share of the steps after which the first value is reached again, in [0, 1].
        div_factor: The peak's ratio to the first value, in (0, ∞).
        final_div_factor: The first value's ratio to the last one, in (0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates", 2017. arXiv:1708.07120

    Example:
        >>> import thalweg as tw
        >>> schedule = tw.optim.linear_onecycle_schedule(100, peak_value=1.0)
        >>> [round(schedule(step), 3) for step in (0, 15, 30, 85)]
        [0.04, 0.52, 1.0, 0.04]
    """
    _check("linear", transition_steps, peak_value, div_factor, final_div_factor)
    scales = {
        int(pct_start * transition_steps): div_factor,
        int(pct_final * transition_steps): 1.0 / div_factor,
        transition_steps: 1.0 / final_div_factor,
    }
    return piecewise_interpolate_schedule("linear", peak_value / div_factor, scales)


def _check(kind: str, steps: int, peak: Any, first: Any, last: Any) -> None:
    if steps <= 0:
        raise ArgumentError(
            f"transition_steps={steps!r} was given: a {kind} onecycle schedule was set with a "
            "non-positive `transition_steps`. Give the number of steps it takes."
        )
    FINITE.check(peak_value=peak)
    POSITIVE.check(div_factor=first, final_div_factor=last)


@factory
def sgdr_schedule(cosine_kwargs) -> Schedule:  # type: ignore[no-untyped-def]
    """Descent with warm restarts: several rises and falls along cosines, one after another.

        value(t) = the cycle's value(t − its first step)

    Args:
        cosine_kwargs: The arguments of `warmup_cosine_decay_schedule` for each cycle, by name;
            `decay_steps` is the number of its steps.

    Raises:
        ArgumentError: As for `warmup_cosine_decay_schedule`, or if there is no cycle.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
        arXiv:1608.03983

    Example:
        >>> import thalweg as tw
        >>> cycle = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 10}
        >>> schedule = tw.optim.sgdr_schedule([cycle, {**cycle, "peak_value": 0.5}])
        >>> schedule(2), schedule(12)
        (1.0, 0.5)
    """
    # Without annotation, its floats are hyperparameters and its integers are not.
    cycles: list[dict[str, Any]] = list(cosine_kwargs)
    if not cycles:
        raise ArgumentError(
            "sgdr_schedule got no cycles. Give the arguments of at least one, as "
            '[{"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 10, "decay_steps": 100}].'
        )
    ends = [0]
    for cycle in cycles:
        ends.append(ends[-1] + cycle["decay_steps"])
    return join_schedules([warmup_cosine_decay_schedule(**cycle) for cycle in cycles], ends[1:-1])
