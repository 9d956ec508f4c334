"""Elements moved, repeated and padded: NumPy's functions composed of the shaping primitives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.layout import follows_itself
from thalweg.core.operation import method, op, register
from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation import full
from thalweg.ops.cutting import pad_with_zeros
from thalweg.ops.elementwise import not_equal
from thalweg.ops.indexing import take
from thalweg.ops.orders import column_major
from thalweg.ops.parts_of_axes import part_of
from thalweg.ops.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    normalize_axes,
    normalize_axis,
    reshape,
    transpose,
)

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "diff",
    "flatten",
    "moveaxis",
    "pad",
    "ravel",
    "repeat",
    "roll",
    "swapaxes",
    "tile",
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
def ravel(x: Any, order: str = "C") -> Tensor:
    """Return all elements along one axis, in row-major order; a view if they lie so in memory.

    Their order is column-major for order "F", as NumPy has it.
    """
    tensor = as_tensor(x)
    if order != "C" and column_major("ravel", tensor, order):
        tensor = transpose(tensor)
    flat = reshape(tensor, (tensor.size,))
    contiguous = follows_itself(tensor)  # NumPy's reshape of a vector need not be
    if contiguous is None and flat.origin is not None:
        flat.origin.doubtful = True
    elif contiguous is False and (flat is tensor or flat.origin is not None):
        flat = op.clone(flat)
    return flat


@method
def flatten(
    x: Any, start_dim: Any = None, end_dim: int | None = None, *, order: str = "C"
) -> Tensor:
    """Return all elements, or those of a run of axes, along one axis, in row-major order.

    Called with nothing but the tensor it copies, as NumPy's method does; the elements of a run
    of axes are shown where that can be. NumPy's only argument is the order, as `ravel`'s.

    Raises:
        ArgumentError: If the first axis of the run is after the last.
    """
    tensor = as_tensor(x)
    if isinstance(start_dim, str) or (start_dim is None and end_dim is None):
        return _flat_copy(tensor, order if start_dim is None else start_dim)
    start, end = 0 if start_dim is None else start_dim, -1 if end_dim is None else end_dim
    if not tensor.ndim:
        normalize_axes("flatten", (start,), 0), normalize_axes("flatten", (end,), 0)
        return reshape(tensor, (1,))
    first = normalize_axis("flatten", start, tensor.ndim)
    last = normalize_axis("flatten", end, tensor.ndim)
    if first > last:
        raise ArgumentError(
            f"flatten() has invalid args: start_dim {start} cannot come after end_dim {end}"
        )
    if first == last:
        return tensor
    shape = tensor.shape
    return reshape(tensor, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def _flat_copy(x: Tensor, order: str) -> Tensor:
    flat = ravel(x, order)
    copied: Tensor = op.clone(flat) if flat is x or flat.origin is not None else flat
    return copied


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
    if not tensor.ndim:
        normalize_axes("swapaxes", (axis1,), 0), normalize_axes("swapaxes", (axis2,), 0)
        return tensor
    order = list(range(tensor.ndim))
    first = normalize_axis("swapaxes", axis1, tensor.ndim)
    second = normalize_axis("swapaxes", axis2, tensor.ndim)
    order[first], order[second] = second, first
    return transpose(tensor, tuple(order))


def _each(function: Any, arrays: tuple[Any, ...]) -> Any:
    """Apply a function to one tensor, or to each of several."""
    if len(arrays) == 1 and not (
        isinstance(arrays[0], (tuple, list)) and any(isinstance(a, Tensor) for a in arrays[0])
    ):
        return function(as_tensor(arrays[0]))
    given = arrays[0] if len(arrays) == 1 else arrays
    return tuple(function(as_tensor(array)) for array in given)


@method
def atleast_1d(*arrays: Any) -> Any:
    """Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""
    return _each(lambda x: x if x.ndim else reshape(x, (1,)), arrays)


@method
def atleast_2d(*arrays: Any) -> Any:
    """Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""
    return _each(lambda x: x if x.ndim > 1 else reshape(x, (1, x.size)), arrays)


def _three(x: Tensor) -> Tensor:
    if x.ndim > 2:
        return x
    return reshape(x, (1, x.size, 1) if x.ndim < 2 else (*x.shape, 1))


@method
def atleast_3d(*arrays: Any) -> Any:
    """Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""
    return _each(_three, arrays)


# ---- repeating and moving elements


@method
def tile(x: Any, *reps: Any, dims: Any = None) -> Tensor:
    """Repeat a whole tensor, as often along each axis as `reps` says: integers, or a tuple."""
    tensor = as_tensor(x)
    given = reps if dims is None else (dims,)
    given = given[0] if len(given) == 1 else given
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


@method("repeat_interleave")
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


@method
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


@method
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Differences of neighbours along an axis, taken `n` times.

    Args:
        x: A tensor.
        n: How often.
        axis: The axis.
        prepend: What to put before the axis first: a tensor, or a number.
        append: What to put behind it.

    Raises:
        ArgumentError: If `n` is negative.
        ShapeError: If the tensor has no axes.
    """
    tensor = as_tensor(x)
    if n < 0:
        raise ArgumentError(f"order must be non-negative but got {n}: diff wants n >= 0.")
    if not tensor.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional; reshape it first.")
    place = normalize_axis("diff", axis, tensor.ndim)
    if n:
        parts = [*_edge(prepend, tensor, place), tensor, *_edge(append, tensor, place)]
        tensor = concatenate(parts, axis=place)
    for _ in range(n):
        extent = tensor.shape[place]
        later = part_of(tensor, place, min(1, extent), extent)
        earlier = part_of(tensor, place, 0, max(0, extent - 1))
        tensor = not_equal(later, earlier) if tensor.dtype.kind == "b" else later - earlier
    return tensor


def _edge(given: Any, x: Tensor, axis: int) -> list[Tensor]:
    if given is None:
        return []
    edge = as_tensor(given)
    return [edge if edge.ndim else broadcast_to(edge, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))]


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
    return op.clone(tensor) if tensor is x else tensor


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
