"""Gradients of single examples, aggregated to those of a batch, and what is learned on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.arithmetic import square
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.reduce.sums import mean
from thalweg.ops.reduce.sums import sum as total
from thalweg.ops.shape.reshape import squeeze
from thalweg.optim.moments import moment
from thalweg.optim.ranges import DECAY
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
    each,
    first_count,
    identity,
    init_empty_state,
    safe_increment,
)
from thalweg.optim.transforms.chains import chain
from thalweg.optim.tree_utils.states import tree_get
from thalweg.optim.wholes import either
from thalweg.tree import Tree

__all__ = [
    "AccumulateAvgUpdatesState", "AggregatedUpdates", "Aggregator", "AggregatorUpdateFn",
    "MaybeAxis",
    "PerElementMeanAndSumSqDiffGradsState", "PerElementMeanAndVarianceEMAState",
    "PerElementUpdates", "accumulate_avg_updates", "add_mean_variance_to_opt",
    "average_incrementally_updates", "average_per_element_updates",
    "get_batch_size_from_per_elt_updates", "get_per_element_mean_and_sum_sq_diff_grads",
    "get_unbiased_mean_and_variance_ema", "process",
    "track_per_element_mean_and_variance_with_ema",
]  # fmt: skip

PerElementUpdates = Tree

AggregatedUpdates = Tree

Axes = int | Sequence[int]

MaybeAxis = Axes | None


class AggregatorUpdateFn(Protocol):
    """A function from the updates of single examples to those of the batch."""

    def __call__(
        self,
        per_elt_updates: PerElementUpdates,
        state: OptState,
        params: Params | None = None,
        **extra_args: Any,
    ) -> tuple[AggregatedUpdates, OptState]:
        """Return the batch's updates and the new state."""


class Aggregator(GradientTransformation):
    """A transformation that takes updates of single examples and returns those of the batch.

    Args:
        init: Maps parameters to the initial state.
        update: Maps `(per_elt_updates, state, params=None, **extra_args)` to the batch's updates
            and the new state.
    """

    __slots__ = ()


@factory
def process(
    preprocessor: GradientTransformation,
    aggregator: GradientTransformation,
    postprocessor: GradientTransformation,
    aggregator_has_aux: bool = False,
) -> GradientTransformation:
    """Transform the updates of single examples, aggregate them, and transform those of the batch.

    Where the aggregator's state has a field `ready`, the last transformation waits for it: until
    then updates are zero and its state stays.

    Args:
        preprocessor: The transformation of the examples' updates.
        aggregator: What makes the batch's updates of them.
        postprocessor: The transformation of the batch's updates, such as an optimizer.
        aggregator_has_aux: Whether the aggregator returns (updates, dict); the dict's entries are
            extra arguments of the last transformation.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> from thalweg.optim.experimental.aggregating import average_per_element_updates, process
        >>> optimizer = process(
        ...     tw.optim.clip(1.0), average_per_element_updates(), tw.optim.sgd(1.0)
        ... )
        >>> optimizer.update(np.array([5.0, 0.5]), optimizer.init(0.0))[0]
        np.float64(-0.75)
    """
    links = tuple(as_transformation(link) for link in (preprocessor, aggregator, postprocessor))
    before, joined, after = links

    def init(params: Params) -> OptState:
        return tuple(link.init(params) for link in links)

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        found, first = before.update(updates, state[0], params, **extra)
        aggregated, second = joined.update(found, state[1], params, **extra)
        if aggregator_has_aux:
            aggregated, further = aggregated
            extra = extra | further
        moved, third = after.update(aggregated, state[2], params, **extra)
        ready = tree_get(second, "ready", True)
        if ready is not True:
            moved = either(ready, moved, each(zeros_like, moved))
            third = either(ready, third, state[2])
        return moved, (first, second, third)

    kind = Aggregator if isinstance(aggregator, Aggregator) else GradientTransformation
    return kind(init, update)


# ---- means


def _axes(per_elt_axis: Axes) -> Any:
    return per_elt_axis if isinstance(per_elt_axis, int) else tuple(per_elt_axis)


@factory
def average_per_element_updates(per_elt_axis: Any = 0) -> GradientTransformation:
    """Return the mean of the examples' updates.

    Args:
        per_elt_axis: The axis that counts the examples, or several.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> mean = tw.optim.experimental.aggregating.average_per_element_updates()
        >>> mean.update(np.array([1.0, 2.0]), mean.init(0.0))[0]
        np.float64(1.5)
    """
    axes = _axes(per_elt_axis)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        return each(lambda g: mean(g, axis=axes), updates), state

    return Aggregator(init_empty_state, update)


class AccumulateAvgUpdatesState(NamedTuple):
    """The state of `accumulate_avg_updates`."""

    micro_step: Any  # int32 scalar: the batches since the last mean
    ready: Any  # bool scalar: whether the last updates were a mean
    avg_grad: Updates  # the mean of the batches' updates so far


def _check_steps(accumulation_steps: int) -> None:
    if accumulation_steps < 1:
        raise ArgumentError(
            f"accumulation_steps={accumulation_steps!r} was given; accumulation_steps must be "
            "larger than or equal to 1. Give the number of batches."
        )


@factory
def accumulate_avg_updates(accumulation_steps: int) -> GradientTransformation:
    """Return the mean of the updates of several batches with the last one of them, else zeros.

    Args:
        accumulation_steps: The number of batches, in [1, ∞).

    Raises:
        ArgumentError: If it is less than 1.

    Example:
        >>> import thalweg as tw
        >>> mean = tw.optim.experimental.aggregating.accumulate_avg_updates(2)
        >>> updates, state = mean.update([1.0], mean.init([0.0]))
        >>> updates, mean.update([3.0], state)[0]
        ([np.float64(0.0)], [np.float64(2.0)])
    """
    _check_steps(accumulation_steps)
    if accumulation_steps == 1:
        return identity()

    def init(params: Params) -> AccumulateAvgUpdatesState:
        zeros = each(zeros_like, params)
        return AccumulateAvgUpdatesState(first_count(), asarray(False), zeros)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        count = state.micro_step + 1
        sums = each(lambda g, a: a + (g - a) / count, updates, state.avg_grad)
        ready, zeros = equal(count, accumulation_steps), each(zeros_like, sums)
        kept = AccumulateAvgUpdatesState(
            where(ready, first_count(), count), ready, either(ready, zeros, sums)
        )
        return either(ready, sums, zeros), kept

    return GradientTransformation(init, update)


@factory
def average_incrementally_updates(
    per_elt_axis: Any, accumulation_steps: int
) -> GradientTransformation:
    """Return the mean of the examples' updates over several batches, with the last one of them.

    Args:
        per_elt_axis: The axis that counts the examples, or several; None if there is none.
        accumulation_steps: The number of batches, in [1, ∞).

    Raises:
        ArgumentError: If it is less than 1.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> mean = tw.optim.experimental.aggregating.average_incrementally_updates(0, 2)
        >>> updates, state = mean.update(np.array([1.0, 2.0]), mean.init(0.0))
        >>> mean.update(np.array([3.0, 4.0]), state)[0]
        np.float64(2.5)
    """
    accumulated = accumulate_avg_updates(accumulation_steps)
    if per_elt_axis is None:
        return accumulated
    joined = chain(average_per_element_updates(per_elt_axis), accumulated)
    return Aggregator(joined.init, joined.update)


# ---- means and variances


def get_batch_size_from_per_elt_updates(per_elt_updates: Updates, per_elt_axis: Axes) -> int:
    """Return the number of examples.

    Args:
        per_elt_updates: The examples' updates.
        per_elt_axis: The axis that counts them, or several.

    Raises:
        ShapeError: If leaves differ in it.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> aggregating = tw.optim.experimental.aggregating
        >>> aggregating.get_batch_size_from_per_elt_updates({"w": np.ones((4, 2))}, 0)
        4
    """
    axes = (per_elt_axis,) if isinstance(per_elt_axis, int) else tuple(per_elt_axis)
    shapes = [asarray(leaf).shape for leaf in tree.leaves(per_elt_updates)]
    sizes = [math.prod(shape[axis] for axis in axes) for shape in shapes]
    if len(set(sizes)) != 1:
        raise ShapeError(
            f"Per-element updates must have the same batch size. Got: {sizes}. Give the gradients "
            "of all examples, as vmap(grad(loss)) returns them."
        )
    return int(sizes[0])


class PerElementMeanAndSumSqDiffGradsState(NamedTuple):
    """The state of `get_per_element_mean_and_sum_sq_diff_grads`."""

    micro_step: Any  # int32 scalar: the batches since the last mean
    ready: Any  # bool scalar: whether the last updates were a mean
    mean_grads: Updates  # the mean of the examples' updates so far
    sum_sq_diff_grads: Updates  # the sum of the squared differences from it


@factory
def get_per_element_mean_and_sum_sq_diff_grads(
    per_elt_axis: Any = 0, accumulation_steps: int = 1
) -> GradientTransformation:
    """Return the mean of the examples' updates, and beside it their squared differences from it.

        ḡ = Σᵢ gᵢ / n,    s = Σᵢ (gᵢ − ḡ)²

    They are (ḡ, {"sum_sq_diff_grads": s, "sample_size": n}). Of several batches both are those of
    all examples, and come with the last batch; before it they are zeros.

    Args:
        per_elt_axis: The axis that counts the examples, or several.
        accumulation_steps: The number of batches, in [1, ∞).

    Raises:
        ArgumentError: If it is less than 1.

    Source:
        Chan, Golub & LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
        Variances", 1979, equation 2.1.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> aggregating = tw.optim.experimental.aggregating
        >>> both = aggregating.get_per_element_mean_and_sum_sq_diff_grads()
        >>> (mean, aux), _ = both.update(np.array([1.0, 3.0]), both.init(0.0))
        >>> mean, aux["sum_sq_diff_grads"], aux["sample_size"]
        (np.float64(2.0), np.float64(2.0), 2)
    """
    _check_steps(accumulation_steps)
    axes = _axes(per_elt_axis)

    def of_batch(updates: Updates) -> tuple[int, Updates, Updates]:
        means = each(lambda g: mean(g, axis=axes, keepdims=True), updates)
        squares = each(lambda g, m: total(square(g - m), axis=axes), updates, means)
        size = get_batch_size_from_per_elt_updates(updates, per_elt_axis)
        return size, each(lambda m: squeeze(m, axes), means), squares

    def update_once(updates: Updates, state: OptState, params: Params = None) -> Step:
        size, means, squares = of_batch(updates)
        return (means, {"sum_sq_diff_grads": squares, "sample_size": size}), state

    if accumulation_steps == 1:
        return Aggregator(init_empty_state, update_once)
    kind = PerElementMeanAndSumSqDiffGradsState

    def init(params: Params) -> OptState:
        zeros = each(zeros_like, params)
        return kind(first_count(), asarray(False), zeros, zeros)

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        size, means, squares = of_batch(updates)
        count = state.micro_step + 1
        ready = equal(count, accumulation_steps)
        moves = each(lambda m, a: m - a, means, state.mean_grads)
        share = state.micro_step * size / count
        means = each(lambda a, d: a + d / count, state.mean_grads, moves)
        squares = each(
            lambda a, s, d: a + s + square(d) * share, state.sum_sq_diff_grads, squares, moves
        )
        sample = where(ready, count * size, 0)
        zeros, none = each(zeros_like, means), each(zeros_like, squares)
        kept = kind(
            where(ready, first_count(), count),
            ready,
            either(ready, zeros, means),
            either(ready, none, squares),
        )
        found = either(ready, squares, none)
        aux = {"sum_sq_diff_grads": found, "sample_size": sample}
        return (either(ready, means, zeros), aux), kept

    return Aggregator(init, update)


class PerElementMeanAndVarianceEMAState(NamedTuple):
    """The state of `track_per_element_mean_and_variance_with_ema`."""

    count: Any  # int32 scalar: the steps made
    ema_decay: Any  # scalar: the share of the averages kept each step
    mean_grads_ema: Updates  # the average of the batches' means
    variance_grads_ema: Updates  # the average of the batches' variances


@factory
def track_per_element_mean_and_variance_with_ema(ema_decay: float = 0.9) -> GradientTransformation:
    """Keep averages of the examples' means and variances in the state; updates pass through.

        m ← (1 − ema_decay) ḡ + ema_decay · m
        v ← (1 − ema_decay) s / (n − 1) + ema_decay · v

    Its `update` takes s and n as the extra arguments `sum_sq_diff_grads` and `sample_size`.

    Args:
        ema_decay: The share of the averages kept each step, in [0, 1).

    Raises:
        ArgumentError: If it is outside [0, 1).

    Example:
        >>> import thalweg as tw
        >>> aggregating = tw.optim.experimental.aggregating
        >>> track = aggregating.track_per_element_mean_and_variance_with_ema(0.5)
        >>> _, state = track.update(
        ...     2.0, track.init(0.0), sum_sq_diff_grads=2.0, sample_size=2
        ... )
        >>> state.mean_grads_ema, state.variance_grads_ema
        (np.float64(1.0), np.float64(1.0))
    """
    DECAY.check(ema_decay=ema_decay)
    kind = PerElementMeanAndVarianceEMAState

    def init(params: Params) -> OptState:
        zeros = each(zeros_like, params)
        return kind(first_count(), asarray(ema_decay), zeros, zeros)

    def update(
        updates: Updates,
        state: OptState,
        params: Params = None,
        *,
        sum_sq_diff_grads: Updates,
        sample_size: Any,
    ) -> Step:
        def averaged(x: Tensor, a: Tensor) -> Tensor:
            return moment(x, a, ema_decay)

        variances = each(lambda s: 1 / (sample_size - 1) * s, sum_sq_diff_grads)
        return updates, state._replace(
            count=safe_increment(state.count),
            mean_grads_ema=each(averaged, updates, state.mean_grads_ema),
            variance_grads_ema=each(averaged, variances, state.variance_grads_ema),
        )

    return GradientTransformation(init, update)


@on_tensors
def get_unbiased_mean_and_variance_ema(state: OptState) -> tuple[Updates, Updates]:
    """Return the averages of means and variances that a state holds, freed of their start at 0.

        m / (1 − ema_decayᵗ),  v / (1 − ema_decayᵗ)

    Args:
        state: The state of an optimizer that tracks them, as of `add_mean_variance_to_opt`.

    Raises:
        ArgumentError: If it tracks none.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> aggregating = tw.optim.experimental.aggregating
        >>> optimizer = aggregating.add_mean_variance_to_opt(tw.optim.sgd(0.1))
        >>> _, state = optimizer.update(np.array([1.0, 3.0]), optimizer.init(0.0))
        >>> mean, variance = aggregating.get_unbiased_mean_and_variance_ema(state)
        >>> round(mean, 6), round(variance, 6)
        (np.float64(2.0), np.float64(2.0))
    """
    found = tree_get(state, "PerElementMeanAndVarianceEMAState")
    if found is None:
        raise ArgumentError(
            "State must have PerElementMeanAndVarianceEMAState to compute unbiased mean and "
            "variance EMA. Make the optimizer with add_mean_variance_to_opt."
        )
    share = 1 - found.ema_decay**found.count
    averages = found.mean_grads_ema, found.variance_grads_ema
    means, variances = (each(lambda x: x / share, average) for average in averages)
    return means, variances


@factory
def add_mean_variance_to_opt(
    opt: GradientTransformation,
    ema_decay: float = 0.9,
    per_elt_axis: Any = 0,
    accumulation_steps: int = 1,
) -> GradientTransformation:
    """Let an optimizer take the examples' gradients, and track their means and variances.

    Args:
        opt: The optimizer, which gets the mean of the examples' gradients.
        ema_decay: The share of the averages kept each step, in [0, 1).
        per_elt_axis: The axis that counts the examples, or several.
        accumulation_steps: The batches that make a step, in [1, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> aggregating = tw.optim.experimental.aggregating
        >>> optimizer = aggregating.add_mean_variance_to_opt(tw.optim.sgd(0.5))
        >>> optimizer.update(np.array([1.0, 3.0]), optimizer.init(0.0))[0]
        np.float64(-1.0)
    """
    return process(
        identity(),
        get_per_element_mean_and_sum_sq_diff_grads(per_elt_axis, accumulation_steps),
        chain(track_per_element_mean_and_variance_with_ema(ema_decay), opt),
        aggregator_has_aux=True,
    )
