"""What columns of many rows have among each other, in blocks of rows that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Blocks that stay in the cache are decomposed several times as fast as all rows at once.
NUMBERS_AT_ONCE = 1 << 18


class RowBlocks(Protocol):
    """A matrix of which blocks of rows are asked for: an array, or what makes them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of rows and columns."""
        ...

    def __getitem__(self, rows: slice, /) -> Floats:
        """Return some rows."""
        ...


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield the rows of each block of a matrix, at least twice its columns but in the last.

    >>> list(blocks(5, 1 << 18))
    [slice(0, 5, None)]
    """
    most = max(NUMBERS_AT_ONCE // max(1, columns), 2 * columns, 1)
    for first in range(0, rows, most):
        yield slice(first, min(first + most, rows))


def gram(A: Floats, weights: Floats, B: Floats | None = None) -> Floats:
    """Return A'WB, shape (columns, columns of B).

    Args:
        A: A matrix, shape (rows, columns).
        weights: The diagonal of W, shape (rows,).
        B: A matrix of as many rows; A itself if None.

    Example:
        >>> gram(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
        array([[ 91., 122.],
               [122., 164.]])
    """
    other = A if B is None else B
    found = np.zeros((A.shape[1], other.shape[1]))
    for part in blocks(*A.shape):
        found += A[part].T @ (weights[part, None] * other[part])
    return (found + found.T) / 2.0 if B is None else found


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """The rows of a matrix, each times a number: an array that is made only where it is needed.

    Args:
        A: The matrix, shape (rows, columns).
        factors: What its rows are multiplied with, shape (rows,).

    Example:
        >>> scaled = ScaledRows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
        >>> np.asarray(scaled)
        array([[ 1.,  2.],
               [30., 40.]])
        >>> scaled.sum(axis=0)
        array([31., 42.])
    """

    A: Floats
    factors: Floats

    def __len__(self) -> int:
        return len(self.factors)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.asarray(self.factors[:, None] * self.A, dtype)

    def sum(self, axis: int) -> Floats:
        """Return the sum over the rows, axis 0."""
        return np.asarray(self.A.T @ self.factors)


def squares(scores: Floats | ScaledRows) -> Floats:
    """Return S'S, shape (columns, columns)."""
    if isinstance(scores, ScaledRows):
        return gram(scores.A, scores.factors**2)
    return np.asarray(scores.T @ scores)


def triangle(A: RowBlocks, weights: Floats | None = None, constant: bool = False) -> Floats:
    """Return R of √W A = QR, R'R = A'WA, shape (at most columns, columns).

    Signs of its rows are left open. Unlike the product A'WA it loses no digits.

    Args:
        A: The matrix, shape (rows, columns).
        weights: The diagonal of W, positive, shape (rows,); None for ones.
        constant: Whether a column of ones stands in front.

    Source:
        Demmel, Grigori, Hoemmen and Langou, "Communication-optimal parallel and sequential QR and
        LU factorizations", 2012: rows of blocks one after the other.

    Example:
        >>> A = np.random.default_rng(0).normal(size=(500, 3))
        >>> R = triangle(A)
        >>> np.allclose(R.T @ R, A.T @ A), np.allclose(R, np.triu(R))
        (True, True)
    """
    R = np.empty((0, A.shape[1] + constant))
    for part in blocks(*A.shape):
        block = A[part]
        if constant:
            block = np.column_stack([np.ones(len(block)), block])
        if weights is not None:
            block = np.sqrt(weights[part])[:, None] * block
        R = np.asarray(np.linalg.qr(np.vstack([R, block]), mode="r"))
    return R
