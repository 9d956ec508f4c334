"""Running sums and averages of updates."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.optim.leaves import cast, each, zeros_like
from thalweg.optim.moments import bias_correction, update_moment
from thalweg.optim.ranges import DECAY
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    safe_increment,
)

__all__ = ["EmaState", "TraceState", "ema", "trace"]


class TraceState(NamedTuple):
    """The state of `trace`."""

    trace: Params  # the running sum, one a parameter


@factory
def trace(
    decay: float, nesterov: bool = False, accumulator_dtype: Any = None
) -> GradientTransformation:
    """Add up updates with a decay: momentum.

        m ← g + decay · m
        u = m                   (Nesterov: u = g + decay · m)

    Args:
        decay: The share of the sum kept each step, in [0, 1).
        nesterov: Whether to look one step ahead.
        accumulator_dtype: The dtype of the sum; by default the parameters'.

    Raises:
        ArgumentError: If the decay is outside [0, 1).

    Source:
        Polyak, "Some methods of speeding up the convergence of iteration methods", 1964;
        Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Example:
        >>> import thalweg as tw
        >>> momentum = tw.optim.trace(0.5)
        >>> updates, state = momentum.update([1.0], momentum.init([0.0]))
        >>> momentum.update([1.0], state)
        ([np.float64(1.5)], TraceState(trace=[np.float64(1.5)]))
    """
    DECAY.check("decay", decay)

    def init(params: Params) -> TraceState:
        return TraceState(zeros_like(params, accumulator_dtype))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        summed = each(lambda g, m: g + decay * m, updates, state.trace)
        found = each(lambda g, m: g + decay * m, updates, summed) if nesterov else summed
        return found, TraceState(cast(summed, accumulator_dtype))

    return GradientTransformation(init, update)


class EmaState(NamedTuple):
    """The state of `ema`."""

    count: Any  # int32 scalar: the steps made
    ema: Params  # the running average, one a parameter


@factory
def ema(decay: float, debias: bool = True, accumulator_dtype: Any = None) -> GradientTransformation:
    """Replace updates by their exponential moving average.

        m ← (1 − decay) g + decay · m
        u = m / (1 − decayᵗ)    (without `debias`: u = m)

    Args:
        decay: The share of the average kept each step, in [0, 1).
        debias: Whether to undo the pull of the start at zero.
        accumulator_dtype: The dtype of the average; by default the parameters'.

    Raises:
        ArgumentError: If the decay is outside [0, 1).

    Example:
        >>> import thalweg as tw
        >>> average = tw.optim.ema(0.5)
        >>> updates, _ = average.update([1.0], average.init([0.0]))
        >>> updates
        [np.float64(1.0)]
    """
    DECAY.check("decay", decay)

    def init(params: Params) -> EmaState:
        return EmaState(first_count(), zeros_like(params, accumulator_dtype))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        average = update_moment(updates, state.ema, decay)
        count = safe_increment(state.count)
        found = bias_correction(average, decay, count) if debias else average
        return found, EmaState(count, cast(average, accumulator_dtype))

    return GradientTransformation(init, update)
