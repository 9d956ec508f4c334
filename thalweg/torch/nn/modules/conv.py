"""Convolutions as layers."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.windows.sliding import Extents
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter, new_parameter

__all__ = ["Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d"]


_MODES = ("zeros", "reflect", "replicate", "circular")


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


class Convolution(Module):
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

    rank: int
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
        self.weight = new_parameter(*self._shape(), dtype=dtype)
        self.register_parameter("bias", new_parameter(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

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
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            window = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(window) if window else 0
            init.uniform_(self.bias, -bound, bound)

    def _padded(self, input: Any) -> tuple[Tensor, Any]:
        """Return the input as the convolution is to see it, and what else is to be padded."""
        x = as_tensor(input)
        if self.padding_mode == "zeros":
            return x, self.padding
        widths: list[int] = []
        for axis in reversed(range(self.rank)):
            if isinstance(self.padding, str):
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                total = total if self.padding == "same" else 0
                widths += [total // 2, total - total // 2]
            else:
                widths += [self.padding[axis]] * 2
        return functional.pad(x, widths, self.padding_mode), 0

    def extra_repr(self) -> str:
        """Return the sizes, and the arguments that are not the defaults."""
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * self.rank:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.rank:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.rank:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Conv1d(Convolution):
    """Convolve (N, C, L) or (C, L): out[n, o, i] = b[o] + Σ w[o, c, u] x[n, c, i·s + u·d].

    Arguments and attributes as of `Conv2d`, with one axis instead of two.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Conv1d(3, 4, 2)(torch.ones((5, 3, 7))).shape == (5, 4, 6)
        True
    """

    rank = 1

    def forward(self, input: Any) -> Tensor:
        """Return the convolution."""
        x, padding = self._padded(input)
        return functional.conv1d(
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


class Conv2d(Convolution):
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

    rank = 2

    def forward(self, input: Any) -> Tensor:
        """Return the convolution."""
        x, padding = self._padded(input)
        return functional.conv2d(
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


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

    def _cut(self) -> tuple[int, ...]:
        return tuple(int(n) for n in self.padding)

    def _output_padding_for(self, x: Tensor, output_size: Any) -> tuple[int, ...]:
        """Return how much is added at the end, so that the output has the size wanted."""
        if output_size is None:
            return self.output_padding
        wanted = tuple(output_size)[-self.rank :]
        extents = zip(
            x.shape[-self.rank :], self.stride, self._cut(), self.dilation, self.kernel_size,
            strict=True,
        )  # fmt: skip
        least = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in extents)
        added = tuple(n - few for n, few in zip(wanted, least, strict=True))
        if any(not 0 <= n < s for n, s in zip(added, self.stride, strict=True)):
            raise ArgumentError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to less "
                f"than a stride of {self.stride} more."
            )
        return added


class ConvTranspose1d(TransposedConvolution):
    """The transpose of `Conv1d`, of (N, C, L) or (C, L); see `functional.conv_transpose1d`."""

    rank = 1

    def forward(self, input: Any, output_size: Any = None) -> Tensor:
        """Return the transposed convolution, of the size wanted if one is given."""
        x = as_tensor(input)
        return functional.conv_transpose1d(
            x,
            self.weight,
            self.bias,
            self.stride,
            self._cut(),
            self._output_padding_for(x, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose2d(TransposedConvolution):
    """The transpose of `Conv2d`, of images; see `functional.conv_transpose2d`."""

    rank = 2

    def forward(self, input: Any, output_size: Any = None) -> Tensor:
        """Return the transposed convolution, of the size wanted if one is given."""
        x = as_tensor(input)
        return functional.conv_transpose2d(
            x,
            self.weight,
            self.bias,
            self.stride,
            self._cut(),
            self._output_padding_for(x, output_size),
            self.groups,
            self.dilation,
        )
