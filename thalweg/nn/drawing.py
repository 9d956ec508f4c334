"""Drawing a tensor's values from the stream of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.nn.parameter import overwrite

_numbers = np.random.default_rng(0)


def draw_uniform(tensor: Tensor, low: float, high: float, generator: Any) -> Tensor:
    """Draw all elements uniformly from [low, high)."""
    overwrite(tensor, _numbers.uniform(low, high, tensor.shape))
    return tensor


def draw_normal(tensor: Tensor, mean: float, std: float, generator: Any) -> Tensor:
    """Draw all elements from a normal distribution."""
    overwrite(tensor, _numbers.normal(mean, std, tensor.shape))
    return tensor


def draw_order(n: int) -> Any:
    """Draw an order of 0 … n - 1."""
    return _numbers.permutation(n)
