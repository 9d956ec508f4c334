"""MoMo: momentum whose step is as long as a model of the loss allows."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.creation.creation import zeros, zeros_like
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, less, less_equal, maximum, minimum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import moment, step_each
from thalweg.optim.ranges import DECAY, FINITE, NON_NEGATIVE, check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import WeightDecay
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    cast_like,
    each,
    first_count,
    needed,
    safe_increment,
)
from thalweg.optim.wholes import inner_product, loss_given, lowest_dtype, rate_at, scalar

__all__ = ["MomoAdamState", "MomoState", "momo", "momo_adam"]

_SMALLEST = 2.0**-52


class MomoState(NamedTuple):
    """The state of `momo`."""

    exp_avg: Params  # the average of updates
    barf: Any  # the average of losses
    gamma: Any  # the average of ⟨g, p⟩
    lb: Any  # the lower bound of the loss
    count: Any  # int32 scalar: the steps made


class MomoAdamState(NamedTuple):
    """The state of `momo_adam`."""

    exp_avg: Params  # the average of updates
    exp_avg_sq: Params  # the average of their squares
    barf: Any  # the average of losses
    gamma: Any  # the average of ⟨g, p⟩
    lb: Any  # the lower bound of the loss
    count: Any  # int32 scalar: the steps made


class _Model(NamedTuple):
    """A model of the loss around the parameters, by averages."""

    loss: Tensor  # f̄
    gamma: Tensor
    along: tuple[Tensor, Tensor]  # ⟨m, p⟩; and with what does not decay c times
    squares: tuple[Tensor, Tensor]  # the squared norm of m; and with what does not decay c times
    corrected: Any  # what averages are divided by
    growth: Tensor  # c = 1 + learning_rate · weight_decay

    def bounded(self, bound: Tensor, lower_bound: Any) -> Tensor:
        """Return the bound, lowered where the model goes below it."""
        cap = self.growth * (self.loss - self.gamma) + self.along[1]
        below = less(cap, self.growth * self.corrected * bound)
        lowered = maximum(cap / (2 * self.corrected * self.growth), lower_bound)
        return where(below, lowered, bound)

    def step(self, bound: Tensor, most: Tensor) -> Tensor:
        """Return the length of the step."""
        gap = self.growth * (self.loss - self.corrected * bound - self.gamma) + self.along[1]
        flat = less_equal(self.squares[1], _SMALLEST)
        length = maximum(gap, 0.0) / where(flat, 1.0, self.squares[1])
        return minimum(most, where(flat, 0.0, length))

    def next_bound(self, step: Tensor, lower_bound: Any) -> Tensor:
        """Return the bound after a step."""
        found = self.loss + self.along[0] - self.gamma - 0.5 * step * self.squares[0]
        return maximum(found / self.corrected, lower_bound)


def _products(m: Params, x: Params, decay: WeightDecay, growth: Tensor) -> tuple[Tensor, Tensor]:
    """Return ⟨m, x⟩, and with what does not decay c times."""
    plain = scalar(inner_product(m, x), growth.dtype)
    heavier = decay.weights(x, growth)
    return plain, plain if heavier is x else scalar(inner_product(m, heavier), growth.dtype)


def _check(learning_rate: Any, lower_bound: Any, weight_decay: Any, **decays: Any) -> None:
    check_learning_rate(learning_rate)
    FINITE.check(lower_bound=lower_bound)
    if not callable(weight_decay):
        NON_NEGATIVE.check(weight_decay=weight_decay)
    DECAY.check(**decays)


@factory
def momo(
    learning_rate: ScalarOrSchedule = 1.0,
    beta: float = 0.9,
    lower_bound: float = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    adapt_lower_bound: bool = False,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """MoMo: momentum by steps after which a model of the loss is at its lower bound.

        m ← (1 − β) g + β m             f̄ ← (1 − β) value + β f̄        β = 0 in the first step
        γ ← (1 − β) ⟨g, p⟩ + β γ        c = 1 + learning_rate · weight_decay
        τ = min(learning_rate, max(c (f̄ − lb − γ) + ⟨m, p⟩, 0) / ‖m‖²)
        u = −(c − 1) / c · p − τ m

    With `adapt_lower_bound`, lb follows the model: before the step it is halved where the model
    is below it, after it is max(f̄ + ⟨m, p⟩ − γ − ½ τ ‖m‖², lower_bound).

    `update` wants the extra argument `value`, the loss, which `fit` gives.

    Args:
        learning_rate: The largest step, a number in [0, ∞) or a schedule.
        beta: β, the share of the averages kept each step, in [0, 1).
        lower_bound: A lower bound of the loss, a finite number.
        weight_decay: A number in [0, ∞) or a schedule.
        adapt_lower_bound: Whether the bound is estimated too.
        mask: A mask as for `masked`, True where weights decay; None for all. What does not decay
            counts c times in ⟨m, p⟩ and in the squared norm, as its own c is 1; the other c is
            then a common factor.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.
        CallError: By `update`, if it gets no `value`.

    Source:
        Schaipp et al., "MoMo: Momentum Models for Adaptive Learning Rates", 2023, algorithms 1
        and 3. arXiv:2305.07583

    Example:
        >>> import thalweg as tw
        >>> momo = tw.optim.contrib.momo()
        >>> momo.update([4.0], momo.init([1.0]), [1.0], value=8.0)[0]
        [np.float64(-2.0)]
    """
    _check(learning_rate, lower_bound, weight_decay, beta=beta)
    decay = WeightDecay(weight_decay, mask)

    def init(params: Params) -> MomoState:
        decay.check(params)
        dtype = lowest_dtype(params)
        none, bound = zeros((), dtype), scalar(lower_bound, dtype)
        return MomoState(each(zeros_like, params), none, none, bound, first_count())

    def update(
        updates: Updates, state: OptState, params: Params = None, *, value: Any = None
    ) -> Step:
        here, loss = needed(params, "momo"), loss_given(value, "momo")
        bound = as_tensor(state.lb)
        dtype = bound.dtype
        share = scalar(where(equal(state.count, 0), 0.0, beta), dtype)
        m = each(lambda g, m: moment(g, m, share), updates, state.exp_avg)
        rate = rate_at(learning_rate, state.count, dtype)
        shrinking = rate * scalar(decay.at(state.count), dtype)
        growth = 1 + shrinking
        model = _Model(
            moment(scalar(loss, dtype), as_tensor(state.barf), share),
            moment(scalar(inner_product(updates, here), dtype), as_tensor(state.gamma), share),
            _products(m, here, decay, growth),
            _products(m, m, decay, growth),
            1,
            growth,
        )
        bound = model.bounded(bound, lower_bound) if adapt_lower_bound else bound
        length = model.step(bound, rate)
        shrunk = shrinking / growth
        found = each(lambda m, p: -shrunk * p - length * m, m, decay.weights(here))
        after = model.next_bound(length, lower_bound) if adapt_lower_bound else state.lb
        count = safe_increment(state.count)
        kept = cast_like(m, state.exp_avg)
        return found, MomoState(kept, model.loss, model.gamma, after, count)

    return GradientTransformation(init, update)


@factory
def momo_adam(
    learning_rate: ScalarOrSchedule = 1e-2,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    lower_bound: float = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    adapt_lower_bound: bool = False,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """MoMo-Adam: Adam by steps after which a model of the loss is at its lower bound.

        m ← (1 − b1) g + b1 m           v ← (1 − b2) |g|² + b2 v        D = √(v / (1 − b2ᵗ)) + eps
        f̄ ← (1 − b1) value + b1 f̄       γ ← (1 − b1) ⟨g, p⟩ + b1 γ      ρ = 1 − b1ᵗ
        c = 1 + learning_rate · weight_decay
        τ = min(learning_rate / ρ, max(c (f̄ − ρ lb − γ) + ⟨m, p⟩, 0) / ⟨m, m / D⟩)
        u = −(c − 1) / c · p − τ m / D

    With `adapt_lower_bound`, lb follows the model as in `momo`. `update` wants the extra argument
    `value`, the loss, which `fit` gives.

    Args:
        learning_rate: The largest step, a number in [0, ∞) or a schedule.
        b1: The share of the averages kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        lower_bound: A lower bound of the loss, a finite number.
        weight_decay: A number in [0, ∞) or a schedule.
        adapt_lower_bound: Whether the bound is estimated too.
        mask: A mask as for `masked`, True where weights decay; None for all. What does not decay
            counts c times in ⟨m, p⟩ and in the squared norm, as its own c is 1; the other c is
            then a common factor.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.
        CallError: By `update`, if it gets no `value`.

    Source:
        Schaipp et al., "MoMo: Momentum Models for Adaptive Learning Rates", 2023, algorithms 2
        and 3. arXiv:2305.07583

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.momo_adam(0.1)
        momo_adam(learning_rate=0.1)
    """
    _check(learning_rate, lower_bound, weight_decay, b1=b1, b2=b2)
    decay = WeightDecay(weight_decay, mask)
    NON_NEGATIVE.check(eps=eps)

    def init(params: Params) -> MomoAdamState:
        decay.check(params)
        dtype = lowest_dtype(params)
        blank, none, bound = each(zeros_like, params), zeros((), dtype), scalar(lower_bound, dtype)
        return MomoAdamState(blank, blank, none, none, bound, first_count())

    def update(
        updates: Updates, state: OptState, params: Params = None, *, value: Any = None
    ) -> Step:
        here, loss = needed(params, "momo_adam"), loss_given(value, "momo_adam")
        bound, count = as_tensor(state.lb), safe_increment(state.count)
        dtype = bound.dtype
        corrected, second = scalar(1 - b1**count, dtype), scalar(1 - b2**count, dtype)

        def averaged(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, b1), moment(squared_magnitude(g), v, b2)
            return m / (eps + sqrt(v / second)), m, v

        scaled, m, v = step_each(averaged, updates, state.exp_avg, state.exp_avg_sq)
        rate = rate_at(learning_rate, state.count, dtype)
        shrinking = rate * scalar(decay.at(state.count), dtype)
        growth = 1 + shrinking
        model = _Model(
            moment(scalar(loss, dtype), as_tensor(state.barf), b1),
            moment(scalar(inner_product(updates, here), dtype), as_tensor(state.gamma), b1),
            _products(m, here, decay, growth),
            _products(m, scaled, decay, growth),
            corrected,
            growth,
        )
        bound = model.bounded(bound, lower_bound) if adapt_lower_bound else bound
        length = model.step(bound, rate / corrected)
        shrunk = shrinking / growth
        found = each(lambda s, p: -shrunk * p - length * s, scaled, decay.weights(here))
        after = model.next_bound(length, lower_bound) if adapt_lower_bound else state.lb
        return found, MomoAdamState(m, v, model.loss, model.gamma, after, count)

    return GradientTransformation(init, update)
