"""Yogi: Adam whose second moment moves by no more than the squared gradient."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sign
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import correction, filled, leafwise, moment, root
from thalweg.optim.optimizers.adaptive.adam import ScaleByAdamState
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain

__all__ = ["scale_by_yogi", "yogi"]


@factory
def scale_by_yogi(
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-3,
    eps_root: float = 0.0,
    initial_accumulator_value: float = 1e-6,
) -> GradientTransformation:
    """Scale updates as Adam does, by a second moment that changes additively.

        m ← (1 − b1) g + b1 m                           m̂ = m / (1 − b1ᵗ)
        v ← v − (1 − b2) sign(v − |g|²) |g|²            v̂ = v / (1 − b2ᵗ)
        u = m̂ / (√(v̂ + eps_root) + eps)

    Args:
        b1: The share of the first moment kept each step, in [0, 1).
        b2: One minus the share of the squared gradient by which v moves, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        initial_accumulator_value: Both moments before the first step, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zaheer et al., "Adaptive Methods for Nonconvex Optimization", 2018, algorithm 2.

    Example:
        >>> import thalweg as tw
        >>> yogi = tw.optim.scale_by_yogi(eps=0.0, initial_accumulator_value=0.0)
        >>> updates, _ = yogi.update([3.0], yogi.init([0.0]))
        >>> round(updates[0].item(), 12)
        1.0
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(
        eps=eps, eps_root=eps_root, initial_accumulator_value=initial_accumulator_value
    )

    def at(count: Tensor) -> Any:
        first, second = correction(b1, count), correction(b2, count)

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, squares = moment(g, m, b1), squared_magnitude(g)
            v = v - (1 - b2) * sign(v - squares) * squares
            return first(m) / (root(second(v), eps_root) + eps), m, v

        return step

    start = filled(initial_accumulator_value)
    return leafwise(ScaleByAdamState, at, mu=start, nu=start)


@factory
def yogi(
    learning_rate: ScalarOrSchedule, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-3
) -> GradientTransformation:
    """Yogi: Adam whose steps cannot grow suddenly after a run of small gradients.

        u = −learning_rate · m̂ / (√v̂ + eps),    m̂ and v̂ as in `scale_by_yogi`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: One minus the share of the squared gradient by which v moves, in [0, 1).
        eps: Added to the denominator, in [0, ∞).

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Zaheer et al., "Adaptive Methods for Nonconvex Optimization", 2018.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.yogi(0.01)
        yogi(learning_rate=0.01)
    """
    return chain(scale_by_yogi(b1, b2, eps), scale_by_learning_rate(learning_rate))
