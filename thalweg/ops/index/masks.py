"""Where elements are not zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import method, operation, widen
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError, DtypeError, UnsupportedOperation

__all__ = ["argwhere", "nonzero", "unravel_index"]

# ---- where elements are not zero


@operation
def argwhere(x: Any) -> Tensor:
    """Return where elements are not zero, as the rows of a matrix."""
    return fresh(np.argwhere(numbers_of(as_tensor(x))))


@operation
def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Return the positions along each axis of elements counted in row-major order.

    Raises:
        ArgumentError: If there is no such element.
        DtypeError: If they are not integers.
    """
    places = as_tensor(indices)
    if places.dtype.kind not in "iu":
        raise DtypeError(f"expected 'indices' to be integer dtype, but got {places.dtype}.")
    extents = (int(shape),) if np.ndim(shape) == 0 else tuple(int(n) for n in shape)
    try:
        found = np.unravel_index(places.numpy(), extents)
    except ValueError as error:
        raise ArgumentError(f"unravel_index: {error}. Give indices inside the shape.") from None
    return tuple(fresh(np.asarray(part)) for part in found)


@method
def nonzero(x: Any) -> tuple[Tensor, ...]:
    """Return the positions of the elements that are not zero, one tensor an axis.

    Args:
        x: A tensor with at least one axis.

    Raises:
        ArgumentError: If it has no axis.
    """
    values = numbers_of(as_tensor(x))
    if not values.ndim:
        raise ArgumentError("nonzero got a 0-d tensor, which has no positions. Use x.reshape(1).")
    return tuple(fresh(np.ascontiguousarray(places)) for places in np.nonzero(values))


@widen("where")
def _places(condition: Any, *others: Any) -> Any:
    """Return where a condition holds, as `nonzero` does."""
    if others:
        raise UnsupportedOperation(
            f"where got {1 + len(others)} operands; it wants a condition, or a condition, x and y."
        )
    return nonzero(condition)
