"""Channels rearranged among themselves and into places, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    """Lay out groups of r² channels as r by r pixels: (…, C r², H, W) to (…, C, H r, W r).

    Raises:
        ShapeError: If r² does not divide the channels.

    Source:
        Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016. arXiv:1609.05158

    Example:
        >>> import thalweg as tw
        >>> from thalweg.nn import functional as F
        >>> F.pixel_shuffle(tw.reshape(tw.arange(4.0), (4, 1, 1)), 2).tolist()
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
