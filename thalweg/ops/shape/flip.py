"""Elements mirrored, turned and moved around."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import Index, Resolved, linear
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.shape.axes import normalize_axes, normalize_axis
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import axis_of, ravel, reshape
from thalweg.ops.shape.transpose import swapaxes

__all__ = ["flip", "fliplr", "flipud", "roll", "rot90"]

# ---- the primitives


def _resolve_flip(x: Any, axis: Any = None) -> Resolved:
    tensor = as_tensor(x)
    return (tensor,), {"axis": normalize_axes("flip", axis, tensor.ndim)}


def _from_the_end(index: Index, x: Spec, axis: tuple[int, ...]) -> tuple[Index]:
    pairs = enumerate(zip(index, x.shape, strict=True))
    return (tuple(at * -1 + (n - 1) if i in axis else at for i, (at, n) in pairs),)


@linear(
    lambda x, axis: Spec(x.shape, x.dtype),
    lambda g, out, x, axis: op.flip(g, axis),
    arguments=_resolve_flip,
    view=True,
    role="move",
    reads=_from_the_end,
)
def flip(x: Array, *, axis: tuple[int, ...]) -> Array:
    """Reverse the order along some axes; by default along all."""
    return np.flip(x, axis)


@operation
def fliplr(x: Any) -> Tensor:
    """Reverse the second axis, left to right.

    Raises:
        ShapeError: If there are fewer than two axes.
    """
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(f"fliplr wants two axes at least, and the shape is {tensor.shape}.")
    return flip(tensor, 1)


@operation
def flipud(x: Any) -> Tensor:
    """Reverse the first axis, up to down.

    Raises:
        ShapeError: If there is no axis.
    """
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise ShapeError("flipud wants one axis at least, and the tensor has none.")
    return flip(tensor, 0)


@operation
def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Tensor:
    """Turn the plane of two axes by k quarters, from the first axis towards the second.

    Raises:
        ArgumentError: If there are not two different axes.
    """
    tensor, given = as_tensor(x), tuple(axes)
    if len(given) != 2 or tensor.ndim < 2:
        raise ArgumentError(
            f"rot90: expected total rotation dims == 2 and total dims >= 2, but got dims = "
            f"{given} and {tensor.ndim} axes."
        )
    first, second = (axis_of("rot90", axis, tensor.ndim) for axis in given)
    if first == second:
        raise ArgumentError(f"rot90: expected rotation dims to be different, but got {given}.")
    turns = k % 4
    if turns == 0:
        return tensor
    if turns == 2:
        return flip(tensor, (first, second))
    if turns == 1:
        return swapaxes(flip(tensor, second), first, second)
    return flip(swapaxes(tensor, first, second), second)


@operation
def roll(x: Any, shift: Any = None, axis: Any = None, *, shifts: Any = None) -> Tensor:
    """Move elements along axes, those pushed over the end coming back at the start.

    Args:
        x: A tensor.
        shift: By how many positions: a number, or one an axis.
        axis: The axes; None for the flattened tensor.
        shifts: Another name of `shift`.

    Raises:
        ShapeError: If there are not as many shifts as axes.
    """
    tensor, shift = as_tensor(x), shift if shifts is None else shifts
    axis = None if isinstance(axis, (tuple, list)) and not axis else axis
    several = isinstance(shift, (tuple, list))
    if several and (not shift or (len(shift) > 1 and not isinstance(axis, (tuple, list)))):
        raise ShapeError(f"roll: shifts and dimensions must align; got {shift} and axis {axis}.")
    if axis is None:
        return reshape(roll(ravel(tensor), shift, 0), tensor.shape)
    axes, shifts = np.broadcast_arrays(axis, shift)
    for position, by in zip(axes.ravel().tolist(), shifts.ravel().tolist(), strict=True):
        place = normalize_axis("roll", position, tensor.ndim)
        extent = tensor.shape[place]
        cut = extent - by % extent if extent else 0
        parts = [part_of(tensor, place, cut, extent), part_of(tensor, place, 0, cut)]
        tensor = concatenate(parts, axis=place)
    return tensor
