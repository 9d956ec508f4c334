"""MARS: gradients whose variance their own change reduces, for Adam or another optimizer."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, maximum, where
from thalweg.optim.optimizers.adaptive.adam import scale_by_adam
from thalweg.optim.ranges import DECAY, FINITE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    first_count,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.wholes import sum_of_squares

__all__ = ["ReduceVarianceState", "mars", "reduce_variance"]


class ReduceVarianceState(NamedTuple):
    """The state of `reduce_variance`."""

    count: Any  # int32 scalar: the steps made
    previous: Params  # the last gradients


@factory
def reduce_variance(
    gamma: float = 0.025, b1: float = 0.95, max_norm: float = 1.0
) -> GradientTransformation:
    """Add to gradients a multiple of how they changed, and shrink them to a norm.

        c = g + gamma · b1 / (1 − b1) · (g − the last g)        (c = g in the first step)
        u = c / max(‖c‖ / max_norm, 1),    ‖c‖ over all leaves together

    What follows averages u, with the share b1. The last g is that of the last batch: the
    approximation that needs no second gradient a step.

    Args:
        gamma: How much of the change is added, a finite number.
        b1: The share of the average to follow, in [0, 1).
        max_norm: The largest norm, in (0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models",
        2024, algorithm 1. arXiv:2411.10438

    Example:
        >>> import thalweg as tw
        >>> steadier = tw.optim.contrib.reduce_variance(gamma=1.0, b1=0.5)
        >>> _, state = steadier.update([0.25], steadier.init([0.0]))
        >>> steadier.update([0.5], state)[0]
        [np.float64(0.75)]
    """
    FINITE.check(gamma=gamma)
    DECAY.check(b1=b1)
    POSITIVE.check(max_norm=max_norm)
    weight = gamma * b1 / (1 - b1)

    def init(params: Params) -> ReduceVarianceState:
        return ReduceVarianceState(first_count(), each(zeros_like, params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        first = equal(state.count, 0)

        def corrected(g: Tensor, before: Tensor) -> Tensor:
            return g + weight * where(first, 0.0, g - before)

        found = each(corrected, updates, state.previous)
        shrunk = maximum(sqrt(sum_of_squares(found)) / max_norm, 1.0)
        moved = each(lambda c, g: astype(c / astype(shrunk, c.dtype), g.dtype), found, updates)
        kept = cast_like(updates, state.previous)
        return moved, ReduceVarianceState(safe_increment(state.count), kept)

    return GradientTransformation(init, update)


@factory
def mars(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.95,
    b2: float = 0.99,
    eps: float = 1e-8,
    gamma: float = 0.025,
    max_norm: float = 1.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """MARS: AdamW of gradients whose variance their own change reduces.

        u = −learning_rate · (m̂ / (√v̂ + eps) + weight_decay · p)

    m̂ and v̂ are those of `scale_by_adam` of what `reduce_variance` returns. With another optimizer
    in Adam's place, as Lion or Muon, it is MARS-Lion or MARS-M.

    Args:
        learning_rate: A number in [0, ∞) or a schedule; 0.003 as a rule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        gamma: How much of the gradient's change is added to it, a finite number.
        max_norm: The largest norm of what is averaged, in (0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Yuan et al., "MARS: Unleashing the Power of Variance Reduction for Training Large Models",
        2024, algorithm 2. arXiv:2411.10438

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.mars(0.003)
        mars(learning_rate=0.003)
    """
    return chain(
        reduce_variance(gamma, b1, max_norm),
        scale_by_adam(b1, b2, eps),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
