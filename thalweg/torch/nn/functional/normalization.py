"""Normalizations, with PyTorch's names and arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.control.fused import Fused, is_eager
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor, astype, fresh
from thalweg.core.writing import overwrite, refill
from thalweg.engines.composed import composed
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.index.pad import pad
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.broadcast import reduce_sum
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.windows.windows import windows
from thalweg.torch.functions.short.images import by_instance, grouped
from thalweg.torch.functions.short.road import tries
from thalweg.torch.fused.normalizing import (
    by_batch,
    by_batch_back,
    by_features,
    by_features_alone,
    by_features_back,
    by_groups,
    by_groups_back,
    moved_towards,
)
from thalweg.torch.naming import as_tensor
from thalweg.torch.steps import step
from thalweg.torch.tensors import TorchTensor

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm",
]  # fmt: skip


Axes = tuple[int, ...]


def _moments(x: Tensor, axes: Axes) -> tuple[Tensor, Tensor, Tensor]:
    """Return x minus its mean over axes, the mean and the variance, with axes of extent 1."""
    middle = mean(x, axes, keepdims=True)
    centred = x - middle
    return centred, middle, mean(square(centred), axes, keepdims=True)


def _scale_and_shift(x: Tensor, weight: Any, bias: Any) -> Tensor:
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def _along_channels(values: Any, ndim: int) -> Tensor:
    return reshape(as_tensor(values), (1, -1, *(1,) * (ndim - 2)))


def _scale_channels(x: Tensor, weight: Any, bias: Any) -> Tensor:
    scale, shift = (v if v is None else _along_channels(v, x.ndim) for v in (weight, bias))
    return _scale_and_shift(x, scale, shift)


# ---- over the features of one example


@step("NativeLayerNorm")
def layer_norm(
    input: Any,
    normalized_shape: Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Tensor:
    """Give the last axes mean 0 and variance 1: (x - μ) / √(σ² + ε) · w + b.

    Args:
        input: x, whose shape ends in `normalized_shape`.
        normalized_shape: The extents of the axes over which mean and variance are taken.
        weight: w, of that shape, or None.
        bias: b, likewise.
        eps: ε.

    Raises:
        ShapeError: If the shapes do not fit.

    Source:
        Ba, Kiros & Hinton, "Layer Normalization", 2016. arXiv:1607.06450

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.layer_norm(torch.tensor([1.0, 3.0]), (2,), eps=0)
        tensor([-1.,  1.])
    """
    x = as_tensor(input)
    scale = None if weight is None else as_tensor(weight)
    shift = None if bias is None else as_tensor(bias)
    axes = _last_axes("layer_norm", x, normalized_shape, scale, shift)
    at_once = x.size and is_eager(x, scale, shift)
    return (_BY_FEATURES if at_once else _by_features)(x, scale, shift, axes=axes, eps=eps)


def _by_features(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, *, axes: Axes, eps: float
) -> Tensor:
    centred, _, variance = _moments(x, axes)
    return _scale_and_shift(centred / sqrt(variance + eps), weight, bias)


_BY_FEATURES = Fused(
    "NativeLayerNormBackward0", by_features, by_features_back, _by_features, by_features_alone
)


@step("Mul")
def rms_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, eps: float | None = None
) -> Tensor:
    """Give the last axes mean square 1: x / √(mean x² + ε) · w.

    Args:
        input: x, whose shape ends in `normalized_shape`.
        normalized_shape: The extents of the axes over which the mean is taken.
        weight: w, of that shape, or None.
        eps: ε; by default the dtype's distance from 1 to the next number.

    Raises:
        ShapeError: If the shapes do not fit.

    Source:
        Zhang & Sennrich, "Root Mean Square Layer Normalization", 2019. arXiv:1910.07467
    """
    x = as_tensor(input)
    scale = None if weight is None else as_tensor(weight)
    axes = _last_axes("rms_norm", x, normalized_shape, scale, None)
    small = float(np.finfo(x.dtype).eps) if eps is None else eps
    if len(axes) == 1:
        return _scale_and_shift(composed(_by_root, x, axes=axes[0], eps=small), scale, None)
    return _scale_and_shift(_by_root(x, small, axes), scale, None)


def _by_root(x: Tensor, eps: float, axes: Axes = (-1,)) -> Tensor:
    """Return x over the root of its mean square and a number."""
    return x / sqrt(mean(square(x), axes, keepdims=True) + eps)


def _last_axes(
    name: str, x: Tensor, shape: Sequence[int], weight: Tensor | None, bias: Tensor | None
) -> Axes:
    wanted, held = tuple(shape), tuple(x.array.shape)
    first = len(held) - len(wanted)
    if not wanted or first < 0 or held[first:] != wanted:
        raise ShapeError(
            f"Given normalized_shape={list(wanted)}, expected input with shape "
            f"[*, {', '.join(map(str, wanted))}], but got input of size{list(held)} in {name}."
        )
    for what, given in (("weight", weight), ("bias", bias)):
        if given is not None and tuple(given.array.shape) != wanted:
            raise ShapeError(
                f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape "
                f"{list(given.shape)} and normalized_shape = {list(wanted)}"
            )
    return tuple(range(first, len(held)))


@tries(grouped)
@step("NativeGroupNorm")
def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Tensor:
    """Give each group of channels of each example mean 0 and variance 1.

    Args:
        input: x, of shape (N, channels, …).
        num_groups: Into how many groups the channels are cut.
        weight: A factor for each channel, or None.
        bias: What is added for each channel, or None.
        eps: What is added to the variance.

    Raises:
        ShapeError: If the groups do not divide the channels.

    Source:
        Wu & He, "Group Normalization", 2018. arXiv:1803.08494
    """
    x = as_tensor(input)
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(x.shape)} and num_groups={num_groups}"
        )
    scale = None if weight is None else as_tensor(weight)
    shift = None if bias is None else as_tensor(bias)
    at_once = x.size and is_eager(x, scale, shift)
    at_once = at_once and all(v is None or v.shape == x.shape[1:2] for v in (scale, shift))
    return (_BY_GROUPS if at_once else _by_groups)(x, scale, shift, groups=num_groups, eps=eps)


def _by_groups(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, *, groups: int, eps: float
) -> Tensor:
    size = x.size // (x.shape[0] * groups) if x.shape[0] else 0
    centred, _, variance = _moments(reshape(x, (x.shape[0], groups, size)), (2,))
    return _scale_channels(reshape(centred / sqrt(variance + eps), x.shape), weight, bias)


_BY_GROUPS = Fused("NativeGroupNormBackward0", by_groups, by_groups_back, _by_groups)


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide each channel by a power of the mean square around it: x / (k + α mean x²)^β.

    Args:
        input: x, of shape (N, channels, …), with three axes or more.
        size: The number of channels that each one is divided by, itself in the middle.
        alpha: α.
        beta: β.
        k: k.

    Raises:
        ShapeError: If there are fewer axes.

    Source:
        Krizhevsky, Sutskever & Hinton, "ImageNet Classification with Deep Convolutional Neural
        Networks", 2012, section 3.3; there the sum is taken and not the mean.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.local_response_norm(torch.ones((1, 2, 1)), 2, 2.0, 1.0, k=0.0).tolist()
        [[[1.0], [0.5]]]
    """
    x = as_tensor(input)
    if x.ndim < 3:
        raise ShapeError(
            f"Expected 3D or higher dimensionality input (got {x.ndim} dimensions); "
            "local_response_norm wants (N, channels, …). Reshape it."
        )
    if not x.size:
        return x
    around = [(0, 0)] * x.ndim
    around[1] = (size // 2, (size - 1) // 2)
    seen = windows(pad(square(x), around), (size,), axes=(1,))
    return x / (reduce_sum(seen, (2,)) / size * alpha + k) ** beta


# ---- over the examples of a batch


@step("NativeBatchNorm")
def batch_norm(
    input: Any,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Give each channel mean 0 and variance 1, in training by the batch, else by running ones.

    In training the running values r are changed in place: r ← (1 - m) r + m s, with the batch's
    mean, and its variance with n - 1 in the denominator, as s.

    Args:
        input: x, of shape (N, channels) or (N, channels, …); or (0,), which stays as it is.
        running_mean: The running means, of shape (channels,), or None.
        running_var: The running variances, likewise.
        weight: A factor for each channel, or None.
        bias: What is added for each channel, or None.
        training: Whether the batch's mean and variance are taken.
        momentum: m.
        eps: What is added to the variance.

    Raises:
        ShapeError: If the shape does not fit, or a channel has only one value in training.
        ArgumentError: If there are no running values where they are needed.

    Source:
        Ioffe & Szegedy, "Batch Normalization", 2015. arXiv:1502.03167
    """
    x = as_tensor(input)
    shape = x.array.shape
    if shape == (0,):
        return _scale_and_shift(clone(x), weight, bias)
    if len(shape) < 2:
        raise ShapeError(f"batch_norm got shape {x.shape}; it wants (N, channels, …). Reshape it.")
    channels = shape[1]
    _require_channels(
        channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not training:
        return _normalize_by_running(x, running_mean, running_var, weight, bias, eps)
    count = math.prod(shape) // channels if channels else 0
    if count == 1:
        raise ArgumentError(
            "Expected more than 1 value per channel when training, got input size "
            f"{list(x.shape)}. Give larger batches, or call eval()."
        )
    scale = None if weight is None else as_tensor(weight)
    shift = None if bias is None else as_tensor(bias)
    if count and is_eager(x, scale, shift):
        found, kept = _BY_BATCH.keeping(x, scale, shift, eps=eps)
        _follow_arrays(running_mean, kept[2], 1.0, momentum)
        _follow_arrays(running_var, kept[3], count / (count - 1), momentum)
        return found
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    found, middle, variance = _by_batch(x, scale, shift, axes, eps)
    if count:
        _follow(running_mean, middle, momentum)
        _follow(running_var, variance * (count / (count - 1)), momentum)
    return found


def _by_batch(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, axes: Axes, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return a batch normalized, its means and its variances, made of operations."""
    centred, middle, variance = _moments(x, axes)
    return _scale_channels(centred / sqrt(variance + eps), weight, bias), middle, variance


def _composed_by_batch(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, *, eps: float
) -> Tensor:
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    return _by_batch(x, weight, bias, axes, eps)[0]


_BY_BATCH = Fused("NativeBatchNormBackward0", by_batch, by_batch_back, _composed_by_batch)


def _require_channels(channels: int, **given: Any) -> None:
    for name, values in given.items():
        if values is None:
            continue
        shape = as_tensor(values).array.shape
        if shape != (channels,) and math.prod(shape) != channels:
            raise ShapeError(
                f"{name} should contain {channels} elements not {as_tensor(values).size}: "
                f"batch_norm got an input of {channels} channels, along its second axis. Give "
                "both the same number."
            )


def _normalize_by_running(
    x: Tensor, average: Any, variance: Any, weight: Any, bias: Any, eps: float
) -> Tensor:
    if average is None or variance is None:
        raise ArgumentError(
            "Expected running_mean and running_var to be defined when training is false. Give "
            "them, or training=True."
        )
    middle, spread = (_along_channels(r, x.ndim) for r in (average, variance))
    return _scale_channels((x - middle) / sqrt(spread + eps), weight, bias)


def _follow_arrays(running: Tensor | None, current: Any, factor: float, momentum: Any) -> None:
    """Move running values towards an array of those of the batch, times a factor."""
    if running is None:
        return
    own = running.array
    if type(momentum) is float and is_eager(running) and own.dtype is current.dtype:
        values = current if own.ndim == 1 else current.reshape(own.shape)
        refill(running, tracing.quiet(moved_towards, own, values, factor, momentum))
    else:
        scaled = current * current.dtype.type(factor)
        _follow(running, fresh(scaled, TorchTensor), momentum)


def _follow(running: Tensor | None, current: Tensor, momentum: Any) -> None:
    """Move running values towards those of the batch, without a trace on the tape."""
    if running is None:
        return
    with no_grad():
        new = reshape(current.detach(), running.shape)
        moved = (1 - momentum) * running + momentum * new
        overwrite(running, astype(moved, running.dtype))


@tries(by_instance)
@step("View")
def instance_norm(
    input: Any,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Give each channel of each example mean 0 and variance 1; arguments as of `batch_norm`.

    Raises:
        ArgumentError: If a channel has only one value.

    Source:
        Ulyanov, Vedaldi & Lempitsky, "Instance Normalization", 2016. arXiv:1607.08022
    """
    x = as_tensor(input)
    if not use_input_stats:
        return _normalize_by_running(x, running_mean, running_var, weight, bias, eps)
    axes = tuple(range(2, x.ndim))
    count = x.size // (x.shape[0] * x.shape[1]) if x.shape[0] * x.shape[1] else 0
    if count < 2:
        raise ArgumentError(
            "Expected more than 1 spatial element when training, got input size "
            f"{list(x.shape)}. Give longer inputs."
        )
    centred, middle, variance = _moments(x, axes)
    _follow(running_mean, mean(middle, 0), momentum)
    _follow(running_var, mean(variance, 0) * (count / (count - 1)), momentum)
    return _scale_channels(centred / sqrt(variance + eps), weight, bias)
