"""x Wᵀ + b, and its derivative."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array


def rows_of(x: Any) -> Array:
    """Return vectors along the last axis as the rows of a matrix."""
    rows: Array = x if len(x.shape) == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    return rows


def affine(x: Array, weight: Array, bias: Array | None) -> tuple[Array, None]:
    """Return x Wᵀ + b, for x with two axes or more."""
    found = np.matmul(rows_of(x), weight.T)
    if bias is not None:
        found += bias
    return found if x.ndim == 2 else found.reshape(*x.shape[:-1], weight.shape[0]), None


def affine_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, weight: Any, bias: Any
) -> tuple[Array | None, ...]:
    """Return the cotangents of x, W and b."""
    rows = rows_of(g)
    return (
        np.matmul(rows, weight).reshape(x.shape) if wanted[0] else None,
        np.matmul(rows.T, rows_of(x)) if wanted[1] else None,
        np.add.reduce(rows, 0) if wanted[2] else None,
    )
