"""`x[...]`: slices, integers, `...`, None and integer arrays, as NumPy reads them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.apply import standing_for
from thalweg.core.memory import Element
from thalweg.core.operation import operation
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import IndexOutOfRange, ShapeError, UnsupportedOperation
from thalweg.ops.index.take import as_indices, counted_from_front, from_front, take
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose

Key = slice | int | Tensor | None


@operation
def getitem(x: Any, key: Any) -> Tensor:
    """Index with slices, integers, `...`, None, integer arrays and masks that are not traced.

    Raises:
        IndexOutOfRange: If an index points outside its axis, or there are more than axes.
        ShapeError: If index arrays do not broadcast together.
        UnsupportedOperation: If a mask is traced: its result would have no static shape.
    """
    tensor = as_tensor(x)
    if _is_scalar_mask(key):
        return take(reshape(tensor, (1, *tensor.shape)), np.arange(int(bool(key))), axis=0)
    _require_fitting_masks(key if isinstance(key, tuple) else (key,), tensor)
    items = _read(key)
    if any(isinstance(item, Tensor) for item in items):
        # Beside index arrays, NumPy reads integers as index arrays too.
        items = [as_indices(item) if isinstance(item, int) else item for item in items]
    keys = _expand(items, tensor)
    result = _cut(tensor, keys)
    if len(items) == tensor.ndim and all(isinstance(item, int) for item in items):
        return _element(result, tensor, tuple(items))
    arrays = [item for item in keys if isinstance(item, Tensor)]
    if not arrays:
        return result
    places = [place for place, item in enumerate(keys) if isinstance(item, Tensor)]
    # An ellipsis stands between two arrays even if it stands for no axis.
    given = [place for place, item in enumerate(items) if isinstance(item, Tensor)]
    together = given == list(range(given[0], given[0] + len(given)))
    return _gather(result, places, arrays, together)


def _element(shown: Tensor, x: Tensor, key: tuple[int, ...]) -> Tensor:
    """Return one element, which stays what it is when the tensor is written."""
    if shown.is_symbolic:
        shown = standing_for(shown)
    else:
        shown = make(shown.array.copy(), shown.node, shown.weak)
    shown.memory = Element(x, key)
    return shown


def _is_scalar_mask(key: Any) -> bool:
    if isinstance(key, (Tensor, np.ndarray)):
        symbolic = isinstance(key, Tensor) and key.is_symbolic
        return not key.ndim and key.dtype.kind == "b" and not symbolic
    return isinstance(key, (bool, np.bool_))


def _axes_used(item: Any) -> int:
    if item is None or item is Ellipsis:
        return 0
    return len(item.shape) if _is_mask(item) else 1


def _is_mask(item: Any) -> bool:
    return isinstance(item, (Tensor, np.ndarray)) and item.dtype.kind == "b"


def _require_fitting_masks(items: tuple[Any, ...], tensor: Tensor) -> None:
    """Refuse a mask whose extents are neither those of the axes it indexes nor 0."""
    if not any(map(_is_mask, items)):
        return
    place = 0
    for position, item in enumerate(items):
        if item is Ellipsis:
            place = tensor.ndim - sum(map(_axes_used, items[position + 1 :]))
        elif _is_mask(item):
            extents = tensor.shape[place : place + len(item.shape)]
            fits = len(item.shape) == len(extents) and all(
                own in (extent, 0) for own, extent in zip(item.shape, extents, strict=True)
            )
            if not fits:
                raise IndexOutOfRange(
                    f"A mask of shape {tuple(item.shape)} was used as an index of axes of extents "
                    f"{tuple(extents)}; they must be equal. Broadcast the mask first."
                )
        place += _axes_used(item)


def _read(key: Any) -> list[Any]:
    """Return the items of a key: None, Ellipsis, slices, integers and integer tensors."""
    items: list[Any] = []
    for item in key if isinstance(key, tuple) else (key,):
        if item is None or item is Ellipsis or isinstance(item, slice):
            items.append(item)
        elif isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            items.append(int(item))
        elif isinstance(item, str):
            raise UnsupportedOperation(
                f"x[{item!r}] was asked of a tensor, whose columns have no names; data frames are "
                "given to a loss as matrices. Index them by position, as in x[:, 0], or fit "
                "dict(frame), whose columns are the loss's arguments by name."
            )
        else:
            empty = isinstance(item, list) and not item
            indices = as_tensor(np.zeros(0, np.int64) if empty else item)
            items += _positions(indices) if indices.dtype.kind == "b" else [_as_key(indices)]
    return items


def _as_key(indices: Tensor) -> Any:
    indices = as_indices(indices)
    return int(indices.item()) if not indices.ndim and not indices.is_symbolic else indices


def _positions(mask: Tensor) -> list[Tensor]:
    """Return the positions where a mask holds, one array an axis of the mask."""
    if mask.is_symbolic or not mask.ndim:
        raise UnsupportedOperation(
            f"A {'traced' if mask.ndim else '0-d'} Boolean mask was used as an index; the shape "
            "of its result depends on the data. Use where(mask, x, 0), or integer positions."
        )
    return [as_tensor(positions) for positions in np.nonzero(mask.numpy())]


def _expand(keys: list[Any], tensor: Tensor) -> list[Key]:
    """Replace `...` and missing trailing keys by full slices."""
    used = sum(1 for item in keys if item is not None and item is not Ellipsis)
    if used > tensor.ndim or sum(1 for item in keys if item is Ellipsis) > 1:
        raise IndexOutOfRange(
            f"{used} indices were given for a tensor of shape {tensor.shape}; at most "
            f"{tensor.ndim} and one ... fit. Remove the others."
        )
    full: list[Key] = [slice(None)] * (tensor.ndim - used)
    expanded: list[Key] = []
    for item in keys:
        if item is Ellipsis:
            expanded += full
            full = []
        else:
            expanded.append(item)
    return expanded + full


def _cut(x: Tensor, keys: list[Key]) -> Tensor:
    """Apply slices, integers and new axes; axes with index arrays stay whole."""
    bounds, turned, shape = [], [], []
    extents = iter(x.shape)
    for item in keys:
        if item is None:
            shape.append(1)
            continue
        extent = next(extents)
        if isinstance(item, int):
            position = int(counted_from_front(np.asarray(item), extent))
            bounds.append((position, position + 1, 1))
        elif isinstance(item, slice):
            start, stop, step = item.indices(extent)
            count = len(range(start, stop, step))
            if step < 0:
                turned.append(len(bounds))
                start, step = start + (count - 1) * step, -step
            bounds.append((start, start + (count - 1) * step + 1, step) if count else (0, 0, 1))
            shape.append(count)
        else:
            bounds.append((0, extent, 1))
            shape.append(extent)
    whole = all(bound == (0, n, 1) for bound, n in zip(bounds, x.shape, strict=True))
    result = x if whole else slice_(x, tuple(bounds))
    if turned:
        result = flip(result, tuple(turned))
    return reshape(result, tuple(shape))


def _gather(x: Tensor, places: list[int], arrays: list[Tensor], together: bool) -> Tensor:
    """Merge the indexed axes into one and take from it once.

    The axes of the indices replace the indexed axes if those stand together, else come first.
    """
    try:
        shape = np.broadcast_shapes(*(indices.shape for indices in arrays))
    except ValueError:
        shapes = " and ".join(f"{indices.shape}" for indices in arrays)
        raise ShapeError(
            f"Index arrays of shapes {shapes} were given, which do not broadcast together. "
            "Give them equal shapes, or index one axis at a time."
        ) from None
    start = places[0]
    if not together:
        rest = [axis for axis in range(x.ndim) if axis not in places]
        x, start = transpose(x, (*places, *rest)), 0
    end = start + len(places)
    extents = x.shape[start:end]
    merged = reshape(x, (*x.shape[:start], math.prod(extents), *x.shape[end:]))
    if len(arrays) == 1:
        return take(merged, arrays[0], axis=start)
    position: Any = 0
    for indices, extent in zip(arrays, extents, strict=True):
        position = position * extent + from_front(indices, extent)
    return take(merged, broadcast_to(position, shape), axis=start)
