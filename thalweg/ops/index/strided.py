"""Elements read at strides, wherever they lie in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.apply import Flags, Operands, Params
from thalweg.core.primitive import Primitive, linear
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import zeros
from thalweg.ops.index.take import scatter_add, take
from thalweg.ops.shape.reshape import reshape

Steps = tuple[int, ...]

# ---- elements by their places in memory


def steps_of(array: Array) -> Steps:
    """Return the strides of an array, counted in elements."""
    return tuple(step // array.itemsize for step in array.strides)


def in_memory_order(array: Array, layout: Steps) -> Array:
    """Return an array of this layout with its axes in the order that memory has."""
    flipped = array[tuple(slice(None, None, -1 if step < 0 else 1) for step in layout)]
    order = sorted(range(len(layout)), key=lambda axis: (-abs(layout[axis]), -array.shape[axis]))
    return flipped.transpose(order)


def is_dense(array: Array) -> bool:
    """Tell whether the elements fill the memory between the first and the last of them."""
    return bool(in_memory_order(array, steps_of(array)).flags.c_contiguous)


def _places(shape: Steps, stride: Steps, offset: int) -> Array:
    """Return the place in memory of each element of a view."""
    found = np.full(shape, offset, np.int64)
    for axis, (n, step) in enumerate(zip(shape, stride, strict=True)):
        along = np.arange(n) * step
        found += along.reshape(n, *(1,) * (len(shape) - axis - 1))
    return found


def positions(whole: Steps, shape: Steps, stride: Steps, offset: int, layout: Steps) -> Array:
    """Return which element, in row-major order, each element of a view of an array is."""
    counted = np.arange(math.prod(whole)).reshape(whole)
    return np.asarray(in_memory_order(counted, layout).ravel()[_places(shape, stride, offset)])


def _scattered(g: Tensor, out: Tensor, x: Tensor, **view: Any) -> Tensor:
    places = positions(tuple(x.shape), **view).reshape(-1)
    flat = zeros((x.size,), g.dtype, like=g)
    return reshape(scatter_add(flat, places, reshape(g, (-1,)), axis=0), tuple(x.shape))


def _read_at_places(x: Tensor, **view: Any) -> Tensor:
    return take(reshape(x, (-1,)), positions(tuple(x.shape), **view))


def _shown(x: Array, **view: Any) -> Array | None:
    return strided.meaning(x, **view) if steps_of(x) == view["layout"] else None


def _read_in_examples(
    primitive: Primitive, size: int, operands: Operands, flags: Flags, params: Params
) -> Tensor:
    (x,) = operands
    return take(reshape(x, (size, -1)), positions(tuple(x.shape[1:]), **params), axis=1)


@linear(
    lambda x, shape, stride, offset, layout: Spec(shape, x.dtype),
    _scattered,
    view=_shown,
    batch=_read_in_examples,
    expansion=_read_at_places,
)
def strided(x: Array, *, shape: Steps, stride: Steps, offset: int, layout: Steps) -> Array:
    """Show elements by their places in the memory of an array of this layout."""
    if steps_of(x) != layout or not is_dense(x):
        return np.asarray(x.reshape(-1)[positions(x.shape, shape, stride, offset, layout)])
    memory = in_memory_order(x, layout).reshape(-1)
    wide = [step * x.itemsize for step in stride]
    shown = np.ndarray(shape, x.dtype, memory, offset * x.itemsize, wide)
    if any(step == 0 and n > 1 for n, step in zip(shape, stride, strict=True)):
        shown.flags.writeable = False
    return shown
