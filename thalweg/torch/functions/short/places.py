"""Elements read and written at positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.engines.eager import rows
from thalweg.engines.eager.loops import loop, strict
from thalweg.torch.functions.short.road import (
    Array,
    LongRoadError,
    axis_in,
    followed,
    is_recorded,
    known,
    new,
    positions,
    require,
    short_road,
)
from thalweg.torch.fused.picking import MASKED, POINTS, flat_places, picking, slicing
from thalweg.torch.fused.placing import (
    ADDED,
    SLICES_ADDED,
    WRITTEN,
    added_along,
    slices_added,
    written_along,
)


def _along(array: Array, dim: Any, index: Any) -> tuple[Array, int]:
    axis = axis_in(dim, array.ndim)
    at = positions(index, array.shape[axis])
    require(at.ndim == array.ndim and at.size > 0)
    pairs = zip(at.shape, array.shape, strict=True)
    require(all(n <= m for i, (n, m) in enumerate(pairs) if i != axis))
    return at, axis


@short_road("gather")
def _gather(x: Any, dim: Any, index: Any) -> Tensor:
    array = followed(x)
    if is_recorded(x):
        at, axis = _along(array, dim, index)
        require(array.dtype.char in "fd")
        require(at.shape == (*array.shape[:axis], at.shape[axis], *array.shape[axis + 1 :]))
        return picking("Gather")(x, index, axis=axis, apart=False)
    axis = axis_in(dim, array.ndim)
    if axis != array.ndim - 1 or array.dtype.char not in "fd":
        at, axis = _along(array, dim, index)
    elif (at := known(index)).size >= _FEW and at.dtype.char in "li":
        found = rows.gathered(array, at)
        if found is not None:
            return new(found)
        at, axis = _along(array, dim, index)
    else:
        require(at.dtype.char == "l" and at.shape[:-1] == array.shape[:-1])
        return new(strict.run(loop("products.chosen", array.dtype.char), array, at))
    return new(array.reshape(-1).take(flat_places(array, at, axis), mode="clip"))


def _values(x: Any, at: Array, src: Any) -> tuple[Array, bool]:
    """Return numbers for positions, and whether they or what they are written to are recorded."""
    values, recorded = followed(src), is_recorded(x) or is_recorded(src)
    require(values.dtype == x.array.dtype and values.ndim == at.ndim)
    require(all(n <= m for n, m in zip(at.shape, values.shape, strict=True)))
    require(not recorded or (values.shape == at.shape and values.dtype.char in "fd"))
    return values, recorded


@short_road("scatter_add", inplace=True)
def _scatter_add(x: Any, dim: Any, index: Any, src: Any) -> Tensor:
    array = followed(x)
    if not (is_recorded(x) or is_recorded(src)) and dim in (-1, array.ndim - 1):
        # It looks at positions itself.
        at, values = known(index), known(src)
        total = rows.added(array, at, values) if array.ndim and at.dtype.char in "li" else None
        if total is not None:
            return new(total)
    at, axis = _along(array, dim, index)
    values, recorded = _values(x, at, src)
    if recorded:
        return ADDED(x, index, src, axis=axis)
    if values.shape != at.shape:
        values = values[tuple(map(slice, at.shape))]
    return new(added_along(array, at, values, axis))


@short_road("scatter")
def _scatter(x: Any, dim: Any, index: Any, src: Any) -> Tensor:
    array = followed(x)
    at, axis = _along(array, dim, index)
    if src.__class__ in (int, float):
        require(array.dtype.char in "fd" and not is_recorded(x))
        return new(written_along(array, at, src, axis))
    values, recorded = _values(x, at, src)
    require(values.shape == at.shape)
    if recorded:
        return WRITTEN(x, index, src, axis=axis)
    return new(written_along(array, at, values, axis))


@short_road("take_along_dim")
def _take_along(x: Any, indices: Any, dim: Any) -> Tensor:
    require(known(indices).shape[:-1] == followed(x).shape[:-1] and dim in (-1, x.ndim - 1))
    return _gather(x, dim, indices)  # type: ignore[no-any-return]


@short_road("take")
def _take(x: Any, index: Any) -> Tensor:
    array = known(x)
    return new(array.reshape(-1).take(positions(index, array.size), mode="clip"))


@short_road("masked_select")
def _masked_select(x: Any, mask: Any) -> Tensor:
    array, holds = followed(x), known(mask)
    require(holds.dtype.kind == "b" and holds.shape == array.shape and array.ndim > 0)
    if is_recorded(x):
        require(array.dtype.char in "fd")
        return MASKED["MaskedSelect"](x, mask)
    return new(array[holds])


def _slices(x: Any, dim: Any, index: Any) -> tuple[Array, Array]:
    """Return a copy whose slices along axis 0 are to be written, and where."""
    array = known(x)
    require(array.ndim > 0 and axis_in(dim, array.ndim) == 0)
    at = positions(index, len(array))
    require(at.ndim == 1)
    return array.copy(order="C"), at


@short_road("index_fill")
def _index_fill(x: Any, dim: Any, index: Any, value: Any) -> Tensor:
    found, at = _slices(x, dim, index)
    require(found.dtype.char in "fd" and value.__class__ in (int, float))
    found[at] = value
    return new(found)


@short_road("index_copy")
def _index_copy(x: Any, dim: Any, index: Any, source: Any) -> Tensor:
    found, at = _slices(x, dim, index)
    values = known(source)
    require(values.dtype == found.dtype and values.shape == (at.size, *found.shape[1:]))
    found[at] = values
    return new(found)


@short_road("index_select")
def _index_select(x: Any, dim: Any, index: Any) -> Tensor:
    array = followed(x)
    axis = axis_in(dim, array.ndim)
    at = positions(index, array.shape[axis])
    require(at.ndim == 1)
    if is_recorded(x):
        require(array.dtype.char in "fd")
        return slicing("IndexSelect")(x, index, axis=axis)
    return new(array.take(at, axis, mode="clip"))


@short_road("index_add", inplace=True)
def _index_add(x: Any, dim: Any, index: Any, source: Any) -> Tensor:
    array, values = followed(x), followed(source)
    recorded = is_recorded(x) or is_recorded(source)
    if not recorded and dim == 0 and array.ndim and index.array.dtype.char in "li":
        # It looks at positions itself.
        total = rows.rows_added(array, known(index), values) if index.ndim == 1 else None
        if total is not None:
            return new(total)
    at = positions(index, array.shape[axis_in(dim, array.ndim)])
    require(at.ndim == 1 and axis_in(dim, array.ndim) == 0 and values.dtype == array.dtype)
    require(values.shape == (at.size, *array.shape[1:]) and values.size > 0)
    if recorded:
        require(array.dtype.char in "fd")
        return SLICES_ADDED(x, index, source)
    return new(slices_added(array, at, values))


@short_road("masked_fill", inplace=True)
def _masked_fill(x: Any, mask: Any, value: Any) -> Tensor:
    array, holds = known(x), known(mask)
    require(holds.dtype.kind == "b" and array.dtype.kind == "f" and value.__class__ in (float, int))
    require(np.broadcast_shapes(array.shape, holds.shape) == array.shape)
    if array.size < _FEW:
        return new(np.where(holds, array.dtype.type(value), array))
    found = array.copy()
    np.copyto(found, array.dtype.type(value), where=holds)
    return new(found)


_FEW = 1 << 12


def read(x: Any, key: Any) -> Tensor:
    """Return what index arrays, or one mask, read.

    Raises:
        LongRoadError: If the key is another one.
    """
    if key.__class__ is not tuple:
        array, at = followed(x), known(key)
        if is_recorded(x):
            require(array.dtype.char in "fd" and array.ndim > 0 and array.size > 0)
            if at.dtype.kind != "b":
                positions(key, len(array))
                return slicing("Index")(x, key, axis=0)
            require(at.shape == array.shape)
            return MASKED["Index"](x, key)
        if at.dtype.kind == "b":
            require(at.ndim > 0)
            return new(array[at])
        require(at.dtype.char in "li")
        return new(array.take(at, 0))
    if is_recorded(x):
        return _read_recorded(x, key)
    if len(key) > 1 and all(item == _WHOLE for item in key[:-1] if item.__class__ is slice):
        arrays = [item for item in key if item.__class__ is not slice]
        if len(arrays) == 1 and arrays[0] is key[-1]:
            at = known(key[-1])
            require(at.dtype.char in "li")
            return new(known(x).take(at, len(key) - 1))
    return new(known(x)[tuple([_index(item) for item in key])])


def _read_recorded(x: Any, key: tuple[Any, ...]) -> Tensor:
    """Return what one index array, or one for each of the first axes, reads."""
    array = followed(x)
    require(array.dtype.char in "fd" and array.size > 0 and len(key) <= array.ndim)
    *before, last = key
    for extent, item in zip(array.shape, key, strict=False):
        if item.__class__ is not slice:
            positions(item, extent)
    if all(item.__class__ is slice and item == _WHOLE for item in before):
        return slicing("Index")(x, last, axis=len(before))
    require(all(item.array.shape == last.array.shape for item in before))
    return POINTS(x, *key)


_WHOLE = slice(None)


def _index(item: Any) -> Array:
    at = known(item)
    if at.dtype.char not in "li":
        raise LongRoadError
    return at
