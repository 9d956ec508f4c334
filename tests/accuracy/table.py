"""The real elementwise functions whose errors are measured: exact values, and where."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath

from tests.accuracy import special
from tests.accuracy.points import on, pairs, powers, sums


@dataclass(frozen=True)
class Row:
    """How a function is measured.

    Attributes:
        exact: The function of mpmath's numbers.
        points: `(dtype, count)`, about so many of its operand, or of two in a tuple.
        beside: Where the result may cancel: a number whose last place counts if it is larger.
    """

    exact: Callable[..., Any]
    points: Callable[[Any, int], Any]
    beside: Callable[..., Any] | None = None


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _logaddexp(a: Any, b: Any) -> Any:
    return max(a, b) + mpmath.log1p(mpmath.exp(-abs(a - b)))


def _cbrt(x: Any) -> Any:
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


LN2, HALF_PI = math.log(2.0), math.pi / 2
TURNS = [HALF_PI * n for n in (1, 2, 3, 4, 5, 100, 12345, 1e6, 1e9)] + [HALF_PI / 2]
# Where exponentials of both formats overflow and vanish, and where their arguments are split.
BORDERS = [n * LN2 for n in (0.5, 1.5, 127, 128, 149, 1023, 1024, 1074)]
_BOTH_WAYS = on((-711, 711), (-90, 90), (-3, 3), places=[*BORDERS, 89.416, 710.4758])

ROWS: dict[str, Row] = {
    "exp": Row(mpmath.exp, on((-746, 710), (-105, 89), (-1, 1), places=BORDERS)),
    "exp2": Row(
        lambda x: mpmath.power(2, x),
        on((-1076, 1025), (-151, 129), (-1, 1), places=[0.5, 1.5, 126, 128, 149, 1022, 1024, 1074]),
    ),
    "expm1": Row(mpmath.expm1, on((-40, 710), (-17, 89), (-1, 1), places=BORDERS)),
    "sigmoid": Row(_sigmoid, on((-746, 40), (-105, 20), (-1, 1), places=BORDERS)),
    "log": Row(mpmath.log, on((0, 10), (0.5, 2), (0.9, 1.1), places=[0.5, 2], positive=True)),
    "log2": Row(
        lambda x: mpmath.log(x, 2), on((0, 10), (0.5, 2), (0.9, 1.1), places=[2], positive=True)
    ),
    "log10": Row(mpmath.log10, on((0, 20), (0.5, 2), places=[10, 1000, 1e22], positive=True)),
    "log1p": Row(
        mpmath.log1p, on((-1, 1), (-0.3, 0.42), (0, 9), places=[0.41, 0.29], within=(-1, math.inf))
    ),
    "logaddexp": Row(_logaddexp, sums, beside=lambda a, b: min(max(a, b), 0)),
    "power": Row(mpmath.power, powers),
    "cbrt": Row(_cbrt, on((-10, 10), places=[0.5, 2, 8, math.sqrt(2)])),
    "hypot": Row(mpmath.hypot, pairs),
    "sin": Row(mpmath.sin, on((-8, 8), (-1e5, 1e5), (-1e9, 1e9), places=TURNS)),
    "cos": Row(mpmath.cos, on((-8, 8), (-1e5, 1e5), (-1e9, 1e9), places=TURNS)),
    "tan": Row(mpmath.tan, on((-8, 8), (-1e5, 1e5), (-1e9, 1e9), places=TURNS)),
    "arcsin": Row(mpmath.asin, on((-1, 1), (-0.6, 0.6), places=[0.5], within=(-1, 1))),
    "arccos": Row(mpmath.acos, on((-1, 1), (-0.6, 0.6), places=[0.5], within=(-1, 1))),
    "arctan": Row(mpmath.atan, on((-5, 5), (-1, 1), (-99, 99), places=[0.5, 3])),
    "arctan2": Row(mpmath.atan2, pairs),
    "sinh": Row(mpmath.sinh, _BOTH_WAYS),
    "cosh": Row(mpmath.cosh, _BOTH_WAYS),
    "tanh": Row(mpmath.tanh, on((-1.5, 1.5), (-20, 20), places=[0.55, 9, 19])),
    "arcsinh": Row(mpmath.asinh, on((-5, 5), (-1, 1), (-1e4, 1e4), places=[0.41, 8192, 2.0**28])),
    "arccosh": Row(
        mpmath.acosh, on((1, 5), (1, 1e4), places=[2, 8192, 2.0**28], within=(1, math.inf))
    ),
    "arctanh": Row(mpmath.atanh, on((-1, 1), (-0.6, 0.6), places=[1 / 3, 0.5], within=(-1, 1))),
    "erf": Row(mpmath.erf, on((-1.5, 1.5), (-6, 6), places=[3.9, 5.9])),
}  # fmt: skip


def _real(exact: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: mpmath.re(exact(*operands))


SPECIAL_ROWS: dict[str, Row] = {
    name: Row(_real(exact), points, beside)
    for name, (exact, points, beside) in special.ROWS.items()
}
