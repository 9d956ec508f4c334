"""Elements in order, and counts of them.

Numbers of 32 bits and their positions are put into integers of 64 bits that are ordered as they
are, so that sorting those sorts both, and equal numbers keep their order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.control.fused import Fused
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.engines.eager import rows
from thalweg.engines.eager.loops import loop
from thalweg.torch.functions.order import median
from thalweg.torch.functions.short.road import (
    Array,
    axis_in,
    followed,
    is_recorded,
    known,
    new,
    require,
    short_road,
)
from thalweg.torch.fused.picking import picking, taken
from thalweg.torch.fused.reducing import evenly_back
from thalweg.torch.return_types import named_result

_SIGN = np.uint32(0x80000000)

_POSITIONS = np.uint64(0xFFFFFFFF)

_SHIFT = np.uint64(32)


def _keys(array: Array, descending: bool) -> Array:
    """Return integers that are ordered as float32 numbers, then as their positions, along rows."""
    require(array.dtype.char == "f" and array.ndim > 0 and array.shape[-1] < 1 << 31)
    # Adding 0 makes -0 equal to 0; NaN, which comes last, is made positive.
    bits = np.abs(array) if not array.size else array + np.float32(0)
    nan = np.isnan(bits)
    if nan.any():
        bits[nan] = np.nan
    words = bits.view(np.uint32)
    negative = words & _SIGN != 0
    ordered = np.where(negative, ~words, words | _SIGN)
    if descending:
        ordered = ~ordered
    keys = ordered.astype(np.uint64)
    keys <<= _SHIFT
    keys |= np.arange(array.shape[-1], dtype=np.uint64)
    return keys


def _index(keys: Array) -> Array:
    keys &= _POSITIONS
    return keys.view(np.int64)


def _taken(x: Any, index: Array, step: str) -> tuple[Tensor, Tensor]:
    """Return the numbers at positions along the last axis, none of them twice, and these."""
    array, places = x.array, new(index)
    axis = array.ndim - 1
    if is_recorded(x):
        return picking(step)(x, places, axis=axis, apart=True), places
    return new(taken(array, index, axis)), places


def _rows(x: Any, dim: Any) -> Array:
    array = followed(x)
    require(array.size > 0 and axis_in(dim, array.ndim) == array.ndim - 1)
    return array


# So few numbers, or so many in rows of few, NumPy sorts at once, if none of them is NaN.
_FEW, _MANY_ROWS, _SHORT_ROW = 1 << 9, 1 << 13, 1 << 6


def _are_few(array: Array) -> bool:
    size = array.size
    return size <= _FEW or (size <= _MANY_ROWS and array.shape[-1] <= _SHORT_ROW)


def _order(array: Array, descending: bool, rank: int | None = None) -> Array:
    """Return positions of numbers in order along rows, or of a rank; equal ones keep theirs."""
    only = slice(None) if rank is None else slice(rank, rank + 1)
    if array.dtype.char == "d" or (_are_few(array) and array.dtype.kind == "f"):
        total = tracing.quiet(np.add.reduce, array, None)
        if total == total:
            order = (-array if descending else array).argsort(-1, "stable")
            return order if rank is None else order[..., only].copy()
    keys = _keys(array, descending)
    if rank is None:
        keys.sort(-1)
    else:
        keys.partition(rank, -1)
    return _index(keys[..., only].copy() if rank is not None else keys)


_Sorted = named_result("sort", "values", "indices")

_Top = named_result("topk", "values", "indices")


@short_road("sort")
def _sort(x: Any, dim: Any = -1, descending: Any = False, stable: Any = None) -> Any:
    array, step = _rows(x, dim), "Sort" if stable is None else "Sort1"
    return _Sorted(*_taken(x, _order(array, bool(descending)), step))


@short_road("argsort")
def _argsort(x: Any, dim: Any = -1, descending: Any = False) -> Tensor:
    return new(_order(_rows(x, dim), bool(descending)))


@short_road("topk")
def _topk(x: Any, k: Any, dim: Any = -1, largest: Any = True, sorted: Any = True) -> Any:
    array = _rows(x, dim)
    require(k.__class__ is int and 0 < k <= array.shape[-1])
    found = rows.top(array, k, bool(largest))
    if found is not None:
        if is_recorded(x):
            return _Top(*_taken(x, found[1], "Topk"))
        return _Top(new(found[0]), new(found[1]))
    if array.size <= _FEW or array.dtype.char == "d":
        index = np.ascontiguousarray(_order(array, bool(largest))[..., :k])
        return _Top(*_taken(x, index, "Topk"))
    keys = _keys(array, bool(largest))
    if k < array.shape[-1]:
        keys.partition(k - 1, -1)
        keys = keys[..., :k].copy()
    keys.sort(-1)
    return _Top(*_taken(x, _index(keys), "Topk"))


# So few numbers are put in order as a whole.
_FEW_OF_ALL = 1 << 7


@short_road("median")
def _median(x: Any) -> Tensor:
    array = followed(x)
    require(array.dtype.char in "fd" and array.size > 0)
    return MEDIAN(x, axis=None, keepdims=False) if is_recorded(x) else new(_middle_of(array))


def _middle_of(array: Array) -> Array:
    flat = array.reshape(-1)
    if flat.size <= _FEW_OF_ALL:
        found = flat.copy()
        found.sort()
        # NaN comes last.
        last = found[-1]
        return np.asarray(last if last != last else found[(flat.size - 1) // 2])
    if np.isnan(np.minimum.reduce(flat)):
        return np.asarray(np.nan, array.dtype)
    middle, found = (flat.size - 1) // 2, flat.copy()
    found.partition(middle)
    return np.asarray(found[middle])


MEDIAN = Fused(
    "MedianBackward0", lambda x, *, axis, keepdims: (_middle_of(x), None), evenly_back,
    lambda x, *, axis, keepdims: median(x),
)  # fmt: skip


def _ranked(name: str, rank: Callable[[int, Any], int]) -> None:
    """Let the number of a rank, and its position, be found among those in order.

    Args:
        name: The function's name.
        rank: Returns the rank of so many, given the function's own argument.
    """
    pair = named_result(name, "values", "indices")
    step = "Median1" if name == "median" else "Kthvalue"

    def form(x: Any, k: Any, dim: Any, keepdim: Any) -> Any:
        array = _rows(x, dim)
        require(array.dtype.char in "fd")
        place = rank(array.shape[-1], k)
        # The largest of numbers of which some are NaN is NaN.
        largest = tracing.quiet(np.maximum.reduce, array, -1)
        require(not bool((largest != largest).any()))
        chosen = _order(array, False, place)
        values, places = _taken(x, chosen if keepdim else chosen[..., 0], step)
        return pair(values, places)

    if name == "median":
        short_road(name)(lambda x, dim, keepdim=False: form(x, None, dim, keepdim))
    else:
        short_road(name)(lambda x, k, dim=-1, keepdim=False: form(x, k, dim, keepdim))


def _middle(count: int, k: Any) -> int:
    return (count - 1) // 2


def _from_least(count: int, k: Any) -> int:
    require(k.__class__ is int and 1 <= k <= count)
    return int(k) - 1


_ranked("median", _middle)
_ranked("kthvalue", _from_least)


def _so_far(name: str, ufunc: Any, beyond: Any) -> None:
    """Let the extremes so far, and their last positions, be found along the last axis."""
    pair = named_result(name, "values", "indices")
    step = name.capitalize()

    @short_road(name)
    def found(x: Any, dim: Any) -> Any:
        array = _rows(x, dim)
        require(array.dtype.char in "fd")
        values = ufunc.accumulate(array, -1)
        last = values[..., -1]
        require(not bool((last != last).any()))  # NaN
        places = np.where(beyond(array, values), np.arange(array.shape[-1]), 0)
        index = new(np.maximum.accumulate(places, -1))
        if is_recorded(x):
            return pair(picking(step)(x, index, axis=array.ndim - 1, apart=False), index)
        return pair(new(values), index)


_so_far("cummax", np.maximum, np.greater_equal)
_so_far("cummin", np.minimum, np.less_equal)


@short_road("aminmax")
def _both_extremes(x: Any) -> Any:
    array = known(x)
    require(array.dtype.char in "fd" and array.size > 0)
    least, most = (new(ufunc.reduce(array, None)) for ufunc in (np.minimum, np.maximum))
    return _Extremes(least, most)


_Extremes = named_result("aminmax", "min", "max")


@short_road("bincount")
def _bincount(x: Any) -> Tensor:
    array = known(x)
    require(array.ndim == 1 and array.dtype.char in "li" and array.size > 0)
    return new(np.bincount(array))


@short_road("searchsorted")
def _searchsorted(sorted_sequence: Any, input: Any) -> Tensor:
    edges, values = known(sorted_sequence), known(input)
    require(edges.ndim == 1 and edges.dtype == values.dtype)
    return new(np.asarray(np.searchsorted(edges, values)))


# A range of integers up to so many times their number is counted rather than sorted.
_DENSE = 4


@short_road("unique")
def _unique(input: Any) -> Tensor:
    array = known(input)
    require(array.dtype.char in "li" and array.size > 0)
    low, high = int(array.min()), int(array.max())
    require(high - low < _DENSE * array.size + 64)
    counted = np.bincount((array.reshape(-1) - low).astype(np.int64, copy=False))
    return new((np.flatnonzero(counted) + low).astype(array.dtype, copy=False))


@short_road("histc")
def _histogram(x: Any, bins: Any = 100, min: Any = 0, max: Any = 0) -> Tensor:
    array = known(x)
    low, high = float(min), float(max)
    require(array.dtype.char in "fd" and bins.__class__ is int and bins > 0)
    require(-1e30 < low < high < 1e30)
    run, edges = loop("products.counted", array.dtype.char), _edges(low, high, bins)
    found = np.empty(bins, array.dtype)
    return new(tracing.quiet(run, array.reshape(-1), edges, found))


@functools.lru_cache(maxsize=64)
def _edges(low: float, high: float, bins: int) -> Array:
    """Return the ends of intervals, and one number more."""
    return np.append(np.linspace(low, high, bins + 1), np.inf)
