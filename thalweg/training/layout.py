"""Matrices that a step reads transposed are kept transposed while it runs.

A layer that computes x Wᵀ would have every product walk through W against its rows. Such a state,
and those of its shape (an optimizer's moments), lie transposed in the run's memory, and are turned
back where they leave it. What the step computes is the same; only where numbers lie changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from thalweg.core.primitive import PRIMITIVES
from thalweg.core.program import Equation, Program, Symbol
from thalweg.core.spec import Spec
from thalweg.engines.copying import contiguous
from thalweg.engines.engine import CompiledLoop, Loop, Run

Array = np.ndarray[Any, Any]


def transposed_states(loop: Loop) -> frozenset[int]:
    """Return the states to keep transposed: matrices that are first read so, and their like."""
    states = loop.step.inputs[: loop.states]
    matrices = {s for s in states if len(s.shape) == 2 and min(s.shape) > 1}
    shapes: set[tuple[int, ...]] = set()
    for equation in loop.step.equations:
        for symbol in equation.inputs:
            if symbol in matrices:
                # The forward computation comes first, and reads an operand the most often.
                matrices.discard(symbol)
                if _is_transpose(equation):
                    shapes.add(symbol.shape)
    return frozenset(i for i, symbol in enumerate(states) if symbol.shape in shapes)


def _is_transpose(equation: Equation) -> bool:
    return equation.primitive.name == "transpose" and equation.params["axes"] == (1, 0)


def relaid(loop: Loop, states: frozenset[int]) -> Loop:
    """Return the loop whose given states are transposed."""
    remainder = None if loop.remainder is None else _relaid(loop.remainder, states)
    return replace(loop, step=_relaid(loop.step, states), remainder=remainder)


def _relaid(program: Program, states: frozenset[int]) -> Program:
    inputs, outputs = list(program.inputs), list(program.outputs)
    before, after = [], []
    for i in sorted(states):
        inputs[i] = Symbol(_turned(inputs[i].spec))
        before.append(_transpose(inputs[i], program.inputs[i]))
        outputs[i] = Symbol(_turned(outputs[i].spec))
        after.append(_transpose(program.outputs[i], outputs[i]))
    return Program(tuple(inputs), (*before, *program.equations, *after), tuple(outputs))


def _turned(spec: Spec) -> Spec:
    return Spec((spec.shape[1], spec.shape[0]), spec.dtype, spec.weak)


def _transpose(source: Symbol, target: Symbol) -> Equation:
    return Equation(PRIMITIVES["transpose"], (source,), {"axes": (1, 0)}, target)


class RelaidLoop:
    """A compiled loop whose states are turned where they enter and leave it."""

    def __init__(self, compiled: CompiledLoop, states: frozenset[int]) -> None:
        self._compiled, self._states = compiled, states

    def begin(
        self,
        state: Sequence[Array],
        data: Sequence[Array],
        scalars: Array,
        order: Array | None,
        seed: int,
    ) -> Run:
        """Start a run, as `CompiledLoop.begin` does."""
        turned = _turn(state, self._states)
        return RelaidRun(self._compiled.begin(turned, data, scalars, order, seed), self._states)


class RelaidRun:
    """A run of a loop whose states are turned where they enter and leave it."""

    def __init__(self, run: Run, states: frozenset[int]) -> None:
        self._run, self._states = run, states

    def advance(self, start: int, steps: int, losses: Array) -> None:
        """Run steps, as `Run.advance` does."""
        self._run.advance(start, steps, losses)

    def state(self) -> list[Array]:
        """Return copies of the current state."""
        return _turn(self._run.state(), self._states)

    def restore(self, state: Sequence[Array]) -> None:
        """Replace the current state."""
        self._run.restore(_turn(state, self._states))


def _turn(state: Sequence[Array], states: frozenset[int]) -> list[Array]:
    return [contiguous(a.T) if i in states else a for i, a in enumerate(state)]
