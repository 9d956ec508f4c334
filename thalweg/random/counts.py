"""Counts by Poisson's and the binomial law, each of parameters of its own, as PyTorch draws them.

Both by Hörmann's transformed rejection: a hat whose quantile is (2a / (½ - |U|) + b) U + c, and a
square inside of its region where nothing needs to be computed. Small means by their definitions.

Sources:
    Hörmann, "The transformed rejection method for generating Poisson random variables", 1993.
    Hörmann, "The generation of binomial random variates", 1993.
    Devroye, "Non-Uniform Random Variate Generation", 1986, chapter X.4: sums of geometric numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.random.one_by_one import OneByOne, logarithm

# From this mean on there is a hat, which would not cover the law of smaller ones.
LEAST_MEAN = 10

# Half the side of the square in U, within which V up to a bound is below the law's curve.
SQUARE = 0.07

# So close to the ends of U the hat's curve is above the law's where V is above ½ - |U|.
EDGE = 0.013

HALF_LOG_TURN = 0.5 * math.log(2 * math.pi)


def _without_correction(k: float) -> float:
    """Stirling's formula of ln k!, around k + 1."""
    return HALF_LOG_TURN + (k + 0.5) * math.log(k + 1) - (k + 1)


# What the formula lacks; from the first k that is not here, by its series.
CORRECTIONS = tuple(math.lgamma(k + 1) - _without_correction(k) for k in range(10))


def correction(k: float) -> float:
    """Return ln k! less Stirling's formula of it."""
    if k < len(CORRECTIONS):
        return CORRECTIONS[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


# ---- Poisson's law


def poisson(source: OneByOne, mean: float) -> float:
    """Draw a count of a mean from 0."""
    if mean >= LEAST_MEAN:
        return _poisson_by_rejection(source, mean)
    if not mean > 0:
        return 0.0
    # Events at exponential times e: so many are before the mean as Σ e < mean, e^-Σe > e^-mean.
    least, product, k = math.exp(-mean), source.uniform(), 0
    while product > least:
        product *= source.uniform()
        k += 1
    return float(k)


def _poisson_by_rejection(source: OneByOne, mean: float) -> float:
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    surely = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = source.uniform() - 0.5, source.uniform()
        inside = 0.5 - abs(u)
        if inside == 0:
            continue
        k = _floor((2 * a / inside + b) * u + mean + 0.43)
        if inside >= SQUARE and v <= surely:
            return k
        if k < 0 or (inside < EDGE and v > inside):
            continue
        hat = logarithm(v) + math.log(inverse_alpha) - math.log(a / (inside * inside) + b)
        if hat <= -mean + k * math.log(mean) - (_without_correction(k) + correction(k)):
            return k


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


# ---- the binomial law


def binomial(source: OneByOne, count: Any, p: Any) -> Any:
    """Draw the number of successes among so many trials of a probability.

    Args:
        source: What is drawn from.
        count: The trials, of float32 or float64, in which products with p are rounded.
        p: Of the same dtype.
    """
    if not (count > 0 and p > 0):
        return 0.0
    if p >= 1:
        return count
    rare = p if p <= 0.5 else 1 - p
    draw = _binomial_by_rejection if count * rare >= LEAST_MEAN else _binomial_by_gaps
    found = draw(source, count, rare)
    return found if p <= 0.5 else count - found


def _binomial_by_gaps(source: OneByOne, count: Any, p: Any) -> Any:
    """From one success to the next it is a geometric number of trials."""
    kind, count = type(p), float(count)
    fails, last, k = float(kind(math.log1p(-float(p)))), 0.0, 0
    while True:
        u = source.uniform()
        last += math.ceil(math.log(u) / fails) if u else math.inf
        if last > count:
            return kind(k)
        k += 1


def _binomial_by_rejection(source: OneByOne, count: Any, p: Any) -> Any:
    kind, mean = type(p), count * p
    deviation = float(np.sqrt(mean * (1 - p)))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * float(p)
    center = float(mean) + 0.5
    surely = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * deviation
    while True:
        u, v = source.uniform() - 0.5, source.uniform()
        inside = 0.5 - abs(u)
        if inside == 0:
            continue
        k = kind(_floor((2 * a / inside + b) * u + center))
        if inside >= SQUARE and v <= surely:
            return k
        if not 0 <= k <= count:
            continue
        hat = logarithm(v * alpha / (a / (inside * inside) + b))
        if hat <= _against_mode(count, p, k):
            return k


def _against_mode(count: Any, p: Any, k: Any) -> float:
    """Return the logarithm of how probable a count is beside the most probable one."""
    odds, mode = float(p / (1 - p)), float(np.floor((count + 1) * p))
    others, rest = float(count) - mode, count - k
    return (
        (mode + 0.5) * math.log((mode + 1) / (odds * (others + 1)))
        + float(count + 1) * math.log((others + 1) / float(rest + 1))
        + float(k + 0.5) * math.log(odds * float(rest + 1) / float(k + 1))
        + correction(mode)
        + correction(others)
        - correction(float(k))
        - correction(float(rest))
    )
