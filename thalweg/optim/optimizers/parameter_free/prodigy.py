"""Prodigy: Adam whose learning rate is an estimate of the distance to the solution."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, maximum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import in_single, moment, step_each
from thalweg.optim.ranges import DECAY, FINITE, NON_NEGATIVE, POSITIVE, check_learning_rate
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

__all__ = ["ProdigyState", "prodigy"]


class ProdigyState(NamedTuple):
    """The state of `prodigy`."""

    exp_avg: Params  # the average of scaled updates
    exp_avg_sq: Params  # the average of their squares
    grad_sum: Params  # the decaying sum of weighted updates
    params0: Params  # the first parameters
    estim_lr: Any  # the estimate of the distance
    numerator_weighted: Any  # that of its quotient
    count: Any  # int32 scalar: the steps made


@factory
def prodigy(
    learning_rate: ScalarOrSchedule = 1.0,
    betas: tuple[float, float] = (0.9, 0.999),
    beta3: float | None = None,
    eps: float = 1e-8,
    estim_lr0: float = 1e-6,
    estim_lr_coef: float = 1.0,
    weight_decay: ScalarOrSchedule = 0.0,
    safeguard_warmup: bool = False,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """Prodigy: Adam that estimates its learning rate, the distance to the solution.

        λ = d · learning_rate(t) · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
        m ← (1 − β₁) d g + β₁ m               v ← (1 − β₂) |d g|² + β₂ v
        s ← β₃ s + λ d g / d₀                 (with `safeguard_warmup`: β₃ s + d² g / d₀)
        r ← β₃ r + d λ / d₀ · ⟨g, p₀ − p⟩
        d ← max(d, estim_lr_coef · r / ‖s‖₁)
        u = −λ m / (√v + d eps) − weight_decay · λ p

    While no gradient was seen but 0, d stays.

    Args:
        learning_rate: A multiple of the estimate, a number in [0, ∞) or a schedule; 1 as a rule.
        betas: β₁ and β₂, the shares of the two moments kept each step, in [0, 1).
        beta3: β₃, the share of the sums kept each step, in [0, 1); None for √β₂.
        eps: Added to the denominator, in [0, ∞).
        estim_lr0: d₀, the first estimate, in (0, ∞).
        estim_lr_coef: The estimate's factor, a finite number.
        weight_decay: A finite number or a schedule.
        safeguard_warmup: Whether the sum does not know the learning rate, for long warmups.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Mishchenko & Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner", 2023,
        algorithm 4. arXiv:2306.06101

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.prodigy(betas=(0.9, 0.99))
        prodigy(betas=(0.9, 0.99))
    """
    beta1, beta2 = betas
    beta3 = beta2**0.5 if beta3 is None else beta3
    check_learning_rate(learning_rate)
    DECAY.check(beta1=beta1, beta2=beta2, beta3=beta3)
    NON_NEGATIVE.check(eps=eps)
    POSITIVE.check(estim_lr0=estim_lr0)
    FINITE.check(estim_lr_coef=estim_lr_coef)
    decay = WeightDecay(weight_decay, mask)

    def init(params: Params) -> ProdigyState:
        decay.check(params)
        blank, dtype = each(zeros_like, params), lowest_dtype(params)
        first, none = scalar(estim_lr0, dtype), zeros((), dtype)
        return ProdigyState(blank, blank, blank, params, first, none, first_count())

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "prodigy")
        d, count = as_tensor(state.estim_lr), safe_increment(state.count)
        correction = (1 - beta2**count) ** 0.5 / (1 - beta1**count)
        rate = astype(d * rate_at(learning_rate, state.count, d.dtype) * correction, d.dtype)
        weight = d if safeguard_warmup else rate

        def averaged(g: Tensor, m: Tensor, v: Tensor, s: Tensor) -> tuple[Tensor, ...]:
            scaled = d * g
            m, v = moment(scaled, m, beta1), moment(squared_magnitude(scaled), v, beta2)
            return scaled, m, v, beta3 * s + weight * scaled / estim_lr0

        _, m, v, s = step_each(averaged, updates, state.exp_avg, state.exp_avg_sq, state.grad_sum)
        towards = inner_product(updates, each(lambda p0, p: p0 - p, state.params0, weights))
        numerator = beta3 * state.numerator_weighted + d / estim_lr0 * rate * towards
        numerator = astype(numerator, d.dtype)
        d = maximum(d, estim_lr_coef * over(numerator, astype(sum_of_sizes(s), d.dtype)))

        def step(m: Tensor, v: Tensor, lost: Tensor) -> Tensor:
            return -rate * lost - rate * m / (sqrt(v) + d * eps)

        found = each(step, m, v, decay.of(weights, state.count))
        return found, ProdigyState(m, v, s, state.params0, d, numerator, count)

    return in_single(init, update)


def over(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Return a quotient; 0 where the denominator is, as while no gradient was seen."""
    nothing = equal(denominator, 0.0)
    return where(nothing, 0.0 * numerator, numerator / where(nothing, 1.0, denominator))
