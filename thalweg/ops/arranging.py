"""Elements moved, repeated and padded: NumPy's functions composed of the shaping primitives."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, register
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation import arange, full
from thalweg.ops.elementwise import equal, greater_equal, where
from thalweg.ops.indexing import take
from thalweg.ops.reductions import sum
from thalweg.ops.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    normalize_axes,
    normalize_axis,
    pad_with_zeros,
    reshape,
    slice_,
    transpose,
)

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "diag",
    "diagonal",
    "diff",
    "flatten",
    "moveaxis",
    "pad",
    "ravel",
    "repeat",
    "roll",
    "swapaxes",
    "tile",
    "trace",
    "tril",
    "triu",
]

# ---- shapes and axes


def _shape(x: Any) -> Shape:
    return as_tensor(x).shape


def _ndim(x: Any) -> int:
    return as_tensor(x).ndim


def _size(x: Any, axis: int | None = None) -> int:
    tensor = as_tensor(x)
    return tensor.size if axis is None else tensor.shape[normalize_axis("size", axis, tensor.ndim)]


# These answer with Python numbers, so they are reachable as np.shape(x) but are no operations.
register("shape", _shape)
register("ndim", _ndim)
register("size", _size)


@method
def ravel(x: Any) -> Tensor:
    """Return all elements along one axis, in row-major order."""
    tensor = as_tensor(x)
    return reshape(tensor, (tensor.size,))


@method
def flatten(x: Any) -> Tensor:
    """Return all elements along one axis, in row-major order, as `ravel`."""
    return ravel(x)


@method
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Move axes to other places; the others keep their order.

    Raises:
        ArgumentError: If the numbers of places differ, or an axis is named twice.
    """
    tensor = as_tensor(x)
    old = _places("moveaxis", source, tensor.ndim)
    new = _places("moveaxis", destination, tensor.ndim)
    if len(old) != len(new):
        raise ArgumentError(
            f"moveaxis got {len(old)} axes to move and {len(new)} places; give as many of both."
        )
    order = [axis for axis in range(tensor.ndim) if axis not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return transpose(tensor, tuple(order))


def _places(name: str, axes: Any, ndim: int) -> list[int]:
    given = list(axes) if isinstance(axes, (tuple, list)) else [axes]
    normalize_axes(name, given, ndim)
    return [normalize_axis(name, axis, ndim) for axis in given]


@method
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes."""
    tensor = as_tensor(x)
    order = list(range(tensor.ndim))
    first = normalize_axis("swapaxes", axis1, tensor.ndim)
    second = normalize_axis("swapaxes", axis2, tensor.ndim)
    order[first], order[second] = second, first
    return transpose(tensor, tuple(order))


@method
def atleast_1d(x: Any) -> Tensor:
    """Return a tensor with at least one axis: a scalar becomes shape (1,)."""
    tensor = as_tensor(x)
    return tensor if tensor.ndim else reshape(tensor, (1,))


@method
def atleast_2d(x: Any) -> Tensor:
    """Return a tensor with at least two axes: n numbers become shape (1, n)."""
    tensor = atleast_1d(x)
    return tensor if tensor.ndim > 1 else reshape(tensor, (1, tensor.size))


# ---- repeating and moving elements


@method
def tile(x: Any, reps: Any) -> Tensor:
    """Repeat a whole tensor, as often along each axis as `reps` says."""
    tensor = as_tensor(x)
    times = tuple(int(n) for n in reps) if np.ndim(reps) else (int(reps),)
    ndim = max(tensor.ndim, len(times))
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - tensor.ndim) + tensor.shape
    apart = [extent for n in shape for extent in (1, n)]
    spread = [extent for pair in zip(times, shape, strict=True) for extent in pair]
    result = broadcast_to(reshape(tensor, apart), spread)
    return reshape(result, tuple(t * n for t, n in zip(times, shape, strict=True)))


@method
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element along an axis, by default of the flattened tensor.

    Args:
        x: A tensor.
        repeats: How often: an integer, or one for each position along the axis.
        axis: The axis, or None.
    """
    tensor = as_tensor(x)
    if axis is None:
        tensor, axis = ravel(tensor), 0
    axis = normalize_axis("repeat", axis, tensor.ndim)
    shape = tensor.shape
    if np.ndim(repeats):
        return take(tensor, np.repeat(np.arange(shape[axis]), np.asarray(repeats)), axis=axis)
    apart = (*shape[: axis + 1], int(repeats), *shape[axis + 1 :])
    result = broadcast_to(expand_dims(tensor, axis + 1), apart)
    return reshape(result, (*shape[:axis], shape[axis] * int(repeats), *shape[axis + 1 :]))


@method
def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """Move elements along axes, those pushed over the end coming back at the start."""
    tensor = as_tensor(x)
    if axis is None:
        return reshape(roll(ravel(tensor), shift, 0), tensor.shape)
    axes, shifts = np.broadcast_arrays(axis, shift)
    for position, by in zip(axes.ravel().tolist(), shifts.ravel().tolist(), strict=True):
        place = normalize_axis("roll", position, tensor.ndim)
        extent = tensor.shape[place]
        cut = extent - by % extent if extent else 0
        parts = [_between(tensor, place, cut, extent), _between(tensor, place, 0, cut)]
        tensor = concatenate(parts, axis=place)
    return tensor


def _between(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    bounds = tuple((start, stop, 1) if i == axis else (0, n, 1) for i, n in enumerate(x.shape))
    return slice_(x, bounds)


@method
def diff(x: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours along an axis, taken `n` times."""
    tensor = as_tensor(x)
    place = normalize_axis("diff", axis, tensor.ndim)
    for _ in range(n):
        extent = tensor.shape[place]
        later = _between(tensor, place, min(1, extent), extent)
        tensor = later - _between(tensor, place, 0, max(0, extent - 1))
    return tensor


# ---- padding


@method
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """Widen a tensor along its axes.

    Args:
        x: A tensor.
        pad_width: Elements before and after: n, (before, after), or one such pair an axis.
        mode: "constant", or what fills the border from x: "edge", "reflect", "symmetric", "wrap".
        constant_values: The constants, given as `pad_width` is.

    Raises:
        ArgumentError: If the mode is unknown or a width negative.
    """
    tensor = as_tensor(x)
    widths = _pairs(pad_width, tensor.ndim)
    if any(int(n) < 0 for pair in widths for n in pair):
        raise ArgumentError(f"pad got pad_width {pad_width}; widths must not be negative.")
    if mode == "constant":
        return _pad_constant(tensor, widths, _pairs(constant_values, tensor.ndim))
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ArgumentError(
            f"pad got mode {mode!r}; it wants 'constant', 'edge', 'reflect', 'symmetric' or 'wrap'."
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            # NumPy works out which position each element of the border repeats.
            where_from = np.pad(np.arange(tensor.shape[axis]), (before, after), mode)  # type: ignore[call-overload]
            tensor = take(tensor, where_from, axis=axis)
    return tensor


def _pairs(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    pairs = np.broadcast_to(np.asarray(value), (ndim, 2)).tolist()
    return [(before, after) for before, after in pairs]


def _pad_constant(x: Tensor, widths: list[tuple[int, int]], values: list[Any]) -> Tensor:
    if all(value == 0 for pair in values for value in pair):
        low, high = zip(*widths, strict=True) if widths else ((), ())
        return pad_with_zeros(x, low=low, high=high, interior=(0,) * x.ndim)
    for axis, (before, after) in enumerate(widths):
        blocks = [x]
        for width, value, place in ((before, values[axis][0], 0), (after, values[axis][1], 2)):
            shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
            blocks.insert(place, full(shape, value, x.dtype, like=x))
        x = concatenate(blocks, axis=axis)
    return x


# ---- matrices


def _columns_minus_rows(shape: Shape) -> Tensor:
    return arange(shape[-1]) - expand_dims(arange(shape[-2]), 1)


def _matrix(name: str, x: Any) -> Tensor:
    tensor = as_tensor(x)
    if tensor.ndim < 2:
        raise ShapeError(f"{name} got shape {tensor.shape}; it wants a matrix. Use reshape.")
    return tensor


@method
def tril(x: Any, k: int = 0) -> Tensor:
    """Lower triangle of a matrix or of a stack of them; zeros above the k-th diagonal."""
    tensor = _matrix("tril", x)
    return where(greater_equal(k, _columns_minus_rows(tensor.shape)), tensor, False)


@method
def triu(x: Any, k: int = 0) -> Tensor:
    """Upper triangle of a matrix or of a stack of them; zeros below the k-th diagonal."""
    tensor = _matrix("triu", x)
    return where(greater_equal(_columns_minus_rows(tensor.shape), k), tensor, False)


@method
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Read a diagonal of the matrices along two axes; it becomes the last axis."""
    tensor = moveaxis(_matrix("diagonal", x), (axis1, axis2), (-2, -1))
    rows, columns = tensor.shape[-2:]
    first = (max(0, -offset), max(0, offset))
    count = max(0, min(rows - first[0], columns - first[1]))
    positions = (first[0] + np.arange(count)) * columns + first[1] + np.arange(count)
    return take(reshape(tensor, (*tensor.shape[:-2], rows * columns)), positions, axis=-1)


@method
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of a diagonal of the matrices along two axes."""
    return sum(diagonal(x, offset, axis1, axis2), -1)


@method
def diag(x: Any, k: int = 0) -> Tensor:
    """Read the k-th diagonal of a matrix, or build the matrix with a vector there."""
    tensor = as_tensor(x)
    if tensor.ndim != 1:
        return diagonal(tensor, k)
    extent = tensor.size + abs(k)
    column = pad_with_zeros(tensor, low=(max(0, -k),), high=(max(0, k),), interior=(0,))
    on_diagonal = equal(_columns_minus_rows((extent, extent)), k)
    return where(on_diagonal, expand_dims(column, 1), False)
