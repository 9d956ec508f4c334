"""Axes in another order."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.apply import apply, as_view, is_plain, with_params
from thalweg.core.operation import attach, method, operation
from thalweg.core.primitive import Index, Resolved, linear
from thalweg.core.spec import Array, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.shape.axes import axes_in_order, normalize_axes, normalize_axis

__all__ = ["moveaxis", "permute_dims", "rollaxis", "swapaxes", "transpose"]

# ---- the primitives


def _resolve_transpose(x: Any, *order: Any, axes: Any = None) -> Resolved:
    tensor = as_tensor(x)
    single = len(order) == 1 and not isinstance(order[0], (int, np.integer))
    given = (order[0] if single else order or None) if axes is None else axes
    if given is None:
        return (tensor,), {"axes": tuple(reversed(range(tensor.ndim)))}
    places = tuple(normalize_axis("transpose", a, tensor.ndim) for a in given)
    if sorted(places) != list(range(tensor.ndim)):
        raise ArgumentError(
            f"transpose got axes {tuple(given)} for a tensor with {tensor.ndim} axes; "
            "it wants each axis once."
        )
    return (tensor,), {"axes": places}


@functools.cache
def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(axis) for axis in np.argsort(axes))


def _transposed_back(g: Tensor, out: Any, x: Any, axes: tuple[int, ...]) -> Tensor:
    return apply(transpose, (g,), {"axes": _inverse(axes)})


def _back_in_order(index: Index, x: Spec, axes: tuple[int, ...]) -> tuple[Index]:
    placed = dict(zip(axes, index, strict=True))
    return (tuple(placed[axis] for axis in range(len(axes))),)


@linear(
    lambda x, axes: Spec(tuple(x.shape[a] for a in axes), x.dtype),
    _transposed_back,
    arguments=_resolve_transpose,
    view=True,
    role="view",
    reads=_back_in_order,
    batch=with_params(lambda size, axes: {"axes": (0, *(axis + 1 for axis in axes))}),
)
def transpose(x: Array, *, axes: tuple[int, ...]) -> Array:
    """Permute the axes; by default reverse them."""
    return np.transpose(x, axes)


attach("transpose", transpose)


def _all_reversed(x: Tensor) -> Tensor:
    axes = _REVERSED[len(x.array.shape)]
    if is_plain(x):
        return as_view(x, x.array.T, ((transpose, {"axes": axes}),))
    return apply(transpose, (x,), {"axes": axes})


# By the number of axes.
_REVERSED = tuple(tuple(range(n - 1, -1, -1)) for n in range(65))


attach("T", property(_all_reversed, doc="The transpose: all axes in reverse order."))


@operation
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


def _places(name: str, axes: Any, ndim: int) -> tuple[int, ...]:
    normalize_axes(name, axes, ndim)
    return axes_in_order(name, axes, ndim)


@method
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes."""
    tensor = as_tensor(x)
    first, second = (normalize_axis("swapaxes", a, tensor.ndim or 1) for a in (axis1, axis2))
    if not tensor.ndim:
        return tensor
    order = list(range(tensor.ndim))
    order[first], order[second] = second, first
    axes = tuple(order)
    if is_plain(tensor):
        return as_view(tensor, tensor.array.transpose(axes), ((transpose, {"axes": axes}),))
    return apply(transpose, (tensor,), {"axes": axes})


attach("mT", property(lambda x: swapaxes(x, -1, -2), doc="The last two axes swapped."))


@operation
def permute_dims(x: Any, axes: Any) -> Tensor:
    """Permute the axes."""
    return transpose(x, axes=axes)


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
