"""Pooling as layers: extremes and means of windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.torch.functions.windows import Extents
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.module import Applied, Layer, describe

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d",
    "FractionalMaxPool2d", "FractionalMaxPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
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


class MaxPool3d(_MaxPool, of=functional.max_pool3d):
    """Maxima of windows of volumes; see `functional.max_pool3d`."""


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


class _AvgPoolWithDivisor(_AvgPool):
    """Means of windows of images or volumes.

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


class AvgPool2d(_AvgPoolWithDivisor, of=functional.avg_pool2d):
    """Means of windows of images; see `functional.avg_pool2d`."""


class AvgPool3d(_AvgPoolWithDivisor, of=functional.avg_pool3d):
    """Means of windows of volumes; see `functional.avg_pool3d`."""


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


class _AdaptiveMaxPool(Layer):
    """Maxima of as many windows as wanted.

    Args:
        output_size: How many, one number or one an axis; None for the extent itself.
        return_indices: Whether to return the maxima's positions too.
    """

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        self._begin(locals())

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their positions if they are wanted."""
        return self._apply_to(input)

    def extra_repr(self) -> str:
        """Return the number of windows."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool, of=functional.adaptive_max_pool1d):
    """Maxima of as many windows of (N, C, L) or (C, L) as wanted."""


class AdaptiveMaxPool2d(_AdaptiveMaxPool, of=functional.adaptive_max_pool2d):
    """Maxima of as many windows of images as wanted; see `functional.adaptive_max_pool2d`."""


class AdaptiveMaxPool3d(_AdaptiveMaxPool, of=functional.adaptive_max_pool3d):
    """Maxima of as many windows of volumes as wanted."""


class _LPPool(Layer):
    """Norms of windows.

    Args:
        norm_type: The order of the norm.
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        ceil_mode: Whether windows may reach beyond the end.
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: Extents,
        stride: Extents | None = None,
        ceil_mode: bool = False,
    ) -> None:
        self._begin(locals())

    def extra_repr(self) -> str:
        """Return the arguments."""
        return describe(self, "norm_type", "kernel_size", "stride", "ceil_mode")


class LPPool1d(_LPPool, of=functional.lp_pool1d):
    """Norms of windows of (N, C, L) or (C, L); see `functional.lp_pool2d`."""


class LPPool2d(_LPPool, of=functional.lp_pool2d):
    """Norms of windows of images; see `functional.lp_pool2d`."""


class LPPool3d(_LPPool, of=functional.lp_pool3d):
    """Norms of windows of volumes; see `functional.lp_pool2d`."""


class _FractionalMaxPool(Layer):
    """Maxima of overlapping windows whose places are random.

    Args:
        kernel_size: The window; one number, or one an axis.
        output_size: How many windows there are; one number, or one an axis.
        output_ratio: What part of the extents they are as many as, in its place.
        return_indices: Whether to return the maxima's positions too.
        _random_samples: Numbers from 0 to 1, (N, C, axes), in place of those that are drawn.

    Raises:
        ArgumentError: If not one of `output_size` and `output_ratio` is given, or the ratio is
            not between 0 and 1.
    """

    _random_samples: Any

    def __init__(
        self,
        kernel_size: Extents,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        given = locals()
        self._begin({name: given[name] for name in given if name != "_random_samples"})
        self.register_buffer("_random_samples", _random_samples)
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ArgumentError(
                f"{name} requires specifying either an output size, or a pooling ratio. Give one."
            )
        if output_size is not None and output_ratio is not None:
            raise ArgumentError(
                "only one of output_size and output_ratio may be specified. Leave one out."
            )
        for what in ("kernel_size", "output_size", "output_ratio"):
            value = getattr(self, what)
            if value is not None and not isinstance(value, (tuple, list)):
                setattr(self, what, (value,) * self.rank)
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ArgumentError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Any) -> Any:
        """Return the maxima, and their positions if they are wanted."""
        return self._apply_to(input)


class FractionalMaxPool2d(_FractionalMaxPool, rank=2, of=functional.fractional_max_pool2d):
    """Maxima of windows of images at random; see `functional.fractional_max_pool2d`."""


class FractionalMaxPool3d(_FractionalMaxPool, rank=3, of=functional.fractional_max_pool3d):
    """Maxima of windows of volumes at random; see `functional.fractional_max_pool2d`."""


class _MaxUnpool(Applied):
    """Maxima of windows put back to their positions, with zeros elsewhere.

    Args:
        kernel_size: The window; one number, or one an axis.
        stride: The step between windows; by default the window.
        padding: How much was added on both sides.
    """

    def __init__(
        self, kernel_size: Extents, stride: Extents | None = None, padding: Extents = 0
    ) -> None:
        super().__init__()
        step = kernel_size if stride is None else stride
        for name, given in (("kernel_size", kernel_size), ("stride", step), ("padding", padding)):
            each = given if isinstance(given, (tuple, list)) else (given,) * self.rank
            setattr(self, name, tuple(each))

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Tensor:
        """Return the maxima at their positions; of the size wanted if one is given."""
        return self._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self) -> str:
        """Return the arguments."""
        return describe(self, "kernel_size", "stride", "padding")


class MaxUnpool1d(_MaxUnpool, rank=1, of=functional.max_unpool1d):
    """Maxima of windows of (N, C, L) or (C, L) put back; see `functional.max_unpool2d`."""


class MaxUnpool2d(_MaxUnpool, rank=2, of=functional.max_unpool2d):
    """Maxima of windows of images put back; see `functional.max_unpool2d`."""


class MaxUnpool3d(_MaxUnpool, rank=3, of=functional.max_unpool3d):
    """Maxima of windows of volumes put back; see `functional.max_unpool2d`."""
