"""Directions in which a likelihood rises without end, so that no finite estimate is the best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_PROJECTIONS = 2000

# What counts as zero beside the largest, of directions and of what they do to rows.
NEGLIGIBLE = 1e-6


def separating_classes(Z: Floats, y: Floats, towards: Floats) -> Floats | None:
    """Return a direction d with (2y − 1) z'd ≥ 0 in all rows and > 0 in some, or None.

    Args:
        Z: Columns, shape (rows, columns), of full rank.
        y: 0 or 1, shape (rows,).
        towards: Where to look first, shape (columns,).

    Source:
        Albert & Anderson, "On the existence of maximum likelihood estimates in logistic regression
        models", Biometrika 71, 1984.

    Example:
        >>> Z = np.array([[1.0, -2.0], [1.0, -1.0], [1.0, 1.0], [1.0, 3.0]])
        >>> d = separating_classes(Z, np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0]))
        >>> bool(((Z @ d > 0) == [False, False, True, True]).all())
        True
        >>> separating_classes(Z, np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0])) is None
        True
    """
    return _nonnegative((2.0 * y - 1.0)[:, None] * Z, towards)


def separating_counts(Z: Floats, y: Floats, towards: Floats) -> Floats | None:
    """Return a direction d with z'd = 0 where y > 0, ≤ 0 elsewhere and < 0 in some row, or None.

    Arguments as for `separating_classes`, but that y are counts.

    Source:
        Correia, Guimarães & Zylkin, "Verifying the existence of maximum likelihood estimates for
        generalized linear models", 2019. arXiv:1903.01633
    """
    seen = Z[y > 0]
    _, sizes, vectors = np.linalg.svd(seen, full_matrices=True)
    rank = int(np.sum(sizes > 1e-10 * max(1.0, float(sizes.max(initial=0.0)))))
    free = vectors[rank:].T
    if not free.shape[1]:
        return None
    found = _nonnegative(-Z[y == 0] @ free, free.T @ towards)
    return None if found is None else np.asarray(free @ found)


def _nonnegative(A: Floats, towards: Floats) -> Floats | None:
    """Return d with A d ≥ 0 and not all zero, or None: projections between range and orthant."""
    moved = A @ towards
    if len(moved) and moved.min() > 0.0:
        return towards
    Q = np.linalg.qr(A)[0] if len(A) >= A.shape[1] else _range(A)
    u = np.maximum(moved, 0.0)
    u = u if u.any() else np.ones(len(A))
    for _ in range(MOST_PROJECTIONS):
        v = Q @ (Q.T @ u)
        largest = float(np.abs(v).max(initial=0.0))
        # What is left of the ones shrinks to nothing if there is no such direction.
        if largest <= 1e-9:
            return None
        v /= largest
        if v.min() >= -1e-9:
            return np.asarray(np.linalg.lstsq(A, v, rcond=None)[0])
        after = np.maximum(v, 0.0)
        if np.abs(after - u).max() <= 1e-12 and v.min() < -NEGLIGIBLE:
            return None
        u = after
    return None


def _range(A: Floats) -> Floats:
    vectors, sizes, _ = np.linalg.svd(A, full_matrices=False)
    return np.asarray(vectors[:, sizes > 1e-10 * sizes.max(initial=1.0)])


def undetermined(X: Floats, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which coefficients some of the rows do not determine, shape (columns,).

    Args:
        X: Independent columns, shape (rows, columns).
        rows: The rows that are left.
    """
    lengths = np.linalg.norm(X, axis=0)
    _, sizes, vectors = np.linalg.svd(X[rows] / lengths, full_matrices=True)
    rank = int(np.sum(sizes > 1e-10 * max(1.0, float(sizes.max(initial=0.0)))))
    return np.asarray((np.abs(vectors[rank:]) > NEGLIGIBLE).any(axis=0))
