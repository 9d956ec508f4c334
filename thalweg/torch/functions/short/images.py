"""What layers do of images that nobody records: norms of groups, other layouts, borders."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.torch.functions.short.road import Array, known, new, require
from thalweg.torch.fused.normalizing import rows_normalized


def _floats(x: Any, least: int) -> Array:
    array = known(x)
    require(array.ndim >= least and array.size > 0 and array.dtype.char in "fd")
    return array


def grouped(
    input: Any, num_groups: Any, weight: Any = None, bias: Any = None, eps: Any = 1e-5
) -> Tensor:
    """Return groups of channels with mean 0 and variance 1, times weights, plus biases."""
    x = _floats(input, 2)
    count, channels = x.shape[:2]
    require(num_groups.__class__ is int and num_groups > 0 and channels % num_groups == 0)
    require(eps.__class__ is float)
    rows = np.ascontiguousarray(x).reshape(count * num_groups, x.size // (count * num_groups))
    found = tracing.quiet(rows_normalized, rows, eps).reshape(count, channels, -1)
    for given, combine in ((weight, np.multiply), (bias, np.add)):
        if given is not None:
            values = known(given)
            require(values.shape == (channels,) and values.dtype == x.dtype)
            tracing.quiet(combine, found, values[:, None], found)
    return new(found.reshape(x.shape))


def by_instance(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, use_input_stats: Any = True, *, eps: Any = 1e-5,
) -> Tensor:  # fmt: skip
    """Return the same of each channel alone, where nothing runs along."""
    require(running_mean is None and running_var is None and use_input_stats is True)
    shape = known(input).shape
    require(len(shape) > 2 and math.prod(shape[2:]) > 1)
    return grouped(input, shape[1], weight, bias, eps)


# ---- other layouts


def _laid_out(array: Array, parts: tuple[int, ...], order: tuple[int, ...], shape: Any) -> Tensor:
    return new(np.array(array.reshape(parts).transpose(order), order="C").reshape(shape))


def shuffled_pixels(input: Any, upscale_factor: Any) -> Tensor:
    """Lay out groups of r² channels as r by r pixels."""
    x, r = known(input), upscale_factor
    require(x.ndim == 4 and r.__class__ is int and r > 0 and x.shape[1] % (r * r) == 0)
    n, channels, height, width = x.shape
    own = channels // (r * r)
    shape = n, own, height * r, width * r
    return _laid_out(x, (n, own, r, r, height, width), (0, 1, 4, 2, 5, 3), shape)


def unshuffled_pixels(input: Any, downscale_factor: Any) -> Tensor:
    """Lay out r by r pixels as r² channels."""
    x, r = known(input), downscale_factor
    require(x.ndim == 4 and r.__class__ is int and r > 0)
    require(x.shape[2] % r == 0 and x.shape[3] % r == 0)
    n, channels, height, width = x.shape
    parts = n, channels, height // r, r, width // r, r
    shape = n, channels * r * r, height // r, width // r
    return _laid_out(x, parts, (0, 1, 3, 5, 2, 4), shape)


def dealt_channels(input: Any, groups: Any) -> Tensor:
    """Deal the channels out again, one of each group in turn."""
    x = known(input)
    require(x.ndim > 2 and groups.__class__ is int and groups > 0 and x.shape[1] % groups == 0)
    parts = x.shape[0], groups, x.shape[1] // groups, math.prod(x.shape[2:])
    return _laid_out(x, parts, (0, 2, 1, 3), x.shape)


# ---- borders made of the image


@functools.lru_cache(maxsize=256)
def _places(mode: str, extent: int, before: int, after: int) -> Array:
    """Return where along an axis the elements of a widened one come from."""
    places = np.arange(-before, extent + after)
    if mode == "replicate":
        return np.clip(places, 0, extent - 1)
    require(max(before, after) < (extent if mode == "reflect" else extent + 1))
    if mode == "circular":
        return places % extent
    last = extent - 1
    return np.asarray(last - np.abs(last - np.abs(places)))


def bordered(input: Any, pad: Any, mode: Any) -> Tensor:
    """Widen the last axes by what is next to the border, or on the other side."""
    array = known(input)
    require(mode in ("reflect", "replicate", "circular") and pad.__class__ in (tuple, list))
    axes = len(pad) // 2
    require(len(pad) % 2 == 0 and array.ndim in (axes + 1, axes + 2) and array.size > 0)
    require(all(n.__class__ is int and n >= 0 for n in pad))
    for i in range(axes):
        axis = array.ndim - 1 - i
        places = _places(mode, array.shape[axis], pad[2 * i], pad[2 * i + 1])
        array = array.take(places, axis)
    return new(array)
