"""The incomplete gamma functions, regularized, and their derivative by the shape.

P(a, x) is summed up to x = a, and Q = 1 - P a continued fraction beyond it; for small x what Q
lacks of 1 is a series of its own, and for large a near x an expansion in complementary error
functions serves both. Loops end when no lane's result changes any more: it then is the same
whatever the lanes beside it.

Source:
    DLMF 8.7.1, 8.7.3 and 8.9.2; the fraction by Steed's method. Temme (1979), DLMF 8.12, for
    large a.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp, expm1
from thalweg.engines.llvm.mathematics.logarithm import log, log1p
from thalweg.engines.llvm.mathematics.polynomials import polynomial, two_product, two_sum
from thalweg.engines.llvm.mathematics.special.error import erfc
from thalweg.engines.llvm.mathematics.special.gamma import binet, digamma1p, less_digamma, lgamma1p
from thalweg.engines.llvm.mathematics.special.pieces import (
    excess,
    in_double,
    less_logarithm,
    logarithm,
    only_where,
)
from thalweg.ops.special.tables import TEMME

_INF, _NAN = float("inf"), float("nan")

# Below this x, 1 - Q is a series; from this a on, near x, the expansion for large a serves.
_SMALL, _LARGE, _NEAR = 1.1, 40.0, 0.35

# More turns than the series (x = a = 40) and the fraction (x = 1.1, or x = a) ever take.
_MOST = 200

# A term below this part of a sum no longer changes it.
_NOTHING = 2.0**-55

_ROOT_TWO_PI, _ROOT_HALF = 2.5066282746310007, 0.7071067811865476

_TEMME_BY_ETA = tuple(tuple(n * c for n, c in enumerate(row) if n) or (0.0,) for row in TEMME)


@in_double
def gammainc(e: Emitter, a: Value, x: Value) -> Value:
    """The lower incomplete gamma function P(a, x), regularized."""
    inside, shape, z = _operands(e, a, x)
    near, below = _ranges(e, shape, z)
    upper = _upper(e, shape, z, near, below)
    found = e.select(below, _lower(e, shape, z, near, below), e.subtract(1.0, upper))
    found = only_where(e, near, _lower_of_large, [shape, z], found)
    return e.select(inside, found, _edge(e, a, x, 0.0))


@in_double
def gammaincc(e: Emitter, a: Value, x: Value) -> Value:
    """The upper incomplete gamma function Q(a, x) = 1 - P(a, x), regularized."""
    inside, shape, z = _operands(e, a, x)
    near, below = _ranges(e, shape, z)
    lower = _lower(e, shape, z, near, below)
    found = e.select(below, e.subtract(1.0, lower), _upper(e, shape, z, near, below))
    small = e.bit_and(e.compare("olt", z, _SMALL), e.compare("ogt", lower, 0.5))
    found = only_where(e, small, _complement_of_small, [shape, z], found)
    found = only_where(e, near, _upper_of_large, [shape, z], found)
    return e.select(inside, found, _edge(e, a, x, 1.0))


@in_double
def gammainc_by_shape(e: Emitter, a: Value, x: Value) -> Value:
    """The derivative of P(a, x) by a, which is negative."""
    inside, shape, z = _operands(e, a, x)
    near, _ = _ranges(e, shape, z)
    # The series is of positive terms, and a little beyond x = a loses less than the fraction.
    below = _is_below(e, shape, z)
    found = e.constant(0.0, z.type, z.width)
    found = only_where(e, e.bit_and(below, e.invert(near)), _lower_by_shape, [shape, z], found)
    above = e.invert(e.bit_or(below, near))
    found = only_where(e, above, _upper_by_shape, [shape, z], found)
    found = only_where(e, near, _large_by_shape, [shape, z], found)
    wrong = e.bit_or(e.compare("ule", a, 0.0), e.compare("ult", x, 0.0))
    edge = e.select(wrong, _NAN, e.constant(0.0, x.type, x.width))
    return e.select(inside, found, edge)


def _operands(e: Emitter, a: Value, x: Value) -> tuple[Value, Value, Value]:
    """Where both are positive and finite, and they there; 1 elsewhere."""
    positive = e.bit_and(e.compare("ogt", a, 0.0), e.compare("ogt", x, 0.0))
    finite = e.bit_and(e.compare("olt", a, _INF), e.compare("olt", x, _INF))
    inside = e.bit_and(positive, finite)
    return inside, e.select(inside, a, 1.0), e.select(inside, x, 1.0)


def _edge(e: Emitter, a: Value, x: Value, at_zero: float) -> Value:
    """The function at 0 and infinity, and NaN outside."""
    start, end = e.constant(at_zero, x.type, x.width), 1.0 - at_zero
    no_shape, infinite = e.compare("oeq", a, 0.0), e.compare("oeq", x, _INF)
    result = e.select(e.bit_or(infinite, no_shape), end, start)
    zero = e.compare("oeq", x, 0.0)
    wrong = e.bit_or(e.compare("ult", a, 0.0), e.compare("ult", x, 0.0))
    wrong = e.bit_or(wrong, e.bit_and(no_shape, zero))
    wrong = e.bit_or(wrong, e.bit_and(infinite, e.compare("oeq", a, _INF)))
    return e.select(wrong, _NAN, result)


def _ranges(e: Emitter, a: Value, x: Value) -> tuple[Value, Value]:
    """Where a is large and near x, and where the series of P is to be summed."""
    distance = e.absolute(e.subtract(x, a))
    near = e.compare("olt", distance, e.multiply(a, _NEAR))
    near = e.bit_and(near, e.compare("oge", a, _LARGE))
    below = e.bit_or(e.compare("ole", x, a), e.compare("olt", x, _SMALL))
    return near, below


def _height(e: Emitter, a: Value, x: Value) -> Value:
    """xᵃ e⁻ˣ / Γ(a + 1), for large a by Stirling's formula about x = a, which keeps its digits."""
    few = e.compare("olt", a, 2.0)
    simple = e.subtract(e.fma(a, log(e, x), e.negate(x)), lgamma1p(e, e.minimum(a, 2.0)))
    shape = e.maximum(a, 2.0)
    gap = excess(e, e.divide(e.subtract(x, shape), shape), e.divide(x, shape))
    far = e.subtract(e.negate(e.multiply(shape, gap)), binet(e, shape))
    factor = e.divide(1.0, e.multiply(e.sqrt(shape), _ROOT_TWO_PI))
    power = exp(e, e.select(few, simple, far))
    return e.select(few, power, e.multiply(power, factor))


def _lower(e: Emitter, a: Value, x: Value, near: Value, below: Value) -> Value:
    wanted = e.bit_and(below, e.invert(near))
    return only_where(e, wanted, _series, [a, x], e.constant(0.0, x.type, x.width))


def _upper(e: Emitter, a: Value, x: Value, near: Value, below: Value) -> Value:
    wanted = e.invert(e.bit_or(near, below))
    return only_where(e, wanted, _fraction, [a, x], e.constant(0.0, x.type, x.width))


def turn(e: Emitter, index: Value, type: str) -> Value:
    """The number of a loop's turn, from 1."""
    return e.convert(e.add(index, 1), type)


def matters(e: Emitter, term: Value, total: Value) -> Value:
    """Whether a term still changes a sum."""
    return e.compare("ogt", e.absolute(term), e.multiply(e.absolute(total), _NOTHING))


def _series(e: Emitter, a: Value, x: Value) -> Value:
    """P(a, x) = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n))."""
    # Lanes that are not wanted end at once.
    x = e.select(_ranges(e, a, x)[1], x, 0.0)
    one = e.constant(1.0, x.type, x.width)
    index, (term, total) = e.begin_loop(_MOST, [one, one])
    term = e.multiply(term, e.divide(x, e.add(a, turn(e, index, x.type))))
    after = e.add(total, term)
    _, total = e.end_loop([term, after], going=e.any_lane(matters(e, term, after)))
    return e.multiply(_height(e, a, x), total)


def _above(e: Emitter, a: Value, x: Value) -> Value:
    """The operand x where the fraction is wanted, and one for which it ends at once elsewhere."""
    near, below = _ranges(e, a, x)
    return e.select(e.bit_or(near, below), e.multiply(e.add(a, 1.0), 1e9), x)


def _fraction(e: Emitter, a: Value, x: Value) -> Value:
    """Q(a, x) = xᵃ e⁻ˣ / Γ(a) / (x + 1 - a - 1 (1 - a) / (x + 3 - a - …))."""
    z = _above(e, a, x)
    first = e.add(e.subtract(z, a), 1.0)
    inverse = e.divide(1.0, first)
    index, (inner, step, total) = e.begin_loop(_MOST, [inverse, inverse, inverse])
    n = turn(e, index, x.type)
    b = e.add(first, e.add(n, n))
    inner = e.divide(1.0, e.fma(e.multiply(n, e.subtract(a, n)), inner, b))
    step = e.multiply(step, e.fma(b, inner, e.constant(-1.0, x.type)))
    after = e.add(total, step)
    *_, total = e.end_loop([inner, step, after], going=e.any_lane(matters(e, step, after)))
    return e.multiply(e.multiply(_height(e, a, x), a), total)


# Terms of the series in x < 1.1.
_TERMS = 20


def _alternating(e: Emitter, a: Value, x: Value) -> Value:
    """Σ (-x)ⁿ / (n! (a + n)) over n ≥ 1."""
    zero, one = e.constant(0.0, x.type, x.width), e.constant(1.0, x.type, x.width)
    index, (term, total) = e.begin_loop(_TERMS, [one, zero])
    n = turn(e, index, x.type)
    term = e.multiply(term, e.divide(e.negate(x), n))
    _, total = e.end_loop([term, e.add(total, e.divide(term, e.add(a, n)))])
    return total


def _complement_of_small(e: Emitter, a: Value, x: Value) -> Value:
    """Q(a, x) = 1 - xᵃ / Γ(a + 1) · (1 + a Σ (-x)ⁿ / (n! (a + n))) for small x and a."""
    exponent = e.subtract(e.multiply(a, log(e, x)), lgamma1p(e, e.minimum(a, 2.0)))
    total = _alternating(e, a, e.minimum(x, _SMALL))
    part = e.multiply(e.multiply(exp(e, exponent), a), total)
    return e.negate(e.add(expm1(e, exponent), part))


# ---- large shapes


def _about(e: Emitter, a: Value, x: Value) -> tuple[Value, Value]:
    """μ = (x - a) / a, and η of its sign, η² / 2 = μ - ln(1 + μ)."""
    part = e.divide(e.subtract(x, a), a)
    part = e.minimum(e.maximum(part, -_NEAR), _NEAR)
    gap = less_logarithm(e, part)
    return part, e.copysign(e.sqrt(e.add(gap, gap)), part)


def _in_shape(e: Emitter, rows: tuple[tuple[float, ...], ...], a: Value, eta: Value) -> Value:
    """Σ Cₖ(η) a⁻ᵏ."""
    inverse = e.divide(1.0, a)
    result = polynomial(e, eta, rows[-1])
    for row in rows[-2::-1]:
        result = e.fma(result, inverse, polynomial(e, eta, row))
    return result


def _bell(e: Emitter, a: Value, eta: Value) -> Value:
    """e^(-a η² / 2) / √(2πa)."""
    half = e.multiply(e.multiply(eta, eta), e.multiply(a, -0.5))
    return e.divide(exp(e, half), e.multiply(e.sqrt(a), _ROOT_TWO_PI))


def _of_large(e: Emitter, a: Value, x: Value, sign: float) -> Value:
    a = e.maximum(a, _LARGE)
    _, eta = _about(e, a, x)
    rest = e.multiply(_bell(e, a, eta), _in_shape(e, TEMME, a, eta))
    argument = e.multiply(e.multiply(eta, e.sqrt(a)), sign * _ROOT_HALF)
    return e.fma(erfc(e, argument), 0.5, e.multiply(rest, sign))


def _upper_of_large(e: Emitter, a: Value, x: Value) -> Value:
    return _of_large(e, a, x, 1.0)


def _lower_of_large(e: Emitter, a: Value, x: Value) -> Value:
    return _of_large(e, a, x, -1.0)


# ---- derivatives by the shape


def _is_below(e: Emitter, a: Value, x: Value) -> Value:
    return e.compare("ole", x, e.fma(a, 1.06, e.constant(1.1, x.type)))


def _slope(e: Emitter, a: Value, x: Value) -> Value:
    """The product a (ln x - ψ(a)), where it counts that x is near a."""
    few = e.compare("olt", a, 2.0)
    small, large = e.minimum(a, 2.0), e.minimum(e.maximum(a, 2.0), 1e300)
    part = e.divide(e.subtract(x, large), large)
    ratio = e.maximum(e.divide(x, large), 1e-300)
    far = e.add(logarithm(e, part, ratio), less_digamma(e, large))
    near = e.subtract(log(e, x), digamma1p(e, small))
    near = e.fma(small, near, e.constant(1.0, x.type))
    return e.select(few, near, e.multiply(large, far))


def _lower_by_shape(e: Emitter, a: Value, x: Value) -> Value:
    """The derivative of the series of P, Σ tₙ: that of tₙ is -tₙ Σ 1 / (a + k).

    Where a is small it is that of P(a + 1, x), and of what P is more: near its zero ln x - ψ(a + 1)
    then is not taken from as large a part.
    """
    zero, one = e.constant(0.0, x.type, x.width), e.constant(1.0, x.type, x.width)
    few = e.compare("olt", a, 1.0)
    # Lanes that are not wanted end at once; of very large shapes it is nothing.
    z = e.minimum(e.select(_is_below(e, a, x), x, 0.0), 1e150)
    shape = e.minimum(e.select(few, e.add(a, 1.0), a), 1e150)
    index, state = e.begin_loop(_MOST, [one, zero, zero, one, zero, zero, zero])
    term, low, harmonic, total, rest, total_by, rest_by = state
    n = turn(e, index, x.type)
    at = e.add(shape, n)
    inverse = e.divide(1.0, at)
    # The term as a sum of two, so that errors of many factors do not add up.
    product, error = two_product(e, term, z)
    quotient = e.multiply(product, inverse)
    back, back_error = two_product(e, quotient, at)
    error = e.add(error, e.subtract(e.subtract(product, back), back_error))
    error = e.subtract(error, e.multiply(quotient, e.subtract(shape, e.subtract(at, n))))
    low = e.multiply(inverse, e.fma(low, z, error))
    harmonic = e.add(harmonic, inverse)
    part = e.multiply(quotient, harmonic)
    after, lost = two_sum(e, total, quotient)
    after_by, lost_by = two_sum(e, total_by, part)
    rest = e.add(rest, e.add(low, lost))
    rest_by = e.add(rest_by, e.fma(low, harmonic, lost_by))
    more = e.bit_or(matters(e, quotient, after), matters(e, part, after_by))
    state = [quotient, low, harmonic, after, rest, after_by, rest_by]
    *_, total, rest, total_by, rest_by = e.end_loop(state, going=e.any_lane(more))
    total, total_by = e.add(total, rest), e.add(total_by, rest_by)
    few_slope = e.subtract(log(e, x), digamma1p(e, e.minimum(a, 1.0)))
    inverse = e.divide(1.0, e.select(few, e.add(a, 1.0), a))
    far = e.multiply(e.subtract(_slope(e, e.maximum(a, 1.0), x), 1.0), inverse)
    slope = e.select(few, e.subtract(few_slope, inverse), far)
    found = e.fma(total, slope, e.negate(total_by))
    found = e.select(few, e.fma(e.multiply(x, inverse), found, few_slope), found)
    return e.multiply(_height(e, a, x), found)


def _upper_by_shape(e: Emitter, a: Value, x: Value) -> Value:
    """The derivative of the fraction of Q, step by step."""
    near, _ = _ranges(e, a, x)
    # Lanes that are not wanted end at once.
    unwanted = e.bit_or(_is_below(e, a, x), near)
    z = e.select(unwanted, e.multiply(e.add(a, 1.0), 1e9), x)
    first = e.add(e.subtract(z, a), 1.0)
    inverse = e.divide(1.0, first)
    square = e.multiply(inverse, inverse)
    carried = [inverse, square, inverse, square, inverse, square]
    index, (inner, inner_by, step, step_by, total, total_by) = e.begin_loop(_MOST, carried)
    n = turn(e, index, x.type)
    b = e.add(first, e.add(n, n))
    factor = e.multiply(n, e.subtract(a, n))
    part, part_by = e.multiply(factor, inner), e.fma(factor, inner_by, e.multiply(n, inner))
    inner = e.divide(1.0, e.add(part, b))
    inner_by = e.multiply(e.multiply(inner, inner), e.subtract(1.0, part_by))
    ratio = e.negate(e.multiply(part, inner))
    ratio_by = e.negate(e.fma(part_by, inner, e.multiply(part, inner_by)))
    step_by = e.fma(ratio, step_by, e.multiply(ratio_by, step))
    step = e.multiply(step, ratio)
    after, after_by = e.add(total, step), e.add(total_by, step_by)
    more = e.bit_or(matters(e, step, after), matters(e, step_by, after_by))
    *_, total, total_by = e.end_loop(
        [inner, inner_by, step, step_by, after, after_by], going=e.any_lane(more)
    )
    found = e.fma(total, _slope(e, a, x), e.multiply(a, total_by))
    return e.negate(e.multiply(_height(e, a, x), found))


def _large_by_shape(e: Emitter, a: Value, x: Value) -> Value:
    """The derivative of Temme's expansion, with ∂(a η² / 2) = -ln(1 + μ) and ∂η = -μ / (a η)."""
    a = e.maximum(a, _LARGE)
    part, eta = _about(e, a, x)
    logarithm, inverse = log1p(e, part), e.divide(1.0, a)
    at_mode = e.compare("oeq", eta, 0.0)
    divisor = e.select(at_mode, 1.0, eta)
    ratio = e.select(at_mode, 1.0, e.divide(logarithm, divisor))
    by_eta = e.multiply(e.select(at_mode, 1.0, e.divide(part, divisor)), inverse)
    slope = e.fma(inverse, -0.5, logarithm)
    total = e.fma(_in_shape(e, TEMME, a, eta), slope, ratio)
    total = e.fma(e.negate(_in_shape(e, _TEMME_BY_ETA, a, eta)), by_eta, total)
    # ∂ Σ Cₖ a⁻ᵏ = -a⁻² Σ (k + 1) Cₖ₊₁ a⁻ᵏ
    falling = tuple(tuple((k + 1) * c for c in row) for k, row in enumerate(TEMME[1:]))
    last = e.multiply(e.multiply(inverse, inverse), _in_shape(e, falling, a, eta))
    return e.negate(e.multiply(_bell(e, a, eta), e.subtract(total, last)))
