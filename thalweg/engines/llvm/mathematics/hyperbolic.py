"""Hyperbolic functions and their inverses.

The inverses are logarithms, of a rounded number and what it lost, so that only the logarithm's own
last roundings count.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import LN2, reduced, reduced_long
from thalweg.engines.llvm.mathematics.logarithm import ARTANH_WIDE, log_of_positive
from thalweg.engines.llvm.mathematics.polynomials import (
    FORMATS,
    fast_two_sum,
    polynomial,
    power_of_two,
    split_number,
    two_product,
    two_sum,
)

_INF, _NAN = float("inf"), float("nan")

# (tanh(x)/x - 1) / x² as a polynomial in x², for |x| ≤ 0.55: errors 2^-55 and 2^-29.8.
_TANH_NEAR = {
    "f64": (
        -0.3333333333333235,
        0.13333333333173736,
        -0.05396825387837226,
        0.0218694860260744,
        -0.008863195152632685,
        0.0035917246518973847,
        -0.0014532400716009478,
        0.0005792031204812206,
        -0.00021040595731040352,
        5.109032906339058e-05,
    ),
    "f32": (-0.333333194, 0.133326367, -0.0538568608, 0.021088399, -0.00629583094),
}

# Beyond it, tanh is ±1.
_TANH_BOUND = {"f64": 20.0, "f32": 10.0}


def tanh(e: Emitter, x: Value) -> Value:
    """The hyperbolic tangent: a polynomial up to 0.55, then 1 - 2/(e²ˣ + 1)."""
    a = e.absolute(x)
    z = e.multiply(a, a)
    near = e.multiply(e.multiply(a, z), polynomial(e, z, _TANH_NEAR[x.type]))
    bounded = e.minimum(a, _TANH_BOUND[x.type])
    n, p = reduced(e, e.add(bounded, bounded))
    scale = power_of_two(e, n, x.type)
    denominator = e.fma(p, scale, e.add(scale, 1.0))
    far = e.divide(-2.0, denominator)
    small = e.compare("olt", a, 0.55)
    result = e.add(e.select(small, a, 1.0), e.select(small, near, far))
    return e.copysign(result, x)


# (sinh(x)/x - 1) / x² as a polynomial in x², for |x| ≤ 1: errors 2^-56 and 2^-29 of the function.
_SINH_NEAR = {
    "f64": (
        0.16666666666666669,
        0.008333333333333148,
        0.00019841269841431873,
        2.7557319157071886e-06,
        2.5052123136722977e-08,
        1.6057259768679593e-10,
        7.758748803247285e-13,
    ),
    "f32": (0.166666672, 0.00833331048, 0.000198428956, 2.78221319e-06),
}

# From here on sinh and cosh are inf.
_BOUND = {"f64": 710.5, "f32": 89.5}


def sinh(e: Emitter, x: Value) -> Value:
    """The hyperbolic sine: a polynomial up to 1, then (eˣ - e⁻ˣ) / 2."""
    a = e.absolute(x)
    z = e.multiply(a, a)
    near = e.fma(e.multiply(a, z), polynomial(e, z, _SINH_NEAR[x.type]), a)
    high, low, inverse = _quarters(e, a)
    far = e.add(high, e.subtract(low, inverse))
    result = e.select(e.compare("olt", a, 1.0), near, e.add(far, far))
    return e.copysign(result, x)


def cosh(e: Emitter, x: Value) -> Value:
    """The hyperbolic cosine: (eˣ + e⁻ˣ) / 2."""
    high, low, inverse = _quarters(e, e.absolute(x))
    result = e.add(high, e.add(low, inverse))
    return e.add(result, result)


def _quarters(e: Emitter, a: Value) -> tuple[Value, Value, Value]:
    """The quarter of eᵃ as a number and what that lost, and the quarter of e⁻ᵃ, for a ≥ 0.

    Quarters, since eᵃ may be too large, and so may 2ⁿ⁻¹ in it.
    """
    n, r, rest = reduced_long(e, e.minimum(a, _BOUND[a.type]))
    scale = power_of_two(e, e.subtract(n, 2), a.type)
    high, low = fast_two_sum(e, scale, e.multiply(r, scale))
    low = e.fma(rest, scale, low)
    return high, low, e.divide(0.0625, e.add(high, low))


# Beyond these, √(x² ± 1) is |x| to rounding, as far as a logarithm tells.
_LARGE = {"f64": 2.0**28, "f32": 2.0**13}


def arcsinh(e: Emitter, x: Value) -> Value:
    """The inverse hyperbolic sine: ln(1 + y) of y = a + a² / (1 + √(a² + 1)), a = |x|."""
    a = e.absolute(x)
    root = e.sqrt(e.fma(a, a, e.constant(1.0, x.type, x.width)))
    y, low = fast_two_sum(e, a, e.divide(e.multiply(a, a), e.add(root, 1.0)))
    return e.copysign(_log_of_long(e, a, y, low), x)


def arccosh(e: Emitter, x: Value) -> Value:
    """The inverse hyperbolic cosine: ln(1 + y) of y = t + √(2t + t²), t = x - 1; NaN below 1."""
    t = e.subtract(x, 1.0)
    square, square_low = two_product(e, t, t)
    w, w_low = two_sum(e, e.add(t, t), square)
    root = e.sqrt(w)
    product, error = two_product(e, root, root)
    rest = e.add(e.subtract(e.subtract(w, product), error), e.add(w_low, square_low))
    # The root may be 0, and what it lost is then 0 as well.
    root_low = e.divide(rest, e.add(e.add(root, root), FORMATS[x.type].smallest_normal))
    y, low = fast_two_sum(e, root, t)
    result = _log_of_long(e, x, y, e.add(low, root_low))
    return e.select(e.compare("olt", x, 1.0), _NAN, result)


def _log_of_long(e: Emitter, a: Value, y: Value, low: Value) -> Value:
    """The logarithm ln(1 + y + low); ln(2a) where a is large, a itself where it is not finite."""
    u = e.add(y, 1.0)
    lost = e.divide(e.add(e.subtract(y, e.subtract(u, 1.0)), low), u)
    large = e.compare("ogt", a, _LARGE[a.type])
    lost, twice = e.select(large, 0.0, lost), e.select(large, e.constant(1.0, a.type), 0.0)
    result = log_of_positive(e, e.select(large, a, u), lost, twice)
    return e.select(e.compare("olt", a, _INF), result, a)


def arctanh(e: Emitter, x: Value) -> Value:
    """The inverse hyperbolic tangent: ½·ln((1 + a)/(1 - a)) with the sign of x, a = |x|.

    With 1 - a = 2⁻ᵏ·m, 1 ≤ m < 2, it is ½·k·ln 2 + artanh s, s = (1 + a - m)/(1 + a + m); up to ⅓,
    it is artanh a.
    """
    a = e.absolute(x)
    rest, lost = fast_two_sum(e, e.constant(1.0, x.type, x.width), e.negate(a))
    k, m = split_number(e, rest, 1.0)
    above, low = fast_two_sum(e, e.constant(1.0, x.type, x.width), a)
    # Where 1 - a loses something, it is at least ½, and k = 1.
    low = e.subtract(low, e.add(lost, lost))
    s = e.divide(e.add(e.subtract(above, m), low), e.add(above, m))
    near = e.compare("olt", a, 1 / 3)
    s, half = e.select(near, a, s), e.select(near, 0.0, e.multiply(k, -0.5))
    z = e.multiply(s, s)
    series = e.multiply(e.multiply(s, e.multiply(z, 0.5)), polynomial(e, z, ARTANH_WIDE[x.type]))
    high, small = LN2[x.type]
    result = e.fma(half, high, e.add(s, e.fma(half, small, series)))
    outside = e.select(e.compare("oeq", a, 1.0), _INF, e.constant(_NAN, x.type, x.width))
    return e.copysign(e.select(e.compare("olt", a, 1.0), result, outside), x)
