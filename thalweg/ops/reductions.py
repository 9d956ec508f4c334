"""Reductions: primitives over axes, and NumPy's functions composed of them."""

from __future__ import annotations

import builtins
from functools import partial
from typing import Any

import numpy as np

from thalweg.core.applying import apply
from thalweg.core.inplace import intact
from thalweg.core.operation import method, op
from thalweg.core.primitive import general, linear
from thalweg.core.spec import BOOL, FLOAT64, INT64, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import EmptyAxis
from thalweg.ops.creation import ones
from thalweg.ops.cutting import slice_
from thalweg.ops.elementwise import (
    absolute,
    equal,
    exp,
    greater,
    log,
    logical_not,
    where,
)
from thalweg.ops.shaping import (
    astype,
    broadcast_to,
    concatenate,
    flip,
    normalize_axes,
    normalize_axis,
    reduce_sum,
    reshape,
    restore_axes,
    stop_gradient,
    transpose,
    without,
)

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "cumsum",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "sum",
]

Array = np.ndarray[Any, Any]
Axes = tuple[int, ...]


def _reduced(x: Spec, axis: Axes) -> Spec:
    return Spec(without(x.shape, axis), x.dtype)


def _reduced_extreme(x: Spec, axis: Axes) -> Spec:
    if builtins.any(x.shape[a] == 0 for a in axis):
        raise EmptyAxis(
            f"A maximum or minimum was asked over an empty axis of shape {x.shape}; "
            "it wants at least one element. Check that the data are not empty."
        )
    return _reduced(x, axis)


def _resolve_extreme(x: Any, axis: Axes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tensor = as_tensor(x)
    _reduced_extreme(tensor.spec, axis)
    return (tensor,), {"axis": axis}


def _resolve_index(x: Any, axis: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tensor = as_tensor(x)
    _reduced_extreme(tensor.spec, (axis,))
    return (tensor,), {"axis": axis}


def _spread(value: Tensor, x: Tensor, axis: Axes) -> Tensor:
    return broadcast_to(restore_axes(value, x.shape, axis), x.shape)


def _extreme_rule(name: str, g: Tensor, out: Tensor, x: Tensor, axis: Axes) -> Tensor:
    largest = intact(out, lambda: getattr(op, name)(x, axis=axis))
    attained = astype(equal(x, _spread(largest, x, axis)), x.dtype)
    # Of NaN, which equals no element, every derivative is 0 / 0.
    return attained * _spread(g / reduce_sum(attained, axis), x, axis)


@general(_reduced_extreme, partial(_extreme_rule, "reduce_max"), arguments=_resolve_extreme)
def reduce_max(x: Array, *, axis: Axes) -> Array:
    """Largest element over some axes; NaN if there is one. Ties share the derivative."""
    return np.asarray(np.max(x, axis=axis))


@general(_reduced_extreme, partial(_extreme_rule, "reduce_min"), arguments=_resolve_extreme)
def reduce_min(x: Array, *, axis: Axes) -> Array:
    """Smallest element over some axes; NaN if there is one. Ties share the derivative."""
    return np.asarray(np.min(x, axis=axis))


def _prefix_products(x: Tensor) -> Tensor:
    """Products of all earlier elements along the last axis, in log2(n) doubling passes."""
    n = x.shape[-1]
    lead = tuple((0, extent, 1) for extent in x.shape[:-1])
    result, step = _shifted(x, 1, lead), 1
    while step < n:
        result, step = result * _shifted(result, step, lead), 2 * step
    return result


def _shifted(x: Tensor, by: int, lead: tuple[tuple[int, int, int], ...]) -> Tensor:
    n = x.shape[-1]
    kept = slice_(x, (*lead, (0, builtins.max(0, n - by), 1)))
    first = ones((*x.shape[:-1], builtins.min(by, n)), x.dtype, like=x)
    return concatenate((first, kept), axis=-1)


def _product_of_others(x: Tensor) -> Tensor:
    return _prefix_products(x) * flip(_prefix_products(flip(x, -1)), -1)


def _prod_rule(g: Tensor, out: Tensor, x: Tensor, axis: Axes) -> Tensor:
    # Products of the other elements, so that zeros keep their derivatives.
    kept = [i for i in range(x.ndim) if i not in axis]
    order = (*kept, *axis)
    flat = reshape(x.transpose(order), (*(x.shape[i] for i in kept), -1)) if x.size else x
    if not x.size:
        return x
    others: Tensor = reshape(_product_of_others(flat), tuple(x.shape[i] for i in order))
    inverse = tuple(int(i) for i in np.argsort(order))
    return _spread(g, x, axis) * transpose(others, inverse)


@general(_reduced, _prod_rule)
def reduce_prod(x: Array, *, axis: Axes) -> Array:
    """Product over some axes, which disappear."""
    return np.asarray(np.prod(x, axis=axis, dtype=x.dtype))


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


@linear(
    lambda x, axis: x,
    lambda g, out, x, axis: flip(op.cumulative_sum(flip(g, axis), axis=axis), axis),
)
def cumulative_sum(x: Array, *, axis: int) -> Array:
    """Running sum along an axis."""
    return np.cumsum(x, axis=axis, dtype=x.dtype)


# ---- NumPy's functions


def _finish(x: Tensor, result: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    return restore_axes(result, x.shape, axis) if keepdims else result


@method
def sum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over some axes; by default over all.

    Example:
        >>> import thalweg as tw
        >>> tw.sum(tw.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        tensor([4., 6.])
    """
    if dtype is None and isinstance(x, Tensor) and x.array.dtype.kind == "f":
        tensor = x
    else:
        tensor = integers_widened(x, dtype)
    axes = normalize_axes("sum", axis, len(tensor.array.shape))
    if not axes:
        return op.clone(tensor) if tensor is x else tensor  # type: ignore[no-any-return]
    return _finish(tensor, apply(reduce_sum, (tensor,), {"axis": axes}), axes, keepdims)


@method
def mean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Arithmetic mean over some axes; by default over all. Integers are averaged as float64."""
    tensor = as_floating(x, dtype)
    axes = normalize_axes("mean", axis, tensor.ndim)
    return sum(tensor, axes, keepdims=keepdims) / float(count_over(tensor.shape, axes))


def as_floating(x: Any, dtype: Any) -> Tensor:
    tensor = as_tensor(x)
    if dtype is None and tensor.dtype.kind not in "fc":
        dtype = FLOAT64
    return tensor if dtype is None else astype(tensor, dtype)


def integers_widened(x: Any, dtype: Any) -> Tensor:
    """Return a tensor in a dtype, by default int64 for booleans and integers."""
    tensor = as_tensor(x)
    if dtype is None and tensor.dtype.kind in "bi":
        dtype = INT64
    elif dtype is None and tensor.dtype.kind == "u":
        dtype = np.dtype(np.uint64)
    return tensor if dtype is None else astype(tensor, dtype)


def count_over(shape: Shape, axes: Axes) -> int:
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count


@method
def max(x: Any, axis: Any = None, keepdims: bool = False, *, dim: Any = None, y: Any = None) -> Any:
    """Largest element over some axes; by default over all.

    Called with `dim`, return the values and their positions, as PyTorch does; called with a
    second tensor, the larger of both.
    """
    if dim is not None:
        return op.extreme_along(x, dim, keepdims, index_of_max)
    if y is not None or isinstance(axis, Tensor):
        return op.maximum(x, axis if y is None else y)
    return amax(x, axis, keepdims)


@method
def amax(x: Any, axis: Any = None, keepdims: bool = False, *, dim: Any = None) -> Tensor:
    """Largest element over some axes; by default over all. Ties share the derivative."""
    tensor = as_tensor(x)
    axis = axis if dim is None else (None if dim in ((), []) else dim)
    axes = normalize_axes("max", axis, tensor.ndim)
    return _finish(tensor, reduce_max(tensor, axis=axes), axes, keepdims)


@method
def min(x: Any, axis: Any = None, keepdims: bool = False, *, dim: Any = None, y: Any = None) -> Any:
    """Smallest element over some axes; by default over all.

    Called with `dim`, return the values and their positions, as PyTorch does; called with a
    second tensor, the smaller of both.
    """
    if dim is not None:
        return op.extreme_along(x, dim, keepdims, index_of_min)
    if y is not None or isinstance(axis, Tensor):
        return op.minimum(x, axis if y is None else y)
    return amin(x, axis, keepdims)


@method
def amin(x: Any, axis: Any = None, keepdims: bool = False, *, dim: Any = None) -> Tensor:
    """Smallest element over some axes; by default over all. Ties share the derivative."""
    tensor = as_tensor(x)
    axis = axis if dim is None else (None if dim in ((), []) else dim)
    axes = normalize_axes("min", axis, tensor.ndim)
    return _finish(tensor, reduce_min(tensor, axis=axes), axes, keepdims)


@method
def prod(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Product over some axes; by default over all."""
    tensor = integers_widened(x, dtype)
    axes = normalize_axes("prod", axis, tensor.ndim)
    return _finish(tensor, reduce_prod(tensor, axis=axes), axes, keepdims)


@method
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Tell whether some element over the axes is true."""
    return greater(sum(astype(x, BOOL), axis, keepdims=keepdims), 0)


@method
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Tell whether every element over the axes is true."""
    return equal(sum(logical_not(x), axis, keepdims=keepdims), 0)


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
    return _finish(tensor, primitive(tensor, axis=position), (position,), keepdims)


@method(inplace=True)
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis, or of the flattened tensor."""
    tensor = integers_widened(x, dtype)
    if axis is None:
        return cumulative_sum(reshape(tensor, -1), axis=0)
    if not tensor.ndim and axis in (0, -1):
        return op.clone(tensor)  # type: ignore[no-any-return]
    return cumulative_sum(tensor, axis=normalize_axis("cumsum", axis, tensor.ndim))


@method
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Logarithm of a sum of exponentials, without overflow: ln Σ eˣ.

    Where all of x is -∞, so is the result, and the derivative is taken as 0.
    """
    tensor = as_floating(x, None)
    axes = normalize_axes("logsumexp", axis, tensor.ndim)
    largest = stop_gradient(max(tensor, axes, keepdims=True))
    # A slice of nothing but -inf, or one with +inf, would subtract inf from inf.
    shift = where(absolute(largest) < float("inf"), largest, 0.0)
    total = sum(exp(tensor - shift), axes, keepdims=True)
    nothing = equal(total, 0)
    result = where(nothing, -float("inf"), log(where(nothing, 1, total))) + shift
    return result if keepdims else reshape(result, without(tensor.shape, axes))
