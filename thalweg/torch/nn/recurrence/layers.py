"""Layers of cells, one above another, in one direction or in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.core.tensor import Tensor
from thalweg.ops.shape.join import concatenate, stack
from thalweg.torch.nn.functional.dropout import dropout
from thalweg.torch.nn.recurrence.cells import RecurrentCell, Weights
from thalweg.torch.nn.recurrence.packing import Packing
from thalweg.torch.nn.recurrence.sequence import go_along


@dataclass(frozen=True)
class Layers:
    """What a recurrent network is made of.

    Attributes:
        cell: The kind of its cells.
        directions: 1, or 2 where each layer goes along the sequence both ways.
        dropout: The probability with which what a layer gives to the next is set to zero.
        packing: How long the sequences are, where they are of several lengths.
    """

    cell: RecurrentCell
    directions: int = 1
    dropout: float = 0.0
    packing: Packing | None = None

    def run(
        self, x: Tensor, states: Sequence[Sequence[Tensor]], weights: Sequence[Weights]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return what the last layer gives, and the last states of all, stacked.

        Args:
            x: The inputs, (turns, batch, inputs).
            states: The first state of each direction of each layer.
            weights: Their weights.
        """
        ends: list[list[Tensor]] = []
        stays = None if self.packing is None else self.packing.stays
        for start in range(0, len(weights), self.directions):
            if start and self.dropout:
                x = self._thinned(x)
            outs = []
            for way in range(self.directions):
                at = start + way
                out, last = go_along(self.cell, x, states[at], weights[at], stays, way == 1)
                outs.append(out)
                ends.append(last)
            x = outs[0] if self.directions == 1 else concatenate(outs, axis=-1)
        return x, [stack(each) for each in zip(*ends, strict=True)]

    def _thinned(self, x: Tensor) -> Tensor:
        """Return what a layer gives to the next; numbers are drawn for what is there alone."""
        if self.packing is None:
            return dropout(x, self.dropout)
        return self.packing.pad(dropout(self.packing.pack(x), self.dropout))
