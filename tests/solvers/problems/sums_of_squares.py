"""Moré, Garbow & Hillstrom's 35 problems: "Testing unconstrained optimization software" (1981).

Each is a sum of squares of residuals, here written of the paper's formulas in NumPy. The smallest
sums are those of the paper, and of local minima it tells of or which solvers are known to end in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Residuals = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class SumOfSquares:
    """A problem: minimize Σ rᵢ(x)².

    Attributes:
        number: The paper's.
        name: The paper's, with the number of variables where there may be others.
        residuals: Maps a vector to a vector.
        start: Where the paper starts.
        minima: The sums at the minimum and at known local ones.
    """

    number: int
    name: str
    residuals: Residuals
    start: np.ndarray
    minima: tuple[float, ...]

    def value(self, x: Any) -> Any:
        """Return the sum of squares."""
        return np.sum(self.residuals(x) ** 2)

    def is_minimum(self, value: float, rtol: float = 1e-5, atol: float = 1e-9) -> bool:
        """Tell whether a sum is that of one of the minima."""
        return any(abs(value - known) <= rtol * known + atol for known in self.minima)


def _numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.split()])


# ---- two variables


def rosenbrock(x: Any) -> Any:
    return np.stack([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])


def freudenstein_roth(x: Any) -> Any:
    a, b = x[0], x[1]
    return np.stack([a - 13.0 + ((5.0 - b) * b - 2.0) * b, a - 29.0 + ((b + 1.0) * b - 14.0) * b])


def powell_badly_scaled(x: Any) -> Any:
    return np.stack([1e4 * x[0] * x[1] - 1.0, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x: Any) -> Any:
    return np.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0])


def beale(x: Any) -> Any:
    y = np.array([1.5, 2.25, 2.625])
    return y - x[0] * (1.0 - np.stack([x[1], x[1] ** 2, x[1] ** 3]))


def jennrich_sampson(x: Any) -> Any:
    i = np.arange(1.0, 11.0)
    return 2.0 + 2.0 * i - (np.exp(i * x[0]) + np.exp(i * x[1]))


# ---- three variables


def helical_valley(x: Any) -> Any:
    # The angle of (x₁, x₂), between -π/2 and 3π/2.
    turns = (np.arctan2(-x[0], x[1]) + math.pi / 2) / (2 * math.pi)
    radius = np.sqrt(x[0] ** 2 + x[1] ** 2)
    return np.stack([10.0 * (x[2] - 10.0 * turns), 10.0 * (radius - 1.0), x[2]])


_BARD = _numbers("0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39")


def bard(x: Any) -> Any:
    u = np.arange(1.0, 16.0)
    v = 16.0 - u
    return _BARD - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


_GAUSSIAN = _numbers("0.0009 0.0044 0.0175 0.0540 0.1295 0.2420 0.3521 0.3989")


def gaussian(x: Any) -> Any:
    t = (8.0 - np.arange(1.0, 16.0)) / 2.0
    y = np.concatenate([_GAUSSIAN, _GAUSSIAN[-2::-1]])
    return x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2.0) - y


_MEYER = _numbers(
    "34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872"
)


def meyer(x: Any) -> Any:
    return x[0] * np.exp(x[1] / (45.0 + 5.0 * np.arange(1.0, 17.0) + x[2])) - _MEYER


def gulf_research(x: Any) -> Any:
    t = np.arange(1.0, 100.0) / 100.0
    y = 25.0 + (-50.0 * np.log(t)) ** (2.0 / 3.0)
    return np.exp(-(np.abs(y - x[1]) ** x[2]) / x[0]) - t


def box_three_dimensional(x: Any) -> Any:
    t = 0.1 * np.arange(1.0, 11.0)
    return np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10.0 * t))


# ---- four variables


def powell_singular(x: Any) -> Any:
    a, b, c, d = (x[i::4] for i in range(4))
    return np.concatenate([
        a + 10.0 * b, math.sqrt(5.0) * (c - d), (b - 2.0 * c) ** 2, math.sqrt(10.0) * (a - d) ** 2
    ])  # fmt: skip


def wood(x: Any) -> Any:
    a, b, c, d = x[0], x[1], x[2], x[3]
    return np.stack([
        10.0 * (b - a**2), 1.0 - a, math.sqrt(90.0) * (d - c**2), 1.0 - c,
        math.sqrt(10.0) * (b + d - 2.0), (b - d) / math.sqrt(10.0),
    ])  # fmt: skip


_KOWALIK = _numbers("0.1957 0.1947 0.1735 0.1600 0.0844 0.0627 0.0456 0.0342 0.0323 0.0235 0.0246")
_KOWALIK_AT = _numbers("4 2 1 0.5 0.25 0.167 0.125 0.1 0.0833 0.0714 0.0625")


def kowalik_osborne(x: Any) -> Any:
    u = _KOWALIK_AT
    return _KOWALIK - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x: Any) -> Any:
    t = np.arange(1.0, 21.0) / 5.0
    return (x[0] + t * x[1] - np.exp(t)) ** 2 + (x[2] + x[3] * np.sin(t) - np.cos(t)) ** 2


# ---- five variables and more

_OSBORNE_1 = _numbers(
    "0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751 0.718 0.685 0.658 0.628 "
    "0.603 0.580 0.558 0.538 0.522 0.506 0.490 0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420 "
    "0.414 0.411 0.406"
)


def osborne_1(x: Any) -> Any:
    t = 10.0 * np.arange(33.0)
    return _OSBORNE_1 - (x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))


def biggs_exp6(x: Any) -> Any:
    t = 0.1 * np.arange(1.0, 14.0)
    y = np.exp(-t) - 5.0 * np.exp(-10.0 * t) + 3.0 * np.exp(-4.0 * t)
    return x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y


_OSBORNE_2 = _numbers(
    "1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616 "
    "0.606 0.602 0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495 "
    "0.500 0.423 0.395 0.375 0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672 "
    "0.708 0.633 0.668 0.645 0.632 0.591 0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581 "
    "0.428 0.292 0.162 0.098 0.054"
)


def osborne_2(x: Any) -> Any:
    t = np.arange(65.0) / 10.0
    return _OSBORNE_2 - (
        x[0] * np.exp(-t * x[4])
        + x[1] * np.exp(-((t - x[8]) ** 2) * x[5])
        + x[2] * np.exp(-((t - x[9]) ** 2) * x[6])
        + x[3] * np.exp(-((t - x[10]) ** 2) * x[7])
    )


# ---- any number of variables


def watson(n: int) -> Residuals:
    t = np.arange(1.0, 30.0) / 29.0
    powers = t[:, None] ** np.arange(n)
    slopes = np.arange(1, n) * powers[:, :-1]

    def residuals(x: Any) -> Any:
        rows = slopes @ x[1:] - (powers @ x) ** 2 - 1.0
        return np.concatenate([rows, np.stack([x[0], x[1] - x[0] ** 2 - 1.0])])

    return residuals


def extended_rosenbrock(x: Any) -> Any:
    return np.concatenate([10.0 * (x[1::2] - x[::2] ** 2), 1.0 - x[::2]])


def penalty_1(x: Any) -> Any:
    return np.concatenate([math.sqrt(1e-5) * (x - 1.0), np.stack([np.sum(x**2) - 0.25])])


def penalty_2(n: int) -> Residuals:
    i = np.arange(2, n + 1)
    y = np.exp(i / 10.0) + np.exp((i - 1) / 10.0)
    weights = np.arange(n, 0, -1.0)

    def residuals(x: Any) -> Any:
        grown = np.exp(x / 10.0)
        return np.concatenate([
            x[:1] - 0.2,
            math.sqrt(1e-5) * (grown[1:] + grown[:-1] - y),
            math.sqrt(1e-5) * (grown[1:] - math.exp(-0.1)),
            np.stack([np.sum(weights * x**2) - 1.0]),
        ])  # fmt: skip

    return residuals


def variably_dimensioned(x: Any) -> Any:
    weighted = np.sum(np.arange(1.0, len(x) + 1.0) * (x - 1.0))
    return np.concatenate([x - 1.0, np.stack([weighted, weighted**2])])


def trigonometric(x: Any) -> Any:
    n = len(x)
    i = np.arange(1.0, n + 1.0)
    return n - np.sum(np.cos(x)) + i * (1.0 - np.cos(x)) - np.sin(x)


def brown_almost_linear(x: Any) -> Any:
    n = len(x)
    return np.concatenate([x[:-1] + np.sum(x) - (n + 1.0), np.stack([np.prod(x) - 1.0])])


def _grid(n: int) -> np.ndarray:
    return np.arange(1.0, n + 1.0) / (n + 1.0)


def discrete_boundary_value(x: Any) -> Any:
    n = len(x)
    around = np.concatenate([np.zeros(1), x, np.zeros(1)])
    bent = (x + _grid(n) + 1.0) ** 3 / (2.0 * (n + 1.0) ** 2)
    return 2.0 * x - around[:-2] - around[2:] + bent


def discrete_integral_equation(x: Any) -> Any:
    n = len(x)
    t = _grid(n)
    # Green's function: tⱼ(1 - tᵢ) for j ≤ i, tᵢ(1 - tⱼ) behind.
    kernel = np.minimum(t[:, None], t) * (1.0 - np.maximum(t[:, None], t))
    return x + kernel @ (x + t + 1.0) ** 3 / (2.0 * (n + 1.0))


def broyden_tridiagonal(x: Any) -> Any:
    around = np.concatenate([np.zeros(1), x, np.zeros(1)])
    return (3.0 - 2.0 * x) * x - around[:-2] - 2.0 * around[2:] + 1.0


def broyden_banded(x: Any) -> Any:
    i = np.arange(len(x))
    behind = i[:, None] - i
    band = ((behind <= 5) & (behind >= -1) & (behind != 0)).astype(float)
    return x * (2.0 + 5.0 * x**2) + 1.0 - band @ (x * (1.0 + x))


def linear_full_rank(m: int) -> Residuals:
    def residuals(x: Any) -> Any:
        common = 2.0 * np.sum(x) / m + 1.0
        return np.concatenate([x - common, -common * np.ones(m - len(x))])

    return residuals


def linear_rank_1(m: int) -> Residuals:
    def residuals(x: Any) -> Any:
        return np.arange(1.0, m + 1.0) * np.sum(np.arange(1.0, len(x) + 1.0) * x) - 1.0

    return residuals


def linear_rank_1_with_zeros(m: int) -> Residuals:
    rows = np.concatenate([np.arange(m - 1.0), np.zeros(1)])

    def residuals(x: Any) -> Any:
        n = len(x)
        return rows * np.sum(np.arange(2.0, n) * x[1:-1]) - 1.0

    return residuals


def chebyquad(x: Any) -> Any:
    n = len(x)
    shifted = 2.0 * x - 1.0
    before, polynomial = np.ones(n), shifted
    means = []
    for degree in range(1, n + 1):
        integral = 0.0 if degree % 2 else -1.0 / (degree**2 - 1.0)
        means.append(np.mean(polynomial) - integral)
        before, polynomial = polynomial, 2.0 * shifted * polynomial - before
    return np.stack(means)


# ---- the table


def _row(number: int, name: str, residuals: Residuals, start: Any, *minima: float) -> SumOfSquares:
    return SumOfSquares(number, name, residuals, np.asarray(start, dtype=float), minima)


def _linear_rank_1_minimum(m: int) -> float:
    return m * (m - 1) / (2 * (2 * m + 1))


def _linear_rank_1_with_zeros_minimum(m: int) -> float:
    return (m**2 + 3 * m - 6) / (2 * (2 * m - 3))


_BOW = _grid(10) * (_grid(10) - 1)

# Some functions have no minimum to be reached in one direction, but a limit there: it counts, too.
PROBLEMS = [
    _row(1, "rosenbrock", rosenbrock, [-1.2, 1], 0.0),
    _row(2, "freudenstein-roth", freudenstein_roth, [0.5, -2], 0.0, 48.98425368),
    _row(3, "powell-badly-scaled", powell_badly_scaled, [0, 1], 0.0),
    _row(4, "brown-badly-scaled", brown_badly_scaled, [1, 1], 0.0),
    _row(5, "beale", beale, [1, 1], 0.0),
    _row(6, "jennrich-sampson", jennrich_sampson, [0.3, 0.4], 124.3621824),
    _row(7, "helical-valley", helical_valley, [-1, 0, 0], 0.0),
    _row(8, "bard", bard, [1, 1, 1], 8.214877e-3, 17.42869333),
    _row(9, "gaussian", gaussian, [0.4, 1, 0], 1.127933e-8),
    _row(10, "meyer", meyer, [0.02, 4000, 250], 87.94585517),
    _row(11, "gulf-research", gulf_research, [5, 2.5, 0.15], 0.0),
    _row(12, "box-three-dimensional", box_three_dimensional, [0, 10, 20], 0.0),
    _row(13, "powell-singular", powell_singular, [3, -1, 0, 1], 0.0),
    _row(14, "wood", wood, [-3, -1, -3, -1], 0.0),
    _row(
        15, "kowalik-osborne", kowalik_osborne, [0.25, 0.39, 0.415, 0.39], 3.075056e-4, 1.02734e-3
    ),
    _row(16, "brown-dennis", brown_dennis, [25, 5, -5, -1], 85822.20163),
    _row(17, "osborne-1", osborne_1, [0.5, 1.5, -1, 0.01, 0.02], 5.464895e-5),
    _row(18, "biggs-exp6", biggs_exp6, [1, 2, 1, 1, 1, 1], 0.0, 5.655650e-3),
    _row(
        19, "osborne-2", osborne_2, [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], 4.013774e-2
    ),
    _row(20, "watson-6", watson(6), np.zeros(6), 2.287670e-3),
    _row(20, "watson-9", watson(9), np.zeros(9), 1.399760e-6),
    _row(20, "watson-12", watson(12), np.zeros(12), 4.722381e-10),
    _row(21, "extended-rosenbrock-10", extended_rosenbrock, [-1.2, 1] * 5, 0.0),
    _row(22, "extended-powell-singular-12", powell_singular, [3, -1, 0, 1] * 3, 0.0),
    _row(23, "penalty-1-4", penalty_1, np.arange(1, 5), 2.249977e-5),
    _row(23, "penalty-1-10", penalty_1, np.arange(1, 11), 7.087651e-5),
    _row(24, "penalty-2-4", penalty_2(4), np.full(4, 0.5), 9.376293e-6),
    _row(24, "penalty-2-10", penalty_2(10), np.full(10, 0.5), 2.936605e-4),
    _row(25, "variably-dimensioned-10", variably_dimensioned, 1 - np.arange(1, 11) / 10, 0.0),
    _row(26, "trigonometric-10", trigonometric, np.full(10, 0.1), 0.0, 2.795057e-5),
    _row(27, "brown-almost-linear-10", brown_almost_linear, np.full(10, 0.5), 0.0, 1.0),
    _row(28, "discrete-boundary-value-10", discrete_boundary_value, _BOW, 0.0),
    _row(29, "discrete-integral-equation-10", discrete_integral_equation, _BOW, 0.0),
    _row(30, "broyden-tridiagonal-10", broyden_tridiagonal, np.full(10, -1), 0.0),
    _row(31, "broyden-banded-10", broyden_banded, np.full(10, -1), 0.0),
    _row(32, "linear-full-rank-10", linear_full_rank(20), np.ones(10), 10.0),
    _row(33, "linear-rank-1-10", linear_rank_1(20), np.ones(10), _linear_rank_1_minimum(20)),
    _row(
        34, "linear-rank-1-with-zeros-10", linear_rank_1_with_zeros(20), np.ones(10),
        _linear_rank_1_with_zeros_minimum(20),
    ),
    _row(35, "chebyquad-7", chebyquad, _grid(7), 0.0),
    _row(35, "chebyquad-8", chebyquad, _grid(8), 3.516873e-3),
    _row(35, "chebyquad-9", chebyquad, _grid(9), 0.0),
    _row(35, "chebyquad-10", chebyquad, _grid(10), 4.772714e-3, 6.503955e-3),
]  # fmt: skip
