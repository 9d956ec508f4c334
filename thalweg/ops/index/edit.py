"""Elements put in, taken out and chosen; functions given case by case, and applied along axes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.apply import joined
from thalweg.core.leaving import numbers_of
from thalweg.core.operation import op, operation
from thalweg.core.spec import BOOL
from thalweg.core.tensor import Tensor, as_tensor, astype, is_known
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError, UnsupportedOperation
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.comparison import logical_not, logical_or, where
from thalweg.ops.index.items import written_at
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate, stack
from thalweg.ops.shape.reshape import expand_dims, ravel, reshape
from thalweg.ops.shape.transpose import transpose

__all__ = [
    "apply_along_axis", "apply_over_axes", "choose", "compress", "delete", "extract", "insert",
    "piecewise",
]  # fmt: skip


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
    if mode == "raise" and is_known(index) and ((index.array < 0) | (index.array >= count)).any():
        raise IndexOutOfRange(f"choose: invalid entry in choice array; there are {count} choices.")
    if mode == "wrap":
        index = op.remainder(index, count)
    elif mode == "clip":
        index = op.minimum(op.maximum(index, 0), count - 1)
    shape = np.broadcast_shapes(index.shape, *(x.shape for x in tensors))
    dtype = joined(*tensors)
    stacked = stack([broadcast_to(astype(x, dtype), shape) for x in tensors])
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


@operation
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Tensor:
    """Evaluate a function given case by case.

    Where the conditions are known, each function is called with the elements of its case, as in
    NumPy; where they are traced, with all of x, and 1 in place of the others.

    Args:
        x: A tensor.
        condlist: The conditions; where several hold the last one counts.
        funclist: A function or a number for each, and one more for where none holds, which is 0
            by default.
        args: Further arguments of the functions.
        kw: Further arguments by name.

    Returns:
        A tensor of the shape and dtype of x.

    Raises:
        ArgumentError: If there are neither as many functions as conditions nor one more.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> x = tw.tensor([-1.0, 4.0])
        >>> np.piecewise(x, [x < 0], [lambda x: -x, np.sqrt])
        tensor([1., 2.])
    """
    tensor = as_tensor(x)
    held = _conditions(condlist, tensor)
    if len(funclist) == len(held) + 1:
        held = [logical_not(functools.reduce(logical_or, held)), *held]
        funclist = [funclist[-1], *funclist[:-1]]
    if len(funclist) != len(held):
        raise ArgumentError(
            f"piecewise got {len(held)} conditions and {len(funclist)} functions: with "
            f"{len(held)} condition(s), either {len(held)} or {len(held) + 1} functions are "
            "expected."
        )
    found = op.zeros_like(tensor)
    for mask, function in zip(held, funclist, strict=True):
        found = _case(found, tensor, mask, function, args, kw)
    return found


def _conditions(condlist: Any, x: Tensor) -> list[Tensor]:
    single = not isinstance(condlist, (list, tuple)) and (
        np.ndim(condlist) == 0 or (np.ndim(condlist) == 1 and x.ndim == 1)
    )
    flags = (
        isinstance(condlist, (list, tuple))
        and x.ndim
        and all(not isinstance(one, (list, tuple)) and np.ndim(one) == 0 for one in condlist)
    )
    given = [condlist] if single or flags else list(condlist)
    return [broadcast_to(astype(asarray(one), BOOL), x.shape) for one in given]


def _case(
    found: Tensor, x: Tensor, mask: Tensor, function: Any, args: Any, kw: dict[str, Any]
) -> Tensor:
    if not callable(function):
        return where(mask, astype(function, x.dtype), found)
    if mask.is_symbolic:
        # Elsewhere nothing is computed of x that may have no value or derivative.
        given = function(where(mask, x, 1), *args, **kw)
        return where(mask, astype(given, x.dtype), found)
    places = np.flatnonzero(mask.array)
    if not places.size:
        return found
    chosen = take(reshape(x, (-1,)), places, axis=0)
    given = broadcast_to(astype(function(chosen, *args, **kw), x.dtype), places.shape)
    return written_at(found, as_tensor(places), given)
