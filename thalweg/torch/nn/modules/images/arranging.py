"""Layers that lay pixels and channels out anew."""

from __future__ import annotations

from thalweg.torch.functions.windows import Extents
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Layer, describe

__all__ = ["ChannelShuffle", "Fold", "PixelShuffle", "PixelUnshuffle", "Unfold"]


class _Arrangement(Layer):
    """A layer that prints all of its arguments."""

    def extra_repr(self) -> str:
        """Return the arguments."""
        return describe(self, *self._keywords)


class PixelShuffle(_Arrangement, of=functional.pixel_shuffle):
    """Lay out groups of r² channels as r by r pixels; see `functional.pixel_shuffle`.

    Args:
        upscale_factor: r.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.PixelShuffle(2)(torch.ones((1, 8, 3, 3))).shape == (1, 2, 6, 6)
        True
    """

    def __init__(self, upscale_factor: int) -> None:
        self._begin(locals())


class PixelUnshuffle(_Arrangement, of=functional.pixel_unshuffle):
    """Lay out r by r pixels as r² channels; see `functional.pixel_unshuffle`.

    Args:
        downscale_factor: r.
    """

    def __init__(self, downscale_factor: int) -> None:
        self._begin(locals())


class ChannelShuffle(_Arrangement, of=functional.channel_shuffle):
    """Deal the channels of (N, C, …) out again, one of each group in turn.

    Args:
        groups: The number of groups.
    """

    def __init__(self, groups: int) -> None:
        self._begin(locals())


class Unfold(_Arrangement, of=functional.unfold):
    """Write the windows of (N, C, H, W) as columns (N, C·kH·kW, windows).

    Args:
        kernel_size: The window; one number, or one an axis.
        dilation: The distance between the elements of a window.
        padding: Zeros on both sides.
        stride: The step between windows.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Unfold(2)(torch.ones((1, 3, 4, 4))).shape == (1, 12, 9)
        True
    """

    def __init__(
        self, kernel_size: Extents, dilation: Extents = 1, padding: Extents = 0, stride: Extents = 1
    ) -> None:
        self._begin(locals())


class Fold(_Arrangement, of=functional.fold):
    """Add columns (N, C·kH·kW, windows) to an image (N, C, H, W): the transpose of `Unfold`.

    Args:
        output_size: The image's extents; one number, or one an axis.
        kernel_size: The window, likewise.
        dilation: The distance between the elements of a window.
        padding: How much is cut off on both sides.
        stride: The step between windows.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Fold((4, 4), 2)(torch.ones((1, 12, 9))).shape == (1, 3, 4, 4)
        True
    """

    def __init__(
        self,
        output_size: Extents,
        kernel_size: Extents,
        dilation: Extents = 1,
        padding: Extents = 0,
        stride: Extents = 1,
    ) -> None:
        self._begin(locals())
