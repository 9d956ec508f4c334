"""Normal numbers of uniform ones, to the last bit as `thalweg.random.box_muller` has them.

Its polynomials, every product fused with its sum. They are exact for float32 alone.
"""

from collections.abc import Sequence

import numpy as np

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.random.box_muller import (
    COSINE,
    LN2,
    LOGARITHM,
    QUARTER_PI,
    SINE,
    SMALLEST_NORMAL,
    SQRT_HALF,
)

_TURN = float(np.float32(2 * np.pi))

_OCTANTS = float(np.float32(4 / np.pi))


def normal_radius(e: Emitter, u: Value) -> Value:
    """√(-2 ln(1 - u))."""
    return e.sqrt(e.multiply(-2.0, _logarithm(e, e.subtract(1.0, u))))


def _logarithm(e: Emitter, x: Value) -> Value:
    bits = e.bitcast(e.maximum(x, float(SMALLEST_NORMAL)), "i32")
    exponent = e.convert(e.subtract(e.shift_right_logical(bits, 23), 126), "f32")
    fraction = e.bitcast(e.bit_or(e.bit_and(bits, 0x7FFFFF), 0x3F000000), "f32")
    small = e.compare("olt", fraction, float(SQRT_HALF))
    exponent = e.subtract(exponent, e.select(small, 1.0, e.constant(0.0, "f32", x.width)))
    t = e.add(e.subtract(fraction, 1.0), e.select(small, fraction, 0.0))
    square = e.multiply(t, t)
    tail = e.multiply(_polynomial(e, t, LOGARITHM), t)
    tail = e.fma(tail, square, e.multiply(exponent, float(LN2[1])))
    tail = e.fma(e.negate(square), 0.5, tail)
    return e.fma(exponent, float(LN2[0]), e.add(t, tail))


def normal_cosine(e: Emitter, u: Value) -> Value:
    """The cosine of 2π u."""
    octant, cosine, sine = _parts(e, u)
    wanted = e.select(_has(e, octant, 2), sine, cosine)
    return e.select(_has(e, e.add(octant, 2), 4), e.negate(wanted), wanted)


def normal_sine(e: Emitter, u: Value) -> Value:
    """The sine of 2π u."""
    octant, cosine, sine = _parts(e, u)
    wanted = e.select(_has(e, octant, 2), cosine, sine)
    return e.select(_has(e, octant, 4), e.negate(wanted), wanted)


def _has(e: Emitter, octant: Value, bit: int) -> Value:
    return e.compare("ne", e.bit_and(octant, bit), 0)


def _parts(e: Emitter, u: Value) -> tuple[Value, Value, Value]:
    """The octant of an angle, and the polynomials of what is beyond it."""
    x = e.multiply(_TURN, u)
    octant = e.bit_and(e.add(e.convert(e.multiply(x, _OCTANTS), "i32"), 1), -2)
    turns = e.convert(octant, "f32")
    for part in QUARTER_PI:
        x = e.fma(turns, float(np.float32(-part)), x)
    square = e.multiply(x, x)
    cosine = e.multiply(_polynomial(e, square, COSINE), square)
    cosine = e.add(e.fma(cosine, square, e.multiply(square, -0.5)), 1.0)
    sine = e.fma(e.multiply(_polynomial(e, square, SINE), square), x, x)
    return octant, cosine, sine


def _polynomial(e: Emitter, x: Value, coefficients: Sequence[float]) -> Value:
    first, *others = [float(np.float32(coefficient)) for coefficient in coefficients]
    value = e.constant(first, "f32", x.width)
    for coefficient in others:
        value = e.fma(value, x, coefficient)
    return value
