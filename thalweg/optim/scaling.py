"""Updates made larger or smaller: scaled, clipped, and weights decayed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from thalweg import tree
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.arithmetic import add, sqrt
from thalweg.ops.elementwise.comparison import less, maximum, minimum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import admitted, without
from thalweg.ops.reduce.sums import mean
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.masking import chosen_among, masked, resolved
from thalweg.optim.moments import widen
from thalweg.optim.ranges import FINITE, NON_NEGATIVE, POSITIVE, check_learning_rate
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    identity,
    needed,
    safe_increment,
    stateless,
)
from thalweg.optim.tree_utils.states import ParamsPlaceholder

if TYPE_CHECKING:
    from thalweg.optim.schedules.schedule import ScalarOrSchedule

__all__ = [
    "AddDecayedWeightsState", "ScaleByScheduleState", "ScaleState", "WeightDecaySchedule",
    "add_decayed_weights", "clip", "clip_by_block_rms", "clip_by_global_norm", "global_norm",
    "scale", "scale_by_learning_rate", "scale_by_schedule",
]  # fmt: skip

ScaleState = EmptyState

AddDecayedWeightsState = EmptyState


@factory
def scale(step_size: float) -> GradientTransformation:
    """Multiply updates by a number.

        u = step_size · g

    Args:
        step_size: Any finite number.

    Raises:
        ArgumentError: If it is not finite.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.scale(-0.5).update([2.0], tw.optim.EmptyState())
        ([np.float64(-1.0)], EmptyState())
    """
    FINITE.check(step_size=step_size)
    return stateless(lambda updates, params: each(lambda g: step_size * g, updates))


class ScaleByScheduleState(NamedTuple):
    """The state of `scale_by_schedule`."""

    count: Any  # int32 scalar: the steps made


@factory
def scale_by_schedule(step_size_fn: ScalarOrSchedule) -> GradientTransformation:
    """Multiply updates by a function of the step.

        u = step_size_fn(t) · g,    t = 0, 1, 2, …

    Args:
        step_size_fn: A schedule, or any function of the step.

    Example:
        >>> import thalweg as tw
        >>> halving = tw.optim.scale_by_schedule(lambda step: 0.5**step)
        >>> state = halving.init([0.0])
        >>> updates, state = halving.update([8.0], state)
        >>> halving.update(updates, state)
        ([np.float64(4.0)], ScaleByScheduleState(count=np.int32(2)))
    """

    def scaled(updates: Updates, params: Params, step_size: Callable[[Tensor], Tensor]) -> Updates:
        return each(lambda g: step_size(g) * g, updates)

    return scheduled(ScaleByScheduleState, step_size_fn, scaled)


def scheduled(kind: Any, schedule: Any, change: Callable[..., Updates]) -> GradientTransformation:
    """Return a transformation by the values of a schedule, whose state counts the steps.

    Args:
        kind: The class of the state, of one field `count`.
        schedule: A function of the count.
        change: Called with updates, parameters, and a function that returns the schedule's value
            in the dtype of a leaf.
    """

    def init(params: Params) -> OptState:
        return kind(first_count())

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        value = at_step(schedule, state.count)
        changed = change(updates, params, lambda leaf: astype(value, leaf.dtype))
        return changed, kind(safe_increment(state.count))

    return GradientTransformation(init, update)


def at_step(schedule: Any, count: Any) -> Tensor:
    """Return the value of a schedule at a count."""
    return as_tensor(admitted(schedule(without(count))))


@factory
def scale_by_learning_rate(
    learning_rate: ScalarOrSchedule | None = None, *, flip_sign: bool = True
) -> GradientTransformation:
    """Multiply updates by the negative learning rate: from ascent to descent.

        u = −learning_rate(t) · g

    Args:
        learning_rate: A number in [0, ∞) or a schedule; None leaves updates as they are.
        flip_sign: Whether to negate.

    Raises:
        ArgumentError: If the learning rate is negative, infinite or NaN.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.scale_by_learning_rate(0.5).update([2.0], tw.optim.EmptyState())
        ([np.float64(-1.0)], EmptyState())
    """
    if learning_rate is None:
        return identity()
    check_learning_rate(learning_rate)
    direction = -1 if flip_sign else 1
    if callable(learning_rate):
        return scale_by_schedule(lambda count: direction * at_step(learning_rate, count))
    return scale(direction * learning_rate)


@on_tensors
def global_norm(updates: Updates) -> Tensor:
    """Return the Euclidean norm of all leaves together: √(Σ g²).

    Example:
        >>> import thalweg as tw
        >>> from thalweg.optim.scaling import global_norm
        >>> global_norm({"w": tw.Tensor([3.0, 0.0]), "b": tw.Tensor(4.0)})
        tensor(5.)
    """
    return sqrt(squared_norm(updates))


def squared_norm(updates: Updates) -> Any:
    """Return the sum of the squares of all leaves together, of float16 in float32."""
    leaves = tree.leaves(widen(updates))
    squares = [total(squared_magnitude(asarray(leaf))) for leaf in leaves]
    return functools.reduce(add, squares) if squares else 0.0


@factory
def clip(max_delta: float) -> GradientTransformation:
    """Clip every element of the updates to [−max_delta, max_delta].

        u = min(max(g, −max_delta), max_delta)

    Args:
        max_delta: The largest size an element may have, in [0, ∞).

    Raises:
        ArgumentError: If it is negative, infinite or NaN.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.clip(1.0).update([-3.0, 0.5], tw.optim.EmptyState())
        ([np.float64(-1.0), np.float64(0.5)], EmptyState())
    """
    NON_NEGATIVE.check(max_delta=max_delta)
    return stateless(
        lambda updates, params: each(lambda g: minimum(maximum(g, -max_delta), max_delta), updates)
    )


@factory
def clip_by_global_norm(max_norm: float) -> GradientTransformation:
    """Shrink updates so that their global norm is at most a maximum.

        u = g · min(1, max_norm / ‖g‖),    ‖g‖ over all leaves together

    Args:
        max_norm: The largest norm, in (0, ∞).

    Raises:
        ArgumentError: If it is not positive, infinite or NaN.

    Source:
        Pascanu et al., "On the difficulty of training Recurrent Neural Networks", 2013,
        algorithm 1. arXiv:1211.5063

    Example:
        >>> import thalweg as tw
        >>> tw.optim.clip_by_global_norm(1.0).update(tw.Tensor([3.0, 4.0]), tw.optim.EmptyState())
        (tensor([0.6000, 0.8000]), EmptyState())
    """
    POSITIVE.check(max_norm=max_norm)

    def clipped(updates: Updates, params: Any) -> Updates:
        norm = global_norm(updates)
        # One factor for all elements; a norm that is not finite makes it 0 or NaN, never 1.
        factor = where(less(norm, max_norm), 1.0, max_norm / norm)
        return each(lambda g: g * astype(factor, g.dtype), updates)

    return stateless(clipped)


@factory
def clip_by_block_rms(threshold: float) -> GradientTransformation:
    """Shrink each leaf so that its root mean square is at most a threshold.

        u = g / max(1, RMS(g) / threshold),    RMS(g) = √(mean(g²)) of each leaf

    Args:
        threshold: The largest root mean square, in (0, ∞).

    Raises:
        ArgumentError: If it is not positive, infinite or NaN.

    Source:
        Shazeer & Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018,
        section 6. arXiv:1804.04235

    Example:
        >>> import thalweg as tw
        >>> tw.optim.clip_by_block_rms(1.0).update(tw.Tensor([2.0, -2.0]), tw.optim.EmptyState())
        (tensor([ 1., -1.]), EmptyState())
    """
    POSITIVE.check(threshold=threshold)

    def clipped(g: Tensor) -> Tensor:
        return g / maximum(sqrt(mean(squared_magnitude(g))) / threshold, 1.0)

    return stateless(lambda updates, params: each(clipped, updates))


class WeightDecaySchedule(NamedTuple):
    """The state of `add_decayed_weights` with a schedule."""

    count: Any  # int32 scalar: the steps made


@factory
def add_decayed_weights(
    weight_decay: ScalarOrSchedule = 0.0, mask: Any = None
) -> GradientTransformation:
    """Add parameters times a number to the updates.

        u = g + weight_decay(t) · p

    Args:
        weight_decay: A finite number or a schedule.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If the number is not finite; by `update`, if it gets no parameters.

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> decay = tw.optim.add_decayed_weights(0.1)
        >>> decay.update([1.0], decay.init([20.0]), [20.0])
        ([np.float64(3.0)], EmptyState())
    """
    _check_decay(weight_decay)

    def decayed(updates: Updates, params: Params, decay: Callable[[Tensor], Any]) -> Updates:
        weights = needed(params, "add_decayed_weights")
        return each(lambda g, p: g + decay(p) * p, updates, weights)

    if callable(weight_decay):
        decaying = scheduled(WeightDecaySchedule, weight_decay, decayed)
    else:
        decaying = stateless(
            lambda updates, params: decayed(updates, params, lambda p: weight_decay)
        )
    return decaying if mask is None else masked(decaying, mask)


def _check_decay(weight_decay: Any) -> None:
    if not callable(weight_decay):
        FINITE.check("Give a finite number or a schedule.", weight_decay=weight_decay)


class WeightDecay:
    """What weights lose, for optimizers whose own formula has it.

    Args:
        weight_decay: A finite number or a schedule.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If the number is not finite.
    """

    def __init__(self, weight_decay: ScalarOrSchedule, mask: Any) -> None:
        _check_decay(weight_decay)
        self._decay, self._mask = weight_decay, mask

    def check(self, params: Params) -> None:
        """Accept parameters that the mask fits.

        Raises:
            ArgumentError: If it is a pattern that matches none of them.
            ShapeError: If it is a tree of another structure.
        """
        if self._mask is not None and not isinstance(params, ParamsPlaceholder):
            tree.map(lambda kept, leaves: None, resolved(self._mask, params), params)

    def at(self, count: Any) -> Any:
        """Return the number at a count of steps."""
        return at_step(self._decay, count) if callable(self._decay) else self._decay

    def weights(self, params: Params, others: Any = 0.0) -> Params:
        """Return parameters, the ones that do not decay times another number."""
        if self._mask is None:
            return params
        return tree.map(
            lambda kept, leaves: leaves if kept else each(lambda p: others * p, leaves),
            chosen_among(self._mask, params),
            params,
        )

    def of(self, params: Params, count: Any) -> Params:
        """Return weight_decay(t) · p, and zeros where weights do not decay."""
        if not callable(self._decay):
            return each(lambda p: self._decay * p, self.weights(params))
        value = at_step(self._decay, count)
        return each(lambda p: astype(value, p.dtype) * p, self.weights(params))
