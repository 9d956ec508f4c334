"""Draws from the default stream: of nobody's examples, and without keys."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.random.drawing import draws_apart
from thalweg.random.generator import default_generator
from thalweg.torch.functions.short.road import Array, LongRoadError, known, new, require, short_road
from thalweg.torch.functions.short.writing import changeable, written
from thalweg.torch.tensors import TorchTensor

_NUMBERS = (int, float)


def _shape(size: Any) -> tuple[int, ...]:
    shape = size[0] if len(size) == 1 and size[0].__class__ in (tuple, list) else size
    for n in shape:
        if n.__class__ is not int or n < 0:
            raise LongRoadError
    require(len(shape) > 0)
    return tuple(shape)


def require_stream() -> None:
    """Leave the short road where draws are made for examples or with keys.

    Raises:
        LongRoadError: If they are.
    """
    if draws_apart():
        raise LongRoadError


def _default() -> Any:
    kind = TorchTensor.promotion.default
    if kind.char not in "fd":
        raise LongRoadError
    return kind


@short_road("rand")
def _rand(*size: Any) -> Tensor:
    shape = _shape(size)
    require_stream()
    return new(default_generator.rand(shape, _default()))


@short_road("randn")
def _randn(*size: Any) -> Tensor:
    array = np.empty(_shape(size), _default())
    require_stream()
    if not default_generator.fill_normal(array, 0.0, 1.0):
        array = default_generator.normal(0.0, 1.0, array.shape, array.dtype)
    return new(array)


@short_road("randint")
def _randint(*bounds: Any) -> Tensor:
    low, high, size = (0, *bounds) if len(bounds) == 2 else bounds
    require(low.__class__ is int and high.__class__ is int and -(2**62) < low < high < 2**62)
    require(size.__class__ is not int)
    shape = _shape((size,))
    require_stream()
    return new(default_generator.randint(low, high, shape))


@short_road("randperm")
def _randperm(n: Any) -> Tensor:
    require(n.__class__ is int and n >= 0)
    require_stream()
    return new(default_generator.randperm(n))


def _fillable(x: Any) -> Array:
    array = changeable(x)
    if not array.flags.c_contiguous or array.dtype.char not in "fd" or draws_apart():
        raise LongRoadError
    return array


@short_road("normal_")
def _normal(x: Any, mean: Any = 0.0, std: Any = 1.0) -> Tensor:
    array = _fillable(x)
    if mean.__class__ not in _NUMBERS or std.__class__ not in _NUMBERS or not std >= 0:
        raise LongRoadError
    if not default_generator.fill_normal(array, mean, std):
        array[...] = default_generator.normal(mean, std, array.shape, array.dtype)
    return written(x)


@short_road("uniform_")
def _uniform(x: Any, from_: Any = 0.0, to: Any = 1.0) -> Tensor:
    array = _fillable(x)
    require(from_.__class__ in _NUMBERS and to.__class__ in _NUMBERS and -1e30 < from_ < to < 1e30)
    array[...] = default_generator.uniform(from_, to, array.shape, array.dtype)
    return written(x)


@short_road("exponential_")
def _exponential(x: Any, lambd: Any = 1.0) -> Tensor:
    array = _fillable(x)
    require(lambd.__class__ in _NUMBERS and 0 < lambd < 1e30)
    array[...] = default_generator.exponential(lambd, array.shape, array.dtype)
    return written(x)


@short_road("bernoulli_")
def _coins(x: Any, p: Any = 0.5) -> Tensor:
    array = _fillable(x)
    require(p.__class__ in _NUMBERS and 0 <= p <= 1)
    array[...] = default_generator.bernoulli(p, array.shape)
    return written(x)


def _like(name: str, draw: Callable[[Any, Any], Any]) -> None:
    @short_road(name)
    def drawn(x: Any) -> Tensor:
        array = known(x)
        require(array.dtype.char in "fd" and array.flags.c_contiguous)
        require_stream()
        return new(draw(array.shape, array.dtype))


_like("rand_like", lambda shape, dtype: default_generator.rand(shape, dtype))
_like("randn_like", lambda shape, dtype: default_generator.normal(0.0, 1.0, shape, dtype))


@short_road("normal")
def _normal_of(mean: Any, std: Any, size: Any) -> Tensor:
    require(mean.__class__ in _NUMBERS and std.__class__ in _NUMBERS and std >= 0)
    shape = _shape((size,))
    require_stream()
    return new(default_generator.normal(mean, std, shape, _default()))


_WORDS: dict[str, Any] = {"f": np.dtype(np.uint32), "d": np.dtype(np.uint64)}


@functools.lru_cache(maxsize=64)
def _bits(number: float, kind: str) -> int:
    """Return the bits of a number as an integer."""
    return int(np.array(number, kind).view(_WORDS[kind]))


def _most_bits(array: Array) -> Any:
    """Return the largest of numbers' bits as integers.

    They are ordered as positive numbers are; those of negative ones and of NaN are above all.
    """
    return np.maximum.reduce(array.view(_WORDS[array.dtype.char]), None)


@short_road("bernoulli")
def _bernoulli(x: Any) -> Tensor:
    array = known(x)
    require(array.dtype.char in "fd" and array.flags.c_contiguous and array.size > 0)
    require(_most_bits(array) <= _bits(1.0, array.dtype.char))
    require_stream()
    found = np.empty(array.shape, array.dtype)
    if default_generator.fill_events(found, array):
        return new(found)
    return new(default_generator.bernoulli(array).astype(array.dtype))


@short_road("multinomial")
def _multinomial(x: Any, num_samples: Any, replacement: Any = False) -> Tensor:
    array = known(x)
    require(array.dtype.char in "fd" and array.flags.c_contiguous and array.ndim == 1)
    require(num_samples.__class__ is int and num_samples > 0)
    # None is negative, one is above 0, and all are so small that their sum is finite.
    require(0 < _most_bits(array) < _bits(1e25, array.dtype.char))
    require(bool(replacement) or num_samples <= array.size)
    require_stream()
    found = np.empty(num_samples, np.int64)
    if replacement and num_samples > 1 and default_generator.fill_weighted(found, array):
        return new(found)
    require(np.minimum.reduce(array) > 0)
    return new(default_generator.multinomial(array, num_samples, bool(replacement)))
