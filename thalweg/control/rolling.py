"""Repeated equations become loops: a Python loop that was unrolled while it was traced.

A program in which the same equations follow again and again is looked at as turns of a loop. What
a turn reads is then one of these: a number that is the same in every turn, or goes up evenly; what
it computed itself; what the turn before computed, or one before that, which is carried over; a
value of outside; or a part of one, whose place moves evenly. Where all that holds for every turn,
the equations are replaced by one loop; else they stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.control.loops import counted_loop
from thalweg.control.repetition import (
    FEWEST_EQUATIONS,
    FEWEST_TURNS,
    NumberedProgram,
    Numbers,
    Stretch,
    ordered,
)
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, Trace, finishing, remove_dead_code
from thalweg.core.spec import Array, Bundle, DType, Shape, Spec
from thalweg.core.tensor import make
from thalweg.ops.control.bundle import part
from thalweg.ops.creation.creation import iota
from thalweg.ops.elementwise.arithmetic import add, multiply
from thalweg.ops.index.take import take
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose

# What a turn computed is read by so many turns after it at most.
_MOST_LAG = 16


def roll(program: Program, current: Trace) -> Program:
    """Return a program in which repeated equations are loops; itself where there are none.

    Args:
        program: The program.
        current: Its trace, which captures what a loop reads of numbers in the program's text.
    """
    if len(program.equations) < FEWEST_EQUATIONS:
        return program
    program = remove_dead_code(_with_one_of_each(program, current))
    better, rolled = ordered(program), True
    held: dict[Symbol, Array] = {}
    while rolled and len(better.program.equations) >= FEWEST_EQUATIONS:
        rolled = False
        for stretch in better.stretches():
            found = _rolled(better, stretch, current)
            if found is not None and len(found[0].equations) < len(better.program.equations):
                better, rolled = NumberedProgram(found[0]), True
                held |= found[1]
                break
        program = better.program if rolled else program
    for symbol, array in held.items():
        current.captured[id(array), id(None)] = (make(array), symbol)
    return program


def _with_one_of_each(program: Program, current: Trace) -> Program:
    """Return a program that reads one of equal constants, which the turns make anew each."""
    first: dict[Any, Symbol] = {}
    same: dict[Symbol, Symbol] = {}
    for key in current.captured:
        if current.is_constant(key):
            tensor, symbol = current.captured[key]
            array = tensor.array
            text = array.shape, array.dtype.str, array.strides, tensor.weak, array.tobytes()
            if first.setdefault(text, symbol) is not symbol:
                same[symbol] = first[text]
    if not same:
        return program
    current.doubles |= same.keys()
    equations = tuple(e.reading(same) for e in program.equations)
    outputs = tuple(same.get(symbol, symbol) for symbol in program.outputs)
    inputs = dict.fromkeys((*program.inputs, *(same[s] for s in program.inputs if s in same)))
    return Program(tuple(inputs), equations, outputs)


# ---- what a turn reads


@dataclass(frozen=True)
class _Inside:
    """What an equation of the same turn, or of one so many turns before, computed."""

    number: int
    lag: int
    before: tuple[Symbol, ...]  # what the first turns read instead


@dataclass(frozen=True)
class _Number:
    """A number that goes up evenly."""

    first: Any
    step: Any
    dtype: DType


@dataclass(frozen=True)
class _Numbers:
    """Numbers of any values, as bytes."""

    held: bytes
    dtype: DType


@dataclass(frozen=True)
class _Rows:
    """A part of an array, whose place along one axis moves evenly."""

    array: Symbol
    axis: int
    first: int
    step: int
    extent: int
    bounds: tuple[tuple[int, int, int], ...]


class _Irregular(Exception):
    """Turns are not alike."""


class _Reading:
    """What the equations of a stretch read."""

    def __init__(self, numbered: NumberedProgram, stretch: Stretch) -> None:
        self.stretch = stretch
        self.equations = numbered.program.equations[stretch.start : stretch.end]
        self._places, self._read = numbered.places, numbered.reading(stretch)
        counts = [len(equation.inputs) for equation in self.equations[: stretch.period]]
        self._columns = np.cumsum([0, *counts])

    def turn(self, number: int) -> tuple[Equation, ...]:
        """Return the equations of a turn."""
        period = self.stretch.period
        return self.equations[number * period : (number + 1) * period]

    def place(self, symbol: Symbol) -> tuple[int, int] | None:
        """Return the turn, and the number in it, of the equation that computes a symbol."""
        at, stretch = self._places.get(symbol, -1), self.stretch
        inside = stretch.start <= at < stretch.end
        return divmod(at - stretch.start, stretch.period) if inside else None

    def operand(self, number: int, position: int) -> Any:
        """Return what an equation of every turn reads at a position."""
        last = self.turn(self.stretch.turns - 1)[number].inputs[position]
        if last.value is not None:
            return self._numbers([e.inputs[position] for e in self._every(number)])
        at, read = self.place(last), self._read[:, self._columns[number] + position]
        if at is not None:
            return self._inside(number, position, read, at)
        if read[-1] == -1 or (read != read[-1]).any():
            raise _Irregular
        return last

    def _every(self, number: int) -> tuple[Equation, ...]:
        """Return an equation of every turn."""
        return self.equations[number :: self.stretch.period]

    def _inside(self, number: int, position: int, read: Numbers, at: tuple[int, int]) -> _Inside:
        start, period, turns = self.stretch.start, self.stretch.period, self.stretch.turns
        lag = turns - 1 - at[0]
        if lag > _MOST_LAG:
            raise _Irregular
        if ((read[:lag] >= start) & (read[:lag] < self.stretch.end)).any():
            raise _Irregular
        if (read[lag:] != start + at[1] + period * np.arange(turns - lag)).any():
            raise _Irregular
        return _Inside(at[1], lag, tuple([e.inputs[position] for e in self._every(number)[:lag]]))

    @staticmethod
    def _numbers(symbols: list[Symbol]) -> Symbol | _Number | _Numbers:
        values = [symbol.value for symbol in symbols if symbol.value is not None]
        dtype = values[-1].dtype
        if len(values) < len(symbols) or any(value.dtype != dtype for value in values):
            raise _Irregular
        first, text = values[0].tobytes(), b"".join([value.tobytes() for value in values])
        if text == first * len(values):
            return symbols[-1]
        held = np.frombuffer(text, dtype)
        if dtype.kind in "if":
            step = held[1] - held[0]
            if (held == held[0] + step * np.arange(len(held), dtype=dtype)).all():
                return _Number(held[0].item(), step.item(), dtype)
        return _Numbers(text, dtype)

    def rows(self, number: int) -> _Rows | None:
        """Return what an equation cuts out of an array, None if it is the same in every turn."""
        bounds = np.array([e.params["bounds"] for e in self._every(number)])
        steps = np.diff(bounds[:, :, 0], axis=0)
        moving = np.flatnonzero(steps.any(axis=0)) if steps.size else np.array([], int)
        if not len(moving):
            if (bounds != bounds[0]).any():
                raise _Irregular
            return None
        (axis, *others), first = moving.tolist(), bounds[0]
        lengths = bounds[:, :, 1] - bounds[:, :, 0]
        even = (steps[:, axis] == steps[0, axis]).all() and (lengths == lengths[0]).all()
        array = self.operand(number, 0)
        if others or not even or first[axis, 2] != 1 or not isinstance(array, Symbol):
            raise _Irregular
        start, stop, _ = first[axis].tolist()
        kept = tuple((a, b, c) for a, b, c in first.tolist())
        return _Rows(array, axis, start, int(steps[0, axis]), stop - start, kept)


# ---- the loop


@dataclass
class _Writing:
    """A program being written, with arrays that become inputs."""

    trace: Trace
    equations: list[Equation] = field(default_factory=list)
    held: dict[Symbol, Array] = field(default_factory=dict)

    def hold(self, array: Array) -> Symbol:
        symbol = self.trace.input(Spec(array.shape, array.dtype))
        self.held[symbol] = array
        return symbol

    def add(self, primitive: Primitive, *inputs: Symbol, source: str = "", **params: Any) -> Symbol:
        spec = primitive.spec(*(symbol.spec for symbol in inputs), **params)
        output = Symbol(spec)
        self.equations.append(Equation(primitive, inputs, params, output, source))
        return output

    def number(self, value: Any, dtype: DType, shape: Shape = ()) -> Symbol:
        literal = Symbol(Spec((), dtype), np.asarray(value, dtype))
        return self.add(broadcast_to, literal, shape=shape) if shape else literal


class _Loop:
    """A stretch as a loop: the body, and what it is given."""

    def __init__(self, reading: _Reading, outer: _Writing) -> None:
        self.reading, self.outer, self.turns = reading, outer, reading.stretch.turns
        self.body = _Writing(outer.trace)
        self.computed: list[Symbol] = []  # what a turn computes, by the equation's number
        self.carry: dict[Any, tuple[Symbol, Symbol]] = {}  # as a turn finds it, and at first
        self.rows: dict[Any, tuple[Symbol, Symbol]] = {}  # a row, and all of them
        self.whole: dict[Symbol, Symbol] = {}
        for number, equation in enumerate(reading.turn(self.turns - 1)):
            self.computed.append(self._equation(number, equation))

    def _equation(self, number: int, equation: Equation) -> Symbol:
        if equation.primitive is slice_:
            found = self.reading.rows(number)
            if found is not None:
                return self._cut(found, equation.output.shape)
        inputs = [
            self._operand(self.reading.operand(number, position))
            for position in range(len(equation.inputs))
        ]
        output = Symbol(equation.output.spec)
        self.body.equations.append(
            Equation(equation.primitive, tuple(inputs), equation.params, output, equation.source)
        )
        return output

    def _operand(self, found: Any) -> Symbol:
        if isinstance(found, _Inside):
            if not found.lag:
                return self.computed[found.number]
            return self.carried(found.number, found.lag, found.before)
        if isinstance(found, (_Number, _Numbers)):
            if found not in self.rows:
                self.rows[found] = Symbol(Spec((), found.dtype)), self._numbers(found)
            return self.rows[found][0]
        assert isinstance(found, Symbol)
        if found.value is not None:
            return found
        if isinstance(found.spec, Bundle):
            raise _Irregular
        return self.whole.setdefault(found, Symbol(Spec(found.shape, found.dtype)))

    def carried(self, number: int, lag: int, before: tuple[Symbol, ...]) -> Symbol:
        """Return what an equation computed some turns before, the first turns given."""
        key = number, before[len(before) - lag :]
        if key not in self.carry:
            spec = self.reading.turn(0)[number].output.spec
            first = key[1][0]
            if isinstance(spec, Bundle) or (first.shape, first.dtype) != (spec.shape, spec.dtype):
                raise _Irregular
            self.carry[key] = Symbol(Spec(spec.shape, spec.dtype)), first
        if lag > 1:
            self.carried(number, lag - 1, before)
        return self.carry[key][0]

    def _numbers(self, found: _Number | _Numbers) -> Symbol:
        """Return the numbers that the turns read."""
        if isinstance(found, _Numbers):
            return self.outer.hold(np.frombuffer(found.held, found.dtype))
        count = self.outer.add(iota, shape=(self.turns,), dtype=found.dtype, axis=0)
        step, first = (self.outer.number(x, found.dtype) for x in (found.step, found.first))
        return self.outer.add(add, self.outer.add(multiply, count, step), first)

    def _cut(self, found: _Rows, shape: Shape) -> Symbol:
        if found not in self.rows:
            rows = self._stacked(found)
            self.rows[found] = Symbol(Spec(rows.shape[1:], rows.dtype)), rows
        row = self.rows[found][0]
        return row if row.shape == shape else self.body.add(reshape, row, shape=shape)

    def _stacked(self, found: _Rows) -> Symbol:
        """Return the parts of an array that the turns read, along a new axis 0."""
        axis, step, last = found.axis, found.step, found.step * (self.turns - 1)
        low, high = found.first + min(0, last), found.first + max(0, last) + found.extent
        if found.extent == 1:
            bounds = (*found.bounds[:axis], (low, high, abs(step)), *found.bounds[axis + 1 :])
            parts = self._sliced(found.array, bounds)
            if step < 0:
                parts = self.outer.add(flip, parts, axis=(axis,))
            rest = tuple(i for i in range(len(parts.shape)) if i != axis)
            return parts if not axis else self.outer.add(transpose, parts, axes=(axis, *rest))
        shape, dtype = (self.turns, found.extent), np.dtype(np.int64)
        turn, place = (self.outer.add(iota, shape=shape, dtype=dtype, axis=i) for i in (0, 1))
        first = self.outer.add(multiply, turn, self.outer.number(step, dtype))
        first = self.outer.add(add, first, self.outer.number(found.first, dtype))
        bounds = (*found.bounds[:axis], (0, found.array.shape[axis], 1), *found.bounds[axis + 1 :])
        array = self._sliced(found.array, bounds)
        parts = self.outer.add(take, array, self.outer.add(add, first, place), axis=axis)
        rest = tuple(i for i in range(len(parts.shape)) if i != axis)
        return parts if not axis else self.outer.add(transpose, parts, axes=(axis, *rest))

    def _sliced(self, array: Symbol, bounds: tuple[tuple[int, int, int], ...]) -> Symbol:
        if bounds == tuple((0, n, 1) for n in array.shape):
            return array
        return self.outer.add(slice_, array, bounds=bounds)

    # ---- results

    def final(self, number: int) -> None:
        """See to it that what an equation computed last is carried over."""
        if any(key[0] == number and len(key[1]) == 1 for key in self.carry):
            return
        spec = self.computed[number].spec
        if isinstance(spec, Bundle):
            raise _Irregular
        self.carried(number, 1, (self.outer.number(0, spec.dtype, spec.shape),))

    def write(self, stacked: list[int], source: str) -> tuple[dict[int, Symbol], dict[int, Symbol]]:
        """Write the loop; return what was computed last, and what is stacked, by the number."""
        if any(isinstance(self.computed[number].spec, Bundle) for number in stacked):
            raise _Irregular
        keys = list(self.carry)
        after = [
            self.computed[number] if len(before) == 1 else self.carry[number, before[1:]][0]
            for number, before in keys
        ]
        inputs = (
            *(self.carry[key][0] for key in keys),
            *(row for row, _ in self.rows.values()),
            *self.whole.values(),
        )
        outputs = (*after, *(self.computed[number] for number in stacked))
        body = Program(inputs, tuple(self.body.equations), outputs)
        operands = (
            *(self.carry[key][1] for key in keys),
            *(rows for _, rows in self.rows.values()),
            *self.whole,
        )
        bundle = self.outer.add(
            counted_loop, *operands, source=source, body=body, carries=len(keys),
            stacked=len(self.rows), length=self.turns, reverse=False,
        )  # fmt: skip
        results = [self.outer.add(part, bundle, number=i) for i in range(len(outputs))]
        last = {
            number: result
            for (number, before), result in zip(keys, results, strict=False)
            if len(before) == 1
        }
        return last, dict(zip(stacked, results[len(keys) :], strict=True))


def _rolled(
    numbered: NumberedProgram, stretch: Stretch, current: Trace
) -> tuple[Program, dict[Symbol, Array]] | None:
    """Return a program with a loop in place of a stretch, and arrays that are inputs of it.

    It returns None where turns are not alike.
    """
    program, outer = numbered.program, _Writing(current)
    outer.equations += program.equations[: stretch.start]
    tail = program.equations[stretch.end :]
    try:
        reading = _Reading(numbered, stretch)
        loop = _Loop(reading, outer)
        return _with_loop(program, tail, loop, reading, outer), outer.held
    except _Irregular:
        return None


def _with_loop(
    program: Program, tail: tuple[Equation, ...], loop: _Loop, reading: _Reading, outer: _Writing
) -> Program:
    used = {symbol for equation in tail for symbol in equation.inputs} | {*program.outputs}
    places = {symbol: at for symbol in used if (at := reading.place(symbol)) is not None}
    finals = {number for turn, number in places.values() if turn == loop.turns - 1}
    for number in sorted(finals):
        loop.final(number)
    rest = sorted({number for turn, number in places.values() if turn < loop.turns - 1})
    last, stacked = loop.write(rest, reading.equations[0].source)
    tail_writer = _Tail(loop.turns, places, last, stacked, outer)
    for equation in tail:
        tail_writer.copy(equation)
    outputs = tuple(map(tail_writer.value, program.outputs))
    inputs = (*program.inputs, *outer.held)
    return remove_dead_code(Program(inputs, tuple(outer.equations), outputs))


# ---- what comes after the loop


@dataclass
class _Tail:
    """The equations behind a loop, which read results of its turns.

    Such a result is cut out of what is stacked only where it is needed: results of all turns that
    are put together again are what is stacked, as it is.
    """

    turns: int
    places: Mapping[Symbol, tuple[int, int]]
    last: Mapping[int, Symbol]
    stacked: Mapping[int, Symbol]
    outer: _Writing
    shown: dict[Symbol, tuple[Symbol, Equation]] = field(default_factory=dict)
    values: dict[Symbol, Symbol] = field(default_factory=dict)

    def copy(self, equation: Equation) -> None:
        """Write an equation, or leave it until it is read."""
        if equation.primitive is reshape and equation.inputs[0] in self.places:
            self.shown[equation.output] = equation.inputs[0], equation
            return
        joined = self._joined(equation) if equation.primitive is concatenate else None
        if joined is not None:
            self.values[equation.output] = joined
            return
        inputs = tuple(map(self.value, equation.inputs))
        if inputs == equation.inputs:
            self.outer.equations.append(equation)
            return
        output = Symbol(equation.output.spec)
        self.values[equation.output] = output
        self.outer.equations.append(
            Equation(equation.primitive, inputs, equation.params, output, equation.source)
        )

    def value(self, symbol: Symbol) -> Symbol:
        """Return what stands for a symbol."""
        if symbol in self.values or symbol.value is not None:
            return self.values.get(symbol, symbol)
        if symbol in self.shown:
            source, equation = self.shown[symbol]
            shape = equation.params["shape"]
            self.values[symbol] = self.outer.add(reshape, self.value(source), shape=shape)
        elif symbol in self.places:
            self.values[symbol] = self._result(*self.places[symbol])
        return self.values.get(symbol, symbol)

    def _result(self, turn: int, number: int) -> Symbol:
        if turn == self.turns - 1 and number in self.last:
            return self.last[number]
        rows = self.stacked[number]
        bounds = ((turn, turn + 1, 1), *((0, n, 1) for n in rows.shape[1:]))
        return self.outer.add(
            reshape, self.outer.add(slice_, rows, bounds=bounds), shape=rows.shape[1:]
        )

    def _joined(self, equation: Equation) -> Symbol | None:
        """Return what an equation joins, results of turns one after another taken together."""
        axis, joined, runs = equation.params["axis"], equation.inputs, 0
        pieces: list[Symbol] = []
        at = 0
        while at < len(joined):
            count = self._run(joined[at:])
            if count < FEWEST_TURNS:
                pieces.append(self.value(joined[at]))
                at += 1
            else:
                pieces.append(self._together(joined[at], count, axis))
                at, runs = at + count, runs + 1
        if not runs:
            return None
        return pieces[0] if len(pieces) == 1 else self.outer.add(concatenate, *pieces, axis=axis)

    def _place(self, symbol: Symbol) -> tuple[int, int] | None:
        return self.places.get(self.shown[symbol][0] if symbol in self.shown else symbol)

    def _run(self, symbols: tuple[Symbol, ...]) -> int:
        """Return how many of some symbols are results of turns that follow each other."""
        first = self._place(symbols[0])
        if first is None or first[1] not in self.stacked:
            return 0
        turn, number = first
        for count, symbol in enumerate(symbols):
            alike = symbol.shape == symbols[0].shape
            if not alike or self._place(symbol) != (turn + count, number):
                return count
        return len(symbols)

    def _together(self, symbol: Symbol, count: int, axis: int) -> Symbol:
        """Return results of turns, the first of them given, one after another along an axis."""
        place = self._place(symbol)
        assert place is not None
        (turn, number), one = place, symbol.shape
        rows = self.stacked[number]
        if count < self.turns:
            bounds = ((turn, turn + count, 1), *((0, n, 1) for n in rows.shape[1:]))
            rows = self.outer.add(slice_, rows, bounds=bounds)
        if rows.shape[1:] != one:
            rows = self.outer.add(reshape, rows, shape=(count, *one))
        if axis:
            order = (*range(1, axis + 1), 0, *range(axis + 1, len(rows.shape)))
            rows = self.outer.add(transpose, rows, axes=order)
        shape = (*one[:axis], count * one[axis], *one[axis + 1 :])
        return self.outer.add(reshape, rows, shape=shape)


finishing.append(roll)
