"""Adam with Nesterov's look ahead, whose momentum warms up."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import astype
from thalweg.ops.creation.creation import ones
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.optim.leaves import each, zeros_like
from thalweg.optim.moments import update_moment, update_second_moment
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

__all__ = ["ScaleByNadamState", "scale_by_nadam"]


class ScaleByNadamState(NamedTuple):
    """The state of `scale_by_nadam`."""

    count: Any  # int32 scalar: the steps made
    mu_product: Any  # float32 scalar: the product of the momenta so far
    mu: Params  # the average of updates
    nu: Params  # the average of their squares


@factory
def scale_by_nadam(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, momentum_decay: float = 4e-3
) -> GradientTransformation:
    """Scale updates as Adam does, one step ahead along a momentum that warms up.

        μₜ = b1 (1 − ½ 0.96^(t·momentum_decay))       Pₜ = μ₁ μ₂ ⋯ μₜ
        m ← (1 − b1) g + b1 m                         v ← (1 − b2) g² + b2 v
        u = ((1 − μₜ) / (1 − Pₜ) g + μₜ₊₁ / (1 − Pₜ μₜ₊₁) m) / (√(v / (1 − b2ᵗ)) + eps)

    The product is kept in float32, as PyTorch keeps it.

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        momentum_decay: How fast the momentum warms up, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2.

    Example:
        >>> import thalweg as tw
        >>> nadam = tw.optim.rules.scale_by_nadam()
        >>> updates, _ = nadam.update([3.0], nadam.init([0.0]))
        >>> round(updates[0].item(), 4)
        1.0565
    """
    DECAY.check("b1", b1)
    DECAY.check("b2", b2)
    NON_NEGATIVE.check("eps", eps)
    NON_NEGATIVE.check("momentum_decay", momentum_decay)

    def momentum(count: Any) -> Any:
        return b1 * (1.0 - 0.5 * 0.96 ** (astype(count, "float64") * momentum_decay))

    def init(params: Params) -> ScaleByNadamState:
        zeros = zeros_like(params)
        return ScaleByNadamState(first_count(), ones((), "float32"), zeros, zeros)

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        count = safe_increment(state.count)
        now, ahead = momentum(count), momentum(count + 1)
        product = state.mu_product * astype(now, "float32")
        whole = astype(product, "float64")
        mu = update_moment(updates, state.mu, b1)
        nu = update_second_moment(updates, state.nu, b2)
        left, right = (1.0 - now) / (1.0 - whole), ahead / (1.0 - whole * ahead)
        correction = 1 - b2**count

        def direction(g: Any, m: Any, v: Any) -> Any:
            towards = astype(left, g.dtype) * g + astype(right, g.dtype) * m
            return towards / (sqrt(v / astype(correction, v.dtype)) + eps)

        found = each(direction, updates, mu, nu)
        return found, ScaleByNadamState(count, product, mu, nu)

    return in_single(init, update)
