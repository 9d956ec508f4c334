"""The gamma function and its relatives; they run on the reference engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import FURTHER, attach, in_place_variant, method, op, operation
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, GradientError
from thalweg.ops.elementwise.arithmetic import add, multiply, subtract

__all__ = [
    "digamma",
    "lgamma",
    "mvlgamma",
    "polygamma",
    "zeta",
]


Array = np.ndarray[Any, Any]

# Bernoulli's numbers B₂, B₄, … of the Euler-Maclaurin formula.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)

_FAR = 12.0

_LARGEST_FACTORIAL = 170


def _log_gamma(x: float) -> float:
    if x == -math.inf or x != x:
        return math.inf if x == x else x
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or beyond the largest number
        return math.inf


@elementwise(lambda g, out, x: g * op.digamma(x), cast=floating, takes=REAL, names=("gammaln",))
def lgamma(x: Array) -> Array:
    """Logarithm of the absolute gamma function: ln |Γ(x)|."""
    values = np.fromiter(map(_log_gamma, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape).astype(x.dtype)


@elementwise(lambda g, out, x: g * op.zeta(2.0, x), cast=floating, takes=REAL, names=("psi",))
def digamma(x: Array) -> Array:
    """Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x).

    Source:
        The asymptotic series far from zero, the recurrence and the reflection up to there;
        Abramowitz & Stegun, "Handbook of Mathematical Functions", 6.3.
    """
    z = np.asarray(x, np.float64)
    reflected = z < 0.5
    y = np.where(reflected, 1.0 - z, z)
    total = np.zeros_like(y)
    for _ in range(int(_FAR)):
        near = y < _FAR
        total = np.where(near, total - 1.0 / y, total)
        y = np.where(near, y + 1.0, y)
    series = sum(b / (2 * k * y ** (2 * k)) for k, b in enumerate(_BERNOULLI, start=1))
    total = total + np.log(y) - 0.5 / y - series
    # The period of the tangent is taken out first, which keeps its digits.
    turn = np.tan(np.pi * (z - np.round(z)))
    total = np.where(reflected, total - np.pi / turn, total)
    pole = (z <= 0) & (z == np.floor(z))
    total = np.where(pole, np.where(z == 0, -np.copysign(np.inf, z), np.nan), total)
    return np.where(np.isposinf(z), np.inf, total).astype(x.dtype)


def _zeta_from_half(s: Array, a: Array) -> Array:
    """Return the Hurwitz zeta function for a ≥ 1/2."""
    base, total = a, np.zeros_like(a)
    # The series wants a base that is large beside s; so many terms are all that count of others.
    far = np.maximum(_FAR, 0.7 * (s + 16.0))
    for _ in range(40):
        near = base < far
        if not near.any():
            break
        total = np.where(near, total + base**-s, total)
        base = np.where(near, base + 1.0, base)
    total = total + base ** (1.0 - s) / (s - 1.0) + 0.5 * base**-s
    factor = s * base ** (-s - 1.0)
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        total = total + bernoulli / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1.0) * (s + 2 * k) / (base * base)
    return total


def _zeta_below_half(s: Array, a: Array) -> Array:
    """Return the Hurwitz zeta function for a < 1/2, no integer, as if s were whole below 0."""
    even = np.where(np.mod(s, 2.0) == 0.0, 1.0, -1.0)
    # All that counts of a in the sum over all integers is its distance from the next ones.
    place = a - np.round(a)
    near = np.abs(place) ** -s + _zeta_from_half(s, 1.0 + np.abs(place))
    far = _zeta_from_half(s, 1.0 - np.abs(place))
    near = np.where(np.abs(place) == 0.5, far, near)  # which cancel exactly
    everywhere = np.where(place > 0, near + even * far, far + even * near)
    return np.where(a > 0, near, everywhere - even * _zeta_from_half(s, 1.0 - np.minimum(a, 0.0)))


def _no_derivative(g: Any, out: Any, x: Any, y: Any) -> Any:
    raise GradientError(
        "The derivative of zeta(x, y) with respect to x was asked for, which is not known here; "
        "it is with respect to y. Detach x."
    )


@elementwise(
    _no_derivative,
    lambda g, out, x, y: -(g * x * op.zeta(x + 1.0, y)),
    cast=floating,
    takes=REAL,
)
def zeta(x: Array, y: Array) -> Array:
    """Hurwitz zeta function: Σ 1 / (y + k)ˣ over k = 0, 1, …, for x > 1.

    Source:
        The Euler-Maclaurin formula; Abramowitz & Stegun 23.1. Below zero the terms on both sides
        of it, Σ 1 / (y + k)ˣ over all integers k, less those that are not wanted: so the time
        does not depend on y.
    """
    s, a = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    total = _zeta_from_half(s, np.where(a < 0.5, 1.0, a))
    below = (a < 0.5) & (a != np.floor(a))
    if below.any():
        total = np.where(below, _zeta_below_half(s, np.where(below, a, 0.25)), total)
    total = np.where((a <= 0) & (a == np.floor(a)), np.inf, total)
    # A power of a negative number that is no integer has no real value.
    total = np.where((a < 0) & (a != np.floor(a)) & (s != np.floor(s)), np.nan, total)
    total = np.where(s == 1.0, np.inf, np.where(s < 1.0, np.nan, total))
    return np.where(np.isnan(a) | np.isnan(s), np.nan, total).astype(x.dtype)


@operation
def polygamma(n: Any, x: Any) -> Tensor:
    """Derivative of order n of the digamma function.

    Raises:
        ArgumentError: If n is negative, or larger than 170.
    """
    order, tensor = int(n), as_tensor(x)
    if order < 0:
        raise ArgumentError(f"polygamma(n, x) does not support negative n; it got {order}.")
    if order > _LARGEST_FACTORIAL:
        raise ArgumentError(
            f"polygamma(n, x) got n={order}; it wants up to {_LARGEST_FACTORIAL}, as the factorial "
            "of a larger one is beyond the largest number. Use a lower order."
        )
    if order == 0:
        return digamma(tensor)
    sign = 1.0 if order % 2 else -1.0
    return multiply(sign * math.factorial(order), zeta(float(order + 1), tensor))


@method("multigammaln", inplace=True)
def mvlgamma(x: Any, p: int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension p.

    Raises:
        ArgumentError: If p is less than 1.
    """
    if p < 1:
        raise ArgumentError(f"mvlgamma: p has to be greater than or equal to 1, not {p}.")
    tensor = as_tensor(x)
    total = add(multiply(tensor, 0.0), p * (p - 1) / 4.0 * math.log(math.pi))
    for j in range(int(p)):
        total = add(total, lgamma(subtract(tensor, j / 2.0)))
    return total


def _polygamma_of(x: Tensor, n: int) -> Tensor:
    """Derivative of order n of the digamma function."""
    return polygamma(n, x)


attach("polygamma", _polygamma_of)

FURTHER["polygamma_"] = in_place_variant("polygamma", _polygamma_of)

attach("polygamma_", FURTHER["polygamma_"])
