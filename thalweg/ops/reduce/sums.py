"""Reductions: primitives over axes, and NumPy's functions composed of them."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from thalweg.core.apply import apply, is_plain
from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import general, linear
from thalweg.core.program import tracing
from thalweg.core.spec import BOOL, INT64, Array, Axes, Shape, Spec, real_dtype
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.ops.creation.creation import full
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import equal, greater, logical_not, where
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.shape.axes import normalize_axes, normalize_axis, without
from thalweg.ops.shape.broadcast import broadcast_to, reduce_sum
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape, restore_axes
from thalweg.ops.shape.transpose import transpose

__all__ = ["all", "any", "cumsum", "logsumexp", "mean", "prod", "sum"]


def _reduce_spec(x: Spec, axis: Axes) -> Spec:
    return Spec(without(x.shape, axis), x.dtype)


def spread_over(value: Tensor, x: Tensor, axis: Axes) -> Tensor:
    """Repeat what was reduced along the axes that it was reduced over."""
    return broadcast_to(restore_axes(value, x.shape, axis), x.shape)


def moved_on(x: Tensor, axis: int, first: float) -> Tensor:
    """Return each element's predecessor along an axis, and a number in front of the first one."""
    n = x.shape[axis]
    ahead = full(
        (*x.shape[:axis], builtins.min(1, n), *x.shape[axis + 1 :]), first, x.dtype, like=x
    )
    return concatenate((ahead, part_of(x, axis, 0, builtins.max(0, n - 1))), axis=axis)


def _prefix_products(x: Tensor) -> Tensor:
    """Products of all earlier elements along the last axis."""
    last = x.ndim - 1
    return moved_on(cumulative_product(x, axis=last), last, 1)


def _product_of_others(x: Tensor) -> Tensor:
    return _prefix_products(x) * flip(_prefix_products(flip(x, -1)), -1)


def _prod_rule(g: Tensor, out: Tensor, x: Tensor, axis: Axes) -> Tensor:
    if not x.size:
        return x
    # Products of the other elements, so that zeros keep their derivatives.
    kept = [i for i in range(x.ndim) if i not in axis]
    order = (*kept, *axis)
    flat = reshape(transpose(x, order), (*(x.shape[i] for i in kept), -1))
    others = reshape(_product_of_others(flat), tuple(x.shape[i] for i in order))
    inverse = tuple(int(i) for i in np.argsort(order))
    return spread_over(g, x, axis) * transpose(others, inverse)


@general(_reduce_spec, _prod_rule, order="K", role="reduction")
def reduce_prod(x: Array, *, axis: Axes) -> Array:
    """Product over some axes, which disappear."""
    return np.asarray(np.prod(x, axis=axis, dtype=x.dtype))


@linear(
    lambda x, axis: x,
    lambda g, out, x, axis: flip(op.cumulative_sum(flip(g, axis), axis=axis), axis),
    role="scan",
)
def cumulative_sum(x: Array, *, axis: int) -> Array:
    """Running sum along an axis."""
    return np.cumsum(x, axis=axis, dtype=x.dtype)


def _recurrence_backwards(a: Tensor, g: Tensor, axis: int) -> Tensor:
    """Return λᵢ = gᵢ + aᵢ₊₁ λᵢ₊₁ along an axis, beginning with the last g."""
    factors = moved_on(flip(a, axis), axis, 0)
    return flip(recurrence(factors, flip(g, axis), axis=axis), axis)


def _recurrence_forward(moving: Any, out: Tensor, a: Tensor, b: Tensor, axis: int) -> Tensor:
    by_factor, by_term = moving
    if by_factor is not None:
        by_factor = by_factor * moved_on(out, axis, 0)
        by_term = by_factor if by_term is None else by_factor + by_term
    return recurrence(a, by_term, axis=axis)


@general(
    lambda a, b, axis: b,
    lambda g, out, a, b, axis: _recurrence_backwards(a, g, axis) * moved_on(out, axis, 0),
    lambda g, out, a, b, axis: _recurrence_backwards(a, g, axis),
    forward=_recurrence_forward,
    role="scan",
)
def recurrence(a: Array, b: Array, *, axis: int) -> Array:
    """Linear recurrence along an axis, xᵢ = aᵢ xᵢ₋₁ + bᵢ, of which the first is b₀."""
    found = np.array(b)
    rows, factors = np.moveaxis(found, axis, 0), np.moveaxis(a, axis, 0)
    for i in range(1, len(rows)):
        rows[i] += factors[i] * rows[i - 1]
    return found


@general(
    lambda x, axis: x,
    # The product of all before, and the sum of what is multiplied on: zeros keep derivatives.
    lambda g, out, x, axis: moved_on(out, axis, 1) * _recurrence_backwards(x, g, axis),
    forward=lambda moving, out, x, axis: recurrence(
        x, moving[0] * moved_on(out, axis, 1), axis=axis
    ),
    role="scan",
)
def cumulative_product(x: Array, *, axis: int) -> Array:
    """Running product along an axis."""
    return np.cumprod(x, axis=axis, dtype=x.dtype)


# ---- NumPy's functions


def finish(x: Tensor, result: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    """Return a reduction's result, its axes put back if they are to be kept."""
    return restore_axes(result, x.shape, axis) if keepdims else result


def chosen(x: Any, mask: Any, otherwise: Any) -> Any:
    """Return what a reduction takes where a mask, broadcast, does not hold."""
    return x if mask is None else where(astype(mask, BOOL), x, otherwise)


def _started(found: Tensor, combine: Any, initial: Any) -> Tensor:
    return found if initial is None else combine(found, astype(initial, found.dtype))


@method
def sum(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    """Sum over some axes; by default over all.

    Args:
        x: A tensor.
        axis: An axis, several, or None for all.
        dtype: What to sum in; by default int64 or uint64 for integers.
        keepdims: Whether reduced axes stay, with extent 1.
        initial: What to begin with.
        where: A mask, broadcast, of the elements that take part.

    Example:
        >>> import thalweg as tw
        >>> tw.sum(tw.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        tensor([4., 6.])
    """
    if where is not None or initial is not None:
        found = sum(chosen(x, where, 0), axis, dtype, keepdims)
        return _started(found, op.add, initial)
    if dtype is None and isinstance(x, Tensor) and x.array.dtype.kind == "f":
        tensor = x
    else:
        tensor = integers_widened(x, dtype)
    axes = normalize_axes("sum", axis, len(tensor.array.shape))
    if not axes:
        return op.clone(tensor) if tensor is x else tensor
    if tensor is x and not keepdims and is_plain(tensor):
        # What `apply` comes to where nobody follows the tensor.
        total = np.asarray(tracing.run(reduce_sum.meaning, tensor.array, axis=axes))
        return make(total, None, tensor.weak, tensor.results)
    return finish(tensor, apply(reduce_sum, (tensor,), {"axis": axes}), axes, keepdims)


@method
def mean(
    x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, where: Any = None
) -> Tensor:
    """Arithmetic mean over some axes; by default over all. Integers are averaged as float64.

    Only elements take part where the mask `where`, broadcast, holds.
    """
    tensor = as_floating(x, dtype)
    axes = normalize_axes("mean", axis, tensor.ndim)
    if where is not None:
        total = sum(tensor, axes, keepdims=keepdims, where=where)
        return total / counted_where(where, tensor, axes, keepdims)
    return sum(tensor, axes, keepdims=keepdims) / float(count_over(tensor.shape, axes))


def counted_where(mask: Any, x: Tensor, axes: Axes, keepdims: bool = False) -> Tensor:
    """Return how many elements take part, in the real dtype of what they are divided by."""
    held = broadcast_to(astype(mask, BOOL), x.shape)
    return sum(astype(held, real_dtype(x.dtype)), axes, keepdims=keepdims)


def integers_widened(x: Any, dtype: Any) -> Tensor:
    """Return a tensor in a dtype, by default int64 for booleans and integers."""
    tensor = as_tensor(x)
    if dtype is None and tensor.dtype.kind in "bi":
        dtype = INT64
    elif dtype is None and tensor.dtype.kind == "u":
        dtype = np.dtype(np.uint64)
    return tensor if dtype is None else astype(tensor, dtype)


def count_over(shape: Shape, axes: Axes) -> int:
    """Return how many elements are reduced to one."""
    return math.prod(shape[axis] for axis in axes)


@method
def prod(
    x: Any,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
    *,
    initial: Any = None,
    where: Any = None,
) -> Tensor:
    """Product over some axes; by default over all. Arguments as `sum`'s."""
    if where is not None or initial is not None:
        found = prod(chosen(x, where, 1), axis, dtype, keepdims)
        return _started(found, op.multiply, initial)
    tensor = integers_widened(x, dtype)
    axes = normalize_axes("prod", axis, tensor.ndim)
    return finish(tensor, reduce_prod(tensor, axis=axes), axes, keepdims)


@method
def any(x: Any, axis: Any = None, keepdims: bool = False, *, where: Any = None) -> Tensor:
    """Tell whether some element over the axes is true, of those where a mask holds."""
    return greater(sum(astype(x, BOOL), axis, keepdims=keepdims, where=where), 0)


@method
def all(x: Any, axis: Any = None, keepdims: bool = False, *, where: Any = None) -> Tensor:
    """Tell whether every element over the axes is true, of those where a mask holds."""
    return equal(sum(logical_not(x), axis, keepdims=keepdims, where=where), 0)


@method
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis, or of the flattened tensor."""
    tensor = integers_widened(x, dtype)
    if axis is None:
        return cumulative_sum(reshape(tensor, -1), axis=0)
    if not tensor.ndim and axis in (0, -1):
        return op.clone(tensor)
    return cumulative_sum(tensor, axis=normalize_axis("cumsum", axis, tensor.ndim))


@operation
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Logarithm of a sum of exponentials, without overflow: ln Σ eˣ.

    Where all of x is -∞, so is the result, and the derivative is taken as 0.
    """
    tensor = as_floating(x, None)
    axes = normalize_axes("logsumexp", axis, tensor.ndim)
    largest = stop_gradient(op.amax(tensor, axes, keepdims=True))
    shift = finite(largest)
    result = log_of_sum(sum(exp(tensor - shift), axes, keepdims=True)) + shift
    return result if keepdims else reshape(result, without(tensor.shape, axes))


def finite(largest: Tensor) -> Tensor:
    """Return what exponents are lessened by: 0 for an infinity, which less itself would be NaN."""
    return where(absolute(largest) < math.inf, largest, 0.0)


def log_of_sum(total: Tensor) -> Tensor:
    """Return ln x, and -∞ where x is 0, with a derivative of 0."""
    nothing = equal(total, 0)
    return where(nothing, -math.inf, log(where(nothing, 1.0, total)))
