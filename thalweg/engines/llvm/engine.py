"""The native engine: programs and loops as machine code, states in one arena a run."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compiler.graph import GATHERS, GUARDED, POSITIONS, REDUCTIONS, SAME_INDEX, SCATTERS
from thalweg.core.program import Equation, Program, Symbol
from thalweg.engines.engine import Array, CompiledLoop, Loop, Run
from thalweg.engines.llvm import random
from thalweg.engines.llvm.assembly import (
    EPOCH,
    FAULT,
    Assembly,
    Schedule,
    Step,
    calls_text,
    run_text,
)
from thalweg.engines.llvm.emitter import module_text
from thalweg.engines.llvm.jit import Library, load
from thalweg.engines.llvm.lowering import LOWERINGS, TYPES
from thalweg.engines.llvm.target import Target
from thalweg.errors import EngineError, IndexOutOfRange

_MEMCPY = "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"

# The order may be read this far beyond its end, to ask for coming rows ahead of time.
ORDER_PADDING = 64

SUPPORTED = frozenset(
    {*LOWERINGS, *GATHERS, *GUARDED, *POSITIONS, *REDUCTIONS, *SAME_INDEX, *SCATTERS}
    | {"broadcast_to", "cumulative_sum", "flip", "iota", "matrix_product", "reshape", "slice_",
       "transpose"}
)  # fmt: skip


class NativeEngine:
    """Compiles through LLVM for one processor, by default this machine's."""

    name = "native"

    def __init__(self, target: Target | None = None) -> None:
        self.target = target or Target.host()

    def unsupported(self, program: Program) -> list[Equation]:
        """Return the equations this engine cannot run: by primitive, or by dtype."""
        return [
            equation
            for equation in program.equations
            if equation.primitive.name not in SUPPORTED
            or any(symbol.dtype not in TYPES for symbol in (*equation.inputs, equation.output))
        ]

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        """Return a function from arrays to arrays, in the order of inputs and outputs.

        Raises:
            EngineError: If the engine lacks a primitive or a dtype; it names the user's line.
        """
        self._check(program)
        assembly = Assembly(self.target)
        step = assembly.step(program, {}, 0, None)
        text = run_text(Schedule(1, 0, 0, False), calls_text(step, None, None, "f"), None)
        library = self._load(assembly, text, False)
        return _Function(library, assembly.end, step)

    def compile_loop(self, loop: Loop) -> CompiledLoop:
        """Return a loop ready to run; errors as for `compile`."""
        assembly = Assembly(self.target)
        steps, rows = [], []
        held = _held(loop, loop.step)
        places = [assembly.reserve(symbol.spec.nbytes) for symbol in held]
        for program in (loop.step, loop.remainder):
            if program is None:
                continue
            self._check(program)
            order = program.inputs[-1] if loop.batch_size else None
            fixed = dict(zip(_held(loop, program), places, strict=True))
            steps.append(assembly.step(program, fixed, loop.states, order))
            rows.append(steps[-1].program.inputs[-1] if loop.batch_size else None)
        schedule = Schedule(loop.steps_per_epoch, loop.batch_size, loop.rows, loop.reshuffled)
        texts = [
            calls_text(step, order, step.program.outputs[-1], label)
            for step, order, label in zip(steps, rows, "fr", strict=False)
        ]
        text = run_text(schedule, texts[0], texts[1] if len(texts) > 1 else None)
        library = self._load(assembly, text, loop.reshuffled)
        return _CompiledLoop(library, loop, assembly.end, steps, places)

    def _check(self, program: Program) -> None:
        for equation in self.unsupported(program):
            dtypes = ", ".join(symbol.dtype.name for symbol in equation.inputs)
            raise EngineError(
                f"The native engine cannot run {equation.primitive.name} on {dtypes} "
                f"({equation.source}); it wants float64, float32, int64, int32 or bool. "
                'Use engine="numpy", or other operations.'
            )

    def _load(self, assembly: Assembly, run: str, reshuffled: bool) -> Library:
        declarations = {*assembly.declarations, _MEMCPY}
        texts = []
        if reshuffled:
            declarations.add("declare void @permute(ptr, i64, i64, i64)")
            texts.append(module_text([random.permutation(self.target)], ()))
        texts.append(module_text([*assembly.functions, run], declarations))
        return load(texts, ["run"], self.target)


def _held(loop: Loop, program: Program) -> list[Symbol]:
    """Return the inputs that live in the arena: states and scalars."""
    end = len(program.inputs) - (1 if loop.batch_size else 0)
    first_scalar = loop.states + loop.data
    return [*program.inputs[: loop.states], *program.inputs[first_scalar:end]]


_VOID = ctypes.c_void_p
_SIGNATURE = (_VOID, _VOID, ctypes.c_int64, ctypes.c_int64, _VOID, ctypes.c_int64)


class _Arena:
    """Aligned memory of one run, with the tables of pointers that kernels read."""

    def __init__(self, nbytes: int) -> None:
        raw = np.zeros(nbytes + 128, np.uint8)
        start = -raw.ctypes.data % 64
        self.memory = raw[start : start + nbytes]
        self.address: int = self.memory.ctypes.data

    def view(self, place: int, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return a stretch of the arena as an array."""
        count = int(np.prod(shape, dtype=np.int64))
        nbytes = count * np.dtype(dtype).itemsize
        return self.memory[place : place + nbytes].view(dtype).reshape(shape)

    def fill(self, step: Step, arrays: dict[Symbol, Array]) -> None:
        """Write the pointers of a step's tables."""
        words = self.memory[: len(self.memory) // 8 * 8].view(np.int64)
        for entry in step.entries:
            if entry.symbol is None:
                words[entry.place // 8] = self.address + FAULT
                continue
            offset = step.offset(entry.symbol)
            if offset is not None:
                words[entry.place // 8] = self.address + offset
            elif entry.symbol in arrays:
                words[entry.place // 8] = arrays[entry.symbol].ctypes.data

    def raise_fault(self) -> None:
        """Raise if an index array pointed outside its axis."""
        if self.view(FAULT, (1,), np.int64)[0]:
            raise IndexOutOfRange(
                "An index array of the program holds a position outside the axis it indexes; "
                "positions must lie between -extent and extent - 1. Check the data it comes from."
            )


class _Function:
    """A compiled program, called with arrays."""

    def __init__(self, library: Library, nbytes: int, step: Step) -> None:
        self.run = library.function("run", None, *_SIGNATURE)
        self.nbytes = nbytes
        self.step = step

    def __call__(self, *arguments: Any) -> list[Array]:
        program = self.step.program
        arrays = {
            symbol: np.ascontiguousarray(value, symbol.dtype)
            for symbol, value in zip(program.inputs, arguments, strict=True)
        }
        arena = _Arena(self.nbytes)
        arena.fill(self.step, arrays)
        self.run(arena.address, None, 0, 1, None, 0)
        arena.raise_fault()
        return [self._output(arena, arrays, symbol) for symbol in program.outputs]

    def _output(self, arena: _Arena, arrays: dict[Symbol, Array], symbol: Symbol) -> Array:
        if symbol.value is not None:
            return np.array(symbol.value)
        offset = self.step.offset(symbol)
        if offset is None:
            return arrays[symbol].reshape(symbol.shape).copy()
        return arena.view(offset, symbol.shape, symbol.dtype).copy()


class _CompiledLoop:
    """A compiled loop; each run has an arena of its own, so runs may share it across threads."""

    def __init__(
        self, library: Library, loop: Loop, nbytes: int, steps: list[Step], places: list[int]
    ) -> None:
        self.run = library.function("run", None, *_SIGNATURE)
        self.loop = loop
        self.nbytes = nbytes
        self.steps = steps
        self.places = places

    def begin(
        self,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> Run:
        """Start a run; arguments as the protocol says."""
        return _NativeRun(self, state, data, scalars, order, seed)


class _NativeRun:
    """One run of a compiled loop."""

    def __init__(
        self,
        compiled: _CompiledLoop,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> None:
        loop = compiled.loop
        self._run = compiled.run
        self._arena = arena = _Arena(compiled.nbytes)
        self._seed = seed
        self._data = [np.ascontiguousarray(array) for array in data]
        # Without rows, the pointer is never followed.
        self._order = np.zeros(loop.rows + ORDER_PADDING, np.int32)
        if order is not None:
            self._order[: loop.rows] = order
        arena.view(EPOCH, (1,), np.int64)[0] = -1
        inputs = loop.step.inputs
        self._states = [
            arena.view(place, symbol.shape, symbol.dtype)
            for place, symbol in zip(compiled.places, inputs[: loop.states], strict=False)
        ]
        self.restore(state)
        for place, scalar in zip(compiled.places[loop.states :], scalars, strict=True):
            arena.view(place, (1,), np.float64)[0] = scalar
        for step in compiled.steps:
            arrays = step.program.inputs[loop.states : loop.states + loop.data]
            arena.fill(step, dict(zip(arrays, self._data, strict=True)))

    def advance(self, start: int, steps: int, losses: Array) -> None:
        """Run steps start … start + steps - 1 and write the loss of each."""
        if losses.dtype != np.float64 or losses.size < steps or not losses.flags.c_contiguous:
            raise EngineError(
                f"advance got {losses.dtype} losses of shape {losses.shape} for {steps} steps; "
                "it wants at least as many contiguous float64."
            )
        arena, order = self._arena.address, self._order.ctypes.data
        self._run(arena, order, start, steps, losses.ctypes.data, self._seed)
        self._arena.raise_fault()

    def state(self) -> list[Array]:
        """Return copies of the current state."""
        return [view.copy() for view in self._states]

    def restore(self, state: Sequence[Array]) -> None:
        """Replace the current state."""
        for view, value in zip(self._states, state, strict=True):
            view[...] = value
