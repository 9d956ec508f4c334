"""Normalizations over the features of each example, as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import square
from thalweg.ops.elementwise.comparison import greater, where
from thalweg.ops.index.pad import pad
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.windows.windows import windows
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.modules.module import Layer, Module, describe
from thalweg.torch.nn.parameter import Parameter, add_parameters

__all__ = ["CrossMapLRN2d", "GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class Scaling(Module):
    """A layer with a factor and a summand for each feature, or without."""

    weight: Parameter | None
    bias: Parameter | None

    def reset_parameters(self) -> None:
        """Set the factors to 1 and the summands to 0."""
        for name, fill in (("weight", init.ones_), ("bias", init.zeros_)):
            parameter = self._parameters.get(name)
            if parameter is not None:
                fill(parameter)


class _LastAxes(Scaling):
    """A normalization over the last axes.

    Args:
        shape: Their extents; one number for the last axis alone.
        eps: What is added to the variance or the mean square.
        elementwise_affine: Whether there are learned factors.
    """

    def __init__(self, shape: int | Sequence[int], eps: Any, elementwise_affine: bool) -> None:
        super().__init__()
        self.normalized_shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine


class LayerNorm(_LastAxes):
    """Give the last axes mean 0 and variance 1; see `functional.layer_norm`.

    Args:
        normalized_shape: The extents of these axes; one number for the last axis alone.
        eps: What is added to the variance.
        elementwise_affine: Whether there are learned factors and summands.
        bias: Whether there are summands.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Attributes:
        weight: The factors, of that shape, 1 at first; None without.
        bias: The summands, of that shape, 0 at first; None without.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.LayerNorm(2, eps=0)
        >>> layer(torch.tensor([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine)
        shape = self.normalized_shape if elementwise_affine else None
        add_parameters(self, dtype, weight=shape, bias=shape if bias else None)

    def forward(self, input: Any) -> Tensor:
        """Return the input normalized."""
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments."""
        options = describe(self, "eps", "elementwise_affine")
        return f"{self.normalized_shape}, {options}, bias={self.bias is not None}"


class RMSNorm(_LastAxes):
    """Give the last axes mean square 1; see `functional.rms_norm`.

    Args:
        normalized_shape: The extents of these axes; one number for the last axis alone.
        eps: What is added to the mean square; by default the dtype's resolution.
        elementwise_affine: Whether there are learned factors.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Attributes:
        weight: The factors, of that shape, 1 at first; None without.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine)
        add_parameters(self, dtype, weight=self.normalized_shape if elementwise_affine else None)

    def forward(self, input: Any) -> Tensor:
        """Return the input normalized."""
        return functional.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"{self.normalized_shape}, {describe(self, 'eps', 'elementwise_affine')}"


class GroupNorm(Scaling):
    """Give each group of channels of each example mean 0 and variance 1.

    Args:
        num_groups: Into how many groups the channels are cut.
        num_channels: The number of channels, which are along the second axis.
        eps: What is added to the variance.
        affine: Whether there are learned factors and summands, one for each channel.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.
        bias: Whether there are summands.

    Raises:
        ArgumentError: If the groups do not divide the channels.

    Attributes:
        weight: The factors, of shape (num_channels,), 1 at first; None without.
        bias: The summands, likewise, 0 at first; None without.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        shape = (num_channels,) if affine else None
        add_parameters(self, dtype, weight=shape, bias=shape if bias else None)

    def forward(self, input: Any) -> Tensor:
        """Return the input normalized."""
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the arguments."""
        options = f"{describe(self, 'eps', 'affine')}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, {options}"


class LocalResponseNorm(Layer, of=functional.local_response_norm):
    """Divide each channel by a power of the mean square around it: x / (k + α mean x²)^β.

    Args:
        size: The number of channels that each one is divided by, itself in the middle.
        alpha: α.
        beta: β.
        k: k.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self._begin(locals())

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"{self.size}, {describe(self, 'alpha', 'beta', 'k')}"


class CrossMapLRN2d(Module):
    """Divide each channel of images by a power of the mean square around it, as PyTorch of old.

    PyTorch's sums of squares are kept: of channels up to (n - 1) // 2 away, n the size, and for
    those further from the first one that one's too, which PyTorch never takes away. Derivatives
    are those of this function; PyTorch's are of another.

    Args:
        size: n, by which sums are divided.
        alpha: α.
        beta: β.
        k: k.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Any) -> Tensor:
        """Return x / (k + α Σ x² / n)^β.

        Raises:
            ShapeError: If the input has not four axes.
        """
        x = as_tensor(input)
        if x.ndim != 4:
            raise ShapeError(
                f"CrossMapLRN2d: Expected input to be 4D, got {x.ndim}D instead. Reshape it."
            )
        reach = (self.size - 1) // 2
        squares = square(x)
        around = ((0, 0), (reach, reach), (0, 0), (0, 0))
        near = sum(windows(pad(squares, around), (2 * reach + 1,), axes=(1,)), 2)
        far = reshape(greater(arange(x.shape[1]), reach), (-1, 1, 1))
        scale = self.k + self.alpha / self.size * (near + where(far, squares[:, :1], 0.0))
        return x * scale**-self.beta

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"{self.size}, {describe(self, 'alpha', 'beta', 'k')}"
