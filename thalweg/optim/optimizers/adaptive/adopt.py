"""ADOPT: Adam whose second moment does not know the gradient that it divides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, maximum, minimum, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import leafwise, moment, zeros
from thalweg.optim.optimizers.adaptive.adam import ScaleByAdamState
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation
from thalweg.optim.transforms.chains import chain

__all__ = ["adopt", "scale_by_adopt"]


def fourth_root(count: Any) -> Any:
    """Return what ADOPT clips to, ⁴√t."""
    return count**0.25


@factory
def scale_by_adopt(
    b1: float = 0.9,
    b2: float = 0.9999,
    eps: float = 1e-6,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
    use_clipping: bool = True,
    clip_value_fn: Callable[[Any], Any] = fourth_root,
) -> GradientTransformation:
    """Average updates that are scaled by the second moment of those before them.

        ĝ = g / max(√v, eps), clipped to [−c(t), c(t)]
        m ← (1 − b1) ĝ + b1 m               u = m
        v ← (1 − b2) |g|² + b2 v

    In the first step, t = 0, v ← |g|², and m and u stay 0. With `nesterov`,
    u = (1 − b1) ĝ + b1 m.

    Args:
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: The least that is divided by, in [0, ∞).
        mu_dtype: The dtype of the average; by default the parameters'.
        nesterov: Whether to look one step ahead.
        use_clipping: Whether ĝ is clipped.
        clip_value_fn: c, a function of the step; by default ⁴√t.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any β₂ with the Optimal Rate",
        2024, algorithm 2, and its version with clipping. arXiv:2411.02853

    Example:
        >>> import thalweg as tw
        >>> adopt = tw.optim.contrib.scale_by_adopt(b1=0.5)
        >>> updates, state = adopt.update([2.0], adopt.init([0.0]))
        >>> adopt.update([2.0], state)[0]
        [np.float64(0.5)]
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(eps=eps)

    def at(count: Any) -> Any:
        first = equal(count, 1)
        limit = as_tensor(clip_value_fn(count - 1)) if use_clipping else None

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            scaled = g / maximum(sqrt(v), eps)
            if limit is not None:
                most = astype(limit, g.dtype)
                scaled = minimum(maximum(scaled, -most), most)
            fresh = where(first, 0.0, moment(scaled, m, b1))
            # A product, so that a NaN is not hidden in the first step either.
            average = fresh + where(first, 0.0 * scaled, 0.0)
            squares = squared_magnitude(g)
            v = where(first, squares, moment(squares, v, b2))
            ahead = where(first, average, moment(scaled, average, b1)) if nesterov else average
            return ahead, average, v

        return step

    return leafwise(ScaleByAdamState, at, mu=zeros(mu_dtype))


@factory
def adopt(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.9999,
    eps: float = 1e-6,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
    use_clipping: bool = True,
    clip_value_fn: Callable[[Any], Any] = fourth_root,
) -> GradientTransformation:
    """ADOPT: Adam that converges with any decay of its second moment.

        u = −learning_rate · m,    m as in `scale_by_adopt`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the average kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: The least that is divided by, in [0, ∞).
        mu_dtype: The dtype of the average; by default the parameters'.
        nesterov: Whether to look one step ahead.
        use_clipping: Whether scaled gradients are clipped.
        clip_value_fn: To what, a function of the step; by default ⁴√t.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any β₂ with the Optimal Rate",
        2024. arXiv:2411.02853

    Example:
        >>> import thalweg as tw
        >>> tw.optim.contrib.adopt(0.001)
        adopt(learning_rate=0.001)
    """
    scaled = scale_by_adopt(
        b1,
        b2,
        eps,
        mu_dtype,
        nesterov=nesterov,
        use_clipping=use_clipping,
        clip_value_fn=clip_value_fn,
    )
    return chain(scaled, scale_by_learning_rate(learning_rate))
