"""The reference engine: a program's definition, equation by equation in NumPy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.compiler.kernels.materialize import LONG, total_effort
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, followed, meaning_of
from thalweg.engines.engine import Array, Loop, Start, missing_order
from thalweg.engines.waiting import copied, interruptible
from thalweg.random.bits import keyed_permutation

# A meaning, its parameters, the places it reads, the place it writes, the places then free.
_Step = tuple[Callable[..., Any], dict[str, Any], tuple[int, ...], int, tuple[int, ...]]


class NumpyEngine:
    """Runs every program, by the NumPy meaning of each primitive; other engines must agree."""

    name = "numpy"

    def unsupported(self, program: Program) -> list[Any]:
        """Return no equation: every primitive has a NumPy meaning."""
        return []

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        """Return a function from arrays to arrays, in the order of inputs and outputs."""
        return NumpyProgram(program)

    def compile_loop(self, loop: Loop) -> NumpyLoop:
        """Return a loop ready to run.

        Raises:
            EngineError: If the loop's steps cannot follow each other.
        """
        loop.check()
        remainder = None if loop.remainder is None else self.compile(loop.remainder)
        return NumpyLoop(loop, self.compile(loop.step), remainder)


class NumpyProgram:
    """A program as NumPy calls, to be called with arrays."""

    def __init__(self, program: Program) -> None:
        places = _places(program)
        self._count = len(places)
        self._constants = [(places[s], s.value) for s in places if s.value is not None]
        self._inputs = [places[symbol] for symbol in program.inputs]
        self._outputs = [places[symbol] for symbol in program.outputs]
        self._steps = list(_steps(program, places))
        self._long = total_effort(program) > LONG

    def __call__(self, *arrays: Array) -> list[Array]:
        """Return the outputs; Ctrl-C is heard at once."""
        if not self._long:
            return self.run(arrays)
        stopped = threading.Event()
        return interruptible(lambda: self.run(arrays, stopped.is_set), stopped.set)

    def run(
        self, arrays: Sequence[Array], is_stopped: Callable[[], bool] | None = None
    ) -> list[Array]:
        """Return the outputs, computed in this thread until it is told to stop."""
        values: list[Any] = [None] * self._count
        for place, constant in self._constants:
            values[place] = constant
        for place, array in zip(self._inputs, arrays, strict=True):
            values[place] = array
        # As in eager operations, an overflow is a value and not an event.
        with np.errstate(all="ignore"), _until(is_stopped):
            for meaning, params, reads, place, free in self._steps:
                if is_stopped is not None and is_stopped():
                    break
                values[place] = np.asarray(meaning(*(values[i] for i in reads), **params))
                for i in free:
                    values[i] = None
        return [values[place] for place in self._outputs]


class _StoppedError(Exception):
    """Leaves the loops of a program whose results nobody waits for any more."""


@contextmanager
def _until(is_stopped: Callable[[], bool] | None) -> Iterator[None]:
    """Leave the bodies of loops, endless ones too, when it is time to stop."""

    def apply(equation: Equation, operands: list[Any]) -> Any:
        if is_stopped is not None and is_stopped():
            raise _StoppedError
        return meaning_of(equation, operands)

    if is_stopped is None:
        yield
        return
    with suppress(_StoppedError), followed(apply):
        yield


def _places(program: Program) -> dict[Symbol, int]:
    """Number the values of a program: inputs, literals, then what each equation defines."""
    read = [symbol for equation in program.equations for symbol in equation.inputs]
    literals = [s for s in (*read, *program.outputs) if s.value is not None]
    defined = [equation.output for equation in program.equations]
    ordered = dict.fromkeys((*program.inputs, *literals, *defined))
    return {symbol: place for place, symbol in enumerate(ordered)}


def _steps(program: Program, places: dict[Symbol, int]) -> Iterator[_Step]:
    last = {s: i for i, e in enumerate(program.equations) for s in (*e.inputs, e.output)}
    kept = set(program.outputs)
    ending: dict[int, list[int]] = {}
    for symbol, i in last.items():
        if symbol not in kept and symbol.value is None:
            ending.setdefault(i, []).append(places[symbol])
    for i, equation in enumerate(program.equations):
        primitive: Primitive = equation.primitive
        reads = tuple(places[symbol] for symbol in equation.inputs)
        free = tuple(ending.get(i, ()))
        yield primitive.meaning, dict(equation.params), reads, places[equation.output], free


@dataclass(eq=False)
class NumpyLoop:
    """A loop whose steps are NumPy calls."""

    loop: Loop
    step: Callable[..., list[Array]]
    remainder: Callable[..., list[Array]] | None

    def begin(self, *start: *Start) -> NumpyRun:
        """Start a run; arguments as `CompiledLoop.begin` states them."""
        return NumpyRun(self, *start)


class NumpyRun:
    """One run of a loop with its own state."""

    def __init__(
        self,
        compiled: NumpyLoop,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> None:
        self._compiled = compiled
        self._state = [copied(np.asarray(array)) for array in state]
        self._constant = [*data, *(np.asarray(value) for value in scalars)]
        self._order = order
        self._seed = seed
        self._epoch = -1

    def advance(self, start: int, steps: int, losses: Array) -> None:
        """Run steps start … start + steps - 1 and write the loss of each.

        Raises:
            IndexOutOfRange: If an index array of the loss points outside its axis.
        """
        for i in range(steps):
            run, rows = self._batch(start + i)
            *state, loss = run(*self._state, *self._constant, *rows)
            self._state = state
            losses[i] = loss

    def _batch(self, step: int) -> tuple[Callable[..., list[Array]], list[Array]]:
        """Return the program of a step and its rows."""
        compiled, loop = self._compiled, self._compiled.loop
        if loop.batch_size == 0:
            return compiled.step, []
        epoch, position = divmod(step, loop.steps_per_epoch)
        begin = position * loop.batch_size
        rows = self._rows(epoch)[begin : begin + loop.batch_size]
        if compiled.remainder is not None and len(rows) < loop.batch_size:
            return compiled.remainder, [rows]
        return compiled.step, [rows]

    def _rows(self, epoch: int) -> Array:
        if self._compiled.loop.reshuffled and epoch != self._epoch:
            self._order = keyed_permutation(self._compiled.loop.rows, self._seed, epoch)
            self._epoch = epoch
        if self._order is None:
            raise missing_order()
        return self._order

    def state(self) -> list[Array]:
        """Return copies of the current state."""
        return [copied(array) for array in self._state]

    def restore(self, state: Sequence[Array]) -> None:
        """Replace the current state."""
        self._state = [copied(np.asarray(array)) for array in state]
