"""How much work equations are: how often their innermost operation is done."""

from __future__ import annotations

import math

from thalweg.compiler.graph import GATHERS, POSITIONS, PRODUCTS, REDUCTIONS, SCATTERS
from thalweg.compiler.materialize import cost
from thalweg.core.program import Equation, Program

# More than this takes longer than a user who presses Ctrl-C wants to wait.
LONG = 2_000_000

_ALL_READ = REDUCTIONS | POSITIONS | SCATTERS


def turns(equation: Equation) -> int:
    """Return how many elements an equation goes over, of a product how many pairs it multiplies."""
    name, inputs = equation.primitive.name, equation.inputs
    if name in PRODUCTS:
        return _pairs(equation)
    if name in _ALL_READ:
        return max(equation.output.spec.size, *(symbol.spec.size for symbol in inputs))
    return equation.output.spec.size


def _pairs(equation: Equation) -> int:
    left, right = equation.inputs
    if equation.primitive.name == "matrix_product":
        return left.spec.size * right.shape[-1]
    operands = equation.params["labels"].split("->")[0].split(",")
    extents = {
        label: extent
        for labels, symbol in zip(operands, (left, right), strict=True)
        for label, extent in zip(labels, symbol.shape, strict=True)
    }
    return math.prod(extents.values())


def effort(equation: Equation) -> int:
    """Return the work of an equation, in additions of one element."""
    if equation.primitive.kind == "elementwise" or equation.primitive.name in GATHERS:
        return turns(equation) * cost(equation)
    return turns(equation)


def total_effort(program: Program) -> int:
    """Return the work of all of a program, in additions of one element."""
    return sum(map(effort, program.equations))
