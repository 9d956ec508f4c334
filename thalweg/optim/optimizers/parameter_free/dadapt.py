"""D-Adaptation: a learning rate from the distance that the gradients so far bear witness of."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import maximum
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import in_single, moment, step_each
from thalweg.optim.optimizers.parameter_free.prodigy import over
from thalweg.optim.ranges import DECAY, NON_NEGATIVE, POSITIVE, check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import WeightDecay
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    needed,
    safe_increment,
)
from thalweg.optim.wholes import inner_product, lowest_dtype, rate_at, scalar, sum_of_sizes

__all__ = ["DAdaptAdamWState", "dadapt_adamw"]


class DAdaptAdamWState(NamedTuple):
    """The state of `dadapt_adamw`."""

    exp_avg: Params  # the average of weighted updates
    exp_avg_sq: Params  # the average of squared updates
    grad_sum: Params  # another, slower average of weighted updates
    estim_lr: Any  # the estimate of the distance
    numerator_weighted: Any  # that of its quotient
    count: Any  # int32 scalar: the steps made


@factory
def dadapt_adamw(
    learning_rate: ScalarOrSchedule = 1.0,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    estim_lr0: float = 1e-6,
    weight_decay: ScalarOrSchedule = 0.0,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """AdamW by D-Adaptation: its learning rate is an estimate of the distance to the solution.

        λ = d · learning_rate(t) · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
        r ← (1 − √β₂) λ ⟨g, s / (√v + eps)⟩ + √β₂ r
        m ← (1 − β₁) λ g + β₁ m               v ← (1 − β₂) |g|² + β₂ v
        s ← (1 − √β₂) λ g + √β₂ s
        d ← max(d, r / ((1 − √β₂) ‖s‖₁))
        u = −m / (√v + eps) − weight_decay · λ p

    Args:
        learning_rate: A multiple of the estimate, a number in [0, ∞) or a schedule; 1 as a rule.
        betas: β₁ and β₂, the shares of the two moments kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        estim_lr0: The first estimate, in (0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Defazio & Mishchenko, "Learning-Rate-Free Learning by D-Adaptation", 2023, algorithm 5.
        arXiv:2301.07733

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.dadapt_adamw(weight_decay=0.01)
        dadapt_adamw(weight_decay=0.01)
    """
    beta1, beta2 = betas
    check_learning_rate(learning_rate)
    DECAY.check(beta1=beta1, beta2=beta2)
    NON_NEGATIVE.check(eps=eps)
    POSITIVE.check(estim_lr0=estim_lr0)
    decay = WeightDecay(weight_decay, mask)
    slow = beta2**0.5

    def init(params: Params) -> DAdaptAdamWState:
        decay.check(params)
        blank, dtype = each(zeros_like, params), lowest_dtype(params)
        first, none = scalar(estim_lr0, dtype), zeros((), dtype)
        return DAdaptAdamWState(blank, blank, blank, first, none, first_count())

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "dadapt_adamw")
        d, count = as_tensor(state.estim_lr), safe_increment(state.count)
        correction = (1 - beta2**count) ** 0.5 / (1 - beta1**count)
        rate = astype(d * rate_at(learning_rate, state.count, d.dtype) * correction, d.dtype)

        def averaged(g: Tensor, m: Tensor, v: Tensor, s: Tensor) -> tuple[Tensor, ...]:
            scaled = s / (sqrt(v) + eps)
            m, s = moment(rate * g, m, beta1), moment(rate * g, s, slow)
            return scaled, m, moment(squared_magnitude(g), v, beta2), s

        scaled, m, v, s = step_each(
            averaged, updates, state.exp_avg, state.exp_avg_sq, state.grad_sum
        )
        along = inner_product(updates, scaled)
        numerator = astype(moment(rate * along, state.numerator_weighted, slow), d.dtype)
        d = maximum(d, over(numerator, astype((1 - slow) * sum_of_sizes(s), d.dtype)))

        def step(m: Tensor, v: Tensor, lost: Tensor) -> Tensor:
            return -rate * lost - m / (sqrt(v) + eps)

        found = each(step, m, v, decay.of(weights, state.count))
        return found, DAdaptAdamWState(m, v, s, d, numerator, count)

    return in_single(init, update)
