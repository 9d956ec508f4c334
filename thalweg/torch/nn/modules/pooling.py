"""Pooling as layers: extremes and means of windows."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.windows.sliding import Extents
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Module

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AvgPool1d", "AvgPool2d",
    "MaxPool1d", "MaxPool2d",
]  # fmt: skip


class _Pool(Module):
    """Windows: what the layers share."""

    def __init__(
        self, kernel_size: Extents, stride: Extents | None, padding: Extents, ceil_mode: bool
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode


class _MaxPool(_Pool):
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
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.dilation = dilation
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        """Return the arguments."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """Maxima of windows of (N, C, L) or (C, L); see `functional.max_pool1d`."""

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their positions if they are wanted."""
        return functional.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class MaxPool2d(_MaxPool):
    """Maxima of windows of images; see `functional.max_pool2d`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.MaxPool2d(2)(torch.reshape(torch.arange(16.0), (1, 4, 4))).tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]
    """

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their positions if they are wanted."""
        return functional.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class _AvgPool(_Pool):
    """Means of windows: what the layers share."""

    def __init__(
        self,
        kernel_size: Extents,
        stride: Extents | None = None,
        padding: Extents = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
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
        step = kernel_size if stride is None else stride
        window, step, padding = (
            (n,) if isinstance(n, int) else n for n in (kernel_size, step, padding)
        )
        super().__init__(window, step, padding, ceil_mode, count_include_pad)

    def forward(self, input: Any) -> Tensor:
        """Return the means."""
        return functional.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class AvgPool2d(_AvgPool):
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
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Tensor:
        """Return the means."""
        return functional.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class _AdaptiveAvgPool(Module):
    """Means of as many windows as wanted.

    Args:
        output_size: How many, one number or one an axis; None for the extent itself.
    """

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        """Return the number of windows."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of as many windows of (N, C, L) or (C, L) as wanted."""

    def forward(self, input: Any) -> Tensor:
        """Return the means."""
        return functional.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of as many windows of images as wanted; see `functional.adaptive_avg_pool2d`."""

    def forward(self, input: Any) -> Tensor:
        """Return the means."""
        return functional.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means of as many windows of volumes as wanted."""

    def forward(self, input: Any) -> Tensor:
        """Return the means."""
        return functional.adaptive_avg_pool3d(input, self.output_size)
