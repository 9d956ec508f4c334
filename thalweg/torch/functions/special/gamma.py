"""The incomplete gamma functions by PyTorch's names."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.special.incomplete import gammainc, gammaincc
from thalweg.torch.naming import method


@method(inplace=True)
def igamma(input: Any, other: Any) -> Tensor:
    """Lower regularized incomplete gamma function: `torch.special.gammainc`.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.igamma(torch.tensor(1.0), torch.tensor(2.0))
        tensor(0.8647)
    """
    return gammainc(input, other)


@method(inplace=True)
def igammac(input: Any, other: Any) -> Tensor:
    """Upper regularized incomplete gamma function: `torch.special.gammaincc`."""
    return gammaincc(input, other)
