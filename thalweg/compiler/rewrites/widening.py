"""Small and unsigned numbers: kept as they are in memory, computed with as wider ones.

Compiled code computes in float64, float32, int64, int32 and Booleans. Other dtypes are loaded,
stored, moved and converted; where they are computed with, operands are widened and the result is
converted back. That is exact for integers: sums, differences and products are those modulo a power
of two, as NumPy's, and all else fits the wider dtype. A float16 result is rounded once from
float32, which is the rounded exact result for the basic operations.
"""

from __future__ import annotations

import numpy as np

from thalweg.control.callback import callback
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, nested
from thalweg.core.spec import DType, Spec
from thalweg.ops.elementwise.arithmetic import add
from thalweg.ops.elementwise.conversion import astype

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
     "pad_with_zeros", "put_at", "recurrence", "reduce_prod", "reduce_sum", "scatter_add",
     "scatter_add_along_axis", "shift_left", "square", "subtract", "where", "xor_bits"}
)  # fmt: skip

# Of unsigned numbers these are those of signed ones after a shift by 2⁶³.
_ORDERED = frozenset(
    {"greater", "greater_equal", "index_of_max", "index_of_min", "index_of_running_extreme", "less",
     "less_equal", "maximum", "minimum", "order_along", "reduce_max", "reduce_min"}
)  # fmt: skip

# What depends on the numbers there are between two others.
_SPACED = frozenset({"nextafter"})


def moves(primitive: Primitive) -> bool:
    """Tell whether elements are the first operand's, converted at most; others are positions."""
    return primitive is astype or primitive.role in ("view", "move", "gather")


def widened(program: Program) -> Program:
    """Return a program that computes with wide dtypes alone, where that can be done."""
    symbols = [*program.inputs, *(equation.output for equation in program.equations)]
    if not any(symbol.dtype in NARROW for symbol in symbols):
        return program
    return _Widening(program).program()


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
            elif name in _SPACED or (_UINT64 in dtypes and name not in _MODULAR | _ORDERED):
                self._equations.append(equation)  # which is unsupported, and said to be
            else:
                self._compute(equation, _UINT64 in dtypes and name in _ORDERED)
        return Program(self._old.inputs, tuple(self._equations), self._old.outputs)

    def _compute(self, equation: Equation, shifted: bool) -> None:
        inputs = tuple(self._wide(symbol, shifted) for symbol in equation.inputs)
        output = equation.output
        if output.dtype not in NARROW:
            self._add(equation, inputs, output)
            return
        wide = Symbol(Spec(output.shape, _WIDE[output.dtype]))
        self._add(equation, inputs, wide)
        self._convert(self._shift(wide) if shifted else wide, output)

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
