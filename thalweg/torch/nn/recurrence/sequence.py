"""One cell along time: eagerly one operation with a rule of its own, in a program a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.autodiff.functional import vjp
from thalweg.control.custom import Rule, ruled
from thalweg.control.scan import scan
from thalweg.core.apply import refresh
from thalweg.core.spec import Array
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor
from thalweg.errors import DtypeError, ShapeError
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.naming import make
from thalweg.torch.nn.recurrence.cells import RecurrentCell, Weights, projected
from thalweg.torch.nn.recurrence.passes import PASSES

# PyTorch's names of dtypes in a refusal.
_SPOKEN = {"float64": "Double", "float32": "Float", "float16": "Half", "int64": "Long"}

Moments = tuple[Tensor, list[Tensor]]


@dataclass(frozen=True, eq=False)
class CellAlong:
    """How a cell goes along sequences.

    Attributes:
        cell: The kind of cell.
        stays: Which examples keep their state in a turn, (turns, batch, 1); None for none.
        reverse: Whether it begins with the last turn.
        batch_first: Whether the batch is the first axis of inputs and of what comes out.
    """

    cell: RecurrentCell
    stays: Array | None = None
    reverse: bool = False
    batch_first: bool = False

    def run(self, x: Tensor, state: Sequence[Tensor], weights: Weights) -> Moments:
        """Return what comes out at all moments, and the last state.

        Args:
            x: The inputs, (turns, batch, inputs), or (batch, inputs) of one moment.
            state: The first state, tensors (…, batch, features); the last one is shaped alike.
            weights: The weights.

        Raises:
            ShapeError: If features or examples differ.
            DtypeError: If dtypes differ, or are of no floating numbers.
        """
        self._require_fit(x, state, weights)
        given = [x, *state, *(w for w in weights if w is not None)]
        for tensor in given:
            if tensor.origin is not None:
                refresh(tensor)
        if x.dtype.kind == "c" or any(tensor.is_symbolic for tensor in given):
            return self._by_scan(x, state, weights)
        return self._eagerly(x, state, weights, given)

    def _require_fit(self, x: Tensor, state: Sequence[Tensor], weights: Weights) -> None:
        """Refuse operands whose shapes or dtypes do not fit together."""
        ih, hh, shape = weights.ih, weights.hh, x.shape
        if x.dtype.kind not in "fc":
            raise DtypeError(
                f"Recurrent cells are not there for inputs of dtype {x.dtype}; convert them with "
                "to(torch.float32)."
            )
        if shape[-1] != ih.shape[1]:
            raise ShapeError(
                f"input has inconsistent input_size: got {shape[-1]} expected {ih.shape[1]}"
            )
        batch, sizes = shape[0 if self.batch_first else -2], (hh.shape[1], weights.hidden)
        for i, (tensor, size) in enumerate(zip(state, sizes, strict=False)):
            if batch != tensor.shape[-2]:
                raise ShapeError(
                    f"Input batch size {batch} doesn't match hidden{i} batch size "
                    f"{tensor.shape[-2]}"
                )
            if tensor.shape[-1] != size:
                raise ShapeError(
                    f"hidden{i} has inconsistent hidden_size: got {tensor.shape[-1]}, expected "
                    f"{size}"
                )
        for tensor in (x, *state, hh):
            if tensor.dtype != ih.dtype:
                one, other = (_SPOKEN.get(str(np.dtype(t.dtype)), t.dtype) for t in (tensor, ih))
                raise DtypeError(
                    f"mat1 and mat2 must have the same dtype, but got {one} and {other}. Convert "
                    "one of them with to()."
                )

    def _turned(self, array: Any) -> Any:
        """Return inputs or outputs, a batch's or of one moment, with the moments first; or back."""
        if array.ndim == 2:
            return array[None]
        return array.swapaxes(0, 1) if self.batch_first else array

    def _eagerly(
        self, x: Tensor, state: Sequence[Tensor], weights: Weights, given: list[Tensor]
    ) -> Moments:
        """Compute all turns as one operation, whose rule does too."""
        arrays = Weights(*(None if w is None else w.array for w in weights))
        first = [s.array.reshape(s.shape[-2:]) for s in state]
        along = PASSES[self.cell.mode](
            self._turned(x.array), first, arrays, self.stays, self.reverse
        )
        out, last = along.run()
        out = self._turned(out)
        last = [array.reshape(s.shape) for array, s in zip(last, state, strict=True)]
        wanted = [tensor.node is not None for tensor in given]
        if not is_recording() or not any(wanted):
            return make(out.copy("K")), [make(array.copy()) for array in last]

        def pull_back(
            arguments: list[Tensor], _: list[Tensor], kept: list[Tensor], g: list[Tensor]
        ) -> list[Any]:
            if is_recording() or any(tensor.is_symbolic for tensor in (*arguments, *g)):
                # Derivatives of the derivative are those of a scan's.
                count = 1 + len(state)

                def scanned(*tensors: Tensor) -> list[Tensor]:
                    own = _like(weights, tensors[count:])
                    found, ends = self._by_scan(tensors[0], tensors[1:count], own)
                    return [found, *ends]

                return list(vjp(scanned, *arguments)[1](g))
            held = [tensor.array for tensor in arguments]
            return self._pulled_back(along, held, weights, [t.array for t in g], wanted)

        rule = Rule(1 + len(last), len(given), pull_back, None)
        found, *ends = ruled([make(out), *map(make, last)], given, [], rule)
        return found, ends

    def _pulled_back(
        self, along: Any, held: list[Any], weights: Weights, g: list[Array], wanted: list[bool]
    ) -> list[Tensor | None]:
        """Return the cotangents of inputs, states and weights that are there."""
        count = len(g)
        flags = [bool(flag) for flag in _like(weights, wanted[count:])]
        moving = [self._turned(g[0]), *(each.reshape(each.shape[-2:]) for each in g[1:])]
        again = _like(weights, held[count:])
        x = held[0] if held[0].ndim == 3 and not self.batch_first else self._turned(held[0])
        found = along.pull_back(x, again, moving, [wanted[0], *flags])
        cotangent = None
        if found.x is not None:
            cotangent = found.x[0] if held[0].ndim == 2 else self._turned(found.x)
        states = [a.reshape(b.shape) for a, b in zip(found.state, g[1:], strict=True)]
        pulled = zip(weights, found.weights, strict=True)
        arrays = [cotangent, *states, *(a for w, a in pulled if w is not None)]
        return [None if array is None else make(array) for array in arrays]

    def _by_scan(self, x: Tensor, state: Sequence[Tensor], weights: Weights) -> Moments:
        """Compute it in operations of thalweg."""
        cell, shapes = self.cell, [tuple(s.shape) for s in state]
        first = tuple(reshape(s, s.shape[-2:]) for s in state)
        if x.ndim == 2:
            last = cell.turn(projected(cell, x, weights), first, weights)
            out = reshape(last[0], (1, *last[0].shape))
            return out, [reshape(s, shape) for s, shape in zip(last, shapes, strict=True)]

        def turn(carry: tuple[Tensor, ...], rows: Any) -> tuple[tuple[Tensor, ...], Tensor]:
            product, staying = rows
            found = cell.turn(product, carry, weights)
            if staying is not None:
                found = tuple(where(staying, a, b) for a, b in zip(carry, found, strict=True))
            return found, found[0]

        if self.batch_first:
            x = swapaxes(x, 0, 1)
        rows = (projected(cell, x, weights), self.stays)
        last, out = scan(turn, first, rows, reverse=self.reverse)
        ends = [reshape(s, shape) for s, shape in zip(last, shapes, strict=True)]
        return swapaxes(out, 0, 1) if self.batch_first else out, ends


def _like(weights: Weights, values: Sequence[Any]) -> Weights:
    """Return values in place of the weights that are there."""
    rest = iter(values)
    return Weights(*(None if w is None else next(rest) for w in weights))
