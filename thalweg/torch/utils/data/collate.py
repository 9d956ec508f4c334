"""Rows of arrays, and batches made of samples."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from mmap import mmap
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import CallError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.creation.creation import tensor
from thalweg.ops.shape.join import require_equal, stack
from thalweg.torch.naming import adopted, make

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


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack samples into one batch: the first axis of every tensor counts the samples.

    Tensors, arrays and numbers become tensors of shape (n, …); texts stay a list; mappings,
    named tuples, tuples and lists are collated entry by entry.

    Args:
        batch: The samples, all of one structure; not empty.

    Raises:
        ShapeError: If samples have different shapes or lengths.
        CallError: If a sample is of a type that has no batch.

    Example:
        >>> from thalweg.torch.utils.data import default_collate
        >>> default_collate([{"x": 1, "id": "a"}, {"x": 2, "id": "b"}])["id"]
        ['a', 'b']
        >>> default_collate([(1, 2.0), (3, 4.0)])[1].tolist()
        [2.0, 4.0]
    """
    first = batch[0]
    if isinstance(first, Tensor) or hasattr(first, "__array__"):
        return _stack_arrays(batch)
    if isinstance(first, float):
        return make(np.array(batch, dtype=np.float64))
    if isinstance(first, (int, complex)):
        return adopted(tensor(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _mapping(first, {key: default_collate([d[key] for d in batch]) for key in first})
    if isinstance(first, Sequence):
        return _collate_sequences(first, batch)
    raise CallError(_no_batch(type(first)))


def default_convert(data: Any) -> Any:
    """Turn the arrays in one sample into tensors, which share their memory; keep the rest.

    Args:
        data: A tensor, array, mapping, named tuple, tuple, list, or anything else.

    Example:
        >>> import numpy as np
        >>> from thalweg.torch.utils.data import default_convert
        >>> default_convert((np.zeros(2), "a"))[0].tolist()
        [0.0, 0.0]
    """
    if isinstance(data, Tensor):
        return data
    if hasattr(data, "__array__"):
        array = np.asarray(data)
        return make(array) if array.dtype.kind in NUMERIC_KINDS else data
    if isinstance(data, Mapping):
        return _mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence(data, [default_convert(entry) for entry in data])
    return data


def _stack_arrays(batch: Sequence[Any]) -> Tensor:
    """Stack arrays or tensors; tensors keep their derivatives."""
    for sample in batch:
        if not isinstance(sample, Tensor) and not hasattr(sample, "__array__"):
            raise CallError(
                f"A batch mixes arrays with a {type(sample).__name__}; default_collate wants "
                "samples of one type. Return the same type for every index, or pass collate_fn."
            )
    if any(isinstance(sample, Tensor) and sample.requires_grad for sample in batch):
        _check_shapes([sample.shape for sample in batch])
        stacked: Tensor = adopted(stack([as_tensor(sample) for sample in batch]))
        return stacked
    arrays = [s.numpy() if isinstance(s, Tensor) else np.asarray(s) for s in batch]
    if any(array.dtype.kind not in NUMERIC_KINDS for array in arrays):
        raise CallError(_no_batch(arrays[0].dtype))
    _check_shapes([array.shape for array in arrays])
    return make(np.stack(arrays))


def _check_shapes(found: list[tuple[int, ...]]) -> None:
    try:
        require_equal([tuple(shape) for shape in found])
    except ShapeError as error:
        advice = "Pad the samples, or give the loader a collate_fn."
        raise ShapeError(f"{error} {advice}") from None


def _collate_sequences(first: Sequence[Any], batch: Sequence[Any]) -> Any:
    lengths = [len(sample) for sample in batch]
    if len(set(lengths)) > 1:
        raise ShapeError(
            f"The samples of a batch have lengths {sorted(set(lengths))}; default_collate wants "
            "sequences of equal length. Pad the samples, or pass collate_fn."
        )
    return _sequence(first, [default_collate(entries) for entries in zip(*batch, strict=True)])


def _mapping(like: Mapping[Any, Any], entries: dict[Any, Any]) -> Any:
    """Return the entries as a mapping of the given one's type where that can be made."""
    if type(like) is dict:
        return entries
    try:
        if isinstance(like, MutableMapping):
            clone = copy.copy(like)
            clone.update(entries)
            return clone
        return type(like)(entries)  # type: ignore[call-arg]
    except TypeError:
        return entries


def _sequence(like: Sequence[Any], entries: list[Any]) -> Any:
    """Return the entries as a sequence of the given one's type; plain tuples become lists."""
    if type(like) in (tuple, list):
        return entries
    if isinstance(like, tuple) and hasattr(like, "_fields"):
        return type(like)(*entries)
    try:
        if isinstance(like, MutableSequence):
            clone = copy.copy(like)
            clone[:] = entries
            return clone
        return entries if isinstance(like, range) else type(like)(entries)  # type: ignore[call-arg]
    except TypeError:
        return entries


def _no_batch(found: object) -> str:
    return (
        f"default_collate found {found} in a batch; it wants tensors, arrays, numbers, texts, "
        "mappings or sequences of these. Pass collate_fn to DataLoader to say what a batch is."
    )
