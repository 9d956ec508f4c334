"""Memory that is used again: a step of training wants the same as the one before.

Fresh memory is made by the operating system page by page when it is first written, which takes as
long as a whole pass of a small network.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.spec import Array, DType

# So many bytes are kept for others; what is larger costs little beside what it is used for.
_KEPT = 1 << 25

# By size, a power of two: what nobody uses now.
_spare: dict[int, list[Array]] = {}

_ALIGNMENT = 64


class ReusedMemory:
    """Memory of arrays that live as long as it does; then others get it.

    Args:
        shapes: The shapes of these arrays.
        dtype: The dtype of all.

    Attributes:
        arrays: The arrays, not set to anything; none may be given to a user.
    """

    def __init__(self, shapes: list[tuple[int, ...]], dtype: DType) -> None:
        sizes = [math.prod(shape) * dtype.itemsize for shape in shapes]
        starts, total = [], 0
        for size in sizes:
            starts.append(total)
            total += -(-size // _ALIGNMENT) * _ALIGNMENT
        try:
            memory = _spare[1 << total.bit_length()].pop()
        except (KeyError, IndexError):
            memory = np.empty(1 << total.bit_length(), np.uint8)
        self._memory = memory
        self.arrays: list[Array] = [
            memory[start : start + size].view(dtype).reshape(shape)
            for start, size, shape in zip(starts, sizes, shapes, strict=True)
        ]

    def __del__(self, spare: dict[int, list[Array]] = _spare, kept: Any = _KEPT) -> None:
        memory: Array | None = getattr(self, "_memory", None)
        if memory is None:
            return
        held = spare.setdefault(memory.nbytes, [])
        if (len(held) + 1) * memory.nbytes <= kept:
            held.append(memory)
