"""Trigonometric and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import elementwise, floating, of_reals
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.arithmetic import divide_safely, multiply, sqrt
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import as_real

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos", "cosh",
    "deg2rad", "hypot", "rad2deg", "sin", "sinc", "sinh", "tan", "tanh",
]  # fmt: skip

# ---- trigonometric and related functions


@elementwise(lambda g, out, x: g * op.cos(x), cast=floating, cost=14)
def sin(x: Array) -> Array:
    """Sine of x in radians. Natively within 1.5 ulp."""
    return np.sin(x)


@elementwise(lambda g, out, x: -(g * op.sin(x)), cast=floating, cost=14)
def cos(x: Array) -> Array:
    """Cosine of x in radians. Natively within 1.5 ulp."""
    return np.cos(x)


@elementwise(lambda g, out, x: g * (1.0 + out * out), cast=floating, cost=24)
def tan(x: Array) -> Array:
    """Tangent of x in radians. Natively within 1.3 ulp."""
    return np.tan(x)


@elementwise(lambda g, out, x: g / (1.0 + x * x), cast=floating, names=("atan",), cost=20)
def arctan(x: Array) -> Array:
    """Inverse tangent, in radians. Natively within 1.5 ulp."""
    return np.arctan(x)


@elementwise(lambda g, out, x: g * (1.0 - out * out), cast=floating, cost=16)
def tanh(x: Array) -> Array:
    """Hyperbolic tangent. Natively within 1.5 ulp."""
    if x.dtype.kind != "c":
        return np.tanh(x)
    # NumPy's zero beside ±1 has the sign of sin(2b), the standard's that of b.
    found: Array = np.asarray(np.tanh(x))
    edge = np.isinf(x.real) & np.isfinite(x.imag)
    found.imag[edge] = np.copysign(0.0, x.imag)[edge]
    return found


@elementwise(lambda g, out, x: g * op.cosh(x), cast=floating, cost=30)
def sinh(x: Array) -> Array:
    """Hyperbolic sine: (eˣ - e⁻ˣ) / 2. Natively within 0.9 ulp."""
    return np.sinh(x)


@elementwise(lambda g, out, x: g * op.sinh(x), cast=floating, cost=22)
def cosh(x: Array) -> Array:
    """Hyperbolic cosine: (eˣ + e⁻ˣ) / 2. Natively within 1.0 ulp."""
    return np.cosh(x)


@elementwise(
    lambda g, out, x: g / sqrt((1.0 - x) * (1.0 + x)), cast=floating, names=("asin",), cost=28
)
def arcsin(x: Array) -> Array:
    """Inverse sine, in radians, of x in [-1, 1]. Natively within 1.3 ulp."""
    return np.arcsin(x)


@elementwise(
    lambda g, out, x: -(g / sqrt((1.0 - x) * (1.0 + x))), cast=floating, names=("acos",), cost=28
)
def arccos(x: Array) -> Array:
    """Inverse cosine, in radians, of x in [-1, 1]. Natively within 1.2 ulp."""
    return np.arccos(x)


@elementwise(
    lambda g, out, x: g / ((1.0 - x) * (1.0 + x)), cast=floating, names=("atanh",), cost=32
)
def arctanh(x: Array) -> Array:
    """Inverse hyperbolic tangent of x in [-1, 1]. Natively within 1.4 ulp."""
    return np.arctanh(x)


@of_reals(
    lambda g, out, x, y: g * divide_safely(x, out),
    lambda g, out, x, y: g * divide_safely(y, out),
    cost=16,
)
def hypot(x: Array, y: Array) -> Array:
    """Length of the hypotenuse, without overflow: √(x² + y²). Natively within 1.3 ulp."""
    return np.hypot(x, y)


@of_reals(
    lambda g, out, x, y: g * divide_safely(y, x * x + y * y),
    lambda g, out, x, y: -(g * divide_safely(x, x * x + y * y)),
    names=("atan2",),
    cost=30,
)
def arctan2(x: Array, y: Array) -> Array:
    """Angle of the point (y, x), in radians between -π and π: the arctangent of x / y.

    Natively within 1.1 ulp.
    """
    return np.arctan2(x, y)


@elementwise(lambda g, out, x: g / op.sqrt(x * x + 1.0), cast=floating, names=("asinh",), cost=44)
def arcsinh(x: Array) -> Array:
    """Inverse hyperbolic sine. Natively within 1.1 ulp."""
    return np.arcsinh(x)


@elementwise(
    lambda g, out, x: g / (op.sqrt(x - 1.0) * op.sqrt(x + 1.0)),
    cast=floating,
    names=("acosh",),
    cost=50,
)
def arccosh(x: Array) -> Array:
    """Inverse hyperbolic cosine of x ≥ 1. Natively within 1.0 ulp."""
    return np.arccosh(x)


@operation("radians")
def deg2rad(x: Any) -> Tensor:
    """Convert degrees to radians: x π / 180."""
    return multiply(as_real("deg2rad", x), math.pi / 180.0)


@operation("degrees")
def rad2deg(x: Any) -> Tensor:
    """Convert radians to degrees: 180 x / π."""
    return multiply(as_real("rad2deg", x), 180.0 / math.pi)


@operation
def sinc(x: Any) -> Tensor:
    """Normalised sine: sin(π x) / (π x), and 1 at 0."""
    angle = multiply(x, math.pi)
    zero = equal(angle, 0)
    safe = where(zero, 1.0, angle)
    # Near 0 the series keeps the derivatives, which are 0 there.
    return where(zero, 1.0 - angle * angle / 6.0, sin(safe) / safe)
