"""The linear assignment problem: rows and columns of a matrix of costs put together in pairs."""

from __future__ import annotations

import math
from typing import Any

from thalweg.control.conditional import while_loop
from thalweg.control.scan import fori_loop
from thalweg.core.spec import FLOAT64, INT64
from thalweg.core.tensor import Tensor, astype
from thalweg.errors import ShapeError
from thalweg.ops.creation.creation import asarray, full, zeros, zeros_like
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import (
    equal,
    greater_equal,
    less,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    not_equal,
    where,
)
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.index.take import take
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.order.sort import argsort
from thalweg.ops.reduce.extremes import argmin
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.transpose import transpose

__all__ = ["base_hungarian_algorithm", "hungarian_algorithm"]


@on_tensors
def base_hungarian_algorithm(cost_matrix: Any) -> tuple[Any, Any]:
    """Return the pairs of rows and columns whose costs have the least sum, by rows.

    Each row and each column is in one pair at most, and there are min(n, m) pairs.

    Args:
        cost_matrix: Of shape (n, m); ∞ for a pair that must not be.

    Returns:
        (i, j): the pairs' rows, in increasing order, and their columns.

    Raises:
        ShapeError: If it is no matrix.

    Source:
        Crouse, "On Implementing 2D Rectangular Assignment Algorithms", 2016.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> cost = np.array([[8.0, 4.0, 7.0], [5.0, 2.0, 3.0], [9.0, 6.0, 7.0], [9.0, 4.0, 8.0]])
        >>> tw.optim.assignment.base_hungarian_algorithm(cost)
        (array([0, 1, 3]), array([0, 2, 1]))
    """
    costs = _costs(cost_matrix)
    if not costs.size:
        return _none(), _none()
    rows, columns = costs.shape
    if columns >= rows:
        return arange(rows), _partners(costs)
    of_columns = _partners(transpose(costs))
    order = argsort(of_columns)
    return take(of_columns, order, axis=0), order


@on_tensors
def hungarian_algorithm(cost_matrix: Any) -> tuple[Any, Any]:
    """Return the pairs of rows and columns whose costs have the least sum.

    Each row and each column is in one pair at most, and there are min(n, m) pairs. They are those
    of `base_hungarian_algorithm`, in the order of Optax's function of this name.

    Args:
        cost_matrix: Of shape (n, m); ∞ for a pair that must not be.

    Returns:
        (i, j): the pairs' rows and columns. Where n = m, columns increase; otherwise what there
        is less of decreases.

    Raises:
        ShapeError: If it is no matrix.

    Source:
        Kuhn, "The Hungarian Method for the Assignment Problem", 1955; by shortest augmenting
        paths, Jonker & Volgenant, 1987.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> cost = np.array([[8.0, 4.0, 7.0], [5.0, 2.0, 3.0], [9.0, 6.0, 7.0], [9.0, 4.0, 8.0]])
        >>> i, j = tw.optim.assignment.hungarian_algorithm(cost)
        >>> float(cost[i, j].sum())
        15.0
    """
    costs = _costs(cost_matrix)
    if not costs.size:
        return _none(), _none()
    rows, columns = costs.shape
    if rows == columns:
        partners = _partners(costs)
        return argsort(partners), arange(columns)
    if columns > rows:
        return flip(arange(rows), 0), flip(_partners(costs), 0)
    return flip(_partners(transpose(costs)), 0), flip(arange(columns), 0)


def _costs(given: Any) -> Tensor:
    costs = asarray(given)
    if costs.ndim != 2:
        raise ShapeError(
            f"A matrix of costs of shape {tuple(costs.shape)} was given; it wants two axes, rows "
            "and columns."
        )
    return stop_gradient(costs if costs.dtype.kind == "f" else astype(costs, FLOAT64))


def _none() -> Tensor:
    return zeros(0, dtype=INT64)


# ---- one row after another finds a column, along a shortest path of changes


def _partners(costs: Tensor) -> Tensor:
    """Return the column of each row; there are no more rows than columns."""
    rows, columns = costs.shape
    state = (
        zeros_like(costs[:, 0]),
        zeros_like(costs[0]),
        full(rows, -1, dtype=INT64),
        full(columns, -1, dtype=INT64),
    )
    found: Tensor = fori_loop(0, rows, lambda row, state: _placed(costs, row, *state), state)[2]
    return found


def _placed(
    costs: Tensor, row: Any, u: Tensor, v: Tensor, column_of: Tensor, row_of: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return prices and pairs with one more row among these.

    Args:
        costs: The matrix.
        row: The number of the new row.
        u: The rows' prices; cost - u - v is never negative, and 0 for pairs.
        v: The columns' prices.
        column_of: The column of each row, -1 for none.
        row_of: The row of each column, -1 for none.
    """
    row = astype(asarray(row), INT64)
    distance, before, reached, sink = _shortest(costs, row, u, v, row_of)
    length = take(distance, sink, axis=0)
    # Prices change by how much shorter than the path it is to each row and column on its way.
    gained = where(reached, length - distance, 0.0)
    on_path = greater_equal(column_of, 0)
    u = u + where(on_path, take(gained, maximum(column_of, 0), axis=0), 0.0)
    u = u + where(equal(arange(costs.shape[0]), row), length, 0.0)
    v = v - gained
    return u, v, *_exchanged(row, sink, before, column_of, row_of)


def _shortest(
    costs: Tensor, row: Tensor, u: Tensor, v: Tensor, row_of: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the distances of columns from a row, the rows before them, which are reached; the end.

    Dijkstra's algorithm, until it reaches a column without a row.
    """
    columns = arange(costs.shape[1])
    # What cannot be reached is farther than all that can, and nearer than what was reached before:
    # so every turn reaches another column, whatever the costs are.
    far = full(costs.shape[1], math.inf, dtype=costs.dtype)
    largest = 1e300 if costs.dtype == FLOAT64 else 1e38

    def going_on(state: Any) -> Any:
        return less(state[-1], 0)

    def turn(state: Any) -> Any:
        distance, before, reached, at, length, _ = state
        through = length + take(costs, at, axis=0) - take(u, at, axis=0) - v
        nearer = logical_and(less(through, distance), logical_not(reached))
        distance, before = where(nearer, through, distance), where(nearer, at, before)
        open_ = where(less(distance, largest), distance, largest)
        column = argmin(where(reached, math.inf, open_))
        partner = take(row_of, column, axis=0)
        return (
            distance,
            before,
            logical_or(reached, equal(columns, column)),
            maximum(partner, 0),
            take(distance, column, axis=0),
            where(less(partner, 0), column, -1),
        )

    start = (
        far,
        zeros(costs.shape[1], dtype=INT64) + row,
        zeros(costs.shape[1], dtype=bool),
        row,
        zeros((), dtype=costs.dtype),
        full((), -1, dtype=INT64),
    )
    distance, before, reached, _, _, sink = while_loop(going_on, turn, start)
    return distance, before, reached, sink


def _exchanged(
    row: Tensor, sink: Tensor, before: Tensor, column_of: Tensor, row_of: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the pairs with each row on the path to a column given the next column on it."""
    rows, columns = arange(column_of.shape[0]), arange(row_of.shape[0])

    def turn(state: Any) -> Any:
        column, column_of, row_of, _ = state
        partner = take(before, column, axis=0)
        following = take(column_of, partner, axis=0)
        return (
            maximum(following, 0),
            where(equal(rows, partner), column, column_of),
            where(equal(columns, column), partner, row_of),
            not_equal(partner, row),
        )

    start = sink, column_of, row_of, equal(row, row)
    _, column_of, row_of, _ = while_loop(lambda state: state[-1], turn, start)
    return column_of, row_of
