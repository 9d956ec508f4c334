"""Dropout as modules: elements or channels set to zero at random in training."""

from __future__ import annotations

from thalweg.torch.nn import functional
from thalweg.torch.nn.functional.dropout import require_probability
from thalweg.torch.nn.modules.module import Layer, describe

__all__ = [
    "AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout",
]  # fmt: skip


class _Dropping(Layer):
    """A function that sets things to zero at random in training.

    Args:
        p: The probability.
        inplace: Whether the result is written into the input.

    Raises:
        ArgumentError: If p is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        require_probability(type(self).__name__, p)
        self._begin(locals())

    def extra_repr(self) -> str:
        """Return the arguments."""
        return describe(self, "p", "inplace")


class Dropout(_Dropping, of=functional.dropout):
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


class Dropout1d(_Dropping, of=functional.dropout1d):
    """Set whole channels of (N, C, L) to zero; see `Dropout`."""


class Dropout2d(_Dropping, of=functional.dropout2d):
    """Set whole channels of (N, C, H, W) to zero; see `Dropout`."""


class Dropout3d(_Dropping, of=functional.dropout3d):
    """Set whole channels of (N, C, D, H, W) to zero; see `Dropout`."""


class AlphaDropout(_Dropping, of=functional.alpha_dropout):
    """Dropout that keeps mean and variance of what `SELU` gives."""


class FeatureAlphaDropout(_Dropping, of=functional.feature_alpha_dropout):
    """`AlphaDropout` of whole channels."""
