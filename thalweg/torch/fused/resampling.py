"""Weighted means along each axis of a grid: products with one matrix an axis, and their derivative.

Along the last axis the matrix is on the right; along any other one on the left of all that follows,
so that the results are laid out row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array


def resampled(x: Array, *, weights: Sequence[Array]) -> tuple[Array, None]:
    """Return (N, C, …) with each axis of extent `old` multiplied by its (old, new) weights."""
    for axis, matrix in enumerate(weights, 2):
        lead, (old, *rest) = x.shape[:axis], x.shape[axis:]
        if rest:
            flat = x.reshape(math.prod(lead), old, math.prod(rest))
            x = np.matmul(matrix.T, flat).reshape(*lead, matrix.shape[1], *rest)
        else:
            x = np.matmul(x.reshape(math.prod(lead), old), matrix).reshape(*lead, matrix.shape[1])
    return x, None


def resampled_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, weights: Sequence[Array]
) -> tuple[Array]:
    """Return the input's cotangent."""
    return (resampled(g, weights=[matrix.T for matrix in weights])[0],)
