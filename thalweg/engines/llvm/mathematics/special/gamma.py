"""The gamma function, its logarithm and that one's derivative.

From 3 on Stirling's formula, ln Γ(x) = (x - ½) ln x - x + ½ ln 2π + J(x), where Binet's function
J, times x, is a polynomial in 1/x²; below it a rational function with the zeros at 1 and 2 taken
out, and below 0 the reflection.

Source:
    DLMF 5.5 (recurrence, reflection), 5.11 (Stirling's series, whose coefficients are refitted).
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.exponential import exp
from thalweg.engines.llvm.mathematics.logarithm import log, log1p, power
from thalweg.engines.llvm.mathematics.polynomials import polynomial
from thalweg.engines.llvm.mathematics.special.pieces import (
    PI,
    cosine_of_turn,
    fraction,
    half_turns,
    in_double,
    is_odd,
    less_logarithm,
    only_where,
    sine_of_turn,
)
from thalweg.ops.special.tables import (
    BINET,
    DIGAMMA_TAIL,
    LOG_GAMMA_ABOVE,
    LOG_GAMMA_BELOW,
    PSI_ABOVE,
    PSI_BELOW,
    PSI_ZERO,
    PSI_ZERO_LOW,
)

_INF, _NAN = float("inf"), float("nan")


# ½ ln 2π - ½
_CONSTANT = 0.4189385332046727

_LOG_PI = 1.1447298858494002


def binet(e: Emitter, x: Value) -> Value:
    """Binet's function J(x) for x ≥ 2, what Stirling's formula leaves out of ln Γ."""
    inverse = e.divide(1.0, x)
    return e.multiply(inverse, polynomial(e, e.multiply(inverse, inverse), BINET))


def positive_lgamma(e: Emitter, x: Value) -> Value:
    """The logarithm ln |Γ(x)| for x > -½."""
    low = e.compare("olt", x, 0.5)
    v = e.select(low, e.add(x, 1.0), x)
    logarithm = log(e, e.select(low, e.absolute(x), x))
    # From 1, exactly, where it is x that is small.
    from_one = e.select(low, x, e.subtract(v, 1.0))
    near = fraction(e, e.subtract(v, 0.5), LOG_GAMMA_ABOVE, LOG_GAMMA_BELOW)
    near = e.multiply(near, e.multiply(from_one, e.subtract(v, 2.0)))
    # At 1 and 2 it is 0, not -0.
    near = e.select(low, e.subtract(near, logarithm), e.add(near, 0.0))
    far = e.add(binet(e, v), _CONSTANT)
    far = e.fma(e.subtract(v, 0.5), e.subtract(logarithm, 1.0), far)
    return e.select(e.compare("olt", v, 3.0), near, far)


def lgamma1p(e: Emitter, x: Value) -> Value:
    """The logarithm ln Γ(1 + x) for -½ ≤ x ≤ 2, accurate near 0."""
    quotient = fraction(e, e.add(x, 0.5), LOG_GAMMA_ABOVE, LOG_GAMMA_BELOW)
    return e.multiply(quotient, e.multiply(x, e.subtract(x, 1.0)))


@in_double
def lgamma(e: Emitter, x: Value) -> Value:
    """The logarithm ln |Γ(x)|; ∞ at 0 and the negative integers."""
    reflected = e.compare("ole", x, -0.5)
    size = e.select(reflected, e.negate(x), x)
    found = positive_lgamma(e, size)
    return only_where(e, reflected, _reflected_lgamma, [x, found], found)


def _reflected_lgamma(e: Emitter, x: Value, opposite: Value) -> Value:
    """By reflection: ln π - ln |x sin(πx)| - ln Γ(-x)."""
    _, r = half_turns(e, x)
    product = e.absolute(e.multiply(x, sine_of_turn(e, r)))
    found = e.subtract(e.subtract(_LOG_PI, log(e, product)), opposite)
    return e.select(e.compare("oeq", e.floor(x), x), _INF, found)


def digamma1p(e: Emitter, x: Value) -> Value:
    """The derivative ψ(1 + x) of ln Γ(1 + x) for 0 ≤ x ≤ 2."""
    from_zero = e.subtract(e.subtract(x, PSI_ZERO), PSI_ZERO_LOW)
    return e.multiply(fraction(e, x, PSI_ABOVE, PSI_BELOW), from_zero)


@in_double
def digamma(e: Emitter, x: Value) -> Value:
    """The derivative ψ(x) of ln Γ; NaN at the negative integers."""
    size = e.absolute(x)
    low = e.compare("olt", size, 1.0)
    v = e.select(low, e.add(size, 1.0), size)
    inverse = e.divide(1.0, v)
    square = e.multiply(inverse, inverse)
    far = e.fma(inverse, -0.5, log(e, v))
    far = e.fma(e.negate(square), polynomial(e, square, DIGAMMA_TAIL), far)
    near = digamma1p(e, e.select(low, size, e.subtract(v, 1.0)))
    base = e.select(e.compare("olt", v, 3.0), near, far)
    # ψ(x) = ψ(1 + x) - 1/x
    found = e.select(low, e.subtract(base, e.divide(1.0, x)), base)
    return only_where(e, e.compare("olt", x, 0.0), _reflected_digamma, [x, base], found)


# How far the argument is raised where it is below 3.
_RAISED = 12


def less_digamma(e: Emitter, x: Value) -> Value:
    """The difference ln x - ψ(x) for x ≥ 1, below 3 by the recurrence."""
    low = e.compare("olt", x, 3.0)
    v = e.select(low, e.add(x, 2.0), x)
    inverse = e.divide(1.0, v)
    square = e.multiply(inverse, inverse)
    found = e.fma(inverse, 0.5, e.multiply(square, polynomial(e, square, DIGAMMA_TAIL)))
    near = e.select(low, x, 1.0)
    steps = less_logarithm(e, e.divide(1.0, e.add(near, 1.0)))
    steps = e.add(steps, less_logarithm(e, e.divide(1.0, near)))
    return e.select(low, e.add(found, steps), found)


def digamma_rise(e: Emitter, x: Value, step: Value) -> Value:
    """The difference ψ(x + h) - ψ(x) for x ≥ 1 and h > 0, which is 0 where h is."""
    low = e.compare("olt", x, 3.0)
    v = e.select(low, e.add(x, float(_RAISED)), x)
    found = e.add(_lead_of_large(e, v, step), log1p(e, e.divide(step, v)))
    return only_where(e, low, _raised, [x, step, found], found)


def _raised(e: Emitter, x: Value, step: Value, found: Value) -> Value:
    place, (total,) = e.begin_loop(_RAISED, [found])
    at = e.add(x, e.convert(e.subtract(_RAISED - 1, place), x.type))
    part = e.divide(step, e.multiply(at, e.add(at, step)))
    (total,) = e.end_loop([e.add(total, part)])
    return total


def digamma_lead(e: Emitter, x: Value, step: Value) -> Value:
    """The difference ψ(x + h) - ψ(x) - ln(1 + h/x) for x ≥ 1 and h > 0, which is 0 where h is."""
    far = e.compare("ogt", step, x)
    apart = e.subtract(less_digamma(e, x), less_digamma(e, e.add(x, step)))
    small = e.select(far, x, step)
    near = _lead_of_large(e, e.maximum(x, 3.0), small)
    low = e.bit_and(e.compare("olt", x, 3.0), e.invert(far))
    near = only_where(e, low, _lead_of_small, [x, small], near)
    return e.select(far, apart, near)


def _lead_of_small(e: Emitter, x: Value, step: Value) -> Value:
    return e.subtract(digamma_rise(e, x, step), log1p(e, e.divide(step, x)))


def _lead_of_large(e: Emitter, x: Value, step: Value) -> Value:
    inverse, other = e.divide(1.0, x), e.divide(1.0, e.add(x, step))
    # h / (x (x + h)) = 1/x - 1/(x + h)
    apart = e.multiply(step, e.multiply(inverse, other))
    square, smaller = e.multiply(inverse, inverse), e.multiply(other, other)
    tail = e.constant(DIGAMMA_TAIL[-1], x.type, x.width)
    # The quotient of differences of the tail z p(z), by Horner's rule beside that of z p(z) itself.
    quotient = e.constant(0.0, x.type, x.width)
    for coefficient in (*DIGAMMA_TAIL[-2::-1], 0.0):
        quotient = e.fma(quotient, square, tail)
        tail = e.fma(tail, smaller, coefficient)
    between = e.multiply(e.multiply(apart, e.add(inverse, other)), quotient)
    return e.fma(apart, 0.5, between)


def _reflected_digamma(e: Emitter, x: Value, base: Value) -> Value:
    """ψ(x) = ψ(1 - x) - π cot(πx), where ψ(1 - x) = ψ(-x) - 1/x."""
    _, r = half_turns(e, x)
    cotangent = e.divide(cosine_of_turn(e, r), sine_of_turn(e, r))
    step = e.select(e.compare("ogt", x, -1.0), 0.0, e.divide(-1.0, x))
    found = e.fma(cotangent, -PI, e.add(base, step))
    return e.select(e.compare("oeq", e.floor(x), x), _NAN, found)


# (Γ(2 + t) - 1) / t as a polynomial for |t| ≤ ½: error 2^-56, relative to Γ.
_GAMMA = (
    0.4227843350984668,
    0.41184033042644036,
    0.08157691924717293,
    0.07424901075340716,
    -0.0002669820748172386,
    0.011154045723956868,
    -0.002852645628049376,
    0.0021039331846267042,
    -0.0009195771584500493,
    0.0004903908140701413,
    -0.00024090802311883897,
    0.00012165225142909578,
    -6.099500173606907e-05,
    3.05740102603556e-05,
    -1.4516601972717814e-05,
    7.220869834274589e-06,
    -5.168771784629881e-06,
    2.622204476481567e-06,
)

# Up to here Γ is a product, beyond it Stirling's formula.
_FACTORS = 10

_ROOT_TWO_PI = 2.5066282746310007


@in_double
def gamma(e: Emitter, x: Value) -> Value:
    """The gamma function; ±∞ at ±0, NaN at the negative integers."""
    reflected = e.compare("ole", x, -0.5)
    w = e.select(reflected, e.negate(x), x)
    found = _gamma_by_factors(e, w)
    large = e.compare("ogt", w, _FACTORS + 2.0)
    found = only_where(e, large, _gamma_by_stirling, [w], found)
    return only_where(e, reflected, _reflected_gamma, [x, found], found)


def _gamma_by_factors(e: Emitter, x: Value) -> Value:
    """Γ(x) for -½ < x ≤ 12: that of 1½ to 2½ times the integers' distances, which are exact."""
    n, t = half_turns(e, x)
    product = e.fma(t, polynomial(e, t, _GAMMA), e.constant(1.0, x.type))
    for j in range(1, _FACTORS + 1):
        factor = e.subtract(x, float(j))
        product = e.multiply(product, e.select(e.compare("oge", n, j + 2.0), factor, 1.0))
    divisor = e.select(e.compare("olt", n, 1.0), e.multiply(x, e.add(x, 1.0)), x)
    return e.select(e.compare("olt", n, 2.0), e.divide(product, divisor), product)


def _stirling(e: Emitter, x: Value) -> tuple[Value, Value]:
    """Γ(x) = √(2π) x^(x - ½) e^(-x + J(x)) as a product of two numbers, for 12 < x ≤ 200."""
    x = e.minimum(x, 200.0)
    root = power(e, x, e.subtract(e.multiply(x, 0.5), 0.25))
    return root, e.multiply(e.multiply(exp(e, e.negate(x), binet(e, x)), _ROOT_TWO_PI), root)


def _gamma_by_stirling(e: Emitter, x: Value) -> Value:
    root, rest = _stirling(e, x)
    return e.multiply(root, rest)


def _reflected_gamma(e: Emitter, x: Value, opposite: Value) -> Value:
    """Γ(x) = -π / (x sin(πx) Γ(-x)), which may be smaller than the inverse of any number."""
    n, r = half_turns(e, x)
    product = e.multiply(e.negate(x), sine_of_turn(e, r))
    quotient = e.divide(PI, e.select(is_odd(e, n), e.negate(product), product))
    root, rest = _stirling(e, e.negate(x))
    far = e.divide(e.divide(quotient, rest), root)
    small = e.compare("ogt", x, -_FACTORS - 2.0)
    found = e.select(small, e.divide(quotient, opposite), far)
    return e.select(e.compare("oeq", e.floor(x), x), _NAN, found)
