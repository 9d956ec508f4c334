"""Comparisons, logic, and choices by them: the larger, the smaller, one where a condition holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op
from thalweg.core.primitive import boolean, choice, elementwise
from thalweg.core.spec import BOOL
from thalweg.core.tensor import Tensor

__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "not_equal",
    "where",
]


Array = np.ndarray[Any, Any]

# ---- choosing


def _share(g: Any, x: Any, y: Any, wins: Any) -> Any:
    return op.where(wins(x, y), g, op.where(equal(x, y), g * 0.5, 0.0))


@elementwise(
    lambda g, out, x, y: _share(g, x, y, op.greater),
    lambda g, out, x, y: _share(g, y, x, op.greater),
)
def maximum(x: Array, y: Array) -> Array:
    """Larger of two; NaN if either is. Ties share the derivative equally."""
    return np.maximum(x, y)


@elementwise(
    lambda g, out, x, y: _share(g, x, y, op.less),
    lambda g, out, x, y: _share(g, y, x, op.less),
)
def minimum(x: Array, y: Array) -> Array:
    """Smaller of two; NaN if either is. Ties share the derivative equally."""
    return np.minimum(x, y)


@elementwise(
    None,
    lambda g, out, condition, x, y: op.where(condition, g, 0.0),
    lambda g, out, condition, x, y: op.where(condition, 0.0, g),
    cast=choice,
)
def where(condition: Array, x: Array, y: Array) -> Array:
    """Choose x where the condition holds, else y."""
    return np.where(condition, x, y)


# ---- comparisons and logic: results are Boolean


@elementwise(None, None, result=BOOL, names=("eq",))
def equal(x: Array, y: Array) -> Array:
    """Tell where x = y."""
    return np.equal(x, y)


@elementwise(None, None, result=BOOL, names=("ne",))
def not_equal(x: Array, y: Array) -> Array:
    """Tell where x ≠ y."""
    return np.not_equal(x, y)


@elementwise(None, None, result=BOOL, names=("lt",))
def less(x: Array, y: Array) -> Array:
    """Tell where x < y."""
    return np.less(x, y)


@elementwise(None, None, result=BOOL, names=("le",))
def less_equal(x: Array, y: Array) -> Array:
    """Tell where x ≤ y."""
    return np.less_equal(x, y)


@elementwise(None, None, result=BOOL, names=("gt",))
def greater(x: Array, y: Array) -> Array:
    """Tell where x > y."""
    return np.greater(x, y)


@elementwise(None, None, result=BOOL, names=("ge",))
def greater_equal(x: Array, y: Array) -> Array:
    """Tell where x ≥ y."""
    return np.greater_equal(x, y)


@elementwise(None, None, cast=boolean, result=BOOL)
def logical_and(x: Array, y: Array) -> Array:
    """Tell where both hold."""
    return np.logical_and(x, y)


@elementwise(None, None, cast=boolean, result=BOOL)
def logical_or(x: Array, y: Array) -> Array:
    """Tell where at least one holds."""
    return np.logical_or(x, y)


@elementwise(None, cast=boolean, result=BOOL)
def logical_not(x: Array) -> Array:
    """Tell where it does not hold."""
    return np.logical_not(x)


@method(inplace=True)
def logical_xor(x: Any, y: Any) -> Tensor:
    """Tell where exactly one holds."""
    return not_equal(not_equal(x, 0), not_equal(y, 0))
