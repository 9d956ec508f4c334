"""Sums, means and extremes; what is computed of rows in one native loop."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.engines.composed import by_rows, composed
from thalweg.engines.eager import rows
from thalweg.engines.eager.loops import loop
from thalweg.ops.special import activations
from thalweg.ops.special.scipy import logsumexp
from thalweg.torch.functions.short.road import (
    Array,
    axis_in,
    followed,
    is_recorded,
    known,
    new,
    require,
    short_road,
)
from thalweg.torch.fused.picking import picking
from thalweg.torch.fused.reducing import EXTREMES, LENGTHS, PRODUCTS, SO_FAR, SOFTMAXES, SPREADS
from thalweg.torch.return_types import named_result


def _axis(dim: Any, ndim: int) -> Any:
    if dim is None:
        return None
    if dim.__class__ is tuple or dim.__class__ is list:
        require(len(dim) > 0)
        return tuple([axis_in(one, ndim) for one in dim])
    return axis_in(dim, ndim)


def _floats(x: Any, may_be_recorded: bool = False) -> Array:
    array = followed(x) if may_be_recorded else known(x)
    require(array.dtype.char in "fd" and array.size > 0)
    return array


_add: Any = np.add.reduce


def _reduced(name: str, ufunc: Any) -> Callable[..., Tensor]:
    @short_road(name)
    def reduced(x: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
        array = _floats(x, True)
        if is_recorded(x):
            axis = _axis(dim, array.ndim)
            return EXTREMES[name](x, axis=axis, keepdims=bool(keepdim))
        return new(tracing.quiet(ufunc.reduce, array, _axis(dim, array.ndim), None, None, keepdim))

    return reduced


_reduced("amax", np.maximum)
_reduced("amin", np.minimum)


# From so many elements on machine code sums rows of so many, and NumPy those sums.
_MANY, _ROW = 1 << 16, 1 << 10


def total(array: Array, axis: Any = None, keepdim: Any = False) -> Array:
    """Return a sum."""
    if axis is None and array.size >= _MANY and not keepdim and array.flags.c_contiguous:
        flat = array.reshape(-1)
        rows = flat.size // _ROW
        head = new(flat[: rows * _ROW].reshape(rows, _ROW))
        sums = composed(op.sum, head, axes=1, axis=-1).array
        rest = tracing.quiet(np.add.reduce, flat[rows * _ROW :])
        return np.asarray(tracing.quiet(np.add.reduce, sums) + rest)
    return np.asarray(tracing.quiet(np.add.reduce, array, axis, None, None, keepdim))


@short_road("sum")
def _sum(x: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
    array = _floats(x)
    return new(total(array, _axis(dim, array.ndim), keepdim))


def _mean(array: Array, axis: Any, keepdim: bool) -> Array:
    total: Any = _add(array, axis, None, None, keepdim)
    return np.asarray(total / total.dtype.type(array.size // max(1, total.size)))


@short_road("mean")
def _mean_of(x: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
    array = _floats(x)
    found = total(array, _axis(dim, array.ndim), keepdim)
    return new(found / found.dtype.type(array.size // max(1, found.size)))


def _variance(array: Array, axis: Any, keepdim: bool, correction: int) -> Array:
    away = array - _mean(array, axis, True)
    np.multiply(away, away, away)
    total: Any = _add(away, axis, None, None, keepdim)
    return np.asarray(total / total.dtype.type(array.size // total.size - correction))


def _root_of_variance(array: Array, axis: Any, keepdim: bool, correction: int) -> Array:
    return np.asarray(np.sqrt(_variance(array, axis, keepdim, correction)))


def _count(shape: tuple[int, ...], axis: Any) -> int:
    """Return how many numbers lie along an axis or several."""
    return shape[axis] if axis.__class__ is int else math.prod([shape[each] for each in axis])


# So many numbers a loop takes one by one.
_FEW = 1 << 11


def _by_loop(run: Any, array: Array, axis: Any, keepdim: bool) -> Any:
    if axis is None:
        found = run(array.reshape(-1))
        return found.reshape((1,) * array.ndim) if keepdim else found
    return run(array, axis=axis, keepdims=keepdim)


def _spread(name: str, meaning: Callable[..., Array]) -> Callable[..., Tensor]:
    @short_road(name)
    def spread(
        x: Any, dim: Any = None, *, correction: Any = 1, keepdim: Any = False, unbiased: Any = True
    ) -> Tensor:
        array = _floats(x, True)
        if unbiased is not True:
            require(unbiased is False and correction == 1)
            correction = 0
        require(dim.__class__ is not bool and correction.__class__ is int)
        axis = _axis(dim, array.ndim)
        count = array.size if axis is None else _count(array.shape, axis)
        require(count > correction)
        if is_recorded(x):
            options = {"axis": axis, "keepdims": bool(keepdim), "correction": correction}
            return SPREADS[name](x, alone=found, **options)
        return new(tracing.quiet(found, array, axis, keepdim, correction))

    def found(array: Array, axis: Any, keepdims: bool, correction: int) -> Array:
        if array.size <= _FEW and axis.__class__ is not tuple:
            run = loop("products.spread", array.dtype.char, name == "std", correction)
            return np.asarray(_by_loop(run, array, axis, bool(keepdims)))
        return meaning(array, axis, keepdims, correction)

    return spread


_variance_of = _spread("var", _variance)
_deviation_of = _spread("std", _root_of_variance)


def _spread_and_mean(name: str, spread: Callable[..., Tensor]) -> None:
    @short_road(f"{name}_mean")
    def both(x: Any, dim: Any = None, *, keepdim: Any = False) -> Any:
        return spread(x, dim, keepdim=keepdim), _mean_of(x, dim, keepdim)


_spread_and_mean("var", _variance_of)
_spread_and_mean("std", _deviation_of)


@short_road("nansum")
def _sum_of_numbers(x: Any) -> Tensor:
    array = _floats(x)
    found = total(array)
    return new(found if found == found else total(np.where(np.isnan(array), 0, array)))


@short_road("diff")
def _differences(x: Any) -> Tensor:
    array = _floats(x)
    require(array.ndim > 0 and array.shape[-1] > 1)
    return new(tracing.quiet(np.subtract, array[..., 1:], array[..., :-1]))


# So many products run side by side.
_LANES = 256


@short_road("prod")
def _product(x: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
    array = _floats(x, True)
    axis = None if dim is None else axis_in(dim, array.ndim)
    if is_recorded(x):
        along = axis is not None
        return PRODUCTS[along](x, axis=axis, keepdims=along and bool(keepdim), alone=_products)
    return new(tracing.quiet(_products, array, axis, keepdim))


def _products(array: Array, axis: Any, keepdims: Any) -> Array:
    if axis is not None:
        return np.asarray(np.multiply.reduce(array, axis, keepdims=keepdims))
    flat = array.reshape(-1)
    rows = flat.size // _LANES
    if rows < 4:
        return np.asarray(np.multiply.reduce(flat))
    lanes = np.multiply.reduce(flat[: rows * _LANES].reshape(rows, _LANES), 0)
    return np.asarray(np.multiply.reduce(lanes) * np.multiply.reduce(flat[rows * _LANES :]))


# ---- extremes and their positions


def _extreme(name: str, ufunc: Any, position: str) -> None:
    pair, step = named_result(name, "values", "indices"), picking(name.capitalize())

    @short_road(name)
    def extreme(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
        array = _floats(x, True)
        if dim is None:
            if is_recorded(x):
                return EXTREMES[name](x, axis=None, keepdims=False)
            return new(ufunc.reduce(array, None))
        axis = axis_in(dim, array.ndim)
        index = getattr(array, position)(axis, keepdims=bool(keepdim))
        if is_recorded(x):
            places = new(index)
            return pair(step(x, places, axis=axis, apart=True), places)
        return pair(new(ufunc.reduce(array, axis, None, None, keepdim)), new(index))

    @short_road(position)
    def place(x: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
        array = _floats(x)
        axis = None if dim is None else axis_in(dim, array.ndim)
        return new(getattr(array, position)(axis, keepdims=bool(keepdim)))


_extreme("max", np.maximum, "argmax")
_extreme("min", np.minimum, "argmin")


def _truth(name: str) -> None:
    @short_road(name)
    def truth(x: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
        array = known(x)
        require(array.dtype.kind == "b")
        axis = None if dim is None else axis_in(dim, array.ndim)
        return new(getattr(array, name)(axis, keepdims=bool(keepdim)))


@short_road("count_nonzero")
def _count_nonzero(x: Any) -> Tensor:
    return new(np.asarray(np.count_nonzero(known(x)), np.int64))


@short_road("equal")
def _equal(x: Any, other: Any) -> Any:
    a, b = known(x), known(other)
    require(a.dtype == b.dtype)
    return a.shape == b.shape and bool((a == b).all())


_truth("any")
_truth("all")


def _accumulated(name: str, ufunc: Any, loop: str) -> None:
    @short_road(name)
    def accumulated(x: Any, dim: Any) -> Tensor:
        array = _floats(x, True)
        axis = axis_in(dim, array.ndim)
        if is_recorded(x):
            return SO_FAR[name](x, axis=axis, alone=so_far)
        return new(tracing.quiet(so_far, array, axis))

    def so_far(array: Array, axis: int) -> Array:
        found = rows.accumulated(loop, array) if axis == array.ndim - 1 else None
        return np.asarray(ufunc.accumulate(array, axis)) if found is None else found


_accumulated("cumsum", np.add, "summed")
_accumulated("cumprod", np.multiply, "multiplied")

# ---- lengths

_BLOCK = 4096


def _squares(flat: Array) -> Any:
    """Return the sum of squares, by blocks so that errors stay small."""
    blocks = flat.size // _BLOCK
    if not blocks:
        return np.dot(flat, flat)
    head = flat[: blocks * _BLOCK].reshape(blocks, _BLOCK)
    tail = flat[blocks * _BLOCK :]
    return np.add.reduce(np.matmul(head[:, None], head[:, :, None]), None) + np.dot(tail, tail)


def length(array: Array) -> Array:
    """Return the Euclidean length of all elements.

    Raises:
        LongRoadError: If squares leave the range of the dtype.
    """
    found: Array = tracing.quiet(_length, array)
    return found


def _length(array: Array) -> Array:
    total = _squares(array.reshape(-1))
    require(1e-30 < total < 1e30)
    return np.asarray(np.sqrt(total))


@short_road("norm")
def _norm(x: Any, p: Any = 2, dim: Any = None, keepdim: Any = False) -> Tensor:
    require(p.__class__ in (int, float, str) and (p == 2 or p == "fro"))
    array = _floats(x, True)
    if is_recorded(x):
        axis = None if dim is None else axis_in(dim, array.ndim)
        return LENGTHS(x, axis=axis, keepdims=bool(keepdim), alone=_lengths_of)
    if dim is None:
        return whole_length(x)
    return new(tracing.quiet(_lengths, array, axis_in(dim, array.ndim), keepdim))


def _lengths_of(array: Array, axis: Any, keepdims: Any) -> Array:
    if axis is None:
        found = _length(array)
        return found.reshape((1,) * array.ndim) if keepdims else found
    return _lengths(array, axis, keepdims)


def whole_length(x: Any) -> Tensor:
    """Return the Euclidean length of all elements."""
    return new(length(_floats(x)))


def _lengths(array: Array, axis: int, keepdim: Any) -> Array:
    """Return Euclidean lengths along an axis."""
    totals: Any = _add(np.multiply(array, array), axis, None, None, keepdim)
    require(np.minimum.reduce(totals, None) > 1e-30 and np.maximum.reduce(totals, None) < 1e30)
    return np.asarray(np.sqrt(totals))


@short_road("dist")
def _distance(x: Any, other: Any) -> Tensor:
    a, b = _floats(x), _floats(other)
    require(a.dtype == b.dtype and a.shape == b.shape)
    return new(length(tracing.quiet(np.subtract, a, b)))


# ---- of rows


@functools.cache
def _turns(rank: int, axis: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the order of axes in which one is the last, and the order that undoes that."""
    rest = [i for i in range(rank) if i != axis]
    return (*rest, axis), (*range(axis), rank - 1, *range(axis, rank - 1))


def _of_rows(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @short_road(name)
    def of_rows(input: Any, dim: Any) -> Tensor:
        x, array = input, input.array
        require(array.__class__ is np.ndarray and array.dtype.char in "fd" and array.size > 0)
        axis = axis_in(dim, array.ndim)
        if axis == array.ndim - 1:
            return composed(function, x, axes=axis, axis=-1)
        if is_recorded(x):
            followed(x)
            return SOFTMAXES[name](x, axis=axis, alone=turned)
        return new(tracing.quiet(turned, known(x), axis))

    def turned(array: Array, axis: int) -> Array:
        there, back = _turns(array.ndim, axis)
        lying = np.ascontiguousarray(array.transpose(there))
        found = by_rows(function, lying, axes=array.ndim - 1, axis=-1)
        return found if found.ndim < array.ndim else np.ascontiguousarray(found.transpose(back))

    return of_rows


softmax_of_rows = _of_rows("softmax", activations.softmax)
log_softmax_of_rows = _of_rows("log_softmax", activations.log_softmax)
_of_rows("logsumexp", logsumexp)
