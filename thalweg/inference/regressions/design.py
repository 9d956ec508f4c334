"""The columns of a regression: their names, and those that the rows do not determine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.errors import ArgumentError, DataError, ShapeError, printable, shown
from thalweg.inference.tall import blocks, triangle

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# What is left of a column's length once earlier ones are taken out of it, at the least.
INDEPENDENT = 1e-10


@dataclass(frozen=True, eq=False)
class Design:
    """A matrix of columns with names, and coordinates in which the kept ones are orthonormal.

    Args:
        names: One a column.
        X: The columns, shape (rows, columns).
        weights: One a row, positive.
        kept: The positions of the columns that the rows determine, in order.
        left_out: Why each of the others is not.
        R: Maps coefficients of kept columns to coordinates, shape (kept, kept), triangular.

    Example:
        >>> X = np.array([[1.0, 0.0, 2.0], [1.0, 1.0, 3.0], [1.0, 2.0, 4.0], [1.0, 5.0, 7.0]])
        >>> read_design(X, ["a", "b", "c"]).left_out
        {2: 'collinear with a, b'}
    """

    names: tuple[str, ...]
    X: Floats
    weights: Floats
    kept: Integers
    left_out: dict[int, str]
    R: Floats

    def orthonormal(self) -> Floats:
        """Return the kept columns in coordinates, Z: √weights Z is orthonormal."""
        Z = np.empty((len(self.X), len(self.kept)))
        every, inverse = len(self.kept) == self.X.shape[1], np.linalg.inv(self.R)
        for part in blocks(*Z.shape):
            block = self.X[part] if every else self.X[part, self.kept]
            np.matmul(block, inverse, out=Z[part])
        return Z

    def coefficients(self, coordinates: Floats) -> Floats:
        """Return the coefficients of kept columns, given coordinates as columns or a vector."""
        return np.asarray(np.linalg.solve(self.R, coordinates))

    @property
    def constant(self) -> bool:
        """Whether a constant lies in what the kept columns span."""
        kept = self.kept.tolist()
        if any(self.X[0, j] and (self.X[:, j] == self.X[0, j]).all() for j in kept):
            return True
        ones = np.sqrt(self.weights)
        rooted = self.X[:, self.kept] * ones[:, None]
        rest = ones - rooted @ np.linalg.lstsq(rooted, ones, rcond=None)[0]
        return bool(np.linalg.norm(rest) <= 1e-8 * np.linalg.norm(ones))

    def part(self, rows: NDArray[np.bool_]) -> Design:
        """Return some of the rows, where other columns may be determined."""
        return decomposed(replace(self, X=self.X[rows], weights=self.weights[rows]))


def read_design(
    X: Any, names: Sequence[str] | None = None, weights: Any = None, intercept: bool = False
) -> Design:
    """Read columns, and find which of them the rows determine.

    A column that earlier ones add up to is left out, as in R.

    Args:
        X: A matrix or data frame, shape (rows, columns), or one column.
        names: One a column; by default those of the frame, or x0, x1, ….
        weights: One a row, positive; by default all 1.
        intercept: Whether a column of ones named "intercept" stands in front.

    Raises:
        ShapeError: If X is no matrix, or names or weights are not as many.
        DataError: If a value is not finite, or a weight not positive.
    """
    found = [str(name) for name in getattr(X, "columns", ())] if names is None else list(names)
    matrix = read_numbers("X", X)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
        found = found or [printable(getattr(X, "name", None) or "x0")]
    if matrix.ndim != 2:
        raise ShapeError(f"X has shape {matrix.shape}; it wants one of (rows, columns).")
    found = found or [f"x{i}" for i in range(matrix.shape[1])]
    if len(found) != matrix.shape[1]:
        raise ShapeError(f"{len(found)} names were given for {matrix.shape[1]} columns of X.")
    if intercept:
        matrix = np.column_stack([np.ones(len(matrix)), matrix])
        found = ["intercept", *found]
    if len(set(found)) < len(found):
        twice = sorted({name for name in found if found.count(name) > 1})
        raise ArgumentError(
            f"Two columns have the name {shown(twice[0])}. Give each its own by names=…"
            + (", or intercept=False." if "intercept" in twice else ".")
        )
    each = read_weights(weights, len(matrix))
    nothing: dict[int, str] = {}
    unread = Design(
        tuple(map(printable, found)), matrix, each, np.arange(0), nothing, np.zeros((0, 0))
    )
    return decomposed(unread)


def read_weights(weights: Any, rows: int) -> Floats:
    """Return weights, one a row.

    Raises:
        ShapeError: If they are not as many as rows.
        DataError: If one is not positive.
    """
    if weights is None:
        return np.ones(rows)
    each = read_numbers("weights", weights, rows)
    if not (each > 0).all():
        raise DataError(
            f"weights has {each[each <= 0][0]:g} in row {int(np.argmax(each <= 0))}; each must be "
            "positive. Leave rows of weight 0 out."
        )
    return each


def read_numbers(name: str, given: Any, rows: int | None = None) -> Floats:
    """Return an array of finite float64; with `rows`, a vector of so many.

    Raises:
        DataError: If there is no number in some place.
        ShapeError: If it is no vector of `rows` numbers.
    """
    try:
        found = np.ascontiguousarray(np.asarray(given, np.float64))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} cannot be read as numbers ({error}). Encode texts and dates first."
        ) from error
    if rows is not None and found.shape != (rows,):
        raise ShapeError(f"{name} has shape {found.shape}, and X has {rows} rows; give one a row.")
    if not np.isfinite(found).all():
        row = int(np.argwhere(~np.isfinite(found))[0][0])
        raise DataError(
            f"{name} has a missing or infinite value in row {row}. Leave such rows out, or fill "
            "them in."
        )
    return found


def require_aligned(**given: Any) -> None:
    """Refuse frames and series whose indexes differ: their rows would be matched by place.

    Raises:
        DataError: If two of them do.
    """
    indexed = {k: v.index for k, v in given.items() if hasattr(getattr(v, "index", None), "equals")}
    first = next(iter(indexed), "")
    for other in list(indexed)[1:]:
        if not indexed[first].equals(indexed[other]):
            raise DataError(
                f"{first} and {other} have different indexes. Align them first, for example with "
                f"{other}.loc[{first}.index], or give arrays."
            )


def decomposed(design: Design) -> Design:
    """Return a design with its kept columns found anew."""
    # Of tall matrices the triangle tells as much.
    tall = len(design.X) > design.X.shape[1]
    whole = triangle(design.X, design.weights) if tall else _rooted(design)
    lengths = np.linalg.norm(whole, axis=0)
    small = whole / np.where(lengths > 0.0, lengths, 1.0)
    kept: list[int] = []
    left_out: dict[int, str] = {}
    basis = np.zeros((min(small.shape), len(small)))
    for j in range(small.shape[1]):
        rest, found = small[:, j], basis[: len(kept)]
        # Once there are as many as rows, all others are sums of them.
        for _ in range(2 if len(kept) < len(small) else 0):
            rest = rest - (found @ rest) @ found
        length = float(np.linalg.norm(rest)) if len(kept) < len(small) else 0.0
        if length > INDEPENDENT:
            basis[len(kept)] = rest / length
            kept.append(j)
        else:
            left_out[j] = _reason(design, small, j, kept)
    R = np.asarray(np.linalg.qr(whole[:, kept])[1]) if kept else np.zeros((0, 0))
    return replace(design, kept=np.array(kept, np.int64), left_out=left_out, R=R)


def _rooted(design: Design) -> Floats:
    return np.asarray(np.sqrt(design.weights)[:, None] * design.X)


def _reason(design: Design, small: Floats, column: int, kept: list[int]) -> str:
    values = design.X[:, column]
    if not values.any():
        return "zero in every row"
    if np.ptp(values) == 0.0:
        return f"constant ({values[0]:g} in every row)"
    if len(kept) >= len(design.X):
        return f"more columns than rows ({len(design.X)})"
    shares = np.linalg.lstsq(small[:, kept], small[:, column], rcond=None)[0]
    others = [design.names[k] for k, share in zip(kept, shares, strict=True) if abs(share) > 1e-8]
    more = f" and {len(others) - 3} more" if len(others) > 4 else ""
    return f"collinear with {', '.join(others[:3] if more else others)}{more}"
