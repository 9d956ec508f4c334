"""Products and distances of all pairs, whose cotangents are products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.engines.eager.loops import loop
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.linalg.products import outer
from thalweg.ops.shape.reshape import expand_dims

# From so many products on NumPy takes longer than machine code.
_MANY = 1 << 14

# Differences of so many numbers are taken at once; of more, pair by pair.
_AT_ONCE = 1 << 14


def products(x: Array, y: Array) -> Array:
    """Return the products of each element of a vector and each of another one."""
    if x.size * y.size >= _MANY and y.flags.c_contiguous:
        found: Array = loop("products.products", x.dtype.char)(x, y)
        return found
    return x[:, None] * y


def _products(x: Array, y: Array) -> tuple[Array, None]:
    return products(x, y), None


def _products_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, y: Any
) -> tuple[Array | None, Array | None]:
    return (
        np.matmul(g, np.asarray(y)) if wanted[0] else None,
        np.matmul(np.asarray(x), g) if wanted[1] else None,
    )


PRODUCTS = Fused("MulBackward0", _products, _products_back, outer)


def distances(x: Array, y: Array) -> Array:
    """Return the distances of each row of a matrix and each of another one."""
    if len(x) * y.size <= _AT_ONCE:
        away = x[:, None] - y
        np.multiply(away, away, away)
        found: Array = np.sqrt(np.add.reduce(away, -1))
        return found
    lengths: Array = loop("products.distances", x.dtype.char)(x, np.ascontiguousarray(y.T))
    return lengths


def _distances(x: Array, y: Array) -> tuple[Array, None]:
    return distances(x, y), None


# Rows that are nearer to each other than this, by their own size, lose too many digits.
_NEAR = 2.0**-10


def _distances_back(g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, y: Any) -> Any:
    lengths = np.asarray(out)
    middle = np.add.reduce(np.asarray(y), 0) / y.dtype.type(len(y))
    first, second = np.asarray(x) - middle, np.asarray(y) - middle
    apart = lengths > 0
    least = np.minimum.reduce(lengths, None, initial=np.inf, where=apart)
    most = max(np.maximum.reduce(np.abs(first), None), np.maximum.reduce(np.abs(second), None))
    if not _NEAR * most <= least < np.inf:
        return NotImplemented
    shares = np.divide(g, lengths, out=np.zeros_like(lengths), where=apart)
    of_x = of_y = None
    if wanted[0]:
        of_x = first * np.add.reduce(shares, 1)[:, None] - np.matmul(shares, second)
    if wanted[1]:
        of_y = second * np.add.reduce(shares, 0)[:, None] - np.matmul(shares.T, first)
    return of_x, of_y


def _distances_by_operations(x: Tensor, y: Tensor) -> Tensor:
    return norm_of_vectors(expand_dims(x, -2) - expand_dims(y, -3), 2.0, (2,), False)


DISTANCES = Fused("CdistBackward0", _distances, _distances_back, _distances_by_operations)
