"""Numbers made of counters: powers of the step's, and random bits of an element's."""

from __future__ import annotations

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, linear
from thalweg.core.program import Equation
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.arrays import Arrays
from thalweg.engines.llvm.kernels.lowering import TYPES
from thalweg.engines.llvm.mathematics.functions import CALLED
from thalweg.engines.llvm.mathematics.random import Pair, split_words, threefry2x32

# A power is computed afresh at each multiple of this, so that it depends on the exponent alone,
# never on where a run was cut or resumed; the products between lose at most half an ulp each.
_PERIOD = 64


def counted_power(kernel: Arrays, base: Value, equation: Equation) -> Value:
    """Return baseⁿ for an integer n that mostly grows by one from step to step.

    With m the largest multiple of 64 that is at most n, the value is baseᵐ · base · … · base,
    multiplied from the left. A cell keeps the last n + 1 and power; where n is the next, one
    multiplication suffices.
    """
    e = kernel.e
    counter = kernel.facts.graph.producer[equation.inputs[1]].inputs[0]
    n = e.convert(kernel.value(counter, ()), "i64")
    assert kernel.facts.cell is not None
    cell = kernel.pointer(kernel.facts.cell())
    kept = e.offset(cell, 8)
    follows = e.bit_and(
        e.compare("eq", e.load(cell, "i64", cse=False), n),
        e.compare("ne", e.bit_and(n, _PERIOD - 1), 0),
    )
    carried = e.multiply(e.load(kept, base.type, cse=False), base)
    e.begin_if(e.invert(follows))
    # Tied to this region: what depends on it is not computed where it is not needed.
    here = e.instruction(f"add i64 {n.text}, 0", "i64", 1, (), cse=False)
    whole = e.bit_and(here, -_PERIOD)
    start = e.call(CALLED["power", base.type], base, e.convert(whole, base.type))
    _, (power,) = e.begin_loop(e.subtract(here, whole), [start])
    (fresh,) = e.end_loop([e.multiply(power, base)])
    (result,) = e.end_if([fresh], [carried])
    e.store(e.add(n, 1), cell)
    e.store(result, kept)
    return result


def _words(kernel: Arrays, equation: Equation, index: Index) -> Pair:
    key = equation.inputs[0]
    first, second = (kernel.value(key, (*index, at)) for at in (ZERO, Affine(1)))
    return first, second


def folded_in(kernel: Arrays, equation: Equation, index: Index) -> Value:
    """Return one word of a key made of a key and a number."""
    e = kernel.e
    batch, word = index[:-1], index[-1]
    data = kernel.value(equation.inputs[1], batch)
    high, low = split_words(e, data) if data.type == "i64" else (e.constant(0, "i32"), data)
    found = threefry2x32(e, _words(kernel, equation, batch), high, low)
    if not word.terms:
        return found[word.constant]
    return e.select(e.compare("eq", kernel.position(word), 0), *found)


def random_number(kernel: Arrays, equation: Equation, index: Index) -> Value:
    """Return one random number: `drawn` of the words of its counter."""
    e, shape = kernel.e, equation.params["shape"]
    lead = len(index) - len(shape)
    counter = e.convert(kernel.position(linear(index[lead:], shape)), "i32")
    first, second = threefry2x32(e, _words(kernel, equation, index[:lead]), 0, counter)
    type = TYPES[equation.output.dtype]
    if type in ("i32", "f32"):
        bits = e.bit_xor(first, second)
        if type == "i32":
            return bits
        bits = e.bit_or(e.shift_right_logical(bits, 9), 0x3F800000)
        return e.subtract(e.bitcast(bits, "f32"), 1.0)
    wide = e.bit_or(e.shift_left(_wide(kernel, first), 32), _wide(kernel, second))
    if type == "i64":
        return wide
    wide = e.bit_or(e.shift_right_logical(wide, 12), 0x3FF0000000000000)
    return e.subtract(e.bitcast(wide, "f64"), 1.0)


def _wide(kernel: Arrays, word: Value) -> Value:
    """Return a word as 64 bits, zeros in front."""
    return kernel.e.bit_and(kernel.e.convert(word, "i64"), 0xFFFFFFFF)
