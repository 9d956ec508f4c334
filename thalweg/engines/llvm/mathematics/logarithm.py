"""Logarithms, to three bases; and the power function, with all special cases of C99.

x = 2ᵏ·(1 + f) with √½ ≤ 1 + f < √2. With s = f / (2 + f), ln(1 + f) = 2 artanh s, which is
f - s·(f - s²·P(s²)); float32 takes a polynomial in f, without the division.

x^y = e^(y·ln x), where the logarithm must be known to more bits than a number has: the product's
absolute error is the result's relative one. float32 goes through float64; float64 carries
the logarithm as an unevaluated sum of two numbers.
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import LN2, exp
from thalweg.engines.llvm.mathematics.polynomials import (
    FORMATS,
    clamp,
    fast_two_sum,
    flip_sign,
    polynomial,
    power_of_two,
    round_to_integer,
    split_number,
    two_product,
    two_sum,
)

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

# 1/ln 2, 1/ln 10 and log₁₀ 2 in two parts, the last's first one so short that its product with a
# binary exponent is exact.
_PER_LN2 = {
    "f64": (1.4426950408889634, 2.0355273740931033e-17),
    "f32": (1.4426950216293335, 1.925963033500011e-08),
}

_PER_LN10 = {
    "f64": (0.4342944819032518, 1.098319650216765e-17),
    "f32": (0.4342944920063019, -1.0103049952192578e-08),
}

_LOG10_OF_2 = {
    "f64": (0.30102999566395283, 2.8363394551044964e-14),
    "f32": (0.301025390625, 4.605039066518657e-06),
}

# As _ARTANH, for |s| ≤ 1/3: errors 2^-57 and 2^-26.7.
ARTANH_WIDE = {
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
    return _outside(e, x, log_of_positive(e, x))


def log2(e: Emitter, x: Value) -> Value:
    """The logarithm to base 2, exact of its powers."""
    return _outside(e, x, _log_to_base(e, x, _PER_LN2[x.type], (1.0, 0.0)))


def log10(e: Emitter, x: Value) -> Value:
    """The logarithm to base 10, exact of its powers."""
    return _outside(e, x, _log_to_base(e, x, _PER_LN10[x.type], _LOG10_OF_2[x.type]))


def log1p(e: Emitter, x: Value) -> Value:
    """The logarithm ln(1 + x), accurate near 0."""
    u = e.add(x, 1.0)
    # What the sum lost, as a fraction of the sum (Kahan). For large x it is nothing.
    lost = e.subtract(x, e.subtract(u, 1.0))
    lost = e.select(e.compare("olt", x, 2.0**60), e.divide(lost, u), 0.0)
    result = _outside(e, u, log_of_positive(e, u, lost))
    # Keeps -0.
    return e.select(e.compare("oeq", x, 0.0), x, result)


def logaddexp(e: Emitter, a: Value, b: Value) -> Value:
    """The sum of exponentials ln(eᵃ + eᵇ), for any a and b.

    It is a + ln(1 + y), y = e^(b - a), for a ≥ b. The difference and the last sum are kept with
    what they lost: a may be near 0, or cancel the logarithm.
    """
    a, b = e.unify(a, b)
    falling = e.compare("ogt", a, b)
    larger, smaller = e.select(falling, a, b), e.select(falling, b, a)
    # What is lost matters where the smaller is the larger magnitude.
    distance, low = fast_two_sum(e, smaller, e.negate(larger))
    y = exp(e, distance, e.select(e.compare("ogt", distance, -1e3), low, 0.0))
    # ln(1 + y) = y - s·(y - R)
    s = e.divide(y, e.add(y, 2.0))
    z = e.multiply(s, s)
    inner = e.multiply(s, e.fma(e.negate(z), polynomial(e, z, ARTANH_WIDE[y.type]), y))
    total, error = two_sum(e, larger, y)
    result = e.add(total, e.subtract(error, inner))
    # Beside an infinite one, the smaller is nothing. Equal infinities have no distance.
    result = e.select(e.compare("oeq", distance, -_INF), larger, result)
    return e.select(e.compare("oeq", a, b), e.add(a, 0.6931471805599453), result)


def log_of_positive(
    e: Emitter, x: Value, more: Value | None = None, doublings: Value | None = None
) -> Value:
    """The logarithm of a positive finite number, doubled so many times; `more` is added to it."""
    k, f, half_square, rest = _parts(e, x)
    if doublings is not None:
        k = e.add(k, doublings)
    high, low = LN2[x.type]
    rest = e.fma(k, low, rest if more is None else e.add(rest, more))
    # f - f²/2 + rest: the large part f²/2 carries only one rounding.
    return e.fma(k, high, e.subtract(f, e.subtract(half_square, rest)))


def _log_to_base(
    e: Emitter, x: Value, factor: tuple[float, float], of_two: tuple[float, float]
) -> Value:
    """The logarithm of a positive finite number times a factor; that of 2 is also given so."""
    k, f, half_square, rest = _parts(e, x)
    high = e.subtract(f, half_square)
    low = e.add(e.subtract(e.subtract(f, high), half_square), rest)
    product, error = two_product(e, high, e.constant(factor[0], x.type, x.width))
    low = e.fma(high, factor[1], e.fma(low, factor[0], error))
    total, lost = fast_two_sum(e, e.multiply(k, of_two[0]), product)
    return e.add(total, e.add(lost, e.fma(k, of_two[1], low)))


def _parts(e: Emitter, x: Value) -> tuple[Value, Value, Value, Value]:
    """The numbers k, f, f²/2 and ln(1 + f) - f + f²/2 of a positive number x = 2ᵏ·(1 + f)."""
    k, m = split_number(e, x)
    f = e.subtract(m, 1.0)
    square = e.multiply(f, f)
    half_square = e.multiply(square, 0.5)
    if x.type == "f32":
        rest = e.multiply(e.multiply(square, f), polynomial(e, f, _LOG_TAIL_F32))
        return k, f, half_square, rest
    s = e.divide(f, e.add(f, 2.0))
    z = e.multiply(s, s)
    # f - s·(f - R) = f - f²/2 + s·(f²/2 + R)
    return k, f, half_square, e.multiply(s, e.fma(z, polynomial(e, z, _ARTANH), half_square))


def _outside(e: Emitter, x: Value, result: Value) -> Value:
    """The result for 0 < x < inf; else what a logarithm is: -inf at 0, NaN below, x above."""
    result = e.select(e.compare("olt", x, float("inf")), result, x)
    pole = e.select(
        e.compare("oeq", x, 0.0), float("-inf"), e.constant(float("nan"), x.type, x.width)
    )
    return e.select(e.compare("ole", x, 0.0), pole, result)


# (artanh(s)·2/s - 2 - ⅔s²) / s⁴ as a polynomial in s², for |s| ≤ 0.1716: error 2^-55.
_LOG_TAIL_F64 = (
    0.4,
    0.28571428571429375,
    0.22222222221649912,
    0.18181818336641106,
    0.15384594838343266,
    0.13334811031026417,
    0.11706076060920497,
    0.1172477028617015,
)

_TWO_THIRDS, _TWO_THIRDS_LOW = 0.6666666666666666, 3.700743415417188e-17

# ln 2, the first part of 33 bits.
_LN2_HIGH, _LN2_LOW = 0.6931471804855391, 7.440617109802979e-11

# log₂((1 + s)/(1 - s)) / s as a polynomial in s²: error 2^-44.6; (2ʳ - 1) / r for |r| ≤ ½: 2^-32.5.
_LOG2 = (
    2.8853900817778495,
    0.9617966941144371,
    0.5770779420483657,
    0.41220928431552284,
    0.31990438517061787,
    0.2829189648350897,
)

_EXP2 = (
    0.6931471805535829,
    0.24022650922742725,
    0.05550410929985282,
    0.009618056584321669,
    0.0013333452944326624,
    0.00015461481767104106,
    1.53105866388753e-05,
)

_INF = float("inf")

# The logarithm of a number other than 1 exceeds 1e-16: a larger exponent than this gives 0 or inf.
_LARGEST_EXPONENT = 1e20


def power(e: Emitter, x: Value, y: Value) -> Value:
    """The power xʸ; NaN for a negative x unless y is an integer."""
    x, y = e.unify(x, y)
    if x.type == "f32":
        wide = e.convert(x, "f64"), e.convert(y, "f64")
        return _signed(e, x, y, e.convert(_magnitude_f32(e, *wide), "f32"))
    return _signed(e, x, y, _magnitude_f64(e, x, y))


def _signed(e: Emitter, x: Value, y: Value, magnitude: Value) -> Value:
    """|x|ʸ with the sign or NaN that a negative x gives it, and the cases that are 1."""
    half = e.multiply(y, 0.5)
    whole = e.compare("oeq", e.floor(y), y)
    odd = e.bit_and(whole, e.compare("une", e.floor(half), half))
    integer = FORMATS[x.type].integer
    sign = e.select(odd, e.bitcast(x, integer), e.constant(0, integer))
    result = flip_sign(e, magnitude, sign)
    negative = e.bit_and(e.compare("olt", x, 0.0), e.compare("ogt", x, -_INF))
    undefined = e.bit_and(negative, e.invert(whole))
    result = e.select(undefined, float("nan"), result)
    one = e.bit_or(e.compare("oeq", x, 1.0), e.compare("oeq", y, 0.0))
    return e.select(one, 1.0, result)


def _outside_range(e: Emitter, a: Value, logarithm: Value) -> Value:
    """The logarithm of a for 0 < a < inf; -inf at 0, a itself above and for NaN."""
    logarithm = e.select(e.compare("olt", a, _INF), logarithm, a)
    return e.select(e.compare("oeq", a, 0.0), -_INF, logarithm)


def _magnitude_f32(e: Emitter, x: Value, y: Value) -> Value:
    """|x|ʸ to 30 bits, for arguments that were float32."""
    a = e.absolute(x)
    k, m = split_number(e, a)
    f = e.subtract(m, 1.0)
    s = e.divide(f, e.add(f, 2.0))
    logarithm = e.fma(s, polynomial(e, e.multiply(s, s), _LOG2), k)
    exponent = e.multiply(_bounded(e, y), _outside_range(e, a, logarithm))
    n, number = round_to_integer(e, clamp(e, exponent, -1000.0, 1000.0), 1.0)
    r = e.subtract(clamp(e, exponent, -1000.0, 1000.0), number)
    scale = power_of_two(e, n, "f64")
    return e.fma(e.multiply(r, polynomial(e, r, _EXP2)), scale, scale)


def _magnitude_f64(e: Emitter, x: Value, y: Value) -> Value:
    """|x|ʸ, from the logarithm in two parts."""
    a = e.absolute(x)
    k, m = split_number(e, a)
    high, low = _long_logarithm(e, k, m)
    high, y = _outside_range(e, a, high), _bounded(e, y)
    exponent, error = two_product(e, y, high)
    error = e.add(error, e.multiply(y, low))
    # An infinite exponent has no error.
    finite = e.compare("olt", e.absolute(exponent), 1e4)
    return exp(e, exponent, e.select(finite, error, e.constant(0.0, "f64")))


def _bounded(e: Emitter, y: Value) -> Value:
    return clamp(e, y, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)


def _long_logarithm(e: Emitter, k: Value, m: Value) -> tuple[Value, Value]:
    """The logarithm ln(2ᵏ·m) in two parts with some 65 correct bits, √½ ≤ m < √2."""
    s, s_low = _long_quotient(e, e.subtract(m, 1.0))
    z, z_low = two_product(e, s, s)
    z_low = e.fma(e.add(s, s), s_low, z_low)
    # u = ⅔ + s²·tail, and v = s·s²·u
    tail = e.multiply(z, polynomial(e, z, _LOG_TAIL_F64))
    u, u_low = fast_two_sum(e, e.constant(_TWO_THIRDS, "f64", z.width), tail)
    u_low = e.add(u_low, _TWO_THIRDS_LOW)
    cube, cube_low = two_product(e, s, z)
    cube_low = e.add(cube_low, e.fma(s, z_low, e.multiply(s_low, z)))
    v, v_low = two_product(e, cube, u)
    v_low = e.add(v_low, e.fma(cube, u_low, e.multiply(cube_low, u)))
    # k·ln 2 + 2s + v, the largest first
    total, low = fast_two_sum(e, e.multiply(k, _LN2_HIGH), e.add(s, s))
    total, v_error = fast_two_sum(e, total, v)
    low = e.add(e.add(low, v_error), e.fma(k, _LN2_LOW, e.add(e.add(s_low, s_low), v_low)))
    return fast_two_sum(e, total, low)


def _long_quotient(e: Emitter, f: Value) -> tuple[Value, Value]:
    """The quotient f / (2 + f) in two parts."""
    divisor, divisor_low = fast_two_sum(e, e.constant(2.0, "f64", f.width), f)
    reciprocal = e.divide(1.0, divisor)
    s = e.multiply(f, reciprocal)
    product, product_low = two_product(e, s, divisor)
    remainder = e.subtract(e.subtract(f, product), product_low)
    remainder = e.subtract(remainder, e.multiply(s, divisor_low))
    return s, e.multiply(remainder, reciprocal)
