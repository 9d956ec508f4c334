"""Images, signals and volumes on other grids: padded, averaged, resampled, channels rearranged."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused, is_eager
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.creation.copying import clone
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.index.pad import pad as pad_axes
from thalweg.ops.index.take import take
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import moveaxis, transpose
from thalweg.torch.functions.pooling import avg_pool3d
from thalweg.torch.functions.short.images import (
    bordered,
    dealt_channels,
    shuffled_pixels,
    unshuffled_pixels,
)
from thalweg.torch.functions.short.joining import padded
from thalweg.torch.functions.short.road import tries
from thalweg.torch.functions.short.windows import avg_pool1d, avg_pool2d
from thalweg.torch.fused.resampling import resampled, resampled_back
from thalweg.torch.naming import as_tensor
from thalweg.torch.steps import call_step, step

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "channel_shuffle",
    "interpolate", "native_channel_shuffle", "pad", "pixel_shuffle", "pixel_unshuffle", "upsample",
    "upsample_bilinear", "upsample_nearest",
]  # fmt: skip


_MODES = ("constant", "reflect", "replicate", "circular")

Array = np.ndarray[Any, Any]


@tries(padded)
@tries(bordered)
def _padded(given: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    mode = given[2] if len(given) > 2 else named.get("mode", "constant")
    kind = {"reflect": "Reflection", "replicate": "Replication"}.get(mode)
    widths = given[1] if len(given) > 1 else named["pad"]
    return "ConstantPadNd" if kind is None else f"{kind}Pad{len(widths) // 2}D"


@step(_padded)
def pad(
    input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """Widen a tensor along its last axes.

    Args:
        input: A tensor.
        pad: Elements before and after the last axis, then the last but one, …; negative ones cut.
        mode: "constant", or what fills the border from the tensor: "reflect" without the edge,
            "replicate" the edge, or "circular".
        value: The constant; 0 by default.

    Raises:
        ArgumentError: If the mode is unknown, or the numbers are odd or too many.
        ShapeError: If the border is wider than what it is filled from.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.pad(torch.tensor([1.0, 2.0, 3.0]), (1, 2), "reflect").tolist()
        [2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    """
    x = as_tensor(input)
    if mode not in _MODES:
        raise ArgumentError(f"Unrecognised padding mode {mode}. Give one of {', '.join(_MODES)}.")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ArgumentError(
            f"Padding length must be divisible by 2 and at most twice the number of dimensions of "
            f"the input, but it is {len(pad)} for {x.ndim}."
        )
    if mode != "constant" and value is not None:
        raise ArgumentError(f'Padding mode "{mode}" doesn\'t take in value argument')
    pairs = [(int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    if mode in ("constant", "circular"):
        x = _cut(x, pairs)
        pairs = [(max(0, before), max(0, after)) for before, after in pairs]
    if mode == "constant":
        return pad_axes(x, pairs, constant_values=0 if value is None else value)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = take(x, _places(x.shape, axis, before, after, mode), axis=axis)
    return x


def _places(shape: Shape, axis: int, before: int, after: int, mode: str) -> Array:
    """Return the position along an axis from which each element of the widened one comes."""
    extent = shape[axis]
    room = {"reflect": extent - 1, "circular": extent}.get(mode)
    wide = max(before, after)
    if (room is not None and wide > max(0, room)) or (not extent and wide > 0):
        raise ShapeError(
            "Padding size should be less than the corresponding input dimension, but got padding "
            f"({before}, {after}) at axis {axis} of input {list(shape)} with mode {mode!r}."
        )
    places = np.arange(-before, extent + after)
    if mode == "circular":
        return places % max(extent, 1)
    if mode == "reflect":
        last = extent - 1
        places = last - np.abs(last - np.abs(places))
    inside: Array = np.clip(places, 0, max(extent - 1, 0))
    return inside


def _cut(x: Tensor, pairs: list[tuple[int, int]]) -> Tensor:
    if all(n >= 0 for pair in pairs for n in pair):
        return x
    bounds = []
    for extent, (before, after) in zip(x.shape, pairs, strict=True):
        start, stop = max(0, -before), extent - max(0, -after)
        if stop < start:
            raise ShapeError(
                f"pad got ({before}, {after}) for an axis of extent {extent}, which leaves less "
                "than nothing. Cut less."
            )
        bounds.append((start, stop, 1))
    return slice_(x, tuple(bounds))


@step("Squeeze1")
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Tensor:
    """Means of as many windows of (N, C, L) or (C, L) as wanted; see `adaptive_avg_pool2d`."""
    return adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Tensor:
    """Means of as many windows of images as wanted.

    Window i of n along an extent e is from ⌊i e / n⌋ to before ⌈(i + 1) e / n⌉.

    Args:
        input: (N, C, H, W), or (C, H, W).
        output_size: n, one number or one an axis; None for the extent itself.

    Raises:
        ShapeError: If the number of axes does not fit.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.adaptive_avg_pool2d(torch.reshape(torch.arange(9.0), (1, 3, 3)), (1, None)).tolist()
        [[[3.0, 4.0, 5.0]]]
    """
    found = adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)
    whole = found.shape[-2:] == (1, 1)
    call_step(found, (input,), "MeanBackward1" if whole else "AdaptiveAvgPool2DBackward0")
    return found


@step("AdaptiveAvgPool3D")
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Tensor:
    """Means of as many windows of volumes as wanted; see `adaptive_avg_pool2d`."""
    return adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_avg_pool(name: str, rank: int, input: Any, output_size: Any) -> Tensor:
    """Return means of windows along the last `rank` axes; see `adaptive_avg_pool2d`."""
    x = as_floating(as_tensor(input), None)
    if x.ndim not in (rank + 1, rank + 2):
        raise ShapeError(
            f"{name}: Expected {rank + 1}D or {rank + 2}D tensor, but got shape {x.shape}."
        )
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * rank
    if len(wanted) != rank:
        raise ArgumentError(f"{name}: output_size must have {rank} numbers, and is {output_size}.")
    extents = x.array.shape[-rank:]
    counts = [e if n is None else int(n) for e, n in zip(extents, wanted, strict=True)]
    pairs = list(zip(extents, counts, strict=True))
    if is_eager(x) and x.array.size and all(n > 0 and e % n == 0 for e, n in pairs):
        return _MEANS[rank](x, tuple([e // n for e, n in pairs]))
    for axis, n in zip(range(x.ndim - rank, x.ndim), wanted, strict=True):
        x = _average(x, axis, x.shape[axis] if n is None else int(n))
    return clone(x) if x is input else x


# Of windows side by side, by the number of axes.
_MEANS: dict[int, Callable[..., Tensor]] = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}


def _average(x: Tensor, axis: int, n: int) -> Tensor:
    extent = x.shape[axis]
    if n == extent:
        return x
    if n and extent % n == 0:
        return mean(reshape(x, (*x.shape[:axis], n, extent // n, *x.shape[axis + 1 :])), axis + 1)
    start = np.arange(n) * extent // max(n, 1)
    stop = -(-(np.arange(n) + 1) * extent // max(n, 1))
    places = np.arange(extent)[:, None]
    covered = ((places >= start) & (places < stop)).astype(x.dtype)
    # One product with a matrix of means, along the last axis.
    means = matmul(moveaxis(x, axis, -1), covered / (stop - start).astype(x.dtype))
    return moveaxis(means, -1, axis)


@tries(shuffled_pixels)
@step("PixelShuffle")
def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    """Lay out groups of r² channels as r by r pixels: (…, C r², H, W) to (…, C, H r, W r).

    Raises:
        ShapeError: If r² does not divide the channels.

    Source:
        Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016. arXiv:1609.05158

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.pixel_shuffle(torch.reshape(torch.arange(4.0), (4, 1, 1)), 2).tolist()
        [[[0.0, 1.0], [2.0, 3.0]]]
    """
    x, r = as_tensor(input), upscale_factor
    if x.ndim < 3 or r < 1 or x.shape[-3] % (r * r):
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, and got shape {x.shape} and {r}."
        )
    *lead, channels, height, width = x.shape
    n = len(lead)
    parts = reshape(x, (*lead, channels // (r * r), r, r, height, width))
    parts = transpose(parts, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return reshape(parts, (*lead, channels // (r * r), height * r, width * r))


@tries(unshuffled_pixels)
@step("PixelUnshuffle")
def pixel_unshuffle(input: Any, downscale_factor: int) -> Tensor:
    """Lay out r by r pixels as r² channels, the inverse of `pixel_shuffle`.

    Raises:
        ShapeError: If r does not divide height and width.
    """
    x, r = as_tensor(input), downscale_factor
    if x.ndim < 3 or r < 1 or x.shape[-2] % r or x.shape[-1] % r:
        raise ShapeError(
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, and got "
            f"shape {x.shape} and {r}."
        )
    *lead, channels, height, width = x.shape
    n = len(lead)
    parts = reshape(x, (*lead, channels, height // r, r, width // r, r))
    parts = transpose(parts, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return reshape(parts, (*lead, channels * r * r, height // r, width // r))


@tries(dealt_channels)
@step("ChannelShuffle")
def channel_shuffle(input: Any, groups: int) -> Tensor:
    """Deal the channels of (N, C, …) out again, one of each group in turn.

    Raises:
        ShapeError: If the groups do not divide the channels.

    Source:
        Zhang et al., "ShuffleNet", 2017. arXiv:1707.01083
    """
    x = as_tensor(input)
    if x.ndim < 3 or groups < 1 or x.shape[1] % groups:
        raise ShapeError(
            "Number of channels must be divisible by groups. Got shape "
            f"{x.shape} and {groups} groups."
        )
    parts = reshape(x, (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:]))
    shuffled = reshape(transpose(parts, (0, 2, 1, *range(3, parts.ndim))), x.shape)
    return shuffled if 1 not in parts.shape[1:3] else clone(shuffled)


def native_channel_shuffle(input: Any, groups: int) -> Tensor:
    """`channel_shuffle`, by another of its names."""
    return channel_shuffle(input, groups)


_NEAREST = ("nearest", "nearest-exact")

# By mode: how many axes are resampled; of those not named, one to three.
_RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3, "lanczos": 2}


_KINDS = {
    "bicubic": "Bicubic",
    "bilinear": "Bilinear",
    "lanczos": "Lanczos",
    "linear": "Linear",
    "nearest": "Nearest",
    "nearest-exact": "NearestExact",
    "trilinear": "Trilinear",
}


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resample along all axes but the first two.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: The new extents, one number or one an axis.
        scale_factor: By what the extents are multiplied, in place of `size`.
        mode: "nearest", "nearest-exact", "area" (means), or by the number of axes "linear";
            "bilinear", "bicubic"; "trilinear". "lanczos" too, of images with `antialias`.
        align_corners: Whether the centres of the corner elements stay where they are, not their
            outer corners; for the linear and cubic modes.
        recompute_scale_factor: Whether the step is by the new extents, rounded down, and not by
            the factor itself.
        antialias: Whether coarser grids average over all that they pass, for images.

    Raises:
        ArgumentError: If arguments contradict each other, or the number of axes.

    Source:
        Keys, "Cubic convolution interpolation for digital image processing", 1981; with -3/4 for
        the free parameter, and -1/2 with `antialias`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.interpolate(torch.tensor([[[0.0, 4.0]]]), size=4, mode="linear").tolist()
        [[[0.0, 1.0, 3.0, 4.0]]]
    """
    given = x = as_tensor(input)
    rank = x.ndim - 2
    _check(x, mode, align_corners, antialias)
    if mode not in _NEAREST and mode != "area":
        wanted = [
            tuple(n) if isinstance(n, list) else n.item() if isinstance(n, Tensor) else n
            for n in (size, scale_factor)
        ]
        how = *wanted, mode, bool(align_corners), antialias, bool(recompute_scale_factor)
        weights = _weights(tuple(x.array.shape[2:]), x.spec.dtype, *how)
        x = (_RESAMPLED if is_eager(x) and x.array.size else _resampled)(x, weights=weights)
        smoothed = "Aa" if antialias else ""
        call_step(x, (given,), f"Upsample{_KINDS[mode]}{rank}D{smoothed}Backward0")
        return x
    extents, factors = _grid(x.shape[2:], size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        return adaptive_avg_pool(f"adaptive_avg_pool{rank}d", rank, x, extents)
    for axis, (new, factor) in enumerate(zip(extents, factors, strict=True), 2):
        old = x.shape[axis]
        step = 1 / factor if factor else old / max(new, 1)
        shift = 0.5 if mode == "nearest-exact" else 0.0
        places = np.floor((np.arange(new) + shift) * step).astype(np.int64)
        x = take(x, np.minimum(places, old - 1), axis=axis)
    call_step(x, (given,), f"Upsample{_KINDS[mode]}{rank}DBackward0")
    return x


@functools.lru_cache(maxsize=64, typed=True)
def _weights(
    shape: tuple[int, ...], dtype: Any, size: Any, scale_factor: Any, mode: str, aligned: bool,
    antialias: bool, recompute: bool,
) -> tuple[Array, ...]:  # fmt: skip
    """Return, of each axis, what part each old element has in each new one: (old, new)."""
    kind = "linear" if mode.endswith("linear") else mode.removeprefix("bi")
    weigh, found = _smoothing if antialias else _neighbours, []
    for old, new, factor in zip(shape, *_grid(shape, size, scale_factor, recompute), strict=True):
        step = 1 / factor if factor else old / max(new, 1)
        if aligned:
            step = (old - 1) / (new - 1) if new > 1 else 0.0
        found.append(weigh(old, _positions(new, step, aligned), step, kind).astype(dtype))
    return tuple(found)


def _resampled(x: Tensor, *, weights: Sequence[Array]) -> Tensor:
    for axis, matrix in enumerate(weights, 2):
        x = moveaxis(matmul(moveaxis(x, axis, -1), as_tensor(matrix)), -1, axis)
    return x


_RESAMPLED = Fused("UpsampleBackward0", resampled, resampled_back, _resampled)


def upsample(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Resample by `interpolate`, whose older name this is; a warning says so."""
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Resample by `interpolate` with the nearest element; a warning says so."""
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor)


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Resample images by `interpolate` between centres of corners; a warning says so."""
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)


def _deprecated(name: str) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=level_of_user(),
    )


def _check(x: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    known = (*_NEAREST, "area", *_RANKS)
    if x.ndim not in (3, 4, 5) or mode not in known or _RANKS.get(mode, x.ndim - 2) != x.ndim - 2:
        raise ArgumentError(
            f"interpolate got shape {tuple(x.shape)} and mode {mode!r}; it wants 3 axes for "
            "'linear', 4 for 'bilinear', 'bicubic' and 'lanczos', 5 for 'trilinear', and 3 to 5 "
            "for 'nearest', 'nearest-exact' and 'area'. Give another mode, or reshape it."
        )
    if mode not in _RANKS and align_corners is not None:
        raise ArgumentError(
            f"align_corners option can only be set with the interpolating modes, not {mode!r}. "
            "Leave it out."
        )
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        raise ArgumentError(
            f"Anti-alias option is only supported for bilinear, bicubic and lanczos modes, not "
            f"{mode!r}. Leave it out."
        )
    if mode == "lanczos" and not antialias:
        raise ArgumentError("interpolate got mode 'lanczos' alone; it wants antialias=True too.")


def _grid(
    old: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool
) -> tuple[list[int], list[float | None]]:
    """Return the new extents, and the factors that the steps follow, or None."""
    if (size is None) == (scale_factor is None):
        given = "either" if size is None else "only one of"
        raise ArgumentError(f"{given} size or scale_factor should be defined. Give one of them.")
    wanted = scale_factor if size is None else size
    listed = list(wanted) if isinstance(wanted, (tuple, list)) else [wanted] * len(old)
    if len(listed) != len(old):
        raise ArgumentError(
            f"interpolate got {len(listed)} numbers for {len(old)} axes: {wanted}. Give one an "
            "axis, or one for all."
        )
    if size is not None:
        if recompute:
            raise ArgumentError(
                "recompute_scale_factor is not meaningful with an explicit size. Leave it out."
            )
        return [int(n) for n in listed], [None] * len(old)
    extents = [math.floor(n * float(factor)) for n, factor in zip(old, listed, strict=True)]
    return extents, [None if recompute else float(factor) for factor in listed]


def _positions(new: int, step: float, aligned: bool) -> Array:
    """Return where in the old grid the new elements are."""
    return np.arange(new) * step if aligned else (np.arange(new) + 0.5) * step - 0.5


# ---- what part each old element has in each new one


def _neighbours(old: int, at: Array, step: float, kind: str) -> Array:
    """Weigh the neighbours of positions; beyond the edge stands the edge's element."""
    kernel, taps = _TAPS[kind]
    at = np.clip(at, 0, old - 1) if kind == "linear" else at
    weights = np.zeros((old, len(at)))
    columns = np.arange(len(at))
    below = np.floor(at).astype(np.int64)
    for tap in taps:
        rows = np.clip(below + tap, 0, old - 1)
        np.add.at(weights, (rows, columns), kernel(np.abs(below + tap - at)))
    return weights


def _smoothing(old: int, at: Array, step: float, kind: str) -> Array:
    """Weigh all elements under a kernel as wide as the step, each sum of weights being 1."""
    kernel, support = _KERNELS[kind]
    width = max(step, 1.0)
    centre = (np.arange(len(at)) + 0.5) * step
    first = np.maximum((centre - support * width + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + support * width + 0.5).astype(np.int64), old)
    places = np.arange(old)[:, None]
    weights = kernel(np.abs(places + 0.5 - centre) / width)
    weights = np.where((first <= places) & (places < last), weights, 0.0)
    found: Array = weights / weights.sum(axis=0)
    return found


def _keys(x: Array, a: float) -> Array:
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


Kernel = Callable[[Array], Array]

# With the neighbours that count, from the one below.
_TAPS: dict[str, tuple[Kernel, range]] = {
    "linear": (lambda x: np.maximum(0, 1 - x), range(2)),
    "cubic": (lambda x: _keys(x, -0.75), range(-1, 3)),
}

# With how many elements on either side they reach.
_KERNELS: dict[str, tuple[Kernel, int]] = {
    "linear": (lambda x: np.maximum(0, 1 - x), 1),
    "cubic": (lambda x: _keys(x, -0.5), 2),
    "lanczos": (lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0.0), 3),
}
