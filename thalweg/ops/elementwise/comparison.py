"""Comparisons, logic, on the bits of integers too, and choices: the larger, one by a condition."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import boolean, choice, counted, elementwise
from thalweg.core.spec import BITS, BOOL, Array
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError

__all__ = [
    "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor",
    "equal", "greater", "greater_equal", "invert", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "maximum", "minimum", "not_equal", "where",
]  # fmt: skip


# ---- choosing


def _share(g: Any, x: Any, y: Any, wins: Any) -> Any:
    return op.where(wins(x, y), g, op.where(equal(x, y), g * 0.5, 0.0))


@elementwise(
    lambda g, out, x, y: _share(g, x, y, op.greater),
    lambda g, out, x, y: _share(g, y, x, op.greater),
    number=lambda x, y: x if x > y or x != x else y,
)
def maximum(x: Array, y: Array) -> Array:
    """Larger of two; NaN if either is. Ties share the derivative equally."""
    return np.maximum(x, y)


@elementwise(
    lambda g, out, x, y: _share(g, x, y, op.less),
    lambda g, out, x, y: _share(g, y, x, op.less),
    number=lambda x, y: x if x < y or x != x else y,
)
def minimum(x: Array, y: Array) -> Array:
    """Smaller of two; NaN if either is. Ties share the derivative equally."""
    return np.minimum(x, y)


@elementwise(
    None,
    lambda g, out, condition, x, y: op.where(condition, g, 0.0),
    lambda g, out, condition, x, y: op.where(condition, 0.0, g),
    cast=choice,
    number=lambda condition, x, y: x if condition else y,
)
def where(condition: Array, x: Array, y: Array) -> Array:
    """Choose x where the condition holds, else y."""
    return np.where(condition, x, y)


# ---- comparisons and logic: results are Boolean


@elementwise(None, None, result=BOOL, number=operator.eq)
def equal(x: Array, y: Array) -> Array:
    """Tell where x = y."""
    return np.equal(x, y)


@elementwise(None, None, result=BOOL, number=operator.ne)
def not_equal(x: Array, y: Array) -> Array:
    """Tell where x ≠ y."""
    return np.not_equal(x, y)


@elementwise(None, None, result=BOOL, number=operator.lt)
def less(x: Array, y: Array) -> Array:
    """Tell where x < y."""
    return np.less(x, y)


@elementwise(None, None, result=BOOL, number=operator.le)
def less_equal(x: Array, y: Array) -> Array:
    """Tell where x ≤ y."""
    return np.less_equal(x, y)


@elementwise(None, None, result=BOOL, number=operator.gt)
def greater(x: Array, y: Array) -> Array:
    """Tell where x > y."""
    return np.greater(x, y)


@elementwise(None, None, result=BOOL, number=operator.ge)
def greater_equal(x: Array, y: Array) -> Array:
    """Tell where x ≥ y."""
    return np.greater_equal(x, y)


@elementwise(None, None, cast=boolean, result=BOOL, number=operator.and_)
def logical_and(x: Array, y: Array) -> Array:
    """Tell where both hold."""
    return np.logical_and(x, y)


@elementwise(None, None, cast=boolean, result=BOOL, number=operator.or_)
def logical_or(x: Array, y: Array) -> Array:
    """Tell where at least one holds."""
    return np.logical_or(x, y)


@elementwise(None, cast=boolean, result=BOOL, number=operator.not_)
def logical_not(x: Array) -> Array:
    """Tell where it does not hold."""
    return np.logical_not(x)


@operation
def logical_xor(x: Any, y: Any) -> Tensor:
    """Tell where exactly one holds."""
    return not_equal(not_equal(x, 0), not_equal(y, 0))


@elementwise(None, None, takes=BITS)
def and_bits(x: Array, y: Array) -> Array:
    """Bits that are set in both of two integers."""
    return np.bitwise_and(x, y)


@elementwise(None, None, takes=BITS)
def or_bits(x: Array, y: Array) -> Array:
    """Bits that are set in one of two integers at least."""
    return np.bitwise_or(x, y)


@elementwise(None, None, takes=BITS)
def xor_bits(x: Array, y: Array) -> Array:
    """Bits that are set in exactly one of two integers."""
    return np.bitwise_xor(x, y)


@elementwise(None, takes=BITS)
def invert_bits(x: Array) -> Array:
    """Bits that are not set."""
    return np.bitwise_invert(x)


@elementwise(None, None, cast=counted, takes=BITS)
def shift_left(x: Array, y: Array) -> Array:
    """Bits moved to higher places, zeros following: x 2ʸ."""
    return np.bitwise_left_shift(x, y)


@elementwise(None, None, cast=counted, takes=BITS)
def shift_right(x: Array, y: Array) -> Array:
    """Bits moved to lower places, the sign following: ⌊x / 2ʸ⌋."""
    return np.bitwise_right_shift(x, y)


def _of_bits(
    symbol: str, booleans: Callable[..., Tensor], bits: Callable[..., Tensor], *xs: Any
) -> Tensor:
    tensors = tuple(map(as_tensor, xs))
    if not all(BITS.has(tensor.dtype) for tensor in tensors):
        dtypes = " and ".join(str(tensor.dtype) for tensor in tensors)
        raise DtypeError(
            f"{symbol} got {dtypes}; it wants {BITS.name}. Compare first, use logical_and, "
            "logical_or, logical_xor or logical_not, or convert with astype(int)."
        )
    logic = all(tensor.dtype.kind == "b" for tensor in tensors)
    return booleans(*tensors) if logic else bits(*tensors)


@operation
def bitwise_and(x: Any, y: Any) -> Tensor:
    """Bits set in both of two integers, or where both of two Booleans hold: x & y."""
    return _of_bits("&", logical_and, and_bits, x, y)


@operation
def bitwise_or(x: Any, y: Any) -> Tensor:
    """Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""
    return _of_bits("|", logical_or, or_bits, x, y)


@operation
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""
    return _of_bits("^", not_equal, xor_bits, x, y)


@operation("bitwise_not", "bitwise_invert")
def invert(x: Any) -> Tensor:
    """Bits that are not set, or where a Boolean does not hold: ~x."""
    return _of_bits("~", logical_not, invert_bits, x)


@operation("left_shift")
def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Bits of integers moved to higher places, zeros following: x << y."""
    return _of_bits("<<", shift_left, shift_left, x, y)


@operation("right_shift")
def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Bits of integers moved to lower places, the sign following: x >> y."""
    return _of_bits(">>", shift_right, shift_right, x, y)
