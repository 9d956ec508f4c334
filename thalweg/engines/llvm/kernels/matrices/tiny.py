"""Matrices of a few rows, in registers: for loops whose turns are computed there.

A matrix is a list of rows, vectors padded to a power of two with lanes that mean nothing; rows of
one number are numbers. What is computed, and in which order, is what the functions over memory do,
so that a number does not depend on which of them found it. Rows are exchanged by choosing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from thalweg.core.program import Equation
from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.cholesky import factored
from thalweg.engines.llvm.kernels.matrices.triangular import Triangle

Rows = list[Value]

# Is given the rows of one matrix of each operand.
WriteTiny = Callable[[Emitter, Equation, Sequence[Rows]], Rows]

# A matrix of more rows, and a system with it, would not fit the registers.
_MOST = 4


# What was found by factors is its first operand; the others are there for derivatives' sake.
_GIVEN = "found_of_factors"


def is_tiny(equation: Equation) -> bool:
    """Tell whether an equation is one of matrices that this file computes."""
    name = equation.primitive.name
    fits = name in _TINY and equation.inputs[0].shape[-1] <= _MOST
    return (fits or name == _GIVEN) and equation.output.spec.size > 0


def work(equation: Equation) -> int:
    """Return about how many instructions an equation takes."""
    if equation.primitive.name == _GIVEN:
        return 0
    *stack, n, _ = equation.inputs[0].shape
    return math.prod(stack) * 4 * n * n


def write_tiny(e: Emitter, equation: Equation, operands: Sequence[Rows]) -> Rows:
    """Return the rows of a result, a stack of matrices, by those of the operands."""
    if equation.primitive.name == _GIVEN:
        return operands[0]
    stack, found = math.prod(equation.output.shape[:-2]), []
    for i in range(stack):
        sizes = [len(rows) // stack for rows in operands]
        each = zip(operands, sizes, strict=True)
        given = [rows[i * size : (i + 1) * size] for rows, size in each]
        found += _TINY[equation.primitive.name](e, equation, given)
    return found


def _lane(e: Emitter, row: Value, lane: int, width: int) -> Value:
    """Return a number of a row in every lane of a vector."""
    return e.extract(row, lane) if width == 1 else e.shuffle(row, None, [lane] * width)


# ---- elimination


def _eliminated(e: Emitter, equation: Equation, operands: Sequence[Rows]) -> Rows:
    rows = list(operands[0])
    n, type, width = len(rows), rows[0].type, rows[0].width
    exchanges = e.constant(0, type, width)
    for k in range(n):
        place, here = _largest(e, rows, k)
        exchanges = e.select(e.leading(k, width), exchanges, place) if k else place
        _exchange(e, rows, k, here)
        pivot = _lane(e, rows[k], k, width)
        zero = e.compare("oeq", pivot, 0.0)
        for i in range(k + 1, n):
            below = _lane(e, rows[i], k, width)
            # What is below a pivot of 0 is 0 too, and stays so.
            factor = e.select(zero, below, e.divide(below, pivot))
            found = e.fma(e.negate(factor), rows[k], rows[i])
            kept = e.select(e.leading(k, width), rows[i], factor) if k else factor
            rows[i] = e.select(e.leading(k + 1, width), kept, found)
    return [*rows, exchanges]


def _largest(e: Emitter, rows: Rows, k: int) -> tuple[Value, list[Value]]:
    """Return in which row, from row k on, column k has its largest number.

    And whether that is row k + 1, k + 2, …
    """
    type, width = rows[0].type, rows[0].width
    best, place = e.absolute(_lane(e, rows[k], k, width)), e.constant(k, type, width)
    here: list[Value] = []
    for i in range(k + 1, len(rows)):
        size = e.absolute(_lane(e, rows[i], k, width))
        # The first of equal ones stays, and the first NaN.
        more = e.compare("ogt", size, best)
        best, place = e.select(more, size, best), e.select(more, i, place)
        here = [*(e.select(more, False, held) for held in here), more]
    return place, here


def _exchange(e: Emitter, rows: Rows, k: int, here: Sequence[Value]) -> None:
    """Exchange row k with the one after it of which that is told, if any."""
    before = rows[k]
    for i, told in enumerate(here, start=k + 1):
        rows[k], rows[i] = e.select(told, rows[i], rows[k]), e.select(told, before, rows[i])


# ---- systems


def _solved_by_factors(e: Emitter, equation: Equation, operands: Sequence[Rows]) -> Rows:
    # The matrix itself is there for derivatives' sake.
    _, factors, b = operands
    n, transposed, rows = len(b), equation.params["transposed"], list(b)
    width = rows[0].width
    *matrix, exchanges = factors
    triangles = [Triangle(n, True, transposed, True), Triangle(n, False, transposed, False)]
    here = [
        [e.compare("oeq", _lane(e, exchanges, k, width), i) for i in range(k + 1, n)]
        for k in range(n)
    ]
    if transposed:
        triangles.reverse()
    else:
        for k in range(n):
            _exchange(e, rows, k, here[k])
    for triangle in triangles:
        rows = _solved(e, triangle, matrix, rows)
    if transposed:
        for k in reversed(range(n)):
            _exchange(e, rows, k, here[k])
    return _without_singular(e, matrix, rows)


def _without_singular(e: Emitter, factors: Rows, rows: Rows) -> Rows:
    width = rows[0].width
    singular = e.compare("oeq", _lane(e, factors[0], 0, width), 0.0)
    for k in range(1, len(factors)):
        zero = e.compare("oeq", _lane(e, factors[k], k, width), 0.0)
        singular = e.bit_or(singular, zero)
    return [e.select(singular, math.nan, row) for row in rows]


def _solved_by_triangle(e: Emitter, equation: Equation, operands: Sequence[Rows]) -> Rows:
    matrix, b = operands
    return _solved(e, Triangle(len(b), **equation.params), matrix, b)


def _solved(e: Emitter, triangle: Triangle, matrix: Rows, b: Rows) -> Rows:
    """Solve a system with a triangle, each unknown by those before it."""
    found, width, known = list(b), b[0].width, list[int]()

    def factor(i: int, j: int) -> Value:
        i, j = (j, i) if triangle.transposed else (i, j)
        return _lane(e, matrix[i], j, width)

    for i in range(triangle.n) if triangle.forwards else reversed(range(triangle.n)):
        # One column is solved unknown by unknown; of several the rows are summed from the first.
        for j in known if width == 1 else sorted(known):
            found[i] = e.fma(e.negate(factor(i, j)), found[j], found[i])
        if not triangle.unit:
            found[i] = e.divide(found[i], factor(i, i))
        known.append(i)
    return found


# ---- Cholesky


def _cholesky(e: Emitter, equation: Equation, operands: Sequence[Rows]) -> Rows:
    (rows,) = operands
    n, width = len(rows), rows[0].width
    lower = factored(e, [[e.extract(rows[i], j) for j in range(i + 1)] for i in range(n)])
    found = []
    for i in range(n):
        row = e.splat(lower[i][0], width)
        for j in range(1, n):
            row = e.insert(row, lower[i][j], j)
        found.append(row)
    return found


# One row a primitive.
_TINY: dict[str, WriteTiny] = {
    "cholesky_factor": _cholesky,
    "lu_parts": _eliminated,
    "lu_solved": _solved_by_factors,
    "triangular_solve": _solved_by_triangle,
}
