"""Functions of integers: shifts by any count, common divisors and multiples."""

from collections.abc import Callable

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import BITS, Value
from thalweg.engines.llvm.mathematics.lanes import shared

# So many divisors are searched at the same time.
_TOGETHER = 4


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
    return _by_divisors(e, x, y, lambda a, b, divisor: divisor)


@shared
def lcm(e: Emitter, x: Value, y: Value) -> Value:
    """The least common multiple, 0 if one is 0; it wraps."""

    def multiple(a: Value, b: Value, divisor: Value) -> Value:
        return e.multiply(e.absolute(e.divide(a, divisor)), e.absolute(b))

    return _by_divisors(e, x, y, multiple)


def _by_divisors(e: Emitter, x: Value, y: Value, function: Callable[..., Value]) -> Value:
    """A function of every two numbers and their common divisor."""
    found = e.constant(0, x.type, x.width)
    for first in range(0, x.width, _TOGETHER):
        lanes = range(first, min(first + _TOGETHER, x.width))
        pairs = [(e.extract(x, i), e.extract(y, i)) for i in lanes]
        for i, pair, divisor in zip(lanes, pairs, _binary_gcd(e, pairs), strict=True):
            found = e.insert(found, function(*pair, divisor), i)
    return found


def _binary_gcd(e: Emitter, pairs: list[tuple[Value, Value]]) -> list[Value]:
    """Stein's algorithm (1967): of two odd numbers, one is replaced by the odd part of their gap.

    Magnitudes are unsigned, so that of the least integer is one too. Pairs are independent of each
    other, and computed at the same time.
    """
    begun = [_odd_parts(e, *pair) for pair in pairs]
    carried = [v for a, b, _, _ in begun for v in (a, b)]
    type = carried[0].type
    # Every turn takes a bit at least from one of the two.
    _, odd = e.begin_loop(2 * BITS[type], carried)
    following, going = [], e.constant(0, "i1")
    for a, b in zip(odd[::2], odd[1::2], strict=True):
        gap = e.subtract(a, b)
        unequal, less = e.compare("ne", gap, 0), e.compare("ult", a, b)
        zeros = e.trailing_zeros(e.select(unequal, gap, 1))
        size = e.shift_right_logical(e.select(less, e.negate(gap), gap), zeros)
        following += [e.select(less, a, b), e.select(unequal, size, b)]
        going = e.bit_or(going, unequal)
    odd = e.end_loop(following, going=going)
    return [
        e.select(nothing, 0, e.shift_left(divisor, twos))
        for divisor, (_, _, twos, nothing) in zip(odd[::2], begun, strict=True)
    ]


def _odd_parts(e: Emitter, x: Value, y: Value) -> tuple[Value, Value, Value, Value]:
    """Two odd numbers of the same odd divisors, the common twos, and whether both were 0."""
    less = e.compare("ult", e.absolute(x), e.absolute(y))
    x, y = e.select(less, y, x), e.select(less, x, y)
    # A division at first, since the larger may be much larger. A zero becomes the other number.
    a, b = e.absolute(e.remainder(x, y)), e.absolute(y)
    a = e.select(e.compare("eq", b, 0), e.absolute(x), a)
    a, b = e.select(e.compare("eq", a, 0), b, a), e.select(e.compare("eq", b, 0), a, b)
    nothing = e.compare("eq", a, 0)
    a, b = e.select(nothing, 1, a), e.select(nothing, 1, b)
    twos = e.trailing_zeros(e.bit_or(a, b))
    a, b = (e.shift_right_logical(v, e.trailing_zeros(v)) for v in (a, b))
    return a, b, twos, nothing
