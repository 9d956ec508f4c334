"""Logarithms: log, log1p and logaddexp.

x = 2ᵏ·(1 + f) with √½ ≤ 1 + f < √2. With s = f / (2 + f), ln(1 + f) = 2 artanh s, which is
f - s·(f - s²·P(s²)); float32 takes a polynomial in f, without the division.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import LN2, exp
from thalweg.engines.llvm.mathematics.polynomials import FORMATS, polynomial, split_number

# (2 artanh(s)/s - 2) / s² as a polynomial in s²: error 2^-58 for |s| ≤ 0.1716.
_ARTANH = (
    0.6666666666666734,
    0.3999999999941432,
    0.2857142874247487,
    0.22222198563491752,
    0.18183564866289684,
    0.1531403584521877,
    0.14796105337287446,
)

# (ln(1 + f) - f + f²/2) / f³ on [√½ - 1, √2 - 1]: error 2^-22.6.
_LOG_TAIL_F32 = (
    0.333333254,
    -0.250002891,
    0.200019613,
    -0.166434616,
    0.141904265,
    -0.129470304,
    0.12784633,
    -0.0825348198,
)

# As _ARTANH, for |s| ≤ 1/3: errors 2^-57 and 2^-26.7.
_ARTANH_WIDE = {
    "f64": (
        0.6666666666666631,
        0.4000000000015724,
        0.2857142854785431,
        0.22222223969710264,
        0.1818174392551436,
        0.15386559912623055,
        0.13300973705937,
        0.12106085387308797,
        0.08340105101361517,
        0.17018568822902325,
    ),
    "f32": (0.666664124, 0.400217503, 0.279983073, 0.280284137),
}


def log(e: Emitter, x: Value) -> Value:
    """The natural logarithm; -inf at 0, NaN below."""
    return _outside(e, x, _log(e, x))


def log1p(e: Emitter, x: Value) -> Value:
    """The logarithm ln(1 + x), accurate near 0."""
    u = e.add(x, 1.0)
    # What the sum lost, as a fraction of the sum (Kahan). For large x it is nothing.
    lost = e.subtract(x, e.subtract(u, 1.0))
    lost = e.select(e.compare("olt", x, 2.0**60), e.divide(lost, u), 0.0)
    result = _outside(e, u, e.add(_log(e, u), lost))
    # Keeps -0.
    return e.select(e.compare("oeq", x, 0.0), x, result)


def logaddexp(e: Emitter, a: Value, b: Value) -> Value:
    """The sum of exponentials ln(eᵃ + eᵇ), for any a and b."""
    larger = e.select(e.compare("ogt", a, b), a, b)
    distance = e.absolute(e.subtract(a, b))
    result = e.add(larger, _log1p_to_one(e, exp(e, e.negate(distance))))
    # Equal infinities have no distance.
    return e.select(e.compare("oeq", a, b), e.add(a, 0.6931471805599453), result)


def _log(e: Emitter, x: Value) -> Value:
    """The logarithm of a positive finite number."""
    layout = FORMATS[x.type]
    # A subnormal becomes normal, and its logarithm is corrected.
    small = e.compare("olt", x, layout.smallest_normal)
    shift = layout.mantissa + 2
    k, m = split_number(e, e.select(small, e.multiply(x, 2.0**shift), x))
    k = e.subtract(k, e.select(small, float(shift), e.constant(0.0, x.type)))
    f = e.subtract(m, 1.0)
    ln2_high, ln2_low = LN2[x.type]
    if x.type == "f32":
        square = e.multiply(f, f)
        cubic = e.multiply(e.multiply(square, f), polynomial(e, f, _LOG_TAIL_F32))
        low = e.fma(square, -0.5, e.fma(k, ln2_low, cubic))
        return e.fma(k, ln2_high, e.add(f, low))
    s = e.divide(f, e.add(f, 2.0))
    z = e.multiply(s, s)
    half_square = e.multiply(e.multiply(f, f), 0.5)
    # f - s·(f - R) as f - (f²/2 - s·(f²/2 + R)): the large part f²/2 carries only one rounding.
    inner = e.fma(s, e.fma(z, polynomial(e, z, _ARTANH), half_square), e.multiply(k, ln2_low))
    return e.fma(k, ln2_high, e.subtract(f, e.subtract(half_square, inner)))


def _outside(e: Emitter, x: Value, result: Value) -> Value:
    """The result for 0 < x < inf; else what a logarithm is: -inf at 0, NaN below, x above."""
    result = e.select(e.compare("olt", x, float("inf")), result, x)
    pole = e.select(
        e.compare("oeq", x, 0.0), float("-inf"), e.constant(float("nan"), x.type, x.width)
    )
    return e.select(e.compare("ole", x, 0.0), pole, result)


def _log1p_to_one(e: Emitter, y: Value) -> Value:
    """The logarithm ln(1 + y) for 0 ≤ y ≤ 1, with no splitting."""
    s = e.divide(y, e.add(y, 2.0))
    z = e.multiply(s, s)
    correction = e.multiply(z, polynomial(e, z, _ARTANH_WIDE[y.type]))
    return e.subtract(y, e.multiply(s, e.subtract(y, correction)))
