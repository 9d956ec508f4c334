"""Box and Cox's power transforms and their inverses, smooth where the power is 0: SciPy's names.

Source:
    Box & Cox (1964), "An Analysis of Transformations".
"""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.elementwise.arithmetic import absolute, multiply
from thalweg.ops.elementwise.comparison import equal, less, logical_and, where
from thalweg.ops.elementwise.exponential import exp, expm1, log, log1p

# Below this the series is exact to the last digit, with its derivatives.
_NEAR = 0.02


def _series(x: Tensor, coefficients: list[float]) -> Tensor:
    total: Any = 0.0
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total  # type: ignore[no-any-return]


_OF_EXPONENTIAL = [1.0 / math.factorial(k + 1) for k in range(10)]

_OF_LOGARITHM = [(-1.0) ** k / (k + 1) for k in range(12)]


@operation
def exprel(x: Any) -> Tensor:
    """Relative exponential: (eˣ - 1) / x, and 1 at 0."""
    tensor = op.multiply(as_tensor(x), 1.0)
    near = less(absolute(tensor), _NEAR)
    far = where(near, 1.0, tensor)
    infinite = equal(tensor, math.inf)
    quotient = expm1(far) / where(infinite, 1.0, far)
    return where(near, _series(where(near, tensor, 0.0), _OF_EXPONENTIAL), quotient)


def _product(power: Tensor, value: Tensor) -> Tensor:
    """Return λ y, 0 where λ is 0 even if y is infinite; derivatives by λ at 0 are kept."""
    nothing = logical_and(equal(power, 0), equal(absolute(value), math.inf))
    return power * where(nothing, 0.0, value)


def _of_logarithm(logarithm: Tensor, power: Tensor) -> Tensor:
    """Return (e^(λ ln x) - 1) / λ, and ln x where λ is 0."""
    exponent = _product(power, logarithm)
    near = less(absolute(exponent), _NEAR)
    small = where(near, logarithm, 0.0) * _series(where(near, exponent, 0.0), _OF_EXPONENTIAL)
    far = expm1(where(near, 1.0, exponent)) / where(near, 1.0, power)
    return where(near, small, far)


@operation
def boxcox(x: Any, lmbda: Any) -> Tensor:
    """Box-Cox transform: (xᵞ - 1) / γ for a power γ, and ln x where γ is 0."""
    return _of_logarithm(log(x), op.multiply(as_tensor(lmbda), 1.0))


@operation
def boxcox1p(x: Any, lmbda: Any) -> Tensor:
    """Box-Cox transform of 1 + x, accurate near x = 0."""
    return _of_logarithm(log1p(x), op.multiply(as_tensor(lmbda), 1.0))


def _logarithm(y: Any, lmbda: Any) -> Tensor:
    """Return ln(1 + λ y) / λ, and y where λ is 0."""
    value, power = op.multiply(as_tensor(y), 1.0), op.multiply(as_tensor(lmbda), 1.0)
    product = _product(power, value)
    near = less(absolute(product), _NEAR)
    small = value * _series(where(near, product, 0.0), _OF_LOGARITHM)
    far = log1p(where(near, 1.0, product)) / where(near, 1.0, power)
    return where(near, small, far)


@operation
def inv_boxcox(y: Any, lmbda: Any) -> Tensor:
    """Inverse of `boxcox`: (1 + γ y)^(1/γ), and eʸ where γ is 0."""
    return exp(_logarithm(y, lmbda))


@operation
def inv_boxcox1p(y: Any, lmbda: Any) -> Tensor:
    """Inverse of `boxcox1p`."""
    return multiply(1.0, expm1(_logarithm(y, lmbda)))
