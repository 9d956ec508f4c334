"""Momentum whose later updates are dampened."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import astype
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.optim.leaves import each, zeros_like
from thalweg.optim.ranges import FINITE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    safe_increment,
)

__all__ = ["DampenedTraceState", "dampened_trace"]


class DampenedTraceState(NamedTuple):
    """The state of `dampened_trace`."""

    count: Any  # int32 scalar: the steps made
    trace: Params  # the running sum, one a parameter


@factory
def dampened_trace(decay: float, dampening: float) -> GradientTransformation:
    """Add up updates with a decay; all but the first are dampened.

        m ← g                                   at the first step
        m ← decay · m + (1 − dampening) g       later
        u = m

    Args:
        decay: The share of the sum kept each step.
        dampening: The share of each later update that is left out.

    Raises:
        ArgumentError: If a number is not finite.

    Source:
        PyTorch's SGD, where momentum has this form.

    Example:
        >>> import thalweg as tw
        >>> momentum = tw.optim.rules.dampened_trace(0.5, dampening=0.75)
        >>> updates, state = momentum.update([1.0], momentum.init([0.0]))
        >>> updates, state = momentum.update([1.0], state)
        >>> updates[0].item()
        0.75
    """
    FINITE.check("decay", decay)
    FINITE.check("dampening", dampening)

    def init(params: Params) -> DampenedTraceState:
        return DampenedTraceState(first_count(), zeros_like(params))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        share = where(equal(state.count, 0), 1.0, 1.0 - dampening)
        summed = each(lambda g, m: astype(share, g.dtype) * g + decay * m, updates, state.trace)
        return summed, DampenedTraceState(safe_increment(state.count), summed)

    return GradientTransformation(init, update)
