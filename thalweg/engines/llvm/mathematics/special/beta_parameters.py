"""The derivatives of the incomplete beta function by its parameters.

With I = E b / (a + b) · S, where E = xᵃ yᵇ Γ(1 + a + b) / (Γ(1 + a) Γ(1 + b)), y = 1 - x, there are
three ways: for parameters that are not small an integral, whose integrand has one sign; else S is
a continued fraction, taken from its end with its derivatives; and close to the end that belongs to
a small parameter, a series. Beyond the mean the other side's are taken, where that is better. Each
gives the derivative without its factor E / (a + b).
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp, expm1
from thalweg.engines.llvm.mathematics.logarithm import log, log1p
from thalweg.engines.llvm.mathematics.special.gamma import (
    digamma1p,
    digamma_lead,
    digamma_rise,
    less_digamma,
)
from thalweg.engines.llvm.mathematics.special.incomplete import matters, turn
from thalweg.engines.llvm.mathematics.special.incomplete_beta import (
    at_edges,
    distance,
    height,
    is_beyond,
    log_of_rest,
    operands,
)
from thalweg.engines.llvm.mathematics.special.pieces import (
    Function,
    excess,
    in_double,
    less_logarithm,
    logarithm,
    only_where,
)
from thalweg.ops.special.tables import GAUSS

_NAN = float("nan")

# From these parameters on the integral, below them the fraction.
_LARGE = 3.0

# Turns enough for the fraction; where there are more to take, the result is NaN.
_MOST = 30_000

# Turns enough for the series, whose terms fall by half.
_TERMS = 80

# A part e⁻³⁸ of an integral is nothing.
_DEEP = 38.0


@in_double
def betainc_by_a(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The derivative of I_x(a, b) by a, which is negative."""
    return _derivative(e, a, b, x, True)


@in_double
def betainc_by_b(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The derivative of I_x(a, b) by b, which is positive."""
    return _derivative(e, a, b, x, False)


def _derivative(e: Emitter, a: Value, b: Value, x: Value, first: bool) -> Value:
    inside, swapped, parts = operands(e, a, b, x, _is_swapped)
    slight = is_beyond(e, *parts)
    large = e.bit_and(_are_large(e, parts[0], parts[1]), e.invert(slight))
    rest = e.invert(e.bit_or(slight, large))
    found = e.constant(0.0, x.type, x.width)
    ways = (slight, _SERIES), (large, _INTEGRALS), (rest, _FRACTIONS)
    for chosen, functions in ways:
        chosen = e.bit_and(inside, chosen)
        before, beyond = functions[not first], functions[first]
        found = only_where(e, e.bit_and(chosen, e.invert(swapped)), before, parts, found)
        found = only_where(e, e.bit_and(chosen, swapped), beyond, parts, found)
    found = e.select(swapped, e.negate(found), found)
    size = height(e, *parts)
    found = e.divide(e.multiply(size, found), e.add(parts[0], parts[1]))
    # Where E vanishes, what belongs to it may overflow.
    found = e.select(e.compare("oeq", size, 0.0), 0.0, found)
    return at_edges(e, (a, b, x), inside, found, 0.0)


def _are_large(e: Emitter, a: Value, b: Value) -> Value:
    return e.compare("oge", e.minimum(a, b), _LARGE)


def _is_slight(e: Emitter, b: Value, x: Value) -> Value:
    """Whether x is as small as the series wants."""
    return e.compare("ole", e.multiply(x, e.maximum(b, 1.0)), 0.5)


def _is_swapped(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """Whether the other side is taken: beyond the mean, but for the series, which are beyond it."""
    beyond = is_beyond(e, a, b, x, y)
    at_start, at_end = _is_slight(e, b, x), _is_slight(e, a, y)
    return e.select(beyond, e.invert(at_start), at_end)


# ---- parameters that are not small


def _integral(first: bool) -> Function:
    """∫ (ln t - ψ(a) + ψ(a + b)) of the density, or of ln(1 - t) - ψ(b) + ψ(a + b).

    With t = x e⁻ᵛ = x (1 - w), by Gauss's formula in v.
    """

    def derivative(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
        total, gap, odds = e.add(a, b), distance(e, a, b, x, y), e.divide(x, y)
        # The density falls by e^(-a (v - w) - b (u - ln(1 + u)) - w λ/y), u = w x / y.
        fall = e.maximum(e.divide(e.negate(gap), y), 0.0)
        length = _length(e, a, b, odds, fall)
        share, other, part, at = (a, b, gap, x) if first else (b, a, e.negate(gap), y)
        slope = logarithm(e, e.divide(part, share), e.multiply(at, e.divide(total, share)))
        slope = e.add(slope, digamma_lead(e, share, other))
        index, (found,) = e.begin_loop(len(GAUSS), [e.constant(0.0, x.type, x.width)])
        place, weight = (_row(e, column, index) for column in zip(*reversed(GAUSS), strict=True))
        v = e.multiply(length, place)
        w = e.negate(expm1(e, e.negate(v)))
        u = e.multiply(odds, w)
        near = e.compare("ole", w, 0.5)
        less = e.select(near, less_logarithm(e, e.select(near, e.negate(w), 0.0)), e.subtract(v, w))
        less_u = excess(e, u, e.add(u, 1.0))
        depth = e.fma(a, less, e.fma(b, less_u, e.multiply(fall, w)))
        size = e.divide(exp(e, e.negate(depth)), e.add(u, 1.0))
        height = e.subtract(slope, v) if first else e.add(slope, e.subtract(u, less_u))
        (found,) = e.end_loop([e.fma(e.multiply(size, height), weight, found)])
        return e.multiply(e.multiply(e.multiply(found, length), e.divide(a, y)), b)

    derivative.__qualname__ = f"_integral_{first}"
    return derivative


def _row(e: Emitter, column: tuple[float, ...], index: Value) -> Value:
    """A number of a table."""
    numbers = [e.constant(number, "f64") for number in column]
    table = Value(f"<{', '.join(map(str, numbers))}>", "f64", len(column), 0)
    return e.extract(table, index)


def _length(e: Emitter, a: Value, b: Value, odds: Value, fall: Value) -> Value:
    """A v beyond which the density is nothing, and about which it is not yet."""
    # v - w is at least v - 1, and v²/3 up to 1.
    narrow, wide = e.sqrt(e.divide(3.0 * _DEEP, a)), e.add(e.divide(_DEEP, a), 1.0)
    by_a = e.select(e.compare("ogt", a, 3.0 * _DEEP), narrow, wide)
    # u - ln(1 + u) is at least 3 u² / (6 + 4 u).
    depth = e.divide(_DEEP, b)
    root = e.sqrt(e.multiply(depth, e.fma(depth, 16.0, e.constant(72.0, a.type))))
    u = e.multiply(e.fma(depth, 4.0, root), 1.0 / 6.0)
    w = e.minimum(e.divide(u, odds), e.divide(_DEEP, e.maximum(fall, 1.0)))
    within = e.compare("olt", w, 1.0)
    by_w = e.negate(log1p(e, e.negate(e.select(within, w, 0.5))))
    return e.select(within, e.minimum(by_a, by_w), by_a)


# ---- the fraction


def _turns(e: Emitter, a: Value, b: Value, x: Value, mean: Value, wide: Value) -> tuple[Value, ...]:
    """After how many turns the fraction stands still, and whether it never does."""
    inverse, total = e.divide(1.0, e.add(a, 1.0)), e.add(a, b)
    first = e.divide(1.0, e.multiply(mean, inverse))
    turns = e.constant(0.0, x.type, x.width)
    carried = [inverse, first, first, first, turns]
    index, (q, inner, step, found, turns) = e.begin_loop(_MOST, carried)
    m = turn(e, index, x.type)
    r = e.divide(1.0, e.add(e.add(a, 1.0), e.add(m, m)))
    less = e.subtract(m, 1.0)
    # For whole b the fraction ends at m = b, its derivative by b does not.
    rest = e.subtract(b, m)
    rest = e.select(e.compare("olt", e.absolute(rest), 0.5), 0.5, rest)
    across = e.multiply(e.multiply(m, rest), x)
    # Of S, a₁ has no factor a.
    one = e.select(e.compare("oeq", m, 1.0), q, e.multiply(e.add(a, less), q))
    above = e.multiply(e.multiply(one, e.multiply(e.add(total, less), q)), e.multiply(across, x))
    below = e.fma(e.multiply(e.add(a, m), r), e.fma(m, wide, mean), e.fma(across, q, m))
    part = e.multiply(above, inner)
    inner = e.divide(1.0, e.add(part, below))
    turns = e.select(matters(e, step, found), m, turns)
    step = e.negate(e.multiply(step, e.multiply(part, inner)))
    after = e.add(found, step)
    going = e.any_lane(matters(e, step, after))
    *_, step, found, turns = e.end_loop([r, inner, step, after, turns], going=going)
    # The derivatives want a few more.
    more = e.add(e.add(turns, e.floor(e.multiply(turns, 0.125))), 2.0)
    return more, matters(e, step, found)


def _fraction(e: Emitter, a: Value, b: Value, x: Value, y: Value, first: bool) -> tuple[Value, ...]:
    """S = a / (b₀ + a₁ / (b₁ + a₂ / (b₂ + …))) and its derivative, from the end."""
    # Lanes that are not wanted end at once.
    unwanted = e.bit_or(_are_large(e, a, b), is_beyond(e, a, b, x, y))
    mean, wide = e.subtract(1.0, distance(e, a, b, x, y)), e.add(y, 1.0)
    mean_by = y if first else e.negate(x)  # ∂λ is -y by a, x by b.
    x = e.select(unwanted, 0.0, x)
    turns, endless = _turns(e, a, b, x, mean, wide)
    zero, total = e.constant(0.0, x.type, x.width), e.add(a, b)
    start = e.divide(1.0, e.add(e.add(a, 1.0), e.add(turns, turns)))
    _, (m, r, tail, tail_by) = e.begin_loop(2 * _MOST, [turns, start, zero, zero])
    q = e.divide(1.0, e.add(a, e.subtract(e.add(m, m), 1.0)))
    less, rest, square = e.subtract(m, 1.0), e.subtract(b, m), e.multiply(q, q)
    across = e.multiply(e.multiply(m, rest), x)
    one, other = e.multiply(e.add(a, less), q), e.multiply(e.add(total, less), q)
    # Of S, a₁ has no factor a.
    last_one = e.compare("oeq", m, 1.0)
    share = e.multiply(e.add(a, m), r)
    last = e.fma(m, wide, mean)
    if first:
        one_by = e.select(last_one, e.negate(square), e.multiply(m, square))
        other_by = e.negate(e.multiply(rest, square))
        below_by = e.multiply(e.multiply(e.add(m, 1.0), e.multiply(r, r)), last)
        below_by = e.subtract(below_by, e.multiply(across, square))
    else:
        one_by, other_by = zero, q
        below_by = e.multiply(e.multiply(m, x), q)
    one = e.select(last_one, q, one)
    both = e.multiply(one, other)
    above = e.multiply(both, e.multiply(across, x))
    above_by = e.multiply(e.fma(one_by, other, e.multiply(one, other_by)), across)
    if not first:
        above_by = e.fma(both, e.multiply(m, x), above_by)
    above_by = e.multiply(above_by, x)
    below = e.fma(share, last, e.fma(across, q, m))
    below_by = e.fma(share, mean_by, below_by)
    inverse = e.divide(1.0, e.add(below, tail))
    part = e.multiply(above, inverse)
    change = e.subtract(above_by, e.multiply(part, e.add(below_by, tail_by)))
    wanted = e.compare("oge", m, 1.0)
    after = e.subtract(m, 1.0)
    tail = e.select(wanted, part, tail)
    tail_by = e.select(wanted, e.multiply(change, inverse), tail_by)
    going = e.any_lane(e.compare("oge", after, 1.0))
    *_, tail, tail_by = e.end_loop([after, q, tail, tail_by], going=going)
    q = e.divide(1.0, e.add(a, 1.0))
    found = e.divide(1.0, e.fma(mean, q, tail))
    start = e.multiply(e.subtract(mean_by, e.multiply(mean, q)) if first else mean_by, q)
    by = e.negate(e.multiply(e.multiply(found, found), e.add(start, tail_by)))
    return e.select(endless, _NAN, found), by


def _fraction_by_first(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """The factor b (S (ln x - ψ(a + 1) + ψ(a + b)) + ∂S)."""
    found, by = _fraction(e, a, b, x, y, True)
    total, one, gap = e.add(a, b), e.maximum(a, 1.0), distance(e, a, b, x, y)
    slope = logarithm(e, e.divide(gap, one), e.multiply(x, e.divide(total, one)))
    slope = e.subtract(e.add(slope, digamma_lead(e, one, b)), e.divide(1.0, one))
    slope = e.select(e.compare("olt", a, 2.0), _slope_of_few(e, a, b, x), slope)
    part = e.multiply(b, e.fma(found, slope, by))
    return e.subtract(part, _pole(e, a, b, found))


def _slope_of_few(e: Emitter, a: Value, b: Value, x: Value) -> Value:
    """The slope ln x - ψ(a + 1) + ψ(a + b) for a up to 2; for a + b < 2 less its pole."""
    total = e.add(a, b)
    small = e.compare("olt", total, 2.0)
    large = e.maximum(total, 2.0)
    larger = e.subtract(log(e, e.multiply(x, large)), less_digamma(e, large))
    smaller = e.add(log(e, x), digamma1p(e, e.minimum(total, 2.0)))
    return e.subtract(e.select(small, smaller, larger), digamma1p(e, e.minimum(a, 2.0)))


def _pole(e: Emitter, a: Value, b: Value, found: Value) -> Value:
    """What `_slope_of_few` leaves out, times b and a factor."""
    total = e.add(a, b)
    part = e.multiply(found, e.divide(b, total))
    return e.select(e.compare("olt", total, 2.0), part, 0.0)


def _fraction_by_second(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """The factor b (S (ln y - ψ(b) + ψ(a + b)) + ∂S)."""
    found, by = _fraction(e, a, b, x, y, False)
    total, one, gap = e.add(a, b), e.maximum(b, 1.0), distance(e, a, b, x, y)
    few = e.compare("olt", b, 1.0)
    rise = digamma_rise(e, e.add(e.minimum(b, 1.0), 1.0), a)
    small = e.fma(b, e.add(log_of_rest(e, x, y), rise), e.divide(a, total))
    part, ratio = e.divide(e.negate(gap), one), e.multiply(y, e.divide(total, one))
    large = e.multiply(one, e.add(logarithm(e, part, ratio), digamma_lead(e, one, a)))
    slope = e.select(few, small, large)
    return e.fma(found, slope, e.multiply(b, by))


# ---- the series


def _series(e: Emitter, a: Value, b: Value, x: Value) -> tuple[Value, Value, Value]:
    """Σ (1 - b) … (n - b) xⁿ / (n! (a + n)) over n ≥ 1, and its derivatives by both."""
    # Lanes that are not wanted end at once.
    x = e.select(_is_slight(e, b, x), x, 0.0)
    zero, one = e.constant(0.0, x.type, x.width), e.constant(1.0, x.type, x.width)
    index, state = e.begin_loop(_TERMS, [one, zero, zero, zero, zero])
    term, term_by, found, by_a, by_b = state
    n = turn(e, index, x.type)
    share, inverse = e.divide(x, n), e.divide(1.0, e.add(a, n))
    factor = e.subtract(n, b)
    term_by = e.multiply(e.fma(term_by, factor, e.negate(term)), share)
    term = e.multiply(e.multiply(term, factor), share)
    part, part_by = e.multiply(term, inverse), e.multiply(term_by, inverse)
    found, by_b = e.add(found, part), e.add(by_b, part_by)
    by_a = e.fma(e.negate(part), inverse, by_a)
    more = e.bit_or(matters(e, part, found), matters(e, part_by, by_b))
    state = [term, term_by, found, by_a, by_b]
    *_, found, by_a, by_b = e.end_loop(state, going=e.any_lane(more))
    return found, by_a, by_b


def _without_rest(e: Emitter, b: Value, x: Value) -> Value:
    """What takes yᵇ out of E."""
    return exp(e, e.multiply(e.negate(b), log1p(e, e.negate(x))))


def _series_by_first(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """The derivative of xᵃ / (a B(a, b)) · (1 + a Σ …) by a."""
    found, by_a, _ = _series(e, a, b, x)
    whole = e.fma(a, found, e.constant(1.0, x.type))
    part = e.fma(_slope_of_few(e, a, b, x), whole, e.fma(a, by_a, found))
    part = e.subtract(e.multiply(b, part), _pole(e, a, b, whole))
    return e.multiply(_without_rest(e, b, x), part)


def _series_by_second(e: Emitter, a: Value, b: Value, x: Value, y: Value) -> Value:
    """The derivative of xᵃ / (a B(a, b)) · (1 + a Σ …) by b."""
    found, _, by_b = _series(e, a, b, x)
    few, total = e.compare("olt", b, 1.0), e.add(a, b)
    rise = e.multiply(b, digamma_rise(e, e.select(few, e.add(b, 1.0), b), a))
    rise = e.add(rise, e.select(few, e.divide(a, total), 0.0))
    whole = e.fma(a, found, e.constant(1.0, x.type))
    part = e.fma(rise, whole, e.multiply(a, e.multiply(b, by_b)))
    return e.multiply(_without_rest(e, b, x), part)


# By the first parameter, and by the second.
_INTEGRALS = _integral(True), _integral(False)
_FRACTIONS = _fraction_by_first, _fraction_by_second
_SERIES = _series_by_first, _series_by_second
