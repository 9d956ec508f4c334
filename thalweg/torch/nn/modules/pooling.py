"""Pooling as layers: extremes and means of windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.torch.functions.windows import Extents
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Layer, describe

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AvgPool1d", "AvgPool2d",
    "MaxPool1d", "MaxPool2d",
]  # fmt: skip


class _PoolingLayer(Layer):
    """Windows: what the layers share."""

    stride: Extents | None

    def _begin(self, given: Mapping[str, Any]) -> None:
        """Keep the arguments; windows stand side by side if no step is given."""
        super()._begin(given)
        if self.stride is None:
            self.stride = self.kernel_size


class _MaxPool(_PoolingLayer):
    """Maxima of windows.

    Args:
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        padding: How much is added on both sides; it never is the maximum.
        dilation: The distance between the elements of a window.
        return_indices: Whether to return the maxima's positions too.
        ceil_mode: Whether windows may reach beyond the end.
    """

    def __init__(
        self,
        kernel_size: Extents,
        stride: Extents | None = None,
        padding: Extents = 0,
        dilation: Extents = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self._begin(locals())

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their positions if they are wanted."""
        return self._apply_to(input)

    def extra_repr(self) -> str:
        """Return the arguments."""
        return describe(self, "kernel_size", "stride", "padding", "dilation", "ceil_mode")


class MaxPool1d(_MaxPool, of=functional.max_pool1d):
    """Maxima of windows of (N, C, L) or (C, L); see `functional.max_pool1d`."""


class MaxPool2d(_MaxPool, of=functional.max_pool2d):
    """Maxima of windows of images; see `functional.max_pool2d`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.MaxPool2d(2)(torch.reshape(torch.arange(16.0), (1, 4, 4))).tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]
    """


class _AvgPool(_PoolingLayer):
    """Means of windows: what the layers share."""

    def extra_repr(self) -> str:
        """Return the arguments."""
        return describe(self, "kernel_size", "stride", "padding")


class AvgPool1d(_AvgPool, of=functional.avg_pool1d):
    """Means of windows of (N, C, L) or (C, L).

    Args:
        kernel_size: The window.
        stride: The step between windows; by default the window.
        padding: Zeros on both sides.
        ceil_mode: Whether windows may reach beyond the end.
        count_include_pad: Whether the zeros count.
    """

    def __init__(
        self,
        kernel_size: Extents,
        stride: Extents | None = None,
        padding: Extents = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self._begin(locals())
        for name in ("kernel_size", "stride", "padding"):  # it keeps tuples, as in PyTorch
            given = getattr(self, name)
            setattr(self, name, (given,) if isinstance(given, int) else given)


class AvgPool2d(_AvgPool, of=functional.avg_pool2d):
    """Means of windows of images.

    Args:
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        padding: Zeros on both sides.
        ceil_mode: Whether windows may reach beyond the end.
        count_include_pad: Whether the zeros count.
        divisor_override: What to divide by instead of the number of elements.
    """

    def __init__(
        self,
        kernel_size: Extents,
        stride: Extents | None = None,
        padding: Extents = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self._begin(locals())


class _AdaptiveAvgPool(Layer):
    """Means of as many windows as wanted.

    Args:
        output_size: How many, one number or one an axis; None for the extent itself.
    """

    def __init__(self, output_size: Any) -> None:
        self._begin(locals())

    def extra_repr(self) -> str:
        """Return the number of windows."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool, of=functional.adaptive_avg_pool1d):
    """Means of as many windows of (N, C, L) or (C, L) as wanted."""


class AdaptiveAvgPool2d(_AdaptiveAvgPool, of=functional.adaptive_avg_pool2d):
    """Means of as many windows of images as wanted; see `functional.adaptive_avg_pool2d`."""


class AdaptiveAvgPool3d(_AdaptiveAvgPool, of=functional.adaptive_avg_pool3d):
    """Means of as many windows of volumes as wanted."""
