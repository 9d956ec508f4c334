"""Running extremes: PyTorch's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method
from thalweg.core.primitive import general
from thalweg.core.spec import INT64, Spec
from thalweg.core.tensor import Tensor
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.order.sort import Found
from thalweg.ops.shape.scalars import along, axis_of

__all__ = [
    "cummax",
    "cummin",
]


Array = np.ndarray[Any, Any]


@general(lambda x, axis, largest: Spec(x.shape, INT64))
def index_of_running_extreme(x: Array, *, axis: int, largest: bool) -> Array:
    """Position of the last largest or smallest element so far along an axis; NaN wins."""
    running = (np.maximum if largest else np.minimum).accumulate(x, axis=axis)
    attained = (x == running) | (x != x)
    shape = [1] * x.ndim
    shape[axis] = -1
    places = np.where(attained, np.arange(x.shape[axis]).reshape(shape), 0)
    return np.maximum.accumulate(places, axis=axis)


@along
def _running(x: Tensor, axis: int, largest: bool) -> Found:
    place = axis_of("cummax" if largest else "cummin", axis, x.ndim)
    indices = index_of_running_extreme(x, axis=place, largest=largest)
    return Found(take_along_axis(x, indices, axis=place), indices)


@method
def cummax(x: Any, axis: int) -> Found:
    """Return the largest element so far along an axis, and its position."""
    return _running(x, axis, True)


@method
def cummin(x: Any, axis: int) -> Found:
    """Return the smallest element so far along an axis, and its position."""
    return _running(x, axis, False)
