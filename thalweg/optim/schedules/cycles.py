"""Schedules that rise and fall: cosines, triangles, one cycle."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import equal, less, less_equal, maximum, minimum, where
from thalweg.ops.elementwise.exponential import log
from thalweg.ops.elementwise.rounding import floor, rint
from thalweg.ops.elementwise.trigonometric import cos
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, POSITIVE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.schedules.pieces import INTERPOLATIONS
from thalweg.optim.schedules.schedule import Schedule

__all__ = [
    "cosine_annealing_schedule", "cosine_restarts_schedule", "one_cycle_schedule",
    "triangular_schedule",
]  # fmt: skip


@factory
def cosine_annealing_schedule(
    init_value: float, half_period: int, end_value: float = 0.0
) -> Schedule:
    """Swing along a cosine, down and up again.

        value = end_value + (init_value − end_value) (1 + cos(π · step / half_period)) / 2

    Args:
        init_value: The value at step 0, and after every whole period.
        half_period: Steps from the top to the bottom.
        end_value: The value at the bottom.

    Raises:
        ArgumentError: If a value is not finite or `half_period` not positive.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017,
        equation 5. arXiv:1608.03983

    Example:
        >>> import numpy as np, thalweg as tw
        >>> values = tw.optim.cosine_annealing_schedule(1.0, half_period=2)(np.arange(5))
        >>> [round(value, 3) for value in values.tolist()]
        [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    FINITE.check(init_value=init_value, end_value=end_value)
    POSITIVE.check(half_period=half_period)
    return Schedule(lambda step: _cosine(init_value, end_value, step / half_period))


def _cosine(start: Any, end: Any, share: Any) -> Any:
    return end + (start - end) * (1 + cos(math.pi * share)) / 2


@factory
def cosine_restarts_schedule(
    init_value: float, period: int, multiplier: int = 1, end_value: float = 0.0
) -> Schedule:
    """Fall along half a period of a cosine, start again, and so on.

    The n-th fall takes Tₙ = period · multiplierⁿ steps.

        value = end_value + (init_value − end_value) (1 + cos(π · passed / Tₙ)) / 2

    Args:
        init_value: The value at the beginning of each fall.
        period: Steps of the first fall.
        multiplier: How much longer each fall is than the one before.
        end_value: The value that each fall tends to.

    Raises:
        ArgumentError: If a value is not finite, `period` not positive or `multiplier` below 1.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
        arXiv:1608.03983

    Example:
        >>> import numpy as np, thalweg as tw
        >>> schedule = tw.optim.cosine_restarts_schedule(1.0, period=2, multiplier=2)
        >>> [round(value, 3) for value in schedule(np.arange(7)).tolist()]
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """
    FINITE.check(init_value=init_value, end_value=end_value)
    POSITIVE.check(period=period)
    if multiplier < 1:
        raise ArgumentError(
            f"multiplier={multiplier!r} was given, but a fall cannot be shorter than the one "
            "before. Give 1 or a larger whole number."
        )

    def value(step: Tensor) -> Any:
        begin, length = _fall(step, period, multiplier)
        return _cosine(init_value, end_value, (step - begin) / length)

    return Schedule(value)


def _fall(step: Tensor, period: int, multiplier: int) -> tuple[Any, Any]:
    """Return the first step of the fall that a step belongs to, and its length."""
    if multiplier == 1:
        return period * floor(step / period), float(period)
    growth = multiplier - 1

    def power(n: Any) -> Any:
        # A power of whole numbers is one, however the engine rounds it.
        return rint(float(multiplier) ** n)

    def first(n: Any) -> Any:
        return period * (power(n) - 1) / growth

    # The logarithm may round across a whole number: look at the neighbours too.
    n = maximum(floor(log(step / period * growth + 1) / math.log(multiplier)), 0.0)
    n = where(less(step, first(n)), n - 1, n)
    n = where(less(step, first(n + 1)), n, n + 1)
    return first(n), period * power(n)


_HEIGHTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "triangular": lambda cycle, step, gamma: 1.0,
    "triangular2": lambda cycle, step, gamma: 0.5 ** (cycle - 1),
    "exp_range": lambda cycle, step, gamma: gamma**step,
}


@factory
def triangular_schedule(
    base_value: float,
    peak_value: float,
    step_size_up: int,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    height: Callable[[Any, Any], Any] | None = None,
) -> Schedule:
    """Rise and fall along straight lines, over and over.

        value(t) = base_value + (peak_value − base_value) · height · x
        x, from 0 to 1: the part of the way up; then what is left of the way down

    Args:
        base_value: The value at the feet.
        peak_value: The value at the peaks, if they are not lowered.
        step_size_up: Steps from a foot to a peak.
        step_size_down: Steps from a peak to a foot; None for as many.
        mode: "triangular" keeps the peaks, "triangular2" halves them after each cycle,
            "exp_range" multiplies the height by `gamma` each step.
        gamma: The factor of "exp_range".
        height: Another factor of the height, by the number of the cycle (from 1) and the step.
            It takes the place of `mode`.

    Raises:
        ArgumentError: If a value is not finite, a size not positive or the mode unknown.

    Source:
        Smith, "Cyclical Learning Rates for Training Neural Networks", 2017. arXiv:1506.01186

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.triangular_schedule(0.0, 1.0, 2)(np.arange(6)).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.5]
    """
    FINITE.check(base_value=base_value, peak_value=peak_value)
    POSITIVE.check(step_size_up=step_size_up)
    down = step_size_up if step_size_down is None else step_size_down
    NON_NEGATIVE.check(step_size_down=down)
    FINITE.check(gamma=gamma)
    if height is None:
        check_choice(_HEIGHTS, mode=mode)
    length = float(step_size_up + down)

    def value(step: Tensor) -> Any:
        cycle = floor(1 + step / length)
        place = 1 + step / length - cycle
        up = place * length / step_size_up
        share = up if not down else where(less_equal(up, 1.0), up, (1 - place) * length / down)
        if height is not None:
            factor = height(cycle, step)
        else:
            factor = _HEIGHTS[mode](cycle, step, gamma)
        return base_value + (peak_value - base_value) * share * factor

    return Schedule(value)


@factory
def one_cycle_schedule(
    peak_value: float,
    total_steps: int,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """Rise to a peak once, then fall far below the start, and stay there.

        up:    from peak_value / div_factor to peak_value
        down:  from peak_value to peak_value / (div_factor · final_div_factor)
        along from + (to − from) (½ − ½ cos(π s)), or a straight line,  s from 0 to 1

    Args:
        peak_value: The value at the peak.
        total_steps: Steps of the whole cycle.
        pct_start: The share of the cycle in which the value rises, in [0, 1].
        anneal_strategy: "cos" or "linear".
        div_factor: The value at step 0 is `peak_value / div_factor`.
        final_div_factor: The last one is the first one divided by it.
        three_phase: Whether the value first falls as it rose, and only then to the last.

    Raises:
        ArgumentError: If a number is out of its range or the strategy unknown.

    Source:
        Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
        Learning Rates", 2018. arXiv:1708.07120

    Example:
        >>> import numpy as np, thalweg as tw
        >>> schedule = tw.optim.one_cycle_schedule(1.0, total_steps=5, pct_start=0.4)
        >>> [round(value, 3) for value in schedule(np.arange(6)).tolist()]
        [0.04, 1.0, 0.75, 0.25, 0.0, 0.0]
    """
    FINITE.check(peak_value=peak_value, div_factor=div_factor, final_div_factor=final_div_factor)
    start = peak_value / div_factor
    levels = [start, peak_value, *([start] if three_phase else []), start / final_div_factor]
    return one_cycle(levels, total_steps, pct_start, anneal_strategy)


@factory
def one_cycle(
    levels: Sequence[float],
    total_steps: int,
    pct_start: float,
    anneal_strategy: str,
    steps_beyond: int = 0,
) -> Schedule:
    """Go through three or four levels, a phase between each two, and stay at the last.

    The last phase may go on for some steps beyond its end, back along a cosine or on along a line.
    """
    POSITIVE.check(total_steps=total_steps)
    if isinstance(pct_start, float) and not 0 <= pct_start <= 1:
        raise ArgumentError(
            f"pct_start={pct_start!r} was given, but it is a share. Give a number in [0, 1]."
        )
    check_choice(("cos", "linear"), anneal_strategy=anneal_strategy)
    between = INTERPOLATIONS["cosine" if anneal_strategy == "cos" else "linear"]
    rise = pct_start * total_steps - 1
    ends = [rise, 2 * rise, total_steps - 1.0] if len(levels) == 4 else [rise, total_steps - 1.0]

    def value(step: Tensor) -> Any:
        passed = minimum(step, total_steps - 1.0 + steps_beyond)
        starts = [0.0, *ends[:-1]]
        result: Any = None
        for i in reversed(range(len(ends))):
            level = between(levels[i], levels[i + 1], _share(passed, starts[i], ends[i]))
            inside = less_equal(passed, ends[i])
            result = level if result is None else where(inside, level, result)
        return result

    return Schedule(value)


def _share(step: Any, start: Any, end: Any) -> Any:
    """Return how much of a phase has passed: all of it if it takes no time."""
    length = end - start
    empty = equal(length, 0.0)
    return where(empty, 1.0, (step - start) / where(empty, 1.0, length))
