"""The smallest engine there can be: the protocol, with nothing made faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.core.program import Program, evaluate
from thalweg.engines.engine import Array, Loop
from thalweg.errors import EngineError
from thalweg.random.bits import keyed_permutation


class TinyRun:
    """A run of a loop."""

    def __init__(
        self,
        compiled: TinyLoop,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> None:
        self.compiled, self.order, self.seed = compiled, order, seed
        self.constant = [*data, *(np.asarray(value) for value in scalars)]
        self.restore(state)

    def advance(self, start: int, steps: int, losses: Array) -> None:
        for i in range(steps):
            rows = self.rows(start + i)
            full = not rows or len(rows[0]) == self.compiled.loop.batch_size
            step = self.compiled.step if full else self.compiled.last
            *self.current, losses[i] = step(*self.current, *self.constant, *rows)

    def rows(self, step: int) -> list[Array]:
        loop = self.compiled.loop
        if loop.batch_size == 0:
            return []
        epoch, place = divmod(step, loop.steps_per_epoch)
        order = keyed_permutation(loop.rows, self.seed, epoch) if loop.reshuffled else self.order
        if order is None:
            raise EngineError("A run was begun without an order, int32 of shape (rows,).")
        return [order[place * loop.batch_size :][: loop.batch_size]]

    def state(self) -> list[Array]:
        return [np.array(array) for array in self.current]

    def restore(self, state: Sequence[Array]) -> None:
        self.current = [np.array(array) for array in state]


class TinyLoop:
    """A loop that begins runs."""

    def __init__(self, loop: Loop, engine: TinyEngine) -> None:
        self.loop, self.begun = loop, engine.begun
        self.step = engine.compile(loop.step)
        self.last = engine.compile(loop.remainder or loop.step)

    def begin(self, *given: Any) -> TinyRun:
        return self.begun(self, *given)


class TinyEngine:
    """Evaluates programs by the meanings of their primitives."""

    name = "tiny"
    begun: type[TinyRun] = TinyRun

    def unsupported(self, program: Program) -> list[Any]:
        return []

    def compile(self, program: Program) -> Callable[..., list[Array]]:
        def run(*arrays: Array) -> list[Array]:
            with np.errstate(all="ignore"):
                return [np.asarray(value) for value in evaluate(program, arrays)]

        return run

    def compile_loop(self, loop: Loop) -> TinyLoop:
        loop.check()
        return TinyLoop(loop, self)
