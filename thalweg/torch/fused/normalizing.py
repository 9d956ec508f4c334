"""Mean 0 and variance 1, of channels over a batch or of examples over features; derivatives."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import FLOAT64, Array
from thalweg.engines.eager.loops import loop

# What is kept: the normalized values, what they were multiplied by, the means and the variances.
Kept = tuple[Array, Array, Array, Array]


def _normalized(rows: Array, eps: float) -> Kept:
    """Return columns with mean 0 and variance 1, and what made them so."""
    count = len(rows)
    middle = _total(rows, (0,))
    middle /= count
    values = rows - middle
    variance = _total(values * values, (0,))
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
    if x.ndim == 2 and x.size > _FEW:
        return _by_column(x, weight, bias, eps)
    shape, dtype = x.shape, x.dtype
    channels = shape[1]
    whole = x if x.flags.c_contiguous else np.ascontiguousarray(x)
    found, values, factor, middle, variance = loop("normalizing.of_channels", dtype.char)(
        whole.reshape(shape[0], channels, -1),
        _same(1.0, dtype, channels) if weight is None else weight.reshape(-1),
        _same(0.0, dtype, channels) if bias is None else bias.reshape(-1),
        _same(eps, FLOAT64),
    )
    if len(shape) == 2:
        kept = values.reshape(shape), factor, middle, variance
    else:
        kept = values, factor[:, None], middle, variance
    return found.reshape(shape), kept


# Of more numbers the columns of a matrix are too far from each other to be read one by one.
_FEW = 1 << 13


def _by_column(
    x: Array, weight: Array | None, bias: Array | None, eps: float
) -> tuple[Array, Kept]:
    kept = _normalized(x, eps)
    found = kept[0] * (1 if weight is None else weight.reshape(-1))
    if bias is not None:
        found += bias.reshape(-1)
    return found, kept


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
    found, values, factor = _over_features(x, weight, bias, axes, eps, True)
    return found.reshape(x.shape), (values, factor[:, None], factor, factor)


def by_features_alone(
    x: Array, weight: Array | None, bias: Array | None, *, axes: tuple[int, ...], eps: float
) -> Array:
    """Return the same without what its derivative needs."""
    found: Array = _over_features(x, weight, bias, axes, eps, False)
    return found.reshape(x.shape)


def rows_normalized(rows: Array, eps: float) -> Array:
    """Return contiguous rows with mean 0 and variance 1."""
    count, dtype = rows.shape[1], rows.dtype
    ones, zeros = _same(1.0, dtype, count), _same(0.0, dtype, count)
    found: Array = loop("normalizing.of_rows", dtype.char, False)(
        rows, ones, zeros, _same(eps, FLOAT64)
    )
    return found


def _over_features(
    x: Array,
    weight: Array | None,
    bias: Array | None,
    axes: tuple[int, ...],
    eps: float,
    kept: bool,
) -> Any:
    count = math.prod(x.shape[axes[0] :])
    return loop("normalizing.of_rows", x.dtype.char, kept)(
        np.ascontiguousarray(x).reshape(x.size // count, count),
        _same(1.0, x.dtype, count) if weight is None else np.ascontiguousarray(weight).reshape(-1),
        _same(0.0, x.dtype, count) if bias is None else np.ascontiguousarray(bias).reshape(-1),
        _same(eps, FLOAT64),
    )


def moved_towards(running: Array, current: Array, factor: float, momentum: float) -> Array:
    """Return (1 - m) r + m f s of running values r, those of a batch s, a factor f, m."""
    found: Array = loop("normalizing.followed", running.dtype.char)(
        running, current, _same(factor, FLOAT64), _same(momentum, FLOAT64)
    )
    return found


@functools.lru_cache(maxsize=64)
def _same(number: float, dtype: Any, count: int | None = None) -> Array:
    """Return an array of equal numbers, which is kept: of one without an axis, or of so many."""
    made = np.full(() if count is None else count, number, dtype)
    made.flags.writeable = False
    return made


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


# ---- over groups of channels of one example


def by_groups(
    x: Array, weight: Array | None, bias: Array | None, *, groups: int, eps: float
) -> tuple[Array, Kept]:
    """Return x of (N, channels, …) normalized over groups, times a weight, plus a bias."""
    rows = np.ascontiguousarray(x).reshape(len(x) * groups, -1)
    found, values, factor = _over_features(rows, None, None, (1,), eps, True)
    kept = values, factor[:, None], factor, factor
    if weight is None and bias is None:
        return found.reshape(x.shape), kept
    spread = found.reshape(*x.shape[:2], -1)
    if weight is not None:
        spread = spread * weight[:, None]
    if bias is not None:
        spread = spread + bias[:, None]
    return spread.reshape(x.shape), kept


def by_groups_back(
    g: Array, out: Any, kept: Kept, wanted: Sequence[bool], x: Any, weight: Any, bias: Any, *,
    groups: int, eps: float,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Return the cotangents of the input, the weight and the bias."""
    values, factor, *_ = kept
    channels = g.reshape(*g.shape[:2], -1)
    of_x = of_weight = of_bias = None
    if wanted[0]:
        scaled = channels if weight is None else channels * weight[:, None]
        rows = scaled.reshape(values.shape)
        of_x = _pulled(rows, values, factor, (1,), rows.shape[1])[0].reshape(g.shape)
    if wanted[1]:
        of_weight = _total(channels * values.reshape(channels.shape), (0, 2)).reshape(-1)
    if wanted[2]:
        of_bias = _total(channels, (0, 2)).reshape(-1)
    return of_x, of_weight, of_bias
