"""Initial values of parameters: functions that write into a tensor and return it.

The numbers are drawn from the generator given, or from the default one, as PyTorch draws them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Container
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.lines import level_of_user
from thalweg.random.generator import Generator, default_generator
from thalweg.random.memory_order import in_memory_order
from thalweg.torch.functions import random_fills
from thalweg.torch.functions.random_fills import normal_in, stream, values_of
from thalweg.torch.naming import named
from thalweg.torch.nn.parameter import copy_into

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
    "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_",
    "xavier_uniform_", "zeros_",
]  # fmt: skip


Array = NDArray[Any]

# Mean, deviation, and the bounds.
Truncated = tuple[float, float, float, float]

_GAINS = {
    **dict.fromkeys(("linear", "sigmoid"), 1),
    **{f"conv{n}d": 1 for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": 1 for n in (1, 2, 3)},
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights before a nonlinearity are to be larger.

    Args:
        nonlinearity: The activation's or the layer's name, as "relu" or "conv2d".
        param: For "leaky_relu" the slope a below zero, 0.01 by default: √(2 / (1 + a²)).

    Raises:
        ArgumentError: If the name is unknown or the slope is no number.

    Example:
        >>> from thalweg.torch import nn
        >>> round(nn.init.calculate_gain("leaky_relu", 0.2), 4)
        1.3868
    """
    if nonlinearity in _GAINS:
        return _GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ArgumentError(
            f"Unsupported nonlinearity {nonlinearity}; known are "
            f"{', '.join([*_GAINS, 'leaky_relu'])}. Give one of these, or multiply by a gain."
        )
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, int | float):
        raise ArgumentError(
            f"negative_slope {param} not a valid number; it is the slope below zero. Give a float."
        )
    return math.sqrt(2.0 / (1 + slope**2))


# ---- constants


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Set all elements to one value."""
    return copy_into(tensor, np.full(tensor.shape, val, tensor.dtype))


def ones_(tensor: Tensor) -> Tensor:
    """Set all elements to 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Set all elements to 0."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity; a rectangular one keeps as much of it as fits.

    Raises:
        ShapeError: If it is no matrix.
    """
    _require_axes(tensor, (2,), "Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    return copy_into(tensor, np.eye(rows, columns, dtype=tensor.dtype))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make the weights of a convolution pass on as many of the input's channels as they can.

    Args:
        tensor: Weights of shape (channels out, channels in a group, extents…), 3 to 5 axes.
        groups: The groups of channels.

    Raises:
        ShapeError: If it has another number of axes.
        ArgumentError: If the channels cannot be divided into the groups.
    """
    _require_axes(tensor, (3, 4, 5), "Only tensors with 3, 4, or 5 dimensions are supported")
    channels, inputs, *extents = tensor.shape
    if channels % groups:
        raise ArgumentError(
            f"dim 0 must be divisible by groups, and {channels} channels in {groups} groups were "
            "given. Choose a divisor."
        )
    values = np.zeros(tensor.shape, tensor.dtype)
    centre = tuple(extent // 2 for extent in extents)
    each = channels // groups
    for group in range(groups):
        for channel in range(min(each, inputs)):
            values[(group * each + channel, channel, *centre)] = 1
    return copy_into(tensor, values)


# ---- random values


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Draw all elements uniformly from [a, b).

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> weight = nn.init.uniform_(torch.zeros((2, 3)), 1.0, 2.0)
        >>> bool(torch.all(weight >= 1.0))
        True
    """
    with set_recording(False):
        return random_fills.uniform_(tensor, a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Draw all elements from a normal distribution."""
    with set_recording(False):
        return random_fills.normal_(tensor, mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Draw all elements from a normal distribution restricted to [a, b].

    What falls outside is drawn again. Where more than 70 % would, uniform numbers from [a, b] are
    drawn instead, and kept with a probability in proportion to the density.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect. Move the mean or widen the range.",
            UserWarning,
            stacklevel=level_of_user(),
        )
    below, above = (math.erf((end - mean) / std / math.sqrt(2.0)) for end in (a, b))
    draw = _redraw_normal if (above - below) / 2 > 0.3 else _thin_uniform
    memory = values_of("trunc_normal_", tensor)
    return copy_into(tensor, draw(memory, (mean, std, a, b), stream(generator)))


def _redraw_normal(memory: Array, given: Truncated, source: Generator) -> Array:
    mean, std, a, b = given
    kind = memory.dtype.type
    values = normal_in(memory, mean, std, source).numpy()
    while (outside := (values < kind(a)) | (values > kind(b))).any():
        values = np.where(outside, normal_in(memory, mean, std, source).numpy(), values)
    return values


def _thin_uniform(memory: Array, given: Truncated, source: Generator) -> Array:
    mean, std, a, b = given
    kind = memory.dtype.type
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    values = np.zeros_like(memory)
    pending = np.ones(memory.shape, np.bool_)
    while pending.any():
        fresh = in_memory_order(memory, lambda shape: source.uniform(a, b, shape, memory.dtype))
        values = np.where(pending, fresh, values)
        density = ((fresh - kind(mean)) / kind(std)) ** 2 * kind(-0.5) - kind(peak)
        chance = in_memory_order(memory, lambda shape: source.rand(shape, memory.dtype))
        with np.errstate(divide="ignore"):
            pending &= np.log(chance) > density
    return values


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Draw uniformly from ±gain √(6 / (fan in + fan out)) (Glorot and Bengio 2010)."""
    bound = math.sqrt(3.0) * _xavier_deviation(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Draw from a normal distribution, σ = gain √(2 / (fan in + fan out)) (Glorot and Bengio)."""
    return normal_(tensor, 0.0, _xavier_deviation(tensor, gain), generator)


def _xavier_deviation(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2.0 / float(sum(_fans(tensor))))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Draw uniformly from ±gain √(3 / fan) (He, Zhang, Ren and Sun 2015).

    Args:
        tensor: Weights of shape (out, in, extents…).
        a: The slope below zero, if the nonlinearity is "leaky_relu".
        mode: "fan_in" keeps the variance of the values, "fan_out" that of the gradients.
        nonlinearity: What follows; see `calculate_gain`.
        generator: Where the numbers come from.

    Raises:
        ArgumentError: If the mode or the nonlinearity is unknown.
        ShapeError: If there are fewer than two axes.
    """
    bound = math.sqrt(3.0) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Draw from a normal distribution, σ = gain / √fan; the rest is as in `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_deviation(tensor, a, mode, nonlinearity), generator)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if 0 in tensor.shape:
        warnings.warn(
            "Initializing zero-element tensors is a no-op; one of shape "
            f"{tuple(tensor.shape)} was given. Check the layer's sizes.",
            UserWarning,
            stacklevel=level_of_user(),
        )
        return 0.0
    modes = ["fan_in", "fan_out"]
    if mode.lower() not in modes:
        raise ArgumentError(f"Mode {mode} not supported, please use one of {modes}")
    fan = _fans(tensor)[modes.index(mode.lower())]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Make the rows, or the columns if they are fewer, orthonormal (Saxe et al. 2013).

    Further axes count as columns. It is the Q of the QR decomposition of normal numbers, with the
    signs of R's diagonal.

    Raises:
        ShapeError: If there are fewer than two axes.
    """
    _require_axes(tensor, _SEVERAL, "Only tensors with 2 or more dimensions are supported")
    if 0 in tensor.shape:
        return tensor
    drawn = normal_(tensor, 0.0, 1.0, generator).detach().numpy()
    flat = drawn.reshape(tensor.shape[0], -1)
    wide = flat.shape[0] < flat.shape[1]
    q, r = np.linalg.qr(flat.T if wide else flat)
    q = q * np.sign(np.diagonal(r))
    return copy_into(tensor, (q.T if wide else q).reshape(tensor.shape) * gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Draw a matrix from a normal distribution and set a share of each column to 0 (Martens 2010).

    Raises:
        ShapeError: If it is no matrix.
    """
    _require_axes(tensor, (2,), "Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    values = normal_(tensor, 0.0, std, generator).detach().numpy().copy()
    for column in range(columns):
        values[default_generator.randperm(rows)[:zeros], column] = 0
    return copy_into(tensor, values)


# ---- names of old


def _of_old(new: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a function under its name of old, without the underscore, which warns of the new."""
    name = new.__name__[:-1]

    @named(name, f"`{new.__name__}` by its name of old, which warns.")
    def old(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(
            f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.",
            FutureWarning,
            stacklevel=level_of_user(),
        )
        return new(*args, **kwargs)

    return old


uniform, normal, constant = _of_old(uniform_), _of_old(normal_), _of_old(constant_)
eye, dirac, sparse, orthogonal = (_of_old(f) for f in (eye_, dirac_, sparse_, orthogonal_))
xavier_uniform, xavier_normal = _of_old(xavier_uniform_), _of_old(xavier_normal_)
kaiming_uniform, kaiming_normal = _of_old(kaiming_uniform_), _of_old(kaiming_normal_)


# ---- parts


def _fans(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output of a layer has, and how many outputs an input."""
    what = "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
    _require_axes(tensor, _SEVERAL, what)
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


# Numbers of axes: two, up to the most that NumPy knows.
_SEVERAL = range(2, 65)


def _require_axes(tensor: Tensor, wanted: Container[int], message: str) -> None:
    if len(tensor.shape) not in wanted:
        raise ShapeError(
            f"{message}, and one of shape {tuple(tensor.shape)} was given. Reshape it first."
        )
