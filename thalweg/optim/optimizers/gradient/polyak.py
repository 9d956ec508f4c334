"""Polyak's step: as far as the loss is above its minimum."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import as_tensor, astype
from thalweg.errors import CallError
from thalweg.ops.elementwise.comparison import less_equal, maximum, minimum, where
from thalweg.optim.optimizers.gradient.sgd import sgd
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import squared_norm
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Step,
    Updates,
    each,
    init_empty_state,
)
from thalweg.optim.transforms.chains import chain

__all__ = ["polyak_sgd", "scale_by_polyak"]

_SMALLEST = 2.0**-52


@factory
def scale_by_polyak(
    f_min: float = 0.0, max_learning_rate: float = 1.0, eps: float = 0.0, variant: str = "sps"
) -> GradientTransformation:
    """Scale updates so that a linear loss would reach its minimum.

        u = min((value − f_min) / (‖g‖² + eps), max_learning_rate) · g      (0 where ‖g‖ is)

    `update` wants the extra argument `value`, the loss, which `fit` gives.

    Args:
        f_min: The smallest value of the loss, or a lower bound of it, any finite number.
        max_learning_rate: The largest factor, in [0, ∞).
        eps: Added to the squared norm, in [0, ∞).
        variant: "sps"; or "sps+", where a loss below `f_min` makes no step instead of one back.

    Raises:
        ArgumentError: If a number is outside its range, or the variant unknown.
        CallError: By `update`, if it gets no `value`.

    Source:
        Loizou et al., "Stochastic Polyak Step-size for SGD: An Adaptive Learning Rate for Fast
        Convergence", 2021, equation SPS_max. arXiv:2002.10542; "sps+": Garrigos et al.,
        "Function Value Learning", 2023. arXiv:2307.14528

    Example:
        >>> import thalweg as tw
        >>> polyak = tw.optim.scale_by_polyak()
        >>> polyak.update([4.0], tw.optim.EmptyState(), value=2.0)
        ([np.float64(0.5)], EmptyState())
    """
    FINITE.check(f_min=f_min)
    NON_NEGATIVE.check(max_learning_rate=max_learning_rate, eps=eps)
    check_choice(("sps", "sps+"), variant=variant)

    def update(
        updates: Updates, state: OptState, params: Params = None, *, value: Any = None
    ) -> Step:
        if value is None:
            raise CallError(
                "scale_by_polyak was updated without the loss, whose distance from its minimum is "
                "the size of the step. Call update(updates, state, params, value=loss)."
            )
        squares = as_tensor(squared_norm(updates))
        gap = astype(as_tensor(value) - f_min, squares.dtype)
        if variant == "sps+":
            gap = maximum(gap, 0.0)
        vanishes = less_equal(squares + eps, _SMALLEST)
        factor = minimum(gap / where(vanishes, 1.0, squares + eps), max_learning_rate)
        factor = where(vanishes, 0.0, factor)
        return each(lambda g: astype(factor * g, g.dtype), updates), state

    return GradientTransformationExtraArgs(init_empty_state, update)


@factory
def polyak_sgd(
    max_learning_rate: float = 1.0,
    scaling: ScalarOrSchedule = 1.0,
    f_min: float = 0.0,
    eps: float = 0.0,
    variant: str = "sps",
) -> GradientTransformation:
    """Gradient descent by Polyak's step, which the loss and its gradient give.

        g ← scaling · g
        u = −min((value − f_min) / (‖g‖² + eps), max_learning_rate) · g

    `update` wants the extra argument `value`, the loss, which `fit` gives.

    Args:
        max_learning_rate: The largest rate, in [0, ∞).
        scaling: A number in [0, ∞) or a schedule.
        f_min: The smallest value of the loss, or a lower bound of it, any finite number.
        eps: Added to the squared norm, in [0, ∞).
        variant: As for `scale_by_polyak`.

    Raises:
        ArgumentError: If a number is outside its range, or the variant unknown.
        CallError: By `update`, if it gets no `value`.

    Source:
        Loizou et al., "Stochastic Polyak Step-size for SGD: An Adaptive Learning Rate for Fast
        Convergence", 2021. arXiv:2002.10542

    Example:
        >>> import thalweg as tw
        >>> descent = tw.optim.polyak_sgd()
        >>> state = descent.init([4.0])
        >>> updates, state = descent.update([4.0], state, [4.0], value=8.0)
        >>> updates
        [np.float64(-2.0)]
    """
    return chain(sgd(scaling), scale_by_polyak(f_min, max_learning_rate, eps, variant))
