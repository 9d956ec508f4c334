"""A function of rows as machine code, compiled once for so many rows and run block by block.

Eager calls come in any number of rows. A function that takes each row alone, an element being a row
without axes, is compiled for a few numbers of rows only, and run by blocks of them
(`engines/llvm/eager/blocked.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.compiler.pipeline import optimize
from thalweg.core.program import Program, Symbol, finish, trace
from thalweg.core.spec import Array, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.engines.llvm.code.addresses import address_of
from thalweg.engines.registry import engine

# From so many elements on a block has the more of these.
MANY = 1 << 11

_FEW_AT_ONCE, _MANY_AT_ONCE = 1 << 6, 1 << 12


def rows_at_once(rows: int, width: int) -> int:
    """Return how many rows of so many elements a block has: a power of two.

    >>> rows_at_once(1_000_000, 1), rows_at_once(1000, 1), rows_at_once(1000, 1000)
    (4096, 64, 4)
    """
    elements = _MANY_AT_ONCE if rows * width >= MANY else _FEW_AT_ONCE
    return 1 << max(0, (elements // max(1, width)).bit_length() - 1)


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
        universal: The same as a universal function of NumPy's; None where a block is too large.

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
        from thalweg.engines.llvm.eager.blocked import blocked  # it loads the compiler

        program, out = _located(function, specs)
        self.row: Shape = out.shape[1:]
        self._dtype = out.dtype
        self.universal = blocked(program, native().target, shared, count)
        if self.universal is None:
            alone = [
                spec if same else Spec((1, *spec.shape[1:]), spec.dtype)
                for spec, same in zip(specs, shared, strict=True)
            ]
            program, out = _located(function, alone)
            self._steps = [0 if s else x.nbytes for x, s in zip(alone, shared, strict=True)]
            self._steps.append(out.nbytes)
            self._row = native().compile_located(program, [len(specs)])
            # Of each there is one for each thread that calls at the same time.
            self._rounds: list[Callable[[Sequence[int], Iterable[int]], None]] = []

    def __call__(self, arrays: Sequence[Array], rows: int) -> Array:
        """Return the function's result.

        Args:
            arrays: The operands, contiguous, of the specs but for the number of rows.
            rows: How many rows they have.
        """
        if self.universal is not None:
            found: Array = self.universal(*arrays)
            return found
        out = np.empty((rows, *self.row), self._dtype)
        places = [address_of(array) for array in (*arrays, out)]
        try:
            run = self._rounds.pop()
        except IndexError:
            run = self._row.by_rounds(self._steps)
        run(places, range(rows))
        self._rounds.append(run)
        return out


def _located(function: Callable[..., Tensor], specs: Sequence[Spec]) -> tuple[Program, Spec]:
    """Return a function's program with a further input, whose memory takes the result."""
    result, _, _ = _traced(function, specs)
    out = Spec(result.array.shape, result.array.dtype)
    return optimize(_program(function, [*specs, out])), out


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
