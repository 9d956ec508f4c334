"""Where PyTorch's tensors are in memory, for native code that is trusted with addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from thalweg.errors import EngineError

Tensor = Any  # PyTorch's

# The dtypes that native code may meet.
_DTYPES = frozenset(
    {torch.float32, torch.float64, torch.int32, torch.int64, torch.uint32, torch.bool}
)

# Subclasses may have no memory of their own, or mean something else by it.
_PLAIN = (torch.Tensor, torch.nn.Parameter)


class Lying:
    """What a tensor is that lies without gaps in the CPU's memory.

    Args:
        tensor: A tensor of that kind; others of its shape and dtype are looked at later.

    Attributes:
        strides: Those of a tensor that does not lie row by row; None of any other.

    Raises:
        EngineError: If it does not lie so.
    """

    def __init__(self, tensor: Tensor) -> None:
        if not isinstance(tensor, torch.Tensor) or tensor.dtype not in _DTYPES:
            raise EngineError("Native code knows no tensor of that dtype.")
        self._dtype, self._shape = tensor.dtype, tensor.shape
        self._size = tensor.element_size()
        self.nbytes = tensor.numel() * self._size
        self.strides = None if tensor.is_contiguous() else tensor.stride()
        if not (_is_dense(tensor) and self.address(tensor)):
            raise EngineError("A tensor does not lie in the CPU's memory without gaps.")

    def address(self, tensor: Tensor) -> int:
        """Return where a tensor's numbers are; 0 if it is of another kind or does not lie so."""
        if not (
            type(tensor) in _PLAIN
            and tensor.dtype is self._dtype
            and tensor.shape == self._shape
            and tensor.is_cpu
            and tensor.layout is torch.strided
            and (
                tensor.is_contiguous() if self.strides is None else tensor.stride() == self.strides
            )
            and not tensor.is_neg()
        ):
            return 0
        place: int = tensor.data_ptr()
        begin = tensor.storage_offset() * self._size
        # Memory may have been taken from a tensor that still has its shape.
        whole = tensor.untyped_storage().nbytes() >= begin + self.nbytes
        return place if whole and self.nbytes and place % self._size == 0 else 0


def _is_dense(tensor: Tensor) -> bool:
    """Tell whether a tensor's elements lie without gaps, in whatever order of its axes."""
    expected = 1
    for stride, extent in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if extent != 1:
            if stride != expected:
                return False
            expected *= extent
    return True


def overlaps(addresses: Sequence[int], sizes: Sequence[int], written: Sequence[bool]) -> bool:
    """Tell whether any memory that is written is also another array's."""
    written_to = read_to = 0
    for place, size, changes in sorted(zip(addresses, sizes, written, strict=True)):
        if place < written_to or (changes and place < read_to):
            return True
        if changes:
            written_to = max(written_to, place + size)
        else:
            read_to = max(read_to, place + size)
    return False
