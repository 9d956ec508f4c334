"""Lookahead: slow parameters that follow fast ones from time to time."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.optim.ranges import FINITE
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
)
from thalweg.optim.wholes import either

__all__ = ["LookaheadParams", "LookaheadState", "lookahead"]


class LookaheadState(NamedTuple):
    """The state of `lookahead`."""

    fast_state: OptState  # that of the fast optimizer
    steps_since_sync: Any  # int32 scalar: the steps since fast and slow parameters met


class LookaheadParams(NamedTuple):
    """The parameters of `lookahead`: gradients are taken at the fast ones, tests at the slow."""

    fast: Params
    slow: Params

    @property
    def moved_together(self) -> bool:
        """Whether steps move also what a loss does not read: it reads one of the two."""
        return True

    @classmethod
    def init_synced(cls, params: Params) -> Self:
        """Return a pair that starts from the same parameters."""
        return cls(params, params)


@factory
def lookahead(
    fast_optimizer: GradientTransformation,
    sync_period: int,
    slow_step_size: float,
    reset_state: bool = False,
) -> GradientTransformation:
    """Let slow parameters follow a fast optimizer, which goes on from them every few steps.

        θ ← θ + the fast update         φ ← φ                                   as a rule
        φ ← φ + slow_step_size (θ − φ)  θ ← φ       afterwards, every sync_period-th step

    θ are `params.fast` and φ `params.slow` of `LookaheadParams`, as are the updates.

    Args:
        fast_optimizer: The optimizer of the fast parameters.
        sync_period: The number of its steps between two of the slow ones, in [1, ∞).
        slow_step_size: The share of the way that the slow ones go, a finite number.
        reset_state: Whether the fast optimizer then starts anew.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if the parameters are no
            pair of fast and slow ones.

    Source:
        Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back", 2019, algorithm 1.
        arXiv:1907.08610

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.lookahead(tw.optim.sgd(1.0), sync_period=1, slow_step_size=0.5)
        >>> params = tw.optim.LookaheadParams.init_synced(4.0)
        >>> updates, state = optimizer.update(2.0, optimizer.init(params), params)
        >>> tw.optim.apply_updates(params, updates)
        LookaheadParams(fast=3.0, slow=3.0)

    A fit starts from a pair too; its loss reads the fast parameters.

        >>> import numpy as np
        >>> start = tw.optim.LookaheadParams.init_synced(np.zeros(2))
        >>> fit = tw.fit(
        ...     lambda p: np.sum((p.fast - 1.0) ** 2),
        ...     start,
        ...     optimizer=tw.optim.lookahead(tw.optim.sgd(0.1), 5, 0.5),
        ...     steps=100,
        ... )
        >>> fit.params.slow.round(3)
        array([1., 1.])
    """
    inner = as_transformation(fast_optimizer)
    FINITE.check(slow_step_size=slow_step_size)
    if sync_period < 1:
        raise ArgumentError(
            f"lookahead got sync_period={sync_period!r}; the synchronization period must be a "
            "whole number in [1, ∞). Give 1 to synchronize in every step."
        )

    def init(params: Params) -> LookaheadState:
        return LookaheadState(inner.init(getattr(params, "fast", params)), first_count())

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        fast, slow = _pair(params)
        # A loss of the pair has a gradient that is one.
        own = updates.fast if isinstance(updates, LookaheadParams) else updates
        found, fast_state = inner.update(own, state.fast_state, fast, **extra)
        syncs = equal(state.steps_since_sync, sync_period - 1)
        ahead = each(lambda u, f, s: f + u - s, found, fast, slow)
        moved = LookaheadParams(
            each(lambda u, d: where(syncs, u - (1 - slow_step_size) * d, u), found, ahead),
            each(lambda d: where(syncs, slow_step_size * d, 0.0), ahead),
        )
        if reset_state:
            fast_state = either(syncs, inner.init(fast), fast_state)
        count = where(syncs, 0, state.steps_since_sync + 1)
        return moved, LookaheadState(fast_state, count)

    return GradientTransformation(init, update)


def _pair(params: Params) -> tuple[Params, Params]:
    if not (hasattr(params, "fast") and hasattr(params, "slow")):
        raise ArgumentError(
            f"lookahead got parameters of type {type(params).__name__}; it wants fast and slow "
            "ones. Give LookaheadParams.init_synced(params)."
        )
    return params.fast, params.slow
