"""NovoGrad: momentum of gradients that are divided by the norm of their layer."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import zeros as blank
from thalweg.ops.creation.creation import zeros_like
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.reduce.sums import sum as total
from thalweg.optim.moments import in_single, moment, root, step_each
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import WeightDecay, scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
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
from thalweg.optim.transforms.chains import chain

__all__ = ["ScaleByNovogradState", "novograd", "scale_by_novograd"]


class ScaleByNovogradState(NamedTuple):
    """The state of `scale_by_novograd`."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the running sum of scaled updates
    nu: Params  # the average of the squared norm, a scalar a leaf


@factory
def scale_by_novograd(
    b1: float = 0.9,
    b2: float = 0.25,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    mu_dtype: Any = None,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """Add up updates divided by the running norm of their leaf, and decayed weights.

        v ← (1 − b2) ‖g‖² + b2 v        (‖g‖² in the first step)
        m ← g / (√(v + eps_root) + eps) + weight_decay · p + b1 m
        u = m

    Args:
        b1: The share of the sum kept each step, in [0, 1).
        b2: The share of the squared norm kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        weight_decay: A finite number or a schedule.
        mu_dtype: The dtype of the sum; by default the parameters'.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for
        Training of Deep Networks", 2019, algorithm 1. arXiv:1905.11286

    Example:
        >>> import thalweg as tw
        >>> novograd = tw.optim.scale_by_novograd(eps=0.0)
        >>> gradient = tw.Tensor([3.0, 4.0])
        >>> novograd.update(gradient, novograd.init(gradient), gradient)[0]
        tensor([0.6000, 0.8000])
    """
    DECAY.check(b1=b1, b2=b2)
    NON_NEGATIVE.check(eps=eps, eps_root=eps_root)
    decay = WeightDecay(weight_decay, mask)

    def init(params: Params) -> ScaleByNovogradState:
        decay.check(params)
        sums = each(lambda p: zeros_like(p, mu_dtype), params)
        return ScaleByNovogradState(first_count(), sums, each(lambda p: blank((), p.dtype), params))

    def update(updates: Updates, state: OptState, params: Params = None) -> Step:
        weights = needed(params, "scale_by_novograd")
        count = safe_increment(state.count)
        is_first = equal(count, 1)

        def step(g: Tensor, m: Tensor, v: Tensor, lost: Tensor) -> tuple[Tensor, ...]:
            squares = total(squared_magnitude(g))
            v = where(is_first, squares, moment(squares, v, b2))
            m = g / (root(v, eps_root) + eps) + lost + b1 * m
            return m, m, v, lost

        lost = decay.of(weights, state.count)
        found, mu, nu, _ = step_each(step, updates, state.mu, state.nu, lost)
        return found, ScaleByNovogradState(count, mu, nu)

    return in_single(init, update)


@factory
def novograd(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.25,
    eps: float = 1e-6,
    eps_root: float = 0.0,
    weight_decay: ScalarOrSchedule = 0.0,
    *,
    mask: Any = None,
) -> GradientTransformation:
    """NovoGrad: momentum of gradients normalised layer by layer, with decoupled weight decay.

        u = −learning_rate · m,    m as in `scale_by_novograd`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the sum kept each step, in [0, 1).
        b2: The share of the squared norm kept each step, in [0, 1).
        eps: Added to the denominator, in [0, ∞).
        eps_root: Added under the root, in [0, ∞).
        weight_decay: A finite number or a schedule.
        mask: A mask as for `masked`, True where weights decay; None for all.

    Raises:
        ArgumentError: If a number is outside its range; by `update`, if it gets no parameters.

    Source:
        Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for
        Training of Deep Networks", 2019. arXiv:1905.11286

    Example:
        >>> import thalweg as tw
        >>> tw.optim.novograd(0.01)
        novograd(learning_rate=0.01)
    """
    return chain(
        scale_by_novograd(b1, b2, eps, eps_root, weight_decay, mask=mask),
        scale_by_learning_rate(learning_rate),
    )
