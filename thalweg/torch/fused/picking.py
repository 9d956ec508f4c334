"""Elements and slices read at positions, whose cotangents are added at few places to zeros."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.engines.eager import rows
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.index.items import getitem
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.torch.steps import full_name

# Fewer positions NumPy reads in less time than a call takes.
_MANY = 1 << 12


def flat_places(x: Any, index: Array, axis: int) -> Array:
    """Return where the elements at positions along an axis lie in row-major order.

    The index is no larger than x along the other axes.
    """
    step = math.prod(x.shape[axis + 1 :])
    places = index * step if step != 1 else index
    for i, n in enumerate(index.shape):
        if i == axis or n == 1:
            continue
        stride = math.prod(x.shape[i + 1 :])
        upright = [1] * index.ndim
        upright[i] = n
        places = places + np.arange(0, n * stride, stride).reshape(upright)
    return places


def taken(x: Array, index: Array, axis: int) -> Array:
    """Return the elements at positions along an axis, all of them on it.

    The index has that axis, or lacks it where there is one position.
    """
    if x.ndim == 1 and index.size < _MANY:
        return np.asarray(x.take(index, mode="clip"))
    places = _upright(index, x.ndim, axis)
    if axis == x.ndim - 1 and places.size >= _MANY:
        gathered = rows.gathered(x, places)
        if gathered is not None:
            return gathered.reshape(index.shape)
    places = flat_places(x, places, axis)
    return x.reshape(-1).take(places, mode="clip").reshape(index.shape)


def _upright(index: Array, rank: int, axis: int) -> Array:
    return index if index.ndim == rank else np.expand_dims(index, axis)


# ---- one element for each position


def _picked(x: Array, index: Array, *, axis: int, apart: bool) -> tuple[Array, None]:
    return taken(x, index, axis), None


def _picked_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, *, axis: int,
    apart: bool,
) -> tuple[Array, None]:  # fmt: skip
    places = _upright(np.asarray(index), x.ndim, axis)
    values, found = g.reshape(places.shape), np.zeros(x.shape, g.dtype)
    if apart:
        found.reshape(-1)[flat_places(x, places, axis)] = values
        return found, None
    if axis == x.ndim - 1:
        total = rows.added(found, places, np.ascontiguousarray(values), True)
        if total is not None:
            return total, None
    flat = flat_places(x, places, axis)
    np.add.at(found.reshape(-1), flat.reshape(-1), values.reshape(-1))
    return found, None


def _picked_by_operations(x: Tensor, index: Tensor, *, axis: int, apart: bool) -> Tensor:
    if index.ndim == x.ndim:
        return take_along_axis(x, index, axis=axis)
    found = take_along_axis(x, expand_dims(index, axis), axis=axis)
    return reshape(found, index.shape)


@functools.cache
def picking(step: str) -> Fused:
    """Return the form that reads an element for each position, and what its step is called.

    It takes `axis`; the index has as many axes as the operand, or all but that, and their extents.
    `apart` tells whether no element is read twice.
    """
    return Fused(full_name(step), _picked, _picked_back, _picked_by_operations)


# ---- one slice for each position


def _sliced(x: Array, index: Array, *, axis: int) -> tuple[Array, None]:
    return x.take(index, axis, mode="clip"), None


def _sliced_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, *, axis: int
) -> tuple[Array, None]:
    places, found = np.asarray(index), np.zeros(x.shape, g.dtype)
    rest = x.shape[axis + 1 :]
    g = g.reshape((*x.shape[:axis], *places.shape, *rest))
    if not axis:
        values = np.ascontiguousarray(g).reshape(-1, *rest)
        total = rows.rows_added(found, places.reshape(-1), values, True)
        if total is not None:
            return total, None
    at: Any = (*(slice(None),) * axis, places)
    np.add.at(found, at, g)
    return found, None


@functools.cache
def slicing(step: str) -> Fused:
    """Return the form that reads a slice along `axis` for each position, none being negative."""
    return Fused(full_name(step), _sliced, _sliced_back, take)


def _rows(x: Array, index: Array, *, without: int | None) -> tuple[Array, None]:
    return _sliced(x, index, axis=0)


def _rows_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, *,
    without: int | None,
) -> tuple[Array, None]:  # fmt: skip
    found, _ = _sliced_back(g, out, kept, wanted, x, index, axis=0)
    if without is not None:
        found[without] = 0
    return found, None


def _rows_by_operations(x: Tensor, index: Tensor, *, without: int | None) -> Tensor:
    found: Tensor = take(x, index, axis=0)
    if without is None:
        return found
    return where(expand_dims(equal(index, without), -1), stop_gradient(found), found)


# Rows of a table, of which one, `without`, has no derivative.
EMBEDDED = Fused("EmbeddingBackward0", _rows, _rows_back, _rows_by_operations)


def bags(x: Array, index: Array, mean: bool) -> Array:
    """Return the sums or means of the rows of bags of one size."""
    count = index.shape[1]
    found = x.take(index[:, 0], 0, mode="clip")
    for column in range(1, count):
        found += x.take(index[:, column], 0, mode="clip")
    if mean:
        found /= x.dtype.type(count)
    return found


def _bags(x: Array, index: Array, *, mean: bool) -> tuple[Array, None]:
    return bags(x, index, mean), None


def _bags_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, index: Any, *, mean: bool
) -> tuple[Array, None]:
    count = index.shape[1]
    shares = g / g.dtype.type(count) if mean else g
    return _sliced_back(shares.repeat(count, 0), out, kept, wanted, x, index, axis=0)


def _bags_by_operations(x: Tensor, index: Tensor, *, mean: bool) -> Tensor:
    total = sum(take(x, index, axis=0), 1)
    return total / index.shape[1] if mean else total


BAGS = Fused("EmbeddingBagBackward0", _bags, _bags_back, _bags_by_operations)


# ---- where a mask holds


def _masked(x: Array, mask: Array) -> tuple[Array, None]:
    return x[mask], None


def _masked_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, mask: Any
) -> tuple[Array, None]:
    found = np.zeros(x.shape, g.dtype)
    found[np.asarray(mask)] = g
    return found, None


def _masked_by_operations(x: Tensor, mask: Tensor) -> Tensor:
    return take(reshape(x, -1), np.flatnonzero(mask.numpy()), axis=0)


MASKED = {
    name: Fused(full_name(name), _masked, _masked_back, _masked_by_operations)
    for name in ("Index", "MaskedSelect")
}


# ---- at points, of which there is an index for each of the first axes


def _points(x: Array, *indices: Array) -> tuple[Array, None]:
    return x[indices], None


def _points_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *indices: Any
) -> tuple[Array | None, ...]:
    lead, rest = x.shape[: len(indices)], x.shape[len(indices) :]
    places = np.asarray(np.ravel_multi_index(tuple(map(np.asarray, indices)), lead))
    found = np.zeros((math.prod(lead), *rest), g.dtype)
    values = np.ascontiguousarray(g).reshape(-1, *rest)
    total = rows.rows_added(found, places.reshape(-1), values, True)
    if total is None:
        np.add.at(found, places.reshape(-1), values)
    return found.reshape(x.shape), *(None for _ in indices)


def _points_by_operations(x: Tensor, *indices: Tensor) -> Tensor:
    return getitem(x, indices)


POINTS = Fused("IndexBackward0", _points, _points_back, _points_by_operations)
