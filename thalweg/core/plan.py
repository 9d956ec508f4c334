"""A program ready to update arrays in place, for small steps made often.

The reference engine walks a program and allocates every value. A step of an optimizer takes a
dozen operations on a few numbers, and Python's own work is most of its cost; a plan does that work
once: scalars are computed as Python floats, those that depend on hyperparameters alone when they
change, and results are written into memory that is there already. The meaning is the program's.
"""

from __future__ import annotations

import contextvars
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.planning import Array, Planning, Role, Scalar
from thalweg.core.program import Equation, Program, evaluate

# Elements at a time of large arrays: a step's operands then stay in a core's cache.
_BLOCK = 8192


class Plan:
    """A program ready to be run again and again on arrays of the same shapes.

    One plan is run by one thread at a time.

    Args:
        program: What to compute.
        roles: What each input is.
        targets: For each output, the input whose memory takes it.
    """

    def __init__(self, program: Program, roles: Sequence[Role], targets: Sequence[int]) -> None:
        self._program, self._roles, self._targets = program, roles, targets
        self._given = [role for role in roles if role is not Role.NUMBER]
        self._planning = Planning(program, roles, targets)
        self._registers = self._planning.registers
        self._end = 1 + len(self._given)
        self._numbers: Sequence[float] | None = None
        self._defined = True  # whether Python can compute what depends on the numbers alone
        # As in eager operations, an overflow is a value and not an event. A context that knows
        # this is entered ten times faster than np.errstate.
        self._context = contextvars.copy_context()
        self._context.run(np.seterr, all="ignore")

    def run(self, numbers: Sequence[float], arrays: Sequence[Array]) -> None:
        """Compute the outputs and write them into their targets.

        Args:
            numbers: The inputs of role NUMBER; the same object as before means the same numbers.
            arrays: The other inputs.
        """
        if numbers is not self._numbers:
            self._prepare(numbers)
        large = self._planning.divisible and arrays[0].size > 2 * _BLOCK
        if large and _dense(arrays, self._given):
            self._run_blocks(numbers, arrays)
        else:
            self._run_whole(numbers, arrays)

    def _run_whole(self, numbers: Sequence[float], arrays: Sequence[Array]) -> None:
        registers = self._registers.copy()
        registers[1 : self._end] = arrays
        planning = self._planning
        for place, source in planning.counters:
            registers[place] = registers[source].item()
        if not (self._defined and _compute(planning.scalars, registers)):
            self._define(numbers, arrays)
            return
        for place, cell in planning.cells:
            cell[()] = registers[place]
        self._context.run(self._work, registers)

    def _work(self, registers: list[Any]) -> None:
        """Compute with arrays: the operations, then what is not yet in its place."""
        for function, i, j, out, place in self._planning.work:
            if j >= 0:
                registers[place] = function(registers[i], registers[j], registers[out])
            elif j == -1:
                registers[place] = function(registers[i], registers[out])
            else:
                registers[place] = function(*(registers[k] for k in i))
        for target, value in self._planning.stores:
            registers[target][...] = registers[value]

    def _run_blocks(self, numbers: Sequence[float], arrays: Sequence[Array]) -> None:
        """Run elementwise steps a few thousand elements at a time, which the cache holds."""
        pairs = list(zip(arrays, self._given, strict=True))
        flat = [(a.reshape(-1) if role is Role.ARRAY else a, role) for a, role in pairs]
        stop = arrays[0].size
        for begin in range(0, stop, _BLOCK):
            part = slice(begin, begin + _BLOCK)
            # All blocks count from where the first one does.
            last = begin + _BLOCK >= stop
            self._run_whole(
                numbers,
                [a[part] if role is Role.ARRAY else a if last else a.copy() for a, role in flat],
            )

    def _prepare(self, numbers: Sequence[float]) -> None:
        """Compute what depends on the numbers alone."""
        planning = self._planning
        for place, number in zip(planning.numbers, numbers, strict=True):
            self._registers[place] = number
        self._defined = _compute(planning.prepared, self._registers)
        if self._defined:
            for place, cell in planning.prepared_cells:
                cell[()] = self._registers[place]
        self._numbers = numbers

    def _define(self, numbers: Sequence[float], arrays: Sequence[Array]) -> None:
        """Run the program equation by equation: the definition."""
        left, right = iter(numbers), iter(arrays)
        given: list[Any] = [next(left if r is Role.NUMBER else right) for r in self._roles]
        found = computed(self._program, given)
        for target, value in zip(self._targets, found, strict=True):
            given[target][...] = value


def computed(program: Program, values: Sequence[Any]) -> list[Array]:
    """Run a program equation by equation, its definition, and return new arrays."""
    given = [np.asarray(v, s.dtype) for v, s in zip(values, program.inputs, strict=True)]
    with np.errstate(all="ignore"):
        found = evaluate(program, given, _apply, lambda symbol: symbol.value)
    return [np.array(value) for value in found]


def _apply(equation: Equation, operands: list[Any]) -> Any:
    return np.asarray(equation.primitive.meaning(*operands, **equation.params))


def _compute(scalars: list[Scalar], registers: list[Any]) -> bool:
    """Compute with numbers; tell whether Python has not refused what NumPy gives as Inf or NaN."""
    try:
        for function, i, j, k, place in scalars:
            if k >= 0:
                registers[place] = function(registers[i], registers[j], registers[k])
            elif j >= 0:
                registers[place] = function(registers[i], registers[j])
            else:
                registers[place] = function(registers[i])
    except (ArithmeticError, ValueError):
        return False
    return True


def _dense(arrays: Sequence[Array], roles: Sequence[Role]) -> bool:
    return all(
        a.flags.c_contiguous for a, role in zip(arrays, roles, strict=True) if role is Role.ARRAY
    )
