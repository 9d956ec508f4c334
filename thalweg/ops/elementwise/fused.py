"""a·b + c with one rounding, as the processor's fused multiply-add, in NumPy.

Compilers fuse a product and the sum that follows it, so numbers that shall equal theirs to the
last bit need the fused value. It is made of operations without error: the sum of two doubles and
its error (Knuth, TAOCP 2, 4.2.2), the product and its error (Dekker 1971), and rounding to odd
in between, which makes the last rounding the only one (Boldo and Melquiond 2008).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from fractions import Fraction


Doubles = NDArray[np.float64]

Singles = NDArray[np.float32]

# The 29 bits of a double that a float32 drops, and their value halfway between two float32s.
_DROPPED = np.int64(0x1FFFFFFF)

_HALFWAY = np.int64(0x10000000)

_SMALLEST_NORMAL_SINGLE = 2.0**-126

# Between these, no product of two doubles nor its error leaves the range of doubles.
_LARGE, _SMALL = 2.0**400, 2.0**-400

_SPLITTER = 2.0**27 + 1

# Elements at a time, so that what is in between stays in the processor's cache.
_CHUNK = 4096


def fma(a: ArrayLike, b: ArrayLike, c: ArrayLike, dtype: Any) -> NDArray[Any]:
    """Return a·b + c, rounded once, in float32 or float64; the operands broadcast.

    >>> fma(1 + 2**-30, 1 + 2**-30, -1, np.float64) == 2**-29 + 2**-60
    np.True_
    """
    if np.dtype(dtype) == np.float64:
        return fma64(a, b, c)
    x, y, z = (np.asarray(operand, np.float32) for operand in (a, b, c))
    with np.errstate(all="ignore"):
        result = fma32(x, y, z)
        tiny = np.abs(result) <= _SMALLEST_NORMAL_SINGLE
        if tiny.any():
            x, y, z = (np.broadcast_to(operand, result.shape)[tiny] for operand in (x, y, z))
            product = np.multiply(x, y, dtype=np.float64)
            result[tiny] = _sum_to_odd(product, z.astype(np.float64))
    return result


def fma32(a: Any, b: Any, c: Any) -> Singles:
    """Return a·b + c of float32 arrays or scalars, rounded once.

    The results must be 0 or in float32's normal range, from 2⁻¹²⁶.
    """
    # The product of two float32s is exact in float64; its sum with the third may be rounded.
    product = np.multiply(a, b, dtype=np.float64)
    total = np.asarray(product + c)
    # A second rounding does harm only where the first one ended halfway between two float32s:
    # once in 2²⁹ sums. Below the normal range, what is halfway lies elsewhere.
    doubtful = total.view(np.int64) & _DROPPED == _HALFWAY
    if doubtful.any():
        parts = np.broadcast_arrays(product, np.asarray(c, np.float64))
        total[doubtful] = _sum_to_odd(*(part[doubtful] for part in parts))
    return total.astype(np.float32)


def fma64(a: Any, b: Any, c: Any) -> Doubles:
    """Return a·b + c of float64 arrays or scalars, rounded once."""
    operands = [np.asarray(x, np.float64) for x in (a, b, c)]
    shape = np.broadcast_shapes(*(x.shape for x in operands))
    # A single number stays one: half of the work is then not repeated for every element.
    rows = [x.ravel() if x.size == 1 else np.broadcast_to(x, shape).ravel() for x in operands]
    result = np.empty(shape)
    flat = result.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        flat[chunk] = _fma64(*(row if row.size == 1 else row[chunk] for row in rows))
    return result


def _fma64(a: Doubles, b: Doubles, c: Doubles) -> Doubles:
    with np.errstate(all="ignore"):
        high, low = _product(a, b)
        middle, rest = _sum(c, low)
        top, error = _sum(high, middle)
        total = np.asarray(top + _sum_to_odd(error, rest))
        # Zeros have the sign that the plain sum gives them.
        result = np.where(total == 0, high + c, total)
        safe = _in_range(a) & _in_range(b) & _in_range(c)
        if not safe.all():
            unsafe = ~np.broadcast_to(safe, result.shape)
            operands = (np.broadcast_to(x, result.shape)[unsafe] for x in (a, b, c))
            result[unsafe] = _exactly(*operands)
    return result


def _in_range(x: Doubles) -> NDArray[np.bool_]:
    size = np.abs(x)
    return np.asarray(((size < _LARGE) & (size > _SMALL)) | (size == 0))


def _exactly(a: Doubles, b: Doubles, c: Doubles) -> Doubles:
    """Return the sums whose intermediate values would overflow or underflow, one by one."""
    # It loads decimal numbers, which nothing else needs.
    from fractions import Fraction

    plain = a * b + c
    for i in np.nonzero(np.isfinite(a) & np.isfinite(b) & np.isfinite(c))[0]:
        x, y, z = float(a[i]), float(b[i]), float(c[i])
        total = Fraction(x) * Fraction(y) + Fraction(z)
        # Zeros keep the sign that the plain sum gives them.
        if total:
            plain[i] = _rounded(total)
    return plain


def _rounded(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return np.inf if exact > 0 else -np.inf


def _sum(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """Return a + b rounded, and the error of that."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _product(a: Doubles, b: Doubles) -> tuple[Doubles, Doubles]:
    """Return a·b rounded, and the error of that."""
    total = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    error = ((a_high * b_high - total) + a_high * b_low + a_low * b_high) + a_low * b_low
    return total, error


def _halves(x: Doubles) -> tuple[Doubles, Doubles]:
    scaled = x * _SPLITTER
    high = scaled - (scaled - x)
    return high, x - high


def _sum_to_odd(a: Doubles, b: Doubles) -> Doubles:
    """Return a + b; where it is inexact, the neighbour whose last bit is 1."""
    total, error = _sum(a, b)
    bits = total.view(np.int64)
    wrong = (error != 0) & (bits & 1 == 0)
    # One step away from zero adds one to the bits of either sign.
    step = np.where((error > 0) == (total > 0), 1, -1)
    return np.asarray(np.where(wrong, bits + step, bits).view(np.float64))
