"""Layers that are linear in their input, and the one that does nothing."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.modules.module import Module, describe
from thalweg.torch.nn.parameter import Parameter, add_parameters

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """Return the input; arguments of the constructor are ignored.

    Example:
        >>> from thalweg.torch import nn
        >>> nn.Identity(54, unused=1)(3.0)
        3.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


def draw_by_fan_in(weight: Tensor, bias: Tensor | None) -> None:
    """Draw both uniformly from ±1/√n, n being the number of inputs of an output."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        inputs = math.prod(weight.shape[1:])
        bound = 1 / math.sqrt(inputs) if inputs else 0
        init.uniform_(bias, -bound, bound)


class Linear(Module):
    """y = x Wᵀ + b.

    Args:
        in_features: The extent of the input's last axis.
        out_features: The extent of the output's last axis.
        bias: Whether b is added.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Attributes:
        weight: W, of shape (out_features, in_features), drawn uniformly from ±1/√in_features.
        bias: b, of shape (out_features,), drawn likewise; None without.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.Linear(3, 2)
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
        >>> layer(torch.ones((5, 3))).shape == (5, 2)
        True
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        shape = (out_features,) if bias else None
        add_parameters(self, dtype, weight=(out_features, in_features), bias=shape)

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        draw_by_fan_in(self.weight, self.bias)

    def forward(self, input: Any) -> Tensor:
        """Return x Wᵀ + b."""
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{describe(self, 'in_features', 'out_features')}, bias={self.bias is not None}"


class Bilinear(Module):
    """y_k = x₁ᵀ W_k x₂ + b_k.

    Args:
        in1_features: The extent of the last axis of x₁.
        in2_features: The extent of the last axis of x₂.
        out_features: The extent of the last axis of y.
        bias: Whether b is added.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If `in1_features` is not positive.

    Attributes:
        weight: W, of shape (out_features, in1_features, in2_features), drawn uniformly from
            ±1/√in1_features.
        bias: b, of shape (out_features,), drawn likewise; None without.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.Bilinear(2, 3, 4)(torch.ones((5, 2)), torch.ones((5, 3))).shape == (5, 4)
        True
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ArgumentError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        weight, shift = (out_features, in1_features, in2_features), (out_features,)
        add_parameters(self, dtype, weight=weight, bias=shift if bias else None)

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Tensor:
        """Return x₁ᵀ W x₂ + b."""
        return functional.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        sizes = describe(self, "in1_features", "in2_features", "out_features")
        return f"{sizes}, bias={self.bias is not None}"
