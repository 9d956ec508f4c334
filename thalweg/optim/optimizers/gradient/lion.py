"""Lion: steps along the sign of an average."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import absolute, sign
from thalweg.ops.elementwise.comparison import less, where
from thalweg.ops.elementwise.trigonometric import tanh
from thalweg.optim.moments import leafwise, moment, zeros
from thalweg.optim.ranges import DECAY, FINITE, check_choice
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import add_decayed_weights, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByLionState", "lion", "scale_by_lion"]


class ScaleByLionState(NamedTuple):
    """The state of `scale_by_lion`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates


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
    DECAY.check(b1=b1, b2=b2)
    FINITE.check(smooth_beta=smooth_beta)
    check_choice(("hard", "smooth", "refined"), mode=mode)

    def direction(x: Tensor) -> Tensor:
        if mode == "smooth":
            return tanh(smooth_beta * x)
        return sign(x) if mode == "hard" else where(less(absolute(x), 1.0), x, sign(x))

    def step(g: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        return direction(moment(g, m, b1)), moment(g, m, b2)

    return leafwise(ScaleByLionState, lambda _: step, mu=zeros(mu_dtype))


@factory
def lion(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.99,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-3,
    mask: Any = None,
) -> GradientTransformation:
    """Lion: steps along the sign of an average, with decoupled weight decay.

        u = −learning_rate · (sign((1 − b1) g + b1 m) + weight_decay · p)
        m ← (1 − b2) g + b2 m

    Args:
        learning_rate: A number in [0, ∞) or a schedule; three to ten times smaller than Adam's.
        b1: The weight of the running average in the update, in [0, 1).
        b2: The share of the running average kept each step, in [0, 1).
        mu_dtype: The dtype of the running average; by default the parameters'.
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023. arXiv:2302.06675

    Example:
        >>> import thalweg as tw
        >>> tw.optim.lion(0.0001)
        lion(learning_rate=0.0001)
    """
    return chain(
        scale_by_lion(b1, b2, mu_dtype),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
