"""Logic on the bits of integers; of Booleans, logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import method
from thalweg.core.primitive import counted, elementwise
from thalweg.core.spec import BITS
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import DtypeError
from thalweg.ops.elementwise.comparison import logical_and, logical_not, logical_or, not_equal

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "invert",
]


Array = np.ndarray[Any, Any]


@elementwise(None, None, takes=BITS, inplace=False)
def and_bits(x: Array, y: Array) -> Array:
    """Bits that are set in both of two integers."""
    return np.bitwise_and(x, y)


@elementwise(None, None, takes=BITS, inplace=False)
def or_bits(x: Array, y: Array) -> Array:
    """Bits that are set in one of two integers at least."""
    return np.bitwise_or(x, y)


@elementwise(None, None, takes=BITS, inplace=False)
def xor_bits(x: Array, y: Array) -> Array:
    """Bits that are set in exactly one of two integers."""
    return np.bitwise_xor(x, y)


@elementwise(None, takes=BITS, inplace=False)
def invert_bits(x: Array) -> Array:
    """Bits that are not set."""
    return np.bitwise_invert(x)


@elementwise(None, None, cast=counted, takes=BITS, inplace=False)
def shift_left(x: Array, y: Array) -> Array:
    """Bits moved to higher places, zeros following: x 2ʸ."""
    return np.bitwise_left_shift(x, y)


@elementwise(None, None, cast=counted, takes=BITS, inplace=False)
def shift_right(x: Array, y: Array) -> Array:
    """Bits moved to lower places, the sign following: ⌊x / 2ʸ⌋."""
    return np.bitwise_right_shift(x, y)


def _of_bits(
    symbol: str, kinds: str, booleans: Callable[..., Tensor], bits: Callable[..., Tensor], *xs: Any
) -> Tensor:
    tensors = tuple(map(as_tensor, xs))
    given = {tensor.dtype.kind for tensor in tensors}
    if not given <= set(kinds):
        dtypes = " and ".join(str(tensor.dtype) for tensor in tensors)
        wanted = "Booleans or integers" if "b" in kinds else "integers"
        raise DtypeError(
            f"{symbol} got {dtypes}; it wants {wanted}. Compare first, use logical_and, "
            "logical_or, logical_xor or logical_not, or convert with astype(int)."
        )
    return booleans(*tensors) if given == {"b"} else bits(*tensors)


@method(inplace=True)
def bitwise_and(x: Any, y: Any) -> Tensor:
    """Bits set in both of two integers, or where both of two Booleans hold: x & y."""
    return _of_bits("&", "biu", logical_and, and_bits, x, y)


@method(inplace=True)
def bitwise_or(x: Any, y: Any) -> Tensor:
    """Bits set in one of two integers at least, or where one of two Booleans holds: x | y."""
    return _of_bits("|", "biu", logical_or, or_bits, x, y)


@method(inplace=True)
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Bits set in exactly one of two integers, or where exactly one Boolean holds: x ^ y."""
    return _of_bits("^", "biu", not_equal, xor_bits, x, y)


@method("bitwise_not", "bitwise_invert", inplace=True)
def invert(x: Any) -> Tensor:
    """Bits that are not set, or where a Boolean does not hold: ~x."""
    return _of_bits("~", "biu", logical_not, invert_bits, x)


@method("left_shift", inplace=True)
def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Bits of integers moved to higher places, zeros following: x << y."""
    return _of_bits("<<", "biu", shift_left, shift_left, x, y)


@method("right_shift", inplace=True)
def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Bits of integers moved to lower places, the sign following: x >> y."""
    return _of_bits(">>", "biu", shift_right, shift_right, x, y)
