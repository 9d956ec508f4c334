"""The text that tells programs apart: equal texts compile to equal code."""

from __future__ import annotations

import functools

from thalweg.core.program import Program, Symbol
from thalweg.core.spec import Spec


def signature(program: Program) -> str:
    """Return everything about a program that its code depends on, without names or sources."""
    numbers: dict[Symbol, str] = {}
    lines = []
    for i, symbol in enumerate(program.inputs):
        numbers[symbol] = str(i)
        lines.append(_spec(symbol.spec))
    for equation in program.equations:
        operands = ",".join(_operand(numbers, symbol) for symbol in equation.inputs)
        params = sorted((key, str(value)) for key, value in equation.params.items())
        numbers[equation.output] = str(len(numbers))
        spec = _spec(equation.output.spec)
        lines.append(f"{equation.primitive.name}({operands}){params}{spec}")
    lines.append(",".join(_operand(numbers, symbol) for symbol in program.outputs))
    return "\n".join(lines)


def _operand(numbers: dict[Symbol, str], symbol: Symbol) -> str:
    if symbol.value is None:
        return numbers[symbol]
    return f"{_spec(symbol.spec)}={symbol.value.tobytes().hex()}"


@functools.lru_cache(maxsize=512)
def _spec(spec: Spec) -> str:
    return f"{spec.dtype.str}{spec.shape}{'~' if spec.weak else ''}"
