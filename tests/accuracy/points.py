"""Where functions are measured: every magnitude, where they are busy, and close to hard places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Random = np.random.Generator


def magnitudes(random: Random, dtype: Any, count: int) -> Array:
    """Positive numbers of every exponent, the subnormal ones too."""
    limits = np.finfo(dtype)
    lowest = limits.minexp - limits.nmant
    with np.errstate(all="ignore"):
        found = 2.0 ** random.uniform(lowest, limits.maxexp, count)
    return np.minimum(np.maximum(found, 2.0**lowest), float(limits.max))


def close(random: Random, dtype: Any, place: float, count: int) -> Array:
    """Numbers at a place, its next neighbours, and others at every distance from it."""
    limits = np.finfo(dtype)
    at = np.asarray(place, dtype)
    unit = float(np.spacing(np.abs(at)))
    near = float(at) + unit * np.arange(-8.0, 9.0)
    distance = max(abs(place), 2.0**limits.minexp) * 2.0 ** random.uniform(
        -limits.nmant - 1.0, -0.5, max(count - near.size, 0)
    )
    far = place + np.where(random.random(distance.size) < 0.5, -distance, distance)
    return np.concatenate([near, far])[:count]


def on(
    *ranges: tuple[float, float],
    places: Sequence[float] = (),
    positive: bool = False,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> Callable[[Any, int], Array]:
    """Return the points of a function of one operand.

    Args:
        ranges: Where it is busy.
        places: What it is hard near to: zeros, poles, where it overflows or vanishes.
        positive: Whether it is defined for positive numbers alone.
        within: Where it is defined.
    """

    def points(dtype: Any, count: int) -> Array:
        random = np.random.default_rng(0)
        third = count // 3
        parts = [magnitudes(random, dtype, third)]
        each = third // max(1, len(ranges))
        parts += [random.uniform(low, high, each) for low, high in ranges]
        rest = count - sum(part.size for part in parts)
        hard = [*places, 1.0, float(np.finfo(dtype).tiny)]
        hard += [] if positive else [-place for place in hard]
        parts += [close(random, dtype, place, -(-rest // len(hard))) for place in hard]
        if not positive:
            parts[0] = np.where(np.arange(third) % 2, -parts[0], parts[0])
        # Of those at hard places, all would be at the last ones' expense.
        found = np.concatenate(parts).astype(dtype)
        return found[(found >= within[0]) & (found <= within[1]) & np.isfinite(found)]

    return points


def pairs(dtype: Any, count: int) -> tuple[Array, Array]:
    """Points of two operands: any two, and pairs of like magnitude."""
    random = np.random.default_rng(0)
    half = count // 2
    x, y = magnitudes(random, dtype, count), magnitudes(random, dtype, count)
    ratio = 2.0 ** random.uniform(-4, 4, half)
    ratio[::4] = 2.0 ** random.uniform(-60, 60, ratio[::4].size)
    with np.errstate(all="ignore"):
        y[:half] = np.minimum(x[:half] * ratio, float(np.finfo(dtype).max))
        for part, signs in ((x, 2), (y, 4)):
            part[np.arange(count) % signs >= signs // 2] *= -1
        return x.astype(dtype), y.astype(dtype)


def sums(dtype: Any, count: int) -> tuple[Array, Array]:
    """Points of two operands of which exponentials are added: any, near each other, near 0."""
    random = np.random.default_rng(0)
    x, y = random.uniform(-40, 40, (2, count))
    y[::3] = x[::3] + random.normal(size=y[::3].size)
    small, near = slice(1, None, 3), slice(2, None, 3)
    x[small], y[small] = random.uniform(-2, 2, (2, x[small].size))
    x[near] = magnitudes(random, dtype, x[near].size)
    x[near] = np.where(random.random(x[near].size) < 0.5, -1, 1) * np.minimum(x[near], 1.0)
    y[near] = -random.uniform(0, 110, y[near].size)
    return x.astype(dtype), y.astype(dtype)


def powers(dtype: Any, count: int) -> tuple[Array, Array]:
    """Bases of every magnitude, near 1 above all, with exponents up to where powers overflow."""
    random = np.random.default_rng(0)
    x = magnitudes(random, dtype, count)
    x[::3] = random.uniform(0.1, 3, x[::3].size)
    x[1::3] = close(random, dtype, 1.0, x[1::3].size)
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        reach = float(np.finfo(dtype).maxexp) * np.log(2) / np.abs(np.log(x.astype(float)))
    y = random.uniform(-1.05, 1.05, count) * np.minimum(reach, 2.0**60)
    return x, y.astype(dtype)
