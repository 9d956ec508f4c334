"""From a program that fails to the smallest one found that still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from tests.fuzz.cases import Case
from thalweg.core.program import Equation, Program, Symbol, evaluate, meant
from thalweg.core.spec import Bundle, Spec
from thalweg.errors import ThalwegError

Array = np.ndarray[Any, Any]
Fails = Callable[[Case], bool]


def shrink(case: Case, fails: Fails) -> Case:
    """Return a smaller case that fails: fewer equations and outputs, smaller shapes, plain data."""
    found = True
    while found:
        found = False
        candidates = _simpler(case)
        while not found:
            # A candidate may be no program at all, which only trying it shows.
            with suppress(ArithmeticError, AssertionError, IndexError, ThalwegError, ValueError):
                simpler = next(candidates, None)
                if simpler is None:
                    return case
                if fails(simpler):
                    case, found = simpler, True
    return case


def _simpler(case: Case) -> Iterator[Case]:
    program = case.program
    if len(program.outputs) > 1:
        for output in program.outputs:
            yield _live(Program(program.inputs, program.equations, (output,)), case.arrays)
    values = [e for e in program.equations if not isinstance(e.output.spec, Bundle)]
    for equation in values[:-1]:
        yield _live(Program(program.inputs, program.equations, (equation.output,)), case.arrays)
    held = _values(case)
    for equation in reversed(values):
        yield _with_input(case, equation, held[equation.output])
    for number in sorted({n for s in program.inputs for n in s.shape if n > 1}):
        for smaller in sorted({1, 2, 3, number // 2, number - 1} - {0, number}):
            if smaller < number:
                yield from _resized(case, number, smaller)
    for i, array in enumerate(case.arrays):
        for plain in _plainer(array):
            yield Case(program, [*case.arrays[:i], plain, *case.arrays[i + 1 :]])


def _live(program: Program, arrays: list[Array]) -> Case:
    """Return a program without what its outputs do not need, and the arrays that remain."""
    needed = set(program.outputs)
    equations = []
    for equation in reversed(program.equations):
        if equation.output in needed:
            equations.append(equation)
            needed.update(equation.inputs)
    rows = [(s, a) for s, a in zip(program.inputs, arrays, strict=True) if s in needed]
    inputs = tuple(symbol for symbol, _ in rows)
    live = Program(inputs, tuple(reversed(equations)), program.outputs)
    return Case(live, [array for _, array in rows])


def _values(case: Case) -> dict[Symbol, Array]:
    """Return what each equation gives, by the reference."""
    values: dict[Symbol, Array] = {}

    def apply(equation: Equation, operands: list[Array]) -> Array:
        result = meant(equation, operands)
        values[equation.output] = result
        return result

    with np.errstate(all="ignore"):
        evaluate(case.program, case.arrays, apply)
    return values


def _with_input(case: Case, equation: Equation, value: Array) -> Case:
    """Return the program with an equation's result given as an input instead."""
    program = case.program
    rest = tuple(e for e in program.equations if e is not equation)
    inputs = (*program.inputs, equation.output)
    return _live(Program(inputs, rest, program.outputs), [*case.arrays, np.array(value)])


def _resized(case: Case, number: int, smaller: int) -> Iterator[Case]:
    """Yield the program with every extent of one size made smaller, if that is still one."""
    program = case.program

    def size(n: int) -> int:
        return smaller if n == number else n

    def changed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(changed(v) for v in value)
        return size(value) if isinstance(value, int) else value

    renamed: dict[Symbol, Symbol] = {}
    arrays = []
    for symbol, array in zip(program.inputs, case.arrays, strict=True):
        shape = tuple(size(n) for n in symbol.shape)
        renamed[symbol] = Symbol(Spec(shape, symbol.dtype))
        part = np.ascontiguousarray(array[tuple(slice(n) for n in shape)])
        if part.dtype.kind == "i" and part.size and abs(int(part.max())) < number:
            part = np.where((part >= 0) & (part < smaller) | (part < 0) & (part >= -smaller),
                            part, part % smaller).astype(part.dtype)  # fmt: skip
        arrays.append(part.reshape(shape))
    equations = []
    for equation in program.equations:
        params = {
            key: value if key in ("axis", "axes") else changed(value)
            for key, value in equation.params.items()
        }
        inputs = tuple(renamed.get(s, s) for s in equation.inputs)
        try:
            spec = equation.primitive.spec(*(s.spec for s in inputs), **params)
        except (ThalwegError, ValueError, IndexError):
            return
        output = Symbol(Spec(spec.shape, spec.dtype))
        renamed[equation.output] = output
        equations.append(Equation(equation.primitive, inputs, params, output))
    outputs = tuple(renamed.get(s, s) for s in program.outputs)
    inputs = tuple(renamed[s] for s in program.inputs)
    resized = Case(Program(inputs, tuple(equations), outputs), arrays)
    # Not every shape follows from the others: slices may now reach beyond the end.
    if all(value.shape == symbol.shape for symbol, value in _values(resized).items()):
        yield resized


def _plainer(array: Array) -> Iterator[Array]:
    """Yield simpler arrays of the same spec."""
    if not array.flags.c_contiguous:
        yield np.array(array, order="C")
    for plain in (np.zeros_like(array, order="C"), np.ones_like(array, order="C")):
        if np.array_equal(array, plain):
            return
        yield plain
    if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array), equal_nan=True):
        with np.errstate(all="ignore"):
            yield np.rint(array)
