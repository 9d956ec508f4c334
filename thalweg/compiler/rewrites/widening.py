"""Small and unsigned numbers: kept as they are in memory, computed with as wider ones.

Compiled code computes in float64, float32, int64, int32 and Booleans. Other dtypes are loaded,
stored, moved and converted; where they are computed with, operands are widened and the result is
converted back. That is exact for integers: sums, differences and products are those modulo a power
of two, as NumPy's, and all else fits the wider dtype. Of uint64, which no wider one holds, the
rest is said in operations on the signed numbers of the same bits. A float16 result is rounded once
from float32, which is the rounded exact result for the basic operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from thalweg.control.callback import callback
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, nested, trace
from thalweg.core.spec import DType, Spec
from thalweg.core.tensor import make
from thalweg.ops.elementwise.arithmetic import (
    absolute,
    add,
    floor_divide,
    fmod,
    gcd,
    lcm,
    power,
    remainder,
    sign,
)
from thalweg.ops.elementwise.comparison import (
    and_bits,
    maximum,
    minimum,
    shift_left,
    shift_right,
    where,
)
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.floats import nextafter, sign_bit
from thalweg.ops.elementwise.rounding import ceil, floor

_WIDE: dict[DType, DType] = {
    np.dtype(np.int8): np.dtype(np.int32),
    np.dtype(np.uint8): np.dtype(np.int32),
    np.dtype(np.int16): np.dtype(np.int32),
    np.dtype(np.uint16): np.dtype(np.int32),
    np.dtype(np.uint32): np.dtype(np.int64),
    np.dtype(np.uint64): np.dtype(np.int64),
    np.dtype(np.float16): np.dtype(np.float32),
}

NARROW = frozenset(_WIDE)

_UINT64 = np.dtype(np.uint64)

# Modulo 2⁶⁴ these are the same for signed and unsigned numbers.
_MODULAR = frozenset(
    {"add", "and_bits", "concatenate", "contract", "cumulative_product", "cumulative_sum", "equal",
     "invert_bits", "matrix_product", "multiply", "negative", "not_equal", "or_bits",
     "overlap_add", "pad_with_zeros", "put_at", "recurrence", "reduce_prod", "reduce_sum",
     "scatter_add", "scatter_add_along_axis", "shift_left", "square", "subtract", "where",
     "xor_bits"}
)  # fmt: skip

# Of unsigned numbers these are those of signed ones after a shift by 2⁶³.
_ORDERED = frozenset(
    {"combine_at", "greater", "greater_equal", "index_of_max", "index_of_min",
     "index_of_running_extreme", "less", "less_equal", "maximum", "minimum", "order_along",
     "reduce_max", "reduce_min"}
)  # fmt: skip

_LARGEST, _LEAST = np.iinfo(np.int64).max, np.iinfo(np.int64).min


def _is_below(x: Any, y: Any) -> Any:
    return x + _LEAST < y + _LEAST


def _shifted_right(x: Any, count: Any) -> Any:
    return where(count == 0, x, shift_right(and_bits(shift_right(x, 1), _LARGEST), count - 1))


def _quotient(x: Any, y: Any) -> Any:
    """Divide half of x, and correct the double of that by one; by 0 it is 0."""
    found = shift_left(floor_divide(_shifted_right(x, 1), y), 1)
    found = found + astype(~_is_below(x - found * y, y), x.dtype)
    return where(y < 0, astype(~_is_below(x, y), x.dtype), where(y == 0, 0, found))


def _rest(x: Any, y: Any) -> Any:
    return where(y == 0, 0, x - _quotient(x, y) * y)


def _power(x: Any, y: Any) -> Any:
    # Modulo 2⁶⁴ the power 2⁶³ is 1 of odd numbers and 0 of even ones.
    return power(x, and_bits(y, _LARGEST)) * where(y < 0, and_bits(x, 1), 1)


def _divisor(x: Any, y: Any) -> Any:
    """Two steps of Euclid's, after which both are signed numbers too."""
    less = _is_below(x, y)
    x, y = where(less, y, x), where(less, x, y)
    rest = _rest(x, y)
    return where(y == 0, x, where(rest == 0, y, gcd(rest, _rest(y, rest))))


# Of uint64, in operations on int64 of the same bits.
_UNSIGNED: dict[Primitive, Callable[..., Any]] = {
    **dict.fromkeys((absolute, floor, ceil), lambda x: x),
    sign: lambda x: astype(x != 0, x.dtype),
    sign_bit: lambda x: x != x,
    shift_right: _shifted_right,
    floor_divide: _quotient,
    **dict.fromkeys((remainder, fmod), _rest),
    power: _power,
    gcd: _divisor,
    lcm: lambda x, y: _quotient(x, _divisor(x, y)) * y,
}


def _next_half(x: Any, y: Any) -> Any:
    """Return what is rounded to the next float16: more than half a gap away, and less than 1½."""
    near = minimum(maximum(x, -65536.0), 65536.0)
    step = maximum(absolute(near) * 2.0**-11, 2.0**-25) * 1.125
    moved = where(x < y, near + step, near - step)
    return where(x == y, x, where(y != y, y, moved))


def moves(primitive: Primitive) -> bool:
    """Tell whether elements are the first operand's, converted at most; others are positions."""
    return primitive is astype or primitive.role in ("view", "move", "gather")


def widened(program: Program) -> Program:
    """Return a program that computes with wide dtypes alone, where that can be done."""
    symbols = [*program.inputs, *(equation.output for equation in program.equations)]
    if not any(symbol.dtype in NARROW for symbol in symbols):
        return program
    return _Widening(program).program()


def _is_modular(equation: Equation) -> bool:
    name = equation.primitive.name
    return name in _MODULAR or equation.params.get("how") == "multiply"


def _said(equation: Equation) -> Callable[..., Any] | None:
    """Return in what operations on wider numbers an equation is said, None if in itself."""
    dtype = equation.inputs[0].dtype if equation.inputs else None
    if dtype == np.float16 and equation.primitive is nextafter:
        return _next_half
    return _UNSIGNED.get(equation.primitive) if dtype == _UINT64 else None


class _Widening:
    """A program being widened."""

    def __init__(self, program: Program) -> None:
        self._old = program
        self._equations: list[Equation] = []
        self._converted: dict[tuple[Symbol, bool], Symbol] = {}

    def program(self) -> Program:
        for equation in self._old.equations:
            name = equation.primitive.name
            dtypes = {s.dtype for s in (*equation.inputs, equation.output)} & NARROW
            kept = equation.primitive is callback or equation.primitive.role == "part"
            if not dtypes or kept or any(nested(equation)):
                self._equations.append(equation)
            elif moves(equation.primitive):
                first, *positions = equation.inputs
                inputs = (first, *(self._wide(symbol, False) for symbol in positions))
                self._add(equation, inputs, equation.output)
            elif _UINT64 not in dtypes or _is_modular(equation):
                self._compute(equation)
            elif name in _ORDERED:
                self._compute(equation, shifted=True)
            elif equation.primitive in _UNSIGNED:
                self._compute(equation)
            else:
                self._equations.append(equation)  # which is unsupported, and said to be
        return Program(self._old.inputs, tuple(self._equations), self._old.outputs)

    def _compute(self, equation: Equation, shifted: bool = False) -> None:
        inputs = tuple(self._wide(symbol, shifted) for symbol in equation.inputs)
        output, said = equation.output, _said(equation)
        if said is not None:
            self._convert(self._written(said, inputs, equation.source), output)
            return
        if output.dtype not in NARROW:
            self._add(equation, inputs, output)
            return
        wide = Symbol(Spec(output.shape, _WIDE[output.dtype]))
        self._add(equation, inputs, wide)
        self._convert(self._shift(wide) if shifted else wide, output)

    def _written(
        self, function: Callable[..., Any], inputs: tuple[Symbol, ...], source: str
    ) -> Symbol:
        """Write what a function is composed of; return its result."""
        specs = [Spec(symbol.shape, symbol.dtype) for symbol in inputs]
        result, current, symbols = trace(function, specs, make)
        own = dict(zip(symbols, inputs, strict=True))
        for equation in current.equations:
            read = tuple(own.get(symbol, symbol) for symbol in equation.inputs)
            self._equations.append(replace(equation, inputs=read, source=source))
        written: Symbol = result.array
        return own.get(written, written)

    def _wide(self, symbol: Symbol, shifted: bool) -> Symbol:
        if symbol.dtype not in NARROW:
            return symbol
        dtype = _WIDE[symbol.dtype]
        shifts = shifted and symbol.dtype == _UINT64
        key = symbol, shifts
        if key not in self._converted:
            if symbol.value is not None:
                found = Symbol(Spec((), dtype), symbol.value.astype(dtype))
            else:
                found = Symbol(Spec(symbol.shape, dtype))
                self._convert(symbol, found)
            self._converted[key] = self._shift(found) if shifts else found
        return self._converted[key]

    def _shift(self, symbol: Symbol) -> Symbol:
        """Add 2⁶³, which wraps: the order of unsigned numbers becomes that of signed ones."""
        least = np.asarray(np.iinfo(np.int64).min)
        if symbol.value is not None:
            with np.errstate(over="ignore"):
                return Symbol(symbol.spec, np.asarray(symbol.value + least))
        shifted = Symbol(Spec(symbol.shape, symbol.dtype))
        shift = Symbol(Spec((), symbol.dtype), least)
        self._equations.append(Equation(add, (symbol, shift), {}, shifted))
        return shifted

    def _convert(self, symbol: Symbol, output: Symbol) -> None:
        self._equations.append(Equation(astype, (symbol,), {"dtype": output.dtype}, output))

    def _add(self, equation: Equation, inputs: tuple[Symbol, ...], output: Symbol) -> None:
        self._equations.append(
            Equation(equation.primitive, inputs, equation.params, output, equation.source)
        )
