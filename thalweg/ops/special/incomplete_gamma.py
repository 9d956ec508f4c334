"""The incomplete gamma functions, regularized, and their derivatives; SciPy's names.

They run on the reference engine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import elementwise, floating
from thalweg.core.spec import REAL
from thalweg.errors import GradientError
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.special.error import erfc
from thalweg.ops.special.gamma import digamma

Array = np.ndarray[Any, Any]

_TINY = 1e-300

# From here on the shape is so large that the normal distribution takes over.
_LARGE, _WIDEST = 1e7, 1e8

# Coefficients of Stirling's series of ln Γ.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def _density(g: Any, out: Any, a: Any, x: Any) -> Any:
    """Return g xᵃ⁻¹ e⁻ˣ / Γ(a), the derivative by x."""
    # At 0 the power decides alone: its logarithm has no derivative there.
    zero = equal(x, 0)
    inside = where(zero, 1.0, x)
    height = exp((a - 1.0) * log(inside) - inside - op.lgamma(a))
    at_zero = where(equal(a, 1.0), 1.0, where(op.less(a, 1.0), math.inf, 0.0))
    return g * where(zero, at_zero, height)


@elementwise(
    lambda g, out, a, x: g * op.gammainc_by_shape(a, x),
    _density,
    cast=floating,
    takes=REAL,
    inplace=False,
)
def gammainc(a: Array, x: Array) -> Array:
    """Lower incomplete gamma function, regularized: ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a).

    Source:
        Its series below the mode and the continued fraction of the upper one above it;
        Abramowitz & Stegun 6.5.29 and 6.5.31.
    """
    return _regularized(a, x)[0].astype(x.dtype)


@elementwise(
    lambda g, out, a, x: -(g * op.gammainc_by_shape(a, x)),
    lambda g, out, a, x: -_density(g, out, a, x),
    cast=floating,
    takes=REAL,
    inplace=False,
)
def gammaincc(a: Array, x: Array) -> Array:
    """Upper incomplete gamma function, regularized: ∫ₓ^∞ tᵃ⁻¹ e⁻ᵗ dt / Γ(a)."""
    return _regularized(a, x)[1].astype(x.dtype)


def _by_shape_twice(g: Any, out: Any, a: Any, x: Any) -> Any:
    raise GradientError(
        "The second derivative of gammainc(a, x) with respect to a was asked for, which is not "
        "known here; the first is, and those with respect to x are. Detach a."
    )


def _density_by_shape(g: Any, out: Any, a: Any, x: Any) -> Any:
    zero = equal(x, 0)
    inside = where(zero, 1.0, x)
    return where(zero, 0.0, _density(g, out, a, inside) * (log(inside) - op.digamma(a)))


@elementwise(_by_shape_twice, _density_by_shape, cast=floating, takes=REAL, inplace=False)
def gammainc_by_shape(a: Array, x: Array) -> Array:
    """Derivative of the lower incomplete gamma function, regularized, by a."""
    return _by_shape(a, x).astype(x.dtype)


# ---- numbers


def _operands(a: Array, x: Array) -> tuple[Array, Array, Array]:
    """Return operands that the series take, and where they are those given."""
    shape, z = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    inside = (shape > 0) & (z > 0) & np.isfinite(shape) & np.isfinite(z)
    return np.where(inside, shape, 1.0), np.where(inside, z, 1.0), inside


def _log_gamma_ratio(a: Array) -> Array:
    """Return ln Γ(a + 1) - (a ln a - a + ln(2πa) / 2), what Stirling's formula leaves out."""
    power, total = a, np.zeros_like(a)
    for coefficient in _STIRLING:
        total = total + coefficient / power
        power = power * a * a
    small = a < 12.0
    exact = np.array([math.lgamma(v + 1.0) for v in np.where(small, a, 1.0).ravel().tolist()])
    safe = np.where(small, a, 1.0)
    formula = safe * np.log(safe) - safe + 0.5 * np.log(2 * np.pi * safe)
    return np.where(small, exact.reshape(a.shape) - formula, total)


def _height(a: Array, x: Array) -> Array:
    """Return xᵃ e⁻ˣ / Γ(a + 1), with as many digits for large a."""
    part = (x - a) / a
    near = np.abs(part) < 0.2
    # μ - ln(1 + μ) near 0 by its series: u = μ / (2 + μ), ln(1 + μ) = 2 (u + u³/3 + …).
    u = np.where(near, part / (2.0 + part), 0.0)
    series, power = np.zeros_like(u), u**3
    for k in range(3, 40, 2):
        series = series + power / k
        power = power * u * u
    close = u * np.where(near, part, 0.0) - 2.0 * series
    far = np.where(near, 0.0, part) - np.log(np.where(near, 1.0, x / a))
    gap = np.where(near, close, far)
    height: Array = np.exp(-a * gap - _log_gamma_ratio(a)) / np.sqrt(2.0 * np.pi * a)
    return height


def _below(a: Array, x: Array) -> Array:
    """Return whether the series of the lower function is summed, not the upper one's fraction."""
    return (x < a + 1.0) | (x < 1.5)


def _regularized(a: Array, x: Array) -> tuple[Array, Array]:
    """Return the lower and the upper function."""
    shape, z, inside = _operands(a, x)
    large = shape > _LARGE
    far = _uniform(shape, z)
    shape, z = np.where(large, 1.0, shape), np.where(large, 1.0, z)
    below = _below(shape, z)
    height = _height(shape, z)
    lower = height * _series(shape, np.where(below, z, 0.0))[0]
    # Γ(a + 1) = a Γ(a), and the fraction's factor is xᵃ e⁻ˣ / Γ(a).
    above = height * shape * _fraction(shape, np.where(below, shape + 2.0, z))[0]
    lower, upper = np.where(below, lower, 1.0 - above), np.where(below, 1.0 - lower, above)
    lower, upper = np.where(large, far[0], lower), np.where(large, far[1], upper)
    return _at_the_edges(a, x, inside, lower, 0.0), _at_the_edges(a, x, inside, upper, 1.0)


def _uniform(a: Array, x: Array) -> tuple[Array, Array]:
    """Return both functions for large a.

    Source:
        Temme (1979), the first term of the uniform asymptotic expansion; DLMF 8.12.
    """
    part = (x - a) / a
    # η² / 2 = λ - 1 - ln λ, λ = x / a, with the sign of λ - 1.
    near = np.abs(part) < 1e-2
    u = np.where(near, part, 0.0)
    series = u * (1 - u / 3 + 7 * u**2 / 36 - 73 * u**3 / 540 + 1331 * u**4 / 12960)
    far = np.where(near, 1.0, part)
    root = np.sqrt(2.0 * (far - np.log1p(np.maximum(far, _TINY - 1.0))))
    eta = np.where(near, series, np.copysign(root, far))
    apart = np.where(near, 1.0, 1.0 / far - 1.0 / np.where(near, 1.0, eta))
    small = -1 / 3 + eta / 12 - 2 * eta**2 / 135
    rest = np.where(near, small, apart) * np.exp(-0.5 * a * eta * eta) / np.sqrt(2 * np.pi * a)
    z = eta * np.sqrt(0.5 * a)
    return 0.5 * erfc.meaning(-z) - rest, 0.5 * erfc.meaning(z) + rest


def _at_the_edges(a: Array, x: Array, inside: Array, found: Array, at_zero: float) -> Array:
    shape, z = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    at_infinity = 1.0 - at_zero
    edge = np.where(z == 0, at_zero, np.where(np.isinf(z), at_infinity, at_zero))
    edge = np.where((shape == 0) & (z > 0), at_infinity, edge)
    wrong = (shape < 0) | (z < 0) | np.isnan(shape) | np.isnan(z)
    wrong |= ((shape == 0) & (z == 0)) | (np.isinf(shape) & np.isinf(z))
    return np.where(inside, found, np.where(wrong, np.nan, edge))


def _series(a: Array, x: Array) -> tuple[Array, Array]:
    """Return Σ xⁿ / ((a + 1) … (a + n)), and its derivative by a."""
    term, total = np.ones_like(x), np.ones_like(x)
    term_by, total_by = np.zeros_like(x), np.zeros_like(x)
    for n in range(1, _steps(a)):
        ratio = x / (a + n)
        term_by = ratio * (term_by - term / (a + n))
        term = ratio * term
        total, total_by = total + term, total_by + term_by
        if (
            n % 8 == 0
            and not (
                (term > 1e-17 * total) | (np.abs(term_by) > 1e-17 * np.abs(total_by) + _TINY)
            ).any()
        ):
            break
    return total, total_by


def _fraction(a: Array, x: Array) -> tuple[Array, Array]:
    """Return the continued fraction 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - …)), and by a.

    Source:
        Lentz's method, each step with its derivative.
    """
    b, b_by = x + 1.0 - a, -1.0
    c, c_by = np.full_like(x, 1.0 / _TINY), np.zeros_like(x)
    d = 1.0 / b
    d_by = -d * d * b_by
    h, h_by = d, d_by
    for n in range(1, _steps(a)):
        an, an_by = -n * (n - a), float(n)
        b = b + 2.0
        low = an * d + b
        low_by = an_by * d + an * d_by + b_by
        low = np.where(np.abs(low) < _TINY, _TINY, low)
        c_by = an_by / c - an * c_by / (c * c) + b_by
        c = an / c + b
        c = np.where(np.abs(c) < _TINY, _TINY, c)
        d = 1.0 / low
        d_by = -d * d * low_by
        change, change_by = d * c, d_by * c + d * c_by
        h_by = h_by * change + h * change_by
        h = h * change
        if (
            n % 8 == 0
            and not (
                (np.abs(change - 1.0) > 4e-16)
                | (np.abs(change_by) > 1e-15 * (1.0 + np.abs(h_by / h)))
            ).any()
        ):
            break
    return h, h_by


def _steps(a: Array) -> int:
    """Return how many terms are enough, where both are slowest: at x = a."""
    return int(12.0 * math.sqrt(min(a.max(initial=1.0), _WIDEST))) + 500


def _by_shape(a: Array, x: Array) -> Array:
    shape, z, inside = _operands(a, x)
    below = _below(shape, z)
    height, logarithm = _height(shape, z), np.log(z)
    total, total_by = _series(shape, np.where(below, z, 0.0))
    psi = digamma.meaning(shape)
    lower = height * (total * (logarithm - psi - 1.0 / shape) + total_by)
    value, value_by = _fraction(shape, np.where(below, shape + 2.0, z))
    upper = height * shape * (value * (logarithm - psi) + value_by)
    found = np.where(below, lower, -upper)
    # Beyond the widest there are not enough terms for a derivative that can be relied on.
    found = np.where(shape > _WIDEST, np.nan, found)
    nothing = np.isnan(a) | np.isnan(x) | (np.asarray(a) <= 0) | (np.asarray(x) < 0)
    return np.where(inside, found, np.where(nothing, np.nan, 0.0))
