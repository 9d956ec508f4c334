"""Activations made of straight pieces, with PyTorch's names, arguments and derivatives at kinks."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.nn.functional.applying import applied
from thalweg.nn.functional.dropping import slopes
from thalweg.ops.elementwise.arithmetic import absolute, sign
from thalweg.ops.elementwise.comparison import greater, greater_equal, less_equal, where
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.special import activations as smooth

__all__ = [
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "leaky_relu",
    "leaky_relu_", "prelu", "relu", "relu6", "relu_", "rrelu", "softshrink", "threshold",
    "threshold_",
]  # fmt: skip


def relu(input: Any, inplace: bool = False) -> Tensor:
    """Rectified linear unit: x where x > 0, else 0."""
    return applied(smooth.relu, input, inplace)


def relu_(input: Tensor) -> Tensor:
    """Write `relu` of a tensor into its own memory."""
    return relu(input, inplace=True)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return x where x > 0, else a small multiple of x."""
    return applied(lambda x: smooth.leaky_relu(x, negative_slope), input, inplace)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Write `leaky_relu` of a tensor into its own memory."""
    return leaky_relu(input, negative_slope, inplace=True)


def prelu(input: Any, weight: Any) -> Tensor:
    """Return x where x > 0, else w x, with one learned slope w, or one for each channel.

    Args:
        input: A tensor; the channels are along its second axis.
        weight: w, one number or as many as there are channels.

    Raises:
        ShapeError: If the number of slopes fits no channels.

    Source:
        He et al., "Delving Deep into Rectifiers", 2015. arXiv:1502.01852
    """
    x, slope = as_tensor(input), as_tensor(weight)
    if slope.ndim > 1:
        raise ShapeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got shape {slope.shape}. "
            "Reshape it."
        )
    channels = x.shape[1] if x.ndim > 1 else 1
    if slope.shape not in ((), (1,), (channels,)):
        raise ShapeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{slope.size} and channel size = {channels}. Give one slope, or one for each channel."
        )
    spread = [1] * x.ndim
    if slope.shape == (channels,) and x.ndim > 1:
        spread[1] = channels
    return where(greater(x, 0), x, reshape(slope, tuple(spread)) * x)


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Leaky rectifier whose slope below zero is random in training, and its mean else.

    Args:
        input: A tensor.
        lower: The least slope.
        upper: The largest.
        training: Whether slopes are drawn, one for each element.
        inplace: Whether the result is written into the input.

    Raises:
        ArgumentError: If the least slope is above the largest.

    Source:
        Xu et al., "Empirical Evaluation of Rectified Activations", 2015. arXiv:1505.00853
    """
    if lower > upper:
        raise ArgumentError(f"Lower bound should be less than upper, got {lower} and {upper}.")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    return applied(lambda x: x * slopes(x, lower, upper), input, inplace)


def hardtanh(
    input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Limit x to lie between two bounds; the derivative at a bound is 0.

    Raises:
        ArgumentError: If the lower bound is above the upper.
    """
    if min_val > max_val:
        raise ArgumentError(
            f"min_val cannot be greater than max_val, and {min_val} and {max_val} were given."
        )
    return applied(lambda x: _limited(x, min_val, max_val), input, inplace)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Write `hardtanh` of a tensor into its own memory."""
    return hardtanh(input, min_val, max_val, inplace=True)


def _limited(x: Tensor, low: float, high: float) -> Tensor:
    return where(less_equal(x, low), low, where(greater_equal(x, high), high, x))


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """Return x limited to lie between 0 and 6."""
    return applied(lambda x: _limited(x, 0, 6), input, inplace)


def hardsigmoid(input: Any, inplace: bool = False) -> Tensor:
    """Return (x + 3) / 6, limited to lie between 0 and 1."""
    return applied(lambda x: _limited(x + 3, 0, 6) / 6, input, inplace)


def hardswish(input: Any, inplace: bool = False) -> Tensor:
    """Return x (x + 3) / 6 between -3 and 3, 0 below and x above.

    Source:
        Howard et al., "Searching for MobileNetV3", 2019. arXiv:1905.02244
    """
    return applied(_hardswish, input, inplace)


def _hardswish(x: Tensor) -> Tensor:
    return where(less_equal(x, -3), 0, where(greater_equal(x, 3), x, x * (x + 3) / 6))


def hardshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """Return x where |x| > λ, else 0."""
    x = as_tensor(input)
    return where(less_equal(absolute(x), lambd), 0, x)


def softshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """Return x moved towards zero by λ, and 0 where |x| ≤ λ.

    Raises:
        ArgumentError: If λ is negative.

    Example:
        >>> import thalweg as tw
        >>> from thalweg.nn import functional as F
        >>> F.softshrink(tw.tensor([-2.0, 0.25, 2.0]))
        tensor([-1.5000,  0.0000,  1.5000])
    """
    if lambd < 0:
        raise ArgumentError(
            f"lambda must be in range [0, ∞) for softshrink, but found {lambd}. Give its "
            "absolute value."
        )
    x = as_tensor(input)
    return where(less_equal(absolute(x), lambd), 0, x - lambd * sign(x))


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return x where it is above the threshold, else the value."""
    return applied(lambda x: where(less_equal(x, threshold), value, x), input, inplace)


def threshold_(input: Tensor, limit: float, value: float) -> Tensor:
    """Write `threshold` of a tensor into its own memory."""
    return threshold(input, limit, value, inplace=True)
