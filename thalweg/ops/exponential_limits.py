"""Exponentials and logarithms where one factor vanishes: PyTorch's and SciPy's names."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import method, op
from thalweg.core.tensor import Tensor
from thalweg.ops.composed import isnan
from thalweg.ops.elementwise import (
    equal,
    greater,
    log,
    log1p,
    logaddexp,
    multiply,
    power,
    sin,
    where,
)
from thalweg.ops.reductions import as_floating

__all__ = [
    "ldexp",
    "logaddexp2",
    "logit",
    "sinc",
    "xlogy",
]


# ---- exponentials, logarithms and their limits


@method(inplace=True)
def ldexp(x: Any, y: Any) -> Tensor:
    """Multiply by a power of two: x 2ʸ."""
    return multiply(x, power(2.0, y))


@method
def logaddexp2(x: Any, y: Any) -> Tensor:
    """Logarithm to base 2 of a sum of powers of two: log₂(2ˣ + 2ʸ)."""
    scale = math.log(2.0)
    return logaddexp(multiply(x, scale), multiply(y, scale)) / scale


@method(inplace=True)
def logit(x: Any, eps: float | None = None) -> Tensor:
    """Log odds: ln(x / (1 - x)), the inverse of the logistic function.

    Args:
        x: A tensor of probabilities.
        eps: Where to limit them, to between eps and 1 - eps; None for no limit.
    """
    tensor = as_floating(x, None)
    if eps is None:
        return log(tensor) - log1p(-tensor)
    inside = op.logical_and(op.greater_equal(tensor, eps), op.less_equal(tensor, 1.0 - eps))
    bounded = where(inside, tensor, where(greater(tensor, 0.5), 1.0 - eps, eps))
    return log(bounded) - log1p(-bounded)


@method(inplace=True)
def xlogy(x: Any, y: Any) -> Tensor:
    """Return x ln y, and 0 where x is 0, whatever y is there.

    The derivative by x is ln y there, but 0 where that has no finite value.
    """
    return multiply(x, log(where(without_logarithm(x, y), 1, y)))


def without_logarithm(x: Any, y: Any) -> Tensor:
    """Tell where x is 0 and y has no finite logarithm, which does not count then."""
    positive = op.logical_and(op.greater(y, 0), op.less(y, math.inf))
    infinite = op.logical_not(op.logical_or(positive, isnan(y)))
    found: Tensor = op.logical_and(equal(x, 0), infinite)
    return found


@method(inplace=True)
def sinc(x: Any) -> Tensor:
    """Normalised sine: sin(π x) / (π x), and 1 at 0."""
    angle = multiply(x, math.pi)
    zero = equal(angle, 0)
    safe = where(zero, 1.0, angle)
    # Near 0 the series keeps the derivatives, which are 0 there.
    return where(zero, 1.0 - angle * angle / 6.0, sin(safe) / safe)
