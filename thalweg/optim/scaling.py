"""Updates times one number, or replaced by their signs."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.elementwise.arithmetic import sign
from thalweg.optim.leaves import each
from thalweg.optim.ranges import FINITE, check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    identity,
    safe_increment,
    stateless,
)

__all__ = [
    "ScaleByScheduleState", "scale", "scale_by_learning_rate", "scale_by_schedule",
    "scale_by_sign",
]  # fmt: skip


@factory
def scale(step_size: float) -> GradientTransformation:
    """Multiply updates by a number.

        u = step_size · g

    Args:
        step_size: Any finite number.

    Raises:
        ArgumentError: If it is not finite.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.scale(-0.5).update([2.0], tw.optim.EmptyState())
        ([np.float64(-1.0)], EmptyState())
    """
    FINITE.check("step_size", step_size)
    return stateless(lambda updates, params: each(lambda g: step_size * g, updates))


class ScaleByScheduleState(NamedTuple):
    """The state of `scale_by_schedule`."""

    count: Any  # int32 scalar: the steps made


@factory
def scale_by_schedule(step_size_fn: ScalarOrSchedule) -> GradientTransformation:
    """Multiply updates by a function of the step.

        u = step_size_fn(t) · g,    t = 0, 1, 2, …

    Args:
        step_size_fn: A schedule, or any function of the step.

    Example:
        >>> import thalweg as tw
        >>> halving = tw.optim.scale_by_schedule(lambda step: 0.5**step)
        >>> state = halving.init([0.0])
        >>> updates, state = halving.update([8.0], state)
        >>> halving.update(updates, state)
        ([np.float64(4.0)], ScaleByScheduleState(count=np.int32(2)))
    """

    def init(params: Params) -> ScaleByScheduleState:
        return ScaleByScheduleState(first_count())

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        step_size = at_step(step_size_fn, state.count)
        scaled = each(lambda g: astype(step_size, g.dtype) * g, updates)
        return scaled, ScaleByScheduleState(safe_increment(state.count))

    return GradientTransformation(init, update)


def at_step(schedule: Any, count: Any) -> Tensor:
    """Return the value of a schedule at a count."""
    return as_tensor(schedule(count))


@factory
def scale_by_learning_rate(
    learning_rate: ScalarOrSchedule | None = None, *, flip_sign: bool = True
) -> GradientTransformation:
    """Multiply updates by the negative learning rate: from ascent to descent.

        u = −learning_rate(t) · g

    Args:
        learning_rate: A number in [0, ∞) or a schedule; None leaves updates as they are.
        flip_sign: Whether to negate.

    Raises:
        ArgumentError: If the learning rate is negative, infinite or NaN.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.scale_by_learning_rate(0.5).update([2.0], tw.optim.EmptyState())
        ([np.float64(-1.0)], EmptyState())
    """
    if learning_rate is None:
        return identity()
    check_learning_rate(learning_rate)
    direction = -1 if flip_sign else 1
    if callable(learning_rate):
        return scale_by_schedule(lambda count: direction * at_step(learning_rate, count))
    return scale(direction * learning_rate)


@factory
def scale_by_sign() -> GradientTransformation:
    """Replace updates by their signs: −1, 0 or 1.

    Source:
        Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems", 2018.
        arXiv:1802.04434

    Example:
        >>> import thalweg as tw
        >>> tw.optim.scale_by_sign().update([-3.0, 0.0], tw.optim.EmptyState())
        ([np.float64(-1.0), np.float64(0.0)], EmptyState())
    """
    return stateless(lambda updates, params: each(sign, updates))
