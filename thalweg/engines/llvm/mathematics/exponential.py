"""Exponentials and what is made of them: exp, exp2, expm1, the logistic function and erf.

x = n·ln 2 + r with |r| ≤ ½ ln 2, and eʳ - 1 = r + r²·q(r).
"""

import math

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.polynomials import (
    clamp,
    fast_two_sum,
    halve,
    polynomial,
    power_of_two,
    round_to_integer,
)

_LOG2_E = 1.4426950408889634

# ln 2 in two parts, the first with so few bits that its product with n is exact.
LN2 = {
    "f64": (0.6931471803691238, 1.9082149292705877e-10),
    "f32": (0.69317626953125, -2.9088971132296138e-05),
}

# (eʳ - 1 - r) / r² on |r| ≤ ½ ln 2; errors 2^-53 and 2^-23.8, of a term that is at most 0.12.
_TAIL = {
    "f64": (
        0.5000000000000001,
        0.16666666666666674,
        0.04166666666662406,
        0.00833333333332219,
        0.0013888888917249055,
        0.00019841269886646914,
        2.4801521241461474e-05,
        2.7557242273755562e-06,
        2.762011422293043e-07,
        2.5110073519528904e-08,
    ),
    "f32": (0.5, 0.166665733, 0.041666422, 0.00836365297, 0.00139473157),
}

# Beyond these, exp is 0 or inf in every rounding.
_RANGE = {"f64": (-746.0, 710.0), "f32": (-104.5, 89.0)}

_EXP2_RANGE = {"f64": (-1076.0, 1025.0), "f32": (-151.0, 129.0)}

_SIGMOID_RANGE = {"f64": 746.0, "f32": 104.5}

# Below the second number expm1 is -1.
_EXPM1_RANGE = {"f64": (-40.0, 710.0), "f32": (-20.0, 89.0)}


def reduced(e: Emitter, x: Value, low: Value | None = None) -> tuple[Value, Value]:
    """The integer n (see `round_to_integer`) and p = eʳ - 1 where x + low = n·ln 2 + r."""
    n, first, number = _reduction(e, x)
    r = e.fma(number, -LN2[x.type][1], first if low is None else e.add(first, low))
    return n, e.fma(e.multiply(r, r), polynomial(e, r, _TAIL[x.type]), r)


def reduced_long(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """The integer n, r and eʳ - 1 - r, what r lost to rounding included: x = n·ln 2 + r."""
    n, first, number = _reduction(e, x)
    small = LN2[x.type][1]
    r = e.fma(number, -small, first)
    lost = e.fma(number, -small, e.subtract(first, r))
    lost = e.fma(lost, r, lost)
    return n, r, e.fma(e.multiply(r, r), polynomial(e, r, _TAIL[x.type]), lost)


def _reduction(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """The integer n nearest to x / ln 2, x - n·ln 2 but for the second part of ln 2, and n."""
    n, number = round_to_integer(e, x, _LOG2_E)
    return n, e.fma(number, -LN2[x.type][0], x), number


def exp(e: Emitter, x: Value, low: Value | None = None) -> Value:
    """The exponential eˣ, or e^(x + low) for a small correction."""
    return _times_power(e, *reduced(e, clamp(e, x, *_RANGE[x.type]), low))


def _times_power(e: Emitter, n: Value, p: Value) -> Value:
    """The number 2ⁿ·(1 + p), 2ⁿ in two factors: the result may be subnormal, or too large."""
    half = halve(e, n, p.type)
    scale = power_of_two(e, half, p.type)
    rest = power_of_two(e, e.subtract(n, half), p.type)
    return e.multiply(e.fma(p, scale, scale), rest)


def exp2(e: Emitter, x: Value) -> Value:
    """The power of two 2ˣ."""
    x = clamp(e, x, *_EXP2_RANGE[x.type])
    n, number = round_to_integer(e, x, 1.0)
    r = e.multiply(e.subtract(x, number), math.log(2.0))
    series = polynomial(e, r, _TAIL[x.type])
    return _times_power(e, n, e.fma(e.multiply(r, r), series, r))


def expm1(e: Emitter, x: Value) -> Value:
    """The difference eˣ - 1, accurate near 0."""
    n, r, rest = reduced_long(e, clamp(e, x, *_EXPM1_RANGE[x.type]))
    # Half of 2ⁿ - 1 + 2ⁿ·r + 2ⁿ·rest, as 2ⁿ itself may be too large.
    half = power_of_two(e, e.subtract(n, 1), x.type)
    high, low = fast_two_sum(e, e.subtract(half, 0.5), e.multiply(r, half))
    result = e.add(high, e.fma(rest, half, low))
    result = e.add(result, result)
    # Keeps -0 and subnormals.
    return e.select(e.compare("olt", e.absolute(x), 2.0**-60), x, result)


def sigmoid(e: Emitter, x: Value) -> Value:
    """The logistic function 1 / (1 + e⁻ˣ), never overflowing and without cancellation."""
    bound = _SIGMOID_RANGE[x.type]
    n, p = reduced(e, clamp(e, e.negate(x), -bound, bound))
    # 1 + e⁻ˣ = 1 + 2ⁿ + p·2ⁿ, all divided by 2ᵏ, k = ⌊n/2⌋, so that results down to the smallest
    # subnormal are reached; the largest is added last.
    k = halve(e, n, x.type)
    scale = power_of_two(e, e.subtract(n, k), x.type)
    unscale = power_of_two(e, e.subtract(0, k), x.type)
    falling = e.compare("ogt", scale, unscale)
    larger, smaller = e.select(falling, scale, unscale), e.select(falling, unscale, scale)
    denominator, lost = fast_two_sum(e, larger, e.fma(p, scale, smaller))
    quotient = e.divide(1.0, denominator)
    quotient = e.fma(e.multiply(quotient, e.negate(lost)), quotient, quotient)
    return e.multiply(quotient, unscale)


# erf(x)/x - 1 as a polynomial in x², for |x| ≤ 1: errors 2^-55 and 2^-29, relative to erf.
_ERF_NEAR = {
    "f64": (
        0.12837916709551256,
        -0.3761263890318352,
        0.11283791670944185,
        -0.02686617064311147,
        0.00522397760611853,
        -0.0008548325929318811,
        0.00012055293577062611,
        -1.4924712305578151e-05,
        1.6447131619599692e-06,
        -1.6206314154620464e-07,
        1.3710982203958857e-08,
        -7.779472005943964e-10,
    ),
    "f32": (
        0.128379166,
        -0.37612626,
        0.112835787,
        -0.0268534329,
        0.00518759433,
        -0.000800443348,
        7.83823853e-05,
    ),
}

# ln(1 - erf x) as a polynomial in x - 1, from 1 up to the bound beyond which erf is 1. Weighted
# by 1 - erf x, which it may be less accurate in the smaller that is: errors 2^-54.6, 2^-26.7.
_ERF_FAR = {
    "f64": (
        -1.8496055099332485,
        -2.638967514234732,
        -0.8431072563618548,
        -0.04156109797266225,
        0.010033824605426515,
        -0.0019778975183198377,
        0.0002373011577535848,
        2.633904635882446e-05,
        -2.728275727334247e-05,
        9.789319470755076e-06,
        -2.252709191163586e-06,
        2.9520978452739423e-07,
        8.732615577480753e-09,
        -1.4100584208713175e-08,
        3.250671374877077e-09,
        -3.6855177258446493e-10,
        1.770452114442491e-11,
    ),
    "f32": (
        -1.84960556,
        -2.6389668,
        -0.843117595,
        -0.0415034853,
        0.00989543833,
        -0.0018293655,
        0.000186374338,
    ),
}

_ERF_BOUND = {"f64": 5.9375, "f32": 3.9375}


def erf(e: Emitter, x: Value) -> Value:
    """The error function (2/√π)·∫₀ˣ e^(-t²) dt."""
    a = e.absolute(x)
    near = e.fma(x, polynomial(e, e.multiply(x, x), _ERF_NEAR[x.type]), x)
    t = e.subtract(e.minimum(a, _ERF_BOUND[x.type]), 1.0)
    n, p = reduced(e, polynomial(e, t, _ERF_FAR[x.type]))
    scale = power_of_two(e, n, x.type)
    far = e.fma(e.negate(p), scale, e.subtract(1.0, scale))
    return e.select(e.compare("ogt", a, 1.0), e.copysign(far, x), near)
