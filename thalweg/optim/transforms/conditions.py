"""Transformations of some of the steps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import asarray, zeros_like
from thalweg.ops.elementwise.comparison import greater, logical_and, logical_or, where
from thalweg.ops.elementwise.floats import isfinite
from thalweg.ops.reduce.sums import all as all_of
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
    safe_increment,
)
from thalweg.optim.wholes import either
from thalweg.tree import Tree

__all__ = [
    "ApplyIfFiniteState", "ConditionFn", "ConditionallyMaskState", "ConditionallyTransformState",
    "apply_if_finite", "conditionally_mask", "conditionally_transform",
]  # fmt: skip


class ConditionFn(Protocol):
    """A function of the step, and of extra arguments, that tells whether to do something."""

    def __call__(self, step: Any, **extra_args: Any) -> Any:
        """Return a boolean."""


def _conditional(
    inner: GradientTransformation,
    condition: Callable[..., Any],
    forward_extra_args: bool,
    kind: Any,
    otherwise: Callable[[Updates], Updates],
) -> GradientTransformation:
    """Transform where a condition holds; elsewhere the inner state stays.

    Args:
        inner: The transformation.
        condition: A function of the step and, if they are forwarded, of the extra arguments.
        forward_extra_args: Whether they are.
        kind: The state, of two fields `step` and `inner_state`.
        otherwise: The updates where the condition does not hold.
    """
    transformation = as_transformation(inner)

    def init(params: Params) -> OptState:
        return kind(step=first_count(), inner_state=transformation.init(params))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        holds = condition(state.step, **(extra if forward_extra_args else {}))
        found, inner_state = transformation.update(updates, state.inner_state, params, **extra)
        return either(holds, found, otherwise(updates)), kind(
            step=safe_increment(state.step),
            inner_state=either(holds, inner_state, state.inner_state),
        )

    return GradientTransformation(init, update)


class ConditionallyTransformState(NamedTuple):
    """The state of `conditionally_transform`."""

    inner_state: OptState
    step: Any  # int32 scalar: the steps made


@factory
def conditionally_transform(
    inner: GradientTransformation,
    should_transform_fn: Callable[..., Any],
    forward_extra_args: bool = False,
) -> GradientTransformation:
    """Transform the updates of some steps; in others they pass through, and the state stays.

        u = inner(g) if should_transform_fn(t), else u = g

    Args:
        inner: The transformation of those steps.
        should_transform_fn: Maps the step, an int32 scalar counted from 0, to a boolean.
        forward_extra_args: Whether it gets the extra arguments too.

    Example:
        >>> import thalweg as tw
        >>> rare = tw.optim.conditionally_transform(tw.optim.scale(10.0), lambda step: step >= 1)
        >>> updates, state = rare.update([1.0], rare.init([0.0]))
        >>> updates, rare.update([1.0], state)[0]
        ([np.float64(1.0)], [np.float64(10.0)])
    """
    kind = ConditionallyTransformState
    return _conditional(inner, should_transform_fn, forward_extra_args, kind, lambda u: u)


class ConditionallyMaskState(NamedTuple):
    """The state of `conditionally_mask`."""

    step: Any  # int32 scalar: the steps made
    inner_state: OptState


@factory
def conditionally_mask(
    inner: GradientTransformation,
    should_transform_fn: Callable[..., Any],
    forward_extra_args: bool = False,
) -> GradientTransformation:
    """Transform the updates of some steps; in others they are zero, and the state stays.

        u = inner(g) if should_transform_fn(t), else u = 0

    Args:
        inner: The transformation of those steps.
        should_transform_fn: Maps the step, an int32 scalar counted from 0, to a boolean.
        forward_extra_args: Whether it gets the extra arguments too.

    Example:
        >>> import thalweg as tw
        >>> rare = tw.optim.conditionally_mask(tw.optim.scale(10.0), lambda step: step >= 1)
        >>> updates, state = rare.update([1.0], rare.init([0.0]))
        >>> updates, rare.update([1.0], state)[0]
        ([np.float64(0.0)], [np.float64(10.0)])
    """
    kind = ConditionallyMaskState
    return _conditional(inner, should_transform_fn, forward_extra_args, kind, _zeros)


def _zeros(updates: Updates) -> Updates:
    return each(zeros_like, updates)


class ApplyIfFiniteState(NamedTuple):
    """The state of `apply_if_finite`."""

    notfinite_count: Any  # int32 scalar: the steps since updates were last finite
    last_finite: Any  # bool scalar: whether the last ones were
    total_notfinite: Any  # int32 scalar: the steps whose updates were not
    inner_state: OptState


@factory
def apply_if_finite(
    inner: GradientTransformation, max_consecutive_errors: int
) -> GradientTransformation:
    """Skip steps whose updates are infinite or NaN: zeros instead, and the state stays.

        u = inner(g) if all g are finite, or too many in a row were not; else u = 0

    Args:
        inner: The transformation of finite updates.
        max_consecutive_errors: How many steps in a row are skipped, in [0, ∞); the next one is
            made, so that what is wrong shows.

    Raises:
        ArgumentError: If that number is negative.

    Example:
        >>> import thalweg as tw
        >>> careful = tw.optim.apply_if_finite(tw.optim.sgd(1.0), 5)
        >>> updates, state = careful.update([float("nan")], careful.init([0.0]))
        >>> updates, state.total_notfinite
        ([np.float64(0.0)], np.int32(1))
    """
    transformation = as_transformation(inner)
    if max_consecutive_errors < 0:
        raise ArgumentError(
            f"max_consecutive_errors={max_consecutive_errors!r} was given, but it must be in "
            "[0, ∞). Give the number of steps that may be skipped in a row."
        )

    def init(params: Params) -> ApplyIfFiniteState:
        count = first_count()
        return ApplyIfFiniteState(count, asarray(True), count, transformation.init(params))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        finite = all_finite(updates)
        in_a_row = where(finite, first_count(), safe_increment(state.notfinite_count))
        made = logical_or(finite, greater(in_a_row, max_consecutive_errors))
        found, inner_state = transformation.update(updates, state.inner_state, params, **extra)
        skipped = safe_increment(state.total_notfinite)
        return either(made, found, _zeros(updates)), ApplyIfFiniteState(
            in_a_row,
            finite,
            where(finite, state.total_notfinite, skipped),
            either(made, inner_state, state.inner_state),
        )

    return GradientTransformation(init, update)


def all_finite(leaves: Tree) -> Tensor:
    """Tell whether every element of all leaves is finite."""
    finite = [all_of(isfinite(asarray(leaf))) for leaf in tree.leaves(leaves)]
    found: Tensor = functools.reduce(logical_and, finite, asarray(True))
    return found
