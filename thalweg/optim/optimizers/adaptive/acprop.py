"""ACProp: steps by how far earlier gradients were from their average."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, maximum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import correction, leafwise, moment
from thalweg.optim.optimizers.adaptive.adabelief import ScaleByBeliefState
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain

__all__ = ["acprop", "scale_by_acprop"]


@factory
def scale_by_acprop(
    b1: float = 0.9, b2: float = 0.999, eps: float = 1e-16, eps_root: float = 1e-16
) -> GradientTransformation:
    """Divide updates by the root of how far those before them were from their average.

        u = g / (√(s / (1 − b2ᵗ⁻¹)) + eps)              (u = g / (1 + eps) in the first step)
        s ← (1 − b2) |g − m|² + b2 s + eps_root
        m ← (1 − b1) g + b1 m

    Args:
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the squares kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added to the average of squares in every step, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zhuang et al., "Momentum Centering and Asynchronous Update for Adaptive Gradient Methods",
        2021, algorithm 2. arXiv:2110.05454

    Example:
        >>> import thalweg as tw
        >>> acprop = tw.optim.contrib.scale_by_acprop()
        >>> updates, state = acprop.update([2.0], acprop.init([0.0]))
        >>> round(acprop.update([2.0], state)[0][0].item(), 12)
        1.0
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(eps=eps, eps_root=eps_root)

    def at(count: Any) -> Any:
        first = equal(count, 1)
        corrected = correction(b2, maximum(count - 1, 1))

        def step(g: Tensor, m: Tensor, s: Tensor) -> tuple[Tensor, ...]:
            u = g / (sqrt(where(first, 1.0, corrected(s))) + eps)
            s = moment(squared_magnitude(g - m), s, b2) + eps_root
            return u, moment(g, m, b1), s

        return step

    return leafwise(ScaleByBeliefState, at)


@factory
def acprop(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-16,
    eps_root: float = 1e-16,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """ACProp: AdaBelief whose denominator does not know the gradient that it divides.

        u = −learning_rate · (g / (√ŝ + eps) + weight_decay · p),    ŝ as in `scale_by_acprop`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the squares kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added to the average of squares in every step, in [0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zhuang et al., "Momentum Centering and Asynchronous Update for Adaptive Gradient Methods",
        2021. arXiv:2110.05454

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.acprop(0.001)
        acprop(learning_rate=0.001)
    """
    return chain(
        scale_by_acprop(b1, b2, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
