"""Normal numbers from uniform ones, in blocks of 16, as PyTorch computes them on the CPU.

Box and Muller (1958): with independent u₁, u₂ uniform on [0, 1), r = √(-2 ln(1 - u₁)) and
θ = 2π u₂, both r cos θ and r sin θ are standard normal, and independent. Of each block the
first 8 numbers are u₁ and r cos θ, the last 8 are u₂ and r sin θ.

For float32 the logarithm, sine and cosine are the polynomials of Cephes (Moshier 1989: logf, sinf,
cosf), every product fused with its sum, which is what vector processors compute. For float64 they
are the C library's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.ops.elementwise.fused import Doubles, Singles, fma, fma32

BLOCK = 16

HALF_BLOCK = BLOCK // 2

# Blocks at a time, so that what is in between stays in the processor's cache.
_BLOCKS_AT_ONCE = 512

SMALLEST_NORMAL = np.float32(2.0**-126)

SQRT_HALF = np.float32(0.5**0.5)

# ln(1 + x) = x - x²/2 + x³ P(x) on [√½ - 1, √2 - 1].
LOGARITHM = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip

# ln 2 in two parts, the larger exact in few bits; π/4 in three.
LN2 = (np.float32(0.693359375), np.float32(-2.12194440e-4))

QUARTER_PI = (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)

# On [-π/4, π/4]: cos x = 1 - x²/2 + x⁴ P(x²), sin x = x + x³ Q(x²).
COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)

SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)


def normal_blocks(uniform: NDArray[Any], mean: float, std: float) -> NDArray[Any]:
    """Turn uniform numbers into as many normal ones.

    Args:
        uniform: Shape (16·n,), float32 or float64, on [0, 1); overwritten.
        mean: The mean of the results.
        std: Their standard deviation.
    """
    blocks = uniform.reshape(-1, 2, HALF_BLOCK)
    transform = _singles if uniform.dtype == np.float32 else _doubles
    for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
        block = blocks[start : start + _BLOCKS_AT_ONCE]
        radius, cosine, sine = transform(block[:, 0].ravel(), block[:, 1].ravel())
        for half, factor in enumerate((cosine, sine)):
            values = _scaled(radius * factor, mean, std)
            block[:, half] = values.reshape(-1, HALF_BLOCK)
    return uniform


def _scaled(values: NDArray[Any], mean: float, std: float) -> NDArray[Any]:
    # Adding a zero is no rounding, but makes -0 a +0, as the fused operation does.
    if mean == 0 and std == 1:
        return np.asarray(values + values.dtype.type(0))
    return fma(values, std, mean, values.dtype)


def _doubles(first: Doubles, second: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    # NumPy's own logarithm, sine and cosine of real numbers differ from the C library's in the
    # last bit on some processors. Those of complex numbers call the C library: log1p(z) computes
    # ln |1 + z|, where 1 - u₁ is exact, and exp(iθ) is cos θ + i sin θ.
    radius = np.sqrt(-2.0 * np.log1p(-first + 0j).real)
    angle = 2.0 * np.pi * second
    circle = np.exp(angle * 1j)
    return radius, circle.real, circle.imag


def _singles(first: Singles, second: Singles) -> tuple[Singles, Singles, Singles]:
    radius = np.sqrt(np.float32(-2) * logarithm(np.float32(1) - first))
    sine, cosine = sine_and_cosine(np.float32(2 * np.pi) * second)
    return radius, cosine, sine


def logarithm(x: Singles) -> Singles:
    """Return ln x of positive float32 numbers by Cephes' polynomial.

    >>> logarithm(np.ones(1, np.float32))
    array([0.], dtype=float32)
    """
    bits = np.maximum(x, SMALLEST_NORMAL).view(np.int32)
    exponent = ((bits >> 23) - 126).astype(np.float32)
    fraction = (bits & 0x7FFFFF | 0x3F000000).view(np.float32)
    small = fraction < SQRT_HALF
    exponent -= small
    t = fraction - np.float32(1) + np.where(small, fraction, np.float32(0))
    square = t * t
    tail = _polynomial(t, LOGARITHM) * t
    tail = fma32(tail, square, exponent * LN2[1])
    tail = fma32(-square, np.float32(0.5), tail)
    return fma32(exponent, LN2[0], t + tail)


def sine_and_cosine(x: Singles) -> tuple[Singles, Singles]:
    """Return sin x and cos x of float32 numbers from 0 to 8192 by Cephes' polynomials.

    >>> sine_and_cosine(np.zeros(1, np.float32))
    (array([0.], dtype=float32), array([1.], dtype=float32))
    """
    octant = ((x * np.float32(4 / np.pi)).astype(np.int32) + 1) & ~1
    turns = octant.astype(np.float32)
    for part in QUARTER_PI:
        x = fma32(turns, np.float32(-part), x)
    square = x * x
    cosine = _polynomial(square, COSINE) * square
    cosine = fma32(cosine, square, square * np.float32(-0.5)) + np.float32(1)
    sine = fma32(_polynomial(square, SINE) * square, x, x)
    swapped = octant & 2 != 0
    minus, one = np.float32(-1), np.float32(1)
    sine_sign = np.where(octant & 4 != 0, minus, one)
    cosine_sign = np.where((octant + 2) & 4 != 0, minus, one)
    return (
        sine_sign * np.where(swapped, cosine, sine),
        cosine_sign * np.where(swapped, sine, cosine),
    )


def _polynomial(x: Singles, coefficients: tuple[float, ...]) -> Singles:
    """Evaluate a polynomial, its highest coefficient first, by Horner's fused scheme."""
    first, *others = coefficients
    value: Any = np.float32(first)
    for coefficient in others:
        value = fma32(value, x, np.float32(coefficient))
    return np.asarray(value)
