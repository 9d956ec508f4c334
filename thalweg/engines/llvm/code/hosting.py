"""Calls from compiled code back into Python: arrays shown where they lie, errors kept for later.

Compiled code has the address of one function of the process in its arena's header. It says which
arena calls, which of the program's calls it is, and where operands and results are. No exception
may cross the code between: it is kept for the run, the loop ends, and the run raises it.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compiler.callbacks import CalledProgram
from thalweg.core.spec import Array, Spec
from thalweg.engines.llvm.code.lacking import described, told
from thalweg.engines.llvm.kernels.facts import PENDING
from thalweg.engines.numpy import NumpyProgram
from thalweg.errors import EngineError


class Callee:
    """What one call computes, made ready once for all arenas."""

    def __init__(self, called: CalledProgram) -> None:
        program = called.program
        self.operands = [symbol.spec for symbol in program.inputs]
        self.results = list(called.results)
        self.told = described(called)
        self.run = NumpyProgram(program).run
        self.addresses: Any = ctypes.c_int64 * (len(self.operands) + len(self.results))
        self._program = program

    def wrong(self, number: int, value: Array) -> EngineError:
        """Return the error of a result that is not what was stated."""
        output, spec = self._program.outputs[number], self.results[number]
        made = [e for e in self._program.equations if e.output is output]
        return EngineError(
            f"{told(made or self._program.equations)} was called back from the native loop and "
            f"gave {value.dtype}{list(value.shape)}; its spec states {spec}. Make its meaning in "
            "NumPy and its spec agree."
        )


class _Shown:
    """Arrays at the addresses of a call."""

    __slots__ = ("addresses", "operands", "results")

    def __init__(self, addresses: list[int], operands: list[Array], results: list[Any]) -> None:
        self.addresses, self.operands, self.results = addresses, operands, results


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
        self._outer: list[tuple[int, Array]] = []
        self._pending = memory[0].view(np.int64)[PENDING // 8 :][:1]
        self._shown: list[_Shown | None] = [None] * len(callees)

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
        self.point(())

    def point(self, arrays: Sequence[Array]) -> None:
        """Let calls see these arrays beside the arena's memory, and no others any more."""
        self._outer = [_bytes(array) for array in arrays]
        self._shown = [None] * len(self._callees)

    def answer(self, number: int, table: int) -> None:
        """Compute what a call wants; never raise."""
        began = time.perf_counter()
        try:
            callee, shown = self._callees[number], self._shown[number]
            addresses = callee.addresses.from_address(table)[:]
            if shown is None or shown.addresses != addresses:
                shown = self._shown[number] = self._show(callee, addresses)
            for i, value in enumerate(callee.run(shown.operands)):
                place = shown.results[i]
                if place is not None:
                    if value.shape != place.shape or value.dtype != place.dtype:
                        raise callee.wrong(i, value)
                    place[...] = value
            self.seconds[number] += time.perf_counter() - began
            # The last thing: what fails before, even by Ctrl-C, ends the loop.
            self._pending[0] = 0
        except BaseException as error:
            self.error = error

    def raised(self) -> BaseException | None:
        """Return what ended the loop early, and forget it."""
        if not self._pending[0]:
            return None
        # Without an error of its own the call was left by Ctrl-C, right where it began or ended.
        error, self.error = self.error or KeyboardInterrupt(), None
        self._pending[0] = 0
        return error

    def _show(self, callee: Callee, addresses: list[int]) -> _Shown:
        count = len(callee.operands)
        operands = [
            self._view(*pair) for pair in zip(addresses[:count], callee.operands, strict=True)
        ]
        for operand in operands:
            operand.flags.writeable = False
        results = [
            self._view(address, spec) if address else None
            for address, spec in zip(addresses[count:], callee.results, strict=True)
        ]
        return _Shown(addresses, operands, results)

    def _view(self, address: int, spec: Spec) -> Array:
        """Return the array that lies at an address, in memory that is known."""
        if not spec.size:
            return np.empty(spec.shape, spec.dtype)
        for first, memory in (*self._own, *self._outer):
            start = address - first
            if start >= 0 and start + spec.nbytes <= memory.size:
                stretch = memory[start : start + spec.nbytes].view(spec.dtype)
                return stretch.reshape(spec.shape)
        raise EngineError(
            f"A call back from the native loop wants {spec} outside of the run's memory. This is a "
            'fault in thalweg. Use engine="numpy", and report the program.'
        )


def _bytes(array: Array) -> tuple[int, Array]:
    """Return where an array begins, and its memory."""
    return array.ctypes.data, array.reshape(-1).view(np.uint8)


# The arenas whose code is running, by their addresses.
_running: dict[int, Host] = {}


def _answer(arena: int, number: int, table: int) -> None:
    _running[arena].answer(number, table)


# Made once a process: compiled code may call it as long as that lives.
_function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)(_answer)

ADDRESS: int = ctypes.cast(_function, ctypes.c_void_p).value or 0


def hosted(host: Host, arena: int, code: Any, *arguments: Any) -> None:
    """Run code on an arena whose calls a host answers."""
    _running[arena] = host
    try:
        code(arena, *arguments)
    finally:
        del _running[arena]
