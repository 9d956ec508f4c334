"""Optimizers: chains of transformations, under the names people know."""

from __future__ import annotations

from typing import Any

from thalweg.optim.accumulation import trace
from thalweg.optim.combining import chain
from thalweg.optim.decay import add_decayed_weights
from thalweg.optim.moments import scale_by_adam, scale_by_lion
from thalweg.optim.ranges import DECAY
from thalweg.optim.recipe import factory
from thalweg.optim.root_mean_squares import scale_by_rms, scale_by_rss, scale_by_stddev
from thalweg.optim.scaling import scale_by_learning_rate, scale_by_sign
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, identity

__all__ = ["adagrad", "adam", "adamw", "lion", "nadam", "nadamw", "rmsprop", "sgd", "sign_sgd"]


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
        DECAY.check("momentum", momentum)
    first = identity() if momentum is None else trace(momentum, nesterov, accumulator_dtype)
    return chain(first, scale_by_learning_rate(learning_rate))


@factory
def adam(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam: steps of the size of the learning rate, adapted to each parameter.

        u = −learning_rate · m̂ / (√(v̂ + eps_root) + eps),    m̂ and v̂ as in `scale_by_adam`

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: The share of the first moment kept each step, in [0, 1).
        b2: The share of the second moment kept each step, in [0, 1).
        eps: Added to the denominator, in units of the gradient.
        eps_root: Added under the root, in units of the squared gradient.
        mu_dtype: The dtype of the first moment; by default the parameters'.
        nesterov: Whether to look one step ahead, as `nadam`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015. arXiv:1412.6980

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.adam(0.1)
        >>> params = tw.Tensor([1.0, -2.0])
        >>> gradient = tw.grad(lambda p: (p**2).sum())(params)
        >>> updates, state = optimizer.update(gradient, optimizer.init(params), params)
        >>> updates
        tensor([-0.1000,  0.1000])
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


@factory
def nadam(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformation:
    """Adam with Nesterov's look ahead.

    Arguments and errors as for `adam`.

    Source:
        Dozat, "Incorporating Nesterov Momentum into Adam", 2016.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.nadam(0.1)
        nadam(learning_rate=0.1)
    """
    return adam(learning_rate, b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov)


@factory
def adamw(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = False,
) -> GradientTransformation:
    """Adam with decoupled weight decay.

        u = −learning_rate · (m̂ / (√(v̂ + eps_root) + eps) + weight_decay · p)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        b1: As for `adam`; so are `b2`, `eps`, `eps_root`, `mu_dtype` and `nesterov`.
        b2: See `adam`.
        eps: See `adam`.
        eps_root: See `adam`.
        mu_dtype: See `adam`.
        weight_decay: A finite number or a schedule.
        mask: A tree of booleans as for `masked`, True where weights decay; None for all.
        nesterov: See `adam`.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. arXiv:1711.05101

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adamw(0.001, weight_decay=0.01)
        adamw(learning_rate=0.001, weight_decay=0.01)
    """
    return chain(
        scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


@factory
def nadamw(
    learning_rate: ScalarOrSchedule,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    mu_dtype: Any = None,
    weight_decay: ScalarOrSchedule = 1e-4,
    mask: Any = None,
    *,
    nesterov: bool = True,
) -> GradientTransformation:
    """Adam with Nesterov's look ahead and decoupled weight decay.

    Arguments and errors as for `adamw`.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.nadamw(0.001)
        nadamw(learning_rate=0.001)
    """
    return adamw(
        learning_rate, b1, b2, eps, eps_root, mu_dtype, weight_decay, mask, nesterov=nesterov
    )


@factory
def adagrad(
    learning_rate: ScalarOrSchedule, initial_accumulator_value: float = 0.1, eps: float = 1e-7
) -> GradientTransformation:
    """Adagrad: steps divided by the root of the sum of all squared gradients.

        s ← s + g²
        u = −learning_rate · g / √(s + eps)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        initial_accumulator_value: The sum before the first step, in [0, ∞).
        eps: Added under the root, in units of the squared gradient.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", 2011.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.adagrad(0.5)
        adagrad(learning_rate=0.5)
    """
    return chain(
        scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate)
    )


@factory
def rmsprop(
    learning_rate: ScalarOrSchedule,
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: float | None = None,
    nesterov: bool = False,
    bias_correction: bool = False,
) -> GradientTransformation:
    """RMSProp: steps divided by the root of the average squared gradient.

        v ← (1 − decay) g² + decay · v
        u = −learning_rate · g / √(v + eps)

    Args:
        learning_rate: A number in [0, ∞) or a schedule.
        decay: The share of the average kept each step, in [0, 1).
        eps: Keeps the denominator from zero.
        initial_scale: The average before the first step, in [0, ∞).
        eps_in_sqrt: Whether `eps` is added under the root.
        centered: Whether to divide by the root of the variance instead.
        momentum: The share of the past updates kept, in [0, 1); None for none.
        nesterov: Whether momentum looks one step ahead.
        bias_correction: Whether averages are corrected for their start.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Hinton, "Overview of mini-batch gradient descent", 2012; centred: Graves, "Generating
        Sequences With Recurrent Neural Networks", 2013, equations 38–45. arXiv:1308.0850

    Example:
        >>> import thalweg as tw
        >>> tw.optim.rmsprop(0.01, momentum=0.9)
        rmsprop(learning_rate=0.01, momentum=0.9)
    """
    scaled = scale_by_stddev if centered else scale_by_rms
    return chain(
        scaled(decay, eps, initial_scale, eps_in_sqrt, bias_correction),
        scale_by_learning_rate(learning_rate),
        identity() if momentum is None else trace(momentum, nesterov),
    )


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
