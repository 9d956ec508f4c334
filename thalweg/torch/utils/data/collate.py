"""Samples into batches: what a data set returns, stacked into tensors."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, make
from thalweg.errors import CallError, ShapeError
from thalweg.ops.creation.creation import tensor
from thalweg.ops.shape.join import stack

__all__ = [
    "default_collate",
    "default_convert",
]


NUMERIC_KINDS = "biufc"


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
        return _stacked(batch)
    if isinstance(first, float):
        return make(np.array(batch, dtype=np.float64))
    if isinstance(first, (int, complex)):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _mapping(first, {key: default_collate([d[key] for d in batch]) for key in first})
    if isinstance(first, Sequence):
        return _collated_sequences(first, batch)
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


def _stacked(batch: Sequence[Any]) -> Tensor:
    """Stack arrays or tensors; tensors keep their derivatives."""
    for sample in batch:
        if not isinstance(sample, Tensor) and not hasattr(sample, "__array__"):
            raise CallError(
                f"A batch mixes arrays with a {type(sample).__name__}; default_collate wants "
                "samples of one type. Return the same type for every index, or pass collate_fn."
            )
    if any(isinstance(sample, Tensor) and sample.requires_grad for sample in batch):
        _check_shapes([sample.shape for sample in batch])
        stacked: Tensor = stack(
            [s if isinstance(s, Tensor) else make(np.asarray(s)) for s in batch]
        )
        return stacked
    arrays = [s.numpy() if isinstance(s, Tensor) else np.asarray(s) for s in batch]
    if any(array.dtype.kind not in NUMERIC_KINDS for array in arrays):
        raise CallError(_no_batch(arrays[0].dtype))
    _check_shapes([array.shape for array in arrays])
    return make(np.stack(arrays))


def _check_shapes(shapes: list[tuple[int, ...]]) -> None:
    for position, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(
                f"Sample 0 of a batch has shape {shapes[0]} and sample {position} has shape "
                f"{shape}; default_collate wants equal shapes. Pad the samples, or pass collate_fn."
            )


def _collated_sequences(first: Sequence[Any], batch: Sequence[Any]) -> Any:
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
