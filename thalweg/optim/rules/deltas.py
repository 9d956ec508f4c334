"""Updates scaled by the size of past updates over that of gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.optim.leaves import each, zeros_like
from thalweg.optim.moments import update_second_moment
from thalweg.optim.precision import in_single
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import GradientTransformation, OptState, Params, Updates

__all__ = ["ScaleByAdaDeltaState", "scale_by_adadelta"]


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
        >>> adadelta = tw.optim.rules.scale_by_adadelta(rho=0.0, eps=9.0)
        >>> updates, _ = adadelta.update([4.0], adadelta.init([0.0]))
        >>> round(updates[0].item(), 12)
        2.4
    """
    DECAY.check("rho", rho)
    NON_NEGATIVE.check("eps", eps)

    def init(params: Params) -> ScaleByAdaDeltaState:
        return ScaleByAdaDeltaState(zeros_like(params), zeros_like(params))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        e_g = update_second_moment(updates, state.e_g, rho)
        found = each(lambda g, v, x: sqrt(x + eps) / sqrt(v + eps) * g, updates, e_g, state.e_x)
        e_x = update_second_moment(found, state.e_x, rho)
        return found, ScaleByAdaDeltaState(e_g, e_x)

    return in_single(init, update)
