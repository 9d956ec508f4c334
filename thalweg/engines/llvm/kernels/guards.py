"""Arrays padded and joined: where an element comes from depends on its place."""

from __future__ import annotations

from thalweg.compiler.kernels.affine import Affine, Index
from thalweg.core.program import Equation
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.arrays import Arrays
from thalweg.engines.llvm.kernels.lowering import TYPES


def padding(equation: Equation, index: Index) -> list[tuple[Affine, int, int]]:
    """Return, an axis, the unshifted position, the operand's extent and the spacing."""
    low, interior = equation.params["low"], equation.params["interior"]
    shape = equation.inputs[0].shape
    return [
        (at + -a, n, gap + 1) for at, a, gap, n in zip(index, low, interior, shape, strict=True)
    ]


def offsets(equation: Equation) -> list[int]:
    """Return where each operand of a concatenation starts along its axis."""
    axis, starts, at = equation.params["axis"], [], 0
    for operand in equation.inputs:
        starts.append(at)
        at += operand.shape[axis]
    return starts


def padded(kernel: Arrays, equation: Equation, index: Index) -> Value:
    """Return an element of an array with zeros around and between its elements."""
    operand, e = equation.inputs[0], kernel.e
    zero = e.constant(0, TYPES[operand.dtype])
    inside: Value | None = None
    places: list[Affine] = []
    for at, extent, spacing in padding(equation, index):
        low, high = at.bounds()
        last = (extent - 1) * spacing
        if extent == 0 or high < 0 or low > last:
            return zero
        if low >= 0 and high <= last and spacing == 1:
            places.append(at)
            continue
        holds, safe = _within(kernel, at, extent, spacing)
        inside = holds if inside is None else e.bit_and(inside, holds)
        places.append(safe)
    value = kernel.value(operand, tuple(places))
    return value if inside is None else e.select(inside, value, zero)


def _within(kernel: Arrays, at: Affine, extent: int, spacing: int) -> tuple[Value, Affine]:
    """Return whether a position falls on an element, and that element or else the first."""
    e, value = kernel.e, kernel.position(at)
    holds = e.compare("ule", value, (extent - 1) * spacing)
    if spacing > 1:
        quotient = e.divide(value, spacing)
        holds = e.bit_and(holds, e.compare("eq", e.multiply(quotient, spacing), value))
        value = quotient
    return holds, kernel.bind(e.select(holds, value, 0), extent)


def joined(kernel: Arrays, equation: Equation, index: Index) -> Value:
    """Return an element of arrays put one after another."""
    axis = equation.params["axis"]
    result: Value | None = None
    for operand, start in reversed(list(zip(equation.inputs, offsets(equation), strict=True))):
        at, extent = index[axis] + -start, operand.shape[axis]
        low, high = at.bounds()
        if extent == 0 or high < 0 or low >= extent:
            continue
        if low >= 0 and high < extent:
            return kernel.value(operand, (*index[:axis], at, *index[axis + 1 :]))
        holds, safe = _within(kernel, at, extent, 1)
        value = kernel.value(operand, (*index[:axis], safe, *index[axis + 1 :]))
        result = value if result is None else kernel.e.select(holds, value, result)
    assert result is not None
    return result
