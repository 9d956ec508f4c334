"""Updates made smaller when the loss stops falling."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from thalweg.core.tensor import as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.comparison import equal, greater, less, logical_and, maximum, where
from thalweg.optim.ranges import NON_NEGATIVE, Range
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    safe_increment,
)
from thalweg.optim.wholes import either, highest_dtype, loss_given, lowest_dtype, scalar

__all__ = ["ReduceLROnPlateauState", "reduce_on_plateau"]

_FACTOR = Range("(0, 1)", 0.0, 1.0, "It is what the scale is multiplied by, as 0.1.")
_RELATIVE = Range("[0, 1]", 0.0, math.nextafter(1.0, 2.0), "It is a share of the loss, as 1e-4.")


class ReduceLROnPlateauState(NamedTuple):
    """The state of `reduce_on_plateau`."""

    scale: Any  # what updates are multiplied by
    best_value: Any  # the smallest loss
    plateau_count: Any  # int32 scalar: the losses since then
    cooldown_count: Any  # int32 scalar: the losses that are not counted yet
    count: Any  # int32 scalar: the losses averaged so far
    avg_value: Any  # their average


@factory
def reduce_on_plateau(
    factor: float = 0.1,
    patience: int = 10,
    rtol: float = 1e-4,
    atol: float = 0.0,
    cooldown: int = 0,
    accumulation_size: int = 1,
    min_scale: float = 0.0,
) -> GradientTransformation:
    """Multiply updates by a scale that is reduced whenever the loss has not fallen for long.

        u = scale · g,    scale ← max(factor · scale, min_scale) after patience losses in vain

    A loss, or the average of accumulation_size of them, is in vain unless it is less than
    (1 − rtol) · the smallest − atol. `update` wants the extra argument `value`, the loss, which
    `fit` gives.

    Args:
        factor: What the scale is multiplied by, in (0, 1).
        patience: The number of losses in vain, in [1, ∞).
        rtol: The share by which a loss must be less, in [0, 1].
        atol: The number by which it must be less, in [0, ∞); one of the two is positive.
        cooldown: The number of losses after a reduction that are not counted, in [0, ∞).
        accumulation_size: The number of losses to average, in [1, ∞).
        min_scale: The smallest scale, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.
        CallError: By `update`, if it gets no `value`.

    Source:
        PyTorch's ReduceLROnPlateau.

    Example:
        >>> import thalweg as tw
        >>> careful = tw.optim.contrib.reduce_on_plateau(factor=0.5, patience=1)
        >>> updates, state = careful.update([1.0], careful.init([0.0]), value=3.0)
        >>> careful.update([1.0], state, value=3.0)[0]
        [np.float64(0.5)]
    """
    _FACTOR.check(factor=factor)
    _RELATIVE.check(rtol=rtol)
    NON_NEGATIVE.check(atol=atol, min_scale=min_scale)
    if isinstance(rtol, float) and isinstance(atol, float) and rtol == 0.0 and atol == 0.0:
        raise ArgumentError(
            f"reduce_on_plateau got rtol={rtol} and atol={atol}, but at least one of rtol or atol "
            "must be positive. Give rtol=1e-4."
        )

    def init(params: Params) -> ReduceLROnPlateauState:
        low, high = lowest_dtype(params), highest_dtype(params)
        scale, best = scalar(1.0, low), scalar(math.inf, high)
        none = first_count()
        return ReduceLROnPlateauState(scale, best, none, none, none, zeros((), high))

    def judged(state: ReduceLROnPlateauState) -> ReduceLROnPlateauState:
        best, cooling = as_tensor(state.best_value), greater(state.cooldown_count, 0)
        improved = less(state.avg_value, (1 - rtol) * best - atol)
        in_vain = where(improved, 0, safe_increment(state.plateau_count))
        reduced = logical_and(equal(in_vain, patience), equal(cooling, False))
        scale = as_tensor(state.scale)
        smaller = maximum(where(reduced, scale * factor, scale), min_scale)
        return ReduceLROnPlateauState(
            where(cooling, scale, smaller),
            where(improved, state.avg_value, best),
            where(cooling, 0, where(reduced, 0, in_vain)),
            where(cooling, state.cooldown_count - 1, where(reduced, cooldown, 0)),
            first_count(),
            zeros((), best.dtype),
        )

    def update(
        updates: Updates, state: OptState, params: Params = None, *, value: Any = None
    ) -> Step:
        average = as_tensor(state.avg_value)
        loss = scalar(loss_given(value, "reduce_on_plateau"), average.dtype)
        count = safe_increment(state.count)
        known = astype((state.count * average + loss) / count, average.dtype)
        after = state._replace(avg_value=known, count=count)
        after = either(equal(count, accumulation_size), judged(after), after)
        found = each(lambda g: astype(after.scale, g.dtype) * g, updates)
        return found, after

    return GradientTransformation(init, update)
