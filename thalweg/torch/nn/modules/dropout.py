"""Dropout as modules: elements or channels set to zero at random in training."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.torch.nn import functional
from thalweg.torch.nn.functional.dropout import require_probability
from thalweg.torch.nn.modules.module import Module

__all__ = [
    "AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout",
]  # fmt: skip


class _Dropping(Module):
    """A function that sets things to zero at random in training.

    Args:
        p: The probability.
        inplace: Whether the result is written into the input.

    Raises:
        ArgumentError: If p is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        require_probability(type(self).__name__, p)
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropping):
    """Set elements to zero with probability p in training, and divide the others by 1 - p.

    Args:
        p: The probability.
        inplace: Whether the result is written into the input.

    Raises:
        ArgumentError: If p is no probability.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.Dropout(0.5)
        >>> sorted(set(layer(torch.ones(1000)).tolist()))
        [0.0, 2.0]
        >>> layer.eval()(torch.ones(2)).tolist()
        [1.0, 1.0]
    """

    def forward(self, input: Any) -> Tensor:
        """Return the input with elements dropped."""
        return functional.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropping):
    """Set whole channels of (N, C, L) to zero; see `Dropout`."""

    def forward(self, input: Any) -> Tensor:
        """Return the input with channels dropped."""
        return functional.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropping):
    """Set whole channels of (N, C, H, W) to zero; see `Dropout`."""

    def forward(self, input: Any) -> Tensor:
        """Return the input with channels dropped."""
        return functional.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropping):
    """Set whole channels of (N, C, D, H, W) to zero; see `Dropout`."""

    def forward(self, input: Any) -> Tensor:
        """Return the input with channels dropped."""
        return functional.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropping):
    """Dropout that keeps mean and variance of what `SELU` gives."""

    def forward(self, input: Any) -> Tensor:
        """Return the input with elements dropped."""
        return functional.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropping):
    """`AlphaDropout` of whole channels."""

    def forward(self, input: Any) -> Tensor:
        """Return the input with channels dropped."""
        return functional.feature_alpha_dropout(input, self.p, self.training, self.inplace)
