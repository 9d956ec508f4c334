"""Layers of cells, one above another, in one direction or in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.ops.shape.join import concatenate
from thalweg.torch.naming import make
from thalweg.torch.nn.functional.dropout import dropout
from thalweg.torch.nn.recurrence.cells import RecurrentCell, Weights
from thalweg.torch.nn.recurrence.packing import Packing
from thalweg.torch.nn.recurrence.sequence import CellAlong


@dataclass(frozen=True)
class Layers:
    """What a recurrent network is made of.

    Attributes:
        cell: The kind of its cells.
        directions: 1, or 2 where each layer goes along the sequence both ways.
        dropout: The probability with which what a layer gives to the next is set to zero.
        packing: How long the sequences are, where they are of several lengths.
        batch_first: Whether the batch is the first axis of inputs and of what comes out.
    """

    cell: RecurrentCell
    directions: int = 1
    dropout: float = 0.0
    packing: Packing | None = None
    batch_first: bool = False

    def run(
        self, x: Tensor, states: Sequence[Tensor] | None, weights: Sequence[Weights]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return what the last layer gives, and the last states of all.

        Args:
            x: The inputs, (turns, batch, inputs).
            states: The first states, (layers·directions, batch, …); None for zeros.
            weights: The weights of each direction of each layer.
        """
        ends: list[list[Tensor]] = []
        stays = None if self.packing is None else self.packing.stays
        courses = [
            CellAlong(self.cell, stays, way == 1, self.batch_first)
            for way in range(self.directions)
        ]
        if states is None:
            states = self._zeros(x, weights)
        for start in range(0, len(weights), self.directions):
            if start and self.dropout:
                x = self._thinned(x)
            outs = []
            for at, course in enumerate(courses, start):
                first = [s if s.shape[0] == 1 else s[at : at + 1] for s in states]
                out, last = course.run(x, first, weights[at])
                outs.append(out)
                ends.append(last)
            x = outs[0] if self.directions == 1 else concatenate(outs, axis=-1)
        if len(ends) == 1:
            return x, ends[0]
        return x, [concatenate(each) for each in zip(*ends, strict=True)]

    def _zeros(self, x: Tensor, weights: Sequence[Weights]) -> list[Tensor]:
        """Return zeros, which all directions of all layers may begin with."""
        batch, first = x.shape[0 if self.batch_first else 1], weights[0]
        sizes = [first.hh.shape[1], first.hidden][: self.cell.states]
        return [make(np.zeros((1, batch, size), x.dtype)) for size in sizes]

    def _thinned(self, x: Tensor) -> Tensor:
        """Return what a layer gives to the next; numbers are drawn for what is there alone."""
        if self.packing is None:
            return dropout(x, self.dropout)
        return self.packing.pad(dropout(self.packing.pack(x), self.dropout))
