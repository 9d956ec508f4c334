"""What Stirling's formula leaves out, in NumPy: of ln Γ, of ψ, and of powers about a mean.

Beside it sums and products of two numbers with their errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
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

# How far the argument of ψ is raised where it is below 3.
_RAISED = 12


def polynomial(x: Array, coefficients: Sequence[float]) -> Any:
    """Return Σ cⱼ xʲ by Horner's rule."""
    result: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result


def binet(x: Array) -> Any:
    """Return Binet's function J(x) for x ≥ 2: ln Γ(x) - (x - ½) ln x + x - ½ ln 2π."""
    inverse = 1.0 / x
    return inverse * polynomial(inverse * inverse, BINET)


def lgamma1p(x: Array) -> Any:
    """Return ln Γ(1 + x) for -½ ≤ x ≤ 2, accurate near 0."""
    quotient = polynomial(x + 0.5, LOG_GAMMA_ABOVE) / polynomial(x + 0.5, LOG_GAMMA_BELOW)
    return quotient * (x * (x - 1.0))


def less_logarithm(y: Array) -> Any:
    """Return y - ln(1 + y) without cancellation, for -½ ≤ y ≤ 1."""
    s = y / (2.0 + y)
    z = s * s
    # ln(1 + y) = 2 artanh s = y - s (y - 2 z/3 - 2 z²/5 - …), where z ≤ 1/9.
    tail = polynomial(z, [2.0 / (2 * k + 3) for k in range(18)])
    return s * (y - z * tail)


def excess(part: Array, ratio: Array) -> Any:
    """Return r - 1 - ln r, where r - 1 is known with all its digits."""
    near = (part >= -0.5) & (part <= 1.0)
    far = part - np.log(np.where(near, 1.0, ratio))
    return np.where(near, less_logarithm(np.where(near, part, 0.0)), far)


def logarithm(part: Array, ratio: Array) -> Any:
    """Return ln r, where r - 1 is known with all its digits."""
    near = (part >= -0.5) & (part <= 1.0)
    return np.where(near, np.log1p(np.where(near, part, 0.0)), np.log(np.where(near, 1.0, ratio)))


def digamma1p(x: Array) -> Any:
    """Return ψ(1 + x) for 0 ≤ x ≤ 2."""
    quotient = polynomial(x, PSI_ABOVE) / polynomial(x, PSI_BELOW)
    return quotient * ((x - PSI_ZERO) - PSI_ZERO_LOW)


def less_digamma(x: Array) -> Any:
    """Return ln x - ψ(x) for x ≥ 1, as far below 3 as it is above, by the recurrence."""
    low = x < 3.0
    v = np.where(low, x + 2.0, x)
    square = 1.0 / (v * v)
    found = 0.5 / v + square * polynomial(square, DIGAMMA_TAIL)
    near = np.where(low, x, 1.0)
    return np.where(low, found + less_logarithm(1 / (near + 1)) + less_logarithm(1 / near), found)


def digamma_rise(x: Array, step: Array) -> Any:
    """Return ψ(x + h) - ψ(x) for x ≥ 1 and h > 0, which is 0 where h is."""
    low = x < 3.0
    near = np.where(low, x, 1.0)
    v = np.where(low, x + _RAISED, x)
    found = _lead_of_large(v, step) + np.log1p(step / v)
    raised = found
    for k in range(_RAISED - 1, -1, -1):
        raised = raised + step / ((near + k) * (near + k + step))
    return np.where(low, raised, found)


def digamma_lead(x: Array, step: Array) -> Any:
    """Return ψ(x + h) - ψ(x) - ln(1 + h/x) for x ≥ 1 and h > 0, which is 0 where h is."""
    far = step > x
    apart = less_digamma(x) - less_digamma(x + step)
    small = np.where(far, x, step)
    near = np.where(x < 3.0, digamma_rise(x, small) - np.log1p(small / x), _lead_of_large(x, small))
    return np.where(far, apart, near)


def _lead_of_large(x: Array, step: Array) -> Any:
    """Return the same for x ≥ 3."""
    inverse, other = 1.0 / x, 1.0 / (x + step)
    apart = step * (inverse * other)
    square, smaller = inverse * inverse, other * other
    # The quotient of differences of the tail z p(z), by Horner's rule beside that of z p(z).
    tail, quotient = np.full_like(x, DIGAMMA_TAIL[-1]), np.zeros_like(x)
    for coefficient in (*DIGAMMA_TAIL[-2::-1], 0.0):
        quotient, tail = quotient * square + tail, tail * smaller + coefficient
    return 0.5 * apart + apart * (inverse + other) * quotient


# ---- with errors


def sum_and_error(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a sum as a rounded one and its error (Knuth)."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def product_and_error(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a product as a rounded one and its error (Dekker)."""
    product = x * y
    (a, b), (c, d) = _halves(x), _halves(y)
    error = a * c - product + a * d + b * c + b * d
    return product, np.where(np.isfinite(error), error, 0.0)  # which may overflow


def _halves(x: Array) -> tuple[Array, Array]:
    """Return a number as two of 26 bits (Veltkamp)."""
    shifted = x * (2.0**27 + 1.0)
    high = shifted - (shifted - x)
    return high, x - high
