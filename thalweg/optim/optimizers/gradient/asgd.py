"""ASGD: gradient descent with a falling rate that averages its path."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import as_tensor, astype
from thalweg.ops.creation.creation import ones, zeros_like
from thalweg.ops.elementwise.comparison import maximum
from thalweg.optim.ranges import FINITE, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    OptState,
    Params,
    Step,
    Updates,
    each,
    first_count,
    needed,
    safe_increment,
)

__all__ = ["AsgdState", "asgd"]


class AsgdState(NamedTuple):
    """The state of `asgd`."""

    count: Any  # int32 scalar: the steps made
    eta: Any  # float32 scalar: the rate of the next step
    mu: Any  # float32 scalar: the weight of the next parameters in the average
    ax: Params  # the average of parameters


@factory
def asgd(
    learning_rate: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6
) -> GradientTransformation:
    """Descend with a falling rate, and average the parameters passed through.

        u = −η (g + lambd · p)
        a ← a + μ (p + u − a)
        η ← learning_rate / (1 + lambd · learning_rate · t)^alpha       μ ← 1 / max(1, t − t0)

    The rate and the weight are kept in float32, as PyTorch keeps them.

    Args:
        learning_rate: The rate of the first step, in [0, ∞).
        lambd: The pull towards zero, which also slows the rate.
        alpha: The power with which the rate falls.
        t0: The step after which averaging starts.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; the
        rates: Bottou, "Large-Scale Machine Learning with Stochastic Gradient Descent", 2010.

    Example:
        >>> import thalweg as tw
        >>> averaged = tw.optim.asgd(0.5, lambd=0.0)
        >>> updates, state = averaged.update([2.0], averaged.init([3.0]), [3.0])
        >>> updates[0].item(), state.ax[0].item()
        (-1.0, 2.0)
    """
    NON_NEGATIVE.check(learning_rate=learning_rate)
    FINITE.check(lambd=lambd, alpha=alpha, t0=t0)

    def init(params: Params) -> AsgdState:
        rate = astype(as_tensor(learning_rate), "float32")
        return AsgdState(first_count(), rate, ones((), "float32"), each(zeros_like, params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "asgd")
        count = safe_increment(state.count)
        eta, mu = astype(state.eta, "float64"), astype(state.mu, "float64")
        found = each(lambda g, p: -astype(eta, p.dtype) * (g + lambd * p), updates, weights)
        average = each(
            lambda a, p, u: a + astype(mu, p.dtype) * (p + u - a), state.ax, weights, found
        )
        t = astype(count, "float64")
        rate = learning_rate / (1.0 + lambd * learning_rate * t) ** alpha
        share = 1.0 / maximum(t - t0, 1.0)
        return found, AsgdState(count, astype(rate, "float32"), astype(share, "float32"), average)

    return GradientTransformation(init, update)
