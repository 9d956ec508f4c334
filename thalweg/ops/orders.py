"""Orders of elements other than row-major: NumPy's `order=` of a reshape."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import widen
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.shaping import reshape, transpose

__all__: list[str] = []


def column_major(name: str, x: Tensor, order: str) -> bool:
    """Tell whether an order of elements means column-major here: "F", or "A" of such memory."""
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"{name} got order {order!r}; it wants 'C', 'F', 'A' or 'K'.")
    if order == "F" or order == "C" or x.is_symbolic:
        return order == "F"
    flags = x.array.flags
    return bool(flags.f_contiguous and not flags.c_contiguous)


@widen("reshape", "order")
def _reshaped(
    x: Any, *extents: Any, shape: Any = None, order: str = "C", copy: bool | None = None
) -> Tensor:
    given = (extents[0] if len(extents) == 1 else extents) if shape is None else shape
    tensor = as_tensor(x)
    if order == "K":
        raise ArgumentError("reshape got order 'K'; it wants 'C', 'F' or 'A'.")
    if not column_major("reshape", tensor, order):
        return reshape(tensor, given, copy=copy)
    wanted = (given,) if isinstance(given, (int, np.integer)) else tuple(given)
    return transpose(reshape(transpose(tensor), wanted[::-1], copy=copy))
