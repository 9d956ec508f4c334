"""Draws from the default stream: of nobody's examples, and without keys."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.random.drawing import drawing_batch, has_key
from thalweg.random.generator import default_generator
from thalweg.torch.functions.short.road import Array, known, new, require, short_road
from thalweg.torch.functions.short.writing import changeable, written
from thalweg.torch.tensors import TorchTensor


def _shape(size: Any) -> tuple[int, ...]:
    shape = size[0] if len(size) == 1 and size[0].__class__ in (tuple, list) else size
    require(len(shape) > 0 and all(n.__class__ is int and n >= 0 for n in shape))
    return tuple(shape)


def _require_stream() -> None:
    require(drawing_batch() is None and not has_key())


def _default() -> Any:
    kind = TorchTensor.promotion.default
    require(kind.char in "fd")
    return kind


@short_road("rand")
def _rand(*size: Any) -> Tensor:
    shape = _shape(size)
    _require_stream()
    return new(default_generator.rand(shape, _default()))


@short_road("randn")
def _randn(*size: Any) -> Tensor:
    shape = _shape(size)
    _require_stream()
    return new(default_generator.normal(0.0, 1.0, shape, _default()))


@short_road("randint")
def _randint(*bounds: Any) -> Tensor:
    low, high, size = (0, *bounds) if len(bounds) == 2 else bounds
    require(low.__class__ is int and high.__class__ is int and -(2**62) < low < high < 2**62)
    require(size.__class__ is not int)
    shape = _shape((size,))
    _require_stream()
    return new(default_generator.randint(low, high, shape))


@short_road("randperm")
def _randperm(n: Any) -> Tensor:
    require(n.__class__ is int and n >= 0)
    _require_stream()
    return new(default_generator.randperm(n))


def _plain(x: Any) -> Array:
    array = changeable(x)
    require(array.dtype.char in "fd" and array.flags.c_contiguous)
    _require_stream()
    return array


@short_road("normal_")
def _normal(x: Any, mean: Any = 0.0, std: Any = 1.0) -> Tensor:
    array = _plain(x)
    require(mean.__class__ in (int, float) and std.__class__ in (int, float) and std >= 0)
    array[...] = default_generator.normal(mean, std, array.shape, array.dtype)
    return written(x)


@short_road("bernoulli")
def _bernoulli(x: Any) -> Tensor:
    array = known(x)
    require(array.dtype.char in "fd" and array.flags.c_contiguous and array.size > 0)
    require(array.min() >= 0 and array.max() <= 1)
    _require_stream()
    return new(default_generator.bernoulli(array).astype(array.dtype))


@short_road("multinomial")
def _multinomial(x: Any, num_samples: Any, replacement: Any = False) -> Tensor:
    array = known(x)
    require(array.dtype.char in "fd" and array.flags.c_contiguous and array.ndim == 1)
    low, high = array.min(), array.max()
    require(low > 0 and high < 1e30 and num_samples.__class__ is int and num_samples > 0)
    require(bool(replacement) or num_samples <= array.size)
    require(np.add.reduce(array) < 1e30)
    _require_stream()
    return new(default_generator.multinomial(array, num_samples, bool(replacement)))
