"""AdEMAMix: Adam with a second, slower average of gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import correction, in_single, moment, step_each, zeros
from thalweg.optim.ranges import DECAY, FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, at_step, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain

__all__ = [
    "ScaleByAdemamixState", "ScaleBySimplifiedAdEMAMixState", "ademamix", "scale_by_ademamix",
    "scale_by_simplified_ademamix", "simplified_ademamix",
]  # fmt: skip


def _at(value: Any, count: Any, x: Tensor) -> Any:
    """Return a number, or what a schedule is at a count, for arithmetic with a leaf."""
    return astype(at_step(value, count), x.dtype) if callable(value) else value


class ScaleByAdemamixState(NamedTuple):
    """The state of `scale_by_ademamix`."""

    count: Any  # int32 scalar: the steps made
    count_m2: Any  # int32 scalar: the steps of the slow average
    m1: Params  # the fast average of updates
    m2: Params  # the slow one
    nu: Params  # the average of their squares


@factory
def scale_by_ademamix(
    b1: float = 0.9,
    b2: float = 0.999,
    b3: ScalarOrSchedule = 0.9999,
    alpha: ScalarOrSchedule = 6.0,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
) -> GradientTransformation:
    """Scale updates by Adam's estimates, of which the first is a fast average and a slow one.

        m₁ ← (1 − b1) g + b1 m₁
        m₂ ← (1 − b3(t)) g + b3(t) m₂
        v ← (1 − b2) |g|² + b2 v
        u = (m₁ / (1 − b1ᵗ) + alpha(t) m₂) / (√(v / (1 − b2ᵗ) + eps_root) + eps)

    Schedules begin at t = 0.

    Args:
        b1: The share of the fast average kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        b3: The share of the slow average kept each step, in [0, 1), or a schedule.
        alpha: The weight of the slow average, a finite number or a schedule.
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        mu_dtype: The dtype of the averages; by default the parameters'.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Pagliardini et al., "The AdEMAMix Optimizer: Better, Faster, Older", 2024, algorithm 1.
        arXiv:2409.03137

    Example:
        >>> import thalweg as tw
        >>> mixed = tw.optim.contrib.scale_by_ademamix(b3=0.5, alpha=2.0, eps=0.0)
        >>> updates, _ = mixed.update([3.0], mixed.init([0.0]))
        >>> round(updates[0].item(), 12)
        2.0
    """
    DECAY.check(b1=b1, b2=b2, **{} if callable(b3) else {"b3": b3})
    FINITE.check(**{} if callable(alpha) else {"alpha": alpha})
    NON_NEGATIVE.check(eps=eps, eps_root=eps_root)
    start = zeros(mu_dtype)

    def init(params: Params) -> ScaleByAdemamixState:
        blank = each(start, params)
        return ScaleByAdemamixState(first_count(), first_count(), blank, blank, blank)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count, slow = safe_increment(state.count), state.count_m2
        first, second = correction(b1, count), correction(b2, count)

        def step(g: Tensor, m1: Tensor, m2: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m1, m2 = moment(g, m1, b1), moment(g, m2, _at(b3, slow, g))
            v = moment(squared_magnitude(g), v, b2)
            mixed = first(m1) + _at(alpha, slow, m2) * m2
            return mixed / (sqrt(second(v) + eps_root) + eps), m1, m2, v

        found, *kept = step_each(step, updates, state.m1, state.m2, state.nu)
        return found, ScaleByAdemamixState(count, safe_increment(slow), *kept)

    return in_single(init, update)


@factory
def ademamix(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    b3: ScalarOrSchedule = 0.9999,
    alpha: ScalarOrSchedule = 5.0,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """AdEMAMix: AdamW with a second, slower average, which remembers gradients of long ago.

        u = −learning_rate · ((m̂₁ + alpha m₂) / (√(v̂ + eps_root) + eps) + weight_decay · p)

    m̂₁, m₂ and v̂ are those of `scale_by_ademamix`.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the fast average kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        b3: The share of the slow average kept each step, in [0, 1), or a schedule.
        alpha: The weight of the slow average, a finite number or a schedule.
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        mu_dtype: The dtype of the averages; by default the parameters'.
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Pagliardini et al., "The AdEMAMix Optimizer: Better, Faster, Older", 2024.
        arXiv:2409.03137

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.ademamix(0.001)
        ademamix(learning_rate=0.001)
    """
    return chain(
        scale_by_ademamix(b1, b2, b3, alpha, eps, eps_root, mu_dtype),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


class ScaleBySimplifiedAdEMAMixState(NamedTuple):
    """The state of `scale_by_simplified_ademamix`."""

    t: Any  # int32 scalar: the steps made
    m: Params  # the decaying sum of updates
    n: Params  # the average of their squares


@factory
def scale_by_simplified_ademamix(
    b1: float = 0.99,
    b2: float = 0.95,
    alpha: ScalarOrSchedule = 0.0,
    eps: float = 1e-8,
    eps_root: float = 0.0,
) -> GradientTransformation:
    """Scale updates as AdEMAMix does, with one sum of them and the update itself.

        m ← g + b1 m
        n ← (1 − b2) |g|² + b2 n
        u = (m + alpha(t) g) / (√(n / (1 − b2ᵗ) + eps_root) + eps)

    Schedules begin at t = 0.

    Args:
        b1: The share of the sum kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        alpha: The weight of the update itself, a finite number or a schedule.
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Morwani et al., "Connections between Schedule-Free Optimizers, AdEMAMix, and Accelerated
        SGD Variants", 2025, algorithm 2. arXiv:2502.02431

    Example:
        >>> import thalweg as tw
        >>> mixed = tw.optim.contrib.scale_by_simplified_ademamix(alpha=2.0, eps=0.0)
        >>> updates, _ = mixed.update([3.0], mixed.init([0.0]))
        >>> round(updates[0].item(), 12)
        3.0
    """
    DECAY.check(b1=b1, b2=b2)
    FINITE.check(**{} if callable(alpha) else {"alpha": alpha})
    NON_NEGATIVE.check(eps=eps, eps_root=eps_root)

    def init(params: Params) -> ScaleBySimplifiedAdEMAMixState:
        blank = each(zeros_like, params)
        return ScaleBySimplifiedAdEMAMixState(first_count(), blank, blank)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count = safe_increment(state.t)
        corrected = correction(b2, count)

        def step(g: Tensor, m: Tensor, n: Tensor) -> tuple[Tensor, ...]:
            m, n = g + b1 * m, moment(squared_magnitude(g), n, b2)
            mixed = m + _at(alpha, state.t, g) * g
            return mixed / (sqrt(corrected(n) + eps_root) + eps), m, n

        found, m, n = step_each(step, updates, state.m, state.n)
        return found, ScaleBySimplifiedAdEMAMixState(count, m, n)

    return in_single(init, update)


@factory
def simplified_ademamix(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.99,
    b2: float = 0.95,
    alpha: ScalarOrSchedule = 0.0,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """Simplified AdEMAMix: AdamW along a sum of gradients and the gradient itself.

        u = −learning_rate · ((m + alpha g) / (√(n̂ + eps_root) + eps) + weight_decay · p)

    m and n̂ are those of `scale_by_simplified_ademamix`.

    Args:
        learning_rate: A number in [0, ∞) or a schedule; (1 − b1) times Adam's, since m is a sum.
        b1: The share of the sum kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        alpha: The weight of the gradient itself, a finite number or a schedule.
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Morwani et al., "Connections between Schedule-Free Optimizers, AdEMAMix, and Accelerated
        SGD Variants", 2025. arXiv:2502.02431

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.simplified_ademamix(1e-5)
        simplified_ademamix(learning_rate=1e-05)
    """
    return chain(
        scale_by_simplified_ademamix(b1, b2, alpha, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
