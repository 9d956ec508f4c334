"""Which data hold an index outside the axis it indexes, and at which line of the loss."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.core.program import Equation, Program, Symbol, evaluate
from thalweg.engines.engine import Array
from thalweg.errors import IndexOutOfRange

_SECONDS = 2.0


@dataclass(frozen=True)
class Read:
    """What a program was run on, as far as it can explain an index.

    Attributes:
        program: The step or the evaluation.
        first: The place of the first array of data among the program's inputs.
        arrays: The data and what the loss captured.
        names: Names the data's arrays, when asked.
        batch_size: The rows of a batch, the program's last input; 0 if there is none.
    """

    program: Program
    first: int
    arrays: Sequence[Array]
    names: Callable[[], list[str]]
    batch_size: int


def out_of_range(error: IndexOutOfRange, read: Read) -> IndexOutOfRange:
    """Return an error that names the data and the line behind an index out of range."""
    deadline = time.perf_counter() + _SECONDS
    for equation in read.program.equations:
        if equation.primitive.role in ("gather", "scatter"):
            found = _blame(equation, read, deadline)
            if found is not None:
                return found
    return error


def _blame(equation: Equation, read: Read, deadline: float) -> IndexOutOfRange | None:
    """Return the error for an equation whose positions, made of data alone, leave the axis."""
    operand, positions = equation.inputs[:2]
    extent = operand.shape[equation.params["axis"]]
    program = _leading_to(positions, read.program)
    places = [i for i, symbol in enumerate(read.program.inputs) if symbol in program.inputs]
    known = range(read.first, read.first + len(read.arrays))
    last = len(read.program.inputs) - 1
    if any(i not in known and not (read.batch_size and i == last) for i in places):
        return None
    given = dict(zip(known, read.arrays, strict=True))
    for rows in _batches(read):
        arguments = [given.get(i, rows) for i in places]
        try:
            (values,) = evaluate(program, arguments)
        except IndexOutOfRange:
            return None  # an equation before this one is to blame
        wrong = np.argwhere((values < -extent) | (values >= extent))
        if len(wrong):
            where = tuple(wrong[0])
            row = None if not where or values.shape[0] != len(rows) else int(rows[where[0]])
            sources = [i - read.first for i in places if i in given]
            return _error_of(int(values[where]), extent, row, sources, equation, read)
        if time.perf_counter() > deadline:
            break
    return None


def _error_of(
    value: int, extent: int, row: int | None, sources: list[int], equation: Equation, read: Read
) -> IndexOutOfRange:
    names = read.names()
    what = "An array that the loss refers to"
    if len(sources) == 1 and sources[0] < len(names):
        what = names[sources[0]]
    place = "" if row is None else f" in row {row}"
    line = f" at {equation.source}" if equation.source else ""
    return IndexOutOfRange(
        f"{what} holds {value}{place}, which is used as an index{line} into an axis of extent "
        f"{extent}; indices must lie between {-extent} and {extent - 1}. Number labels and "
        "categories from 0, or give the indexed array more elements along that axis."
    )


def _leading_to(symbol: Symbol, program: Program) -> Program:
    """Return the part of a program that computes one symbol, with the inputs it reads."""
    wanted, equations = {symbol}, []
    for equation in reversed(program.equations):
        if equation.output in wanted:
            equations.append(equation)
            wanted |= set(equation.inputs)
    inputs = tuple(s for s in program.inputs if s in wanted)
    return Program(inputs, tuple(reversed(equations)), (symbol,))


def _batches(read: Read) -> Iterator[Array]:
    """Yield row numbers that together are all rows; without batches, once all of them."""
    rows = len(read.arrays[0]) if read.arrays else 0
    size = read.batch_size or rows
    for start in range(0, rows, max(1, size)):
        # The last batch is filled up with earlier rows.
        yield np.arange(min(start, rows - size), min(start, rows - size) + size, dtype=np.int32)
