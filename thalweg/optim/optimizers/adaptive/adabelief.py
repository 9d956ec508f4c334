"""AdaBelief: steps as large as the gradient was foreseen."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import correction, first_moment, leafwise, moment
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByBeliefState", "adabelief", "scale_by_belief"]


class ScaleByBeliefState(NamedTuple):
    """The state of `scale_by_belief`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates
    nu: Params  # the average of the squares of what differed from it


@factory
def scale_by_belief(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-16,
    eps_root: float = 1e-16,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Divide the average of updates by the root of how far they were from it.

        m ← (1 − b1) g + b1 m                           m̂ = m / (1 − b1ᵗ)
        s ← (1 − b2) |g − m|² + b2 s + eps_root         ŝ = s / (1 − b2ᵗ)
        u = m̂ / (√ŝ + eps)

    With `nesterov`, m̂ is that of `scale_by_adam(nesterov=True)`.

    Args:
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the squares kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added to the average of squares in every step, in [0, ∞).
        nesterov: Whether to look one step ahead.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed
        Gradients", 2020, algorithm 2. arXiv:2010.07468

    Example:
        >>> import thalweg as tw
        >>> belief = tw.optim.scale_by_belief(b1=0.5, eps=0.0, eps_root=0.0)
        >>> updates, _ = belief.update([3.0], belief.init([0.0]))
        >>> round(updates[0].item(), 12)
        2.0
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(eps=eps, eps_root=eps_root)

    def at(count: Tensor) -> Any:
        first, second = first_moment(b1, count, nesterov), correction(b2, count)

        def step(g: Tensor, m: Tensor, s: Tensor) -> tuple[Tensor, ...]:
            m = moment(g, m, b1)
            s = moment(squared_magnitude(g - m), s, b2) + eps_root
            return first(g, m) / (sqrt(second(s)) + eps), m, s

        return step

    return leafwise(ScaleByBeliefState, at)


@factory
def adabelief(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-16,
    eps_root: float = 1e-16,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """AdaBelief: large steps where the gradient is as its average foresaw, small ones elsewhere.

        u = −learning_rate · m̂ / (√ŝ + eps),    m̂ and ŝ as in `scale_by_belief`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the squares kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added to the average of squares in every step, in [0, ∞).
        nesterov: Whether to look one step ahead.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed
        Gradients", 2020. arXiv:2010.07468

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adabelief(0.001)
        adabelief(learning_rate=0.001)
    """
    return chain(
        scale_by_belief(b1, b2, eps, eps_root, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )
