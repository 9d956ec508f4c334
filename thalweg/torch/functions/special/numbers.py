"""Values of Bessel's and Airy's functions as NumPy computes them, in float64.

Sources: Abramowitz and Stegun, chapters 9 and 10; the trapezoid rule for the integrals of the
modified functions: Trefethen and Weideman (2014), The exponentially convergent trapezoidal rule.
"""

from __future__ import annotations

import math

import numpy as np

from thalweg.core.spec import Array

_GAMMA = 0.577215664901532860606512090082402431
_FAR = 25.0


# ---- modified, of the second kind


def scaled_k(order: float, x: Array) -> Array:
    """Return eˣ K(x) = ∫ exp(-x (cosh t - 1)) cosh(νt) dt by the trapezoid rule, for x > 0.

    The rule's error falls with e^(-2πd/h) as long as x is not far below 1.
    """
    width = 1.0 / np.sqrt(np.maximum(x, 1.0))
    total = np.full_like(x, 0.5)
    for k in range(1, 48):
        t = 0.25 * k * width
        total += np.exp(-2.0 * x * np.sinh(t / 2.0) ** 2) * np.cosh(order * t)
    found: Array = 0.25 * width * total
    return found


def _harmonic(k: int) -> float:
    return math.fsum(1.0 / i for i in range(1, k + 1))


def _k_near(order: int, x: Array) -> Array:
    """Return K₀ or K₁ by its series, for 0 < x < 1."""
    square, half = x * x / 4.0, x / 2.0
    log = np.log(half)
    term = np.ones_like(x)
    first, rest = np.zeros_like(x), np.zeros_like(x)
    for k in range(14):
        first += term
        both = 2.0 * _harmonic(k) + (1.0 / (k + 1) if order else 0.0)
        rest += term * (both - 2.0 * _GAMMA)
        term = term * square / ((k + 1) * (k + 1 + order))
    if order == 0:
        found: Array = rest / 2.0 - log * first
    else:
        found = 1.0 / x + log * half * first - half * rest / 2.0
    return found


def modified_k(order: int, x: Array, scaled: bool) -> Array:
    """Return K₀ or K₁, or its product with eˣ."""
    z = np.asarray(x, np.float64)
    inside = np.where(z > 0, z, 1.0)
    near, far = np.minimum(inside, 1.0), np.where(np.isinf(inside), 1.0, np.maximum(inside, 1.0))
    grown = scaled_k(order, far)
    below, above = _k_near(order, near), grown if scaled else grown * np.exp(-far)
    found = np.where(inside < 1.0, below * np.exp(near) if scaled else below, above)
    found = np.where(np.isposinf(z), 0.0, np.where(z == 0, np.inf, found))
    return np.where(z >= 0, found, np.nan).astype(x.dtype)


# ---- of the second kind


def _neumann(order: int, x: Array) -> Array:
    """Return Y₀ or Y₁ by Neumann's series in Jₖ, which go backwards by their recurrence."""
    values: list[Array] = [np.zeros_like(x)] * 92
    above, here = np.zeros_like(x), np.full_like(x, 1e-280)
    for k in range(91, 0, -1):
        values[k] = here
        above, here = here, 2.0 * k / x * here - above
    values[0] = here
    scale = values[0] + 2.0 * sum(values[2:91:2])
    j = [value / scale for value in values]
    log = np.log(x / 2.0) + _GAMMA
    if order == 0:
        rest = sum((-1) ** k * j[2 * k] / k for k in range(1, 45))
        found: Array = 2.0 / np.pi * log * j[0] - 4.0 / np.pi * rest
    else:
        terms = ((-1) ** k * (2 * k + 1) / (k * (k + 1.0)) * j[2 * k + 1] for k in range(1, 45))
        found = 2.0 / np.pi * ((log - 1.0) * j[1] - j[0] / x - sum(terms))
    return found


def _y_near(order: int, x: Array) -> Array:
    """Return Y₀ or Y₁ by its series, for 0 < x < 2."""
    square, half = -x * x / 4.0, x / 2.0
    log = np.log(half)
    term = np.ones_like(x)
    first, rest = np.zeros_like(x), np.zeros_like(x)
    for k in range(18):
        first += term
        both = 2.0 * _harmonic(k) + (1.0 / (k + 1) if order else 0.0)
        rest += term * (both - 2.0 * _GAMMA)
        term = term * square / ((k + 1) * (k + 1 + order))
    if order == 0:
        found: Array = (2.0 * log * first - rest) / np.pi
    else:
        found = (2.0 * log * half * first - 2.0 / x - half * rest) / np.pi
    return found


def _hankel(order: int, x: Array) -> Array:
    """Return Y₀ or Y₁ by Hankel's series, for x ≥ 25."""
    even, odd, term = np.ones_like(x), np.zeros_like(x), np.ones_like(x)
    for k in range(1, 24):
        term = term * (4 * order * order - (2 * k - 1) ** 2) / (8.0 * k * x)
        if k % 2:
            odd = odd + (term if k % 4 == 1 else -term)
        else:
            even = even + (term if k % 4 == 0 else -term)
    sine, cosine = np.sin(x), np.cos(x)
    # √2 times sin and cos of x - π/4 - nπ/2, from those of x.
    turned = (sine - cosine, sine + cosine) if order == 0 else (-sine - cosine, sine - cosine)
    found: Array = (even * turned[0] + odd * turned[1]) / np.sqrt(np.pi * x)
    return found


def bessel_y(order: int, x: Array) -> Array:
    """Return Y₀ or Y₁."""
    z = np.asarray(x, np.float64)
    inside = np.where((z > 0) & np.isfinite(z), z, 1.0)
    near = _y_near(order, np.minimum(inside, 2.0))
    middle = _neumann(order, np.clip(inside, 2.0, _FAR))
    far = _hankel(order, np.maximum(inside, _FAR))
    found = np.where(inside < 2.0, near, np.where(inside < _FAR, middle, far))
    found = np.where(z == 0, -np.inf, found)
    return np.where((z >= 0) & np.isfinite(z), found, np.nan).astype(x.dtype)


# ---- Airy's

_AT_ZERO = 0.355028053887817239260063186004183177, -0.258819403792806798405183560189203963
_STEP = 0.5


def _advance(x: Array, value: Array, slope: Array, step: Array) -> tuple[Array, Array]:
    """Return Ai and Ai' a step further, by the Taylor series that Ai'' = x Ai gives."""
    terms = [value, slope, x * value / 2.0]
    for k in range(1, 24):
        terms.append((x * terms[k] + terms[k - 1]) / ((k + 1) * (k + 2)))
    found, change = np.zeros_like(step), np.zeros_like(step)
    for k in range(len(terms) - 1, 0, -1):
        change = change * step + k * terms[k]
        found = (found + terms[k]) * step
    return found + terms[0], change


def _places() -> tuple[Array, Array]:
    """Return Ai and Ai' at 0, -½, -1, …, where they neither grow nor fall."""
    values = [(np.array(_AT_ZERO[0]), np.array(_AT_ZERO[1]))]
    for k in range(30):
        values.append(_advance(np.array(-_STEP * k), *values[-1], np.array(-_STEP)))
    both = np.array(values)
    return both[:, 0], both[:, 1]


_VALUES, _SLOPES = _places()


def _wave(z: Array) -> tuple[Array, Array]:
    """Return Ai(-z) and Ai'(-z) by their asymptotic series, for z ≥ 12."""
    phase = 2.0 / 3.0 * z * np.sqrt(z)
    sums = np.zeros((4, *z.shape))
    term = np.ones_like(z)
    for k in range(20):
        sign = -1.0 if k % 4 in (2, 3) else 1.0
        sums[k % 2] += sign * term
        sums[2 + k % 2] += sign * term * (6 * k + 1) / (1 - 6 * k)
        term = term * (6 * k + 1) * (6 * k + 3) * (6 * k + 5) / (216.0 * (k + 1) * (2 * k + 1))
        term = term / phase
    cosine, sine = np.cos(phase - np.pi / 4), np.sin(phase - np.pi / 4)
    root = np.sqrt(np.sqrt(z))
    value = (cosine * sums[0] + sine * sums[1]) / (math.sqrt(np.pi) * root)
    return value, root / math.sqrt(np.pi) * (sine * sums[2] - cosine * sums[3])


def _decay(x: Array) -> tuple[Array, Array]:
    """Return Ai and Ai' by modified functions of orders 1/3 and 2/3, for x ≥ 1."""
    depth = 2.0 / 3.0 * x * np.sqrt(x)
    fall = np.exp(-depth) / np.pi
    value = np.sqrt(x / 3.0) * scaled_k(1.0 / 3.0, depth)
    return fall * value, -fall * x / math.sqrt(3.0) * scaled_k(2.0 / 3.0, depth)


def airy(x: Array) -> tuple[Array, Array]:
    """Return Ai and its derivative."""
    z = np.asarray(x, np.float64)
    inside = np.where(np.isfinite(z), z, 0.0)
    middle = np.clip(inside, -14.0, 1.25)
    place = np.maximum(np.rint(-middle / _STEP), 0).astype(np.int64)
    start = -_STEP * place
    near = _advance(start, _VALUES[place], _SLOPES[place], middle - start)
    far, below = _decay(np.maximum(inside, 1.0)), _wave(np.maximum(-inside, 12.0))
    found = [
        np.where(inside > 1.0, a, np.where(inside < -12.0, b, c))
        for a, b, c in zip(far, below, near, strict=True)
    ]
    first, second = (np.where(np.isfinite(z), part, np.nan).astype(x.dtype) for part in found)
    return first, second
