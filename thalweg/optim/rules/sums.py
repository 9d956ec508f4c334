"""Updates divided by the root of the sum of their squares, and what else counts steps."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.optim.leaves import each, full_like
from thalweg.optim.precision import in_single
from thalweg.optim.ranges import FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import ScaleByScheduleState
from thalweg.optim.schedules.schedule import Schedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    safe_increment,
)

__all__ = ["ScaleBySumState", "count_steps", "inverse_decay", "scale_by_sum"]


class ScaleBySumState(NamedTuple):
    """The state of `scale_by_sum`."""

    sum_of_squares: Params  # one a parameter


@factory
def scale_by_sum(
    initial_accumulator_value: float = 0.0, eps: float = 1e-10
) -> GradientTransformation:
    """Divide updates by the root of the sum of all squares so far, eps outside the root.

        s ← s + g²
        u = g / (√s + eps)

    Args:
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Added to the root, in units of the gradient.

    Raises:
        ArgumentError: If a number is negative.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011, figure 1.

    Example:
        >>> import thalweg as tw
        >>> scaled = tw.optim.rules.scale_by_sum(eps=1.0)
        >>> updates, state = scaled.update([3.0], scaled.init([0.0]))
        >>> updates[0].item(), state.sum_of_squares[0].item()
        (0.75, 9.0)
    """
    NON_NEGATIVE.check("initial_accumulator_value", initial_accumulator_value)
    NON_NEGATIVE.check("eps", eps)

    def init(params: Params) -> ScaleBySumState:
        return ScaleBySumState(full_like(params, initial_accumulator_value))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        total = each(lambda g, s: s + square(g), updates, state.sum_of_squares)
        return each(lambda g, s: g / (sqrt(s) + eps), updates, total), ScaleBySumState(total)

    return in_single(init, update)


@factory
def inverse_decay(init_value: float, decay_rate: float) -> Schedule:
    """Fall as one over the steps made.

        value(t) = init_value / (1 + decay_rate · t)

    Args:
        init_value: The value at step 0.
        decay_rate: How fast it falls, in [0, ∞).

    Raises:
        ArgumentError: If `init_value` is not finite or the rate negative.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.rules.inverse_decay(1.0, 0.5)(2)
        0.5
    """
    FINITE.check("init_value", init_value)
    NON_NEGATIVE.check("decay_rate", decay_rate)
    return Schedule(lambda step: init_value / (1.0 + step * decay_rate))


@factory
def count_steps() -> GradientTransformation:
    """Leave updates as they are and count the steps.

    Example:
        >>> import thalweg as tw
        >>> counted = tw.optim.rules.count_steps()
        >>> updates, state = counted.update([1.0], counted.init([0.0]))
        >>> updates, state.count.item()
        ([1.0], 1)
    """

    def init(params: Params) -> ScaleByScheduleState:
        return ScaleByScheduleState(first_count())

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        return updates, ScaleByScheduleState(safe_increment(state.count))

    return GradientTransformation(init, update)
