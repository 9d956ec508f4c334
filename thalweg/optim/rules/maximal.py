"""Adam with a denominator that never shrinks."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import astype
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import maximum
from thalweg.optim.leaves import each, zeros_like
from thalweg.optim.moments import bias_correction, update_moment, update_second_moment
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

__all__ = ["ScaleByAmsgradState", "scale_by_amsgrad"]


class ScaleByAmsgradState(NamedTuple):
    """The state of `scale_by_amsgrad`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of their squares
    nu_max: Params  # the largest average of squares so far


@factory
def scale_by_amsgrad(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> GradientTransformation:
    """Scale updates as Adam does, by the largest average of squares so far.

        m ← (1 − b1) g + b1 m       v ← (1 − b2) g² + b2 v
        w ← max(w, v)
        u = m / (1 − b1ᵗ) / (√(w / (1 − b2ᵗ)) + eps)

    The maximum is of averages before their correction; Optax takes it after.

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.

    Raises:
        ArgumentError: If a decay is outside [0, 1) or `eps` negative.

    Source:
        Reddi et al., "On the Convergence of Adam and Beyond", 2018, algorithm 2, with Adam's
        corrections. arXiv:1904.09237

    Example:
        >>> import thalweg as tw
        >>> amsgrad = tw.optim.rules.scale_by_amsgrad(eps=0.0)
        >>> updates, _ = amsgrad.update([3.0, -0.1], amsgrad.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    DECAY.check("b1", b1)
    DECAY.check("b2", b2)
    NON_NEGATIVE.check("eps", eps)

    def init(params: Params) -> ScaleByAmsgradState:
        zeros = zeros_like(params)
        return ScaleByAmsgradState(first_count(), zeros, zeros, zeros)

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        count = safe_increment(state.count)
        mu = update_moment(updates, state.mu, b1)
        nu = update_second_moment(updates, state.nu, b2)
        largest = each(maximum, state.nu_max, nu)
        root = sqrt(1 - b2**count)
        found = each(
            lambda m, w: m / (sqrt(w) / astype(root, w.dtype) + eps),
            bias_correction(mu, b1, count),
            largest,
        )
        return found, ScaleByAmsgradState(count, mu, nu, largest)

    return in_single(init, update)
