"""COCOB: steps as the bets of a gambler on the outcome of coins."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import maximum
from thalweg.optim.moments import filled, in_single, step_each
from thalweg.optim.ranges import NON_NEGATIVE, POSITIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    needed,
)
from thalweg.optim.transforms.chains import chain

__all__ = ["COCOBState", "cocob", "scale_by_cocob"]


class COCOBState(NamedTuple):
    """The state of `scale_by_cocob`."""

    init_particles: Params  # the first parameters
    cumulative_gradients: Params  # the negative sum of gradients
    scale: Params  # their largest size
    subgradients: Params  # the sum of their sizes
    reward: Params  # what the bets won


@factory
def scale_by_cocob(alpha: float = 100.0, eps: float = 1e-8) -> GradientTransformation:
    """Replace updates by steps to where a gambler's bet on the gradients is.

        L ← max(L, |g|)                 L₀ = eps
        G ← G + |g|
        R ← max(R − g (p − p₀), 0)
        C ← C − g
        u = p₀ + C / (L max(G + L, alpha · L)) · (L + R) − p

    Args:
        alpha: How much smaller the first steps are, in [0, ∞).
        eps: The first size of the gradients, in (0, ∞).

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Orabona & Tommasi, "Training Deep Networks without Learning Rates Through Coin Betting",
        2017, algorithm 2. arXiv:1705.07795

    Example:
        >>> import thalweg as tw
        >>> bets = tw.optim.contrib.scale_by_cocob(alpha=2.0)
        >>> bets.update([4.0], bets.init([1.0]), [1.0])[0]
        [np.float64(-0.5)]
    """
    NON_NEGATIVE.check(alpha=alpha)
    POSITIVE.check(eps=eps)

    def init(params: Params) -> COCOBState:
        blank = each(zeros_like, params)
        return COCOBState(params, blank, each(filled(eps), params), blank, blank)

    def step(
        g: Tensor, p0: Tensor, c: Tensor, most: Tensor, sizes: Tensor, won: Tensor, p: Tensor
    ) -> tuple[Tensor, ...]:
        most, sizes = maximum(most, absolute(g)), sizes + absolute(g)
        won, c = maximum(won - g * (p - p0), 0.0), c - g
        bet = c / (most * maximum(sizes + most, alpha * most)) * (most + won)
        return -p + (p0 + bet), p0, c, most, sizes, won, p

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "cocob")
        found, *kept, _ = step_each(step, updates, *state, weights)
        return found, COCOBState(*kept)

    return in_single(init, update)


@factory
def cocob(
    learning_rate: ScalarOrSchedule = 1.0,
    alpha: float = 100.0,
    eps: float = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """COCOB: steps as bets on the signs of gradients, without a learning rate.

        g ← learning_rate · (g + weight_decay · p),    then as `scale_by_cocob`

    Args:
        learning_rate: A factor of the gradient, a number in [0, ∞) or a schedule.
        alpha: How much smaller the first steps are, in [0, ∞).
        eps: The first size of the gradients, in (0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Orabona & Tommasi, "Training Deep Networks without Learning Rates Through Coin Betting",
        2017. arXiv:1705.07795

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.cocob()
        cocob()
    """
    return chain(
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate, flip_sign=False),
        scale_by_cocob(alpha, eps),
    )
