"""Adan: Nesterov momentum by averages of gradients and of their differences."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import correction, leafwise, moment, root
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByAdanState", "adan", "scale_by_adan"]


class ScaleByAdanState(NamedTuple):
    """The state of `scale_by_adan`."""

    m: Params  # the average of updates
    v: Params  # the average of their differences
    n: Params  # the average of the squares of updates moved on by their differences
    g: Params  # the last update
    t: Any  # int32 scalar: the steps made


@factory
def scale_by_adan(
    b1: float = 0.98, b2: float = 0.92, b3: float = 0.99, eps: float = 1e-8, eps_root: float = 0.0
) -> GradientTransformation:
    """Scale updates by averages of them, of their differences and of their squares.

        d = g − gₜ₋₁        (0 in the first step)
        m ← (1 − b1) g + b1 m                           m̂ = m / (1 − b1ᵗ)
        v ← (1 − b2) d + b2 v                           v̂ = v / (1 − b2ᵗ)
        n ← (1 − b3) |g + (1 − b2) d|² + b3 n           n̂ = n / (1 − b3ᵗ)
        u = (m̂ + (1 − b2) v̂) / (√(n̂ + eps_root) + eps)

    Args:
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the average difference kept each step, in [0, 1).
        b3: The share of the squares kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Xie et al., "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep
        Models", 2022, algorithm 1, whose β are one minus these. arXiv:2208.06677

    Example:
        >>> import thalweg as tw
        >>> adan = tw.optim.scale_by_adan(eps=0.0)
        >>> updates, _ = adan.update([3.0, -0.1], adan.init([0.0, 0.0]))
        >>> tw.tree.map(lambda u: round(u.item(), 12), updates)
        [1.0, -1.0]
    """
    DECAY.check(b1=b1, b2=b2, b3=b3)
    NON_NEGATIVE.check(eps=eps, eps_root=eps_root)

    def at(count: Tensor) -> Any:
        corrected, ahead, spread = (correction(b, count) for b in (b1, b2, b3))
        is_first = equal(count, 1)

        def step(g: Tensor, m: Tensor, v: Tensor, n: Tensor, last: Tensor) -> tuple[Tensor, ...]:
            d = where(is_first, 0.0, g - last)
            m, v = moment(g, m, b1), moment(d, v, b2)
            n = moment(squared_magnitude(g + (1 - b2) * d), n, b3)
            u = (corrected(m) + (1 - b2) * ahead(v)) / (root(spread(n), eps_root) + eps)
            return u, m, v, n, g

        return step

    return leafwise(ScaleByAdanState, at, counter="t")


@factory
def adan(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.98,
    b2: float = 0.92,
    b3: float = 0.99,
    eps: float = 1e-8,
    eps_root: float = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: Any = None,
) -> GradientTransformation:
    """Adan: Nesterov momentum that needs no gradient ahead of the parameters.

        u = −learning_rate · ((m̂ + (1 − b2) v̂) / (√(n̂ + eps_root) + eps) + weight_decay · p)

    with m̂, v̂ and n̂ as in `scale_by_adan`.

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the average difference kept each step, in [0, 1).
        b3: The share of the squares kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Xie et al., "Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep
        Models", 2022. arXiv:2208.06677

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adan(0.001)
        adan(learning_rate=0.001)
    """
    return chain(
        scale_by_adan(b1, b2, b3, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
