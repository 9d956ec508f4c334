"""Mean 0 and variance 1, of channels over a batch or of examples over features; derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.engines.composed import by_rows
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.reduce.sums import mean

# What is kept: the normalized values, what they were multiplied by, the means and the variances.
Kept = tuple[Array, Array, Array, Array]


def _normalized(rows: Array, axes: tuple[int, ...], count: int, eps: float) -> Kept:
    """Return rows with mean 0 and variance 1 over axes, and what made them so."""
    middle = _total(rows, axes)
    middle /= count
    values = rows - middle
    variance = _total(values * values, axes)
    variance /= count
    factor = 1 / np.sqrt(variance + eps)
    values *= factor
    return values, factor, middle, variance


def _total(rows: Array, axes: tuple[int, ...]) -> Array:
    """Return sums over axes, which stay."""
    for axis in reversed(axes):
        rows = np.add.reduce(rows, axis, keepdims=True)
    return rows


def _pulled(
    g: Array, values: Array, factor: Array, axes: tuple[int, ...], count: int
) -> tuple[Array, Array, Array]:
    """Return the cotangent of rows, and sums: of that of the values, and of it times values."""
    along = g * values
    plain, weighted = _total(g, axes), _total(along, axes)
    np.multiply(values, weighted, out=along)
    along += plain
    along /= -count
    along += g
    along *= factor
    return along, plain, weighted


# ---- over the examples of a batch


def _by_channel(x: Any) -> tuple[Array, tuple[int, ...], tuple[int, ...]]:
    """Return (N, C) or (N, C, places), the axes of all but channels, and the shape of channels'."""
    if len(x.shape) == 2:
        return x, (0,), (-1,)
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:])), (0, 2), (-1, 1)


def by_batch(
    x: Array, weight: Array | None, bias: Array | None, *, eps: float
) -> tuple[Array, Kept]:
    """Return x of (N, channels, …) normalized, times a weight, plus a bias."""
    rows, axes, shape = _by_channel(x)
    kept = _normalized(rows, axes, x.size // x.shape[1], eps)
    found = kept[0] * (1 if weight is None else weight.reshape(shape))
    if bias is not None:
        found += bias.reshape(shape)
    return found.reshape(x.shape), kept


def by_batch_back(
    g: Array, out: Any, kept: Kept, wanted: Sequence[bool], x: Any, weight: Any, bias: Any, *,
    eps: float,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Return the cotangents of the input, the weight and the bias."""
    rows, axes, shape = _by_channel(g)
    values, factor, *_ = kept
    if weight is not None and wanted[0]:
        factor = factor * weight.reshape(shape)
    moving, plain, weighted = _pulled(rows, values, factor, axes, g.size // g.shape[1])
    return moving.reshape(g.shape), weighted.reshape(-1), plain.reshape(-1)


# ---- over the features of one example


def by_features(
    x: Array, weight: Array | None, bias: Array | None, *, axes: tuple[int, ...], eps: float
) -> tuple[Array, Kept]:
    """Return x normalized over its last axes, times a weight, plus a bias."""
    count = math.prod(x.shape[axes[0] :])
    rows = x.reshape(x.size // count, count)
    kept = _normalized(rows, (1,), count, eps) if x.size < _MANY else _by_loop(rows, eps)
    return _moved(kept[0], weight, bias, np.empty_like(kept[0])).reshape(x.shape), kept


def by_features_alone(
    x: Array, weight: Array | None, bias: Array | None, *, axes: tuple[int, ...], eps: float
) -> Array:
    """Return the same without what its derivative needs."""
    count = math.prod(x.shape[axes[0] :])
    rows = x.reshape(x.size // count, count)
    values = _normalized(rows, (1,), count, eps)[0] if x.size < _MANY else _values(rows, eps)
    return _moved(values, weight, bias, values).reshape(x.shape)


def _moved(values: Array, weight: Array | None, bias: Array | None, out: Array) -> Array:
    """Return values times a weight, plus a bias."""
    if weight is not None:
        np.multiply(values, weight.reshape(-1), out=out)
    elif out is not values:
        out[...] = values
    if bias is not None:
        out += bias.reshape(-1)
    return out


# From so many elements on machine code normalizes rows.
_MANY = 1 << 16


def _by_loop(rows: Array, eps: float) -> Kept:
    variance = by_rows(_spread, np.ascontiguousarray(rows))
    return _values(rows, eps), 1 / np.sqrt(variance + eps), variance, variance


def _values(rows: Array, eps: float) -> Array:
    return by_rows(_standard, np.ascontiguousarray(rows), eps=eps)


def _spread(x: Tensor) -> Tensor:
    return mean(square(x - mean(x, -1, keepdims=True)), -1, keepdims=True)


def _standard(x: Tensor, eps: float) -> Tensor:
    centred = x - mean(x, -1, keepdims=True)
    return centred / sqrt(mean(square(centred), -1, keepdims=True) + eps)


def by_features_back(
    g: Array, out: Any, kept: Kept, wanted: Sequence[bool], x: Any, weight: Any, bias: Any, *,
    axes: tuple[int, ...], eps: float,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Return the cotangents of the input, the weight and the bias."""
    count = math.prod(g.shape[axes[0] :])
    rows, (values, factor, *_) = g.reshape(g.size // count, count), kept
    of_x = of_weight = of_bias = None
    if wanted[0]:
        scaled = rows if weight is None else rows * weight.reshape(-1)
        of_x = _pulled(scaled, values, factor, (1,), count)[0].reshape(g.shape)
    if wanted[1]:
        of_weight = np.add.reduce(rows * values, 0).reshape(weight.shape)
    if wanted[2]:
        of_bias = np.add.reduce(rows, 0).reshape(bias.shape)
    return of_x, of_weight, of_bias
