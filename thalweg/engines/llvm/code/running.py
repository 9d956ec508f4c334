"""Compiled code at work: an arena a run, pointers filled in, slices run on request."""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.compiler.callbacks import CalledProgram
from thalweg.compiler.kernels.materialize import LONG, total_effort
from thalweg.core.program import Program
from thalweg.core.spec import Spec
from thalweg.engines.engine import Array, Loop, Run, Start, missing_order
from thalweg.engines.llvm.code.addresses import address_of
from thalweg.engines.llvm.code.hosting import Callee, Door, Host, quietly
from thalweg.engines.llvm.code.image import Image
from thalweg.engines.llvm.code.jit import link
from thalweg.engines.llvm.kernels.facts import EPOCH, FAULT, HEADER, HOST, STOP
from thalweg.engines.llvm.kernels.prefetch import AHEAD
from thalweg.engines.waiting import copied, fill, interruptible
from thalweg.errors import EngineError, IndexOutOfRange

_VOID = ctypes.c_void_p

# Larger arenas are not kept for another run.
_MOST_KEPT = 1 << 25

_SIGNATURE = (_VOID, _VOID, ctypes.c_int64, ctypes.c_int64, _VOID, ctypes.c_int64)


def allocate(nbytes: int) -> Array:
    """Return zeroed bytes that begin on a cache line."""
    raw = np.zeros(nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + nbytes]


class Arena:
    """Aligned memory of one run, with the tables of pointers that kernels read."""

    def __init__(self, image: Image, rows: int, callees: Sequence[Callee] = ()) -> None:
        self.memory = allocate(image.nbytes)
        self.address: int = self.memory.ctypes.data
        self._words = self.memory.view(np.int64)
        self._header = self.memory[:HEADER]
        self._views: list[Array] = []
        self._stopped = self.torn = False
        # Where the rows' order is drawn or copied to, with room to read ahead.
        self.order: Array = allocate(4 * (rows + AHEAD)).view(np.int32)
        if image.inner:
            # Pointers into the arena itself, which stay.
            places, offsets = np.array(image.inner, np.int64).T
            self.memory.view(np.int64)[places // 8] = self.address + offsets
        self.host = Host(callees, self.memory, self.order) if callees else None
        self._door: Door | None = None

    def point(self, image: Image, arrays: Sequence[Array]) -> None:
        """Fill in the addresses of arrays."""
        words = self._words
        for place, position, start in image.outer if arrays else ():
            words[place // 8] = address_of(arrays[position]) + start
        if self.host is not None:
            self.host.point(arrays)
            if self._door is None or not self._door.is_open:
                self._door = Door(self.host)
            words[HOST // 8] = self._door.address

    def reset(self) -> None:
        """Zero the header for another run."""
        self._header[...] = 0
        self.torn = False
        if self.host is not None:
            self.host.reset()

    def view(self, place: int, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return a stretch of the arena as an array."""
        nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        stretch: Array = self.memory[place : place + nbytes].view(dtype)
        return stretch.reshape(shape)

    def outputs(self, places: Sequence[int], specs: Sequence[Spec]) -> list[Array]:
        """Return what a program computed, as views, which are the same at each call."""
        if not self._views:
            walk = zip(places, specs, strict=True)
            self._views = [self.view(place, spec.shape, spec.dtype) for place, spec in walk]
        return self._views

    def run(self, code: Any, long: bool, *arguments: Any) -> None:
        """Run code on this memory, so that Ctrl-C ends it at once if it takes long.

        Raises:
            EngineError: If that was interrupted before, in the middle of a step.
            IndexOutOfRange: If an index array pointed outside its axis.
            BaseException: What was raised where the code called back into Python.
        """
        if self._stopped or self.torn:
            raise EngineError(
                "A run was continued after it was interrupted in the middle of a step. Begin "
                "another one with the last state that was copied."
            )
        if self.host is not None:
            code = functools.partial(quietly, code)
        if long:
            interruptible(lambda: code(self.address, *arguments), self._stop)
        else:
            code(self.address, *arguments)
        error = None if self.host is None else self.host.raised()
        if error is not None:
            # The code has ended, in the middle of a step.
            self.view(STOP, (1,), np.int64)[0] = 0
            self.torn = True
        self._raise_fault(error)
        if error is not None:
            raise error

    def called(self) -> dict[str, float]:
        """Return the seconds spent in calls back since the last reset, by what was called."""
        return {} if self.host is None else self.host.spent()

    @property
    def reusable(self) -> bool:
        """Whether another run may have it: what was interrupted may still be writing there."""
        return not self._stopped and self.memory.nbytes + self.order.nbytes <= _MOST_KEPT

    def _stop(self) -> None:
        self._stopped = True
        self.view(STOP, (1,), np.int64)[0] = 1

    def _raise_fault(self, error: BaseException | None) -> None:
        """Raise if an index array pointed outside its axis since this was last asked.

        Whatever was raised afterwards may be due to that, but for an interruption.
        """
        if self._words[FAULT // 8] and (error is None or isinstance(error, Exception)):
            self._words[FAULT // 8] = 0
            raise IndexOutOfRange(
                "An index array of the program holds a position outside the axis it indexes; "
                "positions must lie between -extent and extent - 1. Check the data it comes from."
            ) from error


class Arenas:
    """The arenas of one image. One that is free is used again: new memory is slow to touch."""

    def __init__(self, image: Image, rows: int, callees: Sequence[Callee]) -> None:
        self._image = image
        self._rows = rows
        self._callees = callees
        self._free: list[Arena] = []

    def take(self, arrays: Sequence[Array]) -> Arena:
        """Return an arena with a zeroed header, whose tables point to these arrays."""
        try:
            arena = self._free.pop()
        except IndexError:
            arena = Arena(self._image, self._rows, self._callees)
        else:
            arena.reset()
        arena.point(self._image, arrays)
        return arena

    def give_back(self, arena: Arena) -> None:
        """Keep an arena that nobody uses any more, unless there is one or it is large."""
        if not self._free and arena.reusable:
            if arena.host is not None:
                # What was given to the run is not kept alive.
                arena.host.point(())
            self._free.append(arena)


class Compiled:
    """An image linked: its function, its arenas, and the specs of what it is given."""

    def __init__(
        self, image: Image, program: Program, called: Sequence[CalledProgram], rows: int = 0
    ) -> None:
        self.image = image
        self.callees = [Callee(each) for each in called]
        self.arenas = Arenas(image, rows, self.callees)
        self.inputs = [symbol.spec for symbol in program.inputs]
        self.long = total_effort(program) > LONG
        self.run = link(image.objects, ["run"]).function("run", None, *_SIGNATURE)


class CompiledProgram(Compiled):
    """A compiled program, called with arrays.

    Attributes:
        gives_own_memory: Results have memory that is nobody else's.
    """

    gives_own_memory = True

    def __init__(self, image: Image, program: Program, called: Sequence[CalledProgram]) -> None:
        super().__init__(image, program, called)
        self.outputs = [symbol.spec for symbol in program.outputs]
        # The seconds spent in calls back, over all calls so far.
        self.called: dict[str, float] = {}

    def __call__(self, *arguments: Any) -> list[Array]:
        """Return the outputs for arrays of the specs it was compiled for.

        Raises:
            EngineError: If an array is of another shape or dtype.
            IndexOutOfRange: If an index array points outside its axis.
        """
        arrays = _check_arrays("program got as argument", arguments, self.inputs)
        arena = self.arenas.take(arrays)
        arena.run(self.run, self.long, None, 0, 1, None, 0)
        results = [copied(view) for view in arena.outputs(self.image.outputs, self.outputs)]
        for told, seconds in arena.called().items():
            self.called[told] = self.called.get(told, 0.0) + seconds
        self.arenas.give_back(arena)
        return results


class LocatedProgram(Compiled):
    """A compiled program that reads and writes where it is told."""

    def __init__(self, image: Image, program: Program) -> None:
        super().__init__(image, program, ())
        places, positions, starts = np.array(image.outer, np.int64).reshape(-1, 3).T
        self._words, self._positions, self._starts = places // 8, positions, starts
        self._places = [(p // 8, i, start) for p, i, start in image.outer]

    def __call__(self, addresses: Array) -> None:
        """Compute the outputs.

        Args:
            addresses: int64, where each input is. There must be an array of its spec, contiguous
                and aligned; those that are written overlap no other.

        Raises:
            IndexOutOfRange: If an index array points outside its axis.
        """
        arena = self.arenas.take(())
        words = arena.memory.view(np.int64)
        words[self._words] = addresses[self._positions] + self._starts
        arena.run(self.run, False, None, 0, 1, None, 0)
        self.arenas.give_back(arena)

    def by_rounds(self, steps: Sequence[int]) -> Callable[[Sequence[int], Iterable[int]], None]:
        """Return what computes the outputs again and again.

        It takes where each input is, as for a call, and the numbers of the rounds. It must not be
        called by several threads at once, and the program must read by no index array.

        Args:
            steps: How many bytes on each input is in the next round.
        """
        arena = Arena(self.image, 0)
        words, run, at = arena.memory.data.cast("q"), self.run, arena.address
        places = [(word, i, start, steps[i]) for word, i, start in self._places]

        def call(addresses: Sequence[int], rounds: Iterable[int], held: Arena = arena) -> None:
            for number in rounds:
                for word, i, start, step in places:
                    words[word] = addresses[i] + number * step + start
                run(at, None, 0, 1, None, 0)

        return call

    def bound(self, addresses: Sequence[int]) -> Callable[[], None]:
        """Return what computes the outputs in one place, of a program as for `by_rounds`.

        It must not be called by several threads at once.
        """
        arena = Arena(self.image, 0)
        words = arena.memory.view(np.int64)
        for word, position, start in self._places:
            words[word] = addresses[position] + start
        run, at = self.run, arena.address

        def call(held: Arena = arena) -> None:
            run(at, None, 0, 1, None, 0)

        return call


def _check_arrays(what: str, values: Sequence[Any], specs: Sequence[Spec]) -> list[Array]:
    """Return arrays as compiled code reads them: of their specs, contiguous and aligned."""
    arrays: list[Array] = []
    for position, (value, spec) in enumerate(zip(values, specs, strict=True)):
        array = value if value.__class__ is np.ndarray else np.asarray(value)
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise EngineError(
                f"A compiled {what} {position} an array of shape {array.shape} and dtype "
                f"{array.dtype}; it was made for {spec.shape} and {spec.dtype}. Convert the array, "
                "or compile for its shape and dtype."
            )
        plain = array.flags.carray or (array.flags.c_contiguous and array.flags.aligned)
        arrays.append(array if plain else fill(np.empty(array.shape, array.dtype), array))
    return arrays


class NativeLoop(Compiled):
    """A compiled loop; each run has an arena of its own, so runs may share it across threads."""

    def __init__(
        self,
        image: Image,
        loop: Loop,
        called: Sequence[CalledProgram],
        before: Callable[..., list[Array]] | None = None,
    ) -> None:
        super().__init__(image, loop.step, called, loop.rows)
        self.loop = loop
        self.states = self.inputs[: loop.states]
        self.data = self.inputs[loop.states : loop.states + loop.data]
        # What is computed of the data once, and is data of the steps then.
        self.before = before

    def begin(self, *start: *Start) -> Run:
        """Start a run; arguments as `CompiledLoop.begin` states them.

        Raises:
            EngineError: If an array is of another shape or dtype than compiled for.
            IndexOutOfRange: If the order holds a row that does not exist.
        """
        return NativeRun(self, *start)


class NativeRun:
    """One run of a compiled loop."""

    def __init__(
        self,
        compiled: NativeLoop,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> None:
        image = compiled.image
        self._compiled = compiled
        self._seed = seed
        whole = data if compiled.before is None else [*data, *compiled.before(*data)]
        self._data = _check_arrays("loop got as data", whole, compiled.data)
        self._arena = arena = compiled.arenas.take(self._data)
        _put_order(arena.order, compiled.loop, order)
        # No epoch's order is in place yet.
        arena.view(EPOCH, (1,), np.int64)[0] = -1
        count = len(compiled.states)
        self._specs = compiled.states
        self._states = [
            arena.view(place, spec.shape[::-1], spec.dtype).T
            if i in image.turned
            else arena.view(place, spec.shape, spec.dtype)
            for i, (place, spec) in enumerate(zip(image.held, compiled.states, strict=False))
        ]
        self._cells = [arena.view(place, (2,), np.int64) for place in image.cells]
        self.restore(state)
        for place, scalar in zip(image.held[count:], scalars, strict=True):
            arena.view(place, (1,), np.float64)[0] = scalar

    def __del__(self) -> None:
        if hasattr(self, "_arena"):
            self._compiled.arenas.give_back(self._arena)

    def advance(self, start: int, steps: int, losses: Array) -> None:
        """Run steps start … start + steps - 1 and write the loss of each.

        An interrupted run is at its end: it stopped in the middle of a step.
        """
        if losses.dtype != np.float64 or losses.size < steps or not losses.flags.c_contiguous:
            raise EngineError(
                f"advance got {losses.dtype} losses of shape {losses.shape} for {steps} steps; "
                "it wants at least as many contiguous float64."
            )
        arena, code = self._arena, self._compiled
        arguments = (arena.order.ctypes.data, start, steps, losses.ctypes.data, self._seed)
        arena.run(code.run, code.long, *arguments)

    @property
    def called(self) -> dict[str, float]:
        """The seconds spent in calls back into Python so far, by what was called."""
        return self._arena.called()

    def state(self) -> list[Array]:
        """Return copies of the current state."""
        return [copied(view, "C") for view in self._states]

    def restore(self, state: Sequence[Array]) -> None:
        """Replace the current state."""
        values = _check_arrays("loop got as state", state, self._specs)
        for view, value in zip(self._states, values, strict=True):
            fill(view, value)
        for cell in self._cells:
            cell[...] = 0
        self._arena.torn = False


def _put_order(place: Array, loop: Loop, order: Array | None) -> None:
    """Copy the order of the rows where the loop reads it; rows are trusted, so look at them."""
    if loop.reshuffled or not loop.batch_size:
        return
    if order is None:
        raise missing_order()
    (rows,) = _check_arrays("loop got as order", [order], [Spec((loop.rows,), place.dtype)])
    # As unsigned numbers, negative ones are too large as well.
    if rows.view(np.uint32).max(initial=0) >= loop.rows:
        raise IndexOutOfRange(
            f"The order of the rows holds {rows[rows.view(np.uint32) >= loop.rows][0]}; there are "
            f"rows 0 to {loop.rows - 1}. Give begin() each row's number."
        )
    place[: loop.rows] = rows
