"""Modified Bessel functions of the first kind; they run on the reference engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL
from thalweg.ops.elementwise import equal, where

__all__ = ["i0"]

Array = np.ndarray[Any, Any]

_FAR = 25.0


def _scaled(order: int, x: Array) -> Array:
    """Return e⁻ˣ Iₙ(x) for x ≥ 0: its power series, and from 25 on its asymptotic one.

    Source:
        Abramowitz & Stegun 9.6.10 and 9.7.1.
    """
    near = np.where(x < _FAR, x, 0.0)
    term = np.exp(-near) * (near / 2.0) ** order
    total = term
    for k in range(1, 80):
        term = term * (near * near / 4.0) / (k * (k + order))
        total = total + term
    far = np.where(x < _FAR, _FAR, x)
    term = 1.0 / np.sqrt(2.0 * np.pi * far)
    tail = term
    for k in range(1, 30):
        term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8.0 * k * far)
        tail = tail + term
    return np.where(x < _FAR, total, tail)


def _at(order: int, x: Array, scaled: bool) -> Array:
    z = np.asarray(x, np.float64)
    size = np.abs(z)
    found = _scaled(order, size) * (1.0 if scaled else np.exp(size))
    found = np.where(np.isnan(z), z, found)
    # Infinitely far the scaled function is 0, whose product with the infinite scale is NaN.
    found = np.where(np.isinf(z), 0.0 if scaled else np.inf, found)
    return (np.where(z < 0, -found, found) if order else found).astype(x.dtype)


@elementwise(lambda g, out, x: g * op.i1(x), cast=floating, takes=REAL)
def i0(x: Array) -> Array:
    """Modified Bessel function of the first kind and order 0."""
    return _at(0, x, False)


@elementwise(lambda g, out, x: g * (op.i1e(x) - op.sign(x) * out), cast=floating, takes=REAL)
def i0e(x: Array) -> Array:
    """Modified Bessel function of order 0, scaled: e^(-|x|) I₀(x)."""
    return _at(0, x, True)


@elementwise(lambda g, out, x: g * (op.i0(x) - _per(out, x)), cast=floating, takes=REAL)
def i1(x: Array) -> Array:
    """Modified Bessel function of the first kind and order 1."""
    return _at(1, x, False)


@elementwise(
    lambda g, out, x: g * (op.i0e(x) - op.sign(x) * out - _per(out, x)),
    cast=floating,
    takes=REAL,
)
def i1e(x: Array) -> Array:
    """Modified Bessel function of order 1, scaled: e^(-|x|) I₁(x)."""
    return _at(1, x, True)


def _per(value: Any, x: Any) -> Any:
    """Return a function of order 1 over x, which at 0 is a half."""
    zero = equal(x, 0)
    return where(zero, 0.5, value / where(zero, 1.0, x))
