"""Bessel functions of the first kind, also modified."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.ops.elementwise.comparison import equal, where

__all__ = ["i0"]

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


@of_reals(lambda g, out, x: g * op.i1(x), cost=60)
def i0(x: Array) -> Array:
    """Modified Bessel function of the first kind and order 0.

    Natively within 5 ulp.
    """
    return _at(0, x, False)


@of_reals(lambda g, out, x: g * (op.i1e(x) - op.sign(x) * out), cost=60)
def i0e(x: Array) -> Array:
    """Modified Bessel function of order 0, scaled: e^(-|x|) I₀(x).

    Natively within 5 ulp.
    """
    return _at(0, x, True)


@of_reals(lambda g, out, x: g * (op.i0(x) - _per(out, x)), cost=60)
def i1(x: Array) -> Array:
    """Modified Bessel function of the first kind and order 1.

    Natively within 5 ulp.
    """
    return _at(1, x, False)


@of_reals(lambda g, out, x: g * (op.i0e(x) - op.sign(x) * out - _per(out, x)), cost=60)
def i1e(x: Array) -> Array:
    """Modified Bessel function of order 1, scaled: e^(-|x|) I₁(x).

    Natively within 5 ulp.
    """
    return _at(1, x, True)


def _per(value: Any, x: Any) -> Any:
    """Return a function of order 1 over x, which at 0 is a half."""
    zero = equal(x, 0)
    return where(zero, 0.5, value / where(zero, 1.0, x))


# ---- the functions themselves

_POINTS = 48


def _power_series(order: int, x: Array) -> Array:
    """Return Jₙ(x) by its power series, whose digits are kept near 0."""
    term = (x / 2.0) ** order
    total = term
    for k in range(1, 20):
        term = -term * (x * x / 4.0) / (k * (k + order))
        total = total + term
    return total


def _unmodified(order: int, x: Array) -> Array:
    """Return Jₙ(x): Bessel's integral by the trapezoid rule, and from 25 on Hankel's series.

    Source:
        Abramowitz & Stegun 9.1.21, 9.2.5. The error of the rule with n points is Jₙ(x), nothing.
    """
    z = np.abs(np.asarray(x, np.float64))
    near = np.where(z < _FAR, z, 0.0)
    total = np.zeros_like(near)
    for k in range(2 * _POINTS):
        angle = np.pi * (k + 0.5) / _POINTS
        total = total + np.cos(order * angle - near * np.sin(angle))
    total = np.where(
        z < 2.0, _power_series(order, np.where(z < 2.0, z, 0.0)), total / (2 * _POINTS)
    )
    far = np.where((z < _FAR) | ~np.isfinite(z), _FAR, z)
    even, odd, term = np.ones_like(far), np.zeros_like(far), np.ones_like(far)
    for k in range(1, 24):
        term = term * (4 * order * order - (2 * k - 1) ** 2) / (8.0 * k * far)
        if k % 2:
            odd = odd + (term if k % 4 == 1 else -term)
        else:
            even = even + (term if k % 4 == 0 else -term)
    # cos and sin of x - π/4 - nπ/2, from those of x.
    sine, cosine = np.sin(far), np.cos(far)
    turned = (cosine + sine, sine - cosine) if order == 0 else (sine - cosine, -(sine + cosine))
    tail = (even * turned[0] - odd * turned[1]) / (np.sqrt(np.pi) * np.sqrt(far))
    found = np.where(z < _FAR, total, tail)
    found = np.where(np.isfinite(z), found, np.nan)
    return (np.where(x < 0, -found, found) if order else found).astype(x.dtype)


@of_reals(lambda g, out, x: -(g * op.j1(x)), cost=80)
def j0(x: Array) -> Array:
    """Bessel function of the first kind and order 0.

    Natively within 6 ulp; near its zeros, of what a change of x by one ulp makes.
    """
    return _unmodified(0, x)


@of_reals(lambda g, out, x: g * (op.j0(x) - _per(out, x)), cost=80)
def j1(x: Array) -> Array:
    """Bessel function of the first kind and order 1.

    Natively within 6 ulp; near its zeros, of what a change of x by one ulp makes.
    """
    return _unmodified(1, x)
