"""Weight decay: parameters pulled towards zero."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import astype
from thalweg.optim.leaves import each
from thalweg.optim.masking import masked
from thalweg.optim.ranges import FINITE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import at_step
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    needed,
    safe_increment,
)

__all__ = ["WeightDecaySchedule", "add_decayed_weights"]


class WeightDecaySchedule(NamedTuple):
    """The state of `add_decayed_weights` with a schedule."""

    count: Any  # int32 scalar: the steps made


@factory
def add_decayed_weights(
    weight_decay: ScalarOrSchedule = 0.0, mask: Any = None
) -> GradientTransformation:
    """Add parameters times a number to the updates.

        u = g + weight_decay(t) · p

    Args:
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If the number is not finite; by `update`, if it gets no parameters.

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> decay = tw.optim.add_decayed_weights(0.1)
        >>> decay.update([1.0], decay.init([20.0]), [20.0])
        ([np.float64(3.0)], EmptyState())
    """
    if not callable(weight_decay):
        FINITE.check("weight_decay", weight_decay, "Give a finite number or a schedule.")
    decaying = _scheduled(weight_decay) if callable(weight_decay) else _constant(weight_decay)
    return decaying if mask is None else masked(decaying, mask)


def _constant(weight_decay: Any) -> GradientTransformation:
    def init(params: Params) -> EmptyState:
        return EmptyState()

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        weights = needed(params, "add_decayed_weights")
        return each(lambda g, p: g + weight_decay * p, updates, weights), state

    return GradientTransformation(init, update)


def _scheduled(weight_decay: Any) -> GradientTransformation:
    def init(params: Params) -> WeightDecaySchedule:
        return WeightDecaySchedule(first_count())

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        weights = needed(params, "add_decayed_weights")
        value = at_step(weight_decay, state.count)
        found = each(lambda g, p: g + astype(value, p.dtype) * p, updates, weights)
        return found, WeightDecaySchedule(safe_increment(state.count))

    return GradientTransformation(init, update)
