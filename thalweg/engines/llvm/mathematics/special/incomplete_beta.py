"""The incomplete beta function, regularized, and its derivatives by both parameters.

I_x(a, b) is the fraction below where x lies before the mean a / (a + b), and 1 - I_y(b, a),
y = 1 - x, beyond it. The fraction ends after some √(a + b) turns at most; its factor is taken
about the mean, where the large parts of it cancel.

Source:
    Didonato & Morris, "Algorithm 708", 1992, equation 9, the even part of DLMF 8.17.22, by
    Steed's method; its derivatives step by step.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp, expm1
from thalweg.engines.llvm.mathematics.logarithm import log, log1p
from thalweg.engines.llvm.mathematics.polynomials import two_product
from thalweg.engines.llvm.mathematics.special.gamma import binet, digamma, digamma_lead, lgamma1p
from thalweg.engines.llvm.mathematics.special.incomplete import matters, turn
from thalweg.engines.llvm.mathematics.special.pieces import Function, excess, in_double, only_where
from thalweg.engines.llvm.mathematics.special.zeta import zeta

_INF, _NAN = float("inf"), float("nan")

# Turns enough for parameters up to 10⁹; where there are more to take, the result is NaN.
_MOST = 30_000

# Below this b and close to 1, I is the rest of a series for the other side.
_SLIGHT = 3e-4

_ROOT_TWO_PI, _HALF_LOG_TWO_PI = 2.5066282746310007, 0.9189385332046728

Parts = tuple[Value, Value, Value, Value]


@in_double
def betainc(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The incomplete beta function I_x(a, b), regularized."""
    inside, beyond, parts = _operands(e, a, b, x)
    found = only_where(e, inside, _value, parts, e.constant(0.0, x.type, x.width))
    found = only_where(e, _is_slight(e, parts), _value_of_slight, parts, found)
    found = e.select(beyond, e.subtract(1.0, found), found)
    return _at_edges(e, (a, b, x), inside, found, 1.0)


@in_double
def betainc_by_a(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The derivative of I_x(a, b) by a, which is negative."""
    inside, beyond, parts = _operands(e, a, b, x, _beyond_by_a)
    start = e.constant(0.0, x.type, x.width)
    before = e.bit_and(inside, e.invert(beyond))
    found = only_where(e, before, _by_first, parts, start)
    found = only_where(e, e.bit_and(inside, beyond), _by_second, parts, found)
    found = e.select(beyond, e.negate(found), found)
    return _at_edges(e, (a, b, x), inside, found, 0.0)


@in_double
def betainc_by_b(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The derivative of I_x(a, b) by b, which is positive."""
    inside, beyond, parts = _operands(e, a, b, x, _beyond_by_b)
    start = e.constant(0.0, x.type, x.width)
    before = e.bit_and(inside, e.invert(beyond))
    found = only_where(e, before, _by_second, parts, start)
    found = only_where(e, e.bit_and(inside, beyond), _by_first, parts, found)
    found = e.select(beyond, e.negate(found), found)
    return _at_edges(e, (a, b, x), inside, found, 0.0)


def lower_of(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """I_x(a, b) and its derivative by ln x / y, of positive numbers x and y = 1 - x."""
    slight = _is_slight(e, (a, b, x, y))
    beyond = e.bit_and(_beyond(e, a, b, x, y), e.invert(slight))
    swapped = [e.select(beyond, *pair) for pair in ((b, a), (a, b), (y, x), (x, y))]
    # Lanes that are not wanted end at once.
    easy = (1.0, 1.0, 0.25, 0.75)
    swapped = [e.select(slight, *pair) for pair in zip(easy, swapped, strict=True)]
    zero = e.constant(0.0, x.type, x.width)
    found = only_where(e, e.invert(slight), _value, swapped, zero)
    found = e.select(beyond, e.subtract(1.0, found), found)
    found = only_where(e, slight, _value_of_slight, [a, b, x, y], found)
    return found, _factor(e, a, b, x, y)


def _beyond(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """Whether x lies beyond the mean."""
    return e.compare("ogt", e.multiply(x, b), e.multiply(y, a))


def _is_early(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """Whether a is small, and the fraction still converges at x.

    Its derivative by a is there the difference of smaller parts than on the other side.
    """
    early = e.compare("olt", e.multiply(x, e.add(e.add(a, b), 2.0)), e.add(a, 1.0))
    return e.bit_and(early, e.compare("olt", a, 1.0))


def _beyond_by_a(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    return e.bit_and(_beyond(e, a, b, x, y), e.invert(_is_early(e, a, b, x)))


def _beyond_by_b(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    return e.bit_or(_beyond(e, a, b, x, y), _is_early(e, b, a, y))


def _operands(
    e: Emitter, a: Value, b: Value, x: Value, beyond_of: Function = _beyond
) -> tuple[Value, Value, Parts]:
    """Where all are inside of their ranges, where sides are changed, and the operands after it."""
    positive = e.bit_and(e.compare("ogt", a, 0.0), e.compare("ogt", b, 0.0))
    finite = e.bit_and(e.compare("olt", a, _INF), e.compare("olt", b, _INF))
    between = e.bit_and(e.compare("ogt", x, 0.0), e.compare("olt", x, 1.0))
    inside = e.bit_and(e.bit_and(positive, finite), between)
    a, b = e.select(inside, a, 1.0), e.select(inside, b, 1.0)
    x = e.select(inside, x, 0.25)
    y = e.subtract(1.0, x)
    beyond = beyond_of(e, a, b, x, y)
    first = e.select(beyond, b, a), e.select(beyond, a, b)
    return inside, beyond, (*first, e.select(beyond, y, x), e.select(beyond, x, y))


def _at_edges(
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


def _distance(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """λ = b x - a y, whose parts cancel at the mean."""
    product, error = two_product(e, b, x)
    other, other_error = two_product(e, a, y)
    return e.add(e.subtract(product, other), e.subtract(error, other_error))


# ---- the factor xᵃ yᵇ / B(a, b)


def _size(e: Emitter, a: Value) -> tuple[Value, Value]:
    """What e^(-J(a)) √a is: a factor and an exponent, J Binet's function."""
    few = e.compare("olt", a, 2.0)
    small, large = e.minimum(a, 2.0), e.maximum(a, 2.0)
    exponent = e.subtract(e.subtract(e.multiply(small, log(e, small)), small), lgamma1p(e, small))
    factor = e.select(few, e.multiply(a, _ROOT_TWO_PI), e.sqrt(a))
    return factor, e.select(few, exponent, e.negate(binet(e, large)))


def _factor(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    total, distance = e.add(a, b), _distance(e, a, b, x, y)
    of_a = excess(e, e.divide(distance, a), e.multiply(x, e.divide(total, a)))
    of_b = excess(e, e.divide(e.negate(distance), b), e.multiply(y, e.divide(total, b)))
    exponent = e.negate(e.fma(a, of_a, e.multiply(b, of_b)))
    (first, e1), (second, e2), (both, e3) = (_size(e, v) for v in (a, b, total))
    exponent = e.add(exponent, e.subtract(e.add(e1, e2), e3))
    size = e.multiply(first, e.divide(second, e.multiply(both, _ROOT_TWO_PI)))
    return e.multiply(size, exp(e, exponent))


# ---- the fraction


def _value(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """I_x(a, b) = xᵃ yᵇ / B(a, b) / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …)))."""
    mean = e.subtract(1.0, _distance(e, a, b, x, y))
    wide, inverse = e.add(y, 1.0), e.divide(1.0, e.add(a, 1.0))
    first = e.divide(1.0, e.multiply(e.multiply(a, mean), inverse))
    total = e.add(a, b)
    index, (q, inner, step, found, _) = e.begin_loop(_MOST, [inverse, first, first, first, first])
    m = turn(e, index, x.type)
    r = e.divide(1.0, e.add(e.add(a, 1.0), e.add(m, m)))
    less = e.subtract(m, 1.0)
    across = e.multiply(e.multiply(m, e.subtract(b, m)), x)
    above = e.multiply(e.multiply(e.add(a, less), q), e.multiply(e.add(total, less), q))
    above = e.multiply(above, e.multiply(across, x))
    below = e.fma(across, q, m)
    below = e.fma(e.multiply(e.add(a, m), r), e.fma(m, wide, mean), below)
    inner = e.divide(1.0, e.fma(above, inner, below))
    step = e.multiply(step, e.fma(below, inner, e.constant(-1.0, x.type)))
    after = e.add(found, step)
    going = e.any_lane(matters(e, step, after))
    *_, found, step = e.end_loop([r, inner, step, after, step], going=going)
    result = e.multiply(_factor(e, a, b, x, y), found)
    return e.select(matters(e, step, found), _NAN, result)


def _is_slight(e: Emitter, parts: Parts) -> Value:
    a, b, _, y = parts
    slight = e.compare("olt", b, e.multiply(e.minimum(a, 1.0), _SLIGHT))
    return e.bit_and(slight, e.compare("olt", e.multiply(e.maximum(a, 1.0), y), 0.1))


_TERMS = 16


def _value_of_slight(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """1 - I_y(b, a) = 1 - yᵇ / (b B(a, b)) (1 + b Σ (1 - a) … (n - a) yⁿ / (n! (b + n)))."""
    # ln Γ(a + b) - ln Γ(a) = b ψ(m) + b³ ψ″(m) / 24 + …, m = a + b/2
    middle = e.fma(b, 0.5, a)
    bend = e.multiply(zeta(e, e.constant(3.0, x.type, x.width), middle), -1.0 / 12.0)
    shift = e.multiply(b, e.fma(e.multiply(b, b), bend, digamma(e, middle)))
    exponent = e.add(e.subtract(e.multiply(b, log(e, y)), lgamma1p(e, e.minimum(b, 1.0))), shift)
    zero, one = e.constant(0.0, x.type, x.width), e.constant(1.0, x.type, x.width)
    index, (term, total) = e.begin_loop(_TERMS, [one, zero])
    n = turn(e, index, x.type)
    term = e.multiply(term, e.multiply(e.subtract(n, a), e.divide(y, n)))
    _, total = e.end_loop([term, e.add(total, e.divide(term, e.add(b, n)))])
    rest = e.multiply(e.multiply(b, total), exp(e, exponent))
    return e.negate(e.add(expm1(e, exponent), rest))


# ---- derivatives


def _by_first(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """The derivative of the fraction by a."""
    return _by(e, a, b, x, y, True)


def _by_second(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """The derivative of the fraction by b."""
    return _by(e, a, b, x, y, False)


def _by(e: Emitter, a: Value, b: Value, x: Value, y: Value, first: bool) -> Value:
    mean = e.subtract(1.0, _distance(e, a, b, x, y))
    wide, inverse, total = e.add(y, 1.0), e.divide(1.0, e.add(a, 1.0)), e.add(a, b)
    zero = e.constant(0.0, x.type, x.width)
    # It is a times the fraction, which for small a is nearly 1: only b₀ and a₁ have that factor.
    start = e.multiply(mean, inverse)
    # ∂ ((1 - λ) / (a + 1)), where ∂λ is -y by a, x by b.
    mean_by = y if first else e.negate(x)
    start_by = e.multiply(e.subtract(mean_by, start) if first else mean_by, inverse)
    inner = e.divide(1.0, start)
    inner_by = e.negate(e.multiply(e.multiply(inner, inner), start_by))
    carried = [inverse, inner, inner_by, inner, inner_by, inner, inner_by]
    index, (q, inner, inner_by, step, step_by, found, found_by) = e.begin_loop(_MOST, carried)
    m = turn(e, index, x.type)
    r = e.divide(1.0, e.add(e.add(a, 1.0), e.add(m, m)))
    less, rest = e.subtract(m, 1.0), e.subtract(b, m)
    across, across_by = e.multiply(e.multiply(m, rest), x), zero if first else e.multiply(m, x)
    # The two quotients (a + m - 1) q and (a + b + m - 1) q, q = 1 / (a + 2m - 1), and by a or b.
    one_part, other = e.multiply(e.add(a, less), q), e.multiply(e.add(total, less), q)
    one_by = e.multiply(e.subtract(1.0, one_part), q) if first else zero
    at_first = e.compare("oeq", m, 1.0)
    one_part = e.select(at_first, q, one_part)
    one_by = e.select(at_first, e.negate(e.multiply(q, q)), one_by) if first else zero
    other_by = e.multiply(e.subtract(1.0, other), q) if first else q
    parts = e.multiply(one_part, other)
    parts_by = e.fma(one_by, other, e.multiply(one_part, other_by))
    above = e.multiply(parts, e.multiply(across, x))
    above_by = e.multiply(e.fma(parts_by, across, e.multiply(parts, across_by)), x)
    last, last_by = e.fma(m, wide, mean), mean_by
    share = e.multiply(e.add(a, m), r)
    share_by = e.multiply(e.subtract(1.0, share), r) if first else zero
    below = e.fma(share, last, e.fma(across, q, m))
    by_q = e.negate(e.multiply(e.multiply(across, q), q)) if first else e.multiply(across_by, q)
    below_by = e.fma(share, last_by, e.fma(share_by, last, by_q))
    slope_inner = e.add(below_by, e.fma(above_by, inner, e.multiply(above, inner_by)))
    inner = e.divide(1.0, e.fma(above, inner, below))
    inner_by = e.negate(e.multiply(e.multiply(inner, inner), slope_inner))
    ratio = e.fma(below, inner, e.constant(-1.0, x.type))
    ratio_by = e.fma(below, inner_by, e.multiply(below_by, inner))
    step_by = e.fma(ratio, step_by, e.multiply(ratio_by, step))
    step = e.multiply(step, ratio)
    after, after_by = e.add(found, step), e.add(found_by, step_by)
    more = e.bit_or(matters(e, step, after), matters(e, step_by, after_by))
    state = [r, inner, inner_by, step, step_by, after, after_by]
    *_, step, step_by, found, found_by = e.end_loop(state, going=e.any_lane(more))
    result = e.fma(found, _slope(e, a, b, x, y, first), found_by)
    result = e.multiply(e.divide(_factor(e, a, b, x, y), a), result)
    more = e.bit_or(matters(e, step, found), matters(e, step_by, found_by))
    return e.select(more, _NAN, result)


def _slope(e: Emitter, a: Value, b: Value, x: Value, y: Value, first: bool) -> Value:
    """The derivative of ln xᵃ yᵇ / (a B(a, b)), about the mean: ln x - ψ(a + 1) + ψ(a + b) by a."""
    total, distance = e.add(a, b), _distance(e, a, b, x, y)
    share, other = (a, b) if first else (b, a)
    part, near_one = (distance, x) if first else (e.negate(distance), y)
    quotient = e.divide(part, share)
    near = e.bit_and(e.compare("oge", quotient, -0.5), e.compare("ole", quotient, 1.0))
    ratio = log(e, e.multiply(near_one, e.divide(total, share)))
    logarithm = e.select(near, log1p(e, e.select(near, quotient, 0.0)), ratio)
    slope = e.add(logarithm, digamma_lead(e, share, other))
    if not first:
        return slope
    small = e.subtract(e.add(log(e, x), digamma(e, total)), digamma(e, e.add(a, 1.0)))
    return e.select(e.compare("olt", a, 1.0), small, e.subtract(slope, e.divide(1.0, a)))
