"""Drawing a tensor's values from the stream of random numbers."""

from __future__ import annotations

from typing import Any

from thalweg.core.generator import Generator
from thalweg.core.tensor import Tensor
from thalweg.nn.parameter import copy_into

_default = Generator()


def draw_uniform(tensor: Tensor, low: float, high: float, generator: Any) -> Tensor:
    """Draw all elements uniformly from [low, high)."""
    return copy_into(tensor, (generator or _default).uniform(low, high, tensor.shape, tensor.dtype))


def draw_normal(tensor: Tensor, mean: float, std: float, generator: Any) -> Tensor:
    """Draw all elements from a normal distribution."""
    return copy_into(tensor, (generator or _default).normal(mean, std, tensor.shape, tensor.dtype))


def draw_order(n: int) -> Any:
    """Draw an order of 0 … n - 1."""
    return _default.randperm(n)
