"""Adam that waits until its variance is known."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import astype
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import greater, maximum, where
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

__all__ = ["ScaleByRadamState", "scale_by_radam"]


class ScaleByRadamState(NamedTuple):
    """The state of `scale_by_radam`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of their squares


@factory
def scale_by_radam(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> GradientTransformation:
    """Scale updates as Adam does, rectified; as momentum alone while their variance is unknown.

        ρ∞ = 2 / (1 − b2) − 1       ρ = ρ∞ − 2 t b2ᵗ / (1 − b2ᵗ)
        r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ))
        u = m̂ r √(1 − b2ᵗ) / (√v + eps)  where ρ > 5, else m̂

    Here eps is added before v is corrected; Optax adds it after.

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.

    Raises:
        ArgumentError: If a decay is outside [0, 1) or `eps` negative.

    Source:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2.
        arXiv:1908.03265

    Example:
        >>> import thalweg as tw
        >>> radam = tw.optim.rules.scale_by_radam()
        >>> updates, _ = radam.update([3.0], radam.init([0.0]))
        >>> round(updates[0].item(), 12)
        3.0
    """
    DECAY.check("b1", b1)
    DECAY.check("b2", b2)
    NON_NEGATIVE.check("eps", eps)

    def rectification(count: Any) -> tuple[Any, Any]:
        t = astype(count, "float64")
        last = 2.0 / (1.0 - b2) - 1.0
        rho = last - 2.0 * t * b2**t / (1.0 - b2**t)
        # Where it is not used, the root must be one of a positive number all the same.
        known = maximum(rho, 5.0)
        ratio = (known - 4.0) * (known - 2.0) * last / ((last - 4.0) * (last - 2.0) * known)
        return greater(rho, 5.0), sqrt(1.0 - b2**t) * sqrt(ratio)

    def init(params: Params) -> ScaleByRadamState:
        return ScaleByRadamState(first_count(), zeros_like(params), zeros_like(params))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        count = safe_increment(state.count)
        mu = update_moment(updates, state.mu, b1)
        nu = update_second_moment(updates, state.nu, b2)
        adapted, factor = rectification(count)

        def direction(m: Any, v: Any) -> Any:
            return m * where(adapted, astype(factor, v.dtype) / (sqrt(v) + eps), 1.0)

        found = each(direction, bias_correction(mu, b1, count), nu)
        return found, ScaleByRadamState(count, mu, nu)

    return in_single(init, update)
