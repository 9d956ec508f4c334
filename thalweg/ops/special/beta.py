"""The gamma and the beta function themselves, and logarithms of theirs: SciPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError
from thalweg.ops.elementwise.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    where,
)
from thalweg.ops.elementwise.exponential import exp, log, log1p
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.elementwise.rounding import floor
from thalweg.ops.special.gamma import lgamma

Array = np.ndarray[Any, Any]

# From here on the difference of two ln Γ is taken by Stirling's series, which keeps its digits.
_FAR = 10.0


def _gamma(x: float) -> float:
    if x != x or x == -math.inf:
        return math.nan
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # a pole
        return math.copysign(math.inf, x) if x == 0 else math.nan


@elementwise(lambda g, out, x: g * (out * op.digamma(x)), cast=floating, takes=REAL, inplace=False)
def gamma(x: Array) -> Array:
    """Gamma function: ∫₀^∞ tˣ⁻¹ e⁻ᵗ dt, continued; (x - 1)! of integers."""
    values = np.fromiter(map(_gamma, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape).astype(x.dtype)


@operation
def gammasgn(x: Any) -> Tensor:
    """Sign of the gamma function; NaN at negative integers, ±1 at ±0."""
    tensor = op.multiply(as_tensor(x), 1.0)
    below = floor(tensor)
    odd = equal(op.remainder(below, 2.0), 1.0)
    negative = where(logical_and(less(tensor, 0), odd), -1.0, 1.0)
    pole = logical_and(less(tensor, 0), equal(below, tensor))
    signed = where(equal(tensor, 0), op.copysign(1.0, tensor), negative)
    return where(logical_or(pole, isnan(tensor)), np.nan, signed)


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
    found = lgamma(where(less(tensor, 0), np.nan, tensor))
    return where(equal(tensor, -math.inf), np.nan, found)


def _rest(x: Tensor) -> Tensor:
    """Return what Stirling's formula of ln Γ leaves out: 1/12x - 1/360x³ + …, for x ≥ 10."""
    inverse = 1.0 / x
    square = inverse * inverse
    total: Any = 0.0
    for coefficient in (1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        total = total * square + coefficient
    found: Tensor = total * inverse
    return found


def _log_of_quotient(small: Tensor, large: Tensor) -> Tensor:
    """Return ln Γ(large) - ln Γ(small + large)."""
    total = small + large
    part = -((large - 0.5) * log1p(small / large)) - small * log(total) + small
    return part + _rest(large) - _rest(total)


@operation
def betaln(a: Any, b: Any) -> Tensor:
    """Logarithm of the absolute beta function: ln |Γ(a) Γ(b) / Γ(a + b)|.

    Example:
        >>> import thalweg as tw
        >>> tw.special.betaln(2.0, 3.0)  # -ln 12
        tensor(-2.4849)
    """
    x, y = op.broadcast_arrays(op.multiply(as_tensor(a), 1.0), op.multiply(as_tensor(b), 1.0))
    x, y, pole = _moved(x, y)
    small, large = minimum(x, y), maximum(x, y)
    far = logical_and(greater_equal(large, _FAR), greater(small, 0))
    near = lgamma(small) + (lgamma(where(far, 1.0, large)) - lgamma(where(far, 1.0, small + large)))
    wide = where(far, large, _FAR)
    by_series = lgamma(small) + _log_of_quotient(where(far, small, 1.0), wide)
    # Both far out, the two large parts would cancel.
    both = greater_equal(small, _FAR)
    inside = where(both, small, _FAR)
    share = -log1p(wide / inside)  # ln(a / (a + b))
    balanced = (
        (inside - 0.5) * share
        - wide * log1p(inside / wide)
        - 0.5 * log(wide)
        + 0.5 * math.log(2.0 * math.pi)
        + _rest(inside)
        + _rest(wide)
        - _rest(inside + wide)
    )
    found = where(both, balanced, where(far, by_series, near))
    found = where(logical_and(equal(large, math.inf), greater(small, 0)), -math.inf, found)
    return where(pole, math.inf, found)


def _moved(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return operands without poles of the beta function that has them, and where it is infinite.

    At whole numbers up to 0 it is infinite, but for whole y ≤ -x, where the poles of Γ cancel:
    there it is ± that of 1 - x - y and y.
    """
    for _ in range(2):
        whole = logical_and(less_equal(x, 0), equal(x, floor(x)))
        finite = logical_and(greater(1.0 - x - y, 0), equal(y, floor(y)))
        first = logical_and(whole, logical_and(finite, greater(y, 0)))
        x = where(first, 1.0 - x - y, x)
        x, y = y, x
    poles = [logical_and(less_equal(z, 0), equal(z, floor(z))) for z in (x, y)]
    pole = logical_and(logical_or(*poles), logical_not(logical_or(isnan(x), isnan(y))))
    return where(pole, 1.0, x), where(pole, 1.0, y), pole


@operation
def beta(a: Any, b: Any) -> Tensor:
    """Beta function: Γ(a) Γ(b) / Γ(a + b)."""
    x, y = as_tensor(a), as_tensor(b)
    size: Tensor = exp(betaln(x, y))
    # Where all are positive there is no sign, and none of its poles.
    positive = logical_and(greater(x, 0), greater(y, 0))
    a, b = (where(positive, 1.0, z) for z in (x, y))
    sign = gammasgn(a) * gammasgn(b) * gammasgn(a + b)
    # At poles that cancel it is that of (-1)ⁿ, n the positive one; at the others it is taken as +.
    even = equal(op.remainder(maximum(a, b), 2.0), 0)
    cancelled = where(logical_or(even, equal(size, math.inf)), 1.0, -1.0)
    unsigned = logical_or(isnan(sign), logical_or(equal(x, 0), equal(y, 0)))
    sign = where(unsigned, cancelled, sign)
    return where(positive, size, sign * size)
