"""Arrays whose elements lie in the order of another one's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.spec import Array


def by_memory(array: Array) -> tuple[int, ...]:
    """Return an array's axes, the one with the longest stride first."""
    return tuple(np.argsort([-abs(stride) for stride in array.strides], kind="stable").tolist())


def in_memory_order(like: Array, draw: Callable[..., Array], *others: Array) -> Array:
    """Return an array of a shape, its elements drawn in the order of another array's memory.

    Args:
        like: The array whose shape the result has and whose memory sets the order.
        draw: Called with a shape and parts of that shape, one of each of the others.
        others: Arrays of the same shape.
    """
    axes = by_memory(like)
    if axes == tuple(range(like.ndim)):
        return draw(like.shape, *others)
    arranged = [other.transpose(axes) for other in others]
    values = draw(tuple(like.shape[axis] for axis in axes), *arranged)
    return values.transpose(np.argsort(axes))


def laid_out_like(array: Array, dtype: Any) -> Array:
    """Return an array to be filled, its axes in the order that another one's memory has."""
    repeated = any(
        stride == 0 and extent > 1
        for stride, extent in zip(array.strides, array.shape, strict=True)
    )
    return np.empty_like(array, dtype, order="C" if repeated else "K", subok=False)
