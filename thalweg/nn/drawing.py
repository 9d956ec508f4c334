"""Drawing a tensor's values from the stream of random numbers."""

from __future__ import annotations

from thalweg.core.generator import Generator, default_generator
from thalweg.core.tensor import Tensor
from thalweg.nn.parameter import copy_into


def stream(generator: Generator | None) -> Generator:
    """Return the generator to draw from: the default one, unless another is given."""
    return default_generator if generator is None else generator


def draw_uniform(tensor: Tensor, low: float, high: float, generator: Generator | None) -> Tensor:
    """Draw all elements uniformly from [low, high)."""
    values = stream(generator).uniform(low, high, tensor.shape, tensor.dtype)
    return copy_into(tensor, values)


def draw_normal(tensor: Tensor, mean: float, std: float, generator: Generator | None) -> Tensor:
    """Draw all elements from a normal distribution."""
    return copy_into(tensor, stream(generator).normal(mean, std, tensor.shape, tensor.dtype))
