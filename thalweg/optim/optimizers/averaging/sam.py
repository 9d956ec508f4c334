"""Sharpness-aware minimization: gradients taken where the loss is worst nearby."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.numpy.libraries import of_users
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    EmptyState,
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    apply_updates,
    as_transformation,
    each,
    first_count,
    needed,
)
from thalweg.optim.transforms.normalize import normalize
from thalweg.optim.wholes import either

__all__ = ["NormalizeState", "SAMState", "normalize", "sam"]

NormalizeState = EmptyState


class SAMState(NamedTuple):
    """The state of `sam`."""

    steps_since_sync: Any  # int32 scalar: the adversarial steps since the last outward one
    opt_state: OptState
    adv_state: OptState
    cache: Params  # where the adversarial steps began; None in the opaque mode


@factory
def sam(
    optimizer: GradientTransformation,
    adv_optimizer: GradientTransformation,
    sync_period: int = 2,
    reset_state: bool = True,
    opaque_mode: bool = False,
    batch_axis_name: str | None = None,
) -> GradientTransformation:
    """Climb for some steps, then descend from where they began along the gradient found there.

        c ← θ                                       in the first of sync_period steps
        θ ← θ − the adversarial optimizer's update  in all but the last of them
        θ ← c + the optimizer's update              in the last

    In the opaque mode one update makes them all: it calls the extra argument
    `grad_fn(params, i)` for the gradient after the climb's step i = 0, 1, …, which `fit` gives.

    Args:
        optimizer: The optimizer that descends.
        adv_optimizer: The one that climbs: as one that descends, its updates are negated.
        sync_period: The number of steps together, in [1, ∞).
        reset_state: Whether the adversarial optimizer then starts anew.
        opaque_mode: Whether one update makes all steps.
        batch_axis_name: None; the gradients of devices are not averaged here.

    Raises:
        ArgumentError: If the period is less than 1, or an axis is named; by `update`, if it gets
            no parameters, or in the opaque mode no `grad_fn`.

    Source:
        Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization",
        2021, algorithm 1. arXiv:2010.01412

    Example:
        >>> import thalweg as tw
        >>> contrib, sgd = tw.optim.contrib, tw.optim.sgd
        >>> flat = contrib.sam(sgd(0.5), tw.optim.chain(contrib.normalize(), sgd(0.25)))
        >>> updates, state = flat.update([3.0], flat.init([1.0]), [1.0])
        >>> updates, state = flat.update([2.0], state, [1.25])
        >>> updates
        [np.float64(-1.25)]
    """
    outer, adversary = as_transformation(optimizer), as_transformation(adv_optimizer)
    _check(sync_period, batch_axis_name)

    def init(params: Params) -> SAMState:
        cache = None if opaque_mode else params
        return SAMState(first_count(), outer.init(params), adversary.init(params), cache)

    def in_turn(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        here = needed(params, "sam")
        first = equal(state.steps_since_sync, 0)
        last = equal(state.steps_since_sync, sync_period - 1)
        up, adv_state = adversary.update(updates, state.adv_state, here, **extra)
        down, opt_state = outer.update(updates, state.opt_state, state.cache, **extra)
        found = each(lambda c, p, a, u: where(last, c - p + u, -a), state.cache, here, up, down)
        fresh = adversary.init(here) if reset_state else state.adv_state
        return found, SAMState(
            where(last, 0, state.steps_since_sync + 1),
            either(last, opt_state, state.opt_state),
            either(last, fresh, adv_state),
            either(first, here, state.cache),
        )

    def at_once(
        updates: Updates,
        state: OptState,
        params: Params = None,
        *,
        grad_fn: Any = None,
        **extra: Any,
    ) -> Step:
        here = needed(params, "sam")
        if grad_fn is None:
            raise ArgumentError(
                "sam was updated without a gradient to climb along: grad_fn must be provided when "
                "opaque_mode=True. Call update(updates, state, params, grad_fn=grad_fn)."
            )
        adv_state, there = state.adv_state, here
        for i in range(sync_period - 1):
            up, adv_state = adversary.update(updates, adv_state, there, **extra)
            there = apply_updates(there, each(lambda a: multiply(a, -1), up))
            updates = of_users(grad_fn)(there, i)
        if reset_state:
            adv_state = adversary.init(here)
        found, opt_state = outer.update(updates, state.opt_state, here, **extra)
        return found, SAMState(first_count(), opt_state, adv_state, None)

    return GradientTransformation(init, at_once if opaque_mode else in_turn)


def _check(sync_period: int, batch_axis_name: str | None) -> None:
    if sync_period < 1:
        raise ArgumentError(
            f"sam got sync_period={sync_period!r}. Synchronization period must be >= 1. Give 2 "
            "for one step up before each one down."
        )
    if batch_axis_name is not None:
        raise ArgumentError(
            f"sam got batch_axis_name={batch_axis_name!r}; axes have no names here. Average the "
            "gradients in grad_fn."
        )
