"""Largest and smallest elements over axes: values and positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import arguments_of, method, op, operation
from thalweg.core.primitive import Primitive, Resolved, general
from thalweg.core.spec import INT64, Array, Axes, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.core.writing import intact
from thalweg.errors import ArgumentError, EmptyAxis
from thalweg.ops.elementwise.comparison import equal, maximum, minimum
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.reduce.sums import chosen, finish, spread_over
from thalweg.ops.shape.axes import normalize_axes, normalize_axis, without
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.reshape import reshape

__all__ = ["amax", "amin", "argmax", "argmin", "max", "min"]


def _extreme_spec(x: Spec, axis: Axes) -> Spec:
    if 0 in (x.shape[a] for a in axis):
        raise EmptyAxis(
            f"A maximum or minimum was asked over an empty axis of shape {x.shape}; "
            "it wants at least one element. Check that the data are not empty."
        )
    return Spec(without(x.shape, axis), x.dtype)


def _resolve_extreme(x: Any, axis: Axes | int) -> Resolved:
    tensor = as_tensor(x)
    _extreme_spec(tensor.spec, axis if isinstance(axis, tuple) else (axis,))
    return (tensor,), {"axis": axis}


def _extreme_rule(
    reduce: Callable[..., Tensor], g: Tensor, out: Tensor, x: Tensor, axis: Axes
) -> Tensor:
    largest = intact(out, lambda: reduce(x, axis=axis))
    attained = astype(equal(x, spread_over(largest, x, axis)), x.dtype)
    # Of NaN, which equals no element, every derivative is 0 / 0.
    return attained * spread_over(g / reduce_sum(attained, axis), x, axis)


@general(
    _extreme_spec,
    lambda g, out, x, axis: _extreme_rule(op.reduce_max, g, out, x, axis),
    arguments=_resolve_extreme,
    order="K",
    role="reduction",
)
def reduce_max(x: Array, *, axis: Axes) -> Array:
    """Largest element over some axes; NaN if there is one. Ties share the derivative."""
    return np.asarray(np.max(x, axis=axis))


@general(
    _extreme_spec,
    lambda g, out, x, axis: _extreme_rule(op.reduce_min, g, out, x, axis),
    arguments=_resolve_extreme,
    order="K",
    role="reduction",
)
def reduce_min(x: Array, *, axis: Axes) -> Array:
    """Smallest element over some axes; NaN if there is one. Ties share the derivative."""
    return np.asarray(np.min(x, axis=axis))


def _index_spec(x: Spec, axis: int) -> Spec:
    _extreme_spec(x, (axis,))
    return Spec(without(x.shape, (axis,)), INT64)


@general(_index_spec, arguments=_resolve_extreme, role="scan")
def index_of_max(x: Array, *, axis: int) -> Array:
    """Position of the first largest element along an axis, NaN counting as largest."""
    return np.asarray(np.argmax(x, axis=axis), np.int64)


@general(_index_spec, arguments=_resolve_extreme, role="scan")
def index_of_min(x: Array, *, axis: int) -> Array:
    """Position of the first smallest element along an axis, NaN counting as smallest."""
    return np.asarray(np.argmin(x, axis=axis), np.int64)


# ---- NumPy's functions


@method
def max(
    x: Any, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Tensor:
    """Largest element over some axes; by default over all; never below `initial`.

    Only elements take part where the mask `where`, broadcast, holds; it wants `initial` too.
    """
    return _extreme("max", x, axis, keepdims, initial=initial, where=where)


@operation
@arguments_of(max)
def amax(x: Any, *args: Any, **named: Any) -> Tensor:
    """Largest element over some axes; by default over all. Ties share the derivative.

    Raises:
        ArgumentError: If `where` is given, and not `initial`.
    """
    return _extreme("max", x, *args, **named)


@method
@arguments_of(max)
def min(x: Any, *args: Any, **named: Any) -> Tensor:
    """Smallest element over some axes; by default over all; never above `initial`.

    Only elements take part where the mask `where`, broadcast, holds; it wants `initial` too.
    """
    return _extreme("min", x, *args, **named)


@operation
@arguments_of(max)
def amin(x: Any, *args: Any, **named: Any) -> Tensor:
    """Smallest element over some axes; by default over all. Ties share the derivative.

    Raises: as `amax`.
    """
    return _extreme("min", x, *args, **named)


def _extreme(
    name: str,
    x: Any,
    axis: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    tensor = as_tensor(x)
    if where is not None and initial is None:
        raise ArgumentError(
            f"{name} got where= and no initial=, which is the result where no element takes part. "
            f"Give one, such as initial={'-' if name == 'max' else ''}np.inf."
        )
    axes = normalize_axes(name, axis, tensor.ndim)
    if initial is None:
        reduce = reduce_max if name == "max" else reduce_min
        return finish(tensor, reduce(tensor, axis=axes), axes, keepdims)
    start = astype(initial, tensor.dtype)
    if 0 in (tensor.shape[a] for a in axes):
        return finish(tensor, broadcast_to(start, without(tensor.shape, axes)), axes, keepdims)
    found = _extreme(name, chosen(tensor, where, start), axes, keepdims)
    return (maximum if name == "max" else minimum)(found, start)


@method
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the first largest element along an axis, or in the flattened tensor."""
    return _position(index_of_max, x, axis, keepdims)


@method
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the first smallest element along an axis, or in the flattened tensor."""
    return _position(index_of_min, x, axis, keepdims)


def _position(primitive: Primitive, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    tensor = as_tensor(x)
    if axis is None:
        found = primitive(reshape(tensor, -1), axis=0)
        return reshape(found, (1,) * tensor.ndim) if keepdims else found
    if not tensor.ndim:
        normalize_axes(primitive.name, axis, 0)
        return _position(primitive, tensor, None, keepdims)
    position = normalize_axis(primitive.name, axis, tensor.ndim)
    return finish(tensor, primitive(tensor, axis=position), (position,), keepdims)
