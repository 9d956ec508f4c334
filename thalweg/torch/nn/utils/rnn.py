"""Sequences of several lengths for recurrent layers: packed one after another, or padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError, TracingError
from thalweg.ops.creation.creation import full
from thalweg.ops.index.take import take
from thalweg.ops.shape.join import concatenate, stack
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.naming import as_tensor, make
from thalweg.torch.nn.recurrence.packed import PackedSequence, invert_permutation
from thalweg.torch.nn.recurrence.packing import Packing, as_counts

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence",
    "pad_packed_sequence", "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack sequences that stand beside each other with padding.

    Args:
        input: The sequences, (moments, batch, …), or (batch, moments, …) with `batch_first`.
        lengths: How many moments each has, integers.
        batch_first: Whether the batch is the first axis.
        enforce_sorted: Whether sequences that are not sorted, the longest first, are refused;
            otherwise they are sorted here, and what is made of them is put back in order.

    Raises:
        ArgumentError: If a length is not positive or too large, or lengths are not sorted.
        ShapeError: If there are not as many lengths as sequences.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn.utils.rnn import pack_padded_sequence
        >>> padded = torch.tensor([[1, 2, 3], [4, 5, 0]])
        >>> pack_padded_sequence(padded, [3, 2], batch_first=True).data.tolist()
        [1, 4, 2, 5, 3]
    """
    padded, counts = as_tensor(input), _as_lengths("pack_padded_sequence", lengths)
    order = None
    if not enforce_sorted:
        order = np.argsort(-counts, kind="stable")
        counts, padded = counts[order], take(padded, order, axis=0 if batch_first else 1)
    if batch_first:
        padded = swapaxes(padded, 0, 1)
    _require_lengths(padded, counts, enforce_sorted)
    packing = Packing.of_lengths(counts)
    data = packing.pack(padded[: packing.length])
    return PackedSequence(data, make(packing.sizes), None if order is None else make(order))


def _as_lengths(name: str, lengths: Any) -> np.ndarray[Any, Any]:
    if isinstance(lengths, Tensor) and lengths.is_symbolic:
        raise TracingError(
            f"{name} got lengths that are known only when the traced program runs; they tell the "
            "shape of its result. Pack outside of it, or give the layer padded sequences and "
            "weight its results by a mask."
        )
    return as_counts(lengths)


def _require_lengths(padded: Tensor, counts: np.ndarray[Any, Any], is_sorted: bool) -> None:
    batch = padded.shape[1]
    if len(counts) != batch:
        raise ShapeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={batch})"
        )
    if not len(counts) or counts.min() <= 0:
        raise ArgumentError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if is_sorted and np.any(np.diff(counts) > 0):
        raise ArgumentError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "let them be sorted."
        )
    if counts[0] > padded.shape[0]:
        raise ArgumentError(
            f"Expected no length above {padded.shape[0]}, the number of moments, but got "
            f"{counts[0]}."
        )


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return packed sequences beside each other with padding, and their lengths.

    Args:
        sequence: The packed sequences.
        batch_first: Whether the batch is the first axis of the result.
        padding_value: What stands behind the end of a sequence.
        total_length: The number of moments of the result; by default that of the longest.

    Raises:
        ArgumentError: If a sequence is longer than `total_length`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn.utils.rnn import pack_sequence, pad_packed_sequence
        >>> packed = pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])
        >>> padded, lengths = pad_packed_sequence(packed, batch_first=True)
        >>> padded.tolist(), lengths.tolist()
        ([[1, 2, 3], [4, 5, 0]], [3, 2])
    """
    sizes = as_counts(sequence.batch_sizes)
    if total_length is not None and total_length < len(sizes):
        raise ArgumentError(
            "Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total_length} and max sequence length being {len(sizes)}"
        )
    packing = Packing(sizes, total_length)
    padded, lengths = packing.pad(sequence.data, padding_value), packing.lengths
    if sequence.unsorted_indices is not None:
        order = as_counts(sequence.unsorted_indices)
        padded, lengths = take(padded, order, axis=1), lengths[order]
    return swapaxes(padded, 0, 1) if batch_first else padded, make(lengths)


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Return sequences beside each other, the shorter ones with padding.

    Args:
        sequences: Tensors (moments, …), alike but for their lengths.
        batch_first: Whether the batch is the first axis of the result.
        padding_value: What stands where a sequence has no moment.
        padding_side: "right" for behind the end, "left" for before the beginning.

    Raises:
        CallError: If what is given is no list or tuple of tensors, nor one tensor.
        ArgumentError: If there are no sequences, or the side is unknown.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn.utils.rnn import pad_sequence
        >>> pad_sequence([torch.ones(2), torch.ones(1)], batch_first=True).tolist()
        [[1.0, 1.0], [1.0, 0.0]]
    """
    if not isinstance(sequences, (Tensor, list, tuple)) and not hasattr(sequences, "__iter__"):
        raise ArgumentError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    given = [as_tensor(each) for each in sequences]
    if not given:
        raise ArgumentError("received an empty list of sequences; give at least one.")
    if padding_side not in ("left", "right"):
        raise ArgumentError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    if not all(each.ndim for each in given):
        raise ShapeError("pad_sequence got tensors without axes; give each an axis of moments.")
    longest = max(each.shape[0] for each in given)
    filled = []
    for each in given:
        lacking = (longest - each.shape[0], *each.shape[1:])
        if lacking[0]:
            padding = full(lacking, padding_value, each.dtype, like=each)
            each = concatenate([each, padding] if padding_side == "right" else [padding, each])
        filled.append(each)
    return stack(filled, axis=0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """Return sequences that stand beside each other with padding as a list of tensors.

    Args:
        padded_sequences: The sequences, (moments, batch, …).
        lengths: How many moments each has.
        batch_first: Whether the batch is the first axis.
    """
    padded = as_tensor(padded_sequences)
    if not batch_first:
        padded = swapaxes(padded, 0, 1)
    return [padded[i, :n] for i, n in enumerate(as_counts(lengths).tolist())]


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences.

    Args:
        sequences: Tensors (moments, …), alike but for their lengths.
        enforce_sorted: Whether sequences that are not sorted, the longest first, are refused.

    Raises:
        ArgumentError: If they are not sorted, or one is empty.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn.utils.rnn import pack_sequence, unpack_sequence
        >>> packed = pack_sequence([torch.ones(1), torch.ones(2)], enforce_sorted=False)
        >>> packed.batch_sizes.tolist(), [len(x) for x in unpack_sequence(packed)]
        ([2, 1], [1, 2])
    """
    lengths = [as_tensor(each).shape[0] for each in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Return packed sequences as a list of tensors."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
