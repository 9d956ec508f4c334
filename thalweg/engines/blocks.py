"""A function of rows as machine code, compiled once for so many rows and run block by block.

Eager calls come in any number of rows. A function that takes each row alone, an element being a row
without axes, is compiled for a few numbers of rows only: what is longer is done in blocks, the last
of which begins earlier, so that some rows are computed twice; what is shorter is filled up.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compiler.pipeline import optimize
from thalweg.core.program import Program, Symbol, finish, trace
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.engines.llvm.code.addresses import address_of
from thalweg.engines.registry import engine

# For so many elements in all, from the most: how many a block has.
_LADDER = ((1 << 19, 1 << 17), (1 << 17, 1 << 15), (1 << 14, 1 << 12), (65, 1 << 10), (0, 1 << 6))

_SHORT = 1 << 10


def rows_at_once(rows: int, width: int) -> int:
    """Return how many rows of so many elements a block has: a power of two.

    >>> rows_at_once(1_000_000, 1), rows_at_once(1000, 1), rows_at_once(1000, 1000)
    (131072, 1024, 128)
    >>> rows_at_once(25, 40), rows_at_once(16, 40)
    (32, 16)
    """
    elements = next(block for least, block in _LADDER if rows * width >= least)
    count = 1 << max(0, (elements // max(1, width)).bit_length() - 1)
    # One round of few rows takes less than two rounds of fewer.
    return 2 * count if elements <= _SHORT and count < rows <= 2 * count else count


class Blocks:
    """A function of rows, compiled for a number of them.

    Args:
        function: Maps tensors whose axis 0 counts rows, and others that all rows share, to a
            tensor whose axis 0 counts rows; each row of it is made of the same row alone.
        specs: The operands' specs, those with rows having `count` of them.
        shared: Of which operands all rows read the same.
        count: The number of rows.

    Attributes:
        row: The shape of a row of the result.

    Raises:
        EngineError: If the native engine lacks a primitive or a dtype.
    """

    def __init__(
        self,
        function: Callable[..., Tensor],
        specs: Sequence[Spec],
        shared: Sequence[bool],
        count: int,
    ) -> None:
        result, _, _ = _traced(function, specs)
        self.row, self._dtype = result.array.shape[1:], result.array.dtype
        out = Spec((count, *self.row), self._dtype)
        program = optimize(_program(function, [*specs, out]))
        self._located = native().compile_located(program, [len(specs)])
        self._count, self._specs, self._shared = count, [*specs, out], [*shared, False]
        self._steps = [
            0 if same else spec.nbytes // count
            for spec, same in zip(self._specs, self._shared, strict=True)
        ]
        # Copies of few numbers take less than to find where they are.
        self._small = out.size <= 2 * _SHORT
        # Of each there is one for each thread that calls at the same time.
        self._rooms: list[tuple[list[Array], Callable[[], None], Array]] = []
        self._rounds: list[Callable[[Sequence[int], Sequence[int]], None]] = []

    def __call__(self, arrays: Sequence[Array], rows: int) -> Array:
        """Return the function's result.

        Args:
            arrays: The operands, contiguous, of the specs but for the number of rows.
            rows: How many rows they have.
        """
        if rows < self._count or (self._small and rows == self._count):
            return self._filled_up(arrays, rows)
        out = np.empty((rows, *self.row), self._dtype)
        places = [address_of(array) for array in (*arrays, out)]
        try:
            run = self._rounds.pop()
        except IndexError:
            run = self._located.by_rounds(self._steps)
        run(places, _starts(rows, self._count))
        self._rounds.append(run)
        return out

    def _filled_up(self, arrays: Sequence[Array], rows: int) -> Array:
        """Return the result of fewer rows than a block has, in memory that is kept for that."""
        try:
            rooms, run, out = self._rooms.pop()
        except IndexError:
            rooms, run, out = self._room()
        for i, array in enumerate(arrays):
            room = rooms[i]
            if self._shared[i]:
                room[()] = array
            elif array.ndim == room.ndim:
                room[:rows] = array
            else:
                room[:rows] = array.reshape(rows, *room.shape[1:])
        run()
        found: Array = out[:rows].copy()
        self._rooms.append((rooms, run, out))
        return found

    def _room(self) -> tuple[list[Array], Callable[[], None], Array]:
        # Ones have a value of nearly every function.
        rooms = [np.ones(spec.shape, spec.dtype) for spec in self._specs]
        run = self._located.bound([room.ctypes.data for room in rooms])
        return rooms[:-1], run, rooms[-1]


@functools.lru_cache(maxsize=1024)
def _starts(rows: int, count: int) -> list[int]:
    """Return the first row of each block; the last block ends with the last row."""
    found = list(range(0, rows - count + 1, count))
    return [*found, rows - count] if rows % count else found


def _traced(function: Callable[..., Tensor], specs: Sequence[Spec]) -> tuple[Tensor, Any, Any]:
    return trace(lambda *tensors: as_tensor(function(*tensors)), list(specs), _tensor)


def _program(function: Callable[..., Tensor], specs: Sequence[Spec]) -> Program:
    result, current, symbols = _traced(lambda *tensors: function(*tensors[:-1]), specs)
    return finish(current, symbols, [current.lift(result)])


def _tensor(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)


@functools.cache
def native() -> Any:
    """Return the native engine."""
    return engine("native")
