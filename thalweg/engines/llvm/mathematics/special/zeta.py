"""Hurwitz's zeta function by the Euler-Maclaurin formula.

Source:
    DLMF 25.11.5, of ten terms and twelve of Bernoulli's numbers, which is enough for every order:
    what the series loses, e^(-10 s/q) (s / 2πq)²⁴, is less than 2^-60 of the whole.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.logarithm import log, power
from thalweg.engines.llvm.mathematics.special.pieces import (
    half_turns,
    in_double,
    is_odd,
    only_where,
)

_INF, _NAN = float("inf"), float("nan")

_TERMS = 10

# B₂ₖ / (2k)! for k = 1, 2, …
_EULER = (
    0.08333333333333333,
    -0.001388888888888889,
    3.306878306878307e-05,
    -8.267195767195768e-07,
    2.08767569878681e-08,
    -5.284190138687493e-10,
    1.3382536530684679e-11,
    -3.3896802963225827e-13,
    8.586062056277845e-15,
    -2.174868698558062e-16,
    5.5090028283602295e-18,
    -1.3954464685812522e-19,
)

# From this order on, all but the first terms are nothing.
_LARGEST_ORDER = 1e4

# Orders that are multiplied out: those of the derivatives of ln Γ.
_WHOLE_ORDERS = {float(s): s for s in range(2, 9)}


@in_double
def zeta(e: Emitter, s: Value, q: Value) -> Value:
    """Hurwitz's zeta function Σ (q + k)⁻ˢ for s > 1; where q < 0, for integers s."""
    found = _series(e, s, q)
    found = only_where(e, e.compare("olt", q, 0.0), _left, [s, q], found)
    pole = e.bit_and(e.compare("ole", q, 0.0), e.compare("oeq", e.floor(q), q))
    found = e.select(e.compare("oeq", q, _INF), 0.0, found)
    found = e.select(pole, _INF, found)
    # A power of a negative number that is no integer has no real value.
    undefined = e.bit_and(e.compare("olt", q, 0.0), e.compare("une", e.floor(s), s))
    found = e.select(e.bit_and(undefined, e.invert(pole)), _NAN, found)
    found = e.select(e.compare("olt", s, 1.0), _NAN, found)
    found = e.select(e.compare("oeq", s, 1.0), _INF, found)
    return e.select(e.compare("uno", s, q), _NAN, found)


def _per_power(e: Emitter, number: Value | float, base: Value, s: Value) -> Value:
    """Number · base⁻ˢ, which underflows no earlier than that; by products for a few integers s."""
    whole = next((n for x, n in _WHOLE_ORDERS.items() if s == e.constant(x, s.type, s.width)), 0)
    if not whole:
        root = power(e, base, e.multiply(s, -0.5))
        return e.multiply(e.multiply(number, root), root)
    inverse = e.divide(1.0, base)
    result = inverse
    for bit in bin(whole - 1)[3:]:
        result = e.multiply(result, result)
        result = e.multiply(result, inverse) if bit == "1" else result
    return e.multiply(result, e.multiply(number, inverse))


def _series(e: Emitter, s: Value, q: Value) -> Value:
    """The function for q > 0."""
    s, q = e.unify(s, q)
    # The smallest terms first.
    place, (total,) = e.begin_loop(_TERMS, [e.constant(0.0, q.type, q.width)])
    step = e.convert(e.subtract(_TERMS - 1, place), q.type)
    (total,) = e.end_loop([e.add(total, _per_power(e, 1.0, e.add(q, step), s))])
    base = e.add(q, float(_TERMS))
    order = e.minimum(s, _LARGEST_ORDER)
    inverse = e.divide(1.0, base)
    square = e.multiply(inverse, inverse)
    # Σ B₂ₖ / (2k)! · s (s + 1) … (s + 2k - 2) / base²ᵏ⁻¹, from the last term inwards.
    series = e.constant(_EULER[-1], q.type, q.width)
    for k in range(len(_EULER) - 1, 0, -1):
        factor = e.multiply(e.add(order, 2.0 * k - 1.0), e.add(order, 2.0 * k))
        series = e.fma(series, e.multiply(factor, square), _EULER[k - 1])
    series = e.fma(e.multiply(order, inverse), series, e.constant(0.5, q.type))
    tail = e.add(e.divide(base, e.subtract(order, 1.0)), series)
    return e.add(_per_power(e, tail, base, s), total)


def _left(e: Emitter, s: Value, q: Value) -> Value:
    """The function for q < 0, no integer: the sum over all integers less what is below q."""
    _, place = half_turns(e, q)
    size = e.absolute(place)
    near = e.add(_per_power(e, 1.0, size, s), _series(e, s, e.add(size, 1.0)))
    far = _series(e, s, e.subtract(1.0, size))
    # Beside a half they cancel, exactly.
    near = e.select(e.compare("oeq", size, 0.5), far, near)
    odd = is_odd(e, s)
    to_right = e.select(e.compare("ogt", place, 0.0), near, far)
    to_left = e.select(e.compare("ogt", place, 0.0), far, near)
    beyond = e.subtract(to_left, _series(e, s, e.subtract(1.0, q)))
    return e.add(to_right, e.select(odd, e.negate(beyond), beyond))


@in_double
def zeta_by_order(e: Emitter, s: Value, q: Value) -> Value:
    """The derivative -Σ ln(q + k) (q + k)⁻ˢ of Hurwitz's zeta function by s, for q > 0."""
    s, q = e.unify(s, q)
    inside = e.bit_and(e.compare("ogt", s, 1.0), e.compare("ogt", q, 0.0))
    inside = e.bit_and(inside, e.compare("olt", q, _INF))
    found = _series_by_order(e, e.select(inside, s, 2.0), e.select(inside, q, 1.0))
    infinite = e.bit_and(e.compare("ogt", s, 1.0), e.compare("oeq", q, _INF))
    edge = e.select(infinite, 0.0, e.constant(_NAN, q.type, q.width))
    pole = e.bit_and(e.compare("oeq", s, 1.0), e.compare("ogt", q, 0.0))
    return e.select(inside, found, e.select(pole, -_INF, edge))


def _series_by_order(e: Emitter, s: Value, q: Value) -> Value:
    # The smallest terms first.
    place, (total,) = e.begin_loop(_TERMS, [e.constant(0.0, q.type, q.width)])
    at = e.add(q, e.convert(e.subtract(_TERMS - 1, place), q.type))
    (total,) = e.end_loop([e.subtract(total, _per_power(e, log(e, at), at, s))])
    base, order = e.add(q, float(_TERMS)), e.minimum(s, _LARGEST_ORDER)
    inverse = e.divide(1.0, base)
    square = e.multiply(inverse, inverse)
    # Σ B₂ₖ / (2k)! · s (s + 1) … (s + 2k - 2) / base²ᵏ⁻¹ and its derivative.
    series = e.constant(_EULER[-1], q.type, q.width)
    series_by = e.constant(0.0, q.type, q.width)
    for k in range(len(_EULER) - 1, 0, -1):
        factor = e.multiply(e.add(order, 2.0 * k - 1.0), e.add(order, 2.0 * k))
        slope = e.fma(order, 2.0, e.constant(4.0 * k - 1.0, q.type))
        series_by = e.multiply(e.fma(series_by, factor, e.multiply(series, slope)), square)
        series = e.fma(series, e.multiply(factor, square), _EULER[k - 1])
    pole = e.divide(1.0, e.subtract(order, 1.0))
    whole = e.fma(e.multiply(order, inverse), series, e.fma(base, pole, 0.5))
    by = e.multiply(inverse, e.fma(order, series_by, series))
    by = e.subtract(by, e.multiply(e.multiply(base, pole), pole))
    tail = e.subtract(by, e.multiply(whole, log(e, base)))
    return e.add(_per_power(e, tail, base, s), total)
