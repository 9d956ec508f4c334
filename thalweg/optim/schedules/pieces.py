"""Schedules made of pieces, and schedules joined one after another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import equal, less, where
from thalweg.ops.elementwise.trigonometric import cos
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.schedules.decays import cosine_decay_schedule, exponential_decay, linear_schedule
from thalweg.optim.schedules.schedule import Schedule

__all__ = [
    "join_schedules", "piecewise_constant_schedule", "piecewise_interpolate_schedule",
    "warmup_constant_schedule", "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
]  # fmt: skip


@factory
def piecewise_constant_schedule(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """Multiply by a factor at each of some steps, and keep the value between them.

        value(t) = init_value · Π scale    over the boundaries ≤ t

    Args:
        init_value: The value before the first boundary.
        boundaries_and_scales: The factors by the step from which on they apply.

    Raises:
        ArgumentError: If the value is not finite or a factor negative.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.piecewise_constant_schedule(1.0, {2: 0.5, 4: 0.1})(np.arange(6))
        array([1.  , 1.  , 0.5 , 0.5 , 0.05, 0.05])
    """
    FINITE.check(init_value=init_value)
    pieces = _pieces(boundaries_and_scales)

    def value(step: Tensor) -> Any:
        level: Any = init_value
        for boundary, scale in pieces:
            level = where(less(step, float(boundary)), level, scale * level)
        return level

    return Schedule(value)


@factory
def piecewise_interpolate_schedule(
    interpolate_type: str,
    init_value: float,
    boundaries_and_scales: Mapping[int, float] | None = None,
) -> Schedule:
    """Multiply by a factor at each of some steps, and interpolate between them.

        value(b) = init_value · Π scale    over the boundaries ≤ b, at each boundary b

    Args:
        interpolate_type: "linear" or "cosine".
        init_value: The value at step 0.
        boundaries_and_scales: The factors by the step at which they are reached.

    Raises:
        ArgumentError: If the type is another, the value is not finite or a factor negative.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.piecewise_interpolate_schedule("linear", 1.0, {4: 0.0})(np.arange(5))
        array([1.  , 0.75, 0.5 , 0.25, 0.  ])
    """
    FINITE.check(init_value=init_value)
    check_choice(INTERPOLATIONS, interpolate_type=interpolate_type)
    interpolate = INTERPOLATIONS[interpolate_type]
    pieces = _pieces(boundaries_and_scales)

    def value(step: Tensor) -> Any:
        starts = [0, *(boundary for boundary, _ in pieces)]
        levels = [init_value]
        for _, scale in pieces:
            levels.append(levels[-1] * scale)
        result: Any = levels[-1]
        for i in reversed(range(len(pieces))):
            share = (step - starts[i]) / max(starts[i + 1] - starts[i], 1)
            between = interpolate(levels[i], levels[i + 1], share)
            result = where(less(step, float(starts[i + 1])), between, result)
        return result

    return Schedule(value)


INTERPOLATIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "linear": lambda start, end, share: (end - start) * share + start,
    "cosine": lambda start, end, share: end + (start - end) / 2.0 * (cos(math.pi * share) + 1),
}


def _pieces(boundaries_and_scales: Mapping[int, float] | None) -> list[tuple[int, Any]]:
    pieces = sorted((boundaries_and_scales or {}).items())
    for boundary, scale in pieces:
        NON_NEGATIVE.check(**{f"boundaries_and_scales[{boundary}]": scale})
    return pieces


@factory
def join_schedules(
    schedules: Sequence[Callable[[Any], Any]], boundaries: Sequence[int]
) -> Schedule:
    """Follow one schedule after another; each counts its steps from its own beginning.

        value(t) = schedules[i](t − boundaries[i − 1]),    boundaries[i − 1] ≤ t < boundaries[i]

    Args:
        schedules: The schedules in order.
        boundaries: The step at which each but the first begins.

    Raises:
        ArgumentError: If there is not one boundary fewer than schedules.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> warmup = tw.optim.linear_schedule(0.0, 1.0, transition_steps=2)
        >>> joined = tw.optim.join_schedules([warmup, tw.optim.constant_schedule(0.5)], [2])
        >>> joined(np.arange(4))
        array([0. , 0.5, 0.5, 0.5])
    """
    if len(schedules) != len(boundaries) + 1:
        raise ArgumentError(
            f"join_schedules got {len(schedules)} schedules and {len(boundaries)} boundaries. "
            "Give one boundary between each two schedules."
        )

    def value(step: Tensor) -> Any:
        result = schedules[0](step)
        for boundary, schedule in zip(boundaries, schedules[1:], strict=True):
            result = where(less(step, float(boundary)), result, schedule(step - boundary))
        return result

    return Schedule(value)


# ---- schedules that first rise


@factory
def warmup_constant_schedule(init_value: float, peak_value: float, warmup_steps: int) -> Schedule:
    """Rise along a straight line, then stay.

        value(t) = init_value + (peak_value − init_value) min(t / warmup_steps, 1)

    Arguments and errors as for `linear_schedule`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.warmup_constant_schedule(0.0, 1.0, warmup_steps=2)(np.arange(4))
        array([0. , 0.5, 1. , 1. ])
    """
    return linear_schedule(init_value, peak_value, warmup_steps)


@factory
def warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    """Rise along a straight line, then fall along half a period of a cosine.

        t < warmup_steps:  value(t) = init_value + (peak_value − init_value) t / warmup_steps
        after them:        value(t) = end_value + (peak_value − end_value) (½ + ½ cos(π s))^exponent
                           s = min((t − warmup_steps) / (decay_steps − warmup_steps), 1)

    Args:
        init_value: The value at step 0.
        peak_value: The value after `warmup_steps`.
        warmup_steps: Steps the rise takes.
        decay_steps: Steps the whole schedule takes, more than `warmup_steps`.
        end_value: The value at the end.
        exponent: Bends the fall; 1 is the cosine itself.

    Raises:
        ArgumentError: If a number is not finite, or no steps are left to fall.

    Example:
        >>> import thalweg as tw
        >>> schedule = tw.optim.warmup_cosine_decay_schedule(0.0, 1.0, 10, decay_steps=100)
        >>> schedule(10)
        1.0
    """
    FINITE.check(peak_value=peak_value, end_value=end_value)
    if decay_steps <= warmup_steps:
        raise ArgumentError(
            f"decay_steps={decay_steps} and warmup_steps={warmup_steps} were given, but "
            "decay_steps counts the whole schedule, warm-up included. Make it the larger one."
        )
    rise = linear_schedule(init_value, peak_value, warmup_steps)
    alpha = _share(end_value, peak_value)
    fall = cosine_decay_schedule(peak_value, decay_steps - warmup_steps, alpha, exponent)
    return join_schedules([rise, fall], [warmup_steps])


def _share(part: Any, whole: Any) -> Any:
    """Return part / whole, or 0 where the whole is."""
    if isinstance(whole, float) and isinstance(part, float):
        return part / whole if whole else 0.0
    return where(equal(whole, 0.0), 0.0, part / where(equal(whole, 0.0), 1.0, whole))


@factory
def warmup_exponential_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """Rise along a straight line, then decay exponentially.

        t < warmup_steps:  value(t) = init_value + (peak_value − init_value) t / warmup_steps
        after them:        value(t) = peak_value · decay_rate^s
                           s = (t − warmup_steps − transition_begin) / transition_steps, not below 0

    Args:
        init_value: The value at step 0.
        peak_value: The value after `warmup_steps`.
        warmup_steps: Steps the rise takes.
        transition_steps: As for `exponential_decay`, counted after the rise; so are the rest.
        decay_rate: The factor by which the value changes in `transition_steps`.
        transition_begin: The step after the rise at which the decay begins.
        staircase: Whether the exponent is rounded down.
        end_value: A bound the value does not cross.

    Raises:
        ArgumentError: As for `exponential_decay`.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.warmup_exponential_decay_schedule(0.0, 1.0, 10, 100, decay_rate=0.5)(110)
        0.5
    """
    rise = linear_schedule(init_value, peak_value, warmup_steps)
    fall = exponential_decay(
        peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value
    )
    return join_schedules([rise, fall], [warmup_steps])
