"""RMSProp: steps divided by the root of the average squared gradient, or of its variance."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.optim.moments import correction, filled, leafwise, moment, trace
from thalweg.optim.ranges import DECAY, NON_NEGATIVE
from thalweg.optim.recipe import factory
from thalweg.optim.scaling import scale_by_learning_rate
from thalweg.optim.schedules.schedule import ScalarOrSchedule
from thalweg.optim.transformation import GradientTransformation, Params, identity
from thalweg.optim.transforms.chains import chain

__all__ = [
    "ScaleByRStdDevState", "ScaleByRStdDevWithCountState", "ScaleByRmsState",
    "ScaleByRmsWithCountState", "rmsprop", "scale_by_rms", "scale_by_stddev",
]  # fmt: skip


class ScaleByRmsState(NamedTuple):
    """The state of `scale_by_rms` without bias correction."""

    nu: Params  # the average of squares, one a parameter


class ScaleByRmsWithCountState(NamedTuple):
    """The state of `scale_by_rms` with bias correction."""

    count: Any  # int32 scalar: the steps made
    nu: Params  # the average of squares, one a parameter


@factory
def scale_by_rms(
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    """Divide updates by the root of the running average of their squares.

        v ← (1 − decay) g² + decay · v
        u = g / √(v + eps)      (without `eps_in_sqrt`: u = g / (√v + eps))

    Args:
        decay: The share of the average kept each step, in [0, 1).
        eps: Keeps the denominator from zero.
        initial_scale: The average before the first step, in [0, ∞).
        eps_in_sqrt: Whether `eps` is added under the root.
        bias_correction: Whether v is divided by 1 − decayᵗ.

    Raises:
        ArgumentError: If the decay is outside [0, 1) or another number negative.

    Source:
        Hinton, "Overview of mini-batch gradient descent", 2012, lecture 6a of Neural Networks for
        Machine Learning.

    Example:
        >>> import thalweg as tw
        >>> rms = tw.optim.scale_by_rms(decay=0.75, eps=0.0)
        >>> updates, _ = rms.update([3.0], rms.init([0.0]))
        >>> updates
        [np.float64(2.0)]
    """
    _check(decay, eps, initial_scale)

    def at(count: Any) -> Any:
        corrected = correction(decay, count, bias_correction)

        def step(g: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            v = moment(squared_magnitude(g), v, decay)
            return _divided(g, corrected(v), eps, eps_in_sqrt), v

        return step

    kind = ScaleByRmsWithCountState if bias_correction else ScaleByRmsState
    return leafwise(kind, at, nu=filled(initial_scale))


class ScaleByRStdDevState(NamedTuple):
    """The state of `scale_by_stddev` without bias correction."""

    mu: Params  # the average of updates, one a parameter
    nu: Params  # the average of their squares, one a parameter


class ScaleByRStdDevWithCountState(NamedTuple):
    """The state of `scale_by_stddev` with bias correction."""

    count: Any  # int32 scalar: the steps made
    mu: Params  # the average of updates, one a parameter
    nu: Params  # the average of their squares, one a parameter


@factory
def scale_by_stddev(
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> GradientTransformation:
    """Divide updates by the root of their running variance.

        m ← (1 − decay) g + decay · m
        v ← (1 − decay) g² + decay · v
        u = g / √(v − m² + eps)     (without `eps_in_sqrt`: u = g / (√(v − m²) + eps))

    Arguments, errors and source as for `scale_by_rms`.

    Example:
        >>> import thalweg as tw
        >>> stddev = tw.optim.scale_by_stddev(decay=0.5, eps=0.0)
        >>> updates, _ = stddev.update([3.0], stddev.init([0.0]))
        >>> updates
        [np.float64(2.0)]
    """
    _check(decay, eps, initial_scale)

    def at(count: Any) -> Any:
        corrected = correction(decay, count, bias_correction)

        def step(g: Tensor, m: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            m, v = moment(g, m, decay), moment(squared_magnitude(g), v, decay)
            return (
                _divided(g, corrected(v) - squared_magnitude(corrected(m)), eps, eps_in_sqrt),
                m,
                v,
            )

        return step

    kind = ScaleByRStdDevWithCountState if bias_correction else ScaleByRStdDevState
    return leafwise(kind, at, nu=filled(initial_scale))


def _check(decay: Any, eps: Any, initial_scale: Any) -> None:
    DECAY.check(decay=decay)
    NON_NEGATIVE.check(eps=eps, initial_scale=initial_scale)


def _divided(g: Tensor, v: Tensor, eps: Any, eps_in_sqrt: bool) -> Tensor:
    return g / sqrt(v + eps) if eps_in_sqrt else g / (sqrt(v) + eps)


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
