"""Calls from compiled code back into Python: arrays shown where they lie, errors kept for later.

Compiled code has the address of a function in its arena's header, which it tells which of the
program's calls it is; where operands and results are, the header tells. No exception may cross the
code between: it is kept for the run, the loop ends, and the run raises it.
"""

from __future__ import annotations

import ctypes
import functools
import inspect
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from thalweg.compiler.callbacks import CalledProgram
from thalweg.control.callback import callback
from thalweg.core.program import Equation, Symbol
from thalweg.core.spec import Array, DType, Shape, Spec
from thalweg.engines.llvm.code.lacking import described, told
from thalweg.engines.llvm.kernels.facts import HEADER, PENDING, TABLE
from thalweg.errors import EngineError

_ndarray = np.ndarray

_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_int64)

# What to call, the places of its operands, the place of its result.
_Step = tuple[Callable[..., Any], tuple[int, ...], int]


class Callee:
    """What one call computes, made ready once for all arenas."""

    def __init__(self, called: CalledProgram) -> None:
        program = called.program
        self.results = called.results
        self.count = len(program.inputs)
        specs = (*(symbol.spec for symbol in program.inputs), *self.results)
        # Of each operand and result what showing it takes.
        self.arrays = [
            (spec, spec.shape, spec.dtype, spec.nbytes, i >= self.count)
            for i, spec in enumerate(specs)
        ]
        self.told = described(called)
        self.addresses: Any = ctypes.c_int64 * len(self.arrays)
        self._program = program
        places: dict[Symbol, int] = {symbol: i for i, symbol in enumerate(program.inputs)}
        read = (*(s for e in program.equations for s in e.inputs), *program.outputs)
        for symbol in dict.fromkeys((*read, *(e.output for e in program.equations))):
            places.setdefault(symbol, len(places))
        self._rest = [s.value for s in list(places)[len(program.inputs) :]]
        self._steps: list[_Step] = [
            (_call_of(e), tuple(places[s] for s in e.inputs), places[e.output])
            for e in program.equations
        ]
        self._outputs = [places[symbol] for symbol in program.outputs]

    def run(self, operands: Sequence[Array]) -> list[Array]:
        """Return the results, computed by the meanings of the primitives."""
        values: list[Any] = [*operands, *self._rest]
        for call, reads, place in self._steps:
            found = call(values[reads[0]]) if len(reads) == 1 else call(*[values[i] for i in reads])
            kept = found.__class__ is _ndarray or found.__class__ is list
            values[place] = found if kept else np.asarray(found)
        return [values[place] for place in self._outputs]

    def wrong(self, number: int, value: Array) -> EngineError:
        """Return the error of a result that is not what was stated."""
        output, spec = self._program.outputs[number], self.results[number]
        made = [e for e in self._program.equations if e.output is output]
        return EngineError(
            f"{told(made or self._program.equations)} was called back from the native loop and "
            f"gave {value.dtype}{list(value.shape)}; its spec states {spec}. Make its meaning in "
            "NumPy and its spec agree."
        )


def _call_of(equation: Equation) -> Callable[..., Any]:
    """Return the meaning of an equation, of one with several results a list of them."""
    params = equation.params
    if equation.primitive is callback:
        return params["function"]  # type: ignore[no-any-return]
    meaning = equation.primitive.meaning
    return functools.partial(meaning, **params) if params else meaning


class _Shown:
    """Arrays where a call finds its operands and results.

    Attributes:
        table: The address of the table of their addresses, and that table.
        addresses: What it held.
        arrays: The arrays, None for a result that nobody reads.
    """

    __slots__ = ("addresses", "arrays", "table")

    def __init__(self, count: int) -> None:
        self.table: tuple[int, Any] = 0, ()
        self.addresses = [-1] * count
        self.arrays: list[Any] = [None] * count


class Host:
    """Answers the calls of one arena.

    Args:
        callees: What is called, by number.
        memory: All memory of the arena.

    Attributes:
        error: What the last call raised.
        seconds: The time spent in each call, by number.
    """

    def __init__(self, callees: Sequence[Callee], *memory: Array) -> None:
        self.error: BaseException | None = None
        self.seconds = [0.0] * len(callees)
        self._callees = callees
        self._own = [_bytes(array) for array in memory]
        self._outer: list[tuple[int, int, Array, Array]] = []
        self._header = memory[0].view(np.int64)[: HEADER // 8]
        self.point(())

    def spent(self) -> dict[str, float]:
        """Return the seconds spent in calls, by what was called."""
        spent: dict[str, float] = {}
        for callee, seconds in zip(self._callees, self.seconds, strict=True):
            spent[callee.told] = spent.get(callee.told, 0.0) + seconds
        return spent

    def reset(self) -> None:
        """Forget what another run left."""
        self.error = None
        self.seconds = [0.0] * len(self._callees)

    def point(self, arrays: Sequence[Array]) -> None:
        """Let calls see these arrays beside the arena's memory, and no others any more."""
        self._outer = [_bytes(array) for array in arrays]
        self._shown = [_Shown(len(callee.arrays)) for callee in self._callees]

    def answers(self) -> Generator[None, int, None]:
        """Compute what calls want, whose numbers are sent in; never raise."""
        while True:
            try:
                number = yield
                began = time.perf_counter()
                self._answer(number, self._header.item(TABLE // 8))
                self.seconds[number] += time.perf_counter() - began
                # The last thing: what fails before, even by Ctrl-C, ends the loop.
                self._header[PENDING // 8] = 0
            except GeneratorExit:
                return
            except BaseException as error:
                self.error = error

    def _answer(self, number: int, table: int) -> None:
        callee, shown = self._callees[number], self._shown[number]
        if shown.table[0] != table:
            # Mostly the same place on the stack, looked at while it holds the table.
            shown.table = table, callee.addresses.from_address(table)
        addresses = shown.table[1][:]
        if shown.addresses != addresses:
            self._show(callee, shown, addresses)
        count, arrays = callee.count, shown.arrays
        for i, value in enumerate(callee.run(arrays[:count])):
            place = arrays[count + i]
            if place is not None:
                if value.shape != place.shape or value.dtype != place.dtype:
                    raise callee.wrong(i, value)
                place[...] = value

    def raised(self) -> BaseException | None:
        """Return what ended the loop early, and forget it."""
        if not self._header[PENDING // 8]:
            return None
        # Without an error of its own the call was left by Ctrl-C where an error was being kept.
        error, self.error = self.error or KeyboardInterrupt(), None
        self._header[PENDING // 8] = 0
        return error

    def _show(self, callee: Callee, shown: _Shown, addresses: list[int]) -> None:
        """Show arrays at these addresses, where they are others than before."""
        before, arrays = shown.addresses, shown.arrays
        for i, address in enumerate(addresses):
            if address != before[i]:
                arrays[i] = self._view(address, *callee.arrays[i]) if address else None
        shown.addresses = addresses

    def _view(
        self, address: int, spec: Spec, shape: Shape, dtype: DType, nbytes: int, is_written: bool
    ) -> Array:
        """Return the array that lies at an address, in memory that is known."""
        if not nbytes:
            return np.empty(shape, dtype)
        for memories in (self._own, self._outer):
            for first, end, memory, read_only in memories:
                if first <= address and address + nbytes <= end:
                    held: Any = memory if is_written else read_only
                    return np.ndarray(shape, dtype, held, address - first)
        raise EngineError(
            f"A call back from the native loop wants {spec} outside of the run's memory. This is a "
            'fault in thalweg. Use engine="numpy", and report the program.'
        )


class Door:
    """The function through which compiled code calls, with the number of what it wants.

    It is a generator's `send`: Python looks for signals before the first instruction of a
    function, where nothing can catch what they raise, but in a generator inside of its `try`.
    """

    def __init__(self, host: Host) -> None:
        # A host does not know its door, so that both are freed with the arena.
        self._answers = host.answers()
        next(self._answers)
        self._function = _FUNCTION(self._answers.send)
        self.address = ctypes.cast(self._function, ctypes.c_void_p).value or 0

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended it, as a second Ctrl-C right behind the first one may."""
        return inspect.getgeneratorstate(self._answers) != inspect.GEN_CLOSED


def _bytes(array: Array) -> tuple[int, int, Array, Array]:
    """Return where an array begins and ends, and its memory, to be written and to be read alone."""
    memory = array.reshape(-1).view(np.uint8)
    read_only = memory.view()
    read_only.flags.writeable = False
    first = array.ctypes.data
    return first, first + memory.size, memory, read_only


def quietly(code: Any, *arguments: Any) -> None:
    """Run code whose calls, as eager operations do, take an overflow for a value and no event."""
    with np.errstate(all="ignore"):
        code(*arguments)
