"""Mechanic: a tuner of the learning rate around any optimizer."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.spec import FLOAT32
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray, zeros
from thalweg.ops.elementwise.arithmetic import absolute, negative, sqrt, square
from thalweg.ops.elementwise.comparison import equal, maximum, minimum
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import WeightDecay
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    cast_like,
    each,
    first_count,
    needed,
    safe_increment,
)
from thalweg.optim.wholes import either, inner_product, lowest_dtype, scalar, sum_of_squares

__all__ = ["MechanicState", "mechanize"]


class MechanicState(NamedTuple):
    """The state of `mechanize`."""

    base_optimizer_state: OptState
    count: Any  # int32 scalar: the steps made
    r: Any  # what each tuner won
    m: Any  # the largest of what each saw, decaying
    v: Any  # the sum of its squares, decaying
    s: Any  # the share of the rate that each gives
    x0: Params  # the first parameters


@factory
def mechanize(
    base_optimizer: GradientTransformation,
    weight_decay: ScalarOrSchedule = 1e-2,
    eps: float = 1e-8,
    s_init: float = 1e-6,
    num_betas: int = 6,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """Scale the way that an optimizer went by a factor that several tuners learn.

        g ← g + weight_decay · σ ‖g‖ / (‖p‖ + eps) · p        σ = Σ s
        Δ = (p₀ − p) / (σ + eps)                h = ⟨g, Δ⟩
        h̄ = min(max(h, −m), m)                  of each tuner, β = 1 − 0.1ⁱ, i = 1 … num_betas
        m ← max(β m, |h| + eps)                 v ← β² v + h²
        r ← β r + h̄ s
        s ← (s_init / num_betas · m + max(r, 0)) / (√v + eps)
        u = p₀ − Σ s · (Δ − the base optimizer's update) − p

    Args:
        base_optimizer: The optimizer whose way is scaled; its learning rate's schedule remains.
        weight_decay: A finite number or a schedule.
        eps: Added to denominators, in [0, ∞).
        s_init: The first factor, in (0, ∞).
        num_betas: The number of tuners, in [1, ∞).
        mask: A mask as for `masked`, True where weights decay; None for all. The norm ‖p‖ is that
            of all parameters.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Cutkosky et al., "Mechanic: A Learning Rate Tuner", 2023, algorithm 1. arXiv:2306.00144

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.mechanize(tw.optim.sgd(1.0), num_betas=3)
        mechanize(base_optimizer=sgd(learning_rate=1.0), num_betas=3)
    """
    inner = as_transformation(base_optimizer)
    decay = WeightDecay(weight_decay, mask)
    NON_NEGATIVE.check(eps=eps)
    POSITIVE.check(s_init=s_init)
    if num_betas < 1:
        raise ArgumentError(
            f"mechanize got num_betas={num_betas!r}; it wants a whole number of tuners in [1, ∞). "
            "Give 6."
        )

    def init(params: Params) -> MechanicState:
        decay.check(params)
        dtype = lowest_dtype(params)
        # In float16 the first factor and eps are next to nothing.
        none = zeros((num_betas,), FLOAT32 if dtype.itemsize < 4 else dtype)
        first = astype(none + s_init, none.dtype)
        state = inner.init(params)
        return MechanicState(state, first_count(), none, none, none, first, params)

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        weights = needed(params, "mechanize")
        moves, inner_state = inner.update(updates, state.base_optimizer_state, weights, **extra)
        start = either(equal(state.count, 0), weights, state.x0)
        s = as_tensor(state.s)
        whole = total(s)
        norm = scalar(sqrt(sum_of_squares(updates)), s.dtype)
        size = scalar(sqrt(sum_of_squares(weights)), s.dtype)
        ratio = whole * norm / (size + eps)
        lost = decay.of(weights, state.count)
        decayed = each(lambda g, p: g + ratio * p, updates, lost)
        before = each(lambda p, p0: (p0 - p) / (whole + eps), weights, start)
        h = scalar(inner_product(decayed, before), s.dtype)
        r, m, v, s = tuned(h, as_tensor(state.r), as_tensor(state.m), as_tensor(state.v), s)
        rate = total(s)
        found = each(lambda p0, d, u, p: p0 - rate * (d - u) - p, start, before, moves, weights)
        count = safe_increment(state.count)
        return cast_like(found, updates), MechanicState(inner_state, count, r, m, v, s, start)

    def tuned(h: Tensor, r: Tensor, m: Tensor, v: Tensor, s: Tensor) -> tuple[Tensor, ...]:
        betas = asarray([1.0 - 0.1**i for i in range(1, num_betas + 1)], dtype=s.dtype)
        clipped = minimum(maximum(h, negative(m)), m)
        m = maximum(betas * m, absolute(h) + eps)
        v = square(betas) * v + square(h)
        r = betas * r + clipped * s
        wealth = s_init / num_betas * m + maximum(r, 0.0)
        return r, m, v, wealth / (sqrt(v) + eps)

    return GradientTransformation(init, update)
