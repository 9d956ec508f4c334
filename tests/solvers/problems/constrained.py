"""Problems of Hock & Schittkowski, "Test Examples for Nonlinear Programming Codes" (1981).

Each is written of the book's formulas, with the book's number, start and minimum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[[Any], Any]
Bounds = tuple[tuple[float | None, float | None], ...]


@dataclass(frozen=True, eq=False)
class Constrained:
    """A problem: minimize f(x), where c(x) = 0, d(x) ≥ 0 and l ≤ x ≤ u.

    Attributes:
        number: The book's.
        fun: Maps a vector to a number.
        start: Where the book starts.
        minima: The least value, and those of local minima that solvers are known to end in.
        equal: Maps a vector to one of numbers that are to be zero, or None.
        above: Maps a vector to one of numbers that are not to be negative, or None.
        bounds: A pair for each number, None where there is no bound; or None.
    """

    number: int
    fun: Function
    start: np.ndarray
    minima: tuple[float, ...]
    equal: Function | None = None
    above: Function | None = None
    bounds: Bounds | None = None

    @property
    def name(self) -> str:
        return f"hs{self.number}"

    @property
    def minimum(self) -> float:
        """The least value."""
        return self.minima[0]

    @property
    def constraints(self) -> list[dict[str, Any]]:
        """The constraints as SciPy takes them."""
        kinds = (("eq", self.equal), ("ineq", self.above))
        return [{"type": kind, "fun": fun} for kind, fun in kinds if fun is not None]

    def is_minimum(self, value: float, tol: float = 1e-5) -> bool:
        """Tell whether a value is that of one of the minima."""
        return any(abs(value - known) <= tol * max(abs(known), 1.0) for known in self.minima)

    def violation(self, x: np.ndarray) -> float:
        """Return by how much constraints are violated at most."""
        parts = [np.zeros(1)]
        if self.equal is not None:
            parts.append(np.abs(self.equal(x)))
        if self.above is not None:
            parts.append(np.maximum(-self.above(x), 0.0))
        for i, (low, high) in enumerate(self.bounds or ()):
            parts.append(np.array([
                0.0 if low is None else max(low - x[i], 0.0),
                0.0 if high is None else max(x[i] - high, 0.0),
            ]))  # fmt: skip
        return float(np.max(np.concatenate(parts)))


def _of_vector(function: Callable[..., Any] | None, count: int) -> Function | None:
    if function is None:
        return None

    def of_vector(x: Any) -> Any:
        found = function(*(x[i] for i in range(count)))
        return np.stack(found) if isinstance(found, tuple) else found

    return of_vector


def _row(
    number: int,
    fun: Callable[..., Any],
    start: Sequence[float],
    minimum: float,
    *others: float,
    equal: Callable[..., Any] | None = None,
    above: Callable[..., Any] | None = None,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
) -> Constrained:
    """Return a problem of functions of x₁, x₂, …, of which constraints return tuples."""
    count = len(start)
    value = _of_vector(fun, count)
    assert value is not None
    limits = None if bounds is None else tuple(bounds)
    return Constrained(
        number, value, np.array(start, dtype=float), (minimum, *others),
        _of_vector(equal, count), _of_vector(above, count), limits,
    )  # fmt: skip


_BELOW = (None, None)  # a number without bounds


def _valley(a: Any, b: Any) -> Any:
    return 100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2


def _second_minimum() -> float:
    a = math.sqrt(598 / 1200)
    x = 2 * a * math.cos(math.acos(1 / (400 * a**3)) / 3)
    return float(_valley(x, 1.5))


def _rosen_suzuki(a: Any, b: Any, c: Any, d: Any) -> Any:
    return (
        8 - a**2 - b**2 - c**2 - d**2 - a + b - c + d,
        10 - a**2 - 2 * b**2 - c**2 - 2 * d**2 + a + d,
        5 - 2 * a**2 - b**2 - c**2 - 2 * a + b + d,
    )


def _heavy_top(a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return a**2 + b**2 + c**2 + d**2 + e**2 - 10, b * c - 5 * d * e, a**3 + b**3 + 1


def _wong_2(*x: Any) -> Any:
    a, b, c, d, e, f, g, h, i, j = x
    return (
        a**2 + b**2 + a * b - 14 * a - 16 * b + (c - 10) ** 2 + 4 * (d - 5) ** 2 + (e - 3) ** 2
        + 2 * (f - 1) ** 2 + 5 * g**2 + 7 * (h - 11) ** 2 + 2 * (i - 10) ** 2 + (j - 7) ** 2 + 45
    )  # fmt: skip


def _wong_2_above(*x: Any) -> Any:
    a, b, c, d, e, f, g, h, i, j = x
    return (
        105 - 4 * a - 5 * b + 3 * g - 9 * h,
        -10 * a + 8 * b + 17 * g - 2 * h,
        8 * a - 2 * b - 5 * i + 2 * j + 12,
        -3 * (a - 2) ** 2 - 4 * (b - 3) ** 2 - 2 * c**2 + 7 * d + 120,
        -5 * a**2 - 8 * b - (c - 6) ** 2 + 2 * d + 40,
        -0.5 * (a - 8) ** 2 - 2 * (b - 4) ** 2 - 3 * e**2 + f + 30,
        -(a**2) - 2 * (b - 2) ** 2 + 2 * a * b - 14 * e + 6 * f,
        3 * a - 6 * b - 12 * (i - 8) ** 2 + 7 * j,
    )


ROOT2, ROOT3 = math.sqrt(2), math.sqrt(3)

PROBLEMS = [
    # bounds alone
    _row(1, _valley, [-2, 1], 0.0, bounds=[_BELOW, (-1.5, None)]),
    _row(2, _valley, [-2, 1], _second_minimum(), 4.941229318, bounds=[_BELOW, (1.5, None)]),
    _row(3, lambda a, b: b + 1e-5 * (b - a) ** 2, [10, 1], 0.0, bounds=[_BELOW, (0, None)]),
    _row(
        4, lambda a, b: (a + 1) ** 3 / 3 + b, [1.125, 0.125], 8 / 3, bounds=[(1, None), (0, None)]
    ),
    _row(
        5, lambda a, b: np.sin(a + b) + (a - b) ** 2 - 1.5 * a + 2.5 * b + 1, [0, 0],
        -ROOT3 / 2 - math.pi / 3, bounds=[(-1.5, 4), (-3, 3)],
    ),
    # equalities
    _row(6, lambda a, b: (1 - a) ** 2, [-1.2, 1], 0.0, equal=lambda a, b: (10 * (b - a**2),)),
    _row(
        7, lambda a, b: np.log(1 + a**2) - b, [2, 2], -ROOT3,
        equal=lambda a, b: ((1 + a**2) ** 2 + b**2 - 4,),
    ),
    _row(
        8, lambda a, b: 0.0 * a - 1.0, [2, 1], -1.0,
        equal=lambda a, b: (a**2 + b**2 - 25, a * b - 9),
    ),
    _row(
        9, lambda a, b: np.sin(math.pi * a / 12) * np.cos(math.pi * b / 16), [0, 0], -0.5,
        equal=lambda a, b: (4 * a - 3 * b,),
    ),
    # inequalities
    _row(
        10, lambda a, b: a - b, [-10, 10], -1.0,
        above=lambda a, b: (-3 * a**2 + 2 * a * b - b**2 + 1,),
    ),
    _row(
        11, lambda a, b: (a - 5) ** 2 + b**2 - 25, [4.9, 0.1], -8.498464223,
        above=lambda a, b: (b - a**2,),
    ),
    _row(
        12, lambda a, b: a**2 / 2 + b**2 - a * b - 7 * a - 7 * b, [0, 0], -30.0,
        above=lambda a, b: (25 - 4 * a**2 - b**2,),
    ),
    _row(
        14, lambda a, b: (a - 2) ** 2 + (b - 1) ** 2, [2, 2], 9 - 2.875 * math.sqrt(7),
        equal=lambda a, b: (a - 2 * b + 1,), above=lambda a, b: (1 - a**2 / 4 - b**2,),
    ),
    _row(
        15, _valley, [-2, 1], 306.5, above=lambda a, b: (a * b - 1, a + b**2),
        bounds=[(None, 0.5), _BELOW],
    ),
    _row(
        16, _valley, [-2, 1], 0.25, 23.14466095, above=lambda a, b: (a + b**2, a**2 + b),
        bounds=[(-0.5, 0.5), (None, 1)],
    ),
    _row(
        17, _valley, [-2, 1], 1.0, above=lambda a, b: (b**2 - a, a**2 - b),
        bounds=[(-0.5, 0.5), (None, 1)],
    ),
    _row(
        18, lambda a, b: 0.01 * a**2 + b**2, [2, 2], 5.0,
        above=lambda a, b: (a * b - 25, a**2 + b**2 - 25), bounds=[(2, 50), (0, 50)],
    ),
    _row(
        19, lambda a, b: (a - 10) ** 3 + (b - 20) ** 3, [20.1, 5.84], -6961.813875,
        above=lambda a, b: (
            (a - 5) ** 2 + (b - 5) ** 2 - 100, 82.81 - (b - 5) ** 2 - (a - 6) ** 2
        ),
        bounds=[(13, 100), (0, 100)],
    ),
    _row(
        20, _valley, [-2, 1], 81.5 - 25 * ROOT3, 40.19872981,
        above=lambda a, b: (a + b**2, a**2 + b, a**2 + b**2 - 1), bounds=[(-0.5, 0.5), _BELOW],
    ),
    _row(
        21, lambda a, b: 0.01 * a**2 + b**2 - 100, [-1, -1], -99.96,
        above=lambda a, b: (10 * a - b - 10,), bounds=[(2, 50), (-50, 50)],
    ),
    _row(
        22, lambda a, b: (a - 2) ** 2 + (b - 1) ** 2, [2, 2], 1.0,
        above=lambda a, b: (2 - a - b, b - a**2),
    ),
    _row(
        23, lambda a, b: a**2 + b**2, [3, 1], 2.0,
        above=lambda a, b: (
            a + b - 1, a**2 + b**2 - 1, 9 * a**2 + b**2 - 9, a**2 - b, b**2 - a
        ),
        bounds=[(-50, 50)] * 2,
    ),
    _row(
        24, lambda a, b: ((a - 3) ** 2 - 9) * b**3 / (27 * ROOT3), [1, 0.5], -1.0,
        above=lambda a, b: (a / ROOT3 - b, a + ROOT3 * b, 6 - a - ROOT3 * b),
        bounds=[(0, None)] * 2,
    ),
    _row(
        26, lambda a, b, c: (a - b) ** 2 + (b - c) ** 4, [-2.6, 2, 2], 0.0,
        equal=lambda a, b, c: ((1 + b**2) * a + c**4 - 3,),
    ),
    _row(
        27, lambda a, b, c: 0.01 * (a - 1) ** 2 + (b - a**2) ** 2, [2, 2, 2], 0.04,
        equal=lambda a, b, c: (a + c**2 + 1,),
    ),
    _row(
        28, lambda a, b, c: (a + b) ** 2 + (b + c) ** 2, [-4, 1, 1], 0.0,
        equal=lambda a, b, c: (a + 2 * b + 3 * c - 1,),
    ),
    _row(
        29, lambda a, b, c: -a * b * c, [1, 1, 1], -16 * ROOT2,
        above=lambda a, b, c: (48 - a**2 - 2 * b**2 - 4 * c**2,),
    ),
    _row(
        30, lambda a, b, c: a**2 + b**2 + c**2, [1, 1, 1], 1.0,
        above=lambda a, b, c: (a**2 + b**2 - 1,), bounds=[(1, 10), (-10, 10), (-10, 10)],
    ),
    _row(
        31, lambda a, b, c: 9 * a**2 + b**2 + 9 * c**2, [1, 1, 1], 6.0,
        above=lambda a, b, c: (a * b - 1,), bounds=[(-10, 10), (1, 10), (-10, 1)],
    ),
    _row(
        32, lambda a, b, c: (a + 3 * b + c) ** 2 + 4 * (a - b) ** 2, [0.1, 0.7, 0.2], 1.0,
        equal=lambda a, b, c: (1 - a - b - c,), above=lambda a, b, c: (6 * b + 4 * c - a**3 - 3,),
        bounds=[(0, None)] * 3,
    ),
    _row(
        34, lambda a, b, c: -a, [0, 1.05, 2.9], -math.log(math.log(10)),
        above=lambda a, b, c: (b - np.exp(a), c - np.exp(b)),
        bounds=[(0, 100), (0, 100), (0, 10)],
    ),
    _row(
        35,
        lambda a, b, c: (
            9 - 8 * a - 6 * b - 4 * c + 2 * a**2 + 2 * b**2 + c**2 + 2 * a * b + 2 * a * c
        ),
        [0.5, 0.5, 0.5], 1 / 9, above=lambda a, b, c: (3 - a - b - 2 * c,), bounds=[(0, None)] * 3,
    ),
    _row(
        36, lambda a, b, c: -a * b * c, [10, 10, 10], -3300.0,
        above=lambda a, b, c: (72 - a - 2 * b - 2 * c,), bounds=[(0, 20), (0, 11), (0, 42)],
    ),
    _row(
        37, lambda a, b, c: -a * b * c, [10, 10, 10], -3456.0,
        above=lambda a, b, c: (72 - a - 2 * b - 2 * c, a + 2 * b + 2 * c), bounds=[(0, 42)] * 3,
    ),
    _row(
        38,
        lambda a, b, c, d: (
            100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
            + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)
        ),
        [-3, -1, -3, -1], 0.0, bounds=[(-10, 10)] * 4,
    ),
    _row(
        39, lambda a, b, c, d: -a, [2, 2, 2, 2], -1.0,
        equal=lambda a, b, c, d: (b - a**3 - c**2, a**2 - b - d**2),
    ),
    _row(
        40, lambda a, b, c, d: -a * b * c * d, [0.8] * 4, -0.25,
        equal=lambda a, b, c, d: (a**3 + b**2 - 1, a**2 * d - c, d**2 - b),
    ),
    _row(
        41, lambda a, b, c, d: 2 - a * b * c, [2, 2, 2, 2], 52 / 27,
        equal=lambda a, b, c, d: (a + 2 * b + 2 * c - d,), bounds=[(0, 1)] * 3 + [(0, 2)],
    ),
    _row(
        42, lambda a, b, c, d: (a - 1) ** 2 + (b - 2) ** 2 + (c - 3) ** 2 + (d - 4) ** 2, [1] * 4,
        28 - 10 * ROOT2, equal=lambda a, b, c, d: (a - 2, c**2 + d**2 - 2),
    ),
    _row(
        43,
        lambda a, b, c, d: (
            a**2 + b**2 + 2 * c**2 + d**2 - 5 * a - 5 * b - 21 * c + 7 * d
        ),
        [0] * 4, -44.0, above=_rosen_suzuki,
    ),
    _row(
        44, lambda a, b, c, d: a - b - c - a * c + a * d + b * c - b * d, [0] * 4, -15.0,
        above=lambda a, b, c, d: (
            8 - a - 2 * b, 12 - 4 * a - b, 12 - 3 * a - 4 * b, 8 - 2 * c - d, 8 - c - 2 * d,
            5 - c - d,
        ),
        bounds=[(0, None)] * 4,
    ),
    _row(
        45, lambda a, b, c, d, e: 2 - a * b * c * d * e / 120, [2] * 5, 1.0,
        bounds=[(0, i) for i in range(1, 6)],
    ),
    _row(
        46,
        lambda a, b, c, d, e: (a - b) ** 2 + (c - 1) ** 2 + (d - 1) ** 4 + (e - 1) ** 6,
        [ROOT2 / 2, 1.75, 0.5, 2, 2], 0.0,
        equal=lambda a, b, c, d, e: (a**2 * d + np.sin(d - e) - 1, b + c**4 * d**2 - 2),
    ),
    _row(
        48, lambda a, b, c, d, e: (a - 1) ** 2 + (b - c) ** 2 + (d - e) ** 2, [3, 5, -3, 2, -2],
        0.0, equal=lambda a, b, c, d, e: (a + b + c + d + e - 5, c - 2 * (d + e) + 3),
    ),
    _row(
        49,
        lambda a, b, c, d, e: (a - b) ** 2 + (c - 1) ** 2 + (d - 1) ** 4 + (e - 1) ** 6,
        [10, 7, 2, -3, 0.8], 0.0,
        equal=lambda a, b, c, d, e: (a + b + c + 4 * d - 7, c + 5 * e - 6),
    ),
    _row(
        50,
        lambda a, b, c, d, e: (a - b) ** 2 + (b - c) ** 2 + (c - d) ** 4 + (d - e) ** 2,
        [35, -31, 11, 5, -5], 0.0,
        equal=lambda a, b, c, d, e: (
            a + 2 * b + 3 * c - 6, b + 2 * c + 3 * d - 6, c + 2 * d + 3 * e - 6
        ),
    ),
    _row(
        51,
        lambda a, b, c, d, e: (a - b) ** 2 + (b + c - 2) ** 2 + (d - 1) ** 2 + (e - 1) ** 2,
        [2.5, 0.5, 2, -1, 0.5], 0.0,
        equal=lambda a, b, c, d, e: (a + 3 * b - 4, c + d - 2 * e, b - e),
    ),
    _row(
        52,
        lambda a, b, c, d, e: (4 * a - b) ** 2 + (b + c - 2) ** 2 + (d - 1) ** 2 + (e - 1) ** 2,
        [2] * 5, 1859 / 349, equal=lambda a, b, c, d, e: (a + 3 * b, c + d - 2 * e, b - e),
    ),
    _row(
        53,
        lambda a, b, c, d, e: (a - b) ** 2 + (b + c - 2) ** 2 + (d - 1) ** 2 + (e - 1) ** 2,
        [2] * 5, 176 / 43, equal=lambda a, b, c, d, e: (a + 3 * b, c + d - 2 * e, b - e),
        bounds=[(-10, 10)] * 5,
    ),
    _row(
        60, lambda a, b, c: (a - 1) ** 2 + (a - b) ** 2 + (b - c) ** 4, [2] * 3, 0.03256820025,
        equal=lambda a, b, c: (a * (1 + b**2) + c**4 - 4 - 3 * ROOT2,), bounds=[(-10, 10)] * 3,
    ),
    _row(
        61, lambda a, b, c: 4 * a**2 + 2 * b**2 + 2 * c**2 - 33 * a + 16 * b - 24 * c, [0] * 3,
        -143.6461422, equal=lambda a, b, c: (3 * a - 2 * b**2 - 7, 4 * a - c**2 - 11),
    ),
    _row(
        63, lambda a, b, c: 1000 - a**2 - 2 * b**2 - c**2 - a * b - a * c, [2] * 3, 961.7151721,
        equal=lambda a, b, c: (8 * a + 14 * b + 7 * c - 56, a**2 + b**2 + c**2 - 25),
        bounds=[(0, None)] * 3,
    ),
    _row(
        64,
        lambda a, b, c: 5 * a + 50000 / a + 20 * b + 72000 / b + 10 * c + 144000 / c,
        [1] * 3, 6299.842428, above=lambda a, b, c: (1 - 4 / a - 32 / b - 120 / c,),
        bounds=[(1e-5, None)] * 3,
    ),
    _row(
        65, lambda a, b, c: (a - b) ** 2 + (a + b - 10) ** 2 / 9 + (c - 5) ** 2, [-5, 5, 0],
        0.9535288567, above=lambda a, b, c: (48 - a**2 - b**2 - c**2,),
        bounds=[(-4.5, 4.5), (-4.5, 4.5), (-5, 5)],
    ),
    _row(
        66, lambda a, b, c: 0.2 * c - 0.8 * a, [0, 1.05, 2.9], 0.5181632741,
        above=lambda a, b, c: (b - np.exp(a), c - np.exp(b)),
        bounds=[(0, 100), (0, 100), (0, 10)],
    ),
    _row(
        71, lambda a, b, c, d: a * d * (a + b + c) + c, [1, 5, 5, 1], 17.0140173,
        equal=lambda a, b, c, d: (a**2 + b**2 + c**2 + d**2 - 40,),
        above=lambda a, b, c, d: (a * b * c * d - 25,), bounds=[(1, 5)] * 4,
    ),
    _row(
        76,
        lambda a, b, c, d: (
            a**2 + 0.5 * b**2 + c**2 + 0.5 * d**2 - a * c + c * d - a - 3 * b + c - d
        ),
        [0.5] * 4, -4.681818181,
        above=lambda a, b, c, d: (
            5 - a - 2 * b - c - d, 4 - 3 * a - b - 2 * c + d, b + 4 * c - 1.5
        ),
        bounds=[(0, None)] * 4,
    ),
    _row(
        77,
        lambda a, b, c, d, e: (
            (a - 1) ** 2 + (a - b) ** 2 + (c - 1) ** 2 + (d - 1) ** 4 + (e - 1) ** 6
        ),
        [2] * 5, 0.24150513,
        equal=lambda a, b, c, d, e: (
            a**2 * d + np.sin(d - e) - 2 * ROOT2, b + c**4 * d**2 - 8 - ROOT2
        ),
    ),
    _row(
        78, lambda a, b, c, d, e: a * b * c * d * e, [-2, 1.5, 2, -1, -1], -2.91970041,
        equal=_heavy_top,
    ),
    _row(
        79,
        lambda a, b, c, d, e: (
            (a - 1) ** 2 + (a - b) ** 2 + (b - c) ** 2 + (c - d) ** 4 + (d - e) ** 4
        ),
        [2] * 5, 0.0787768209,
        equal=lambda a, b, c, d, e: (
            a + b**2 + c**3 - 2 - 3 * ROOT2, b - c**2 + d + 2 - 2 * ROOT2, a * e - 2
        ),
    ),
    _row(
        80, lambda a, b, c, d, e: np.exp(a * b * c * d * e), [-2, 2, 2, -1, -1], 0.0539498478,
        equal=_heavy_top, bounds=[(-2.3, 2.3)] * 2 + [(-3.2, 3.2)] * 3,
    ),
    _row(
        81, lambda a, b, c, d, e: np.exp(a * b * c * d * e) - 0.5 * (a**3 + b**3 + 1) ** 2,
        [-2, 2, 2, -1, -1], 0.0539498478, equal=_heavy_top,
        bounds=[(-2.3, 2.3)] * 2 + [(-3.2, 3.2)] * 3,
    ),
    _row(
        100,
        lambda a, b, c, d, e, f, g: (
            (a - 10) ** 2 + 5 * (b - 12) ** 2 + c**4 + 3 * (d - 11) ** 2 + 10 * e**6 + 7 * f**2
            + g**4 - 4 * f * g - 10 * f - 8 * g
        ),
        [1, 2, 0, 4, 0, 1, 1], 680.6300573,
        above=lambda a, b, c, d, e, f, g: (
            127 - 2 * a**2 - 3 * b**4 - c - 4 * d**2 - 5 * e,
            282 - 7 * a - 3 * b - 10 * c**2 - d + e,
            196 - 23 * a - b**2 - 6 * f**2 + 8 * g,
            -4 * a**2 - b**2 + 3 * a * b - 2 * c**2 - 5 * f + 11 * g,
        ),
    ),
    _row(113, _wong_2, [2, 3, 5, 5, 1, 2, 7, 3, 6, 10], 24.3062091, above=_wong_2_above),
]  # fmt: skip
