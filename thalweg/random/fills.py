"""Random numbers into a tensor's own memory: PyTorch's methods and, bit for bit, its numbers.

Memory is filled in its own order: a transposed tensor gets the numbers that its base would get.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.operation import method
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor
from thalweg.core.writing import overwrite, require_changeable
from thalweg.errors import ArgumentError, DtypeError
from thalweg.random.arguments import (
    bernoulli_in,
    filled_like,
    laid_out,
    normal_in,
    require_deviation,
    require_held,
    stream,
    values_of,
)
from thalweg.random.drawing import drawing_batch
from thalweg.random.generator import Generator

__all__ = [
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "geometric_",
    "log_normal_",
    "normal_",
    "random_",
    "uniform_",
]


Array = NDArray[Any]


@method
def uniform_(
    x: Tensor, from_: Any = 0.0, to: Any = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers uniform on [from, to), and return the tensor.

    Raises:
        ArgumentError: If `from` is above `to`, or their distance is out of the dtype's range.

    Example:
        >>> import thalweg as tw
        >>> x = tw.zeros(1000).uniform_(2, 3)
        >>> bool(x.min() >= 2 and x.max() < 3)
        True
    """
    low, high = float(from_), float(to)
    source, memory = _source_and_memory("uniform_", x, generator)
    limit = np.finfo(memory.dtype).max if memory.dtype.kind in "fc" else np.inf
    if not -limit <= low <= high <= limit or high - low > limit:
        raise ArgumentError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} and "
            f"to={high:g}: they must be finite in {memory.dtype}, the first no larger than the "
            "second. Change them."
        )
    return _filled(x, memory, lambda shape: source.uniform(low, high, shape, memory.dtype))


@method
def normal_(
    x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers, and return the tensor.

    Raises:
        ArgumentError: If the standard deviation is negative.
    """
    source, memory = _source_and_memory("normal_", x, generator)
    require_deviation("normal", std)
    return overwrite(x, normal_in(memory, mean, std, source))


@method
def random_(
    x: Tensor,
    from_: int | None = None,
    to: int | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with integers from `from` (by default 0) to `to` - 1, and return the tensor.

    `random_(to)` has one bound; without any, integers are drawn from 0 to the largest that the
    dtype holds, in float32 to 2²⁴ and in float64 to 2⁵³.

    Raises:
        ArgumentError: If there is no integer in the range, or the dtype does not hold it.
    """
    source, memory = _source_and_memory("random_", x, generator)
    dtype = memory.dtype
    if from_ is None and to is None:
        return _filled(x, memory, lambda shape: source.random(shape, dtype))
    if to is None:
        from_, to = 0, from_
    low, high = int(from_ or 0), int(to or 0)
    if low >= high:
        raise ArgumentError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}. "
            "The upper bound is not drawn; raise it."
        )
    require_held("random_", low, high, dtype)
    return _filled(x, memory, lambda shape: source.randint(low, high, shape, dtype))


@method
def bernoulli_(x: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1, of probability p, and 0, and return the tensor.

    Args:
        x: The tensor to fill, of any dtype.
        p: A number, or a tensor of float32 or float64 that broadcasts to x.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.

    Raises:
        ArgumentError: If a probability is not within [0, 1].
    """
    source, memory = _source_and_memory("bernoulli_", x, generator)
    chances = values_of("bernoulli_", p) if isinstance(p, Tensor) else p
    return overwrite(x, bernoulli_in(memory, chances, source))


@method
def exponential_(x: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of the density λ exp(-λx), and return the tensor.

    Raises:
        ArgumentError: If λ is not above 0.
    """
    source, memory = _source_and_memory("exponential_", x, generator)
    _require_positive("exponential_", "lambda", lambd)
    return _filled(x, memory, lambda shape: source.exponential(lambd, shape, memory.dtype))


@method
def cauchy_(
    x: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers of the density 1/(πσ(1 + ((x - median)/σ)²)), and return the tensor.

    Raises:
        ArgumentError: If σ is not above 0.
    """
    source, memory = _source_and_memory("cauchy_", x, generator)
    _require_positive("cauchy_", "sigma", sigma)
    return _filled(x, memory, lambda shape: source.cauchy(median, sigma, shape, memory.dtype))


@method
def log_normal_(
    x: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers whose logarithms are normal, and return the tensor.

    Raises:
        ArgumentError: If the standard deviation of the logarithms is not above 0.
    """
    source, memory = _source_and_memory("log_normal_", x, generator)
    _require_positive("log_normal_", "std", std)
    return _filled(x, memory, lambda shape: source.log_normal(mean, std, shape, memory.dtype))


@method
def geometric_(x: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the numbers of attempts up to a first success, and return the tensor.

    Args:
        x: The tensor to fill, real and not Boolean.
        p: The probability that an attempt succeeds, between 0 and 1.
        generator: Whose stream to draw from; by default the one that `manual_seed` seeds.

    Raises:
        ArgumentError: If p is not between 0 and 1.
    """
    source, memory = _source_and_memory("geometric_", x, generator)
    if not 0 < p < 1:
        raise ArgumentError(
            f"geometric_ expects p to be in (0, 1), but got p={p}. Change the probability."
        )
    if memory.dtype.kind not in "iuf":
        raise DtypeError(
            f"geometric_ got a tensor of dtype {memory.dtype}; it fills integers and floats. "
            "Make the tensor with one of those dtypes."
        )
    return _filled(x, memory, lambda shape: source.geometric(p, shape, memory.dtype))


def _source_and_memory(name: str, x: Any, generator: Generator | None) -> tuple[Generator, Array]:
    """Return what to draw from and what to fill, if the tensor can be filled at all."""
    if not isinstance(x, Tensor):
        raise DtypeError(
            f"{name} got a {type(x).__name__}; it fills a tensor. Convert it with tw.tensor first."
        )
    memory = laid_out(name, x, None) if drawing_batch() is not None else values_of(name, x)
    require_changeable(x)
    return stream(generator), memory


def _filled(x: Tensor, memory: Array, draw: Callable[[Shape], Array]) -> Tensor:
    return overwrite(x, filled_like(memory, draw))


def _require_positive(name: str, what: str, value: float) -> None:
    if not value > 0:
        raise ArgumentError(
            f"{name} expects {what} > 0.0, but found {what}={value}. Give a number above 0."
        )
