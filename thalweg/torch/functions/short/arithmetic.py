"""Arithmetic of elements that NumPy does in one or two calls, and conversions."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.engines.composed import composed
from thalweg.engines.eager.rows import evenly_spaced
from thalweg.torch.functions.short.road import Array, known, new, require, short_road, trying
from thalweg.torch.tensors import TorchTensor

_NUMBERS = (float, int)


def _floats(x: Any) -> Array:
    array = known(x)
    require(array.dtype.char in "fd")
    return array


@short_road("where")
def _chosen(condition: Any, input: Any, other: Any) -> Tensor:
    mask = known(condition)
    if other.__class__ in _NUMBERS or input.__class__ in _NUMBERS:
        return new(_with_number(mask, input, other))
    x, y = known(input), known(other)
    require(mask.dtype.kind == "b" and x.dtype == y.dtype and x.shape == y.shape == mask.shape)
    return new(np.where(mask, x, y))


def _with_number(mask: Array, input: Any, other: Any) -> Array:
    """Return elements, all of one shape, or a number."""
    array = known(other if input.__class__ in _NUMBERS else input)
    require(mask.dtype.kind == "b" and array.dtype.char in "fd" and array.shape == mask.shape)
    kind = array.dtype.type
    x, y = (kind(each) if each.__class__ in _NUMBERS else array for each in (input, other))
    return np.where(mask, x, y)


# The method's first operand is the function's second.
_long: Any = TorchTensor.where
_method = trying(lambda x, condition, other: _chosen(condition, x, other), _long.__wrapped__)
setattr(TorchTensor, "where", _method)  # noqa: B010 - mypy knows the method


@short_road("clamp", "clip", inplace=True)
def _clamp(x: Any, min: Any = None, max: Any = None) -> Tensor:
    array, least, most = _floats(x), min, max
    if least is None or most is None:
        bound, ufunc = (most, np.minimum) if least is None else (least, np.maximum)
        require(bound.__class__ in _NUMBERS)
        return new(ufunc(array, array.dtype.type(bound)))
    require(least.__class__ in _NUMBERS and most.__class__ in _NUMBERS and least <= most)
    if array.size >= _FEW:
        return composed(op.clip, x, min=least, max=most)
    kind = array.dtype.type
    found = np.asarray(np.maximum(array, kind(least)))
    np.minimum(found, kind(most), out=found)
    return new(found)


@short_road("lerp", inplace=True)
def _lerp(x: Any, end: Any, weight: Any) -> Tensor:
    start, stop = _floats(x), known(end)
    require(start.dtype == stop.dtype and start.shape == stop.shape)
    if weight.__class__ is TorchTensor:
        share = known(weight)
        require(share.dtype == start.dtype and share.shape == start.shape)
        return new(tracing.quiet(_from_either, start, stop, share))
    require(weight.__class__ is float)
    require(start.size < _FEW)
    return new(tracing.quiet(_between, start, stop, start.dtype.type(weight)))


def _from_either(start: Array, stop: Array, weight: Array) -> Array:
    """Return what is between, computed from the nearer end."""
    away = stop - start
    near = np.abs(weight) < 0.5
    return np.asarray(np.where(near, start + weight * away, stop - away * (1 - weight)))


def _between(start: Array, stop: Array, weight: Any) -> Array:
    found = np.asarray(stop - start)
    found *= weight
    found += start
    return found


# From so many elements on machine code is faster.
_FEW = 1 << 12


@short_road("round", inplace=True)
def _round(x: Any) -> Tensor:
    return new(np.rint(_floats(x)))


@short_road("remainder", "__mod__", inplace=False)
def _remainder(x: Any, other: Any) -> Tensor:
    array = known(x)
    require(array.dtype.char in "li" and other.__class__ is int and 0 < other < 1 << 31)
    return new(np.remainder(array, array.dtype.type(other)))


def _conversion(name: str, dtype: Any) -> None:
    wanted = np.dtype(dtype)

    @short_road(name)
    def converted(x: Any) -> Tensor:
        array = known(x)
        require(array.dtype.kind in "biuf")
        if array.dtype == wanted:
            return x  # type: ignore[no-any-return]
        return new(tracing.quiet(array.astype, wanted))


for _name, _dtype in (
    ("long", np.int64), ("int", np.int32), ("float", np.float32), ("double", np.float64),
    ("bool", np.bool_),
):  # fmt: skip
    _conversion(_name, _dtype)


# ---- made of nothing


def _filled(name: str, make: Any) -> None:
    @short_road(name)
    def filled(*size: Any) -> Tensor:
        shape = size[0] if len(size) == 1 and size[0].__class__ in (tuple, list) else size
        require(all(n.__class__ is int and n >= 0 for n in shape))
        return new(make(shape, TorchTensor.promotion.default))


_filled("zeros", np.zeros)
_filled("ones", np.ones)
_filled("empty", np.empty)


@short_road("linspace")
def _evenly_spaced(start: Any, end: Any, steps: Any) -> Tensor:
    require(steps.__class__ is int and steps > 1 and TorchTensor.promotion.default == np.float32)
    require(start.__class__ in _NUMBERS and end.__class__ in _NUMBERS)
    low, high = np.float32(start), np.float32(end)
    step = np.float32((high - low) / np.float32(steps - 1))
    require(bool(abs(step) > _TINY))
    require(all(not n or _TINY < abs(n) < 1 / _TINY for n in (start, end)))
    found = evenly_spaced(low, high, step, steps)
    if found is not None:
        return new(found)
    half = steps // 2
    # Products of two float32 numbers are exact, sums nearly so; each is rounded once at the end.
    products = np.arange(steps, dtype=np.float64)
    products[half:] -= steps - 1
    products *= float(step)
    ends = np.full(steps, float(high))
    ends[:half] = float(low)
    places = products + ends
    # But where an inexact sum ended halfway between two of float32, that would be rounded twice.
    halfway = (places.view(np.int64) & _DROPPED) == _HALFWAY
    if halfway.any():
        total, end = places[halfway], ends[halfway]
        part = total - end
        require(not ((products[halfway] - part) + (end - (total - part))).any())
    return new(places.astype(np.float32))


_TINY = 1e-20

_DROPPED, _HALFWAY = np.int64(0x1FFFFFFF), np.int64(0x10000000)


@short_road("arange")
def _counted(start: Any, end: Any = None) -> Tensor:
    require(start.__class__ is int and (end is None or end.__class__ is int))
    first, last = (0, start) if end is None else (start, end)
    require(first <= last)
    return new(np.arange(first, last))
