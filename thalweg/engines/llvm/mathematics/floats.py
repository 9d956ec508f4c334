"""Floating-point numbers as such, all exact: remainders, neighbours, signs, whole numbers."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.lanes import shared, where_rare
from thalweg.engines.llvm.mathematics.polynomials import FORMATS, two_product

# Quotients below the first are known to an integer or the next. Without a fused multiply-add,
# float32 wants exact products of quotient and divisor, and float64 ones that can be split.
_QUOTIENTS, _SHORT_QUOTIENTS, _DIVIDENDS = 2.0**53, 2.0**29, 2.0**990


@shared
def fmod(e: Emitter, x: Value, y: Value) -> Value:
    """The remainder with the sign of x, exact; NaN for infinite x and by 0.

    x - ⌊x/y⌋·y of magnitudes, exact where the quotient has no more bits than a number. Other
    lanes, which are rare, go through the C library.
    """
    wide = [e.absolute(e.convert(v, "f64")) for v in (x, y)]
    rest, rare = _remainder_of_f32(e, *wide) if x.type == "f32" else _remainder_of_f64(e, *wide)
    rest = e.select(e.compare("olt", wide[0], wide[1]), wide[0], rest)
    rest = e.copysign(e.convert(rest, x.type), x)
    return where_rare(e, rare, rest, Emitter.remainder, x, y)


def _remainder_of_f32(e: Emitter, a: Value, b: Value) -> tuple[Value, Value]:
    """The remainder of magnitudes that were float32, and where it is wrong."""
    quotient = e.divide(a, b)
    limit = _QUOTIENTS if e.target.fused else _SHORT_QUOTIENTS
    rest = e.fma(e.negate(e.floor(quotient)), b, a)
    return _corrected(e, rest, b), e.compare("oge", quotient, limit)


def _remainder_of_f64(e: Emitter, a: Value, b: Value) -> tuple[Value, Value]:
    quotient = e.divide(a, b)
    rare = e.compare("oge", quotient, _QUOTIENTS)
    if e.target.fused:
        return _corrected(e, e.fma(e.negate(e.floor(quotient)), b, a), b), rare
    product, error = two_product(e, e.floor(quotient), b)
    rest = e.subtract(e.subtract(a, product), error)
    return _corrected(e, rest, b), e.bit_or(rare, e.compare("oge", a, _DIVIDENDS))


def _corrected(e: Emitter, rest: Value, b: Value) -> Value:
    """The remainder, if the quotient was rounded up to an integer."""
    return e.select(e.compare("olt", rest, 0.0), e.add(rest, b), rest)


def nextafter(e: Emitter, x: Value, y: Value) -> Value:
    """The number next to x in the direction of y, whose neighbours are bits next to each other."""
    x, y = e.unify(x, y)
    layout = FORMATS[x.type]
    towards_zero = e.bit_xor(e.compare("ogt", y, x), e.compare("ogt", x, 0.0))
    bits = e.bitcast(x, layout.integer)
    step = e.select(towards_zero, e.constant(-1, layout.integer, x.width), 1)
    moved = e.bitcast(e.add(bits, step), x.type)
    smallest = layout.smallest_normal * 2.0**-layout.mantissa
    moved = e.select(e.compare("oeq", x, 0.0), e.copysign(smallest, y), moved)
    moved = e.select(e.compare("oeq", x, y), y, moved)
    return e.select(e.compare("uno", x, y), e.add(x, y), moved)


def rint(e: Emitter, x: Value) -> Value:
    """The nearest integer, the even one of two equally near."""
    return e.intrinsic("rint", x)


def sign_bit(e: Emitter, x: Value) -> Value:
    """1 where the sign bit is set, of zeros too; else 0."""
    negative = e.compare("slt", e.bitcast(x, FORMATS[x.type].integer), 0)
    return e.select(negative, e.constant(1.0, x.type, x.width), 0.0)
