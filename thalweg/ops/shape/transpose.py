"""Axes in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.shape.axes import normalize_axes, normalize_axis

__all__ = [
    "moveaxis",
    "permute_dims",
    "rollaxis",
    "swapaxes",
    "transpose",
]


Array = np.ndarray[Any, Any]

# ---- the primitives


Resolved = tuple[tuple[Any, ...], dict[str, Any]]


def _resolve_transpose(
    x: Any, *order: Any, axes: Any = None, dim0: Any = None, dim1: Any = None
) -> Resolved:
    tensor = as_tensor(x)
    if dim0 is not None:
        return (tensor,), {"axes": _swapped((dim0, *order) if order else (dim0, dim1), tensor.ndim)}
    if dim1 is not None:
        return (tensor,), {"axes": _swapped((*order, dim1), tensor.ndim)}
    if len(order) == 2:
        # No permutation: PyTorch's two axes to exchange.
        return (tensor,), {"axes": _swapped(order, tensor.ndim)}
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


def _swapped(pair: tuple[Any, ...], ndim: int) -> tuple[int, ...]:
    first, second = (normalize_axis("transpose", axis, ndim or 1) for axis in pair)
    order = list(range(ndim))
    if ndim:
        order[first], order[second] = order[second], order[first]
    return tuple(order)


@linear(
    lambda x, axes: Spec(tuple(x.shape[a] for a in axes), x.dtype),
    lambda g, out, x, axes: op.transpose(g, tuple(int(a) for a in np.argsort(axes))),
    arguments=_resolve_transpose,
    view=True,
)
def transpose(x: Array, *, axes: tuple[int, ...]) -> Array:
    """Permute the axes; by default reverse them."""
    return np.transpose(x, axes)


def _transposed(x: Tensor, *order: Any, **named: Any) -> Tensor:
    """Permute the axes, by default reverse them; or exchange two.

    Of a matrix two integers are, as NumPy's, the order of its axes.
    """
    if len(order) == 2 and x.ndim == 2:
        return transpose(x, order)
    return transpose(x, *order, **named)


attach("transpose", _transposed)


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
