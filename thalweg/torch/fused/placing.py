"""Elements and slices written or added at positions, whose cotangents are read there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.engines.eager import rows
from thalweg.ops.index.items import put_at
from thalweg.ops.index.take import add_to, places_along, scatter_add
from thalweg.torch.fused.picking import flat_places, taken

# ---- one element for each position


def added_along(x: Array, index: Array, values: Array, axis: int) -> Array:
    """Return x with values, of the index's shape, added at positions along an axis."""
    found = x.copy(order="C")
    if axis == x.ndim - 1:
        total = rows.added(found, index, np.ascontiguousarray(values), True)
        if total is not None:
            return total
    places = flat_places(x, index, axis).reshape(-1)
    np.add.at(found.reshape(-1), places, values.reshape(-1))
    return found


def written_along(x: Array, index: Array, values: Any, axis: int) -> Array:
    """Return x with values, of the index's shape, in the place of elements along an axis."""
    found = x.copy(order="C")
    found.reshape(-1)[flat_places(x, index, axis)] = values
    return found


def _added(x: Array, index: Array, values: Array, *, axis: int) -> tuple[Array, None]:
    return added_along(x, index, values, axis), None


def _added_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, values: Any, *,
    axis: int,
) -> tuple[Array, None, Array | None]:  # fmt: skip
    return g, None, taken(g, np.asarray(index), axis) if wanted[2] else None


def _added_by_operations(x: Tensor, index: Tensor, values: Tensor, *, axis: int) -> Tensor:
    return add_to(x, places_along(x, axis, index), values)


ADDED = Fused("ScatterAddBackward0", _added, _added_back, _added_by_operations)


def _written(x: Array, index: Array, values: Array, *, axis: int) -> tuple[Array, None]:
    return written_along(x, index, values, axis), None


def _written_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, values: Any, *,
    axis: int,
) -> tuple[Array | None, None, Array | None]:  # fmt: skip
    at = np.asarray(index)
    places = flat_places(x, at, axis)
    of_x = written_along(g, at, g.dtype.type(0), axis) if wanted[0] else None
    if not wanted[2]:
        return of_x, None, None
    numbers, last = np.arange(at.size).reshape(at.shape), np.empty(g.size, np.intp)
    last[places] = numbers
    # Of values for one place only the last is there.
    return of_x, None, np.where(last[places] == numbers, taken(g, at, axis), g.dtype.type(0))


def _written_by_operations(x: Tensor, index: Tensor, values: Tensor, *, axis: int) -> Tensor:
    found: Tensor = put_at(x, places_along(x, axis, index), values)
    return found


WRITTEN = Fused("ScatterBackward0", _written, _written_back, _written_by_operations)

# ---- one slice for each position, along the first axis

# Of slices of so many elements each is added by itself; of shorter ones all elements at once.
_WIDE = 64


def slices_added(x: Array, index: Array, values: Array) -> Array:
    """Return x with slices of values added at positions along its first axis."""
    found = x.copy(order="C")
    total = rows.rows_added(found, index, np.ascontiguousarray(values), True)
    if total is not None:
        return total
    width = values[:1].size
    if width >= _WIDE:
        for place, row in zip(index.tolist(), values, strict=True):
            found[place] += row
    else:
        places = (index * width)[:, None] + np.arange(width)
        np.add.at(found.reshape(-1), places.reshape(-1), values.reshape(-1))
    return found


def _slices_added(x: Array, index: Array, values: Array) -> tuple[Array, None]:
    return slices_added(x, index, values), None


def _slices_added_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, values: Any
) -> tuple[Array, None, Array | None]:
    return g, None, g.take(np.asarray(index), 0, mode="clip") if wanted[2] else None


def _slices_added_by_operations(x: Tensor, index: Tensor, values: Tensor) -> Tensor:
    return scatter_add(x, index, values, axis=0)


SLICES_ADDED = Fused(
    "IndexAddBackward0", _slices_added, _slices_added_back, _slices_added_by_operations
)
