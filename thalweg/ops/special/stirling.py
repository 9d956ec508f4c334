"""What Stirling's formula leaves out, in NumPy: of ln Γ, of ψ, and of powers about a mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.ops.special.tables import BINET, DIGAMMA_TAIL, LOG_GAMMA_ABOVE, LOG_GAMMA_BELOW

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


def digamma_lead(x: Array, step: Array) -> Any:
    """Return ψ(x + h) - ψ(x) - ln(1 + h/x) for x, h > 0, which is 0 where h is."""
    low = x < 3.0
    v = np.where(low, x + _RAISED, x)
    inverse, other = 1.0 / v, 1.0 / (v + step)
    apart = step * (inverse * other)
    square, smaller = inverse * inverse, other * other
    # The quotient of differences of the tail z p(z), by Horner's rule beside that of z p(z).
    tail, quotient = np.full_like(v, DIGAMMA_TAIL[-1]), np.zeros_like(v)
    for coefficient in (*DIGAMMA_TAIL[-2::-1], 0.0):
        quotient, tail = quotient * square + tail, tail * smaller + coefficient
    found = 0.5 * apart + apart * (inverse + other) * quotient
    near = np.where(low, x, 1.0)
    raised = found + np.log1p(step / (near + _RAISED))
    for k in range(_RAISED):
        raised = raised + step / ((near + k) * (near + k + step))
    return np.where(low, raised - np.log1p(step / near), found)
