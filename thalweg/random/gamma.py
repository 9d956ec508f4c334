"""Gamma variates, each of a shape parameter of its own, as PyTorch draws them on the CPU.

Sources:
    Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
    Stuart, "Gamma-distributed products of independent random variables", 1962: of a shape below 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.random.one_by_one import OneByOne

# PyTorch has ⅓ and what the squeeze multiplies by in float32, whatever the shape's dtype.
THIRD = np.float32(1) / np.float32(3)

SQUEEZE = float(np.float32(0.0331))

# What no variate is below.
LEAST = {kind: float(np.finfo(kind).tiny) for kind in (np.float32, np.float64)}


def gamma(source: OneByOne, shape: Any) -> float:
    """Draw a variate of rate 1, at least the least normal number of its dtype.

    Args:
        source: What is drawn from.
        shape: The parameter, of float32 or float64, in which what is made of it is rounded.
    """
    kind = type(shape)
    least = LEAST[kind]
    found = float(kind(_gamma(source, shape))) if shape else least
    # NaN becomes the least number too.
    return found if found > least else least


def _gamma(source: OneByOne, shape: Any) -> float:
    if not shape < 1:
        return _of_large_shape(source, shape, 1.0)
    # A variate of the shape a + 1 times U^(1/a) is one of a; there are none of negative a.
    u = 1 - source.uniform()
    return _of_large_shape(source, shape + 1, math.pow(u, 1 / shape) if shape > 0 else math.nan)


def _of_large_shape(source: OneByOne, shape: Any, scale: float) -> float:
    """Return d (1 + c x)³ of normal x, which is nearly gamma distributed, by rejection."""
    d = np.float64(shape - type(shape)(THIRD))
    c = float(1 / np.sqrt(9 * d))
    scale *= float(d)
    while True:
        x = source.normal()
        y = 1 + c * x
        while y <= 0:
            x = source.normal()
            y = 1 + c * x
        v, u, square = y * y * y, 1 - source.uniform(), x * x
        if u < 1 - SQUEEZE * square * square:
            return scale * v
        if math.log(u) < 0.5 * square + float(d) * (1 - v + math.log(v)):
            return scale * v
