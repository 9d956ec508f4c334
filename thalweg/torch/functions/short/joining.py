"""Tensors put together, repeated, turned and widened; copies in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
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
from thalweg.torch.fused.arranging import ROLLED, STACKED, TRIANGLES, rolled, triangle


def _alike(tensors: Any, may_be_recorded: bool = False) -> list[Array]:
    require(tensors.__class__ in (list, tuple))
    arrays = [followed(x) if may_be_recorded else known(x) for x in tensors]
    dtype = arrays[0].dtype
    for array in arrays:
        require(array.dtype == dtype and array.ndim > 0)
    return arrays


@short_road("cat", "concat", "concatenate")
def _cat(tensors: Any, dim: Any = 0) -> Tensor:
    arrays = _alike(tensors)
    return new(np.concatenate(arrays, axis_in(dim, arrays[0].ndim)))


@short_road("vstack", "row_stack")
def _vstack(tensors: Any) -> Tensor:
    arrays = _alike(tensors)
    require(arrays[0].ndim > 1)
    return new(np.concatenate(arrays, 0))


@short_road("hstack", "column_stack")
def _hstack(tensors: Any) -> Tensor:
    arrays = _alike(tensors)
    require(all(array.ndim > 1 for array in arrays))
    return new(np.concatenate(arrays, 1))


@short_road("repeat_interleave")
def _repeat_interleave(x: Any, repeats: Any, dim: Any) -> Tensor:
    array = known(x)
    require(repeats.__class__ is int and repeats >= 0)
    return new(array.repeat(repeats, axis_in(dim, array.ndim)))


@short_road("stack")
def _stack(tensors: Any, dim: Any = 0) -> Tensor:
    recorded = tensors.__class__ in (list, tuple) and any(map(is_recorded, tensors))
    arrays = _alike(tensors, recorded)
    shape = arrays[0].shape
    for array in arrays:
        require(array.shape == shape)
    axis = axis_in(dim, len(shape) + 1)
    if recorded:
        require(arrays[0].dtype.char in "fd")
        return STACKED(*tensors, axis=axis)
    wider = (*shape[:axis], 1, *shape[axis:])
    return new(np.concatenate([array.reshape(wider) for array in arrays], axis))


@short_road("roll")
def _roll(x: Any, shifts: Any, dims: Any = None) -> Tensor:
    array = followed(x)
    axis = None if dims is None else axis_in(dims, array.ndim)
    require(shifts.__class__ is int and array.size > 0)
    if is_recorded(x):
        require(array.dtype.char in "fd")
        return ROLLED(x, shift=shifts, axis=axis)
    return new(rolled(array, shifts, axis))


@short_road("repeat")
def _repeat(x: Any, *sizes: Any) -> Tensor:
    array = known(x)
    times = sizes[0] if len(sizes) == 1 and sizes[0].__class__ in (tuple, list) else sizes
    require(len(times) >= array.ndim and all(n.__class__ is int and n > 0 for n in times))
    shape = (1,) * (len(times) - array.ndim) + array.shape
    pairs = tuple([n for pair in zip(times, shape, strict=True) for n in pair])
    out = np.empty(pairs, array.dtype)
    out[...] = array.reshape(tuple([n for extent in shape for n in (1, extent)]))
    return new(out.reshape([n * m for n, m in zip(times, shape, strict=True)]))


@short_road("flip")
def _flip(x: Any, *dims: Any) -> Tensor:
    array = known(x)
    axes = dims[0] if len(dims) == 1 and dims[0].__class__ in (tuple, list) else dims
    key = [slice(None)] * array.ndim
    for axis in axes:
        place = axis_in(axis, array.ndim)
        require(key[place] == slice(None))
        key[place] = slice(None, None, -1)
    return new(array[tuple(key)].copy())


def padded(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """Return a tensor with a border of one number, where that is simple."""
    array, number = known(input), 0 if value is None else value
    require(mode == "constant" and len(pad) % 2 == 0 and len(pad) <= 2 * array.ndim)
    require(number == 0 or array.dtype.kind == "f")
    shape, inside = [*array.shape], [slice(None)] * array.ndim
    for i in range(len(pad) // 2):
        before, after, axis = pad[2 * i], pad[2 * i + 1], array.ndim - 1 - i
        require(before.__class__ is int and after.__class__ is int and min(before, after) >= 0)
        inside[axis] = slice(before, before + shape[axis])
        shape[axis] += before + after
    filled = np.zeros(shape, array.dtype) if number == 0 else np.full(shape, number, array.dtype)
    filled[tuple(inside)] = array
    return new(filled)


def _triangle(x: Any, diagonal: Any, name: str) -> Tensor:
    array = followed(x)
    require(array.ndim == 2 and diagonal.__class__ is int)
    if is_recorded(x):
        require(array.dtype.char in "fd")
        return TRIANGLES[name](x, diagonal=diagonal, lower=name == "tril")
    return new(triangle(array, diagonal, name == "tril"))


@short_road("tril", inplace=True)
def _tril(x: Any, diagonal: Any = 0) -> Tensor:
    return _triangle(x, diagonal, "tril")


@short_road("triu", inplace=True)
def _triu(x: Any, diagonal: Any = 0) -> Tensor:
    return _triangle(x, diagonal, "triu")


@short_road("contiguous")
def _contiguous(x: Any) -> Tensor:
    array = known(x)
    if array.flags.c_contiguous:
        return x  # type: ignore[no-any-return]
    return new(np.ascontiguousarray(array))


@short_road("clone")
def _clone(x: Any) -> Tensor:
    array = known(x)
    require(array.flags.c_contiguous)
    return new(array.copy())


@short_road("diag")
def _diagonal_matrix(x: Any) -> Tensor:
    array = known(x)
    require(array.ndim == 1 and array.size > 0)
    found = np.zeros((array.size, array.size), array.dtype)
    found.reshape(-1)[:: array.size + 1] = array
    return new(found)


def classes_shown(input: Any, num_classes: Any = -1) -> Tensor:
    """Return 1 at each class and 0 elsewhere."""
    index = known(input)
    require(num_classes.__class__ is int and index.dtype.char in "li" and index.size > 0)
    highest = int(index.max())
    if num_classes == -1:
        num_classes = highest + 1
    require(num_classes > 0 and index.min() >= 0 and highest < num_classes)
    found = np.zeros((*index.shape, num_classes), np.int64)
    flat = index.reshape(-1)
    found.reshape(-1)[np.arange(0, found.size, num_classes) + flat] = 1
    return new(found)
