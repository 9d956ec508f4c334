"""Exponentials, logarithms and the logistic function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import elementwise, floating, of_reals
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.elementwise.comparison import equal, greater, where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.floats import isnan

__all__ = [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "sigmoid",
]  # fmt: skip

# ---- exponentials and logarithms


@elementwise(lambda g, out, x: g * out, cast=floating, cost=12)
def exp(x: Array) -> Array:
    """Exponential: eˣ. Natively within 1.1 ulp."""
    return np.exp(x)


@elementwise(lambda g, out, x: g * (out + 1.0), cast=floating, cost=14)
def expm1(x: Array) -> Array:
    """Exponential minus one, accurate near zero: eˣ - 1. Natively within 1.4 ulp."""
    if x.dtype.kind != "c":
        return np.expm1(x)
    # NumPy's is NaN for infinite complex numbers that have a limit, and -0 at -0.
    found: Array = np.asarray(np.where(np.isfinite(x), np.expm1(x), np.exp(x) - 1))
    found.real += 0.0
    return found


@elementwise(lambda g, out, x: g / x, cast=floating, cost=16)
def log(x: Array) -> Array:
    """Natural logarithm: ln x. Natively within 1.1 ulp."""
    return np.log(x)


@elementwise(lambda g, out, x: g / (1.0 + x), cast=floating, cost=20)
def log1p(x: Array) -> Array:
    """Logarithm of one plus x, accurate near zero: ln(1 + x). Natively within 1.1 ulp."""
    return np.log1p(x)


@of_reals(
    lambda g, out, x, y: g * op.sigmoid(x - y), lambda g, out, x, y: g * op.sigmoid(y - x), cost=30
)
def logaddexp(x: Array, y: Array) -> Array:
    """Logarithm of a sum of exponentials: ln(eˣ + eʸ).

    Natively within 2.0 ulp of the result, or of the larger operand if that is negative.
    """
    return np.logaddexp(x, y)


@elementwise(lambda g, out, x: g * (out * (1.0 - out)), cast=floating, cost=16)
def sigmoid(x: Array) -> Array:
    """Logistic function: 1 / (1 + e⁻ˣ). Natively within 1.4 ulp."""
    falling = x.real < 0
    e = np.exp(np.where(falling, x, -x))
    result: Array = np.where(falling, e, np.ones_like(e)) / (1 + e)
    return result


_LOG_2, _LOG_10 = math.log(2.0), math.log(10.0)


@elementwise(lambda g, out, x: g * (out * _LOG_2), cast=floating, cost=12)
def exp2(x: Array) -> Array:
    """Power of two: 2ˣ. Natively within 1.2 ulp."""
    return np.exp2(x)


@elementwise(lambda g, out, x: g / (x * _LOG_2), cast=floating, cost=20)
def log2(x: Array) -> Array:
    """Logarithm to base 2. Natively within 1.2 ulp."""
    return np.log2(x)


@elementwise(lambda g, out, x: g / (x * _LOG_10), cast=floating, cost=20)
def log10(x: Array) -> Array:
    """Logarithm to base 10. Natively within 1.0 ulp."""
    return np.log10(x)


@operation
def logaddexp2(x: Any, y: Any) -> Tensor:
    """Logarithm to base 2 of a sum of powers of two: log₂(2ˣ + 2ʸ)."""
    return logaddexp(multiply(x, _LOG_2), multiply(y, _LOG_2)) / _LOG_2


@operation
def logit(x: Any, eps: float | None = None) -> Tensor:
    """Log odds: ln(x / (1 - x)), the inverse of the logistic function.

    Args:
        x: A tensor of probabilities.
        eps: Where to limit them, to between eps and 1 - eps; None for no limit.
    """
    tensor = as_floating(x, None)
    if eps is None:
        return log(tensor) - log1p(-tensor)
    limited = where(greater(tensor, 1.0 - eps), 1.0 - eps, tensor)
    return logit(where(greater(eps, tensor), eps, limited))


@operation
def xlogy(x: Any, y: Any) -> Tensor:
    """Return x ln y, and 0 where x is 0, whatever y is there.

    The derivative by x is ln y there, but 0 where that has no finite value.
    """
    return multiply(x, log(where(without_logarithm(x, y), 1, y)))


def without_logarithm(x: Any, y: Any) -> Tensor:
    """Tell where x is 0 and y has no finite logarithm, which does not count then."""
    positive = op.logical_and(op.greater(y, 0), op.less(y, math.inf))
    infinite = op.logical_not(op.logical_or(positive, isnan(y)))
    return op.logical_and(equal(x, 0), infinite)
