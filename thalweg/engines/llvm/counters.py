"""Powers of a step counter, such as Adam's β₁ᵗ: one multiplication a step instead of a power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.core.program import Equation
from thalweg.engines.llvm.mathematics import MATHEMATICS
from thalweg.engines.llvm.values import Value

if TYPE_CHECKING:
    from thalweg.engines.llvm.writer import Writer

# A power is computed afresh at each multiple of this, so that it depends on the exponent alone,
# never on where a run was cut or resumed; the products between lose at most half an ulp each.
_PERIOD = 64


def counted_power(writer: Writer, base: Value, equation: Equation) -> Value:
    """Return baseⁿ for an integer n that mostly grows by one from step to step.

    With m the largest multiple of 64 that is at most n, the value is baseᵐ · base · … · base,
    multiplied from the left. A cell keeps the last n + 1 and power; where n is the next, one
    multiplication suffices.
    """
    e = writer.e
    counter = writer.graph.producer[equation.inputs[1]].inputs[0]
    n = e.convert(writer.value(counter, ()), "i64")
    assert writer.facts.cell is not None
    cell = writer.pointer(writer.facts.cell())
    kept = e.offset(cell, 8)
    follows = e.bit_and(
        e.compare("eq", e.load(cell, "i64", cse=False), n),
        e.compare("ne", e.bit_and(n, _PERIOD - 1), 0),
    )
    carried = e.multiply(e.load(kept, base.type, cse=False), base)
    e.begin_if(e.invert(follows))
    # Tied to this region: what depends on it is not computed where it is not needed.
    here = e.instruction(f"add i64 {n.text}, 0", "i64", 1, (), e.depth, False)
    whole = e.bit_and(here, -_PERIOD)
    start = MATHEMATICS["power"](e, base, e.convert(whole, base.type))
    _, (power,) = e.begin_loop(e.subtract(here, whole), [start])
    (fresh,) = e.end_loop([e.multiply(power, base)])
    (result,) = e.end_if([fresh], [carried])
    e.store(e.add(n, 1), cell)
    e.store(result, kept)
    return result
