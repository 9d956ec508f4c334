"""The error function and its relatives, and the normal distribution."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import of_reals
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.core.writing import intact
from thalweg.ops.elementwise.arithmetic import add, multiply, sign, sqrt, square
from thalweg.ops.elementwise.comparison import less, where
from thalweg.ops.elementwise.conversion import as_real
from thalweg.ops.elementwise.exponential import log, log1p, without_logarithm

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


@of_reals(lambda g, out, x: g * (_TWO_OVER_ROOT_PI * op.exp(-(x * x))), cost=20)
def erf(x: Array) -> Array:
    """Error function: 2/√π ∫₀ˣ e^(-t²) dt. Natively within 1.3 ulp."""
    # The C library's function is right to the last bit or two; the loop costs 40 ns an element.
    return of_each(math.erf, x).astype(x.dtype)


# What calls it from machine code, where the engine has given that; None where it does not.
_compiled: Callable[[Callable[[float], float], Array], Array | None] | None = None


def compile_with(given: Callable[[Callable[[float], float], Array], Array | None]) -> None:
    """Let machine code call the functions of the C library, with the same results."""
    global _compiled
    _compiled = given


def of_each(function: Callable[[float], float], x: Array) -> Array:
    """Apply a function of the C library, which NumPy lacks or has other last bits of."""
    if _compiled is not None:
        found = _compiled(function, x)
        if found is not None:
            return found
    values = np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape)


@of_reals(lambda g, out, x: -(g * (_TWO_OVER_ROOT_PI * op.exp(-(x * x)))), cost=60)
def erfc(x: Array) -> Array:
    """Complementary error function, accurate where it is small: 1 - erf(x).

    Natively within 5 ulp.
    """
    return of_each(math.erfc, x).astype(x.dtype)


@of_reals(lambda g, out, x: g * (2.0 * x * out - _TWO_OVER_ROOT_PI), cost=40)
def erfcx(x: Array) -> Array:
    """Scaled complementary error function: e^(x²) erfc(x).

    Natively within 6 ulp.

    Source:
        From 25 on its asymptotic series; Abramowitz & Stegun 7.1.23.
    """
    z = np.asarray(x, np.float64)
    # Below -30 it is infinite.
    near = np.where(z < 25.0, np.maximum(z, -30.0), 0.0)
    far = np.where(z < 25.0, 25.0, z)
    u = 1.0 / (2.0 * far * far)
    series = 1.0 - u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * (1.0 - 7.0 * u * (1.0 - 9.0 * u))))
    tail = series / (far * math.sqrt(math.pi))
    # The square of so few bits is exact, and what it lacks is small.
    short = near.astype(np.float32).astype(np.float64)
    bell = np.exp(short * short) * np.exp((near - short) * (near + short))
    return np.where(z < 25.0, bell * of_each(math.erfc, near), tail).astype(x.dtype)


def _erfinv_rule(g: Tensor, out: Tensor, x: Tensor) -> Any:
    return g * (op.exp(square(intact(out, lambda: op.erfinv(x)))) / _TWO_OVER_ROOT_PI)


@of_reals(_erfinv_rule, cost=90)
def erfinv(x: Array) -> Array:
    """Inverse of the error function, for x between -1 and 1.

    Natively within 5 ulp.

    Source:
        Winitzki's first guess, then Halley's method on the complement, which keeps the digits
        near the ends.
    """
    z = np.asarray(x, np.float64)
    size = np.abs(z)
    inside = np.where(size < 1.0, size, 0.0)
    logarithm = np.log1p(-inside * inside)
    half = 2.0 / (np.pi * 0.147) + 0.5 * logarithm
    found = np.sqrt(np.sqrt(half * half - logarithm / 0.147) - half)
    for _ in range(4):
        small = inside < 0.5
        missed = np.where(
            small, of_each(math.erf, found) - inside, (1.0 - inside) - of_each(math.erfc, found)
        )
        step = missed / (_TWO_OVER_ROOT_PI * np.exp(-found * found))
        found = found - step / (1.0 + found * step)
    found = np.where(size < 1.0, found, np.where(size == 1.0, np.inf, np.nan))
    return np.copysign(found, z).astype(x.dtype)


# ---- the normal distribution


@operation
def ndtr(x: Any) -> Tensor:
    """Distribution function of the normal distribution: erfc(-x / √2) / 2."""
    return multiply(0.5, erfc(multiply(x, -math.sqrt(0.5))))


@of_reals(lambda g, out, x: g * (math.sqrt(2.0 * math.pi) * op.exp(0.5 * out * out)), cost=90)
def ndtri(x: Array) -> Array:
    """Quantile of the normal distribution, the inverse of `ndtr`.

    Natively within 5 ulp.

    Source:
        In the middle by `erfinv`; in the tails Newton's method on the logarithm.
    """
    p = np.asarray(x, np.float64)
    tail = np.minimum(p, 1.0 - p)
    outer = (tail > 0) & (tail < 0.2)
    middle = math.sqrt(2.0) * erfinv.meaning(np.where(outer, 0.0, 2.0 * p - 1.0))
    wanted = np.log(np.where(outer, tail, 0.1))
    z = -np.sqrt(np.maximum(-2.0 * wanted - np.log(-4.0 * np.pi * wanted), 0.1))
    for _ in range(6):
        scaled = erfcx.meaning(-z * math.sqrt(0.5))
        missed = np.log(0.5 * scaled) - 0.5 * z * z - wanted
        # The derivative of ln Φ is φ / Φ.
        z = z - missed * scaled * math.sqrt(0.5 * math.pi)
    found = np.where(outer, np.where(p < 0.5, z, -z), middle)
    found = np.where((p < 0) | (p > 1), np.nan, found)
    return found.astype(x.dtype)


@operation
def log_ndtr(x: Any) -> Tensor:
    """Logarithm of the normal distribution function, accurate in its tail too."""
    z = multiply(x, math.sqrt(0.5))
    tail = less(z, -1.0)
    far = where(tail, z, -1.0)
    near = where(tail, 0.0, z)
    in_tail = log(multiply(0.5, erfcx(-far))) - far * far
    return where(tail, in_tail, log1p(multiply(-0.5, erfc(near))))


# ---- entropies


@operation
def entr(x: Any) -> Tensor:
    """Entropy's term: -x ln x; 0 at 0, with an infinite derivative, and -∞ below, with none."""
    tensor = as_real("entr", x)
    zero, below = tensor == 0, tensor < 0
    inside = (tensor > 0) & (tensor < math.inf)
    safe = where(inside, tensor, 1.0)
    # At 0 the root is 0 too, and its slope there is as infinite.
    root = sqrt(where(zero, tensor + 0.0, 1.0))
    # The logarithm of 0, times 0 in its derivative.
    nothing = log(where(below, sign(tensor) + 1.0, 1.0))
    # Infinity and NaN are left, with the slopes that they have too.
    outside = where(zero, root, where(below, nothing, -square(tensor)))
    return where(inside, -(safe * log(safe)), outside)


@operation
def xlog1py(x: Any, y: Any) -> Tensor:
    """Return x ln(1 + y), and 0 where x is 0, whatever y is there."""
    nothing = without_logarithm(x, add(1.0, y))
    return multiply(x, log1p(where(nothing, 0.0, y)))
