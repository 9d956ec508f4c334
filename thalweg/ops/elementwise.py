"""Primitives that act on each element alone: NumPy's names, NumPy's broadcasting and promotion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.inplace import intact
from thalweg.core.operation import method, op
from thalweg.core.primitive import boolean, choice, counted, elementwise, floating, numeric
from thalweg.core.spec import BOOL, REAL, real_dtype
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError, UnsupportedOperation

__all__ = [
    "absolute", "add", "arctan", "ceil", "cos", "divide", "equal", "erf", "exp", "expm1",
    "floor", "floor_divide", "greater", "greater_equal", "less", "less_equal", "log", "log1p",
    "logaddexp", "logical_and", "logical_not", "logical_or", "maximum", "minimum", "multiply",
    "negative", "not_equal", "pow", "power", "remainder", "sigmoid", "sign", "sin", "sqrt",
    "square", "subtract", "tan", "tanh", "where",
]  # fmt: skip

Array = np.ndarray[Any, Any]

# ---- arithmetic


@elementwise(lambda g, out, x, y: g, lambda g, out, x, y: g)
def add(x: Array, y: Array) -> Array:
    """Sum: x + y."""
    return np.add(x, y)


@elementwise(lambda g, out, x, y: g, lambda g, out, x, y: -g, cast=numeric, names=("sub",))
def subtract(x: Array, y: Array) -> Array:
    """Difference: x - y."""
    return np.subtract(x, y)


@elementwise(lambda g, out, x, y: g * y, lambda g, out, x, y: g * x, names=("mul",))
def multiply(x: Array, y: Array) -> Array:
    """Product: x · y."""
    return np.multiply(x, y)


@elementwise(
    lambda g, out, x, y: g / y,
    lambda g, out, x, y: -(g * intact(out, lambda: op.divide(x, y)) / y),
    cast=floating,
    names=("div", "true_divide"),
)
def divide(x: Array, y: Array) -> Array:
    """Quotient: x / y; integers are divided as float64."""
    return np.divide(x, y)


@elementwise(None, None, cast=counted, takes=REAL)
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
)
def remainder(x: Array, y: Array) -> Array:
    """Remainder with the sign of y: x - y ⌊x / y⌋."""
    return np.remainder(x, y)


@elementwise(lambda g, out, x: -g, cast=numeric, names=("neg",))
def negative(x: Array) -> Array:
    """Negative: -x."""
    return np.negative(x)


@elementwise(lambda g, out, x: op.along_direction(g, out, x), result=real_dtype, names=("abs",))
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


@elementwise(lambda g, out, x: g * (2.0 * x), cast=counted)
def square(x: Array) -> Array:
    """Square: x²."""
    return np.square(x)


@elementwise(lambda g, out, x: g * 0.5 / out, cast=floating)
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


@elementwise(_power_of_base, _power_of_exponent, cast=counted)
def power(x: Array, y: Array) -> Array:
    """Power: xʸ."""
    return np.power(x, y)


@method(inplace=True)
def pow(x: Any, y: Any) -> Tensor:
    """Python's `x ** y`: as NumPy, small constant exponents are squares, roots and quotients."""
    # Only Python's own numbers give way to the dtype of x.
    if type(y) in (int, float):
        tensor = as_tensor(x)
        if y == 2:
            return square(tensor)
        if y == 1:
            copied: Tensor = op.clone(tensor)
            return copied
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


# ---- exponentials and logarithms


@elementwise(lambda g, out, x: g * out, cast=floating)
def exp(x: Array) -> Array:
    """Exponential: eˣ."""
    return np.exp(x)


@elementwise(lambda g, out, x: g * (out + 1.0), cast=floating)
def expm1(x: Array) -> Array:
    """Exponential minus one, accurate near zero: eˣ - 1."""
    if x.dtype.kind != "c":
        return np.expm1(x)
    # NumPy's is NaN for infinite complex numbers that have a limit, and -0 at -0.
    found: Array = np.asarray(np.where(np.isfinite(x), np.expm1(x), np.exp(x) - 1))
    found.real += 0.0
    return found


@elementwise(lambda g, out, x: g / x, cast=floating)
def log(x: Array) -> Array:
    """Natural logarithm: ln x."""
    return np.log(x)


@elementwise(lambda g, out, x: g / (1.0 + x), cast=floating)
def log1p(x: Array) -> Array:
    """Logarithm of one plus x, accurate near zero: ln(1 + x)."""
    return np.log1p(x)


@elementwise(
    lambda g, out, x, y: g * op.sigmoid(x - y),
    lambda g, out, x, y: g * op.sigmoid(y - x),
    cast=floating,
    takes=REAL,
)
def logaddexp(x: Array, y: Array) -> Array:
    """Logarithm of a sum of exponentials: ln(eˣ + eʸ)."""
    return np.logaddexp(x, y)


@elementwise(lambda g, out, x: g * (out * (1.0 - out)), cast=floating, names=("expit",))
def sigmoid(x: Array) -> Array:
    """Logistic function: 1 / (1 + e⁻ˣ)."""
    falling = x.real < 0
    e = np.exp(np.where(falling, x, -x))
    result: Array = np.where(falling, e, np.ones_like(e)) / (1 + e)
    return result


# ---- trigonometric and related functions


@elementwise(lambda g, out, x: g * op.cos(x), cast=floating)
def sin(x: Array) -> Array:
    """Sine of x in radians."""
    return np.sin(x)


@elementwise(lambda g, out, x: -(g * op.sin(x)), cast=floating)
def cos(x: Array) -> Array:
    """Cosine of x in radians."""
    return np.cos(x)


@elementwise(lambda g, out, x: g * (1.0 + out * out), cast=floating)
def tan(x: Array) -> Array:
    """Tangent of x in radians."""
    return np.tan(x)


@elementwise(lambda g, out, x: g / (1.0 + x * x), cast=floating, names=("atan",))
def arctan(x: Array) -> Array:
    """Inverse tangent, in radians."""
    return np.arctan(x)


@elementwise(lambda g, out, x: g * (1.0 - out * out), cast=floating)
def tanh(x: Array) -> Array:
    """Hyperbolic tangent."""
    if x.dtype.kind != "c":
        return np.tanh(x)
    # NumPy's zero beside ±1 has the sign of sin(2b), the standard's that of b.
    found: Array = np.asarray(np.tanh(x))
    edge = np.isinf(x.real) & np.isfinite(x.imag)
    found.imag[edge] = np.copysign(0.0, x.imag)[edge]
    return found


_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


@elementwise(
    lambda g, out, x: g * (_TWO_OVER_ROOT_PI * op.exp(-(x * x))), cast=floating, takes=REAL
)
def erf(x: Array) -> Array:
    """Error function: 2/√π ∫₀ˣ e^(-t²) dt."""
    # The C library's function is right to the last bit or two; the loop costs 40 ns an element.
    values = np.fromiter(map(math.erf, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape).astype(x.dtype)


# ---- rounding


@elementwise(lambda g, out, x: g * 0.0, takes=REAL)
def floor(x: Array) -> Array:
    """Largest integer not above x."""
    return np.floor(x)


@elementwise(lambda g, out, x: g * 0.0, takes=REAL)
def ceil(x: Array) -> Array:
    """Smallest integer not below x."""
    return np.ceil(x)


# ---- choosing


def _share(g: Any, x: Any, y: Any, wins: Any) -> Any:
    return op.where(wins(x, y), g, op.where(equal(x, y), g * 0.5, 0.0))


@elementwise(
    lambda g, out, x, y: _share(g, x, y, op.greater),
    lambda g, out, x, y: _share(g, y, x, op.greater),
)
def maximum(x: Array, y: Array) -> Array:
    """Larger of two; NaN if either is. Ties share the derivative equally."""
    return np.maximum(x, y)


@elementwise(
    lambda g, out, x, y: _share(g, x, y, op.less),
    lambda g, out, x, y: _share(g, y, x, op.less),
)
def minimum(x: Array, y: Array) -> Array:
    """Smaller of two; NaN if either is. Ties share the derivative equally."""
    return np.minimum(x, y)


@elementwise(
    None,
    lambda g, out, condition, x, y: op.where(condition, g, 0.0),
    lambda g, out, condition, x, y: op.where(condition, 0.0, g),
    cast=choice,
)
def where(condition: Array, x: Array, y: Array) -> Array:
    """Choose x where the condition holds, else y."""
    return np.where(condition, x, y)


# ---- comparisons and logic: results are Boolean


@elementwise(None, None, result=BOOL, names=("eq",))
def equal(x: Array, y: Array) -> Array:
    """Tell where x = y."""
    return np.equal(x, y)


@elementwise(None, None, result=BOOL, names=("ne",))
def not_equal(x: Array, y: Array) -> Array:
    """Tell where x ≠ y."""
    return np.not_equal(x, y)


@elementwise(None, None, result=BOOL, names=("lt",))
def less(x: Array, y: Array) -> Array:
    """Tell where x < y."""
    return np.less(x, y)


@elementwise(None, None, result=BOOL, names=("le",))
def less_equal(x: Array, y: Array) -> Array:
    """Tell where x ≤ y."""
    return np.less_equal(x, y)


@elementwise(None, None, result=BOOL, names=("gt",))
def greater(x: Array, y: Array) -> Array:
    """Tell where x > y."""
    return np.greater(x, y)


@elementwise(None, None, result=BOOL, names=("ge",))
def greater_equal(x: Array, y: Array) -> Array:
    """Tell where x ≥ y."""
    return np.greater_equal(x, y)


@elementwise(None, None, cast=boolean, result=BOOL)
def logical_and(x: Array, y: Array) -> Array:
    """Tell where both hold."""
    return np.logical_and(x, y)


@elementwise(None, None, cast=boolean, result=BOOL)
def logical_or(x: Array, y: Array) -> Array:
    """Tell where at least one holds."""
    return np.logical_or(x, y)


@elementwise(None, cast=boolean, result=BOOL)
def logical_not(x: Array) -> Array:
    """Tell where it does not hold."""
    return np.logical_not(x)
