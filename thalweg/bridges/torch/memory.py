"""Where PyTorch's tensors are in memory, for native code that is trusted with addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from thalweg.core.spec import Spec

Tensor = Any  # PyTorch's

# The dtypes that native code may meet, with NumPy's.
DTYPES = {
    torch.float32: np.dtype(np.float32),
    torch.float64: np.dtype(np.float64),
    torch.int32: np.dtype(np.int32),
    torch.int64: np.dtype(np.int64),
    torch.uint32: np.dtype(np.uint32),
    torch.bool: np.dtype(np.bool_),
}

# Subclasses may have no memory of their own, or mean something else by it.
_PLAIN = (torch.Tensor, torch.nn.Parameter)


def spec_in_memory(tensor: Tensor) -> Spec | None:
    """Return what lies row by row in the CPU's memory; None of anything else."""
    if not (
        isinstance(tensor, torch.Tensor)
        and type(tensor) in _PLAIN
        and tensor.device.type == "cpu"
        and tensor.layout is torch.strided
        and tensor.is_contiguous()
        and tensor.dtype in DTYPES
        and tensor.numel()
        and not tensor.is_neg()
    ):
        return None
    return Spec(tuple(tensor.shape), DTYPES[tensor.dtype])


def address(tensor: Tensor, spec: Spec) -> int:
    """Return where a tensor's numbers are; 0 if they are not, or no longer, as stated.

    Args:
        tensor: A tensor that `spec_in_memory` has a spec of.
        spec: What it must be.
    """
    storage = tensor.untyped_storage()
    end = (tensor.storage_offset() + tensor.numel()) * tensor.element_size()
    place: int = tensor.data_ptr()
    plain = storage.nbytes() >= end and place % tensor.element_size() == 0
    return place if plain and spec_in_memory(tensor) == spec else 0


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
