"""The complements and the inverse of the error function, and the quantile of the normal one."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import erf, exp
from thalweg.engines.llvm.mathematics.logarithm import log
from thalweg.engines.llvm.mathematics.polynomials import polynomial, two_product
from thalweg.engines.llvm.mathematics.special.pieces import chosen, fraction, in_double, only_where

_INF, _NAN = float("inf"), float("nan")

# (1 + 2x) e^(x²) erfc(x) as a polynomial in (x - 3.75) / (x + 3.75) for all x ≥ 0: error 2^-58.
_SCALED = (
    1.2375126308378275,
    -0.14024059858554697,
    0.0035854154854644896,
    0.08227673849014515,
    -0.10880393014175163,
    0.09230432116037911,
    -0.0586933985895864,
    0.028362277418934538,
    -0.009746579558501594,
    0.0017556258530543073,
    0.0002937136682085906,
    -0.00029015408123639195,
    5.164908968480163e-05,
    2.2384241086279983e-05,
    -1.1444124882269426e-05,
    -9.735633799872194e-07,
    1.7516045643353885e-06,
    -5.7214163343853926e-08,
    -2.586346102746402e-07,
    2.32605435954335e-08,
    3.865328454103711e-08,
    -3.742983629102698e-09,
    -5.165741644009413e-09,
    3.109236159877724e-10,
    4.2379577239719987e-10,
)

_CENTRE = 3.75

# Beyond this erfc is 0 or 2, and erfcx of its negative is ∞.
_LARGEST = 30.0


def _scaled_complement(e: Emitter, x: Value) -> Value:
    """e^(x²) erfc(x) for x ≥ 0."""
    bounded = e.minimum(x, 1e30)
    t = e.divide(e.subtract(bounded, _CENTRE), e.add(bounded, _CENTRE))
    return e.divide(e.multiply(polynomial(e, t, _SCALED), 0.5), e.add(x, 0.5))


def _bell(e: Emitter, x: Value, sign: float) -> Value:
    """e^(±x²), the square taken in two parts."""
    bounded = e.minimum(e.absolute(x), _LARGEST)
    square, low = two_product(e, bounded, bounded)
    return exp(e, e.multiply(square, sign), e.multiply(low, sign))


@in_double
def erfc(e: Emitter, x: Value) -> Value:
    """The complement 1 - erf(x), with all its digits where it is small."""
    near = e.subtract(1.0, erf(e, x))
    tail = e.multiply(_bell(e, x, -1.0), _scaled_complement(e, e.absolute(x)))
    far = e.select(e.compare("olt", x, 0.0), e.subtract(2.0, tail), tail)
    return e.select(e.compare("olt", e.absolute(x), 0.5), near, far)


@in_double
def erfcx(e: Emitter, x: Value) -> Value:
    """The scaled complement e^(x²) erfc(x)."""
    found = _scaled_complement(e, e.absolute(x))
    return only_where(e, e.compare("olt", x, 0.0), _scaled_below, [x, found], found)


def _scaled_below(e: Emitter, x: Value, opposite: Value) -> Value:
    return e.subtract(e.multiply(_bell(e, x, 1.0), 2.0), opposite)


# The quantile of the normal distribution. In the middle it is p - ½ = q times a quotient in
# 0.180625 - q², for |q| ≤ 0.425: error 2^-53.3. In the tails a quotient in r - 1.6 for r ≤ 5,
# r² = -ln p, and one in r - 5 for r ≤ 27.5, where the smallest number is: errors 2^-55, 2^-54.
_MIDDLE_ABOVE = (
    3.3871328727963665,
    132.97557252498024,
    1966.172756389128,
    13669.058256006725,
    45611.94217816435,
    66635.33646069195,
    33014.16238165429,
    2468.94314446588,
)

_MIDDLE_BELOW = (
    1.0,
    42.26429354450019,
    685.4399980188397,
    5371.535278175254,
    21082.488037262156,
    38971.518864621445,
    28403.51964163658,
    5150.705491358512,
)

_TAIL_ABOVE = (
    1.423437110749684,
    4.634921418838614,
    5.783545508819296,
    3.6634554698316117,
    1.2784658319277256,
    0.24373704237825491,
    0.022930501069863798,
    0.0007813635880262744,
)

_TAIL_BELOW = (
    1.0,
    2.0564117005331632,
    1.6823908632705369,
    0.6938044877422512,
    0.14927892120247824,
    0.015337126212659594,
    0.0005524149285188782,
    1.0506283287527327e-09,
)

_FAR_ABOVE = (
    6.657904643501103,
    5.46174853746072,
    1.7832915476793678,
    0.2961124247841695,
    0.02646836481220638,
    0.001238099878871582,
    2.6966453408319095e-05,
    1.99394596364996e-07,
)

_FAR_BELOW = (
    1.0,
    0.5995263485100865,
    0.13676686684363562,
    0.014843647437592639,
    0.0007841384102755745,
    1.836354187702589e-05,
    1.4099235456799376e-07,
    1.995692892008389e-15,
)

_HALF_WIDTH, _FAR, _NEAREST = 0.425, 5.0, 1.6

_ROOT_HALF = 0.7071067811865476


def _quantile(e: Emitter, q: Value, tail: Value) -> Value:
    """The quantile at ½ + q, whose smaller tail is known with all its digits."""
    z = e.subtract(_HALF_WIDTH**2, e.multiply(q, q))
    middle = e.multiply(q, fraction(e, z, _MIDDLE_ABOVE, _MIDDLE_BELOW))
    outer = e.compare("ogt", e.absolute(q), _HALF_WIDTH)
    return only_where(e, outer, _outer_quantile, [q, tail], middle)


def _outer_quantile(e: Emitter, q: Value, tail: Value) -> Value:
    r = e.sqrt(e.negate(log(e, tail)))
    far = e.compare("ogt", r, _FAR)
    t = e.subtract(r, e.select(far, _FAR, e.constant(_NEAREST, r.type)))
    above = chosen(e, far, t, _FAR_ABOVE, _TAIL_ABOVE)
    size = e.divide(above, chosen(e, far, t, _FAR_BELOW, _TAIL_BELOW))
    size = e.select(e.compare("oeq", tail, 0.0), _INF, size)
    return e.copysign(e.select(e.compare("olt", tail, 0.0), _NAN, size), q)


@in_double
def ndtri(e: Emitter, p: Value) -> Value:
    """The quantile of the normal distribution; ±∞ at 0 and 1, NaN outside."""
    q = e.subtract(p, 0.5)
    return _quantile(e, q, e.select(e.compare("olt", q, 0.0), p, e.subtract(1.0, p)))


@in_double
def erfinv(e: Emitter, x: Value) -> Value:
    """The inverse of the error function; ±∞ at ±1, NaN outside."""
    tail = e.multiply(e.subtract(1.0, e.absolute(x)), 0.5)
    return e.multiply(_quantile(e, e.multiply(x, 0.5), tail), _ROOT_HALF)
