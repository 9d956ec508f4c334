"""Convolutions as layers."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.torch.functions.windows import Extents
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional
from thalweg.torch.nn.modules.linear import draw_by_fan_in
from thalweg.torch.nn.modules.module import Applied, describe
from thalweg.torch.nn.parameter import Parameter, add_parameters

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
]  # fmt: skip


_MODES = ("zeros", "reflect", "replicate", "circular")


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


class Convolution(Applied):
    """What convolutions share: sizes, parameters, padding.

    Args:
        in_channels: The extent of the input's axis of channels.
        out_channels: That of the output's.
        kernel_size: The extents of a window; one number, or one an axis.
        stride: The step between windows.
        padding: Elements on both sides; or "same" for an output of the input's size, or "valid".
        dilation: The distance between the elements of a window.
        groups: Into how many parts the channels are cut; each sees its own part of the input.
        bias: Whether a number is added to each channel.
        padding_mode: What the padding is filled with: "zeros", "reflect", "replicate", "circular".
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If the groups do not divide the channels, or the padding means nothing.

    Attributes:
        weight: Of shape (out_channels, in_channels / groups, *kernel_size), uniform within
            ±1/√n at first, n the number of elements of one window.
        bias: Of shape (out_channels,), likewise; None without.
    """

    weight: Parameter
    bias: Parameter | None
    padding: tuple[int, ...] | str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Extents,
        stride: Extents = 1,
        padding: Extents | str = 0,
        dilation: Extents = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _each(kernel_size, self.rank)
        self.stride = _each(stride, self.rank)
        self.padding = padding if isinstance(padding, str) else _each(padding, self.rank)
        self.dilation = _each(dilation, self.rank)
        self.groups = groups
        self.padding_mode = padding_mode
        self.output_padding = (0,) * self.rank
        self._check()
        shape = (out_channels,) if bias else None
        add_parameters(self, dtype, weight=self._shape(), bias=shape)

    def _shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def _check(self) -> None:
        if self.groups <= 0:
            raise ArgumentError(f"groups must be a positive integer, and is {self.groups}")
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % self.groups:
                raise ArgumentError(
                    f"{name} must be divisible by groups, and {getattr(self, name)} and "
                    f"{self.groups} were given."
                )
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ArgumentError(
                    f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'"
                )
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ArgumentError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _MODES:
            raise ArgumentError(
                f"padding_mode must be one of {set(_MODES)}, but got "
                f"padding_mode='{self.padding_mode}'"
            )

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        draw_by_fan_in(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """Return the convolution."""
        x, padding = as_tensor(input), self.padding
        if self.padding_mode != "zeros":
            x, padding = functional.pad(x, self._widths(), self.padding_mode), (0,) * self.rank
        return self._function(
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def _widths(self) -> list[int]:
        """Return how much is padded before and after each axis, the last axis first."""
        if not isinstance(self.padding, str):
            return [width for width in reversed(self.padding) for _ in range(2)]
        totals = [0] * self.rank
        if self.padding == "same":
            sizes = zip(self.dilation, self.kernel_size, strict=True)
            totals = [gap * (k - 1) for gap, k in sizes]
        return [width for n in reversed(totals) for width in (n // 2, n - n // 2)]

    def extra_repr(self) -> str:
        """Return the sizes, and the arguments that are not the defaults."""
        none, one = (0,) * self.rank, (1,) * self.rank
        window = {"padding": none, "dilation": one, "output_padding": none, "groups": 1}
        parts = [
            f"{self.in_channels}, {self.out_channels}",
            describe(self, "kernel_size", "stride", **window),
            "bias=False" if self.bias is None else "",
            describe(self, padding_mode="zeros"),
        ]
        return ", ".join(filter(None, parts))


class Conv1d(Convolution, rank=1, of=functional.conv1d):
    """Convolve (N, C, L) or (C, L): out[n, o, i] = b[o] + Σ w[o, c, u] x[n, c, i·s + u·d].

    Arguments and attributes as of `Conv2d`, with one axis instead of two.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Conv1d(3, 4, 2)(torch.ones((5, 3, 7))).shape == (5, 4, 6)
        True
    """


class Conv2d(Convolution, rank=2, of=functional.conv2d):
    """Convolve images (N, C, H, W) or (C, H, W); see `functional.conv2d`.

    Args:
        in_channels: The extent of the input's axis of channels.
        out_channels: That of the output's.
        kernel_size: The extents of a window; one number, or one an axis.
        stride: The step between windows.
        padding: Elements on both sides; or "same" for an output of the input's size, or "valid".
        dilation: The distance between the elements of a window.
        groups: Into how many parts the channels are cut; each sees its own part of the input.
        bias: Whether a number is added to each channel.
        padding_mode: What the padding is filled with: "zeros", "reflect", "replicate", "circular".

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.Conv2d(3, 8, 3, padding=1)
        >>> layer
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        >>> layer(torch.ones((2, 3, 5, 5))).shape == (2, 8, 5, 5)
        True
    """


class Conv3d(Convolution, rank=3, of=functional.conv3d):
    """Convolve volumes (N, C, D, H, W) or (C, D, H, W); see `functional.conv3d`.

    Arguments and attributes as of `Conv2d`, with three axes instead of two.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Conv3d(3, 4, 2)(torch.ones((5, 3, 4, 4, 4))).shape == (5, 4, 3, 3, 3)
        True
    """


class TransposedConvolution(Convolution):
    """What transposes of convolutions share.

    Args:
        in_channels: The extent of the input's axis of channels.
        out_channels: That of the output's.
        kernel_size: The extents of a window; one number, or one an axis.
        stride: The step between windows of the output.
        padding: How much of the output is cut off on both sides.
        output_padding: How much is added at its end.
        groups: Into how many parts the channels are cut.
        bias: Whether a number is added to each channel.
        dilation: The distance between the elements of a window.
        padding_mode: Only "zeros".
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If the groups do not divide the channels, or the padding mode is another.

    Attributes:
        weight: Of shape (in_channels, out_channels / groups, *kernel_size).
        bias: Of shape (out_channels,); None without.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Extents,
        stride: Extents = 1,
        padding: Extents = 0,
        output_padding: Extents = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Extents = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ArgumentError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}, and '
                f"{padding_mode!r} was given."
            )
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip
        self.output_padding = _each(output_padding, self.rank)

    def _shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, input: Any, output_size: Any = None) -> Tensor:
        """Return the transposed convolution, of the size wanted if one is given."""
        x, cut = as_tensor(input), tuple(int(n) for n in self.padding)
        more = self.output_padding if output_size is None else self._more(x, cut, output_size)
        return self._function(
            x, self.weight, self.bias, self.stride, cut, more, self.groups, self.dilation
        )

    def _more(self, x: Tensor, cut: tuple[int, ...], output_size: Any) -> tuple[int, ...]:
        """Return how much is added at the end, so that the output has the size wanted."""
        wanted = tuple(output_size)[-self.rank :]
        extents = zip(
            x.shape[-self.rank :], self.stride, cut, self.dilation, self.kernel_size, strict=True
        )
        least = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in extents)
        added = tuple(n - few for n, few in zip(wanted, least, strict=True))
        if any(not 0 <= n < s for n, s in zip(added, self.stride, strict=True)):
            raise ArgumentError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to less "
                f"than a stride of {self.stride} more."
            )
        return added


class ConvTranspose1d(TransposedConvolution, rank=1, of=functional.conv_transpose1d):
    """The transpose of `Conv1d`, of (N, C, L) or (C, L); see `functional.conv_transpose1d`."""


class ConvTranspose2d(TransposedConvolution, rank=2, of=functional.conv_transpose2d):
    """The transpose of `Conv2d`, of images; see `functional.conv_transpose2d`."""


class ConvTranspose3d(TransposedConvolution, rank=3, of=functional.conv_transpose3d):
    """The transpose of `Conv3d`, of volumes; see `functional.conv_transpose3d`."""
