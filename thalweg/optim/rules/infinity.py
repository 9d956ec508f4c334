"""Adam in the infinity norm."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum
from thalweg.optim.leaves import each, zeros_like
from thalweg.optim.moments import bias_correction, update_moment
from thalweg.optim.precision import in_single
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    safe_increment,
)

__all__ = ["ScaleByAdamaxState", "scale_by_adamax"]


class ScaleByAdamaxState(NamedTuple):
    """The state of `scale_by_adamax`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # their decaying largest size


@factory
def scale_by_adamax(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """Scale updates by their average over their decaying largest size.

        m ← (1 − b1) g + b1 m
        v ← max(|g| + eps, b2 v)
        u = m / (1 − b1ᵗ) / v

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the largest size kept each step, in [0, 1).
        eps: Added to the size of each update.

    Raises:
        ArgumentError: If a decay is outside [0, 1) or `eps` negative.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 2.
        arXiv:1412.6980

    Example:
        >>> import thalweg as tw
        >>> adamax = tw.optim.rules.scale_by_adamax(eps=0.0)
        >>> updates, _ = adamax.update([3.0, -0.1], adamax.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    DECAY.check("b1", b1)
    DECAY.check("b2", b2)
    NON_NEGATIVE.check("eps", eps)

    def init(params: Params) -> ScaleByAdamaxState:
        return ScaleByAdamaxState(first_count(), zeros_like(params), zeros_like(params))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        count = safe_increment(state.count)
        mu = update_moment(updates, state.mu, b1)
        nu = each(lambda g, v: maximum(absolute(g) + eps, b2 * v), updates, state.nu)
        found = each(lambda m, v: m / v, bias_correction(mu, b1, count), nu)
        return found, ScaleByAdamaxState(count, mu, nu)

    return in_single(init, update)
