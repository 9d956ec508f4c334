"""Arithmetic: sums, products, quotients, powers and remainders."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import counted, elementwise, floating, numeric, of_reals
from thalweg.core.spec import COMPLEX128, FLOAT64, REAL, Array, DType, Promotion, Spec, real_dtype
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.core.writing import intact
from thalweg.errors import DtypeError, UnsupportedOperation
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import as_floating, astype

__all__ = [
    "absolute", "add", "cbrt", "divide", "fabs", "float_power", "floor_divide", "fmod", "gcd",
    "lcm", "multiply", "negative", "positive", "pow", "power", "reciprocal", "remainder",
    "sign", "sqrt", "square", "subtract",
]  # fmt: skip

# ---- arithmetic


@elementwise(lambda g, out, x, y: g, lambda g, out, x, y: g, zero_if=all, number=operator.add)
def add(x: Array, y: Array) -> Array:
    """Sum: x + y."""
    return np.add(x, y)


@elementwise(
    lambda g, out, x, y: g, lambda g, out, x, y: -g, cast=numeric, zero_if=all, number=operator.sub
)
def subtract(x: Array, y: Array) -> Array:
    """Difference: x - y."""
    return np.subtract(x, y)


@elementwise(
    lambda g, out, x, y: g * y, lambda g, out, x, y: g * x, zero_if=any, number=operator.mul
)
def multiply(x: Array, y: Array) -> Array:
    """Product: x · y."""
    return np.multiply(x, y)


@elementwise(
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -(g * intact(out, lambda: op.divide(x, y)) / y),
    cast=floating,
    names=("true_divide",),
    cost=4,
    zero_if=lambda known: known[0],
    number=operator.truediv,
)
def divide(x: Array, y: Array) -> Array:
    """Quotient: x / y; integers are divided as float64."""
    return np.divide(x, y)


@elementwise(None, None, cast=counted, takes=REAL, cost=30)
def floor_divide(x: Array, y: Array) -> Array:
    """Quotient rounded down: ⌊x / y⌋, of infinite numbers too. It has no derivative."""
    quotient: Array = np.floor_divide(x, y)
    if x.dtype.kind != "f":
        return quotient
    # NumPy gives NaN for ∞ / 1, and -1 for 1 / -∞; the Array API standard's are ∞ and -0.
    infinite = np.isinf(x) | np.isinf(y)
    return np.where(infinite, np.floor(np.divide(x, y)), quotient) if infinite.any() else quotient


@elementwise(
    lambda g, out, x, y: g,
    lambda g, out, x, y: -(g * op.floor_divide(x, y)),
    cast=counted,
    takes=REAL,
    cost=30,
)
def remainder(x: Array, y: Array) -> Array:
    """Remainder with the sign of y: x - y ⌊x / y⌋."""
    return np.remainder(x, y)


@elementwise(lambda g, out, x: -g, cast=numeric, zero_if=all, number=operator.neg)
def negative(x: Array) -> Array:
    """Negative: -x."""
    return np.negative(x)


@elementwise(
    lambda g, out, x: op.along_direction(g, out, x), result=real_dtype, names=("abs",), number=abs
)
def absolute(x: Array) -> Array:
    """Absolute value |x|; its derivative at 0 is taken as 0."""
    return np.absolute(x)


def _sign_rule(g: Any, out: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        raise UnsupportedOperation(
            "The derivative of the sign of complex numbers was asked for. Write x / abs(x)."
        )
    return g * 0.0


@elementwise(_sign_rule, cast=numeric)
def sign(x: Array) -> Array:
    """Sign: -1, 0 or 1."""
    return np.sign(x)


@elementwise(lambda g, out, x: g * (2.0 * x), cast=counted, number=lambda x: x * x)
def square(x: Array) -> Array:
    """Square: x²."""
    return np.square(x)


@elementwise(lambda g, out, x: g * 0.5 / out, cast=floating, cost=5, number=math.sqrt)
def sqrt(x: Array) -> Array:
    """Square root: √x."""
    return np.sqrt(x)


def _power_of_base(g: Any, out: Any, x: Any, y: Any) -> Any:
    """Return g y xʸ⁻¹, which is 0 where y = 0 even if x = 0."""
    if y.size == 1 and y.node is None and not y.is_symbolic:
        # A constant exponent leaves a constant one: the derivative of a cube is a square.
        exponent = y.item()
        return g * 0.0 if exponent == 0 else g * (y * op.pow(x, exponent - 1))
    zero = y == 0
    return op.where(zero, 0.0, g * (y * op.power(x, op.where(zero, 1.0, y - 1))))


def _power_of_exponent(g: Any, out: Any, x: Any, y: Any) -> Any:
    """Return g xʸ ln x: at x = 0 it is 0, but -∞ where y < 0; where x < 0 it does not exist."""
    return g * (out * op.log(op.where(op.logical_and(x == 0, y >= 0), 1.0, x)))


@elementwise(_power_of_base, _power_of_exponent, cast=counted, cost=40, number=math.pow)
def power(x: Array, y: Array) -> Array:
    """Power: xʸ. Natively within 1.3 ulp."""
    return np.power(x, y)


@operation
def pow(x: Any, y: Any) -> Tensor:
    """Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""
    # Only Python's own numbers give way to the dtype of x.
    if type(y) in (int, float):
        tensor = as_tensor(x)
        if y == 2:
            return square(tensor)
        if y == 1:
            return op.clone(tensor)
        if tensor.dtype.kind == "f" and y == 0.5:
            return sqrt(tensor)
        if tensor.dtype.kind == "f" and y == -1:
            return 1.0 / tensor
        if type(y) is int and y < 0 and tensor.dtype.kind in "iu":
            raise DtypeError(
                f"A tensor of dtype {tensor.dtype} was raised to the power {y}, which gives no "
                "integers. Convert it with astype(float)."
            )
    return power(x, y)


# ---- arithmetic


@operation
def positive(x: Any) -> Tensor:
    """Return a copy: +x; Booleans have no sign."""
    tensor = as_tensor(x)
    numeric((tensor.spec,), tensor.promotion)
    return op.clone(tensor)


@operation
def reciprocal(x: Any) -> Tensor:
    """One over x; integers are inverted as float64, where NumPy rounds to zero."""
    return divide(1, x)


@operation
def float_power(x: Any, y: Any) -> Tensor:
    """Power in double precision: xʸ, whatever the dtypes."""
    base, exponent = as_tensor(x), as_tensor(y)
    wide = [astype(t, COMPLEX128 if t.dtype.kind == "c" else FLOAT64) for t in (base, exponent)]
    return power(*wide)


# ---- remainders and parts


@elementwise(
    lambda g, out, x, y: g,
    lambda g, out, x, y: -(g * op.trunc(op.divide(x, y))),
    cast=counted,
    takes=REAL,
    cost=16,
)
def fmod(x: Array, y: Array) -> Array:
    """Remainder with the sign of x, as C's: x - y trunc(x / y)."""
    return np.fmod(x, y)


# ---- signs and magnitudes


@operation
def fabs(x: Any) -> Tensor:
    """Absolute value in floating numbers: |x|.

    Raises:
        DtypeError: If x is complex.
    """
    tensor = as_tensor(x)
    if tensor.dtype.kind == "c":
        raise DtypeError("fabs got complex numbers; their magnitudes are np.abs(x).")
    return absolute(as_floating(tensor))


@operation
def sgn(x: Any) -> Tensor:
    """Sign: -1, 0 or 1; of a complex number x / |x|."""
    tensor = as_tensor(x)
    return sign(tensor) if tensor.dtype.kind != "c" else divide_safely(tensor, absolute(tensor))


def horner(coefficients: Sequence[float], x: Tensor) -> Tensor:
    """Return the polynomial of x with these coefficients, that of the highest power first."""
    total: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total  # type: ignore[no-any-return]


def divide_safely(x: Any, y: Any) -> Tensor:
    """Return x / y, and 0 where y is 0, whose derivatives are 0 there too."""
    zero = equal(y, 0)
    return where(zero, 0, x / where(zero, 1, y))


@of_reals(lambda g, out, x: g / (3.0 * (out * out)), cost=36)
def cbrt(x: Array) -> Array:
    """Cube root: ∛x, of negative numbers too. Natively within 0.6 ulp."""
    return np.cbrt(x)


def _integers(specs: tuple[Spec, ...], promotion: Promotion) -> tuple[DType, ...]:
    dtype = promotion.join(specs)
    if dtype.kind not in "iu":
        raise DtypeError(
            f"A common divisor or multiple was asked of numbers of dtype {dtype}; it wants "
            "integers. Convert them with astype(int)."
        )
    return (dtype,) * len(specs)


@elementwise(None, None, cast=_integers, cost=400)
def gcd(x: Array, y: Array) -> Array:
    """Greatest common divisor of integers."""
    return np.gcd(x, y)


@elementwise(None, None, cast=_integers, cost=420)
def lcm(x: Array, y: Array) -> Array:
    """Least common multiple of integers, not negative."""
    return np.lcm(x, y)
