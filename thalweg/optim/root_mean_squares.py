"""Updates divided by the root of their accumulated or averaged squares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import greater, where
from thalweg.optim.leaves import each, full_like, zeros_like
from thalweg.optim.moments import bias_correction as corrected
from thalweg.optim.moments import update_moment, update_second_moment
from thalweg.optim.precision import in_single
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Updates,
    first_count,
    safe_increment,
)

__all__ = [
    "ScaleByRStdDevState", "ScaleByRStdDevWithCountState", "ScaleByRmsState",
    "ScaleByRmsWithCountState", "ScaleByRssState", "scale_by_rms", "scale_by_rss",
    "scale_by_stddev",
]  # fmt: skip


class ScaleByRssState(NamedTuple):
    """The state of `scale_by_rss`."""

    sum_of_squares: Params  # one a parameter


@factory
def scale_by_rss(
    initial_accumulator_value: float = 0.1, eps: float = 1e-7
) -> GradientTransformation:
    """Divide updates by the root of the sum of all squares so far.

        s ← s + g²
        u = g / √(s + eps)      (0 where s = 0)

    Args:
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Added under the root, in units of the squared gradient.

    Raises:
        ArgumentError: If a number is negative.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011, figure 1.

    Example:
        >>> import thalweg as tw
        >>> rss = tw.optim.scale_by_rss(initial_accumulator_value=0.0, eps=0.0)
        >>> rss.update([3.0], rss.init([0.0]))
        ([np.float64(1.0)], ScaleByRssState(sum_of_squares=[np.float64(9.0)]))
    """
    NON_NEGATIVE.check("initial_accumulator_value", initial_accumulator_value)
    NON_NEGATIVE.check("eps", eps)

    def init(params: Params) -> ScaleByRssState:
        return ScaleByRssState(full_like(params, initial_accumulator_value))

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        total = each(lambda g, s: square(g) + s, updates, state.sum_of_squares)
        # The product keeps a NaN of g, which choosing between g / √s and 0 would hide.
        found = each(
            lambda g, s: where(greater(s, 0.0), 1 / sqrt(s + eps), 0.0) * g, updates, total
        )
        return found, ScaleByRssState(total)

    return in_single(init, update)


class ScaleByRmsState(NamedTuple):
    """The state of `scale_by_rms` without bias correction."""

    nu: Params  # the average of squares, one a parameter


class ScaleByRmsWithCountState(NamedTuple):
    """The state of `scale_by_rms` with bias correction."""

    count: Any  # int32 scalar: the steps made
    nu: Params  # the average of squares, one a parameter


@factory
def scale_by_rms(
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    """Divide updates by the root of the running average of their squares.

        v ← (1 − decay) g² + decay · v
        u = g / √(v + eps)      (without `eps_in_sqrt`: u = g / (√v + eps))

    Args:
        decay: The share of the average kept each step, in [0, 1).
        eps: Keeps the denominator from zero.
        initial_scale: The average before the first step, in [0, ∞).
        eps_in_sqrt: Whether `eps` is added under the root.
        bias_correction: Whether v is divided by 1 − decayᵗ.

    Raises:
        ArgumentError: If the decay is outside [0, 1) or another number negative.

    Source:
        Hinton, "Overview of mini-batch gradient descent", 2012, lecture 6a of Neural Networks for
        Machine Learning.

    Example:
        >>> import thalweg as tw
        >>> rms = tw.optim.scale_by_rms(decay=0.75, eps=0.0)
        >>> updates, _ = rms.update([3.0], rms.init([0.0]))
        >>> updates
        [np.float64(2.0)]
    """
    _check(decay, eps, initial_scale)
    divided = _divided_by_root(eps, eps_in_sqrt)

    def init(params: Params) -> ScaleByRmsState | ScaleByRmsWithCountState:
        nu = full_like(params, initial_scale)
        if bias_correction:
            return ScaleByRmsWithCountState(first_count(), nu)
        return ScaleByRmsState(nu)

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        nu = update_second_moment(updates, state.nu, decay)
        if not bias_correction:
            return each(divided, updates, nu), ScaleByRmsState(nu)
        count = safe_increment(state.count)
        found = each(divided, updates, corrected(nu, decay, count))
        return found, ScaleByRmsWithCountState(count, nu)

    return in_single(init, update)


class ScaleByRStdDevState(NamedTuple):
    """The state of `scale_by_stddev` without bias correction."""

    mu: Params  # the average of updates, one a parameter
    nu: Params  # the average of their squares, one a parameter


class ScaleByRStdDevWithCountState(NamedTuple):
    """The state of `scale_by_stddev` with bias correction."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates, one a parameter
    nu: Params  # the average of their squares, one a parameter


@factory
def scale_by_stddev(
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    """Divide updates by the root of their running variance.

        m ← (1 − decay) g + decay · m
        v ← (1 − decay) g² + decay · v
        u = g / √(v − m² + eps)     (without `eps_in_sqrt`: u = g / (√(v − m²) + eps))

    Arguments, errors and source as for `scale_by_rms`.

    Example:
        >>> import thalweg as tw
        >>> stddev = tw.optim.scale_by_stddev(decay=0.5, eps=0.0)
        >>> updates, _ = stddev.update([3.0], stddev.init([0.0]))
        >>> updates
        [np.float64(2.0)]
    """
    _check(decay, eps, initial_scale)
    divided = _divided_by_root(eps, eps_in_sqrt)

    def scaled(updates: Updates, mu: Params, nu: Params) -> Updates:
        return each(lambda g, m, v: divided(g, v - square(m)), updates, mu, nu)

    def init(params: Params) -> ScaleByRStdDevState | ScaleByRStdDevWithCountState:
        mu, nu = zeros_like(params), full_like(params, initial_scale)
        if bias_correction:
            return ScaleByRStdDevWithCountState(first_count(), mu, nu)
        return ScaleByRStdDevState(mu, nu)

    def update(
        updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        mu = update_moment(updates, state.mu, decay)
        nu = update_second_moment(updates, state.nu, decay)
        if not bias_correction:
            return scaled(updates, mu, nu), ScaleByRStdDevState(mu, nu)
        count = safe_increment(state.count)
        mu_hat, nu_hat = corrected(mu, decay, count), corrected(nu, decay, count)
        return scaled(updates, mu_hat, nu_hat), ScaleByRStdDevWithCountState(count, mu, nu)

    return in_single(init, update)


def _check(decay: Any, eps: Any, initial_scale: Any) -> None:
    DECAY.check("decay", decay)
    NON_NEGATIVE.check("eps", eps)
    NON_NEGATIVE.check("initial_scale", initial_scale)


def _divided_by_root(eps: Any, eps_in_sqrt: bool) -> Callable[[Tensor, Tensor], Tensor]:
    if eps_in_sqrt:
        return lambda g, v: g / sqrt(v + eps)
    return lambda g, v: g / (sqrt(v) + eps)
