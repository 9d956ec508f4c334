"""Images, signals and volumes on other grids, and their channels rearranged."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.index.take import take
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import moveaxis, transpose
from thalweg.torch.nn.functional import pooling

__all__ = ["channel_shuffle", "interpolate", "pixel_shuffle", "pixel_unshuffle"]


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


Array = np.ndarray[Any, Any]

_NEAREST = ("nearest", "nearest-exact")

# By mode: how many axes are resampled; of those not named, one to three.
_RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3, "lanczos": 2}

_AVERAGES = (
    pooling.adaptive_avg_pool1d,
    pooling.adaptive_avg_pool2d,
    pooling.adaptive_avg_pool3d,
)


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
    x = as_tensor(input)
    rank = x.ndim - 2
    _check(x, mode, align_corners, antialias)
    extents, factors = _grid(x.shape[2:], size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        return _AVERAGES[rank - 1](x, extents)
    for axis, (new, factor) in enumerate(zip(extents, factors, strict=True), 2):
        old = x.shape[axis]
        step = 1 / factor if factor else old / max(new, 1)
        if align_corners:
            step = (old - 1) / (new - 1) if new > 1 else 0.0
        if mode in _NEAREST:
            shift = 0.5 if mode == "nearest-exact" else 0.0
            places = np.floor((np.arange(new) + shift) * step).astype(np.int64)
            x = take(x, np.minimum(places, old - 1), axis=axis)
            continue
        kind = "linear" if mode.endswith("linear") else mode.removeprefix("bi")
        weigh = _smoothing if antialias else _WEIGHTS[kind]
        weights = weigh(old, _positions(new, step, bool(align_corners)), step, kind)
        product = matmul(moveaxis(x, axis, -1), as_tensor(weights.astype(x.dtype)))
        x = moveaxis(product, -1, axis)
    return x


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


def _linear(old: int, at: Array, step: float, kind: str) -> Array:
    return _spread(old, np.clip(at, 0, old - 1), (0, 1), lambda x: np.maximum(0, 1 - x))


def _cubic(old: int, at: Array, step: float, kind: str) -> Array:
    return _spread(old, at, (-1, 0, 1, 2), lambda x: _keys(x, -0.75))


def _spread(old: int, at: Array, taps: tuple[int, ...], kernel: Callable[[Array], Array]) -> Array:
    """Weigh the neighbours of positions; beyond the edge stands the edge's element."""
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


_WEIGHTS = {"linear": _linear, "cubic": _cubic}

# With how many elements on either side they reach.
_KERNELS: dict[str, tuple[Callable[[Array], Array], int]] = {
    "linear": (lambda x: np.maximum(0, 1 - x), 1),
    "cubic": (lambda x: _keys(x, -0.5), 2),
    "lanczos": (lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0.0), 3),
}
