"""The incomplete beta function, regularized.

I_x(a, b) is the fraction below where x lies before the mean a / (a + b), and 1 - I_y(b, a),
y = 1 - x, beyond it. The fraction ends after some √(a + b) turns at most; its factor is taken
about the mean, where the large parts of it cancel.

Source:
    Didonato & Morris, "Algorithm 708", 1992, equation 9, the even part of DLMF 8.17.22, by
    Steed's method.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp, expm1
from thalweg.engines.llvm.mathematics.logarithm import log, log1p
from thalweg.engines.llvm.mathematics.polynomials import two_product
from thalweg.engines.llvm.mathematics.special.gamma import binet, digamma, lgamma1p
from thalweg.engines.llvm.mathematics.special.incomplete import matters, turn
from thalweg.engines.llvm.mathematics.special.pieces import Function, excess, in_double, only_where
from thalweg.engines.llvm.mathematics.special.zeta import zeta

_INF, _NAN = float("inf"), float("nan")

# Turns enough for parameters up to 10⁹; where there are more to take, the result is NaN.
_MOST = 30_000

# Where b is so small beside a, close to 1 I is the rest of a series for the other side.
_SLIGHT = 0.25

_TWO_PI = 6.283185307179586

Parts = tuple[Value, Value, Value, Value]


@in_double
def betainc(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The incomplete beta function I_x(a, b), regularized."""
    inside, beyond, parts = operands(e, a, b, x, _is_swapped)
    one, other, _, near = parts
    slight = e.bit_and(inside, _is_slight(e, one, other, near))
    wanted = e.bit_and(inside, e.invert(slight))
    found = only_where(e, wanted, _value, parts, e.constant(0.0, x.type, x.width))
    found = only_where(e, slight, _value_of_slight, parts, found)
    found = e.select(beyond, e.subtract(1.0, found), found)
    found = e.select(e.compare("ogt", found, 1.0), 1.0, found)
    return at_edges(e, (a, b, x), inside, found, 1.0)


def lower_of(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """I_x(a, b) and its derivative by ln x / y, of positive numbers x and y = 1 - x."""
    slight = _is_slight(e, a, b, y)
    beyond = e.bit_and(is_beyond(e, a, b, x, y), e.invert(slight))
    swapped = [e.select(beyond, *pair) for pair in ((b, a), (a, b), (y, x), (x, y))]
    # Lanes that are not wanted end at once.
    easy = (1.0, 1.0, 0.25, 0.75)
    swapped = [e.select(slight, *pair) for pair in zip(easy, swapped, strict=True)]
    zero = e.constant(0.0, x.type, x.width)
    found = only_where(e, e.invert(slight), _value, swapped, zero)
    found = e.select(beyond, e.subtract(1.0, found), found)
    found = only_where(e, slight, _value_of_slight, [a, b, x, y], found)
    return found, density(e, a, b, x, y)


def density(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """xᵃ yᵇ / B(a, b), the derivative of I_x(a, b) by ln x / y."""
    share = e.multiply(a, e.divide(b, e.add(a, b)))
    return e.multiply(height(e, a, b, x, y), share)


def is_beyond(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """Whether x lies beyond the mean."""
    return e.compare("ogt", e.multiply(x, b), e.multiply(y, a))


def operands(
    e: Emitter, a: Value, b: Value, x: Value, is_swapped: Function
) -> tuple[Value, Value, Parts]:
    """Where all are inside of their ranges, where sides are changed, and the operands after it."""
    positive = e.bit_and(e.compare("ogt", a, 0.0), e.compare("ogt", b, 0.0))
    finite = e.bit_and(e.compare("olt", a, _INF), e.compare("olt", b, _INF))
    between = e.bit_and(e.compare("ogt", x, 0.0), e.compare("olt", x, 1.0))
    inside = e.bit_and(e.bit_and(positive, finite), between)
    a, b = e.select(inside, a, 1.0), e.select(inside, b, 1.0)
    x = e.select(inside, x, 0.25)
    y = e.subtract(1.0, x)
    beyond = is_swapped(e, a, b, x, y)
    first = e.select(beyond, b, a), e.select(beyond, a, b)
    return inside, beyond, (*first, e.select(beyond, y, x), e.select(beyond, x, y))


def at_edges(
    e: Emitter, given: tuple[Value, Value, Value], inside: Value, found: Value, whole: float
) -> Value:
    """The result inside, and at the edges 0 or what it is of the whole; NaN outside."""
    a, b, x = given
    all_of_it, nothing = e.constant(whole, x.type, x.width), e.constant(0.0, x.type, x.width)
    at_start = e.bit_or(e.compare("oeq", a, 0.0), e.compare("oeq", b, _INF))
    at_end = e.bit_or(e.compare("oeq", b, 0.0), e.compare("oeq", a, _INF))
    edge = e.select(at_start, all_of_it, nothing)
    edge = e.select(e.compare("oeq", x, 0.0), nothing, edge)
    edge = e.select(e.compare("oeq", x, 1.0), all_of_it, edge)
    wrong = e.bit_or(e.compare("ult", a, 0.0), e.compare("ult", b, 0.0))
    outside = e.bit_or(e.compare("ult", x, 0.0), e.compare("ugt", x, 1.0))
    wrong = e.bit_or(e.bit_or(wrong, outside), e.bit_and(at_start, at_end))
    return e.select(inside, found, e.select(wrong, _NAN, edge))


def distance(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """λ = b x - a y, whose parts cancel at the mean."""
    product, error = two_product(e, b, x)
    other, other_error = two_product(e, a, y)
    lost = e.subtract(error, other_error)
    # Of very large parameters the errors overflow.
    lost = e.select(e.compare("uno", lost, lost), 0.0, lost)
    return e.add(e.subtract(product, other), lost)


# ---- E = xᵃ yᵇ Γ(1 + a + b) / (Γ(1 + a) Γ(1 + b))


def log_of_rest(e: Emitter, x: Value, y: Value) -> Value:
    """The logarithm of y = 1 - x, with the digits of the smaller of both."""
    small = e.compare("olt", x, 0.5)
    near = log1p(e, e.select(small, e.negate(x), 0.0))
    return e.select(small, near, log(e, y))


def height(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """E, for parameters that are not small about the mean, where large parts cancel."""
    total, gap = e.add(a, b), distance(e, a, b, x, y)
    few = e.compare("olt", total, 2.0)
    p, q = e.select(few, a, 0.5), e.select(few, b, 0.5)
    small = e.fma(p, log(e, x), e.multiply(q, log_of_rest(e, x, y)))
    gammas = e.subtract(e.subtract(lgamma1p(e, e.add(p, q)), lgamma1p(e, p)), lgamma1p(e, q))
    small = e.add(small, gammas)
    both = e.maximum(total, 2.0)
    one, first = _part(e, a, gap, e.multiply(x, both))
    other, second = _part(e, b, e.negate(gap), e.multiply(y, both))
    # Γ(1 + a) has the factor √(2πa) if it is taken by Stirling's formula.
    factor = e.sqrt(e.multiply(e.divide(both, one), e.divide(_TWO_PI, other)))
    exponent = e.add(e.add(first, second), binet(e, both))
    power = exp(e, e.select(few, small, exponent))
    return e.select(few, power, e.multiply(power, factor))


def _part(e: Emitter, a: Value, gap: Value, product: Value) -> tuple[Value, Value]:
    """The part of E that belongs to a: a divisor under the root, and an exponent."""
    few, small, large = e.compare("olt", a, 2.0), e.minimum(a, 2.0), e.maximum(a, 2.0)
    exponent = e.subtract(e.multiply(small, log(e, product)), small)
    exponent = e.subtract(e.subtract(exponent, gap), lgamma1p(e, small))
    over = excess(e, e.divide(gap, large), e.divide(product, large))
    far = e.negate(e.fma(large, over, binet(e, large)))
    return e.select(few, 1.0, e.multiply(large, _TWO_PI)), e.select(few, exponent, far)


# ---- the fraction


def _value(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """I_x(a, b) = E b / (a + b) · a / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …)))."""
    mean, factor = e.subtract(1.0, distance(e, a, b, x, y)), height(e, a, b, x, y)
    # Lanes that are not wanted end at once.
    x = e.select(_is_slight(e, a, b, y), 0.0, x)
    wide, inverse = e.add(y, 1.0), e.divide(1.0, e.add(a, 1.0))
    first, total = e.divide(1.0, e.multiply(mean, inverse)), e.add(a, b)
    factor = e.multiply(factor, e.divide(b, total))
    index, (q, inner, step, found, _) = e.begin_loop(_MOST, [inverse, first, first, first, first])
    m = turn(e, index, x.type)
    r = e.divide(1.0, e.add(e.add(a, 1.0), e.add(m, m)))
    less = e.subtract(m, 1.0)
    across = e.multiply(e.multiply(m, e.subtract(b, m)), x)
    # Without its factor a, a₁ has none.
    one = e.select(e.compare("oeq", m, 1.0), q, e.multiply(e.add(a, less), q))
    above = e.multiply(one, e.multiply(e.add(total, less), q))
    above = e.multiply(above, e.multiply(across, x))
    below = e.fma(across, q, m)
    below = e.fma(e.multiply(e.add(a, m), r), e.fma(m, wide, mean), below)
    inner = e.divide(1.0, e.fma(above, inner, below))
    step = e.multiply(step, e.fma(below, inner, e.constant(-1.0, x.type)))
    after = e.add(found, step)
    going = e.any_lane(matters(e, step, after))
    *_, found, step = e.end_loop([r, inner, step, after, step], going=going)
    return e.select(matters(e, step, found), _NAN, e.multiply(factor, found))


def _is_slight(e: Emitter, a: Value, b: Value, y: Value) -> Value:
    slight = e.compare("olt", b, e.multiply(e.minimum(a, 1.0), _SLIGHT))
    return e.bit_and(slight, e.compare("olt", e.multiply(e.maximum(a, 1.0), y), _SLIGHT))


def _is_swapped(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    return e.bit_and(is_beyond(e, a, b, x, y), e.invert(_is_slight(e, a, b, y)))


_TERMS = 28


def _value_of_slight(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """1 - I_y(b, a) = 1 - yᵇ / (b B(a, b)) (1 + b Σ (1 - a) … (n - a) yⁿ / (n! (b + n)))."""
    # ln Γ(a + b) - ln Γ(a), raised by two: 2 h ψ(m) - 2 Σ hⁿ ζ(n, m) / n about m, of odd n.
    half = e.multiply(b, 0.5)
    middle, square = e.add(e.add(a, 2.0), half), e.multiply(half, half)
    bend = e.constant(0.0, x.type, x.width)
    for order in (11.0, 9.0, 7.0, 5.0, 3.0):
        part = zeta(e, e.constant(order, x.type, x.width), middle)
        part = e.multiply(part, 1.0 / order)
        bend = e.multiply(e.add(bend, part), square)
    shift = e.multiply(b, e.subtract(digamma(e, middle), bend))
    shift = e.subtract(shift, log1p(e, e.divide(b, a)))
    shift = e.subtract(shift, log1p(e, e.divide(b, e.add(a, 1.0))))
    exponent = e.add(e.subtract(e.multiply(b, log(e, y)), lgamma1p(e, e.minimum(b, 1.0))), shift)
    zero, one = e.constant(0.0, x.type, x.width), e.constant(1.0, x.type, x.width)
    index, (term, total) = e.begin_loop(_TERMS, [one, zero])
    n = turn(e, index, x.type)
    term = e.multiply(term, e.multiply(e.subtract(n, a), e.divide(y, n)))
    _, total = e.end_loop([term, e.add(total, e.divide(term, e.add(b, n)))])
    rest = e.multiply(e.multiply(b, total), exp(e, exponent))
    return e.negate(e.add(expm1(e, exponent), rest))
