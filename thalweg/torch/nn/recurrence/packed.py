"""Sequences of several lengths as one tensor."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import CallError
from thalweg.torch.naming import make
from thalweg.torch.nn.recurrence.packing import as_counts


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(_Fields):
    """Sequences of several lengths as one tensor: all first moments, then all second ones.

    It is made by `pack_padded_sequence` and `pack_sequence`; recurrent layers take and return it.

    Args:
        data: The moments, (all, …).
        batch_sizes: How many sequences have a first moment, a second one …, integers.
        sorted_indices: In what order the sequences stand in it; None for the order given.
        unsorted_indices: The inverse of that order.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn.utils.rnn import pack_sequence
        >>> packed = pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])
        >>> packed.data.tolist(), packed.batch_sizes.tolist()
        ([1, 4, 2, 5, 3], [2, 2, 1])
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Any = None,
        sorted_indices: Any = None,
        unsorted_indices: Any = None,
    ) -> Self:
        """Return packed sequences; the pair of data and batch sizes may be given as one."""
        if batch_sizes is None:
            if not isinstance(data, (tuple, list)) or len(data) != 2:
                raise CallError(
                    "Expected data to be a list or tuple of length 2, of data and batch sizes, "
                    f"where no batch sizes are given; got {type(data).__name__}."
                )
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Return it with the data converted, as `Tensor.to` does."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self) -> PackedSequence:
        """Return it: tensors are on the CPU."""
        return self

    def pin_memory(self) -> PackedSequence:
        """Return it: memory needs no pinning."""
        return self

    def double(self) -> PackedSequence:
        """Return it with data of float64."""
        return self.to(np.dtype(np.float64))

    def float(self) -> PackedSequence:
        """Return it with data of float32."""
        return self.to(np.dtype(np.float32))

    def half(self) -> PackedSequence:
        """Return it with data of float16."""
        return self.to(np.dtype(np.float16))

    def long(self) -> PackedSequence:
        """Return it with data of int64."""
        return self.to(np.dtype(np.int64))

    def int(self) -> PackedSequence:
        """Return it with data of int32."""
        return self.to(np.dtype(np.int32))

    @property
    def is_cuda(self) -> bool:
        """Whether it is on a GPU: never."""
        return False

    def is_pinned(self) -> bool:
        """Return whether its memory is pinned: never."""
        return False


def invert_permutation(permutation: Any) -> Tensor | None:
    """Return the inverse of a permutation, of None None.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn.utils.rnn import invert_permutation
        >>> invert_permutation(torch.tensor([2, 0, 1])).tolist()
        [1, 2, 0]
    """
    if permutation is None:
        return None
    return make(np.argsort(as_counts(permutation), kind="stable"))
