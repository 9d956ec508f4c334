"""Elements put in, taken out and put together: NumPy's append, insert, delete, block and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.leaving import numbers_of
from thalweg.core.operation import op, operation
from thalweg.core.spec import promote
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError, UnsupportedOperation
from thalweg.ops.arranging import diff, ravel
from thalweg.ops.indexing import take, take_along_axis
from thalweg.ops.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    normalize_axis,
    reshape,
    transpose,
)

__all__ = [
    "append",
    "apply_along_axis",
    "apply_over_axes",
    "block",
    "choose",
    "compress",
    "copy",
    "delete",
    "ediff1d",
    "extract",
    "insert",
    "rollaxis",
]


def known(name: str, what: str, given: Any, instead: str) -> Any:
    """Return positions or a mask as NumPy has them.

    Raises:
        UnsupportedOperation: If they are traced: the shape of the result would depend on them.
    """
    if isinstance(given, (tuple, list)):
        return type(given)(known(name, what, item, instead) for item in given)
    if not isinstance(given, Tensor):
        return given
    if given.is_symbolic:
        raise UnsupportedOperation(
            f"{name} got {what} that depends on what is traced; the shape of its result would too. "
            f"{instead}"
        )
    return numbers_of(given)


def _rearranged(function: Callable[..., Any], *tensors: Tensor) -> Tensor:
    """Move elements as a function of NumPy does, which is shown where each of them is."""
    starts = np.cumsum([0, *(x.size for x in tensors)])
    places = [
        np.arange(start, start + x.size).reshape(x.array.shape)
        for start, x in zip(starts, tensors, strict=False)
    ]
    try:
        found = np.asarray(function(*places))
    except IndexError as error:
        raise IndexOutOfRange(f"{error}. Give positions inside the axis.") from None
    except ValueError as error:
        raise ShapeError(f"{error}. Reshape one of them.") from None
    together = concatenate([ravel(x) for x in tensors]) if len(tensors) > 1 else ravel(tensors[0])
    return take(together, found.astype(np.int64), axis=0)


# ---- at the end, at positions, out of them


@operation
def append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return a tensor with others at its end along an axis; by default both flattened."""
    if axis is None:
        return concatenate((ravel(arr), ravel(values)), axis=0)
    return concatenate((as_tensor(arr), as_tensor(values)), axis=axis)


@operation
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Tensor:
    """Return a tensor with values put in before positions along an axis; by default flattened.

    Args:
        arr: A tensor.
        obj: The positions: an integer, several, a slice or a mask.
        values: What to put in; it broadcasts, and takes the tensor's dtype.
        axis: The axis.

    Raises:
        UnsupportedOperation: If the positions are traced.
        IndexOutOfRange: If one is.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.insert(tw.tensor([1.0, 2.0]), 1, 9.0)
        tensor([1., 9., 2.])
    """
    tensor = as_tensor(arr)
    places = known("insert", "a position", obj, "Use np.where, or concatenate the parts.")
    new = astype(values, tensor.dtype)
    return _rearranged(lambda x, y: np.insert(x, places, y, axis), tensor, new)


@operation
def delete(arr: Any, obj: Any, axis: int | None = None) -> Tensor:
    """Return a tensor without the positions along an axis; arguments as `insert`'s.

    Raises: as `insert`.
    """
    places = known("delete", "a position", obj, "Multiply by a mask instead: np.where(keep, x, 0).")
    return _rearranged(lambda x: np.delete(x, places, axis), as_tensor(arr))


_MASKED = "Give the others no weight instead: np.where(mask, x, 0)."


@operation
def compress(condition: Any, a: Any, axis: int | None = None) -> Tensor:
    """Return the slices along an axis where a condition holds; by default elements.

    Raises:
        UnsupportedOperation: If the condition is traced.
        ShapeError: If it is no vector.
    """
    held = np.asarray(known("compress", "a condition", condition, _MASKED))
    return _rearranged(lambda x: np.compress(held, x, axis), as_tensor(a))


@operation
def extract(condition: Any, arr: Any) -> Tensor:
    """Return the elements where a condition, of as many elements, holds; flattened.

    Raises:
        UnsupportedOperation: If the condition is traced.
    """
    held = np.asarray(known("extract", "a condition", condition, _MASKED))
    return _rearranged(lambda x: np.extract(held, x), as_tensor(arr))


@operation
def copy(a: Any, order: str = "K", subok: bool = False) -> Tensor:
    """Return the same values in memory of their own; derivatives pass through."""
    return op.clone(as_tensor(a))  # type: ignore[no-any-return]


@operation
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Tensor:
    """Return the differences of neighbours in the flattened tensor, with others around them."""
    tensor = ravel(ary)
    steps = diff(tensor) if tensor.size else tensor
    ends = [None if end is None else ravel(astype(end, steps.dtype)) for end in (to_begin, to_end)]
    parts = [x for x in (ends[0], steps, ends[1]) if x is not None]
    return concatenate(parts) if len(parts) > 1 else steps


@operation
def rollaxis(a: Any, axis: int, start: int = 0) -> Tensor:
    """Move an axis back until it lies before another one."""
    tensor = as_tensor(a)
    place = normalize_axis("rollaxis", axis, tensor.ndim)
    target = start + tensor.ndim if start < 0 else start
    if not 0 <= target <= tensor.ndim:
        raise ArgumentError(
            f"rollaxis got start {start} for a tensor with {tensor.ndim} axes; it wants one from "
            f"{-tensor.ndim} to {tensor.ndim}."
        )
    order = [i for i in range(tensor.ndim) if i != place]
    order.insert(target - (place < target), place)
    return transpose(tensor, tuple(order))


# ---- blocks and choices


@operation
def block(arrays: Any) -> Tensor:
    """Join nested lists of tensors: the innermost along the last axis, then along those before.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.block([[tw.ones((1, 1)), tw.zeros((1, 1))], [tw.tensor([[2.0, 3.0]])]])
        tensor([[1., 0.],
                [2., 3.]])
    """
    depth, rank = _depth(arrays), _rank(arrays)
    return _joined(arrays, depth, max(depth, rank))


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    if not arrays:
        raise ArgumentError("block got an empty list: List cannot be empty. Leave it out.")
    depths = {_depth(item) for item in arrays}
    if len(depths) > 1:
        raise ArgumentError("block got lists whose depths differ. Nest all of them alike.")
    return 1 + depths.pop()


def _rank(arrays: Any) -> int:
    return max(map(_rank, arrays)) if isinstance(arrays, list) else as_tensor(arrays).ndim


def _joined(arrays: Any, depth: int, rank: int) -> Tensor:
    if not isinstance(arrays, list):
        x = as_tensor(arrays)
        return reshape(x, (*(1,) * (rank - x.ndim), *x.shape))
    return concatenate([_joined(item, depth - 1, rank) for item in arrays], axis=-depth)


@operation
def choose(a: Any, choices: Any, mode: str = "raise") -> Tensor:
    """Take each element from the choice that an integer names: out[i] = choices[a[i]][i].

    Args:
        a: Integers, which may be traced.
        choices: Tensors that broadcast with them, or one with an axis of choices in front.
        mode: What to do with other integers: "raise", "wrap" or "clip".

    Raises:
        ArgumentError: If the mode is unknown.
        IndexOutOfRange: If there is no such choice, and the mode is "raise".
    """
    index = as_tensor(a)
    tensors = [as_tensor(x) for x in choices]
    count = len(tensors)
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"choose got mode {mode!r}; it wants 'raise', 'wrap' or 'clip'.")
    if (
        mode == "raise"
        and not index.is_symbolic
        and ((index.array < 0) | (index.array >= count)).any()
    ):
        raise IndexOutOfRange(f"choose: invalid entry in choice array; there are {count} choices.")
    if mode == "wrap":
        index = op.remainder(index, count)
    elif mode == "clip":
        index = op.minimum(op.maximum(index, 0), count - 1)
    shape = np.broadcast_shapes(index.shape, *(x.shape for x in tensors))
    dtype = promote(tuple(x.spec for x in tensors))[0]
    stacked = concatenate(
        [expand_dims(broadcast_to(astype(x, dtype), shape), 0) for x in tensors], axis=0
    )
    places = expand_dims(broadcast_to(index, shape), 0)
    return reshape(take_along_axis(stacked, places, axis=0), shape)


# ---- a function along axes


@operation
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Apply a function of vectors to each slice along an axis; its results take that axis' place.

    Raises:
        ArgumentError: If there is no slice.
    """
    tensor = as_tensor(arr)
    place = normalize_axis("apply_along_axis", axis, tensor.ndim)
    lead = [i for i in range(tensor.ndim) if i != place]
    rows = transpose(tensor, (*lead, place))
    shape = rows.shape[:-1]
    if 0 in shape:
        raise ArgumentError("Cannot apply_along_axis when any iteration dimensions are 0.")
    results = [as_tensor(func1d(rows[i], *args, **kwargs)) for i in np.ndindex(*shape)]
    own = results[0].shape
    stacked = concatenate([expand_dims(x, 0) for x in results], axis=0)
    found = reshape(stacked, (*shape, *own))
    order = [*range(place), *range(len(shape), found.ndim), *range(place, len(shape))]
    return transpose(found, tuple(order))


@operation
def apply_over_axes(func: Any, a: Any, axes: Any) -> Tensor:
    """Apply a function of a tensor and an axis for each of several axes, which all stay.

    Raises:
        ShapeError: If the function returns another number of axes.
    """
    tensor = as_tensor(a)
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        place = normalize_axis("apply_over_axes", axis, as_tensor(a).ndim)
        found = as_tensor(func(tensor, place))
        if found.ndim == tensor.ndim - 1:
            found = expand_dims(found, place)
        if found.ndim != tensor.ndim:
            raise ShapeError("function is not returning an array of the correct shape")
        tensor = found
    return tensor
