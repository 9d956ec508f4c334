"""Conversions between the types that numbers have in memory and in registers."""

from thalweg.engines.llvm.ir.arithmetic import Arithmetic, suffix
from thalweg.engines.llvm.ir.values import BITS, LLVM_TYPES, Value, is_float, relabelled, type_text

# The bits of a half's infinity, and of the same number and of 2⁻¹⁴, 2¹⁶ as float32.
_HALF_INFINITY, _INFINITY = 0x7C00, 0x7F800000

_LEAST_NORMAL, _TOO_LARGE = 0x38800000, 0x47800000


class Conversions(Arithmetic):
    """NumPy's astype. Halves are bits: no processor is asked for instructions on them."""

    def convert(self, v: Value, type: str) -> Value:
        """The number as another type; a float outside an integer's range saturates, NaN is 0.

        Integers of less than 32 bits are cut out of one of 32, as a processor does it.
        """
        if v.type == type:
            return v
        if v.type == "f16":
            return self.convert(self._from_half(v), type)
        if type == "f16":
            return self._to_half(v)
        if type == "i1":
            return self.compare("une" if is_float(v.type) else "ne", v, 0)
        if is_float(v.type) and not is_float(type):
            return self._to_integer(v, type)
        if not is_float(type) and BITS[v.type] == BITS[type]:
            return relabelled(v, type)
        text = f"{_cast(v.type, type)} {v} to {type_text(type, v.width)}"
        return self.instruction(text, type, v.width, (v,))

    def _to_integer(self, v: Value, type: str) -> Value:
        if BITS[type] < 32 or type == "u32":
            return self.convert(self.convert(v, "i32" if BITS[type] < 32 else "i64"), type)
        operation = "fptoui" if type == "u64" else "fptosi"
        integer = LLVM_TYPES[type]
        to = suffix(Value("", integer, v.width, 0))
        found = self._call(f"llvm.{operation}.sat.{to}.{suffix(v)}", integer, [v])
        return relabelled(found, type)

    def _from_half(self, v: Value) -> Value:
        """The float32 of a half: its bits moved, and its exponent set right by a product."""
        bits = self.convert(relabelled(v, "u16"), "i32")
        moved = self.shift_left(self.bit_and(bits, 0x7FFF), 13)
        scaled = self.bitcast(self.multiply(self.bitcast(moved, "f32"), 2.0**112), "i32")
        special = self.compare("uge", moved, _HALF_INFINITY << 13)
        magnitude = self.select(special, self.bit_or(moved, _INFINITY), scaled)
        sign = self.shift_left(self.bit_and(bits, 0x8000), 16)
        return self.bitcast(self.bit_or(magnitude, sign), "f32")

    def _to_half(self, v: Value) -> Value:
        """The half nearest to a number, ties to even."""
        bits = self.bitcast(self._odd(v) if v.type == "f64" else self.convert(v, "f32"), "i32")
        magnitude = self.bit_and(bits, 0x7FFFFFFF)
        sign = self.bit_and(self.shift_right_logical(bits, 16), 0x8000)
        # Below the least normal half, adding 1/2 rounds to a multiple of 2⁻²⁴.
        half = self.add(self.bitcast(magnitude, "f32"), 0.5)
        small = self.subtract(self.bitcast(half, "i32"), 0x3F000000)
        tie = self.bit_and(self.shift_right_logical(magnitude, 13), 1)
        rounded = self.add(self.add(magnitude, 0xFFF - (112 << 23)), tie)
        normal = self.shift_right_logical(rounded, 13)
        found = self.select(self.compare("ult", magnitude, _LEAST_NORMAL), small, normal)
        is_nan = self.compare("ugt", magnitude, _INFINITY)
        large = self.select(is_nan, 0x7E00, self.constant(_HALF_INFINITY, "i32"))
        found = self.select(self.compare("uge", magnitude, _TOO_LARGE), large, found)
        return relabelled(self.convert(self.bit_or(found, sign), "u16"), "f16")

    def _odd(self, v: Value) -> Value:
        """A float64 as float32, cut off and its last bit set where something was lost.

        What is rounded to fewer bits afterwards is then as if it had been rounded once.
        """
        near = self.convert(v, "f32")
        back = self.convert(near, "f64")
        bits = self.bitcast(near, "i32")
        beyond = self.compare("ogt", self.absolute(back), self.absolute(v))
        cut = self.select(beyond, self.subtract(bits, 1), bits)
        exact = self.compare("ueq", back, v)
        return self.bitcast(self.select(exact, bits, self.bit_or(cut, 1)), "f32")


def _cast(source: str, result: str) -> str:
    """The LLVM cast between two types of different size or kind."""
    unsigned = source == "i1" or source[0] == "u"
    if is_float(source):
        return "fpext" if BITS[result] > BITS[source] else "fptrunc"
    if is_float(result):
        return "uitofp" if unsigned else "sitofp"
    if BITS[result] < BITS[source]:
        return "trunc"
    return "zext" if unsigned else "sext"
