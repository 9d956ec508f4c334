"""Kernels of primitives that read their operands whole: the arrays lie in memory, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thalweg.compiler.kernels.graph import in_memory
from thalweg.core.program import Equation
from thalweg.core.spec import Bundle
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.matrices.rows import MATRICES
from thalweg.engines.llvm.kernels.whole.callbacks import CALLBACKS
from thalweg.engines.llvm.kernels.whole.registers import write_loop
from thalweg.engines.llvm.kernels.whole.sorting import write_order
from thalweg.engines.llvm.kernels.writer import Writer

# Is given the addresses of the operands and of the results; of a bundle's, None where nobody reads
# a part.
WriteWhole = Callable[[Writer, Equation, Sequence[Value], Sequence[Value | None]], None]

# One row a primitive of the role `whole`, but for those that run programs with memory of their own.
WHOLES: dict[str, WriteWhole] = {
    "counted_loop": write_loop,
    "order_along": write_order,
    **CALLBACKS,
    **MATRICES,
}


def write_whole(writer: Writer) -> None:
    """Write a WHOLE kernel."""
    root = writer.kernel.main
    equation = writer.maker(root)
    operands = [writer.pointer(in_memory(writer.graph, symbol)) for symbol in equation.inputs]
    WHOLES[equation.primitive.name](writer, equation, operands, _results(writer, equation))


def _results(writer: Writer, equation: Equation) -> list[Value | None]:
    spec = equation.output.spec
    if not isinstance(spec, Bundle):
        return [writer.pointer(equation.output)]
    results: list[Value | None] = [None] * len(spec.parts)
    for root in writer.kernel.roots[1:]:
        if root in writer.stored:
            results[writer.maker(root).params["number"]] = writer.pointer(root)
    return results
