"""What is tried: a program or a loop with its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.program import Program
from thalweg.engines.engine import Loop

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """A program with arrays for its inputs."""

    program: Program
    arrays: list[Array]

    def __str__(self) -> str:
        inputs = zip(self.program.inputs, self.arrays, strict=True)
        lines = (f"  {self.program.name(s)} = {_shown(a)}" for s, a in inputs)
        return "\n".join([str(self.program), *lines])


@dataclass(frozen=True)
class LoopCase:
    """A loop with all that `begin` wants."""

    loop: Loop
    state: list[Array]
    data: list[Array]
    scalars: Array
    order: Array | None
    seed: int

    def __str__(self) -> str:
        loop = self.loop
        return (
            f"{loop.step}\nstates={loop.states} data={loop.data} rows={loop.rows} "
            f"batch_size={loop.batch_size} reshuffled={loop.reshuffled} "
            f"remainder={loop.remainder is not None}"
        )


def _shown(array: Array) -> str:
    with np.printoptions(threshold=12, edgeitems=2, linewidth=150):
        return f"array({np.array2string(array, separator=', ', prefix=' ' * 12)}, {array.dtype})"
