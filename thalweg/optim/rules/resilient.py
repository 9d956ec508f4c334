"""Steps whose sizes follow the signs of the gradient alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sign
from thalweg.ops.elementwise.comparison import greater, less, maximum, minimum, where
from thalweg.optim.leaves import each, full_like, zeros_like
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import GradientTransformation, OptState, Params, Updates

__all__ = ["ResilientDescentState", "resilient_descent"]


class ResilientDescentState(NamedTuple):
    """The state of `resilient_descent`."""

    prev: Params  # the gradients of the step before, 0 where the sign had changed
    step_size: Params  # the size of the next step, one an element


@factory
def resilient_descent(
    learning_rate: float = 1e-2,
    eta_minus: float = 0.5,
    eta_plus: float = 1.2,
    min_step: float = 1e-6,
    max_step: float = 50.0,
) -> GradientTransformation:
    """Step against the sign of the gradient, farther as long as the sign stays.

        s ← clip(s · eta_plus,  min_step, max_step)     where the sign stayed
        s ← clip(s · eta_minus, min_step, max_step)     where it changed; there g ← 0
        u = −sign(g) s

    Args:
        learning_rate: The size of the first step, in [0, ∞).
        eta_minus: The factor where the sign changed.
        eta_plus: The factor where it stayed.
        min_step: The smallest step.
        max_step: The largest step.

    Raises:
        ArgumentError: If a number is negative, or a factor not positive.

    Source:
        Riedmiller & Braun, "A direct adaptive method for faster backpropagation learning: the
        RPROP algorithm", 1993.

    Example:
        >>> import thalweg as tw
        >>> rprop = tw.optim.rules.resilient_descent(0.5)
        >>> updates, state = rprop.update([7.0], rprop.init([0.0]))
        >>> updates[0].item(), rprop.update([7.0], state)[0][0].item()
        (-0.5, -0.6)
    """
    NON_NEGATIVE.check("learning_rate", learning_rate)
    POSITIVE.check("eta_minus", eta_minus)
    POSITIVE.check("eta_plus", eta_plus)
    NON_NEGATIVE.check("min_step", min_step)
    NON_NEGATIVE.check("max_step", max_step)

    def size(agreement: Tensor, s: Tensor) -> Tensor:
        factor = where(
            greater(agreement, 0.0), eta_plus, where(less(agreement, 0.0), eta_minus, 1.0)
        )
        return minimum(maximum(s * factor, min_step), max_step)

    def init(params: Params) -> ResilientDescentState:
        return ResilientDescentState(zeros_like(params), full_like(params, learning_rate))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        agreement = each(lambda g, old: sign(g * old), updates, state.prev)
        sizes = each(size, agreement, state.step_size)
        kept = each(lambda g, a: where(less(a, 0.0), 0.0, g), updates, agreement)
        return each(lambda g, s: -sign(g) * s, kept, sizes), ResilientDescentState(kept, sizes)

    return GradientTransformation(init, update)
