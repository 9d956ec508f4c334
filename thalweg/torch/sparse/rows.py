"""Rows that are read of a table whose derivative is sparse: those rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tape import Node, is_recording, set_recording
from thalweg.core.tensor import Tensor
from thalweg.ops.index.take import take
from thalweg.ops.shape.reshape import reshape
from thalweg.torch.autograd.rules import StepRule
from thalweg.torch.naming import adopted, make
from thalweg.torch.sparse.layouts import SparseCoordinates


class _RowsRead(StepRule):
    """The step that read rows.

    Args:
        places: Which rows, one after another.
        padding: A row that no derivative reaches.
    """

    name, step_name = "embedding", "EmbeddingBackward0"

    def __init__(self, places: Any, padding: int | None) -> None:
        self._kept = None if padding is None else np.flatnonzero(places != padding)
        self._places = places if self._kept is None else places[self._kept]

    def rule(self, position: int) -> Any:
        """Return the rule of the table: the cotangents at the rows that were read."""

        def pull(g: Tensor, out: Tensor, table: Tensor) -> SparseCoordinates:
            values = reshape(g, (-1, *table.shape[1:]))
            values = values if self._kept is None else take(values, self._kept, axis=0)
            places = make(self._places.reshape(1, -1).copy())
            return SparseCoordinates(places, adopted(values), tuple(table.shape))

        return pull


def has_sparse_derivative(table: Tensor, indices: Tensor) -> bool:
    """Tell whether the derivative by a table is stored in its `.grad`, where it may be sparse."""
    node = table.node
    eager = not (table.is_symbolic or indices.is_symbolic)
    return eager and is_recording() and node is not None and node.leaf is not None


def read_rows(table: Tensor, indices: Tensor, padding: int | None) -> Tensor:
    """Return rows of a table for which `has_sparse_derivative` holds.

    Args:
        table: A leaf.
        indices: Which rows.
        padding: A row that no derivative reaches, counted from the front.
    """
    with set_recording(False):
        rows = take(table, indices, axis=0)
    places = indices.numpy().astype(np.int64).reshape(-1)
    rule: Any = _RowsRead(places, padding)
    rows.node = Node(rule, (table,), {}, rows.array)
    return rows
