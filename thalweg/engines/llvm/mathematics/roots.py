"""Roots: the cube root, and the hypotenuse."""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.polynomials import (
    polynomial,
    power_of_two,
    round_to_integer,
    split_number,
    two_product,
)

_INF = float("inf")

# 1/∛m on [√½, √2]: error 2^-11.9.
_INVERSE_ROOT = (1.7307096984207222, -1.2857319893209895, 0.7133407398533713, -0.15853981598296474)

_ROOT_OF_2 = 2.0 ** (1 / 3)


def cbrt(e: Emitter, x: Value) -> Value:
    """The cube root, of negative numbers too.

    |x| = 2³ⁿ·m·2ʳ with r of -1, 0 and 1; then y = m·2ʳ, and 1/∛y to 33 bits; the root from that
    is mended by its exact cube, whose error is therefore all but that of one rounding.
    """
    a = e.absolute(x)
    k, m = split_number(e, a)
    n, third = round_to_integer(e, k, 1 / 3)
    r = e.fma(third, -3.0, k)
    up, down = e.compare("ogt", r, 0.5), e.compare("olt", r, -0.5)
    one = e.constant(1.0, x.type, x.width)
    y = e.multiply(m, e.select(up, 2.0, e.select(down, 0.5, one)))
    guess = e.select(up, 1 / _ROOT_OF_2, e.select(down, _ROOT_OF_2, one))
    z = e.multiply(polynomial(e, m, _INVERSE_ROOT), guess)
    # (1 - h)^(-⅓) = 1 + h/3 + 2h²/9 + …, where 1 - h = y·z³.
    h = e.fma(e.negate(e.multiply(y, e.multiply(z, z))), z, one)
    z = e.fma(e.multiply(z, h), e.fma(h, 2 / 9, e.constant(1 / 3, x.type, x.width)), z)
    inverse = e.multiply(z, z)
    root = e.multiply(y, inverse)
    square, square_low = two_product(e, root, root)
    cube, cube_low = two_product(e, square, root)
    excess = e.add(e.subtract(cube, y), e.fma(square_low, root, cube_low))
    root = e.fma(e.multiply(excess, inverse), -1 / 3, root)
    result = e.copysign(e.multiply(root, power_of_two(e, n, x.type)), x)
    result = e.select(e.compare("olt", a, _INF), result, x)
    return e.select(e.compare("oeq", a, 0.0), x, result)


def hypot(e: Emitter, x: Value, y: Value) -> Value:
    """The length of the hypotenuse; infinite where one is, even beside NaN."""
    x, y = e.unify(x, y)
    a, b = e.absolute(x), e.absolute(y)
    infinite = e.bit_or(e.compare("oeq", a, _INF), e.compare("oeq", b, _INF))
    if x.type == "f32":
        # Squares are exact in float64.
        a, b = e.convert(a, "f64"), e.convert(b, "f64")
        result = e.convert(e.sqrt(e.fma(a, a, e.multiply(b, b))), "f32")
    else:
        result = _hypotenuse(e, a, b)
    return e.select(infinite, _INF, result)


def _hypotenuse(e: Emitter, a: Value, b: Value) -> Value:
    """The hypotenuse of float64 magnitudes, scaled where squares would not be normal numbers."""
    first = e.compare("ogt", a, b)
    a, b = e.select(first, a, b), e.select(first, b, a)
    large, small = e.compare("ogt", a, 2.0**510), e.compare("olt", a, 2.0**-500)
    one = e.constant(1.0, "f64", a.width)
    scale = e.select(large, 2.0**-600, e.select(small, 2.0**600, one))
    unscale = e.select(large, 2.0**600, e.select(small, 2.0**-600, one))
    a, b = e.multiply(a, scale), e.multiply(b, scale)
    return e.multiply(e.sqrt(e.fma(a, a, e.multiply(b, b))), unscale)
