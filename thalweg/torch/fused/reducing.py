"""Reductions along axes, with derivatives that need no more than operand and result.

A form declines where a quotient is none: of lengths, deviations and products that are 0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.reduce import statistics
from thalweg.ops.reduce.extremes import amax, amin
from thalweg.ops.reduce.scans import cumprod
from thalweg.ops.reduce.sums import cumsum, prod
from thalweg.ops.special import activations
from thalweg.ops.special.scipy import logsumexp

Axis = int | tuple[int, ...] | None


def _with_axes(reduced: Any, x: Any, axis: Axis) -> Array:
    """Return what was reduced with the axes that it lost."""
    array: Array = np.asarray(reduced)
    if array.ndim == x.ndim:
        return array
    if axis is None:
        return array.reshape((1,) * x.ndim)
    return np.expand_dims(array, axis)


def _are_quotients(out: Array) -> bool:
    """Tell whether numbers can be divided by, and are no rounded remains of smaller ones."""
    size = np.abs(out)
    least, most = np.minimum.reduce(size, None), np.maximum.reduce(size, None)
    return bool(least > np.finfo(out.dtype).tiny * _MARGIN and most < np.inf)


_MARGIN = 1 << 24

# ---- extremes and the middle: the cotangent is shared evenly among those that are equal to it


def evenly_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: Axis, keepdims: bool
) -> Any:
    """Return the cotangent of numbers of which some are the result; of NaN it has no form."""
    found = _with_axes(out, x, axis)
    same = np.equal(np.asarray(x), found)
    counts = np.add.reduce(same, axis, np.intp, keepdims=True)
    if not np.minimum.reduce(counts, None):
        return NotImplemented
    share = _with_axes(g, x, axis) / counts.astype(g.dtype)
    return (np.where(same, share, g.dtype.type(0)),)


def _extreme(ufunc: Any) -> Callable[..., tuple[Array, None]]:
    def extreme(x: Array, *, axis: Axis, keepdims: bool) -> tuple[Array, None]:
        return np.asarray(ufunc.reduce(x, axis, None, None, keepdims)), None

    return extreme


def _by_operations(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, *, axis, keepdims: function(x, axis, keepdims)


EXTREMES = {
    name: Fused(step, _extreme(ufunc), evenly_back, _by_operations(function))
    for name, step, ufunc, function in (
        ("amax", "AmaxBackward0", np.maximum, amax),
        ("amin", "AminBackward0", np.minimum, amin),
        ("max", "MaxBackward1", np.maximum, amax),
        ("min", "MinBackward1", np.minimum, amin),
    )
}

# ---- variances, deviations, lengths


def _as_alone(x: Array, *, alone: Callable[..., Array], **options: Any) -> tuple[Array, None]:
    """Return what `alone` computes: the result, as it is where nobody records."""
    return alone(x, **options), None


def _spread_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: Axis, keepdims: bool,
    correction: int, alone: Any,
) -> Any:  # fmt: skip
    count = x.size // g.size - correction
    rows = np.asarray(x)
    found = rows - np.add.reduce(rows, axis, keepdims=True) / rows.dtype.type(x.size // g.size)
    found *= _with_axes(g, x, axis) * rows.dtype.type(2 / count)
    return (found,)


def _deviation_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, **options: Any
) -> Any:
    if not _are_quotients(deviations := np.asarray(out)):
        return NotImplemented
    return _spread_back(g / (2 * deviations), out, kept, wanted, x, **options)


def _variances(x: Tensor, *, axis: Axis, keepdims: bool, correction: int, alone: Any) -> Tensor:
    return statistics.var(x, axis, correction=correction, keepdims=keepdims)


def _deviations(x: Tensor, **options: Any) -> Tensor:
    return statistics.root(_variances(x, **options))


SPREADS = {
    "var": Fused("VarBackward0", _as_alone, _spread_back, _variances),
    "std": Fused("StdBackward0", _as_alone, _deviation_back, _deviations),
}


def _length_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: Axis, keepdims: bool,
    alone: Any,
) -> Any:  # fmt: skip
    if not _are_quotients(lengths := np.asarray(out)):
        return NotImplemented
    return (np.asarray(x) * _with_axes(g / lengths, x, axis),)


def _lengths(x: Tensor, *, axis: Axis, keepdims: bool, alone: Any) -> Tensor:
    return norm_of_vectors(x, 2, axis, keepdims)


LENGTHS = Fused("LinalgVectorNormBackward0", _as_alone, _length_back, _lengths)

# ---- products


def _product_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: int | None,
    keepdims: bool, alone: Any,
) -> Any:  # fmt: skip
    products = np.asarray(out)
    if not _are_quotients(products):
        return NotImplemented
    return (_with_axes(g * products, x, axis) / np.asarray(x),)


def _products(x: Tensor, *, axis: int | None, keepdims: bool, alone: Any) -> Tensor:
    return prod(x, axis, keepdims=keepdims)


PRODUCTS = {
    along: Fused(f"ProdBackward{int(along)}", _as_alone, _product_back, _products)
    for along in (False, True)
}

# ---- sums and products so far


def _summed_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: int, alone: Any
) -> tuple[Array]:
    """Return the sums of what comes from each place on."""
    found = np.empty(g.shape, g.dtype)
    np.add.accumulate(np.flip(g, axis), axis, out=np.flip(found, axis))
    return (found,)


def _multiplied_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: int, alone: Any
) -> Any:
    products = np.asarray(out)
    if not _are_quotients(products):
        return NotImplemented
    (found,) = _summed_back(g * products, out, kept, wanted, x, axis=axis, alone=alone)
    found /= np.asarray(x)
    return (found,)


SO_FAR = {
    "cumsum": Fused(
        "CumsumBackward0", _as_alone, _summed_back, lambda x, *, axis, alone: cumsum(x, axis)
    ),
    "cumprod": Fused(
        "CumprodBackward0", _as_alone, _multiplied_back, lambda x, *, axis, alone: cumprod(x, axis)
    ),
}

# ---- softmaxes along another axis than the last


def _along(function: Callable[..., Tensor], x: Tensor, *, axis: int, alone: Any) -> Tensor:
    return function(x, axis)


def _softmax_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: int, alone: Any
) -> tuple[Array]:
    shares = np.asarray(out)
    found = g * shares
    found -= shares * np.add.reduce(found, axis, keepdims=True)
    return (found,)


def _log_softmax_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: int, alone: Any
) -> tuple[Array]:
    found = np.exp(np.asarray(out))
    found *= np.add.reduce(g, axis, keepdims=True)
    return (np.subtract(g, found, out=found),)


def _logsumexp_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, axis: int, alone: Any
) -> Any:
    totals = np.asarray(out)
    if not np.isfinite(totals).all():
        return NotImplemented
    found = np.exp(np.asarray(x) - np.expand_dims(totals, axis))
    found *= np.expand_dims(g, axis)
    return (found,)


SOFTMAXES = {
    name: Fused(step, _as_alone, back, functools.partial(_along, function))
    for name, step, back, function in (
        ("softmax", "SoftmaxBackward0", _softmax_back, activations.softmax),
        ("log_softmax", "LogSoftmaxBackward0", _log_softmax_back, activations.log_softmax),
        ("logsumexp", "LogsumexpBackward0", _logsumexp_back, logsumexp),
    )
}
