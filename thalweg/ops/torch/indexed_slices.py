"""An index for each slice of an axis: PyTorch's index_select, index_add and their like."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.index.scatter import places_along
from thalweg.ops.index.setitem import put_at
from thalweg.ops.index.take import as_indices, take
from thalweg.ops.index.take import scatter_add as add_at
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.scalars import axis_of, lifted
from thalweg.ops.torch.scattering import _reduced, _require_within

__all__ = [
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "index_select",
]


# ---- an index for each slice


def _slices(name: str, x: Any, axis: Any, index: Any) -> tuple[Tensor, int, Tensor]:
    (tensor, positions), given = lifted(x, as_indices(index)), as_tensor(x)
    if positions.ndim != 1:
        raise IndexOutOfRange(
            f"{name}(): Index is supposed to be a vector, but it has shape {positions.shape}."
        )
    place = axis_of(name, axis, given.ndim)
    return tensor, place, positions


def _slice_places(x: Tensor, axis: int, index: Tensor) -> Tensor:
    shape = [1] * x.ndim
    shape[axis] = index.size
    whole = (*x.shape[:axis], index.size, *x.shape[axis + 1 :])
    return places_along(x, axis, broadcast_to(reshape(index, tuple(shape)), whole))


def _slice_source(name: str, x: Tensor, axis: int, index: Tensor, source: Any) -> Tensor:
    values, wanted = as_tensor(source), (*x.shape[:axis], index.size, *x.shape[axis + 1 :])
    if values.dtype != x.dtype and not values.weak:
        raise DtypeError(
            f"{name}(): self and source expected to have the same dtype, but got {x.dtype} and "
            f"{values.dtype}. Convert one with astype."
        )
    if values.size != int(np.prod(wanted)) or (values.ndim and values.array.shape != wanted):
        raise ShapeError(
            f"{name}(): Number of indices ({index.size}) should be equal to source.size(dim), and "
            f"source of shape {wanted}; it has shape {values.shape}."
        )
    return reshape(values, wanted)


@method
def index_select(x: Any, axis: int, index: Any) -> Tensor:
    """Read slices at positions along an axis.

    Raises:
        IndexOutOfRange: If there is no such axis or position, or the index is no vector.
    """
    tensor, place, positions = _slices("index_select", x, axis, index)
    _require_within(positions, tensor.shape[place])
    found = take(tensor, positions, axis=place)
    return found if as_tensor(x).ndim else reshape(found, ())


@method(inplace=True)
def index_add(x: Any, axis: int, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
    """Add multiples of slices at positions along an axis; repeated positions add up.

    Raises:
        ShapeError: If the source is not one slice for each position.
        DtypeError: If it is of another dtype.
    """
    tensor, place, positions = _slices("index_add", x, axis, index)
    values = _slice_source("index_add", tensor, place, positions, source)
    _require_within(positions, tensor.shape[place])
    found = add_at(tensor, positions, multiply(values, alpha), axis=place)
    return reshape(found, as_tensor(x).shape)


@method(inplace=True)
def index_copy(x: Any, axis: int, index: Any, source: Any) -> Tensor:
    """Replace slices at positions along an axis; arguments as `index_add`'s."""
    tensor, place, positions = _slices("index_copy", x, axis, index)
    values = _slice_source("index_copy", tensor, place, positions, source)
    _require_within(positions, tensor.shape[place])
    found = put_at(tensor, _slice_places(tensor, place, positions), values)
    return reshape(found, as_tensor(x).shape)


@method(inplace=True)
def index_fill(x: Any, axis: int, index: Any, value: Any) -> Tensor:
    """Write one number into the slices at positions along an axis.

    Raises:
        ShapeError: If the value is no number.
    """
    tensor, place, positions = _slices("index_fill", x, axis, index)
    number = as_tensor(value)
    if number.ndim:
        raise ShapeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{number.ndim} dimension(s). Use index_copy."
        )
    _require_within(positions, tensor.shape[place])
    ones = as_tensor(np.ones(positions.shape))
    hit = add_at(op.zeros(tensor.shape[place]), positions, ones, axis=0)
    shape = [1] * tensor.ndim
    shape[place] = -1
    filled = astype(number, tensor.dtype)
    found = where(equal(reshape(hit, tuple(shape)), 0), tensor, filled)
    return reshape(found, as_tensor(x).shape)


@method(inplace=True)
def index_reduce(
    x: Any, axis: int, index: Any, source: Any, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Combine slices at positions along an axis: by "prod", "mean", "amax" or "amin"."""
    tensor, place, positions = _slices("index_reduce", x, axis, index)
    values = _slice_source("index_reduce", tensor, place, positions, source)
    places = _slice_places(tensor, place, positions)
    found = _reduced("index_reduce", tensor, places, values, reduce, include_self)
    return reshape(found, as_tensor(x).shape)
