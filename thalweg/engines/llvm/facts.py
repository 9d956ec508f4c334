"""What the kernels of a program may rely on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from thalweg.core.program import Symbol

# The arena begins with the fault flag, the number of the epoch whose order is in place, and whether
# the run is to stop.
FAULT = 0
EPOCH = 8
STOP = 16
HEADER = 64


@dataclass
class Facts:
    """What kernels may rely on.

    Attributes:
        kept: The values that have memory, or are computed once in their kernel.
        stored: Those that are written to memory.
        arena: The values in the arena, where whole vectors may be read past a value's end.
        trusted: Index arrays whose values are known to be from 0 up to below a number.
        invariant: Scalars that stay the same over all steps of a loop.
        long: Whether a step takes so long that its kernels look whether they are to stop.
        cell: Reserves 16 bytes of the arena, zero when a run begins; None outside of loops.
    """

    kept: set[Symbol]
    stored: set[Symbol]
    arena: set[Symbol]
    trusted: dict[Symbol, int]
    invariant: set[Symbol]
    long: bool
    cell: Callable[[], Cell] | None

    def within(self, indices: Symbol, extent: int) -> bool:
        """Tell whether all positions an array holds are known to be on an axis."""
        return indices in self.trusted and self.trusted[indices] <= extent


@dataclass(frozen=True)
class Cell:
    """Memory that a kernel keeps from step to step for itself."""

    place: int
