"""Inverse trigonometric functions: arctan, arctan2, arcsin and arccos."""

import math

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value, round_to_f32
from thalweg.engines.llvm.mathematics.polynomials import (
    FORMATS,
    fast_two_sum,
    flip_sign,
    polynomial,
    two_product,
)

_INF = math.inf

# What float64 leaves of π.
_PI_LOW = 1.2246467991473532e-16

# (arctan(t)/t - 1) / t² as a polynomial in t², for |t| ≤ ½: errors 2^-57 and 2^-27.5.
_ARCTAN = {
    "f64": (
        -0.33333333333332993,
        0.19999999999905269,
        -0.1428571427655775,
        0.11111110666452517,
        -0.09090896401735943,
        0.07692076185890882,
        -0.06663832177427438,
        0.05858434874885804,
        -0.05122570770458642,
        0.041879906735670665,
        -0.027457383880793763,
        0.010131646684143366,
    ),
    "f32": (-0.33333236, 0.199942872, -0.141756937, 0.101630732, -0.0513734333),
}

# (arcsin(s)/s - 1) / s² as a polynomial in s², for |s| ≤ ½: errors 2^-56 and 2^-27.6.
_ARCSIN = {
    "f64": (
        0.16666666666665408,
        0.07500000000337005,
        0.044642856828335686,
        0.030381959136682103,
        0.022371758056969736,
        0.017359704667403993,
        0.01388523640402896,
        0.01216920548097511,
        0.0065280019249596595,
        0.019528192568597627,
        -0.016224139911525763,
        0.031912193516026484,
    ),
    "f32": (0.166667521, 0.0749530941, 0.0454691499, 0.0241847821, 0.0421582907),
}

# Magnitudes above the first are multiplied by the second, those below the third by the fourth:
# reciprocals and sums are then normal numbers, and no quotient that is one is lost.
_SCALES = {
    "f64": (2.0**900, 2.0**-200, 2.0**-500, 2.0**500),
    "f32": (2.0**100, 2.0**-30, 2.0**-60, 2.0**60),
}


def _part_of_pi(part: float, type: str) -> tuple[float, float]:
    """A binary fraction of π in two parts."""
    if type == "f64":
        return part * math.pi, part * _PI_LOW
    high = round_to_f32(part * math.pi)
    return high, part * math.pi - high


def arctan(e: Emitter, x: Value) -> Value:
    """The arc tangent, in [-π/2, π/2]."""
    one = e.constant(1.0, x.type, x.width)
    return e.copysign(_angle(e, e.absolute(x), one, None), x)


def arctan2(e: Emitter, y: Value, x: Value) -> Value:
    """The angle of the point (x, y), in [-π, π]; as C's, for zeros and infinities too."""
    y, x = e.unify(y, x)
    a, b = e.absolute(y), e.absolute(x)
    vertical, level = e.compare("oeq", a, _INF), e.compare("oeq", b, _INF)
    # Beside an infinity a number is nothing, but NaN stays.
    a, b = (
        e.select(vertical, 1.0, e.select(level, e.multiply(a, 0.0), a)),
        e.select(level, 1.0, e.select(vertical, e.multiply(b, 0.0), b)),
    )
    larger = e.select(e.compare("ogt", a, b), a, b)
    large, down, small, up = _SCALES[x.type]
    scale = e.select(e.compare("olt", larger, small), up, e.constant(1.0, x.type))
    scale = e.select(e.compare("ogt", larger, large), down, scale)
    return e.copysign(_angle(e, e.multiply(a, scale), e.multiply(b, scale), x), y)


def _angle(e: Emitter, y: Value, x: Value, side: Value | None) -> Value:
    """The angle of a point of magnitudes, to the left where the sign of `side` is negative.

    It is an angle of 0, π/4 or π/2 plus one of |t| ≤ ½: t is (y - x)/(y + x) where y > x/2, and
    -x/y where y > 3x; to the left it is π minus that.
    """
    middle = e.compare("ogt", e.add(y, y), x)
    large = e.compare("ogt", y, e.multiply(x, 3.0))
    numerator = e.select(large, e.negate(x), e.select(middle, e.subtract(y, x), y))
    denominator = e.select(large, y, e.select(middle, e.add(y, x), x))
    left = None
    if side is not None:
        sign = e.bitcast(side, FORMATS[x.type].integer)
        left, numerator = e.compare("slt", sign, 0), flip_sign(e, numerator, sign)
        denominator = e.select(e.compare("oeq", denominator, 0.0), 1.0, denominator)
    t = e.divide(numerator, denominator)
    angle, angle_low = (_chosen(e, x, i, large, middle, left) for i in (0, 1))
    if side is not None:
        angle_low = e.add(angle_low, _lost(e, numerator, denominator, t))
    z = e.multiply(t, t)
    series = e.fma(e.multiply(t, z), polynomial(e, z, _ARCTAN[x.type]), angle_low)
    return e.add(angle, e.add(t, series))


def _lost(e: Emitter, numerator: Value, denominator: Value, t: Value) -> Value:
    """What a quotient lost, unless it is so small that it is its own arc tangent."""
    product, error = two_product(e, t, denominator)
    rest = e.subtract(e.subtract(numerator, product), error)
    lost = e.multiply(rest, e.divide(1.0, denominator))
    return e.select(e.compare("ogt", e.absolute(t), 2.0**-30), lost, 0.0)


def _chosen(
    e: Emitter, x: Value, part: int, large: Value, middle: Value, left: Value | None
) -> Value:
    """One of the two parts of the angle that is added to: 0, π/4 or π/2, or π minus that."""
    right, half, quarter, straight, three = (
        e.constant(_part_of_pi(turn, x.type)[part], x.type, x.width)
        for turn in (0.0, 0.5, 0.25, 1.0, 0.75)
    )
    if left is not None:
        quarter, right = e.select(left, three, quarter), e.select(left, straight, right)
    return e.select(large, half, e.select(middle, quarter, right))


def arcsin(e: Emitter, x: Value) -> Value:
    """The arc sine, in [-π/2, π/2]; from ½ on π/2 - 2·arcsin √((1 - |x|)/2)."""
    near, s, series = _arcsine(e, x)
    half, half_low = _part_of_pi(0.5, x.type)
    high, lost = fast_two_sum(e, e.constant(half, x.type, x.width), e.multiply(s, -2.0))
    far = e.add(high, e.add(lost, e.fma(series, -2.0, e.constant(half_low, x.type, x.width))))
    return e.copysign(e.select(near, e.add(s, series), far), x)


def arccos(e: Emitter, x: Value) -> Value:
    """The arc cosine, in [0, π]: π/2 - arcsin x, and from ½ on 2·arcsin √((1 - |x|)/2)."""
    near, s, series = _arcsine(e, x)
    half, half_low = _part_of_pi(0.5, x.type)
    signed = e.copysign(series, x)
    inside = e.subtract(half, e.subtract(x, e.subtract(half_low, signed)))
    right = e.add(s, series)
    right = e.add(right, right)
    left = e.subtract(2 * half, e.subtract(right, 2 * half_low))
    outside = e.select(e.compare("olt", x, 0.0), left, right)
    return e.select(near, inside, outside)


def _arcsine(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """Whether |x| ≤ ½, and arcsin s as s and the rest: s = |x|, else √((1 - |x|)/2)."""
    a = e.absolute(x)
    near = e.compare("ole", a, 0.5)
    z = e.select(near, e.multiply(a, a), e.multiply(e.subtract(1.0, a), 0.5))
    s = e.select(near, a, e.sqrt(z))
    return near, s, e.multiply(e.multiply(s, z), polynomial(e, z, _ARCSIN[x.type]))
