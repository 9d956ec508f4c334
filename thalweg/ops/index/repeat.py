"""Elements repeated, and whole tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ShapeError
from thalweg.ops.index.take import take
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims, ravel, reshape

__all__ = ["repeat", "tile"]


@operation
def tile(x: Any, *reps: Any) -> Tensor:
    """Repeat a whole tensor, as often along each axis as `reps` says: integers, or a tuple."""
    tensor = as_tensor(x)
    given = reps[0] if len(reps) == 1 else reps
    times = tuple(map(int, np.atleast_1d(given).tolist()))
    if min(times, default=0) < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension: tile got {times}.")
    ndim = max(tensor.ndim, len(times))
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - tensor.ndim) + tensor.shape
    apart = [extent for n in shape for extent in (1, n)]
    spread = [extent for pair in zip(times, shape, strict=True) for extent in pair]
    result = broadcast_to(reshape(tensor, apart), spread)
    return _apart(reshape(result, tuple(t * n for t, n in zip(times, shape, strict=True))), tensor)


@method
def repeat(
    x: Any, repeats: Any = None, axis: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Repeat each element along an axis, by default of the flattened tensor.

    Args:
        x: A tensor.
        repeats: How often: an integer, or one for each position along the axis.
        axis: The axis, or None.
        output_size: The extent of the result, where it is known.

    Given one vector of integers alone, return each of its positions as often as it says.
    """
    tensor = as_tensor(x)
    if repeats is None:
        return fresh(np.repeat(np.arange(tensor.size), tensor.numpy()))
    if axis is None or not tensor.ndim:
        tensor, axis = ravel(tensor), 0
    axis = normalize_axis("repeat", axis, tensor.ndim)
    shape = tensor.shape
    if isinstance(repeats, Tensor):
        repeats = repeats.detach().numpy()
    if np.ndim(repeats):
        counts = np.broadcast_to(np.asarray(repeats), (shape[axis],))
        return take(tensor, np.repeat(np.arange(shape[axis]), counts), axis=axis)
    apart = (*shape[: axis + 1], int(repeats), *shape[axis + 1 :])
    result = broadcast_to(expand_dims(tensor, axis + 1), apart)
    extents = (*shape[:axis], shape[axis] * int(repeats), *shape[axis + 1 :])
    return _apart(reshape(result, extents), tensor)


def _apart(result: Tensor, x: Tensor) -> Tensor:
    """Return what repeated a tensor once, so that it would show that, in memory of its own."""
    return op.clone(result) if result.size == x.size else result
