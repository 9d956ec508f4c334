"""Mean 0 and variance 1, of channels over a batch or of examples over features; derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array

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
    kept = _normalized(x.reshape(x.size // count, count), (1,), count, eps)
    found = kept[0] * (1 if weight is None else weight.reshape(-1))
    if bias is not None:
        found += bias.reshape(-1)
    return found.reshape(x.shape), kept


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
