"""Functions of integers: shifts by any count, common divisors and multiples."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import BITS, Value
from thalweg.engines.llvm.mathematics.lanes import each_lane, shared


def shift_left(e: Emitter, x: Value, count: Value) -> Value:
    """Bits moved to higher places; 0 for counts that are negative or too large, as NumPy's."""
    bits = BITS[x.type]
    moved = e.shift_left(x, e.bit_and(count, bits - 1))
    return e.select(e.compare("ult", count, bits), moved, 0)


def shift_right(e: Emitter, x: Value, count: Value) -> Value:
    """Bits moved to lower places; the sign alone for counts that are negative or too large."""
    bits = BITS[x.type]
    within = e.select(e.compare("ult", count, bits), count, bits - 1)
    return e.shift_right_arithmetic(x, within)


@shared
def gcd(e: Emitter, x: Value, y: Value) -> Value:
    """The greatest common divisor, of 0 and y |y|; the least integer is its own magnitude."""
    return each_lane(e, _binary_gcd, x, y)


def lcm(e: Emitter, x: Value, y: Value) -> Value:
    """The least common multiple, 0 if one is 0; it wraps."""
    return e.multiply(e.absolute(e.divide(x, gcd(e, x, y))), e.absolute(y))


def _binary_gcd(e: Emitter, x: Value, y: Value) -> Value:
    """Stein's algorithm (1967): an odd number and another are replaced by the less and their gap.

    Magnitudes are unsigned, so that of the least integer is one too.
    """
    a, b = e.absolute(x), e.absolute(y)
    # A zero becomes the other number, and two of them 1.
    a, b = e.select(e.compare("eq", a, 0), b, a), e.select(e.compare("eq", b, 0), a, b)
    nothing = e.compare("eq", a, 0)
    a, b = e.select(nothing, 1, a), e.select(nothing, 1, b)
    twos = e.trailing_zeros(e.bit_or(a, b))
    a = e.shift_right_logical(a, e.trailing_zeros(a))
    # Every turn takes a bit at least from one of the two.
    _, (a, b) = e.begin_loop(2 * BITS[x.type], [a, b])
    b = e.shift_right_logical(b, e.trailing_zeros(b))
    less = e.compare("ult", a, b)
    gap = e.select(less, e.subtract(b, a), e.subtract(a, b))
    a, _ = e.end_loop([e.select(less, a, b), gap], going=e.compare("ne", gap, 0))
    return e.select(nothing, 0, e.shift_left(a, twos))
