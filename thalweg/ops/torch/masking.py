"""Writing where a mask holds or an index points: PyTorch's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, operation
from thalweg.core.tensor import Tensor, as_tensor, astype, fresh
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.index.getitem import getitem
from thalweg.ops.index.scatter import add_to, read_at
from thalweg.ops.index.setitem import put_at
from thalweg.ops.linalg.diagonals import diagonal
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.scalars import axis_of
from thalweg.ops.torch.parts import select

__all__ = [
    "diagonal_scatter",
    "index_put",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "select_scatter",
    "slice_scatter",
]


Array = np.ndarray[Any, Any]


def _mask(name: str, mask: Any) -> Tensor:
    tensor = as_tensor(mask)
    if tensor.dtype.kind != "b":
        raise DtypeError(
            f"{name}: expected BoolTensor for mask, and got {tensor.dtype}. Compare first."
        )
    return tensor


@method(inplace=True)
def masked_fill(x: Any, mask: Any, value: Any) -> Tensor:
    """Write one number where a mask, broadcast, holds.

    Raises:
        DtypeError: If the mask is not Boolean.
        ShapeError: If the value is no number.
    """
    tensor, number = as_tensor(x), as_tensor(value)
    if number.ndim:
        raise ShapeError(
            "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
            f"{number.ndim} dimension(s). Use where."
        )
    if number.dtype.kind == "c" and tensor.dtype.kind != "c":
        raise DtypeError("value cannot be converted to type double without overflow")
    # A small integer is left to promotion, which refuses one that the dtype does not hold.
    if not number.weak or number.dtype.kind == "f" or tensor.dtype.kind == "b":
        number = astype(number, tensor.dtype)
    return where(_mask("masked_fill", mask), number, tensor)


@method
def masked_select(x: Any, mask: Any) -> Tensor:
    """Return the elements where a mask holds, in row-major order; both broadcast.

    Raises:
        DtypeError: If the mask is not Boolean.
    """
    tensor, chosen = as_tensor(x), _mask("masked_select", mask)
    shape = np.broadcast_shapes(tensor.shape, chosen.shape)
    places = np.flatnonzero(np.broadcast_to(chosen.numpy(), shape))
    return read_at(broadcast_to(tensor, shape), as_tensor(places))


@method(inplace=True)
def masked_scatter(x: Any, mask: Any, source: Any) -> Tensor:
    """Write the first elements of a tensor where a mask, broadcast, holds.

    Raises:
        DtypeError: If the mask is not Boolean, or the dtypes differ.
        ShapeError: If there are too few elements.
    """
    tensor, values, chosen = as_tensor(x), as_tensor(source), _mask("masked_scatter", mask)
    if values.dtype != tensor.dtype:
        raise DtypeError(
            f"masked_scatter_: expected self and source to have same dtypes but got {tensor.dtype} "
            f"and {values.dtype}. Convert one with astype."
        )
    shape = np.broadcast_shapes(tensor.shape, chosen.shape)
    places = np.flatnonzero(np.broadcast_to(chosen.numpy(), shape))
    if values.size < places.size:
        raise ShapeError(
            f"masked_scatter_: expected source to have at least {places.size} elements, as many as "
            f"places in the mask, but got {values.size}."
        )
    taken = read_at(values, as_tensor(np.arange(places.size)))
    return put_at(broadcast_to(tensor, shape), places, taken)


# ---- an index as in x[...]


def _counted(x: Tensor) -> Tensor:
    return fresh(np.arange(x.size).reshape(x.array.shape))


@method(inplace=True)
def index_put(x: Any, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """Replace what x[indices] reads, or add to it; repeated positions add up.

    Args:
        x: A tensor.
        indices: One index an axis, or None for a whole one.
        values: What to write; it broadcasts.
        accumulate: Whether to add.
    """
    tensor, new = as_tensor(x), as_tensor(values)
    key = tuple(slice(None) if index is None else index for index in indices)
    places = getitem(_counted(tensor), key)
    if new.dtype != tensor.dtype and not new.weak:
        raise DtypeError(
            f"Index put requires the source and destination dtypes match, got {tensor.dtype} for "
            f"the destination and {new.dtype} for the source. Convert one with astype."
        )
    new = broadcast_to(astype(new, tensor.dtype), places.shape)
    if not places.size:
        return tensor + 0
    return add_to(tensor, places, new) if accumulate else put_at(tensor, places, new)


# ---- replacing what a view shows


def _replaced(name: str, x: Tensor, places: Tensor, source: Any) -> Tensor:
    values = as_tensor(source)
    if values.array.shape != places.array.shape:
        raise ShapeError(
            f"{name}: expected src to have a size equal to the slice of self. src size = "
            f"{list(values.shape)}, slice size = {list(places.shape)}."
        )
    return put_at(x, places, values)


@method
def select_scatter(x: Any, src: Any, axis: int, index: int) -> Tensor:
    """Return a copy in which `select(axis, index)` shows another tensor."""
    tensor = as_tensor(x)
    return _replaced("select_scatter", tensor, select(_counted(tensor), axis, index), src)


@method
def slice_scatter(
    x: Any, src: Any, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Return a copy in which the slice along an axis shows another tensor."""
    tensor = as_tensor(x)
    return _replaced(
        "slice_scatter", tensor, slice_along(_counted(tensor), axis, start, end, step), src
    )


@operation
def slice_along(
    x: Any, axis: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Read a slice along one axis."""
    tensor = as_tensor(x)
    place = axis_of("slice", axis, tensor.ndim)
    if step < 1:
        raise ArgumentError(f"slice step must be positive, and {step} was given.")
    first, last, _ = slice(start, end, step).indices(tensor.shape[place])
    return part_of(tensor, place, first, last, step)


@method
def diagonal_scatter(
    x: Any,
    src: Any,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    *,
    dim1: Any = None,
    dim2: Any = None,
) -> Tensor:
    """Return a copy in which `diagonal` shows another tensor."""
    tensor = as_tensor(x)
    places = diagonal(_counted(tensor), offset, axis1, axis2, dim1=dim1, dim2=dim2)
    return _replaced("diagonal_scatter", tensor, places, src)
