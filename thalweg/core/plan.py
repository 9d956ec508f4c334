"""A program as one Python function that updates arrays in place, for small steps made often.

The reference engine walks a program and allocates every value. A step of an optimizer takes a
dozen operations on a few numbers, and Python's own work is most of its cost; a plan does that work
once: scalars are computed as Python floats, those that depend on hyperparameters alone when they
change, and results are written into memory that is there already. The meaning is the program's.
"""

from __future__ import annotations

import contextvars
import ctypes
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from thalweg.core.program import Equation, Program, Symbol, evaluate

Array = np.ndarray[Any, Any]


class Role(Enum):
    """What an input of a plan is."""

    NUMBER = "a Python number that seldom changes"
    COUNTER = "a 0-d array, computed with as a Python number"
    ARRAY = "an array"


# Expressions on Python numbers with the meaning of a primitive on scalars of those numbers.
_ON_NUMBERS: Mapping[str, str] = {
    "absolute": "abs({0})",
    "add": "({0} + {1})",
    "divide": "({0} / {1})",
    "equal": "({0} == {1})",
    "greater": "({0} > {1})",
    "greater_equal": "({0} >= {1})",
    "less": "({0} < {1})",
    "less_equal": "({0} <= {1})",
    "logical_and": "({0} and {1})",
    "logical_not": "(not {0})",
    "logical_or": "({0} or {1})",
    "maximum": "({0} if {0} > {1} or {0} != {0} else {1})",
    "minimum": "({0} if {0} < {1} or {0} != {0} else {1})",
    "multiply": "({0} * {1})",
    "negative": "(-{0})",
    "not_equal": "({0} != {1})",
    "power": "pow_({0}, {1})",
    "sqrt": "sqrt_({0})",
    "square": "({0} * {0})",
    "subtract": "({0} - {1})",
    "where": "({1} if {0} else {2})",
}
_CONVERSIONS = {"f": "float({0})", "i": "int({0})", "b": "bool({0})"}
_NUMBER_DTYPES = ("float64", "float32", "int64", "int32", "bool")

_CONSTANT, _SCALAR, _ARRAY = range(3)

# Elements at a time of large arrays: a step's operands then stay in a core's cache.
_BLOCK = 8192


def _single(value: float) -> float:
    """Round to float32."""
    return ctypes.c_float(value).value


class Plan:
    """A program ready to be run again and again on arrays of the same shapes.

    Args:
        program: What to compute.
        roles: What each input is.
        targets: For each output, the input whose memory takes it.
    """

    def __init__(self, program: Program, roles: Sequence[Role], targets: Sequence[int]) -> None:
        self._program, self._roles, self._targets = program, roles, targets
        writer = _Writer(program, roles, targets)
        self._prepare, self._step = writer.functions()
        self._given = [role for role in roles if role is not Role.NUMBER]
        self._divisible = writer.divisible()
        self._numbers: Sequence[float] | None = None
        self._constants: tuple[Any, ...] | None = None
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
            self._numbers, self._constants = numbers, self._prepared(numbers)
        if self._constants is not None:
            try:
                if self._divisible and arrays[0].size > 2 * _BLOCK and _dense(arrays, self._given):
                    self._context.run(self._run_blocks, arrays)
                else:
                    self._context.run(self._step, self._constants, *arrays)
                return
            except (ArithmeticError, ValueError):
                # Python refuses what NumPy gives as Inf or NaN. Scalars come first, so nothing
                # has been written yet.
                pass
        self._define(numbers, arrays)

    def _run_blocks(self, arrays: Sequence[Array]) -> None:
        """Run elementwise steps a few thousand elements at a time, which the cache holds."""
        pairs = list(zip(arrays, self._given, strict=True))
        flat = [a.reshape(-1) if role is Role.ARRAY else a for a, role in pairs]
        stop = flat[0].size
        for begin in range(0, stop, _BLOCK):
            part = slice(begin, begin + _BLOCK)
            # All blocks count from where the first one does.
            last = begin + _BLOCK >= stop
            block = [
                a[part] if role is Role.ARRAY else a if last else a.copy()
                for a, role in zip(flat, self._given, strict=True)
            ]
            self._step(self._constants, *block)

    def _prepared(self, numbers: Sequence[float]) -> tuple[Any, ...] | None:
        try:
            found: tuple[Any, ...] = self._prepare(*numbers)
        except (ArithmeticError, ValueError):
            return None
        return found

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


def _dense(arrays: Sequence[Array], roles: Sequence[Role]) -> bool:
    return all(
        a.flags.c_contiguous for a, role in zip(arrays, roles, strict=True) if role is Role.ARRAY
    )


class _Writer:
    """Writes the two functions of a plan: what is prepared, and what every step does."""

    def __init__(self, program: Program, roles: Sequence[Role], targets: Sequence[int]) -> None:
        self.program, self.targets = program, targets
        self.names: dict[Symbol, str] = {}  # numbers and arrays
        self.cells: dict[Symbol, str] = {}  # numbers once more, as 0-d arrays for array operations
        self.stages: dict[Symbol, int] = {}
        self.scope: dict[str, Any] = {"pow_": math.pow, "sqrt_": math.sqrt, "single_": _single}
        self.preparing: list[str] = []
        self.stepping: list[str] = []
        self.working: list[str] = []
        self.equations = _needed(program)
        self.last = {s: i for i, e in enumerate(self.equations) for s in e.inputs}
        self.inputs = {s: f"x{i}" for i, s in enumerate(program.inputs)}
        self.numbered = [s for s, r in zip(program.inputs, roles, strict=True) if r is Role.NUMBER]
        self.given = [s for s, r in zip(program.inputs, roles, strict=True) if r is not Role.NUMBER]
        # Memory that a view may share is not written to before the end.
        views = (e for e in self.equations if e.primitive.kind != "elementwise")
        self.viewed = {s for e in views for s in e.inputs}
        self.fresh: set[Symbol] = set()
        self.kept: dict[str, None] = {}  # the prepared numbers that steps need
        self.donated = self._donations()
        for symbol, role in zip(program.inputs, roles, strict=True):
            self._take(symbol, role)

    def functions(self) -> tuple[Callable[..., Any], Callable[..., None]]:
        """Return `prepare(*numbers) -> constants` and `step(constants, *arrays)`."""
        for i, equation in enumerate(self.equations):
            self._write(i, equation)
        self._store()
        constants = list(self.kept)
        kept = f"({', '.join(constants)}{',' if constants else ''})"
        unpacked = [f"{kept} = constants"] if constants else []
        source = "\n".join(
            [
                f"def prepare({', '.join(self.inputs[s] for s in self.numbered)}):",
                *(f"    {line}" for line in [*self.preparing, f"return {kept}"]),
                f"def step(constants, {', '.join(self.inputs[s] for s in self.given)}):",
                *(f"    {line}" for line in [*unpacked, *self.stepping, *self.working, "return"]),
            ]
        )
        exec(compile(source, "<plan>", "exec"), self.scope)
        return self.scope["prepare"], self.scope["step"]

    def divisible(self) -> bool:
        """Tell whether every element is computed from its own operands, in one shape."""
        shapes = {
            symbol.shape for symbol in (*self.given, *self.stages) if self.stages[symbol] == _ARRAY
        }
        kinds = {e.primitive.kind for e in self.equations if self.stages[e.output] == _ARRAY}
        return len(shapes) == 1 and kinds <= {"elementwise"}

    def _take(self, symbol: Symbol, role: Role) -> None:
        name = self.inputs[symbol]
        if role is Role.COUNTER:
            read = _CONVERSIONS["i" if symbol.dtype.kind == "i" else "f"].format(f"{name}.item()")
            self.stepping.append(f"n{name} = {read}")
            name = f"n{name}"
        self.names[symbol] = name
        self.stages[symbol] = (
            _CONSTANT if role is Role.NUMBER else _SCALAR if role is Role.COUNTER else _ARRAY
        )

    def _donations(self) -> dict[Symbol, str]:
        """Return the outputs that may be computed right into the memory they are meant for."""
        defined = {e.output: i for i, e in enumerate(self.equations)}
        found: dict[Symbol, str] = {}
        for output, target in zip(self.program.outputs, self.targets, strict=True):
            into = self.program.inputs[target]
            position = defined.get(output)
            if position is None or output in found or _ufunc(self.equations[position]) is None:
                continue
            alike = (into.shape, into.dtype) == (output.shape, output.dtype)
            if alike and into not in self.viewed and self.last.get(into, -1) <= position:
                found[output] = self.inputs[into]
        return found

    def _write(self, i: int, equation: Equation) -> None:
        output = equation.output
        stage = max(map(self._stage, equation.inputs), default=_ARRAY)
        expression = _on_numbers(equation) if stage != _ARRAY else None
        if expression is None:
            self.stages[output] = _ARRAY
            self._write_on_arrays(i, equation)
            return
        operands = [self._number(symbol) for symbol in equation.inputs]
        if stage == _SCALAR:
            self._keep(*equation.inputs)
        text = expression.format(*operands)
        text = f"single_({text})" if output.dtype == np.float32 else text
        name = f"{'c' if stage == _CONSTANT else 's'}{i}"
        (self.preparing if stage == _CONSTANT else self.stepping).append(f"{name} = {text}")
        self.names[output], self.stages[output] = name, stage

    def _write_on_arrays(self, i: int, equation: Equation) -> None:
        output, ufunc = equation.output, _ufunc(equation)
        operands = [self._array(symbol) for symbol in equation.inputs]
        if ufunc is None:
            meaning = equation.primitive.meaning
            params = dict(equation.params)
            call = f"f{i}"
            self.scope[call] = functools.partial(meaning, **params) if params else meaning
        else:
            call = f"np_{ufunc.__name__}"
            self.scope[call] = ufunc
            if equation.primitive.name == "square":
                operands *= 2
        name, into = f"a{i}", self.donated.get(output)
        if into is None and ufunc is not None and output.shape:
            into = self._spent(i, equation)
            self.fresh.add(output)
        name = into or name
        if into is not None:
            # By position where NumPy allows it, which is faster.
            operands.append(f"out={into}" if ufunc in (np.maximum, np.minimum) else into)
        self.working.append(f"{name} = {call}({', '.join(operands)})")
        self.names[output] = name

    def _spent(self, i: int, equation: Equation) -> str | None:
        """Return an operand that nobody reads any more and whose memory fits the result."""
        output = equation.output
        for symbol in equation.inputs:
            alike = (symbol.shape, symbol.dtype) == (output.shape, output.dtype)
            free = symbol in self.fresh and symbol not in self.viewed and self.last[symbol] == i
            if alike and free and symbol not in self.program.outputs:
                return self.names[symbol]
        return None

    def _store(self) -> None:
        # Values are read before the first of them is overwritten.
        moves: list[tuple[str, str]] = []
        for i, (output, target) in enumerate(zip(self.program.outputs, self.targets, strict=True)):
            into = self.inputs[self.program.inputs[target]]
            if self._stage(output) == _ARRAY:
                value = self.names[output]
                if value == into:
                    continue
                shared = output in self.program.inputs or output not in self.fresh
                self.working.append(f"o{i} = {f'array_({value})' if shared else value}")
            else:
                self.working.append(f"o{i} = {self._number(output)}")
                self._keep(output)
            moves.append((into, f"o{i}"))
        self.scope["array_"] = np.array
        self.working += [f"{into}[...] = {value}" for into, value in moves]

    # ---- operands

    def _stage(self, symbol: Symbol) -> int:
        return _CONSTANT if symbol.value is not None else self.stages[symbol]

    def _number(self, symbol: Symbol) -> str:
        if symbol.value is None:
            return self.names[symbol]
        if symbol not in self.names:
            name = f"l{len(self.names)}"
            self.scope[name] = symbol.value.item()
            self.names[symbol], self.stages[symbol] = name, _CONSTANT
        return self.names[symbol]

    def _keep(self, *symbols: Symbol) -> None:
        constant = [s for s in symbols if s.value is None and self.stages[s] == _CONSTANT]
        self.kept.update(dict.fromkeys(self.names[s] for s in constant))

    def _array(self, symbol: Symbol) -> str:
        """Name an operand of an array operation; NumPy takes 0-d arrays faster than numbers."""
        stage = self._stage(symbol)
        if stage == _ARRAY:
            return self.names[symbol]
        if symbol not in self.cells:
            name = f"z{len(self.cells)}"
            self.cells[symbol] = name
            if symbol.value is not None:
                self.scope[name] = symbol.value
            else:
                self.scope[name] = np.zeros((), symbol.dtype)
                lines = self.preparing if stage == _CONSTANT else self.stepping
                lines.append(f"{name}[()] = {self.names[symbol]}")
        return self.cells[symbol]


def _needed(program: Program) -> list[Equation]:
    """Return the equations that outputs depend on, in order."""
    wanted = set(program.outputs)
    kept = []
    for equation in reversed(program.equations):
        if equation.output in wanted:
            wanted.update(equation.inputs)
            kept.append(equation)
    return kept[::-1]


def _ufunc(equation: Equation) -> Any:
    """Return the ufunc that is an elementwise primitive's meaning, or None."""
    primitive = equation.primitive
    if primitive.kind != "elementwise":
        return None
    if primitive.name == "square":
        return np.multiply
    found = getattr(np, primitive.name, None)
    return found if isinstance(found, np.ufunc) else None


def _on_numbers(equation: Equation) -> str | None:
    """Return an expression for an equation on Python numbers, or None if there is none."""
    output = equation.output
    if output.shape or not all(s.dtype.name in _NUMBER_DTYPES for s in (*equation.inputs, output)):
        return None
    if equation.primitive.name == "power" and output.dtype.kind != "f":
        return None
    if equation.primitive.name == "astype":
        return _CONVERSIONS.get(output.dtype.kind)
    return _ON_NUMBERS.get(equation.primitive.name)
