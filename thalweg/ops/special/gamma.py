"""The gamma and the beta function and their relatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation, register
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, DtypeError
from thalweg.ops.elementwise.arithmetic import add, horner, multiply, subtract
from thalweg.ops.elementwise.comparison import maximum, minimum, where
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.special.error import of_each
from thalweg.ops.special.stirling import binet, lgamma1p
from thalweg.ops.special.zeta import BERNOULLI, zeta

# Coefficients of Stirling's series of ln Γ.
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)

_FAR_IN_DIGAMMA = 12.0

_LARGEST_FACTORIAL = 170


def _positive_log_gamma(x: Array) -> Any:
    """Return ln |Γ(x)| for x > -½: about its zeros at 1 and 2, and by Stirling's formula."""
    low = x < 0.5
    v = np.where(low, x + 1.0, x)
    logarithm = np.log(np.where(low, np.abs(x), x))
    near = lgamma1p(np.where(low, x, np.minimum(v, 3.0) - 1.0))
    far = np.maximum(v, 3.0)
    rest = binet(far) + (0.5 * math.log(2.0 * math.pi) - 0.5)
    by_series = (far - 0.5) * (np.log(far) - 1.0) + rest
    # At 1 and 2 it is 0, not -0.
    return np.where(low, near - logarithm, np.where(v < 3.0, near + 0.0, by_series))


@of_reals(lambda g, out, x: g * op.digamma(x), cost=80)
def lgamma(x: Array) -> Array:
    """Logarithm of the absolute gamma function: ln |Γ(x)|.

    Natively within 5 ulp; below 0, near its zeros, of what a change of x by one ulp makes.
    """
    z = np.asarray(x, np.float64)
    reflected = z <= -0.5
    found = _positive_log_gamma(np.where(reflected, -z, z))
    inside = np.where(reflected & np.isfinite(z), z, -0.5)
    sine = np.sin(np.pi * (inside - np.round(inside)))
    opposite = math.log(math.pi) - np.log(np.abs(inside * sine)) - found
    pole = (z <= 0) & (z == np.floor(z))
    return np.where(pole, np.inf, np.where(reflected, opposite, found)).astype(x.dtype)


@of_reals(lambda g, out, x: g * op.zeta(2.0, x), cost=80)
def digamma(x: Array) -> Array:
    """Derivative of the logarithm of the gamma function: Γ'(x) / Γ(x).

    Natively within 5 ulp; near its zeros, of what a change of x by one ulp makes.

    Source:
        The asymptotic series far from zero, the recurrence and the reflection up to there;
        Abramowitz & Stegun, "Handbook of Mathematical Functions", 6.3.
    """
    z = np.asarray(x, np.float64)
    reflected = z < 0.5
    y = np.where(reflected, 1.0 - z, z)
    total = np.zeros_like(y)
    for _ in range(int(_FAR_IN_DIGAMMA)):
        near = y < _FAR_IN_DIGAMMA
        total = np.where(near, total - 1.0 / y, total)
        y = np.where(near, y + 1.0, y)
    series = sum(b / (2 * k * y ** (2 * k)) for k, b in enumerate(BERNOULLI, start=1))
    total = total + np.log(y) - 0.5 / y - series
    # The period of the tangent is taken out first, which keeps its digits.
    turn = np.tan(np.pi * (z - np.round(z)))
    total = np.where(reflected, total - np.pi / turn, total)
    pole = (z <= 0) & (z == np.floor(z))
    total = np.where(pole, np.where(z == 0, -np.copysign(np.inf, z), np.nan), total)
    return np.where(np.isposinf(z), np.inf, total).astype(x.dtype)


# SciPy's names, by which it hands its ufuncs over.
register("gammaln", lgamma)

register("psi", digamma)


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


@operation
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


# From here on the difference of two ln Γ is taken by Stirling's series, which keeps its digits.
_FAR_IN_STIRLING = 10.0


def _gamma(x: float) -> float:
    if x != x or x == -math.inf:
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # a pole
        return math.copysign(math.inf, x) if x == 0 else math.nan


@of_reals(lambda g, out, x: g * (out * op.digamma(x)), cost=120)
def gamma(x: Array) -> Array:
    """Gamma function: ∫₀^∞ tˣ⁻¹ e⁻ᵗ dt, continued; (x - 1)! of integers.

    Natively within 6 ulp.
    """
    return of_each(_gamma, x).astype(x.dtype)


@operation
def gammasgn(x: Any) -> Tensor:
    """Sign of the gamma function; NaN at negative integers, ±1 at ±0."""
    tensor = op.multiply(as_tensor(x), 1.0)
    below = floor(tensor)
    odd = op.remainder(below, 2.0) == 1.0
    negative = where((tensor < 0) & odd, -1.0, 1.0)
    pole = (tensor < 0) & (below == tensor)
    signed = where(tensor == 0, op.copysign(1.0, tensor), negative)
    return where(pole | isnan(tensor), np.nan, signed)


@operation
def loggamma(z: Any) -> Tensor:
    """Logarithm of the gamma function, which is real for positive numbers alone: else NaN.

    Raises:
        DtypeError: If z is complex.
    """
    tensor = as_tensor(z)
    if tensor.dtype.kind == "c":
        raise DtypeError(
            "loggamma got complex numbers; here it is that of real ones. Use scipy.special's "
            "outside of what is differentiated."
        )
    found = lgamma(where(tensor < 0, np.nan, tensor))
    return where(tensor == -math.inf, np.nan, found)


def _stirling_rest(x: Tensor) -> Tensor:
    """Return what Stirling's formula of ln Γ leaves out: 1/12x - 1/360x³ + …, for x ≥ 10."""
    inverse = 1.0 / x
    return horner(STIRLING[::-1], inverse * inverse) * inverse


def _log_of_quotient(small: Tensor, large: Tensor) -> Tensor:
    """Return ln Γ(large) - ln Γ(small + large)."""
    total = small + large
    part = -((large - 0.5) * log1p(small / large)) - small * log(total) + small
    return part + _stirling_rest(large) - _stirling_rest(total)


@operation
def betaln(a: Any, b: Any) -> Tensor:
    """Logarithm of the absolute beta function: ln |Γ(a) Γ(b) / Γ(a + b)|.

    Example:
        >>> import thalweg as tw
        >>> tw.special.betaln(2.0, 3.0)  # -ln 12
        tensor(-2.4849)
    """
    x, y = op.broadcast_arrays(op.multiply(as_tensor(a), 1.0), op.multiply(as_tensor(b), 1.0))
    x, y, pole = _without_poles(x, y)
    small, large = minimum(x, y), maximum(x, y)
    far = (large >= _FAR_IN_STIRLING) & (small > 0)
    near = lgamma(small) + (lgamma(where(far, 1.0, large)) - lgamma(where(far, 1.0, small + large)))
    wide = where(far, large, _FAR_IN_STIRLING)
    by_series = lgamma(small) + _log_of_quotient(where(far, small, 1.0), wide)
    # Both far out, the two large parts would cancel.
    both = small >= _FAR_IN_STIRLING
    inside = where(both, small, _FAR_IN_STIRLING)
    share = -log1p(wide / inside)  # ln(a / (a + b))
    balanced = (
        (inside - 0.5) * share
        - wide * log1p(inside / wide)
        - 0.5 * log(wide)
        + 0.5 * math.log(2.0 * math.pi)
        + _stirling_rest(inside)
        + _stirling_rest(wide)
        - _stirling_rest(inside + wide)
    )
    found = where(both, balanced, where(far, by_series, near))
    found = where((large == math.inf) & (small > 0), -math.inf, found)
    return where(pole, math.inf, found)


def _without_poles(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return operands without poles of the beta function that has them, and where it is infinite.

    At whole numbers up to 0 it is infinite, but for whole y ≤ -x, where the poles of Γ cancel:
    there it is ± that of 1 - x - y and y.
    """
    for _ in range(2):
        finite = (1.0 - x - y > 0) & (y == floor(y))
        first = _is_pole(x) & finite & (y > 0)
        x = where(first, 1.0 - x - y, x)
        x, y = y, x
    pole = (_is_pole(x) | _is_pole(y)) & ~(isnan(x) | isnan(y))
    return where(pole, 1.0, x), where(pole, 1.0, y), pole


def _is_pole(x: Tensor) -> Tensor:
    return (x <= 0) & (x == floor(x))


@operation
def beta(a: Any, b: Any) -> Tensor:
    """Beta function: Γ(a) Γ(b) / Γ(a + b)."""
    x, y = as_tensor(a), as_tensor(b)
    size: Tensor = exp(betaln(x, y))
    # Where all are positive there is no sign, and none of its poles.
    positive = (x > 0) & (y > 0)
    a, b = (where(positive, 1.0, z) for z in (x, y))
    sign = gammasgn(a) * gammasgn(b) * gammasgn(a + b)
    # At poles that cancel it is that of (-1)ⁿ, n the positive one; at the others it is taken as +.
    even = op.remainder(maximum(a, b), 2.0) == 0
    cancelled = where(even | (size == math.inf), 1.0, -1.0)
    unsigned = isnan(sign) | (x == 0) | (y == 0)
    sign = where(unsigned, cancelled, sign)
    return where(positive, size, sign * size)
