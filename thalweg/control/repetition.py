"""Where equations of a program repeat: found in numbers that stand for equations and symbols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.program import Equation, Program, Symbol
from thalweg.ops.shape.cut import slice_

# Fewer turns, or fewer equations, are computed one after another as well.
FEWEST_TURNS, FEWEST_EQUATIONS = 8, 64

# So many turns at the beginning may differ from the others.
_PEELED = 3

Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Stretch:
    """Equations that repeat: `turns` times `period` of them from a number on."""

    start: int
    period: int
    turns: int

    @property
    def end(self) -> int:
        """The number of the first equation after them."""
        return self.start + self.period * self.turns


class NumberedProgram:
    """A program's equations, with numbers in place of what they are and of what they read.

    Attributes:
        program: The program.
        kinds: A number an equation, the same for the same equation of two turns.
        places: The number of the equation that computes a symbol; of inputs, one below -1.
    """

    def __init__(self, program: Program, kinds: Numbers | None = None) -> None:
        self.program, equations = program, program.equations
        self.kinds = _kinds(equations) if kinds is None else kinds
        self.places: dict[Symbol, int] = {s: -2 - i for i, s in enumerate(program.inputs)}
        self.places.update(zip([e.output for e in equations], range(len(equations)), strict=True))
        found = self.places.get
        # What a literal is does not matter here: it is none of the above.
        read = [found(symbol, -1) for e in equations for symbol in e.inputs]
        self._read = np.array(read, np.int64)
        self._starts = np.cumsum([0, *[len(e.inputs) for e in equations]])

    def reading(self, stretch: Stretch) -> Numbers:
        """Return the places of what a stretch reads: a row a turn, its operands in turn."""
        first, last = self._starts[stretch.start], self._starts[stretch.end]
        return self._read[first:last].reshape(stretch.turns, -1)

    def stretches(self) -> Iterator[Stretch]:
        """Yield where equations repeat, that of the most of them first."""
        found = []
        for period in periods(self.kinds):
            same = self.kinds[:-period] == self.kinds[period:]
            edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]])))
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                turns = (end - start) // period + 1
                if turns >= FEWEST_TURNS and turns * period >= FEWEST_EQUATIONS:
                    found.append(Stretch(int(start), period, int(turns)))
        found.sort(key=lambda stretch: (-stretch.turns * stretch.period, stretch.period))
        for stretch in found[:8]:
            for peeled in range(_PEELED):
                if stretch.turns - peeled >= FEWEST_TURNS:
                    start = stretch.start + peeled * stretch.period
                    yield Stretch(start, stretch.period, stretch.turns - peeled)


def ordered(program: Program) -> NumberedProgram:
    """Return a program that begins with what is seldom computed, of inputs alone.

    An equation that all turns need stands in the first of them, as equal equations are written
    once; it would make that turn unlike the others.
    """
    kinds = _kinds(program.equations)
    seldom = (np.bincount(kinds)[kinds] < FEWEST_TURNS).tolist()
    known = set(program.inputs)
    first, rest = [], []
    for number, equation in enumerate(program.equations):
        if seldom[number] and all(s in known or s.value is not None for s in equation.inputs):
            known.add(equation.output)
            first.append(number)
        else:
            rest.append(number)
    order = [*first, *rest]
    equations = tuple([program.equations[number] for number in order])
    return NumberedProgram(Program(program.inputs, equations, program.outputs), kinds[order])


def _kinds(equations: tuple[Equation, ...]) -> Numbers:
    """Return a number an equation, the same for the same equation of two turns."""
    numbers: dict[Any, int] = {}
    shapes: dict[Any, int] = {}  # also by where a spec lies, which is faster
    kinds = []
    for equation in equations:
        primitive, params, spec = equation.primitive, equation.params, equation.output.spec
        shape = shapes.get(id(spec))
        if shape is None:
            shape = shapes[id(spec)] = shapes.setdefault((spec.shape, spec.dtype), len(shapes))
        # Where the turns cut differs.
        told = tuple(params.items()) if params and primitive is not slice_ else ()
        kind = primitive, told, shape, len(equation.inputs)
        kinds.append(numbers.setdefault(kind, len(numbers)))
    return np.array(kinds, np.int64)


def periods(kinds: Numbers) -> list[int]:
    """Return after how many equations the same ones come again most often."""
    windows, apart = kinds, []
    base = int(kinds.max(initial=0)) + 1
    for length in range(1, 7):
        if length > 1:
            if base**length >= 1 << 62:
                windows = np.unique(windows, return_inverse=True)[1]
            windows = windows[:-1] * base + kinds[length - 1 :]
        if length in (1, 3, 6) and len(windows) > 1:
            # The last window of all is not looked at.
            apart.append(_distances(windows[:-1]))
    periods, first, counts = np.unique(
        np.concatenate(apart or [kinds[:0]]), return_index=True, return_counts=True
    )
    most = len(kinds) // FEWEST_TURNS
    best = np.lexsort((first, -counts))[:12]
    return [period for period in periods[best].tolist() if period <= most]


def _distances(windows: Numbers) -> Numbers:
    """Return how far the last equal one is away, of each that has one, in their order."""
    order = np.argsort(windows, kind="stable")
    same = windows[order[1:]] == windows[order[:-1]]
    later, distance = order[1:][same], np.diff(order)[same]
    found: Numbers = distance[np.argsort(later)]
    return found
