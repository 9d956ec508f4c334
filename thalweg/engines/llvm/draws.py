"""Keyed random numbers at positions: threefry-2x32 of an element's own counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thalweg.compiler.affine import ZERO, Affine, Index, linear
from thalweg.core.program import Equation
from thalweg.engines.llvm.lowering import TYPES
from thalweg.engines.llvm.random import Pair, split_words, threefry2x32
from thalweg.engines.llvm.values import Value

if TYPE_CHECKING:
    from thalweg.engines.llvm.writer import Writer


def _words(writer: Writer, equation: Equation, index: Index) -> Pair:
    key = equation.inputs[0]
    first, second = (writer.value(key, (*index, at)) for at in (ZERO, Affine(1)))
    return first, second


def folded_in(writer: Writer, equation: Equation, index: Index) -> Value:
    """Return one word of a key made of a key and a number."""
    e = writer.e
    batch, word = index[:-1], index[-1]
    data = writer.value(equation.inputs[1], batch)
    high, low = split_words(e, data) if data.type == "i64" else (e.constant(0, "i32"), data)
    found = threefry2x32(e, _words(writer, equation, batch), high, low)
    if not word.terms:
        return found[word.constant]
    return e.select(e.compare("eq", writer.position(word), 0), *found)


def random_number(writer: Writer, equation: Equation, index: Index) -> Value:
    """Return one random number: `drawn` of the words of its counter."""
    e, shape = writer.e, equation.params["shape"]
    lead = len(index) - len(shape)
    counter = e.convert(writer.position(linear(index[lead:], shape)), "i32")
    first, second = threefry2x32(e, _words(writer, equation, index[:lead]), 0, counter)
    type = TYPES[equation.output.dtype]
    if type in ("i32", "f32"):
        bits = e.bit_xor(first, second)
        if type == "i32":
            return bits
        bits = e.bit_or(e.shift_right_logical(bits, 9), 0x3F800000)
        return e.subtract(e.bitcast(bits, "f32"), 1.0)
    wide = e.bit_or(e.shift_left(_wide(writer, first), 32), _wide(writer, second))
    if type == "i64":
        return wide
    wide = e.bit_or(e.shift_right_logical(wide, 12), 0x3FF0000000000000)
    return e.subtract(e.bitcast(wide, "f64"), 1.0)


def _wide(writer: Writer, word: Value) -> Value:
    """Return a word as 64 bits, zeros in front."""
    return writer.e.bit_and(writer.e.convert(word, "i64"), 0xFFFFFFFF)
