"""The triangle of a QR decomposition: all that columns have among each other, from many rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Blocks that stay in the cache are decomposed several times as fast as all rows at once.
NUMBERS_AT_ONCE = 1 << 18


def triangle(A: Floats, weights: Floats | None = None) -> Floats:
    """Return R of √W A = QR, R'R = A'WA, shape (at most columns, columns).

    Signs of its rows are left open. Unlike the product A'WA it loses no digits.

    Args:
        A: The matrix, shape (rows, columns).
        weights: The diagonal of W, positive, shape (rows,); None for ones.

    Source:
        Demmel, Grigori, Hoemmen and Langou, "Communication-optimal parallel and sequential QR and
        LU factorizations", 2012: rows of blocks one after the other.

    Example:
        >>> A = np.random.default_rng(0).normal(size=(500, 3))
        >>> R = triangle(A)
        >>> np.allclose(R.T @ R, A.T @ A), np.allclose(R, np.triu(R))
        (True, True)
    """
    rows, columns = A.shape
    most = max(NUMBERS_AT_ONCE // max(1, columns), 2 * columns)
    R = np.empty((0, columns))
    for first in range(0, rows, most):
        block = A[first : first + most]
        if weights is not None:
            block = np.sqrt(weights[first : first + most])[:, None] * block
        R = np.asarray(np.linalg.qr(np.vstack([R, block]), mode="r"))
    return R
