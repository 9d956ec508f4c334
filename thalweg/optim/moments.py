"""Running averages of updates and of their squares, and what is scaled by the first of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ArgumentError, did_you_mean
from thalweg.ops.elementwise.arithmetic import absolute, sign, sqrt, square
from thalweg.ops.elementwise.comparison import less, where
from thalweg.ops.elementwise.trigonometric import tanh
from thalweg.optim.leaves import cast, cast_like, each, zeros_like
from thalweg.optim.precision import in_single
from thalweg.optim.ranges import DECAY, FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    safe_increment,
)

__all__ = ["ScaleByAdamState", "ScaleByLionState", "scale_by_adam", "scale_by_lion"]


def update_moment(updates: Updates, moments: Params, decay: Any) -> Params:
    """Return m ← (1 − decay) g + decay · m for every leaf."""
    return each(lambda g, m: (1 - decay) * g + decay * m, updates, moments)


def update_second_moment(updates: Updates, moments: Params, decay: Any) -> Params:
    """Return v ← (1 − decay) g² + decay · v for every leaf."""
    return each(lambda g, v: (1 - decay) * square(g) + decay * v, updates, moments)


def bias_correction(moment: Params, decay: Any, count: Any) -> Params:
    """Return m / (1 − decayᵗ) for every leaf: the average without the pull of its start at zero."""
    # In float64, then converted: in low precision decayᵗ may round to 1. Multiplying by the
    # reciprocal spares a division an element and costs half a unit in the last place.
    correction = 1 / (1 - decay**count)
    return each(lambda m: m * astype(correction, m.dtype), moment)


class ScaleByAdamState(NamedTuple):
    """The state of `scale_by_adam`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of their squares


@factory
def scale_by_adam(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Scale updates by Adam's estimates of their first two moments.

        m ← (1 − b1) g + b1 m       m̂ = m / (1 − b1ᵗ)
        v ← (1 − b2) g² + b2 v      v̂ = v / (1 − b2ᵗ)
        u = m̂ / (√(v̂ + eps_root) + eps)

    With `nesterov`, m̂ = b1 m / (1 − b1ᵗ⁺¹) + (1 − b1) g / (1 − b1ᵗ).

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        eps_root: Added under the root, in units of the squared gradient; positive where one
            differentiates through the optimizer.
        mu_dtype: The dtype of the first moment; by default the parameters'.
        nesterov: Whether to look one step ahead.

    Raises:
        ArgumentError: If `b1` or `b2` is outside [0, 1), or `eps` or `eps_root` negative.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1.
        arXiv:1412.6980; Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Example:
        >>> import thalweg as tw
        >>> adam = tw.optim.scale_by_adam(eps=0.0)
        >>> updates, _ = adam.update([3.0, -0.1], adam.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    DECAY.check("b1", b1)
    DECAY.check("b2", b2)
    NON_NEGATIVE.check("eps", eps)
    NON_NEGATIVE.check("eps_root", eps_root)

    def init(params: Params) -> ScaleByAdamState:
        return ScaleByAdamState(first_count(), zeros_like(params, mu_dtype), zeros_like(params))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        mu = update_moment(updates, state.mu, b1)
        nu = update_second_moment(updates, state.nu, b2)
        count = safe_increment(state.count)
        if nesterov:
            ahead = bias_correction(mu, b1, safe_increment(count))
            mu_hat = update_moment(bias_correction(updates, b1, count), ahead, b1)
        else:
            mu_hat = bias_correction(mu, b1, count)
        nu_hat = bias_correction(nu, b2, count)
        # Most have no eps_root, and an addition of 0 costs a pass over the parameters.
        plain = isinstance(eps_root, float) and eps_root == 0
        shifted = nu_hat if plain else each(lambda v: v + eps_root, nu_hat)
        found = each(lambda m, v: m / (sqrt(v) + eps), mu_hat, shifted)
        kept = ScaleByAdamState(count, cast(mu, mu_dtype), cast_like(nu, state.nu))
        return found, kept

    return in_single(init, update)


class ScaleByLionState(NamedTuple):
    """The state of `scale_by_lion`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates


_LION_MODES = ("hard", "smooth", "refined")


@factory
def scale_by_lion(
    b1: float = 0.9,
    b2: float = 0.99,
    mu_dtype: Any = None,
    *,
    mode: str = "hard",
    smooth_beta: float = 1.0,
) -> GradientTransformation:
    """Replace updates by the sign of an average with their running average.

        u = sign((1 − b1) g + b1 m)
        m ← (1 − b2) g + b2 m

    Args:
        b1: The weight of the running average in the update, in [0, 1).
        b2: The share of the running average kept each step, in [0, 1).
        mu_dtype: The dtype of the running average; by default the parameters'.
        mode: "hard" is the sign; "smooth" is tanh(smooth_beta · x); "refined" is x itself where
            |x| < 1, else its sign.
        smooth_beta: How steep the smooth mode is.

    Raises:
        ArgumentError: If `b1` or `b2` is outside [0, 1), or the mode unknown.

    Source:
        Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2.
        arXiv:2302.06675

    Example:
        >>> import thalweg as tw
        >>> lion = tw.optim.scale_by_lion()
        >>> updates, _ = lion.update([3.0, -0.1], lion.init([0.0, 0.0]))
        >>> updates
        [np.float64(1.0), np.float64(-1.0)]
    """
    DECAY.check("b1", b1)
    DECAY.check("b2", b2)
    FINITE.check("smooth_beta", smooth_beta)
    if mode not in _LION_MODES:
        raise ArgumentError(
            f"mode={mode!r} was given; it must be one of {', '.join(map(repr, _LION_MODES))}."
            f"{did_you_mean(mode, _LION_MODES)}"
        )

    def direction(g: Tensor, m: Tensor) -> Tensor:
        x = (1 - b1) * g + b1 * m
        if mode == "smooth":
            return tanh(smooth_beta * x)
        return sign(x) if mode == "hard" else where(less(absolute(x), 1.0), x, sign(x))

    def init(params: Params) -> ScaleByLionState:
        return ScaleByLionState(first_count(), zeros_like(params, mu_dtype))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        found = each(direction, updates, state.mu)
        mu = cast(update_moment(updates, state.mu, b2), mu_dtype)
        return found, ScaleByLionState(safe_increment(state.count), mu)

    return in_single(init, update)
