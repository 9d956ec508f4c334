"""A kernel that calls back into Python: it says where operands are and where results belong."""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.core.program import Equation
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.facts import HOST, PENDING, STOP, TABLE
from thalweg.engines.llvm.kernels.writer import Writer


def write_callback(
    writer: Writer, equation: Equation, operands: Sequence[Value], results: Sequence[Value | None]
) -> None:
    """Write `host(number)`; the addresses of operands and results are in a table of the arena's.

    The call counts as failed until Python says that it succeeded, so that nothing that ends it
    early goes unnoticed: the run is then to stop.
    """
    e, arena = writer.e, writer.pointer(None)
    addresses = [*operands, *results]
    table = e.instruction(f"alloca [{max(1, len(addresses))} x ptr], align 8", "ptr", 1, (), False)
    for i, address in enumerate(addresses):
        e.store(Value("null", "ptr", 1, 0) if address is None else address, e.offset(table, 8 * i))
    e.store(table, e.offset(arena, TABLE))
    pending, stop = e.offset(arena, PENDING), e.offset(arena, STOP)
    e.store(e.constant(1, "i64"), pending)
    host = e.load(e.offset(arena, HOST), "ptr", cse=False)
    number = e.constant(equation.params["function"].number, "i64")
    e.raw(f"call void {host.text}({number})")
    failed = e.load(pending, "i64", cse=False)
    e.store(e.bit_or(e.load(stop, "i64", cse=False), failed), stop)


CALLBACKS = {"callback": write_callback}
