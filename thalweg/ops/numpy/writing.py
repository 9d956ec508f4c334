"""NumPy's functions and methods that write into their first operand: put, copyto, place, flat.

What is not called through NumPy may have PyTorch's meaning under these names, which is pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from thalweg.core.operation import attach, op
from thalweg.core.refusals import STORED
from thalweg.core.tensor import Tensor, as_tensor, astype, make
from thalweg.core.writing import operand, overwrite
from thalweg.errors import ArgumentError, ShapeError, TracingError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.comparison import where as choose
from thalweg.ops.index.items import fill_, getitem, setitem, write_at
from thalweg.ops.index.take import as_indices, from_front, take, take_along_axis
from thalweg.ops.numpy.meanings import numpys
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import ravel, reshape


def _target(x: Any) -> Tensor:
    """Return the tensor that is written; of an array, one on its memory.

    Raises:
        TracingError: If it is an array, as tensors among the operands would lose what they are.
    """
    if isinstance(x, Tensor):
        return x
    raise TracingError(STORED)


def _repeated(values: Any, count: int) -> Tensor:
    """Return so many values, those given over and over."""
    given = ravel(asarray(values))
    if given.size == count:
        return given
    return take(given, np.arange(count) % max(given.size, 1))


@numpys
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Write values at positions counted in row-major order; too few are repeated."""
    tensor, places = _target(a), as_indices(ind)
    if not places.size:
        return
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"put got mode {mode!r}; it wants 'raise', 'wrap' or 'clip'.")
    if mode == "wrap":
        places = places % tensor.size
    elif mode == "clip":
        places = op.clip(places, 0, tensor.size - 1)
    elif not places.is_symbolic:
        places = from_front(places, tensor.size)
    write_at(tensor, places, reshape(_repeated(v, places.size), places.shape))


@numpys
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Write values, broadcast, where a mask holds."""
    tensor, new = _target(dst), asarray(src)
    if where is True:
        setitem(tensor, ..., new)
    else:
        overwrite(tensor, _chosen(where, broadcast_to(new, tensor.shape), tensor))


def _chosen(mask: Any, new: Tensor, x: Tensor) -> Tensor:
    return choose(broadcast_to(as_tensor(mask), x.shape), astype(new, x.dtype), operand(x, (new,)))


@numpys
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write values, repeated if they are too few, into elements whose indices are all equal."""
    tensor = _target(a)
    if tensor.ndim < 2:
        raise ShapeError(f"fill_diagonal got shape {tensor.shape}; it wants two axes at least.")
    mask = np.zeros(tensor.shape, bool)
    np.fill_diagonal(mask, True, wrap)
    places = np.flatnonzero(mask)
    write_at(tensor, make(places), _repeated(val, places.size))


@numpys
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write the first values, over and over, where a mask holds."""
    tensor, chosen, values = _target(arr), as_tensor(mask), asarray(vals)
    if chosen.is_symbolic and values.size == 1:
        putmask(tensor, chosen, values)
        return
    if chosen.is_symbolic:
        raise TracingError(
            "np.place was given a mask that is traced: which value belongs where would depend on "
            "it. Write np.copyto(x, values, where=mask), or x = np.where(mask, values, x)."
        )
    places = np.flatnonzero(chosen.array)
    if places.size:
        write_at(tensor, make(places), _repeated(values, places.size))


@numpys
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Write the values at the same positions, repeated if they are too few, where a mask holds."""
    tensor = _target(a)
    if not asarray(values).size:
        return
    new = reshape(_repeated(values, tensor.size), tensor.shape)
    overwrite(tensor, _chosen(reshape(as_tensor(mask), tensor.shape), new, tensor))


@numpys
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Write one element at each position along an axis."""
    tensor, positions = _target(arr), as_indices(indices)
    counted = np.arange(tensor.size).reshape(tensor.shape)
    places = take_along_axis(counted, positions, axis)
    write_at(tensor, places, broadcast_to(asarray(values), places.shape))


@numpys
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Tensor:
    """Replace NaN, +∞ and -∞ by numbers, in a copy or in the tensor itself."""
    found = op.nan_to_num(as_tensor(x), nan, posinf, neginf)
    return found if copy else overwrite(_target(x), found)


def _filled(x: Tensor, value: Any) -> None:
    """Set all elements to one number."""
    fill_(x, value)


attach("fill", _filled)

# ---- x.flat


class Flat:
    """All elements of a tensor along one axis in row-major order: `x.flat[3] = 0` writes one."""

    __slots__ = ("_tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def __len__(self) -> int:
        return int(self._tensor.size)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Tensor:
        return take(ravel(self._tensor), self._places(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        places = self._places(key)
        values = reshape(_repeated(value, places.size), places.shape)
        write_at(self._tensor, places, values)

    def _places(self, key: Any) -> Tensor:
        found = getitem(np.arange(len(self)), key)
        return make(found.array) if not found.is_symbolic else found


def _flat_written(x: Tensor, value: Any) -> None:
    Flat(x)[...] = value


attach("flat", property(Flat, _flat_written, doc="All elements, to be read and written."))
