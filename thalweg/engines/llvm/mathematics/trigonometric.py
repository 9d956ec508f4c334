"""Sine, cosine and tangent.

x = n·π/2 + r with |r| ≤ π/4, π/2 in parts (Cody and Waite, 1980), and polynomials in r². Lanes too
large for that, which are rare, go through the C library in a loop of their own.
"""

import functools
from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.lanes import shared, where_rare
from thalweg.engines.llvm.mathematics.polynomials import (
    FORMATS,
    fast_two_sum,
    flip_sign,
    polynomial,
    round_to_integer,
)

_TWO_OVER_PI = 0.6366197723675814

# π/2 in parts. A fused multiply-add takes each product exactly; without it the parts must be
# short enough for that (33 bits, n < 2^20).
_FUSED_PARTS = (1.5707963267948966, 6.123233995736765e-17, 1.082856673921914e-32)

_FUSED_PARTS_F32 = (1.570796251296997, 7.549789415861596e-08, 5.390302858158119e-15)

_SHORT_PARTS = (
    1.5707963267341256,
    6.077100506303966e-11,
    2.0222662487111665e-21,
    8.4784276603689e-32,
)

# (sin(r)/r - 1) / r², (cos(r) - 1 + r²/2) / r⁴ and (tan(r)/r - 1) / r² as polynomials in r², for
# |r| ≤ π/4: errors 2^-57 (sin), 2^-60 (cos), 2^-56 (tan) and 2^-28, 2^-33, 2^-29 in float32.
_SIN = {
    "f64": (
        -0.16666666666666632,
        0.008333333333322392,
        -0.0001984126982978956,
        2.75573136853192e-06,
        -2.5050757042714954e-08,
        1.589673133385118e-10,
    ),
    "f32": (-0.166666552, 0.00833219104, -0.00019518612),
}

_COS = {
    "f64": (
        0.0416666666666666,
        -0.0013888888888874094,
        2.480158728946295e-05,
        -2.755731434652958e-07,
        2.087572245292629e-09,
        -1.135960379033058e-11,
    ),
    "f32": (0.0416666456, -0.00138873013, 2.44306684e-05),
}

_TAN = {
    "f64": (
        0.3333333333333271,
        0.13333333333423353,
        0.053968253922736444,
        0.02186948969815589,
        0.008863217971937804,
        0.0035922993230427286,
        0.0014546985263979996,
        0.0005953042768541704,
        0.0002217015360935143,
        0.00013787065592094983,
        -2.8215383424794976e-05,
        9.107726899910154e-05,
        -4.572581468015353e-05,
        2.1061286799455093e-05,
    ),
    "f32": (
        0.333333522,
        0.13332583,
        0.0540683456,
        0.0212424081,
        0.0109294727,
        -1.82191216e-05,
        0.00442462927,
    ),
}


def _with_library(fast: Callable[[Emitter, Value], Value]) -> Callable[..., Value]:
    """Take the lanes beyond a function's range from the C library's function of its name."""

    def exact(e: Emitter, x: Value) -> Value:
        found = e.call(fast.__name__, e.convert(x, "f64"), attributes="cold")
        return e.convert(found, x.type)

    @functools.wraps(fast)
    def function(e: Emitter, x: Value) -> Value:
        large = e.compare("ogt", e.absolute(x), _limit(e, x.type))
        return where_rare(e, large, fast(e, x), exact, x)

    return shared(function)


@_with_library
def sin(e: Emitter, x: Value) -> Value:
    """The sine."""
    # |x| is reduced and the sign put back, which keeps that of a zero.
    n, r, low = _reduced(e, e.absolute(x))
    chosen = e.select(_is_odd(e, n), _cosine(e, r, low), _sine(e, r, low))
    sign = e.bit_xor(e.bitcast(x, n.type), e.shift_left(n, FORMATS[x.type].bits - 2))
    return flip_sign(e, chosen, sign)


@_with_library
def cos(e: Emitter, x: Value) -> Value:
    """The cosine."""
    n, r, low = _reduced(e, e.absolute(x))
    chosen = e.select(_is_odd(e, n), _sine(e, r, low), _cosine(e, r, low))
    return flip_sign(e, chosen, e.shift_left(e.add(n, 1), FORMATS[x.type].bits - 2))


@_with_library
def tan(e: Emitter, x: Value) -> Value:
    """The tangent."""
    n, r, low = _reduced_long(e, e.absolute(x))
    z = e.multiply(r, r)
    series = e.multiply(e.multiply(r, z), polynomial(e, z, _TAN[x.type]))
    # The lower part, times a rough derivative of the tangent.
    t, lost = fast_two_sum(e, r, e.add(series, e.fma(low, z, low)))
    inverse = e.divide(-1.0, t)
    # -1/(t + lost) = -1/t + lost/t²
    cotangent = e.fma(e.multiply(inverse, lost), inverse, inverse)
    result = e.select(_is_odd(e, n), cotangent, t)
    return flip_sign(e, result, e.bitcast(x, n.type))


def _reduced(e: Emitter, x: Value) -> tuple[Value, Value, Value | None]:
    """The integer n, r = x - n·π/2, and what that lost where it is much, for x ≥ 0."""
    if not e.target.fused:
        n, r, low = _reduced_long(e, x)
        return n, r, None if x.type == "f32" else low
    n, number = round_to_integer(e, x, _TWO_OVER_PI)
    r = x
    for part in _parts(e, x.type):
        r = e.fma(number, -part, r)
    return n, r, None


def _reduced_long(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """The integer n and x - n·π/2 as a rounded number and what that lost, for x ≥ 0."""
    if x.type == "f32" and not e.target.fused:
        return _reduced_through_f64(e, x)
    n, number = round_to_integer(e, x, _TWO_OVER_PI)
    first, *parts = _parts(e, x.type)
    r, low = e.fma(number, -first, x), e.constant(0.0, x.type, x.width)
    for part in parts:
        product = e.multiply(number, part)
        following = e.subtract(r, product)
        low = e.add(low, e.subtract(e.subtract(r, following), product))
        if e.target.fused:
            low = e.subtract(low, e.fma(number, part, e.negate(product)))
        r = following
    return n, r, low


def _reduced_through_f64(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """The reduction in twice the length, where products in the short one would be rounded."""
    n, r, _ = _reduced_long(e, e.convert(x, "f64"))
    rounded = e.convert(r, "f32")
    low = e.convert(e.subtract(r, e.convert(rounded, "f64")), "f32")
    return e.convert(n, "i32"), rounded, low


def _parts(e: Emitter, type: str) -> tuple[float, ...]:
    """The parts of π/2 that suit a type and target."""
    if type == "f32":
        return _FUSED_PARTS_F32
    return _FUSED_PARTS if e.target.fused else _SHORT_PARTS


def _sine(e: Emitter, r: Value, low: Value | None) -> Value:
    """The sine of r + low, |r| ≤ π/4."""
    z = e.multiply(r, r)
    rest = e.multiply(e.multiply(z, r), polynomial(e, z, _SIN[r.type]))
    return e.add(r, rest if low is None else e.add(rest, low))


def _cosine(e: Emitter, r: Value, low: Value | None) -> Value:
    """The cosine of r + low, |r| ≤ π/4."""
    z = e.multiply(r, r)
    high, lost = fast_two_sum(e, e.constant(1.0, r.type, r.width), e.multiply(z, -0.5))
    if low is not None:
        lost = e.fma(e.negate(r), low, lost)
    return e.add(high, e.fma(e.multiply(z, z), polynomial(e, z, _COS[r.type]), lost))


def _is_odd(e: Emitter, n: Value) -> Value:
    return e.compare("ne", e.bit_and(n, 1), 0)


def _limit(e: Emitter, type: str) -> float:
    """How large an argument the reduction bears, its smallest remainders included."""
    return 1e5 if type == "f32" or not e.target.fused else 1e9
