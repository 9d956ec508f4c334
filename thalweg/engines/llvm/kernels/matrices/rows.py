"""The primitives of linear algebra in the native engine: one row each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from thalweg.core.program import Equation
from thalweg.core.spec import Spec
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import BYTES, Value
from thalweg.engines.llvm.kernels.facts import STOP
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.kernels.matrices import functions, lapack, singular, symmetric
from thalweg.engines.llvm.kernels.matrices.cholesky import cholesky
from thalweg.engines.llvm.kernels.matrices.elimination import elimination, solving
from thalweg.engines.llvm.kernels.matrices.functions import cofactors, exponential, minors
from thalweg.engines.llvm.kernels.matrices.reflections import completion, orthogonalization
from thalweg.engines.llvm.kernels.matrices.routine import Routine
from thalweg.engines.llvm.kernels.matrices.singular import decomposition, pseudo_inversion
from thalweg.engines.llvm.kernels.matrices.symmetric import eigensystem
from thalweg.engines.llvm.kernels.matrices.triangular import Triangle, triangular
from thalweg.engines.llvm.kernels.writer import Writer

Results = Sequence[Value | None]

WriteMatrices = Callable[[Writer, Equation, Sequence[Value], Results], None]


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
    if lapack.takes("elimination", n):
        routine, work = lapack.elimination(type, writer.e.target, n)
    else:
        routine = elimination(type, writer.e.target, n)
        work = n * routine.padded(n)
    arrays = list(zip((*operands, *results), (n * n, (n + 1) * n), strict=True))
    _each(writer, routine, spec, arrays, work)


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


def _orthogonalization(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    x, spec = equation.inputs[0].spec, equation.output.spec
    if not spec.size:
        return
    (m, n), k, type = x.shape[-2:], spec.shape[-1], TYPES[spec.dtype]
    if lapack.takes("orthogonalization", k):
        routine, work = lapack.orthogonalization(type, writer.e.target, m, n)
    else:
        routine = orthogonalization(type, writer.e.target, m, n)
        work = (n + 2 * k) * routine.padded(m) + k
    arrays = list(zip((*operands, *results), (m * n, (m + n) * k), strict=True))
    _each(writer, routine, spec, arrays, work)


def _completion(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    x, spec = equation.inputs[0].spec, equation.output.spec
    if not spec.size:
        return
    (m, n), type = x.shape[-2:], TYPES[spec.dtype]
    routine = completion(type, writer.e.target, m, n)
    arrays = list(zip((*operands, *results), (m * n, m * (m - n)), strict=True))
    _each(writer, routine, spec, arrays, (m + n) * routine.padded(m) + n)


def _eigensystem(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    spec = equation.output.spec
    if not spec.size:
        return
    n, type = spec.shape[-1], TYPES[spec.dtype]
    lower = equation.params.get("triangle", "L") == "L"
    if lapack.takes("eigensystem", n):
        routine, work = lapack.eigensystem(type, writer.e.target, n, lower)
    else:
        routine = eigensystem(type, writer.e.target, n, lower)
        work = symmetric.room(routine, n)
    arrays = list(zip((*operands, *results), (n * n, (n + 1) * n), strict=True))
    _each(writer, routine, spec, arrays, work)


def _singular(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    x, spec = equation.inputs[0].spec, equation.output.spec
    if not spec.size:
        return
    (m, n), type = x.shape[-2:], TYPES[spec.dtype]
    full = equation.params.get("full", False)
    if lapack.takes("singular", min(m, n)):
        routine, work = lapack.decomposition(type, writer.e.target, m, n, full)
    else:
        routine = decomposition(type, writer.e.target, m, n, full)
        work = singular.room(routine, min(m, n), max(m, n), spec.shape[-1])
    arrays = list(zip((*operands, *results), (m * n, math.prod(spec.shape[-2:])), strict=True))
    _each(writer, routine, spec, arrays, work)


def _pseudo_inversion(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
) -> None:
    x, spec = equation.inputs[0].spec, equation.output.spec
    if not spec.size:
        return
    (m, n), type = x.shape[-2:], TYPES[spec.dtype]
    hermitian = equation.params.get("hermitian", False)
    routine = pseudo_inversion(type, writer.e.target, m, n, hermitian)
    arrays = list(zip((*operands, *results), (m * n, 1, m * n), strict=True))
    size = singular.room(routine, min(m, n), max(m, n), min(m, n))
    _each(writer, routine, spec, arrays, size)


def _square(
    make: Callable[[str, Target, int], Routine], room: Callable[[Routine, int], int]
) -> WriteMatrices:
    """Return how a function of square matrices is written whose result is as large as they are."""

    def write(
        writer: Writer, equation: Equation, operands: Sequence[Value], results: Results
    ) -> None:
        spec = equation.output.spec
        if not spec.size:
            return
        n = spec.shape[-1]
        routine = make(TYPES[spec.dtype], writer.e.target, n)
        arrays = [(pointer, n * n) for pointer in (*operands, *results)]
        _each(writer, routine, spec, arrays, room(routine, n))

    return write


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


MATRICES: dict[str, WriteMatrices] = {
    "cholesky_factor": _square(cholesky, lambda r, n: n * r.padded(n)),
    "cofactors_of": _square(cofactors, functions.room),
    "completing_columns": _completion,
    "eigen_parts": _eigensystem,
    "exponential_of": _square(exponential, lambda r, n: 3 * n * r.padded(n)),
    "found_of_factors": _first_operand,
    "lu_parts": _elimination,
    "lu_solved": _solving,
    "minors_along": _square(minors, functions.room),
    "orthogonal_parts": _orthogonalization,
    "pseudo_inverse": _pseudo_inversion,
    "singular_parts": _singular,
    "triangular_solve": _triangular,
}
