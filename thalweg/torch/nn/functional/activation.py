"""Activations, with PyTorch's names, arguments and derivatives at kinks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, astype
from thalweg.engines.composed import composed, computed
from thalweg.errors import ArgumentError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.elementwise import exponential, trigonometric
from thalweg.ops.elementwise.arithmetic import absolute, sign
from thalweg.ops.elementwise.comparison import greater, greater_equal, less_equal, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.exponential import expm1
from thalweg.ops.index.take import one_hot
from thalweg.ops.reduce.extremes import argmax
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.transpose import moveaxis
from thalweg.ops.special import activations as smooth
from thalweg.torch.functions import pointwise
from thalweg.torch.functions.members.activations import hardshrink, prelu
from thalweg.torch.functions.short.layers import rectified
from thalweg.torch.functions.short.road import tries
from thalweg.torch.functions.short.sums import log_softmax_of_rows, softmax_of_rows
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.functional.dropout import apply, exponentials, slopes
from thalweg.torch.steps import step

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink",
    "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu",
    "relu", "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid",
    "silu", "softmax", "softmin",
    "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip


# Klambauer et al., "Self-Normalizing Neural Networks", 2017: the fixed point of mean 0, variance 1.
_SELU_ALPHA = 1.6732632423543772848170429916717

_SELU_SCALE = 1.0507009873554804934193349852946


@step("Elu")
def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Exponential linear unit: x where x > 0, else α (eˣ - 1).

    Source:
        Clevert, Unterthiner & Hochreiter, 2015. arXiv:1511.07289
    """
    return apply(lambda x: composed(smooth.elu, x, alpha=alpha), input, inplace)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Write `elu` of a tensor into its own memory."""
    return elu(input, alpha, inplace=True)


@step("Celu")
def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Exponential linear unit with a continuous derivative: x where x > 0, else α (e^(x/α) - 1).

    Raises:
        ArgumentError: If α is 0.

    Source:
        Barron, "Continuously Differentiable Exponential Linear Units", 2017. arXiv:1704.07483
    """
    if alpha == 0:
        raise ArgumentError("celu got alpha=0, which cannot be divided by. Give a positive number.")
    return apply(lambda x: composed(_celu, x, alpha=alpha), input, inplace)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Write `celu` of a tensor into its own memory."""
    return celu(input, alpha, inplace=True)


def _selu(x: Tensor) -> Tensor:
    return _SELU_SCALE * smooth.elu(x, _SELU_ALPHA)


def _mish(x: Tensor) -> Tensor:
    return x * trigonometric.tanh(smooth.softplus(x))


def _hardsigmoid(x: Tensor) -> Tensor:
    return _limit(x + 3, 0, 6) / 6


def _threshold(x: Tensor, threshold: float, value: float) -> Tensor:
    return where(less_equal(x, threshold), value, x)


def _celu(x: Tensor, alpha: float) -> Tensor:
    negative = less_equal(x, 0)
    # Where it is not chosen, the exponential must not overflow: its derivative would be NaN.
    return where(negative, alpha * expm1(where(negative, x, 0) / alpha), x)


@step("Elu")
def selu(input: Any, inplace: bool = False) -> Tensor:
    """Self-normalizing linear unit: λ x where x > 0, else λ α (eˣ - 1), λ ≈ 1.0507, α ≈ 1.6733.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.selu(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([-1.1113,  0.0000,  1.0507])
    """
    return apply(lambda x: composed(_selu, x), input, inplace)


def selu_(input: Tensor) -> Tensor:
    """Write `selu` of a tensor into its own memory."""
    return selu(input, inplace=True)


@step("Gelu")
def gelu(input: Any, approximate: str = "none") -> Tensor:
    """Gaussian error linear unit: x Φ(x), Φ the normal distribution function.

    Raises:
        ArgumentError: If `approximate` is neither "none" nor "tanh".
    """
    return composed(smooth.gelu, as_tensor(input), approximate=approximate)


@step("Silu")
def silu(input: Any, inplace: bool = False) -> Tensor:
    """Sigmoid linear unit: x σ(x)."""
    return apply(lambda x: composed(smooth.silu, x), input, inplace)


@step("Mish")
def mish(input: Any, inplace: bool = False) -> Tensor:
    """Return x tanh(ln(1 + eˣ)).

    Source:
        Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019. arXiv:1908.08681
    """
    return apply(lambda x: composed(_mish, x), input, inplace)


@step("Softplus")
def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Smooth rectifier: ln(1 + e^(βx)) / β, and x itself where βx is above the threshold."""
    return composed(_softplus, as_tensor(input), beta=beta, threshold=threshold)


def _softplus(x: Tensor, beta: float, threshold: float) -> Tensor:
    scaled = x * beta
    return where(greater(scaled, threshold), x, smooth.softplus(scaled) / beta)


@step("Div")
def softsign(input: Any) -> Tensor:
    """Return x / (1 + |x|)."""
    return composed(_softsign, as_tensor(input))


def _softsign(x: Tensor) -> Tensor:
    return x / (1 + absolute(x))


def sigmoid(input: Any) -> Tensor:
    """Logistic function: 1 / (1 + e⁻ˣ)."""
    return computed(exponential.sigmoid, as_tensor(input))


@step("LogSigmoid")
def logsigmoid(input: Any) -> Tensor:
    """Logarithm of the logistic function, without overflow."""
    return composed(smooth.log_sigmoid, as_tensor(input))


def tanh(input: Any) -> Tensor:
    """Hyperbolic tangent."""
    return trigonometric.tanh(as_tensor(input))


@step("Sub")
def tanhshrink(input: Any) -> Tensor:
    """Return x - tanh x."""
    return composed(_tanhshrink, as_tensor(input))


def _tanhshrink(x: Tensor) -> Tensor:
    return x - trigonometric.tanh(x)


# ---- along an axis


@tries(softmax_of_rows)
@step("Softmax")
def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Exponentials that sum to one along an axis: eˣ / Σ eˣ.

    Args:
        input: A tensor.
        dim: The axis; by default 0 for tensors of 0, 1 and 3 axes, else 1.
        dtype: What the input is converted to first.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.softmax(torch.tensor([[0.0, 0.0]]), dim=1)
        tensor([[0.5000, 0.5000]])
    """
    x, axis = _with_axis(input, dim, dtype)
    return _of_rows(smooth.softmax, x, axis) if x.size and x.ndim else x * 0 + 1


def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return `softmax` of -x."""
    x, axis = _with_axis(input, dim, dtype)
    return softmax(-x, axis)


@tries(log_softmax_of_rows)
@step("LogSoftmax")
def log_softmax(
    input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Logarithm of `softmax`, without overflow: x - ln Σ eˣ."""
    x, axis = _with_axis(input, dim, dtype)
    return _of_rows(smooth.log_softmax, x, axis) if x.size and x.ndim else x * 0


def _of_rows(function: Callable[..., Tensor], x: Tensor, axis: int) -> Tensor:
    """Apply a function along an axis: in one step along the last one."""
    array = x.array
    if array.__class__ is np.ndarray and array.dtype.char in "fd" and axis in (-1, x.ndim - 1):
        return composed(function, x, axes=x.ndim - 1, axis=-1)
    return function(x, axis)


def _with_axis(input: Any, dim: int | None, dtype: Any) -> tuple[Tensor, int]:
    """Return the input, converted if that is asked, and the axis that is meant."""
    x = as_tensor(input) if dtype is None else astype(as_tensor(input), dtype)
    by_default = 0 if x.ndim in (1, 3) else 1
    return x, by_default if dim is None else dim


def _gated(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    first, second = (part_of(x, x.ndim - 1, start, start + half) for start in (0, half))
    return first * exponential.sigmoid(second)


@step("Glu")
def glu(input: Any, dim: int = -1) -> Tensor:
    """Gated linear unit: a σ(b), a the first half along the axis and b the second.

    Raises:
        ShapeError: If the extent of the axis is odd.

    Source:
        Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2016.
        arXiv:1612.08083
    """
    x = as_tensor(input)
    if x.ndim == 0:
        raise ShapeError("glu does not support 0-dimensional tensors. Give at least one axis.")
    axis = normalize_axis("glu", dim, x.ndim)
    if x.shape[axis] % 2:
        raise ShapeError(
            f"Halving dimension must be even, but dimension {axis} is size {x.shape[axis]} for "
            "glu. Give twice as many features as are wanted."
        )
    if axis == x.ndim - 1:
        return composed(_gated, x, axes=axis)
    half = x.shape[axis] // 2
    first, second = (part_of(x, axis, start, start + half) for start in (0, half))
    return first * exponential.sigmoid(second)


@tries(rectified)
@step("Relu")
def relu(input: Any, inplace: bool = False) -> Tensor:
    """Rectified linear unit: x where x > 0, else 0."""
    return apply(pointwise.relu, input, inplace)


def relu_(input: Tensor) -> Tensor:
    """Write `relu` of a tensor into its own memory."""
    return relu(input, inplace=True)


@step("LeakyRelu")
def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return x where x > 0, else a small multiple of x."""
    return apply(
        lambda x: composed(smooth.leaky_relu, x, negative_slope=negative_slope), input, inplace
    )


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Write `leaky_relu` of a tensor into its own memory."""
    return leaky_relu(input, negative_slope, inplace=True)


@step("RreluWithNoise")
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
    return apply(lambda x: x * slopes(x, lower, upper), input, inplace)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """Write `rrelu` of a tensor into its own memory."""
    return rrelu(input, lower, upper, training, inplace=True)


def gumbel_softmax(
    logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """Draw shares of classes that tend to one class as τ does to 0: softmax((x + g) / τ).

    Args:
        logits: x, unnormalized logarithms of probabilities.
        tau: τ, above 0.
        hard: Whether the class alone is given, as 1 among zeros, with the derivative of the shares.
        eps: Accepted as in PyTorch, where it has no effect either.
        dim: The axis of the classes.

    Source:
        Jang, Gu & Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017.
        arXiv:1611.01144

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.gumbel_softmax(torch.zeros(4), hard=True).sum().item()
        1.0
    """
    x = as_tensor(logits)
    if eps != 1e-10:
        warnings.warn(
            "`eps` parameter is deprecated and has no effect.", stacklevel=level_of_user()
        )
    shares = smooth.softmax((x - exponential.log(exponentials(x))) / tau, dim)
    if not hard:
        return shares
    fixed, axis = stop_gradient(shares), normalize_axis("gumbel_softmax", dim, x.ndim)
    chosen = one_hot(argmax(fixed, axis), x.shape[axis], x.dtype)
    return moveaxis(chosen, -1, axis) - fixed + shares


@step("Hardtanh")
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
    return apply(lambda x: composed(_limit, x, low=min_val, high=max_val), input, inplace)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Write `hardtanh` of a tensor into its own memory."""
    return hardtanh(input, min_val, max_val, inplace=True)


def _limit(x: Tensor, low: float, high: float) -> Tensor:
    return where(less_equal(x, low), low, where(greater_equal(x, high), high, x))


@step("Hardtanh")
def relu6(input: Any, inplace: bool = False) -> Tensor:
    """Return x limited to lie between 0 and 6."""
    return apply(lambda x: composed(_limit, x, low=0, high=6), input, inplace)


@step("Hardsigmoid")
def hardsigmoid(input: Any, inplace: bool = False) -> Tensor:
    """Return (x + 3) / 6, limited to lie between 0 and 1."""
    return apply(lambda x: composed(_hardsigmoid, x), input, inplace)


@step("Hardswish")
def hardswish(input: Any, inplace: bool = False) -> Tensor:
    """Return x (x + 3) / 6 between -3 and 3, 0 below and x above.

    Source:
        Howard et al., "Searching for MobileNetV3", 2019. arXiv:1905.02244
    """
    return apply(lambda x: composed(_hardswish, x), input, inplace)


def _hardswish(x: Tensor) -> Tensor:
    return where(less_equal(x, -3), 0, where(greater_equal(x, 3), x, x * (x + 3) / 6))


@step("Softshrink")
def softshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """Return x moved towards zero by λ, and 0 where |x| ≤ λ.

    Raises:
        ArgumentError: If λ is negative.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.softshrink(torch.tensor([-2.0, 0.25, 2.0]))
        tensor([-1.5000,  0.0000,  1.5000])
    """
    if lambd < 0:
        raise ArgumentError(
            f"lambda must be in range [0, ∞) for softshrink, but found {lambd}. Give its "
            "absolute value."
        )
    return composed(_softshrink, as_tensor(input), lambd=lambd)


def _softshrink(x: Tensor, lambd: float) -> Tensor:
    return where(less_equal(absolute(x), lambd), 0, x - lambd * sign(x))


@step("Threshold")
def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return x where it is above the threshold, else the value."""
    return apply(
        lambda x: composed(_threshold, x, threshold=threshold, value=value), input, inplace
    )


def threshold_(input: Tensor, limit: float, value: float) -> Tensor:
    """Write `threshold` of a tensor into its own memory."""
    return threshold(input, limit, value, inplace=True)
