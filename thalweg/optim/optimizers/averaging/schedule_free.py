"""Schedule-free optimization: an average of the iterates in place of a decaying rate."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import ones, zeros
from thalweg.ops.elementwise.comparison import equal, logical_or, maximum, where
from thalweg.ops.elementwise.floats import isinf
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.optim.optimizers.adaptive.rmsprop import scale_by_rms
from thalweg.optim.optimizers.gradient.sgd import sgd
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, Range, check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.pieces import warmup_constant_schedule
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    each,
    needed,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.wholes import lowest_dtype, rate_at, scalar

__all__ = [
    "ScheduleFreeState", "schedule_free", "schedule_free_adamw", "schedule_free_eval_params",
    "schedule_free_sgd",
]  # fmt: skip

_PART = Range("(0, 1]", 0.0, math.nextafter(1.0, 2.0), "It is the average's share, as 0.9.")


class ScheduleFreeState(NamedTuple):
    """The state of `schedule_free`."""

    b1: Any  # the share of the average, a scalar
    weight_sum: Any  # the weights of all steps, added up
    step_count: Any  # int32 scalar: the number of the next step, from 1
    max_lr: Any  # the largest learning rate so far
    base_optimizer_state: OptState
    z: Params  # where the base optimizer is


@on_tensors
def schedule_free_eval_params(state: OptState, params: Params) -> Params:
    """Return the average x, at which a loss is to be tested: x = (y − (1 − b1) z) / b1.

    Args:
        state: The state of `schedule_free`.
        params: The parameters y, at which gradients are taken.

    Raises:
        ArgumentError: If the state is another transformation's.

    Example:
        >>> import thalweg as tw
        >>> free = tw.optim.contrib.schedule_free_sgd(0.5)
        >>> state = free.init([4.0])
        >>> updates, state = free.update([2.0], state, [4.0])
        >>> tw.optim.contrib.schedule_free_eval_params(state, [3.0])
        [np.float64(3.0)]
    """
    b1, z = getattr(state, "b1", None), getattr(state, "z", None)
    if b1 is None or z is None:
        raise ArgumentError(
            f"A state of type {type(state).__name__} was given, but schedule_free_eval_params "
            "requires a ScheduleFreeState as input. Give the part of the state that is one."
        )
    share = as_tensor(b1)
    return _average(params, z, share)


def _average(params: Params, z: Params, b1: Any) -> Params:
    return each(lambda y, z: (y - (1.0 - b1) * z) / b1, params, z)


@factory
def schedule_free(
    base_optimizer: GradientTransformation,
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    weight_lr_power: float = 2.0,
    state_dtype: Any = None,
) -> GradientTransformation:
    """Average the iterates of an optimizer, and take gradients between it and the average.

        r ← max(r, learning_rate(t))        w = r ^ weight_lr_power        s ← s + w
        z ← z + the base optimizer's update
        x ← (1 − w / s) x + w / s · z       x = (y − (1 − b1) z) / b1 of the last step
        y ← b1 x + (1 − b1) z

    The parameters are y; test a loss at x, which `schedule_free_eval_params` gives. The base
    optimizer is one without momentum, and has the same learning rate.

    Args:
        base_optimizer: The optimizer of z.
        learning_rate: That of the base optimizer, a number in [0, ∞) or a schedule.
        b1: The share of the average in the parameters, in (0, 1].
        weight_lr_power: How much more steps of larger rates count, a finite number.
        state_dtype: The dtype of z; by default the parameters'.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Defazio et al., "The Road Less Scheduled", 2024, algorithm 1. arXiv:2405.15682

    Example:
        >>> import thalweg as tw
        >>> free = tw.optim.contrib.schedule_free(tw.optim.sgd(0.5), 0.5)
        >>> free.update([2.0], free.init([4.0]), [4.0])[0]
        [np.float64(-1.0)]
    """
    inner = as_transformation(base_optimizer)
    check_learning_rate(learning_rate)
    _PART.check(b1=b1)
    FINITE.check(weight_lr_power=weight_lr_power)

    def init(params: Params) -> ScheduleFreeState:
        dtype = lowest_dtype(params)
        # A copy: where steps are compiled, memory of parameters and state may be handed over.
        z = each(lambda p: astype(clone(p), state_dtype or p.dtype), params)
        none = zeros((), dtype)
        first = ones((), "int32")
        return ScheduleFreeState(scalar(b1, dtype), none, first, none, inner.init(params), z)

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        weights = needed(params, "schedule_free")
        max_lr = as_tensor(state.max_lr)
        max_lr = maximum(max_lr, rate_at(learning_rate, state.step_count, max_lr.dtype))
        weight = max_lr**weight_lr_power
        weight_sum = state.weight_sum + weight
        share = _share(weight, weight_sum)
        moves, inner_state = inner.update(updates, state.base_optimizer_state, params, **extra)
        z = each(lambda z, u: astype(z + u, z.dtype), state.z, moves)

        def moved(y: Tensor, x: Tensor, z: Tensor) -> Tensor:
            return b1 * ((1.0 - share) * x + share * z) + (1.0 - b1) * z - y

        found = each(moved, weights, _average(weights, state.z, b1), z)
        count = safe_increment(state.step_count)
        return found, ScheduleFreeState(state.b1, weight_sum, count, max_lr, inner_state, z)

    return GradientTransformation(init, update)


def _share(weight: Tensor, weight_sum: Tensor) -> Tensor:
    """Return weight / weight_sum; 0 where the sum is 0 or infinite."""
    undefined = logical_or(equal(weight_sum, 0.0), isinf(weight_sum))
    return where(undefined, 0.0, weight / where(undefined, 1.0, weight_sum))


def _warmed_up(learning_rate: Any, warmup_steps: int | None) -> Any:
    if warmup_steps is None:
        return learning_rate
    return warmup_constant_schedule(0.0, learning_rate, warmup_steps)


@factory
def schedule_free_sgd(
    learning_rate: float = 1.0,
    warmup_steps: int | None = None,
    b1: float = 0.9,
    weight_decay: ScalarOrSchedule | None = None,
    weight_lr_power: float = 2.0,
    state_dtype: Any = None,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """Gradient descent whose iterates are averaged, in place of a decaying rate.

        z ← z − learning_rate (g + weight_decay · y),    x and y as in `schedule_free`

    Args:
        learning_rate: A number in [0, ∞).
        warmup_steps: In how many steps the rate rises to it; None for at once.
        b1: The share of the average in the parameters, in (0, 1].
        weight_decay: A finite number or a schedule; None is 0.
        weight_lr_power: How much more steps of larger rates count, a finite number.
        state_dtype: The dtype of z; by default the parameters'.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Defazio et al., "The Road Less Scheduled", 2024, algorithm 1. arXiv:2405.15682

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.schedule_free_sgd(0.5, warmup_steps=100)
        schedule_free_sgd(learning_rate=0.5, warmup_steps=100)
    """
    rate = _warmed_up(learning_rate, warmup_steps)
    inner = sgd(rate)
    if weight_decay is not None:
        inner = chain(add_decayed_weights(weight_decay, mask), inner)
    return schedule_free(inner, rate, b1, weight_lr_power, state_dtype)


@factory
def schedule_free_adamw(
    learning_rate: float = 0.0025,
    warmup_steps: int | None = None,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_lr_power: float = 2.0,
    state_dtype: Any = None,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """AdamW whose iterates are averaged, in place of its first moment and of a decaying rate.

        v ← (1 − b2) g² + b2 v
        z ← z − learning_rate (g / (√(v / (1 − b2ᵗ)) + eps) + weight_decay · y)
        x and y as in `schedule_free`

    Args:
        learning_rate: A number in [0, ∞).
        warmup_steps: In how many steps the rate rises to it; None for at once.
        b1: The share of the average in the parameters, in (0, 1].
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        weight_decay: A finite number or a schedule.
        weight_lr_power: How much more steps of larger rates count, a finite number.
        state_dtype: The dtype of z; by default the parameters'.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Defazio et al., "The Road Less Scheduled", 2024, algorithm 1. arXiv:2405.15682

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.schedule_free_adamw(0.01, b1=0.95)
        schedule_free_adamw(learning_rate=0.01, b1=0.95)
    """
    NON_NEGATIVE.check(eps=eps)
    rate = _warmed_up(learning_rate, warmup_steps)
    inner = chain(
        scale_by_rms(b2, eps, eps_in_sqrt=False, bias_correction=True),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(rate),
    )
    return schedule_free(inner, rate, b1, weight_lr_power, state_dtype)
