"""Exponentials: exp, expm1, and the logistic function.

x = n·ln 2 + r with |r| ≤ ½ ln 2, and eʳ - 1 = r + r²·q(r).
"""

from thalweg.engines.llvm.ir.emitter import Emitter
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.mathematics.polynomials import (
    clamp,
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

_SIGMOID_RANGE = {"f64": 746.0, "f32": 104.5}

# Below the second number expm1 is -1.
_EXPM1_RANGE = {"f64": (-40.0, 710.0), "f32": (-20.0, 89.0)}


def reduced(
    e: Emitter, x: Value, low: Value | None = None, exact: bool = False
) -> tuple[Value, Value]:
    """The integer n (see `round_to_integer`) and p = eʳ - 1 where x + low = n·ln 2 + r.

    `exact` keeps what r lost to rounding, for callers that subtract from p.
    """
    n, number = round_to_integer(e, x, _LOG2_E)
    high_part, low_part = LN2[x.type]
    first = e.fma(number, -high_part, x)
    r = e.fma(number, -low_part, first if low is None else e.add(first, low))
    square, series = e.multiply(r, r), polynomial(e, r, _TAIL[x.type])
    if not exact:
        return n, e.fma(square, series, r)
    lost = e.fma(number, -low_part, e.subtract(first, r))
    return n, e.add(r, e.fma(square, series, lost))


def exp(e: Emitter, x: Value, low: Value | None = None) -> Value:
    """The exponential eˣ, or e^(x + low) for a small correction."""
    n, p = reduced(e, clamp(e, x, *_RANGE[x.type]), low)
    # 2ⁿ in two factors: the result may be subnormal, or too large.
    half = halve(e, n, x.type)
    scale = power_of_two(e, half, x.type)
    rest = power_of_two(e, e.subtract(n, half), x.type)
    return e.multiply(e.fma(p, scale, scale), rest)


def expm1(e: Emitter, x: Value) -> Value:
    """The difference eˣ - 1, accurate near 0."""
    n, p = reduced(e, clamp(e, x, *_EXPM1_RANGE[x.type]), exact=True)
    # Half the result, as 2ⁿ itself may be too large.
    half = power_of_two(e, e.subtract(n, 1), x.type)
    result = e.fma(p, half, e.subtract(half, 0.5))
    result = e.add(result, result)
    # Keeps -0 and subnormals.
    return e.select(e.compare("olt", e.absolute(x), 2.0**-60), x, result)


def sigmoid(e: Emitter, x: Value) -> Value:
    """The logistic function 1 / (1 + e⁻ˣ), never overflowing and without cancellation."""
    bound = _SIGMOID_RANGE[x.type]
    n, p = reduced(e, clamp(e, e.negate(x), -bound, bound))
    # 1 + e⁻ˣ = 1 + 2ⁿ + p·2ⁿ, where 1 + 2ⁿ is exact; all divided by 2ᵏ, k = ⌊n/2⌋, so that
    # results down to the smallest subnormal are reached.
    k = halve(e, n, x.type)
    scale = power_of_two(e, e.subtract(n, k), x.type)
    unscale = power_of_two(e, e.subtract(0, k), x.type)
    denominator = e.fma(p, scale, e.add(scale, unscale))
    return e.multiply(e.divide(1.0, denominator), unscale)
