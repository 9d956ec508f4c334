"""The incomplete gamma and beta functions to hundreds of bits, with their derivatives, quickly.

Both are a power times a sum of positive terms, which is taken with its derivatives in integers.
What cancels afterwards, of a part that is nearly 1, is counted into the bits beforehand.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath.libmp import to_fixed


def _fixed(x: Any, bits: int) -> int:
    return int(to_fixed(x._mpf_, bits))


def _number(x: int, bits: int) -> Any:
    return mpmath.ldexp(mpmath.mpf(x), -bits)


def gamma_bits(a: Any, x: Any) -> int:
    """Return how many bits cancel beyond the mean, and of small shapes."""
    # 1 - P is about (x/a)ᵃ e^(a - x).
    far = float(x - a - a * mpmath.log(x / a)) if x > a else 0.0
    return int(1.45 * far) - 2 * min(0, int(mpmath.mag(a)))


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the last results of a function, of the same operands and bits."""
    kept = functools.lru_cache(maxsize=16)(lambda bits, *operands: function(*operands))
    return functools.wraps(function)(lambda *operands: kept(mpmath.mp.prec, *operands))


@once
def gamma_parts(a: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return P(a, x), its derivative by a, and x times that by x.

    P = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n)), DLMF 8.7.1.
    """
    bits = mpmath.mp.prec + 60 + gamma_bits(a, x)
    with mpmath.workprec(bits):
        total, total_by = _gamma_sums(a, x, bits + 40)
        height = mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a + 1))
        slope = mpmath.log(x) - mpmath.psi(0, a + 1)
        value = height * total
        return value, value * slope + height * total_by, height * a


def _gamma_sums(a: Any, x: Any, bits: int) -> tuple[Any, Any]:
    one = 1 << bits
    below, top = _fixed(a, bits), _fixed(x, bits)
    term, by = one, 0
    total, total_by = one, 0
    while term:
        below += one
        by = (by - (term << bits) // below) * top // below
        term = term * top // below
        total, total_by = total + term, total_by + by
    return _number(total, bits), _number(total_by, bits)


@once
def beta_parts(a: Any, b: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """Return I_x(a, b) or, where x lies beyond the mean, -I_y(b, a); the derivatives; x times pdf.

    I = xᵃ yᵇ / (a B(a, b)) · Σ (a + b)ₙ / (a + 1)ₙ xⁿ, DLMF 8.17.8, y = 1 - x.
    """
    if x > 0.5:
        value, by_b, by_a, at = beta_parts(b, a, 1 - x)
        return -value, -by_a, -by_b, at * x / (1 - x)
    # Where a parameter is small, and far beyond the mean, parts that are so much larger cancel.
    lost = 2 * max(0, *(-mpmath.mag(v) for v in (a, b, x)))
    beyond = x * (a + b) > a
    if beyond:
        ratio, other = (float(v) for v in (a / ((a + b) * x), b / ((a + b) * (1 - x))))
        lost += int(1.45 * (float(a) * math.log(ratio) + float(b) * math.log(other)))
    bits = mpmath.mp.prec + 60 + lost
    with mpmath.workprec(bits):
        y = 1 - x
        total, by_a, by_b = _beta_sums(a, b, x, bits + 40)
        both = mpmath.psi(0, a + b)
        height = mpmath.exp(
            a * mpmath.log(x) + b * mpmath.log(y) + mpmath.loggamma(a + b)
            - mpmath.loggamma(a + 1) - mpmath.loggamma(b)
        )  # fmt: skip
        value = height * total
        by_a = value * (mpmath.log(x) - mpmath.psi(0, a + 1) + both) + height * by_a
        by_b = value * (mpmath.log(y) - mpmath.psi(0, b) + both) + height * by_b
        return value - 1 if beyond else value, by_a, by_b, height * a / y


def _beta_sums(a: Any, b: Any, x: Any, bits: int) -> tuple[Any, Any, Any]:
    one = 1 << bits
    above, below, top = _fixed(a + b, bits), _fixed(a, bits), _fixed(x, bits)
    term, by_a, by_b = one, 0, 0
    total, total_a, total_b = one, 0, 0
    while term:
        below += one
        ratio = above * top // below
        grown = term * top // below  # the change of the term by one of a + b
        by_b = (by_b * ratio >> bits) + grown
        after = term * ratio >> bits
        by_a = (by_a * ratio >> bits) + grown - (after << bits) // below
        term, above = after, above + one
        total, total_a, total_b = total + term, total_a + by_a, total_b + by_b
    return _number(total, bits), _number(total_a, bits), _number(total_b, bits)


def moved(parts: Any, which: int, *operands: Any) -> Any:
    """Return Σ |v ∂f/∂v| over the parameters, of the part f of that number.

    By differences; the last operand, of which the density is the derivative, is left out.
    """
    with mpmath.workprec(130):
        step, here, total = mpmath.mpf(2) ** -50, parts(*operands)[which], 0
        for place in range(len(operands) - 1):
            near = [v * (1 + step * (i == place)) for i, v in enumerate(operands)]
            total += abs(parts(*near)[which] - here) / step
        return total
