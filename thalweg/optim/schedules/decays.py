"""Schedules that go from one value to another, smoothly or in stairs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.comparison import equal, less, logical_or, maximum, minimum, where
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.elementwise.trigonometric import cos
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.schedules.schedule import Schedule

__all__ = [
    "constant_schedule",
    "cosine_decay_schedule",
    "exponential_decay",
    "inverse_decay",
    "linear_schedule",
    "multi_step_schedule",
    "polynomial_schedule",
    "step_schedule",
]


@factory
def constant_schedule(value: float) -> Schedule:
    """Keep one value.

        value(t) = value

    Args:
        value: The value at every step.

    Raises:
        ArgumentError: If it is not finite.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.constant_schedule(0.1)(7)
        0.1
    """
    FINITE.check(value=value)
    return Schedule(lambda step: value)


@factory
def polynomial_schedule(
    init_value: float,
    end_value: float,
    power: float,
    transition_steps: int,
    transition_begin: int = 0,
) -> Schedule:
    """Go from one value to another along a power of the time that is left.

        s = clip((step − transition_begin) / transition_steps, 0, 1)
        value = end_value + (init_value − end_value) (1 − s)^power

    Args:
        init_value: The value until the transition begins.
        end_value: The value after the transition.
        power: The exponent; 1 is a straight line.
        transition_steps: Steps the transition takes; without a positive number there is none, and
            the value stays `init_value`.
        transition_begin: The step at which it begins; negative numbers mean 0.

    Raises:
        ArgumentError: If a value or the power is not finite.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.polynomial_schedule(1.0, 0.0, power=2, transition_steps=10)(5)
        0.25
    """
    FINITE.check(init_value=init_value, end_value=end_value, power=power)
    if transition_steps <= 0:
        return Schedule(lambda step: init_value)

    def value(step: Tensor) -> Any:
        left = _left(step, transition_steps, transition_begin)
        return (init_value - end_value) * (left / transition_steps) ** power + end_value

    return Schedule(value)


def _left(step: Tensor, steps: int, begin: int) -> Any:
    """Return how many steps of a transition are left."""
    passed = step - begin if begin > 0 else step
    return steps - minimum(maximum(passed, 0.0), float(steps))


@factory
def linear_schedule(
    init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """Go from one value to another along a straight line.

        value(t) = init_value + (end_value − init_value) s
        s = (t − transition_begin) / transition_steps, not less than 0 and not more than 1

    Arguments and errors as for `polynomial_schedule`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.optim.linear_schedule(1.0, 0.0, transition_steps=4)(np.arange(6))
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
    """
    FINITE.check(init_value=init_value, end_value=end_value)
    if transition_steps <= 0:
        return Schedule(lambda step: init_value)

    def value(step: Tensor) -> Any:
        # Both ends are exact, however far apart they are.
        left = _left(step, transition_steps, transition_begin)
        share = left / transition_steps
        return init_value * share + end_value * ((transition_steps - left) / transition_steps)

    return Schedule(value)


@factory
def exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """Multiply by the decay rate once every so many steps, smoothly or in stairs.

        value = init_value · decay_rate^((step − transition_begin) / transition_steps)

    Args:
        init_value: The value until the decay begins.
        transition_steps: Steps in which the value changes by the factor `decay_rate`; without a
            positive number it stays `init_value`.
        decay_rate: The factor; with 0 the value stays `init_value`.
        transition_begin: The step at which it begins; negative numbers mean 0.
        staircase: Whether the exponent is rounded down.
        end_value: A bound the value does not cross: the lowest if it decays (`decay_rate` < 1),
            otherwise the highest. None for no bound.

    Raises:
        ArgumentError: If a value is not finite or the decay rate negative.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.exponential_decay(1.0, transition_steps=100, decay_rate=0.9)(200)
        0.81
    """
    FINITE.check(init_value=init_value)
    NON_NEGATIVE.check(decay_rate=decay_rate)
    if end_value is not None:
        FINITE.check(end_value=end_value)
    if transition_steps <= 0:
        return Schedule(lambda step: init_value)
    start = max(transition_begin, 0)

    def value(step: Tensor) -> Any:
        passed = step - start if start else step
        exponent = passed / transition_steps
        decayed = init_value * decay_rate ** (floor(exponent) if staircase else exponent)
        waiting = less(passed, 0.0)
        if end_value is None:
            return where(logical_or(waiting, equal(decay_rate, 0.0)), init_value, decayed)
        decayed = where(waiting, init_value, decayed)
        sinks = less(decay_rate, 1.0)
        bounded = where(sinks, maximum(decayed, end_value), minimum(decayed, end_value))
        return where(equal(decay_rate, 0.0), init_value, bounded)

    return Schedule(value)


@factory
def inverse_decay(init_value: float, decay_rate: float) -> Schedule:
    """Fall as one over the steps made.

        value = init_value / (1 + decay_rate · step)

    Args:
        init_value: The value at step 0.
        decay_rate: How fast it falls, in [0, ∞).

    Raises:
        ArgumentError: If `init_value` is not finite or the rate negative.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.inverse_decay(1.0, 0.5)(2)
        0.5
    """
    FINITE.check(init_value=init_value)
    NON_NEGATIVE.check(decay_rate=decay_rate)
    return Schedule(lambda step: init_value / (1.0 + step * decay_rate))


@factory
def cosine_decay_schedule(
    init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Schedule:
    """Fall along half a period of a cosine.

        c = (1 + cos(π · min(step / decay_steps, 1))) / 2
        value = init_value ((1 − alpha) c^exponent + alpha)

    Args:
        init_value: The value at step 0.
        decay_steps: Steps the decay takes, at least 1.
        alpha: What is left at the end, as a share of `init_value`.
        exponent: Bends the curve; 1 is the cosine itself.

    Raises:
        ArgumentError: If `decay_steps` is not positive or a number not finite.

    Source:
        Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017,
        equation 5. arXiv:1608.03983

    Example:
        >>> import thalweg as tw
        >>> tw.optim.cosine_decay_schedule(1.0, decay_steps=10)(10)
        0.0
    """
    FINITE.check(init_value=init_value, alpha=alpha, exponent=exponent)
    POSITIVE.check(decay_steps=decay_steps)

    def value(step: Tensor) -> Any:
        cosine = 0.5 * (1 + cos(math.pi * minimum(step, float(decay_steps)) / decay_steps))
        return init_value * ((1 - alpha) * cosine**exponent + alpha)

    return Schedule(value)


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
    FINITE.check(init_value=init_value, gamma=gamma)
    POSITIVE.check(step_size=step_size)
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
    FINITE.check(init_value=init_value, gamma=gamma)
    reached = sorted(milestones)

    def value(step: Tensor) -> Any:
        passed: Any = 0.0
        for milestone in reached:
            passed = passed + where(less(step, float(milestone)), 0.0, 1.0)
        return init_value * gamma**passed

    return Schedule(value)
