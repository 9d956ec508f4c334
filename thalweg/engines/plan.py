"""A program ready to update arrays in place, for small steps made often.

The reference engine walks a program and allocates every value. A step of an optimizer takes a
dozen operations on a few numbers, and Python's own work is most of its cost; a plan does that work
once: scalars are computed as Python floats, those that depend on hyperparameters alone when they
change, and results are written into memory that is there already. The meaning is the program's.
"""

from __future__ import annotations

import contextvars
import ctypes
import functools
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from thalweg.core.program import Equation, Program, Symbol, evaluate, remove_dead_code
from thalweg.ops.elementwise.arithmetic import power
from thalweg.ops.elementwise.conversion import astype

Array = np.ndarray[Any, Any]

# A function of Python numbers, the places of up to three operands (-1 for none), and the result's.
Scalar = tuple[Callable[..., Any], int, int, int, int]

# A function of arrays, the places of one or two operands (-1 for no second), of the memory for
# the result (0 for none) and of the result; or the places of any operands, and -2.
Work = tuple[Callable[..., Any], Any, int, int, int]


class Input(Enum):
    """What an input of a plan is."""

    NUMBER = "a Python number that seldom changes"
    COUNTER = "a 0-d array, computed with as a Python number"
    ARRAY = "an array"


_CONVERSIONS: Mapping[str, type] = {"f": float, "i": int, "b": bool}

_NUMBER_DTYPES = ("float64", "float32", "int64", "int32", "bool")

_CONSTANT, _SCALAR, _ARRAY = range(3)


class Planning:
    """The operations of a plan and the registers they work on.

    Attributes:
        registers: What each place holds at the beginning; place 0 holds None, then come the
            arrays.
        numbers: The places of the numbers.
        prepared: What is computed when the numbers change.
        prepared_cells: Places of numbers, and the 0-d arrays that take them then.
        counters: Places of numbers, and those of the 0-d arrays that hold them.
        scalars: What is computed with numbers at every step.
        cells: Places of numbers, and the 0-d arrays that take them at every step.
        work: What is computed with arrays at every step.
        stores: Places of arrays, and those of what is written into them last.
        divisible: Whether every element is computed from its own operands, in one shape.
    """

    def __init__(self, program: Program, roles: Sequence[Input], targets: Sequence[int]) -> None:
        self._program, self._targets = program, targets
        self.registers: list[Any] = [None]
        self.numbers: list[int] = []
        self.prepared: list[Scalar] = []
        self.prepared_cells: list[tuple[int, Array]] = []
        self.counters: list[tuple[int, int]] = []
        self.scalars: list[Scalar] = []
        self.cells: list[tuple[int, Array]] = []
        self.work: list[Work] = []
        self.stores: list[tuple[int, int]] = []
        self._places: dict[Symbol, int] = {}  # of numbers and arrays
        self._cells: dict[Symbol, int] = {}  # of numbers once more, as arrays
        self._stages: dict[Symbol, int] = {}
        self._fresh: set[Symbol] = set()
        self._equations = remove_dead_code(program).equations
        self._last = {s: i for i, e in enumerate(self._equations) for s in e.inputs}
        # Memory that a view may share is not written to before the end.
        views = (e for e in self._equations if e.primitive.kind != "elementwise")
        self._viewed = {s for e in views for s in e.inputs}
        self._memory = self._take(roles)
        self._donated = self._donations()
        for i, equation in enumerate(self._equations):
            self._plan(i, equation)
        self._store()
        self.divisible = self._is_divisible(roles)

    def _place(self, value: Any = None) -> int:
        self.registers.append(value)
        return len(self.registers) - 1

    def _take(self, roles: Sequence[Input]) -> list[int]:
        """Place the inputs, arrays first; return where each one is."""
        inputs = list(zip(self._program.inputs, roles, strict=True))
        memory = [0 if role is Input.NUMBER else self._place() for _, role in inputs]
        for (symbol, role), place in zip(inputs, memory, strict=True):
            if role is Input.ARRAY:
                self._places[symbol], self._stages[symbol] = place, _ARRAY
                continue
            number = self._places[symbol] = self._place()
            if role is Input.NUMBER:
                self.numbers.append(number)
                self._stages[symbol] = _CONSTANT
                continue
            self._stages[symbol] = _SCALAR
            self.counters.append((number, place))
            if symbol.dtype.kind == "i":
                # Whatever the array holds, as a float32 that counts steps.
                self.scalars.append((int, number, -1, -1, number))
        return memory

    def _donations(self) -> dict[Symbol, int]:
        """Return the outputs that may be computed right into the memory they are meant for."""
        defined = {e.output: i for i, e in enumerate(self._equations)}
        found: dict[Symbol, int] = {}
        for output, target in zip(self._program.outputs, self._targets, strict=True):
            into = self._program.inputs[target]
            position = defined.get(output)
            if position is None or output in found or _ufunc(self._equations[position]) is None:
                continue
            alike = (into.shape, into.dtype) == (output.shape, output.dtype)
            if alike and into not in self._viewed and self._last.get(into, -1) <= position:
                found[output] = self._memory[target]
        return found

    def _plan(self, i: int, equation: Equation) -> None:
        output = equation.output
        stage = max(map(self._stage, equation.inputs), default=_ARRAY)
        function = _on_numbers(equation) if stage != _ARRAY else None
        if function is None:
            self._stages[output] = _ARRAY
            self._plan_arrays(i, equation)
            return
        operands = [*(self._number(symbol) for symbol in equation.inputs), -1, -1]
        place = self._places[output] = self._place()
        self._stages[output] = stage
        into = self.prepared if stage == _CONSTANT else self.scalars
        into.append((function, operands[0], operands[1], operands[2], place))
        if output.dtype == np.float32:
            into.append((_single, place, -1, -1, place))

    def _plan_arrays(self, i: int, equation: Equation) -> None:
        output, ufunc = equation.output, _ufunc(equation)
        operands = [self._array(symbol) for symbol in equation.inputs]
        if ufunc is None:
            meaning, params = equation.primitive.meaning, dict(equation.params)
            call = functools.partial(meaning, **params) if params else meaning
            place = self._places[output] = self._place()
            self.work.append((call, tuple(operands), -2, 0, place))
            return
        out = self._donated.get(output, 0)
        if not out and output.shape:
            out = self._spent(i, equation)
            self._fresh.add(output)
        place = self._places[output] = out or self._place()
        second = operands[1] if len(operands) == 2 else -1
        self.work.append((ufunc, operands[0], second, out, place))

    def _spent(self, i: int, equation: Equation) -> int:
        """Return the place of an operand that nobody reads any more and that fits; or 0."""
        output = equation.output
        for symbol in equation.inputs:
            alike = (symbol.shape, symbol.dtype) == (output.shape, output.dtype)
            free = symbol in self._fresh and symbol not in self._viewed and self._last[symbol] == i
            if alike and free and symbol not in self._program.outputs:
                return self._places[symbol]
        return 0

    def _store(self) -> None:
        """Plan to write what is not yet where it belongs."""
        for output, target in zip(self._program.outputs, self._targets, strict=True):
            into = self._memory[target]
            if self._stage(output) != _ARRAY:
                self.stores.append((into, self._number(output)))
                continue
            place = self._places[output]
            if place == into:
                continue
            if output not in self._fresh:
                # Another store may change the memory that this value is read from.
                place = self._place()
                self.work.append((np.array, (self._places[output],), -2, 0, place))
            self.stores.append((into, place))

    def _is_divisible(self, roles: Sequence[Input]) -> bool:
        arrays = [s for s, stage in self._stages.items() if stage == _ARRAY]
        ahead = [role for role in roles if role is not Input.NUMBER][:1]
        written = [e for e in self._equations if self._stages[e.output] == _ARRAY]
        return (
            ahead == [Input.ARRAY]
            and len({symbol.shape for symbol in arrays}) == 1
            and all(equation.primitive.kind == "elementwise" for equation in written)
        )

    # ---- operands

    def _stage(self, symbol: Symbol) -> int:
        return _CONSTANT if symbol.value is not None else self._stages[symbol]

    def _number(self, symbol: Symbol) -> int:
        if symbol.value is not None and symbol not in self._places:
            self._places[symbol] = self._place(symbol.value.item())
        return self._places[symbol]

    def _array(self, symbol: Symbol) -> int:
        """Return the place of an operand of arrays; NumPy takes 0-d arrays faster than numbers."""
        stage = self._stage(symbol)
        if stage == _ARRAY:
            return self._places[symbol]
        if symbol not in self._cells:
            cell = np.zeros((), symbol.dtype) if symbol.value is None else symbol.value
            self._cells[symbol] = self._place(cell)
            if symbol.value is None:
                cells = self.prepared_cells if stage == _CONSTANT else self.cells
                cells.append((self._places[symbol], cell))
        return self._cells[symbol]


def _ufunc(equation: Equation) -> Any:
    """Return the ufunc that is an elementwise primitive's meaning, or None."""
    primitive = equation.primitive
    if primitive.kind != "elementwise":
        return None
    found = getattr(np, primitive.name, None)
    if not isinstance(found, np.ufunc) or found.nin > 2:
        return None
    return _BY_KEYWORD.get(found, found)


# Those that take their result's memory by keyword alone.
_BY_KEYWORD: Mapping[np.ufunc, Callable[..., Any]] = {
    np.maximum: lambda x, y, out: np.maximum(x, y, out=out),
    np.minimum: lambda x, y, out: np.minimum(x, y, out=out),
}


def _on_numbers(equation: Equation) -> Callable[..., Any] | None:
    """Return a function for an equation on Python numbers, or None if there is none."""
    primitive, output = equation.primitive, equation.output
    if output.shape or not all(s.dtype.name in _NUMBER_DTYPES for s in (*equation.inputs, output)):
        return None
    if primitive is astype:
        return _CONVERSIONS[output.dtype.kind]
    return None if primitive is power and output.dtype.kind != "f" else primitive.number


def _single(value: float) -> float:
    """Round to float32."""
    return ctypes.c_float(value).value


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

    def __init__(self, program: Program, roles: Sequence[Input], targets: Sequence[int]) -> None:
        self._program, self._roles, self._targets = program, roles, targets
        self._given = [role for role in roles if role is not Input.NUMBER]
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
        flat = [(a.reshape(-1) if role is Input.ARRAY else a, role) for a, role in pairs]
        stop = arrays[0].size
        for begin in range(0, stop, _BLOCK):
            part = slice(begin, begin + _BLOCK)
            # All blocks count from where the first one does.
            last = begin + _BLOCK >= stop
            self._run_whole(
                numbers,
                [a[part] if role is Input.ARRAY else a if last else a.copy() for a, role in flat],
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
        given: list[Any] = [next(left if r is Input.NUMBER else right) for r in self._roles]
        found = computed(self._program, given)
        for target, value in zip(self._targets, found, strict=True):
            given[target][...] = value


def computed(program: Program, values: Sequence[Any]) -> list[Array]:
    """Run a program equation by equation, its definition, and return new arrays."""
    given = [np.asarray(v, s.dtype) for v, s in zip(values, program.inputs, strict=True)]
    with np.errstate(all="ignore"):
        found = evaluate(program, given)
    return [np.array(value) for value in found]


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


def _dense(arrays: Sequence[Array], roles: Sequence[Input]) -> bool:
    return all(
        a.flags.c_contiguous for a, role in zip(arrays, roles, strict=True) if role is Input.ARRAY
    )
