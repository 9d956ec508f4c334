"""MADGRAD: dual averaging with a cube root in place of AdaGrad's square root."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.arithmetic import cbrt, sqrt
from thalweg.ops.elementwise.complex import real, squared_magnitude
from thalweg.optim.moments import in_single, step_each
from thalweg.optim.ranges import DECAY, NON_NEGATIVE, check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    needed,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.wholes import rate_at

__all__ = ["MadgradState", "madgrad", "scale_by_madgrad"]


class MadgradState(NamedTuple):
    """The state of `scale_by_madgrad`."""

    count: Any  # int32 scalar: the steps made
    grad_sum_sq: Params  # the weighted sum of squared gradients
    s: Params  # the weighted sum of gradients
    x0: Params  # the first parameters


@factory
def scale_by_madgrad(
    learning_rate: ScalarOrSchedule, momentum: float = 0.9, eps: float = 1e-6
) -> GradientTransformation:
    """Replace updates by steps towards where dual averaging is.

        λ = (learning_rate(t) + eps) √(t + 1),    t = 0, 1, 2, …
        v ← v + λ g²
        s ← s + λ g
        z = x₀ − s / (∛v + eps)
        u = (1 − momentum) z + momentum · p − p

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        momentum: The share of the parameters that stays, in [0, 1).
        eps: Added to the denominator and to the learning rate, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Defazio & Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged
        Gradient Method for Stochastic Optimization", 2021, algorithm 1. arXiv:2101.11075

    Example:
        >>> import thalweg as tw
        >>> madgrad = tw.optim.contrib.scale_by_madgrad(1.0, momentum=0.0, eps=0.0)
        >>> round(madgrad.update([8.0], madgrad.init([1.0]), [1.0])[0][0].item(), 12)
        -2.0
    """
    check_learning_rate(learning_rate)
    DECAY.check(momentum=momentum)
    NON_NEGATIVE.check(eps=eps)

    def init(params: Params) -> MadgradState:
        blank = each(zeros_like, params)
        return MadgradState(first_count(), blank, blank, params)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "madgrad")
        t = astype(state.count, "float64")
        weight = (rate_at(learning_rate, state.count, t.dtype) + eps) * sqrt(t + 1.0)

        def step(g: Tensor, v: Tensor, s: Tensor, x0: Tensor, p: Tensor) -> tuple[Tensor, ...]:
            factor = astype(weight, g.dtype)
            v, s = v + factor * squared_magnitude(g), s + factor * g
            z = x0 - s / (cbrt(real(v)) + eps)
            return (1.0 - momentum) * z + momentum * p - p, v, s, x0, p

        found, *kept, _ = step_each(step, updates, *state[1:], weights)
        return found, MadgradState(safe_increment(state.count), *kept)

    return in_single(init, update)


@factory
def madgrad(
    learning_rate: ScalarOrSchedule,
    momentum: float = 0.9,
    weight_decay: ScalarOrSchedule = 0.0,
    eps: float = 1e-6,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """MADGRAD: dual averaging, with momentum and a step adapted to each parameter.

        g ← g + weight_decay · p,    then as `scale_by_madgrad`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        momentum: The share of the parameters that stays, in [0, 1).
        weight_decay: A finite number or a schedule.
        eps: Added to the denominator and to the learning rate, in [0, ∞).
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Defazio & Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged
        Gradient Method for Stochastic Optimization", 2021. arXiv:2101.11075

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.madgrad(0.01)
        madgrad(learning_rate=0.01)
    """
    return chain(
        add_decayed_weights(weight_decay, mask), scale_by_madgrad(learning_rate, momentum, eps)
    )
