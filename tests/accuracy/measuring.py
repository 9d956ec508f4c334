"""Errors of the native functions in units of the last place (ulp) of the exact result."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import mpmath
import numpy as np

from tests.accuracy.table import Row
from tests.engines.llvm.kernels import elementwise
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.kernels.lowering import LOWERINGS

Array = np.ndarray[Any, Any]

# Enough for differences of numbers whose exponents differ by some hundred.
BITS = 250


class Worst(NamedTuple):
    """The largest error found, and the operands where."""

    error: float
    at: tuple[Any, ...]


def operands(row: Row, dtype: Any, count: int) -> tuple[Array, ...]:
    """Return a row's points, about so many of them, as one array an operand."""
    found = row.points(dtype, count)
    return found if isinstance(found, tuple) else (found,)


def exact_values(row: Row, arrays: tuple[Array, ...]) -> list[tuple[Any, Any]]:
    """Return what the function is at points, to `BITS` bits, and the number whose place counts."""
    with mpmath.workprec(BITS):
        columns = [[mpmath.mpf(float(number)) for number in array] for array in arrays]
        return [_exact(row, numbers) for numbers in zip(*columns, strict=True)]


def _exact(row: Row, numbers: tuple[Any, ...]) -> tuple[Any, Any]:
    exact = row.exact(*numbers)
    return exact, exact if row.beside is None else max(abs(exact), abs(row.beside(*numbers)))


def worst(name: str, arrays: tuple[Array, ...], exact: list[Any], target: Target) -> Worst:
    """Return the largest error of a primitive's code for a processor."""
    got = elementwise(LOWERINGS[name], *arrays, target=target)
    errors = [error(number, *pair) for number, pair in zip(got, exact, strict=True)]
    place = int(np.argmax(errors))
    return Worst(errors[place], tuple(array[place] for array in arrays))


def error(got: Any, exact: Any, beside: Any) -> float:
    """Return the error of a number in units of the last place of the exact one."""
    limits = np.finfo(type(got))
    found = float(got)
    if not mpmath.isfinite(exact):
        return 0.0 if found == float(exact) else math.inf
    if not exact:
        return 0.0 if found == 0 else math.inf
    if not math.isfinite(found):
        return _beyond(found, exact, limits)
    place = max(mpmath.mag(beside) - 1, limits.minexp) - limits.nmant
    with mpmath.workprec(BITS):
        return float(mpmath.ldexp(abs(mpmath.mpf(found) - exact), -place))


def _beyond(found: float, exact: Any, limits: Any) -> float:
    """Return the error of an infinity, which stands for the power of two after the last number."""
    if math.isnan(found) or (found > 0) != (exact > 0):
        return math.inf
    gap = mpmath.ldexp(1, limits.maxexp) - abs(exact)
    return max(0.0, float(mpmath.ldexp(gap, limits.nmant + 1 - limits.maxexp)))
