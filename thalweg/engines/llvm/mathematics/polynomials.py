"""What the vector mathematics is built from: polynomials, formats, powers of two, exact sums.

Every function of the mathematics works on float32 and float64 at any width, keeps NumPy's
meaning of NaN, ±inf, ±0 and subnormals, and needs no table. Coefficients are minimax (Remez's
exchange in 220-bit arithmetic, the error weighted to be relative to the function); those of
float32 are rounded one by one, the later ones refitted.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value


@dataclass(frozen=True, slots=True)
class Format:
    """The numbers that describe a floating-point type's layout."""

    integer: str
    bits: int
    mantissa: int
    bias: int
    sign: int
    smallest_normal: float

    @property
    def magic(self) -> float:
        """1.5·2^mantissa: adding it leaves the nearest integer in a number's lowest bits."""
        return 1.5 * 2.0**self.mantissa


FORMATS = {
    "f32": Format("i32", 32, 23, 127, 1 << 31, 2.0**-126),
    "f64": Format("i64", 64, 52, 1023, 1 << 63, 2.0**-1022),
}


def polynomial(e: Emitter, x: Value, coefficients: Sequence[float]) -> Value:
    """Σ cⱼ xʲ by Horner's rule, the even and odd powers apart while there are more than six.

    That is nearly as few instructions as Horner's rule alone, in chains half as long or less.
    """
    if len(coefficients) > 6:
        square = e.multiply(x, x)
        even = polynomial(e, square, coefficients[::2])
        return e.fma(polynomial(e, square, coefficients[1::2]), x, even)
    result = e.constant(coefficients[-1], x.type, x.width)
    for coefficient in coefficients[-2::-1]:
        result = e.fma(result, x, coefficient)
    return result


def clamp(e: Emitter, x: Value, low: float, high: float) -> Value:
    """The nearest number in [low, high]; NaN stays."""
    return e.maximum(e.minimum(x, high), low)


def round_to_integer(e: Emitter, x: Value, factor: float) -> tuple[Value, Value]:
    """The integer nearest to x·factor: in the lowest bits of an integer, and as a number.

    Unlike a conversion it is defined for NaN and inf, whose bits are then meaningless.
    """
    layout = FORMATS[x.type]
    shifted = e.fma(x, factor, layout.magic)
    return e.bitcast(shifted, layout.integer), e.subtract(shifted, layout.magic)


def power_of_two(e: Emitter, n: Value, type: str) -> Value:
    """2ⁿ for n in the normal range; bits of n above its lowest ones do not matter."""
    layout = FORMATS[type]
    return e.bitcast(e.shift_left(e.add(n, layout.bias), layout.mantissa), type)


def halve(e: Emitter, n: Value, type: str) -> Value:
    """⌊n/2⌋ of an integer from `round_to_integer`, sign and all."""
    # The magic number leaves `mantissa - 1` bits to the integer; the rest is its own exponent.
    unused = FORMATS[type].bits - FORMATS[type].mantissa + 1
    return e.shift_right_arithmetic(e.shift_left(n, unused), unused + 1)


def split_number(e: Emitter, x: Value, least: float = math.sqrt(0.5)) -> tuple[Value, Value]:
    """A positive number as (k, m): x = 2ᵏ·m with least ≤ m < 2·least, k as a number."""
    layout = FORMATS[x.type]
    # A subnormal becomes normal, and its exponent is corrected.
    small, shift = e.compare("olt", x, layout.smallest_normal), layout.mantissa + 2
    x = e.select(small, e.multiply(x, 2.0**shift), x)
    code = "dq" if x.type == "f64" else "fi"
    (lowest,) = struct.unpack(code[1], struct.pack(code[0], least))
    above = e.subtract(e.bitcast(x, layout.integer), lowest)
    fraction = e.bit_and(above, (1 << layout.mantissa) - 1)
    m = e.bitcast(e.add(fraction, lowest), x.type)
    # k + bias as the last bits of 2^mantissa, from which it is subtracted as a number: no
    # conversion, which vectors of 64-bit integers lack before AVX-512.
    biased = e.shift_right_logical(e.add(above, layout.bias << layout.mantissa), layout.mantissa)
    offset = (layout.bias + layout.mantissa) << layout.mantissa
    k = e.bitcast(e.bit_or(biased, offset), x.type)
    k = e.subtract(k, 2.0**layout.mantissa + layout.bias)
    return e.subtract(k, e.select(small, float(shift), e.constant(0.0, x.type))), m


def flip_sign(e: Emitter, x: Value, sign: Value) -> Value:
    """The number x, negated where the top bit of the integer `sign` is set."""
    layout = FORMATS[x.type]
    bit = e.bit_and(sign, layout.sign)
    return e.bitcast(e.bit_xor(e.bitcast(x, layout.integer), bit), x.type)


def fast_two_sum(e: Emitter, a: Value, b: Value) -> tuple[Value, Value]:
    """The sum a + b as a rounded sum and its exact error, for |a| ≥ |b| or a = 0 (Dekker, 1971)."""
    total = e.add(a, b)
    return total, e.subtract(b, e.subtract(total, a))


def two_sum(e: Emitter, a: Value, b: Value) -> tuple[Value, Value]:
    """The sum a + b as a rounded sum and its exact error (Knuth, 1969)."""
    total = e.add(a, b)
    part = e.subtract(total, a)
    return total, e.add(e.subtract(a, e.subtract(total, part)), e.subtract(b, part))


def two_product(e: Emitter, a: Value, b: Value) -> tuple[Value, Value]:
    """The product a·b as a rounded product and its exact error."""
    product = e.multiply(a, b)
    if e.target.fused:
        return product, e.fma(a, b, e.negate(product))
    (a_high, a_low), (b_high, b_low) = _halves(e, a), _halves(e, b)
    error = e.subtract(e.multiply(a_high, b_high), product)
    error = e.add(e.add(error, e.multiply(a_high, b_low)), e.multiply(a_low, b_high))
    return product, e.add(error, e.multiply(a_low, b_low))


def _halves(e: Emitter, a: Value) -> tuple[Value, Value]:
    """A number as two of half its bits (Veltkamp's splitting)."""
    shifted = e.multiply(a, 2.0 ** (FORMATS[a.type].mantissa // 2 + 1) + 1)
    high = e.subtract(shifted, e.subtract(shifted, a))
    return high, e.subtract(a, high)
