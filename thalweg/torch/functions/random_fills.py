"""Random numbers into memory, new or a tensor's own: bit for bit those of PyTorch's methods.

Memory is filled in its own order: a transposed tensor gets the numbers that its base would get.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.core.program import Symbol
from thalweg.core.tensor import Tensor, fresh
from thalweg.core.writing import overwrite, require_changeable
from thalweg.errors import ArgumentError, CallError, DtypeError, TracingError
from thalweg.ops.elementwise.comparison import maximum
from thalweg.ops.elementwise.exponential import exp, log1p
from thalweg.ops.elementwise.rounding import ceil
from thalweg.ops.elementwise.trigonometric import tan
from thalweg.random.drawing import (
    Fill,
    Keyed,
    drawing_batch,
    drawn,
    has_key,
    keyed_bernoulli,
    keyed_integers,
    keyed_inverse,
    keyed_normal,
    keyed_uniform,
)
from thalweg.random.generator import Generator, default_generator
from thalweg.random.memory_order import in_memory_order, laid_out_like
from thalweg.torch.naming import as_tensor, method

Array = NDArray[Any]


# ---- what is drawn from, and what is filled


def stream(generator: Generator | None, device: Any = None) -> Generator:
    """Return the generator to draw from."""
    if device is not None and str(device) != "cpu":
        raise ArgumentError(
            f"A random tensor was wanted on the device {device!r}; they are made on the CPU. "
            "Leave the argument out."
        )
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise CallError(
            f"The generator given is a {type(generator).__name__}; a tw.Generator is wanted. Make "
            "one with tw.Generator().manual_seed(0)."
        )
    return generator


def values_of(name: str, tensor: Tensor) -> Array:
    """Return a tensor's values.

    Raises:
        TracingError: If the tensor is being traced.
    """
    array = tensor.array
    if isinstance(array, Symbol):
        raise TracingError(
            f"{name} got a tensor that is being traced: its numbers would be drawn once, and be "
            "the same at every step. Draw them before and pass them in as data, or use keyed "
            "draws, as the layers of torch.nn do."
        )
    return np.asarray(array)


def laid_out(name: str, x: Any, dtype: Any) -> Array:
    """Return an array to be filled, in the shape, memory order and, by default, dtype of x."""
    tensor = as_tensor(x)
    if drawing_batch() is not None or (tensor.is_symbolic and has_key()):
        # The axis of the examples comes before those of one, whatever their order in memory.
        return np.empty(tensor.shape, tensor.dtype if dtype is None else dtype)
    values = values_of(name, tensor)
    return laid_out_like(values, values.dtype if dtype is None else dtype)


# ---- what is refused


def require_probability(p: Any) -> None:
    """Refuse what is known not to be within [0, 1]."""
    if isinstance(p, Tensor) and p.is_symbolic:
        return
    if not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
        raise ArgumentError(
            f"bernoulli got the probability p={p}; a probability is from 0 to 1. Change it."
        )


def require_deviation(name: str, std: Any) -> None:
    """Refuse negative standard deviations."""
    if not np.all(np.asarray(std) >= 0):
        raise ArgumentError(
            f"{name} expects std >= 0.0, but found std {std}. Give standard deviations that are "
            "not negative."
        )


def require_held(name: str, low: int, high: int, dtype: np.dtype[Any]) -> None:
    """Refuse integers from low to high - 1 in a dtype that does not hold them."""
    if dtype.kind == "b":
        lowest, highest = 0, 1
    elif dtype.kind == "f":
        highest = int(np.finfo(dtype).max)
        lowest = -highest
    elif dtype.kind in "iu":
        lowest, highest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    else:
        raise DtypeError(f"{name} got the dtype {dtype}; integers are drawn in real dtypes.")
    if high > low and not lowest <= low <= high - 1 <= highest:
        raise ArgumentError(
            f"{name} got bounds {low} and {high}, which are out of bounds for {dtype}. Give a "
            "wider dtype."
        )


# ---- memory filled with numbers


def filled_like(like: Array, draw: Fill, keyed: Keyed | None = None) -> Tensor:
    """Return numbers drawn in the order of an array's memory; as `drawn` in a batch or by key."""
    if drawing_batch() is not None or has_key():
        return drawn(draw, like.shape, keyed)
    return fresh(in_memory_order(like, draw))


def uniform_in(like: Array, source: Generator) -> Tensor:
    """Return numbers uniform on [0, 1) as PyTorch fills such memory with them."""
    draw = lambda shape: source.rand(shape, like.dtype)
    return filled_like(like, draw, keyed_uniform(like.dtype))


def normal_in(
    like: Array, mean: float, std: float, source: Generator, keyed: Keyed | None = None
) -> Tensor:
    """Return normal numbers as PyTorch fills such memory with them."""
    apart = not like.flags.c_contiguous
    draw = lambda shape: source.normal(mean, std, shape, like.dtype, one_by_one=apart)
    return filled_like(like, draw, keyed)


def bernoulli_in(like: Array, p: Any, source: Generator) -> Tensor:
    """Return zeros and ones in an array's dtype, drawn in the order of its memory."""
    if drawing_batch() is not None or has_key():
        require_probability(p)
        fill = lambda shape: _bernoulli(np.empty(shape, like.dtype), p, source)
        return drawn(fill, like.shape, keyed_bernoulli(p, like.dtype))
    return fresh(_bernoulli(like, p, source))


def _bernoulli(like: Array, p: Any, source: Generator) -> Array:
    require_probability(p)
    if isinstance(p, np.ndarray):
        if p.dtype not in (np.float32, np.float64):
            raise DtypeError(
                f"bernoulli got probabilities of dtype {p.dtype}; it wants float32 or float64. "
                "Convert them with astype(float)."
            )
        chances = np.broadcast_to(p, like.shape)
        drawn = in_memory_order(like, lambda shape, part: source.bernoulli(part), chances)
    else:
        drawn = in_memory_order(like, lambda shape: source.bernoulli(p, shape))
    return drawn.astype(like.dtype)


# ---- a tensor's own memory


@method
def uniform_(
    x: Tensor, from_: Any = 0.0, to: Any = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers uniform on [from, to), and return the tensor.

    Raises:
        ArgumentError: If `from` is above `to`, or their distance is out of the dtype's range.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.zeros(1000).uniform_(2, 3)
        >>> bool(x.min() >= 2 and x.max() < 3)
        True
    """
    low, high = float(from_), float(to)
    dtype = as_tensor(x).dtype
    limit = np.finfo(dtype).max if dtype.kind in "fc" else np.inf
    if not -limit <= low <= high <= limit or high - low > limit:
        raise ArgumentError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} and "
            f"to={high:g}: they must be finite in {dtype}, the first no larger than the "
            "second. Change them."
        )
    quantile = lambda u: u * (high - low) + low
    return _fill("uniform_", x, generator, Generator.uniform, low, high, quantile=quantile)


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
    keyed = keyed_normal(memory.dtype, mean, std)
    return overwrite(x, normal_in(memory, mean, std, source, keyed))


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
    dtype = as_tensor(x).dtype
    if from_ is None and to is None:
        keyed = keyed_integers(0, _first_not_drawn(dtype), dtype)
        return _fill("random_", x, generator, Generator.random, keyed=keyed)
    if to is None:
        from_, to = 0, from_
    low, high = int(from_ or 0), int(to or 0)
    if low >= high:
        raise ArgumentError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}. "
            "The upper bound is not drawn; raise it."
        )
    require_held("random_", low, high, dtype)
    keyed = keyed_integers(low, high, dtype)
    return _fill("random_", x, generator, Generator.randint, low, high, keyed=keyed)


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
    chances = p
    if isinstance(p, Tensor) and not (p.is_symbolic and has_key()):
        chances = values_of("bernoulli_", p)
    return overwrite(x, bernoulli_in(memory, chances, source))


@method
def exponential_(x: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of the density λ exp(-λx), and return the tensor.

    Raises:
        ArgumentError: If λ is not above 0.
    """
    _require_positive("exponential_", "lambda", lambd)
    quantile = lambda u: -log1p(-u) / lambd
    return _fill("exponential_", x, generator, Generator.exponential, lambd, quantile=quantile)


@method
def cauchy_(
    x: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers of the density 1/(πσ(1 + ((x - median)/σ)²)), and return the tensor.

    Raises:
        ArgumentError: If σ is not above 0.
    """
    _require_positive("cauchy_", "sigma", sigma)
    quantile = lambda u: tan(math.pi * (u - 0.5)) * sigma + median
    return _fill("cauchy_", x, generator, Generator.cauchy, median, sigma, quantile=quantile)


@method
def log_normal_(
    x: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers whose logarithms are normal, and return the tensor.

    Raises:
        ArgumentError: If the standard deviation of the logarithms is not above 0.
    """
    _require_positive("log_normal_", "std", std)
    dtype = as_tensor(x).dtype
    normal = keyed_normal(dtype, mean, std)
    keyed = None if normal is None else lambda key, shape: exp(normal(key, shape))
    return _fill("log_normal_", x, generator, Generator.log_normal, mean, std, keyed=keyed)


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
    dtype = as_tensor(x).dtype
    if not 0 < p < 1:
        raise ArgumentError(
            f"geometric_ expects p to be in (0, 1), but got p={p}. Change the probability."
        )
    if dtype.kind not in "iuf":
        raise DtypeError(
            f"geometric_ got a tensor of dtype {dtype}; it fills integers and floats. "
            "Make the tensor with one of those dtypes."
        )
    quantile = lambda u: maximum(ceil(log1p(-u) / math.log1p(-p)), 1.0)
    return _fill("geometric_", x, generator, Generator.geometric, p, quantile=quantile)


def _source_and_memory(name: str, x: Any, generator: Generator | None) -> tuple[Generator, Array]:
    """Return what to draw from and what to fill, if the tensor can be filled at all."""
    if not isinstance(x, Tensor):
        raise DtypeError(
            f"{name} got a {type(x).__name__}; it fills a tensor. Convert it with torch.tensor."
        )
    apart = drawing_batch() is not None or has_key()
    memory = laid_out(name, x, None) if apart else values_of(name, x)
    require_changeable(x)
    return stream(generator), memory


def _fill(
    name: str,
    x: Any,
    generator: Generator | None,
    draw: Callable[..., Array],
    *parameters: Any,
    quantile: Callable[[Tensor], Tensor] | None = None,
    keyed: Keyed | None = None,
) -> Tensor:
    """Fill with what a method of generators draws, given parameters, a shape and a dtype.

    With keys the numbers are quantiles of uniform ones, or what `keyed` draws.
    """
    source, memory = _source_and_memory(name, x, generator)
    fill = lambda shape: draw(source, *parameters, shape, memory.dtype)
    if quantile is not None:
        keyed = keyed_inverse(quantile, memory.dtype)
    return overwrite(x, filled_like(memory, fill, keyed))


def _first_not_drawn(dtype: np.dtype[Any]) -> int:
    """Return the bound of `random_` without bounds, in dtypes that are drawn from a key."""
    if dtype.kind == "f":
        return int(2 ** (np.finfo(dtype).nmant + 1))
    # A key's numbers have 53 bits.
    return 2 if dtype.kind == "b" else min(int(np.iinfo(dtype).max), 2**53)


def _require_positive(name: str, what: str, value: float) -> None:
    if not value > 0:
        raise ArgumentError(
            f"{name} expects {what} > 0.0, but found {what}={value}. Give a number above 0."
        )
