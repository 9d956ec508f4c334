"""Adagrad: steps divided by the root of the sum of all squared gradients."""

from __future__ import annotations

from typing import NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import greater, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import filled, leafwise
from thalweg.optim.ranges import NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByRssState", "adagrad", "scale_by_rss"]


class ScaleByRssState(NamedTuple):
    """The state of `scale_by_rss`."""

    sum_of_squares: Params  # one a parameter


@factory
def scale_by_rss(
    initial_accumulator_value: float = 0.1, eps: float = 1e-7, *, eps_in_sqrt: bool = True
) -> GradientTransformation:
    """Divide updates by the root of the sum of all squares so far.

        s ← s + g²
        u = g / √(s + eps)      (0 where s = 0; without `eps_in_sqrt`: u = g / (√s + eps))

    Args:
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Keeps the denominator from zero.
        eps_in_sqrt: Whether `eps` is added under the root; PyTorch adds it to the root.

    Raises:
        ArgumentError: If a number is negative.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011, figure 1.

    Example:
        >>> import thalweg as tw
        >>> rss = tw.optim.scale_by_rss(initial_accumulator_value=0.0, eps=0.0)
        >>> rss.update([3.0], rss.init([0.0]))
        ([np.float64(1.0)], ScaleByRssState(sum_of_squares=[np.float64(9.0)]))
    """
    NON_NEGATIVE.check(initial_accumulator_value=initial_accumulator_value, eps=eps)

    def step(g: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        s = squared_magnitude(g) + s
        if not eps_in_sqrt:
            return g / (sqrt(s) + eps), s
        # The product keeps a NaN of g, which choosing between g / √s and 0 would hide.
        return where(greater(s, 0.0), 1 / sqrt(s + eps), 0.0) * g, s

    initial = filled(initial_accumulator_value)
    return leafwise(ScaleByRssState, lambda _: step, sum_of_squares=initial)


@factory
def adagrad(
    learning_rate: ScalarOrSchedule, initial_accumulator_value: float = 0.1, eps: float = 1e-7
) -> GradientTransformation:
    """Adagrad: steps divided by the root of the sum of all squared gradients.

        s ← s + g²
        u = −learning_rate · g / √(s + eps)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Added under the root, in units of the squared gradient.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adagrad(0.5)
        adagrad(learning_rate=0.5)
    """
    return chain(
        scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate)
    )
