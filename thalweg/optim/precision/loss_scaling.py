"""Losses scaled up, so that gradients do not vanish in narrow floats, and gradients down again."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.spec import FLOAT32
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.optim.moments import widen
from thalweg.optim.ranges import POSITIVE, Range
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
from thalweg.optim.transforms.conditions import all_finite
from thalweg.optim.tree_utils.states import tree_get_all_with_path
from thalweg.optim.wholes import either

__all__ = ["LossScalingState", "loss_scale", "with_loss_scaling"]

_BACK = Range("(0, 1)", 0.0, 1.0, "It is what the scale is multiplied by, as 0.5.")


class LossScalingState(NamedTuple):
    """The state of `with_loss_scaling`."""

    scale: Any  # float32 scalar: what the loss of the next step is multiplied by
    growth_count: Any  # int32 scalar: the steps since the scale changed
    skipped: Any  # int32 scalar: the batches left out
    inner_state: OptState  # that of the optimizer


@factory
def with_loss_scaling(
    inner: GradientTransformation,
    init_scale: float = 65536.0,
    growth_factor: float = 2.0,
    backoff_factor: float = 0.5,
    growth_interval: int = 2000,
) -> GradientTransformation:
    """Take gradients of a scaled loss, and let the scale follow what is finite.

        all g finite:   step by g / scale;    after growth_interval such steps in a row
                                              scale ← scale · growth_factor
        else:           no step, updates 0;   scale ← scale · backoff_factor

    A batch that is left out has never been for the optimizer: its state stays, and its count and
    schedules with it. In a loop of your own multiply the loss by `loss_scale(state)`; `tw.fit`
    does, and records the loss as it is.

    Gradients of float16 are divided in float32 and reach `inner` so, where those that would be 0
    in float16 count: around `with_master_params` nothing of them is lost.

    Args:
        inner: The optimizer.
        init_scale: The first scale, in (0, ∞).
        growth_factor: What it grows by, in (0, ∞); 1 for not at all.
        backoff_factor: What it shrinks by, in (0, 1).
        growth_interval: How many finite steps in a row it grows after, in [1, ∞).

    Raises:
        ArgumentError: If a number is outside its range, or `inner` no transformation.

    Source:
        Micikevicius et al., "Mixed Precision Training", 2018, section 3.2. arXiv:1710.03740

    Example:
        >>> import numpy as np, thalweg as tw
        >>> optimizer = tw.optim.with_loss_scaling(tw.optim.sgd(1.0), 8.0)
        >>> state = optimizer.init(np.zeros(1))
        >>> scale = tw.optim.loss_scale(state)
        >>> updates, state = optimizer.update(scale * np.array([0.5]), state)
        >>> skipped, state = optimizer.update(np.array([np.inf]), state)
        >>> updates, skipped, float(tw.optim.loss_scale(state))
        (array([-0.5]), array([0.]), 4.0)
    """
    transformation = as_transformation(inner)
    POSITIVE.check(init_scale=init_scale, growth_factor=growth_factor)
    _BACK.check(backoff_factor=backoff_factor)
    if growth_interval < 1:
        raise ArgumentError(
            f"with_loss_scaling got growth_interval={growth_interval!r}; it must be a whole number "
            "of steps in [1, ∞). Give 2000."
        )

    def init(params: Params) -> LossScalingState:
        scale = astype(as_tensor(init_scale), FLOAT32)
        return LossScalingState(scale, first_count(), first_count(), transformation.init(params))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        scale = as_tensor(state.scale)
        finite = all_finite(updates)

        def unscaled(g: Tensor) -> Tensor:
            # What is left out may be infinite or NaN, which averages must not see.
            return where(finite, g / astype(scale, g.dtype), zeros_like(g))

        gradients = each(unscaled, widen(updates))
        if "grad" in extra:
            extra = {**extra, "grad": gradients}
        found, inner_state = transformation.update(gradients, state.inner_state, params, **extra)
        in_a_row = where(finite, safe_increment(state.growth_count), 0)
        grows = equal(in_a_row, growth_interval)
        larger = where(grows, scale * growth_factor, scale)
        changed = astype(where(finite, larger, scale * backoff_factor), scale.dtype)
        return either(finite, found, each(zeros_like, found)), LossScalingState(
            # A scale that would be infinite or 0 stays.
            where(all_finite((changed, 1.0 / changed)), changed, scale),
            astype(where(grows, 0, in_a_row), "int32"),
            where(finite, state.skipped, safe_increment(state.skipped)),
            either(finite, inner_state, state.inner_state),
        )

    return GradientTransformation(init, update)


def loss_scale(state: OptState) -> Any:
    """Return what the loss of the next step is multiplied by: 1.0 without `with_loss_scaling`.

    Args:
        state: The state of an optimizer, `with_loss_scaling` anywhere in it.

    Raises:
        ArgumentError: If it is there several times, so that no one scale is right.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.with_loss_scaling(tw.optim.adam(0.1))
        >>> float(tw.optim.loss_scale(optimizer.init([0.0])))
        65536.0
    """
    kind = LossScalingState.__name__
    scales = [found.scale for _, found in tree_get_all_with_path(state, kind)]
    if len(scales) > 1:
        raise ArgumentError(
            f"The state holds {len(scales)} scales of the loss. Put with_loss_scaling around the "
            "whole optimizer once."
        )
    return scales[0] if scales else 1.0
