"""Compiled code at work: an arena a run, pointers filled in, slices run on request."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.program import Program
from thalweg.engines.engine import Array, Loop, Run
from thalweg.engines.llvm.assembly import EPOCH, FAULT
from thalweg.engines.llvm.image import Image
from thalweg.engines.llvm.jit import link
from thalweg.errors import EngineError, IndexOutOfRange

# The order may be read this far beyond its end, to ask for coming rows ahead of time.
ORDER_PADDING = 64
# Whole vectors may be read past the last buffer of an arena.
_ARENA_PADDING = 64

_VOID = ctypes.c_void_p
_SIGNATURE = (_VOID, _VOID, ctypes.c_int64, ctypes.c_int64, _VOID, ctypes.c_int64)


def allocate(nbytes: int) -> Array:
    """Return zeroed bytes that begin on a cache line."""
    raw = np.zeros(nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + nbytes]


class Arena:
    """Aligned memory of one run, with the tables of pointers that kernels read."""

    def __init__(self, image: Image, arrays: Sequence[Array]) -> None:
        nbytes = image.nbytes + _ARENA_PADDING
        self.memory = allocate(nbytes)
        self.address: int = self.memory.ctypes.data
        words = self.memory[: nbytes // 8 * 8].view(np.int64)
        for place, offset in image.inner:
            words[place // 8] = self.address + offset
        for place, position in image.outer:
            words[place // 8] = arrays[position].ctypes.data

    def view(self, place: int, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return a stretch of the arena as an array."""
        count = 1
        for extent in shape:
            count *= extent
        nbytes = count * np.dtype(dtype).itemsize
        stretch: Array = self.memory[place : place + nbytes].view(dtype)
        return stretch.reshape(shape)

    def raise_fault(self) -> None:
        """Raise if an index array pointed outside its axis."""
        if self.view(FAULT, (1,), np.int64)[0]:
            raise IndexOutOfRange(
                "An index array of the program holds a position outside the axis it indexes; "
                "positions must lie between -extent and extent - 1. Check the data it comes from."
            )


class CompiledProgram:
    """A compiled program, called with arrays."""

    def __init__(self, image: Image, program: Program) -> None:
        self.image = image
        self.inputs = [(symbol.shape, symbol.dtype) for symbol in program.inputs]
        self.outputs = [(symbol.shape, symbol.dtype) for symbol in program.outputs]
        self.run = link(image.objects, ["run"]).function("run", None, *_SIGNATURE)

    def __call__(self, *arguments: Any) -> list[Array]:
        """Return the outputs for arrays of the shapes it was compiled for."""
        arrays = [
            np.ascontiguousarray(np.asarray(value, dtype))
            for value, (_, dtype) in zip(arguments, self.inputs, strict=True)
        ]
        for array, (shape, _) in zip(arrays, self.inputs, strict=True):
            if array.shape != (shape or (1,)):
                raise EngineError(
                    f"A compiled program got an array of shape {array.shape}, but was made for "
                    f"{shape}. Compile it for these shapes."
                )
        arena = Arena(self.image, arrays)
        self.run(arena.address, None, 0, 1, None, 0)
        arena.raise_fault()
        return [
            arena.view(place, shape, dtype).copy()
            for place, (shape, dtype) in zip(self.image.outputs, self.outputs, strict=True)
        ]


class CompiledLoop:
    """A compiled loop; each run has an arena of its own, so runs may share it across threads."""

    def __init__(self, image: Image, loop: Loop) -> None:
        self.image = image
        self.rows = loop.rows
        self.states = [(s.shape, s.dtype) for s in loop.step.inputs[: loop.states]]
        data = loop.step.inputs[loop.states : loop.states + loop.data]
        self.data = [(s.shape, s.dtype) for s in data]
        self.run = link(image.objects, ["run"]).function("run", None, *_SIGNATURE)

    def begin(
        self,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> Run:
        """Start a run; arguments as the protocol says."""
        return NativeRun(self, state, data, scalars, order, seed)


class NativeRun:
    """One run of a compiled loop."""

    def __init__(
        self,
        compiled: CompiledLoop,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> None:
        image = compiled.image
        self._run = compiled.run
        self._seed = seed
        self._data = [
            np.ascontiguousarray(np.asarray(array, dtype))
            for array, (_, dtype) in zip(data, compiled.data, strict=True)
        ]
        for array, (shape, _) in zip(self._data, compiled.data, strict=True):
            if array.shape != (shape or (1,)):
                raise EngineError(
                    f"A compiled loop got data of shape {array.shape}, but was made for {shape}. "
                    "Compile it for these shapes."
                )
        self._order = allocate(4 * (compiled.rows + ORDER_PADDING)).view(np.int32)
        if order is not None:
            self._order[: compiled.rows] = order
        self._arena = arena = Arena(image, self._data)
        # No epoch's order is in place yet.
        arena.view(EPOCH, (1,), np.int64)[0] = -1
        count = len(compiled.states)
        self._states = [
            arena.view(place, shape, dtype)
            for place, (shape, dtype) in zip(image.held[:count], compiled.states, strict=True)
        ]
        self._cells = [arena.view(place, (2,), np.int64) for place in image.cells]
        self.restore(state)
        for place, scalar in zip(image.held[count:], scalars, strict=True):
            arena.view(place, (1,), np.float64)[0] = scalar

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
        for cell in self._cells:
            cell[...] = 0
