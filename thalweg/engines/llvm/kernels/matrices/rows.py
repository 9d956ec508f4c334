"""The primitives of linear algebra in the native engine: one row each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from thalweg.core.program import Equation
from thalweg.core.spec import Spec
from thalweg.engines.llvm.ir.values import BYTES, Value
from thalweg.engines.llvm.kernels.facts import STOP
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.matrices.cholesky import cholesky
from thalweg.engines.llvm.kernels.matrices.elimination import elimination, solving
from thalweg.engines.llvm.kernels.matrices.routine import Routine
from thalweg.engines.llvm.kernels.matrices.triangular import Triangle, triangular
from thalweg.engines.llvm.kernels.writer import Writer

Results = Sequence[Value | None]


def _each(
    writer: Writer,
    routine: Routine,
    stack: Spec,
    arrays: Sequence[tuple[Value | None, int]],
    work: int,
) -> None:
    """Call a function for each matrix of a stack.

    Args:
        writer: The kernel.
        routine: `(*arrays, work, stop)`.
        stack: One of the arrays of matrices.
        arrays: The address of each array, and how many numbers of it belong to one matrix.
        work: How many numbers the function's own memory has.
    """
    e, batch = writer.e, math.prod(stack.shape[:-2])
    writer.called |= routine.finished()
    e.declarations |= routine.declarations
    memory = writer.scratch(work * BYTES[routine.type])
    stop = e.offset(writer.pointer(None), STOP)
    number, _ = e.begin_loop(batch, (), writer.stop(batch))
    given = [
        e.element(pointer, e.multiply(number, size), routine.type)
        for pointer, size in arrays
        if pointer is not None
    ]
    arguments = ", ".join(map(repr, (*given, memory, stop)))
    e.raw(f"call void @{routine.name_of}({arguments})")
    e.end_loop()


def _cholesky(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    spec = equation.output.spec
    if not spec.size:
        return
    n, type = spec.shape[-1], TYPES[spec.dtype]
    routine = cholesky(type, writer.e.target, n)
    arrays = [(pointer, n * n) for pointer in (*operands, *results)]
    _each(writer, routine, spec, arrays, n * routine.padded(n))


def _triangular(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    spec = equation.output.spec
    if not spec.size:
        return
    (n, columns), type = spec.shape[-2:], TYPES[spec.dtype]
    routine = triangular(type, writer.e.target, Triangle(n, **equation.params), columns)
    sizes = n * n, n * columns, n * columns
    arrays = list(zip((*operands, *results), sizes, strict=True))
    _each(writer, routine, spec, arrays, n * routine.padded(columns))


def _elimination(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    spec = equation.output.spec
    if not spec.size:
        return
    n, type = spec.shape[-1], TYPES[spec.dtype]
    routine = elimination(type, writer.e.target, n)
    arrays = list(zip((*operands, *results), (n * n, (n + 1) * n), strict=True))
    _each(writer, routine, spec, arrays, n * routine.padded(n))


def _solving(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    spec = equation.output.spec
    if not spec.size:
        return
    (n, columns), type = spec.shape[-2:], TYPES[spec.dtype]
    routine = solving(type, writer.e.target, n, columns, equation.params["transposed"])
    sizes = (n + 1) * n, n * columns, n * columns
    # The matrix itself is there for derivatives' sake.
    arrays = list(zip((*operands[1:], *results), sizes, strict=True))
    _each(writer, routine, spec, arrays, n * routine.padded(columns))


def _first_operand(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    (out,), e = results, writer.e
    assert out is not None
    size = equation.output.spec.size
    if size:
        index, _ = e.begin_loop(size)
        type = TYPES[equation.output.dtype]
        e.store(e.load(e.element(operands[0], index, type), type), e.element(out, index, type))
        e.end_loop()


WriteMatrices = Callable[[Writer, Equation, Sequence[Value], Results], None]

MATRICES: dict[str, WriteMatrices] = {
    "cholesky_factor": _cholesky,
    "found_of_factors": _first_operand,
    "lu_parts": _elimination,
    "lu_solved": _solving,
    "triangular_solve": _triangular,
}
