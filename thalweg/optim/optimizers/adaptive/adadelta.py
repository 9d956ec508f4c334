"""Adadelta: steps of the size that past steps had, without a rate."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.optim.moments import leafwise, moment
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByAdaDeltaState", "adadelta", "scale_by_adadelta"]


class ScaleByAdaDeltaState(NamedTuple):
    """The state of `scale_by_adadelta`."""

    e_g: Params  # the average of squared gradients
    e_x: Params  # the average of squared updates


@factory
def scale_by_adadelta(rho: float = 0.9, eps: float = 1e-6) -> GradientTransformation:
    """Scale gradients to the size that past updates had.

        v ← (1 − rho) g² + rho v
        u = √(x + eps) / √(v + eps) · g
        x ← (1 − rho) u² + rho x

    Args:
        rho: The share of the averages kept each step, in [0, 1).
        eps: Added under both roots; it sets the size of the first update.

    Raises:
        ArgumentError: If `rho` is outside [0, 1) or `eps` negative.

    Source:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1. arXiv:1212.5701

    Example:
        >>> import thalweg as tw
        >>> adadelta = tw.optim.scale_by_adadelta(rho=0.0, eps=9.0)
        >>> updates, _ = adadelta.update([4.0], adadelta.init([0.0]))
        >>> round(updates[0].item(), 12)
        2.4
    """
    DECAY.check(rho=rho)
    NON_NEGATIVE.check(eps=eps)

    def step(g: Tensor, v: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        v = moment(square(g), v, rho)
        u = sqrt(x + eps) / sqrt(v + eps) * g
        return u, v, moment(square(u), x, rho)

    return leafwise(ScaleByAdaDeltaState, lambda _: step)


@factory
def adadelta(
    learning_rate: ScalarOrSchedule | None = None,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: Any = None,
) -> GradientTransformation:
    """Adadelta: gradients scaled to the size that past updates had.

        g ← g + weight_decay · p
        u = −learning_rate · √(x + eps) / √(v + eps) · g,    v and x as in `scale_by_adadelta`

    Args:
        learning_rate: A number in [0, ∞) or a schedule; None leaves updates as they are, up the
            slope.
        rho: The share of the averages kept each step, in [0, 1).
        eps: Added under both roots; it sets the size of the first update.
        weight_decay: A finite number or a schedule.
        weight_decay_mask: A tree of booleans as for `masked`, True where weights decay; None for
            all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012. arXiv:1212.5701

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adadelta(1.0)
        adadelta(learning_rate=1.0)
    """
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_adadelta(rho, eps),
        scale_by_learning_rate(learning_rate),
    )
