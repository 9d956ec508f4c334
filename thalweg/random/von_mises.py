"""Angles of von Mises' distribution, in whole rounds of rejection, as PyTorch draws them.

Source:
    Best and Fisher, "Efficient simulation of the von Mises distribution", 1979: below an enveloping
    wrapped Cauchy distribution.
"""

from __future__ import annotations

import math

import numpy as np

from thalweg.core.spec import Array
from thalweg.random.generator import Generator

# Below, the formula of the envelope loses its digits, and 1/κ + κ is what it comes to.
_FLAT = 1e-5


def _envelope(concentration: Array) -> Array:
    """Return (1 + ρ²) / 2ρ of the wrapped Cauchy distribution of mean direction's length ρ."""
    tau = 1 + np.sqrt(1 + 4 * concentration**2)
    rho = (tau - np.sqrt(2 * tau)) / (2 * concentration)
    series = 1 / concentration + concentration
    return np.where(concentration < _FLAT, series, (1 + rho**2) / (2 * rho))


def von_mises(source: Generator, concentration: Array) -> Array:
    """Draw angles from -π to π around 0, each of a concentration κ of its own, in float64.

    Every round draws three numbers for each angle; one that is accepted again changes again.
    """
    # Of κ = 0 there is no envelope, and the least numbers above have its law.
    kappa = np.where(concentration < 1e-300, 1e-300, concentration)
    with np.errstate(all="ignore"):
        r = _envelope(kappa)
        # Where the envelope is a single point in float64, so is the distribution.
        waiting = r > 1
        angles = np.where(np.isnan(kappa), math.nan, 0.0)
        while waiting.any():
            first, second, third = source.rand((3, *kappa.shape))
            z = np.cos(math.pi * first)
            f = (1 + r * z) / (r + z)
            c = kappa * (r - f)
            accepted = (c * (2 - c) - second > 0) | (np.log(c / second) + 1 - c >= 0)
            angles = np.where(accepted, np.sign(third - 0.5) * np.arccos(f), angles)
            waiting &= ~accepted
    return angles
