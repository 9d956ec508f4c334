"""Sequences of several lengths beside PyTorch's: packed, padded, and back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import thalweg as tw
from tests.torch.nn.beside import close, numbers
from tests.torch.nn.libraries import same_error
from thalweg import torch as wing
from thalweg.torch.nn.utils import rnn

X = numbers(5, 3, 2)


def both(code: Any) -> None:
    """Check that code gives the same by both libraries: tensors, or lists of them."""
    found = []
    for lib in (wing, torch):
        result = code(lib, lib.nn.utils.rnn)
        found.append(list(result) if isinstance(result, list | tuple) else [result])
    assert len(found[0]) == len(found[1])
    for mine, their in zip(*found, strict=True):
        close(mine, their, "float64")


@pytest.mark.parametrize("lengths", [[5, 3, 1], [4, 4, 2], [1, 1, 1]])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("as_tensor", [True, False])
def test_sorted_sequences(lengths: list[int], batch_first: bool, as_tensor: bool) -> None:
    x = X.swapaxes(0, 1) if batch_first else X

    def code(lib: Any, rnn: Any) -> Any:
        counts = lib.tensor(lengths) if as_tensor else lengths
        packed = rnn.pack_padded_sequence(lib.tensor(x), counts, batch_first)
        back = rnn.pad_packed_sequence(packed, batch_first, -1.0, 7)
        return [*packed, *back, *rnn.pad_packed_sequence(packed)]

    both(code)


@pytest.mark.parametrize("lengths", [[1, 5, 3], [2, 4, 4], [5, 4, 3], [3, 3, 3]])
@pytest.mark.parametrize("batch_first", [True, False])
def test_sequences_that_are_sorted_here(lengths: list[int], batch_first: bool) -> None:
    x = X.swapaxes(0, 1) if batch_first else X

    def code(lib: Any, rnn: Any) -> Any:
        leaf = lib.tensor(x).requires_grad_()
        packed = rnn.pack_padded_sequence(leaf, lengths, batch_first, enforce_sorted=False)
        back, counts = rnn.pad_packed_sequence(packed, batch_first)
        (back**2).sum().backward()
        return [*packed, back, counts, leaf.grad]

    both(code)


def test_lists_of_sequences() -> None:
    parts = [numbers(n, 2) for n in (2, 4, 1)]
    for batch_first in (True, False):
        for side in ("left", "right"):
            both(
                lambda lib, rnn, first=batch_first, side=side: rnn.pad_sequence(
                    [lib.tensor(p) for p in parts], first, 3.0, side
                )
            )
    both(lambda lib, rnn: rnn.pack_sequence([lib.tensor(p) for p in parts], False))
    both(lambda lib, rnn: rnn.unpack_sequence(
        rnn.pack_sequence([lib.tensor(p) for p in parts], False)
    ))  # fmt: skip
    both(lambda lib, rnn: rnn.unpad_sequence(lib.tensor(X), lib.tensor([2, 5, 3])))
    both(lambda lib, rnn: rnn.unpad_sequence(lib.tensor(X), lib.tensor([2, 3, 1, 2, 3]), True))
    both(lambda lib, rnn: rnn.pad_sequence(lib.tensor(X)))
    both(lambda lib, rnn: rnn.invert_permutation(lib.tensor([3, 0, 2, 1])))
    assert rnn.invert_permutation(None) is None


def test_integers_are_packed_too() -> None:
    both(lambda lib, rnn: [
        *(p := rnn.pack_sequence([lib.tensor([1, 2, 3]), lib.tensor([4])])),
        *rnn.pad_packed_sequence(p, padding_value=-1),
    ])  # fmt: skip


def test_packed_sequences_are_tuples() -> None:
    code = """PackedSequence(data=tensor([1, 4, 2, 3]), batch_sizes=tensor([2, 1, 1]), """
    packed = rnn.pack_sequence([wing.tensor([4]), wing.tensor([1, 2, 3])], enforce_sorted=False)
    assert repr(packed).startswith(code)
    assert isinstance(packed, tuple)
    assert not packed.is_cuda
    assert not packed.is_pinned()
    assert packed.cpu() is packed.pin_memory() is packed
    assert packed.double().data.dtype == wing.float64
    assert packed.float().long().data.dtype == wing.int64
    assert packed.half().int().data.dtype == wing.int32
    again = rnn.PackedSequence(packed.data, packed.batch_sizes, packed.sorted_indices)
    assert again.unsorted_indices.tolist() == packed.unsorted_indices.tolist()
    pair = rnn.PackedSequence((packed.data, packed.batch_sizes))
    assert pair.data is packed.data
    with pytest.raises(tw.errors.CallError, match="a list or tuple of length 2"):
        rnn.PackedSequence(wing.ones(3))


def _rnn(lib: Any) -> Any:
    return lib.nn.utils.rnn


def test_what_does_not_fit_is_refused() -> None:
    def packing(lengths: list[int], **words: Any) -> Any:
        return lambda lib: _rnn(lib).pack_padded_sequence(lib.ones(4, 3, 2), lengths, **words)

    same_error(packing([1, 2, 1]), "`lengths` array must be sorted in decreasing order")
    same_error(packing([2, 1]), r"Expected `len\(lengths\)` to be equal to batch_size, but got 2")
    same_error(
        packing([2, 0, 1], enforce_sorted=False), "Length of all samples has to be greater than 0"
    )
    same_error(lambda lib: _rnn(lib).pad_sequence([]), "received an empty list of sequences")
    same_error(lambda lib: _rnn(lib).pad_sequence(3), "pad_sequence: Expected iterable for input")
    same_error(
        lambda lib: _rnn(lib).pad_sequence([lib.ones(2)], padding_side="up"),
        "Expected padding_side to be one of left or right, but got up",
    )
    same_error(
        lambda lib: _rnn(lib).pad_packed_sequence(
            _rnn(lib).pack_sequence([lib.ones(3)]), total_length=2
        ),
        "Expected total_length to be at least the length of the longest sequence in input",
    )
    # PyTorch reads other examples' moments there.
    with pytest.raises(tw.errors.ArgumentError, match="Expected no length above 4"):
        rnn.pack_padded_sequence(wing.ones(4, 3, 2), [5, 2, 1])


def test_lengths_that_are_traced_are_refused() -> None:
    with pytest.raises(tw.errors.TracingError, match="lengths that are known only when"):
        tw.jit(lambda x, n: rnn.pack_padded_sequence(x, n).data)(wing.ones(4, 3), wing.tensor([1]))
