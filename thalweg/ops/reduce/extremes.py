"""Largest and smallest elements over axes: values and positions."""

from __future__ import annotations

import builtins
from functools import partial
from typing import Any

import numpy as np

from thalweg.core.operation import method, op
from thalweg.core.primitive import general
from thalweg.core.spec import INT64, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.core.writing import intact
from thalweg.errors import ArgumentError, EmptyAxis
from thalweg.ops.elementwise.comparison import equal
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.reduce.sums import chosen, finish, spread_over
from thalweg.ops.shape.axes import normalize_axes, normalize_axis, without
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.reshape import reshape

__all__ = [
    "amax",
    "amin",
    "argmax",
    "argmin",
    "max",
    "min",
]


Array = np.ndarray[Any, Any]

Axes = tuple[int, ...]


def _reduced_extreme(x: Spec, axis: Axes) -> Spec:
    if builtins.any(x.shape[a] == 0 for a in axis):
        raise EmptyAxis(
            f"A maximum or minimum was asked over an empty axis of shape {x.shape}; "
            "it wants at least one element. Check that the data are not empty."
        )
    return Spec(without(x.shape, axis), x.dtype)


def _resolve_extreme(x: Any, axis: Axes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tensor = as_tensor(x)
    _reduced_extreme(tensor.spec, axis)
    return (tensor,), {"axis": axis}


def _resolve_index(x: Any, axis: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tensor = as_tensor(x)
    _reduced_extreme(tensor.spec, (axis,))
    return (tensor,), {"axis": axis}


def _extreme_rule(name: str, g: Tensor, out: Tensor, x: Tensor, axis: Axes) -> Tensor:
    largest = intact(out, lambda: getattr(op, name)(x, axis=axis))
    attained = astype(equal(x, spread_over(largest, x, axis)), x.dtype)
    # Of NaN, which equals no element, every derivative is 0 / 0.
    return attained * spread_over(g / reduce_sum(attained, axis), x, axis)


@general(_reduced_extreme, partial(_extreme_rule, "reduce_max"), arguments=_resolve_extreme)
def reduce_max(x: Array, *, axis: Axes) -> Array:
    """Largest element over some axes; NaN if there is one. Ties share the derivative."""
    return np.asarray(np.max(x, axis=axis))


@general(_reduced_extreme, partial(_extreme_rule, "reduce_min"), arguments=_resolve_extreme)
def reduce_min(x: Array, *, axis: Axes) -> Array:
    """Smallest element over some axes; NaN if there is one. Ties share the derivative."""
    return np.asarray(np.min(x, axis=axis))


def _index_of(x: Spec, axis: int) -> Spec:
    _reduced_extreme(x, (axis,))
    return Spec(without(x.shape, (axis,)), INT64)


@general(_index_of, arguments=_resolve_index)
def index_of_max(x: Array, *, axis: int) -> Array:
    """Position of the first largest element along an axis, NaN counting as largest."""
    return np.asarray(np.argmax(x, axis=axis), np.int64)


@general(_index_of, arguments=_resolve_index)
def index_of_min(x: Array, *, axis: int) -> Array:
    """Position of the first smallest element along an axis, NaN counting as smallest."""
    return np.asarray(np.argmin(x, axis=axis), np.int64)


# ---- NumPy's functions


@method
def max(
    x: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    dim: Any = None,
    y: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Largest element over some axes; by default over all; never below `initial`.

    Only elements take part where the mask `where`, broadcast, holds; it wants `initial` too.
    Called with `dim`, return the values and their positions, as PyTorch does; called with a
    second tensor, the larger of both.
    """
    if dim is not None:
        return op.extreme_along(x, dim, keepdims, index_of_max)
    if y is not None or isinstance(axis, Tensor):
        return op.maximum(x, axis if y is None else y)
    return amax(x, axis, keepdims, initial=initial, where=where)


@method
def amax(
    x: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    dim: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    """Largest element over some axes; by default over all. Ties share the derivative.

    Raises:
        ArgumentError: If `where` is given, and not `initial`.
    """
    tensor = as_tensor(x)
    if where is not None or initial is not None:
        return _extreme_where("max", tensor, axis, keepdims, initial, where)
    axis = axis if dim is None else (None if dim in ((), []) else dim)
    axes = normalize_axes("max", axis, tensor.ndim)
    return finish(tensor, reduce_max(tensor, axis=axes), axes, keepdims)


@method
def min(
    x: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    dim: Any = None,
    y: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Smallest element over some axes; by default over all; never above `initial`.

    Only elements take part where the mask `where`, broadcast, holds; it wants `initial` too.
    Called with `dim`, return the values and their positions, as PyTorch does; called with a
    second tensor, the smaller of both.
    """
    if dim is not None:
        return op.extreme_along(x, dim, keepdims, index_of_min)
    if y is not None or isinstance(axis, Tensor):
        return op.minimum(x, axis if y is None else y)
    return amin(x, axis, keepdims, initial=initial, where=where)


@method
def amin(
    x: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    dim: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    """Smallest element over some axes; by default over all. Ties share the derivative.

    Raises: as `amax`.
    """
    tensor = as_tensor(x)
    if where is not None or initial is not None:
        return _extreme_where("min", tensor, axis, keepdims, initial, where)
    axis = axis if dim is None else (None if dim in ((), []) else dim)
    axes = normalize_axes("min", axis, tensor.ndim)
    return finish(tensor, reduce_min(tensor, axis=axes), axes, keepdims)


def _extreme_where(
    name: str, x: Tensor, axis: Any, keepdims: bool, initial: Any, mask: Any
) -> Tensor:
    if initial is None:
        raise ArgumentError(
            f"{name} got where= and no initial=, which is the result where no element takes part. "
            f"Give one, such as initial={'-' if name == 'max' else ''}np.inf."
        )
    start, axes = astype(initial, x.dtype), normalize_axes(name, axis, x.ndim)
    combine = op.maximum if name == "max" else op.minimum
    if builtins.any(x.shape[a] == 0 for a in axes):
        return broadcast_to(start, _reduced_shape(x.shape, axes, keepdims))
    reduce = amax if name == "max" else amin
    typed: Tensor = combine(reduce(chosen(x, mask, start), axes, keepdims), start)
    return typed


def _reduced_shape(shape: Shape, axes: Axes, keepdims: bool) -> Shape:
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape))
    return kept if keepdims else without(shape, axes)


@method
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the first largest element along an axis, or in the flattened tensor."""
    return _position(index_of_max, x, axis, keepdims)


@method
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the first smallest element along an axis, or in the flattened tensor."""
    return _position(index_of_min, x, axis, keepdims)


def _position(primitive: Any, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    tensor = as_tensor(x)
    if axis is None:
        found: Tensor = primitive(reshape(tensor, -1), axis=0)
        return reshape(found, (1,) * tensor.ndim) if keepdims else found
    if not tensor.ndim:
        normalize_axes(primitive.name, axis, 0)
        return _position(primitive, tensor, None, keepdims)
    position = normalize_axis(primitive.name, axis, tensor.ndim)
    return finish(tensor, primitive(tensor, axis=position), (position,), keepdims)
