"""Stochastic gradient descent: plain, with momentum, and along signs."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sign
from thalweg.optim.chains import chain
from thalweg.optim.moments import leafwise, zeros
from thalweg.optim.ranges import DECAY
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params, each, identity, stateless

__all__ = ["TraceState", "scale_by_sign", "sgd", "sign_sgd", "trace"]


class TraceState(NamedTuple):
    """The state of `trace`."""

    trace: Params  # the running sum, one a parameter


@factory
def trace(
    decay: float, nesterov: bool = False, accumulator_dtype: Any = None
) -> GradientTransformation:
    """Add up updates with a decay: momentum.

        m ← g + decay · m
        u = m                   (Nesterov: u = g + decay · m)

    Args:
        decay: The share of the sum kept each step, in [0, 1).
        nesterov: Whether to look one step ahead.
        accumulator_dtype: The dtype of the sum; by default the parameters'.

    Raises:
        ArgumentError: If the decay is outside [0, 1).

    Source:
        Polyak, "Some methods of speeding up the convergence of iteration methods", 1964;
        Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Example:
        >>> import thalweg as tw
        >>> momentum = tw.optim.trace(0.5)
        >>> updates, state = momentum.update([1.0], momentum.init([0.0]))
        >>> momentum.update([1.0], state)
        ([np.float64(1.5)], TraceState(trace=[np.float64(1.5)]))
    """
    DECAY.check(decay=decay)

    def step(g: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        m = g + decay * m
        return (g + decay * m if nesterov else m), m

    return leafwise(TraceState, lambda _: step, single=False, trace=zeros(accumulator_dtype))


@factory
def sgd(
    learning_rate: ScalarOrSchedule,
    momentum: float | None = None,
    nesterov: bool = False,
    accumulator_dtype: Any = None,
) -> GradientTransformation:
    """Stochastic gradient descent, with momentum if wanted.

        m ← g + momentum · m        (Nesterov: then m ← g + momentum · m once more)
        u = −learning_rate · m

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        momentum: The share of the past updates kept, in [0, 1); None for none.
        nesterov: Whether momentum looks one step ahead.
        accumulator_dtype: The dtype of the momentum; by default the parameters'.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.sgd(0.1)
        >>> params = tw.Tensor([1.0, -2.0])
        >>> gradient = tw.grad(lambda p: (p**2).sum())(params)
        >>> updates, state = optimizer.update(gradient, optimizer.init(params), params)
        >>> tw.optim.apply_updates(params, updates)
        tensor([ 0.8000, -1.6000])
    """
    if momentum is not None:
        DECAY.check(momentum=momentum)
    first = identity() if momentum is None else trace(momentum, nesterov, accumulator_dtype)
    return chain(first, scale_by_learning_rate(learning_rate))


@factory
def scale_by_sign() -> GradientTransformation:
    """Replace updates by their signs: −1, 0 or 1.

    Source:
        Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems", 2018.
        arXiv:1802.04434

    Example:
        >>> import thalweg as tw
        >>> tw.optim.scale_by_sign().update([-3.0, 0.0], tw.optim.EmptyState())
        ([np.float64(-1.0), np.float64(0.0)], EmptyState())
    """
    return stateless(lambda updates, params: each(sign, updates))


@factory
def sign_sgd(learning_rate: ScalarOrSchedule) -> GradientTransformation:
    """Gradient descent along the signs of the gradient.

        u = −learning_rate · sign(g)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.

    Raises:
        ArgumentError: If the number is outside its range.

    Source:
        Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems", 2018.
        arXiv:1802.04434

    Example:
        >>> import thalweg as tw
        >>> tw.optim.sign_sgd(0.1)
        sign_sgd(learning_rate=0.1)
    """
    return chain(scale_by_sign(), scale_by_learning_rate(learning_rate))
