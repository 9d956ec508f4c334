"""Stochastic gradient descent: plain, with momentum, and along signs."""

from __future__ import annotations

from typing import Any

from thalweg.ops.elementwise.arithmetic import sign
from thalweg.optim.moments import ema, trace
from thalweg.optim.ranges import DECAY
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, each, identity, stateless
from thalweg.optim.transforms.chains import chain

__all__ = ["scale_by_sign", "sgd", "sign_sgd", "signum"]


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

        u = sign(g)

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


@factory
def signum(
    learning_rate: ScalarOrSchedule, beta: float = 0.9, accumulator_dtype: Any = None
) -> GradientTransformation:
    """Descent along the signs of the averaged gradient.

        m ← (1 − beta) g + beta · m
        u = −learning_rate · sign(m)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        beta: The share of the average kept each step, in [0, 1).
        accumulator_dtype: The dtype of the average; by default the parameters'.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems", 2018,
        algorithm 2. arXiv:1802.04434

    Example:
        >>> import thalweg as tw
        >>> tw.optim.signum(0.1)
        signum(learning_rate=0.1)
    """
    return chain(
        ema(beta, debias=False, accumulator_dtype=accumulator_dtype),
        scale_by_sign(),
        scale_by_learning_rate(learning_rate),
    )
