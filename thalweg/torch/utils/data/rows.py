"""Rows of tensors: read by index array, checked, and handed to worker processes."""

from __future__ import annotations

from mmap import mmap
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.tensor import Tensor, make
from thalweg.errors import DtypeError, IndexOutOfRange

__all__ = [
    "Indices",
    "gather",
    "opened",
    "portable",
    "row_tensor",
    "within",
]


Indices = np.ndarray[Any, np.dtype[np.intp]]

NUMERIC_KINDS = "biufc"


def row_tensor(value: Any, position: int) -> Tensor:
    """Return a tensor over an array's memory, whose first axis counts rows.

    Raises:
        DtypeError: If the array holds no numbers.
        IndexOutOfRange: If it has no axis.
    """
    # np.asarray of a memmap is a plain view of the mapped file: nothing is read.
    found = value if isinstance(value, Tensor) else make(np.asarray(value))
    if found.dtype.kind not in NUMERIC_KINDS:
        raise DtypeError(
            f"Array {position} of a data set has dtype {found.dtype}; numbers are wanted. "
            "Encode text and objects as numbers first."
        )
    if not found.shape:
        raise IndexOutOfRange(
            f"Array {position} of a data set has shape (); rows are wanted. Give it an axis."
        )
    return found


def gather(rows: Tensor, indices: Any) -> Tensor:
    """Return the rows at the indices as a new tensor; its derivative scatters back.

    Raises:
        IndexOutOfRange: If an index points outside the first axis.
    """
    if rows.requires_grad or rows.is_symbolic:
        return rows[np.asarray(indices, np.intp)]
    data = rows.array
    flags = data.flags
    try:
        # take is three times as fast, but copies the whole array first if it is not in order.
        if flags.c_contiguous and flags.aligned and data.dtype.isnative:
            return make(data.take(indices, 0))
        found = data[np.asarray(indices, np.intp)]
    except IndexError:
        within(np.asarray(indices, np.intp), len(data))
        raise
    return make(found.astype(found.dtype.newbyteorder("="), order="C", copy=False))


def within(indices: Indices, n: int) -> Indices:
    """Return the indices counted from the start.

    Raises:
        IndexOutOfRange: If one is not in [-n, n).
    """
    outside = indices[(indices < -n) | (indices >= n)]
    if outside.size:
        raise IndexOutOfRange(
            f"Index {outside[0]} was asked of a data set of {n} rows; {-n} to {n - 1} are wanted. "
            "Check the sampler and the length of the data set."
        )
    return np.where(indices < 0, indices + n, indices)


class MappedFile(NamedTuple):
    """Where the memory of an `np.memmap` comes from: all that another process needs."""

    filename: str
    dtype: Any
    offset: int
    shape: tuple[int, ...]
    order: Any


def portable(rows: Tensor) -> Tensor | MappedFile:
    """Return what travels to a starting worker process: a mapped file travels as its name."""
    from multiprocessing.context import get_spawning_popen

    data = rows.array
    source = getattr(data, "base", None)
    if get_spawning_popen() is None or not isinstance(source, np.memmap):
        return rows
    # A slice of a memmap is one too, which wrongly tells the offset of the whole.
    whole = isinstance(source.base, mmap) and source.shape == data.shape
    if not whole or source.strides != data.strides or source.filename is None:
        return rows
    if source.mode == "c":
        return rows
    source.flush()
    order = "C" if source.flags.c_contiguous else "F"
    return MappedFile(str(source.filename), source.dtype, source.offset, source.shape, order)


def opened(rows: Tensor | MappedFile) -> Tensor:
    """Return the tensor that `portable` was given; a mapped file is mapped again, to be read."""
    if isinstance(rows, Tensor):
        return rows
    mapped: np.ndarray[Any, Any] = np.memmap(
        rows.filename, rows.dtype, "r", rows.offset, rows.shape, rows.order
    )
    return make(np.asarray(mapped))
