"""Layers that are linear in their input, and the one that does nothing."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.nn import init
from thalweg.nn.module import Module
from thalweg.nn.parameter import Parameter, new_parameter
from thalweg.ops.linalg.products import matmul


class Identity(Module):
    """Return the input; arguments of the constructor are ignored.

    Example:
        >>> from thalweg import nn
        >>> nn.Identity(54, unused=1)(3.0)
        3.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


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
        >>> import thalweg as tw
        >>> from thalweg import nn
        >>> layer = nn.Linear(3, 2)
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
        >>> layer(tw.ones((5, 3))).shape == (5, 2)
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
        self.weight = new_parameter(out_features, in_features, dtype=dtype)
        self.register_parameter("bias", new_parameter(out_features, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Tensor:
        """Return x Wᵀ + b."""
        product = matmul(input, self.weight.T)
        return product if self.bias is None else product + self.bias

    def extra_repr(self) -> str:
        """Return the sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
