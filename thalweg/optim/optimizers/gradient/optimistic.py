"""Optimistic gradient descent: steps along the gradient that is to be expected next."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.comparison import where
from thalweg.optim.moments import in_single, step_each
from thalweg.optim.ranges import FINITE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
)
from thalweg.optim.transforms.chains import chain

__all__ = [
    "ScaleByOptimisticGradientState", "optimistic_gradient_descent",
    "scale_by_optimistic_gradient",
]  # fmt: skip


class ScaleByOptimisticGradientState(NamedTuple):
    """The state of `scale_by_optimistic_gradient`."""

    is_initial_step: Any  # Boolean scalar: whether no step was made
    previous_gradient: Params  # the last update


@factory
def scale_by_optimistic_gradient(alpha: float = 1.0, beta: float = 1.0) -> GradientTransformation:
    """Move updates on by their difference to the last ones.

        u = (alpha + beta) g − beta · gₜ₋₁      (gₜ₋₁ = g in the first step)

    Args:
        alpha: The weight of the update, any finite number.
        beta: The weight of the difference, any finite number; 0 for gradient descent.

    Raises:
        ArgumentError: If a number is not finite.

    Source:
        Mokhtari et al., "A Unified Analysis of Extra-gradient and Optimistic Gradient Methods
        for Saddle Point Problems: Proximal Point Approach", 2020, equation 6. arXiv:1901.08511

    Example:
        >>> import thalweg as tw
        >>> optimistic = tw.optim.scale_by_optimistic_gradient()
        >>> updates, state = optimistic.update([1.0], optimistic.init([0.0]))
        >>> optimistic.update([3.0], state)[0]
        [np.float64(5.0)]
    """
    FINITE.check(alpha=alpha, beta=beta)

    def init(params: Params) -> OptState:
        return ScaleByOptimisticGradientState(as_tensor(True), each(zeros_like, params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        def step(g: Tensor, last: Tensor) -> tuple[Tensor, ...]:
            return (alpha + beta) * g - beta * where(state.is_initial_step, g, last), g

        found, previous = step_each(step, updates, state.previous_gradient)
        return found, ScaleByOptimisticGradientState(as_tensor(False), previous)

    return in_single(init, update)


@factory
def optimistic_gradient_descent(
    learning_rate: ScalarOrSchedule, alpha: float = 1.0, beta: float = 1.0
) -> GradientTransformation:
    """Gradient descent along what the gradient will be if it changes as it did.

        u = −learning_rate · ((alpha + beta) g − beta · gₜ₋₁)

    It converges on games of two players, as in adversarial training, where gradient descent turns
    in circles.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        alpha: The weight of the gradient, any finite number.
        beta: The weight of the difference, any finite number.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Mokhtari et al., "A Unified Analysis of Extra-gradient and Optimistic Gradient Methods
        for Saddle Point Problems: Proximal Point Approach", 2020. arXiv:1901.08511

    Example:
        >>> import thalweg as tw
        >>> tw.optim.optimistic_gradient_descent(0.1)
        optimistic_gradient_descent(learning_rate=0.1)
    """
    return chain(scale_by_optimistic_gradient(alpha, beta), scale_by_learning_rate(learning_rate))
