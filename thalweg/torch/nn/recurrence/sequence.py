"""One cell along time: eagerly one operation with a rule of its own, in a program a scan."""

from __future__ import annotations

from collections.abc import Sequence
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
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.naming import make
from thalweg.torch.nn.recurrence.cells import RecurrentCell, Weights, projected
from thalweg.torch.nn.recurrence.passes import PASSES

# PyTorch's names of dtypes in this refusal.
_SPOKEN = {"float64": "Double", "float32": "Float", "float16": "Half", "int64": "Long"}

Moments = tuple[Tensor, list[Tensor]]


def go_along(
    cell: RecurrentCell,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Weights,
    stays: Array | None = None,
    reverse: bool = False,
) -> Moments:
    """Let a cell go along a sequence.

    Args:
        cell: The kind of cell.
        x: The inputs, (turns, batch, inputs).
        state: The first state, tensors (batch, …).
        weights: The weights.
        stays: Which examples keep their state in a turn, (turns, batch, 1); None for none.
        reverse: Whether it begins with the last turn.

    Returns:
        What comes out, (turns, batch, …), and the last state.
    """
    given = [x, *state, *(w for w in weights if w is not None)]
    _require_fit(x, state, weights)
    for tensor in given:
        if tensor.origin is not None:
            refresh(tensor)
    if x.dtype.kind == "c" or any(tensor.is_symbolic for tensor in given):
        return _by_scan(cell, x, state, weights, stays, reverse)
    arrays = Weights(*(None if w is None else w.array for w in weights))
    along = PASSES[cell.mode](x.array, [s.array for s in state], arrays, stays, reverse)
    out, last = along.run()
    moved = [tensor.node is not None for tensor in given]
    if not is_recording() or not any(moved):
        return make(out), [make(array.copy()) for array in last]
    flags = iter(moved[1 + len(state) :])
    wanted = [moved[0], *(w is not None and next(flags) for w in weights)]

    def scanned(*tensors: Tensor) -> list[Tensor]:
        rest = iter(tensors[1 + len(state) :])
        own = Weights(*(None if w is None else next(rest) for w in weights))
        found, ends = _by_scan(cell, tensors[0], tensors[1 : 1 + len(state)], own, stays, reverse)
        return [found, *ends]

    def pull_back(
        arguments: list[Tensor], _: list[Tensor], kept: list[Tensor], g: list[Tensor]
    ) -> list[Any]:
        if is_recording() or any(tensor.is_symbolic for tensor in (*arguments, *g)):
            # Derivatives of the derivative are those of a scan's.
            return list(vjp(scanned, *arguments)[1](g))
        rest = iter([tensor.array for tensor in arguments[1 + len(state) :]])
        again = Weights(*(None if w is None else next(rest) for w in weights))
        moving = [tensor.array for tensor in g]
        found = along.pull_back(arguments[0].array, again, moving, wanted)
        pulled = zip(weights, found.weights, strict=True)
        held = [found.x, *found.state, *(g for w, g in pulled if w is not None)]
        return [None if array is None else make(array) for array in held]

    rule = Rule(1 + len(last), len(given), pull_back, None)
    out_, *ends = ruled([make(out), *map(make, last)], given, [], rule)
    return out_, ends


def step(cell: RecurrentCell, x: Tensor, state: Sequence[Tensor], weights: Weights) -> list[Tensor]:
    """Return a cell's next state of one moment's inputs, (batch, inputs)."""
    given = [x, *state, *(w for w in weights if w is not None)]
    if any(tensor.is_symbolic for tensor in given):
        _require_fit(expand_dims(x, 0), state, weights)
        return list(cell.turn(projected(cell, x, weights), state, weights))
    return go_along(cell, expand_dims(x, 0), state, weights)[1]


def _require_fit(x: Tensor, state: Sequence[Tensor], weights: Weights) -> None:
    """Refuse operands whose shapes or dtypes do not fit together.

    Raises:
        ShapeError: If features or examples differ.
        DtypeError: If dtypes differ, or are of no floating numbers.
    """
    ih, hh = weights.ih, weights.hh
    if x.dtype.kind not in "fc":
        raise DtypeError(
            f"Recurrent cells are not there for inputs of dtype {x.dtype}; convert them with "
            "to(torch.float32)."
        )
    if x.shape[2] != ih.shape[1]:
        raise ShapeError(
            f"input has inconsistent input_size: got {x.shape[2]} expected {ih.shape[1]}"
        )
    for i, (tensor, size) in enumerate(zip(state, (hh.shape[1], weights.hidden), strict=False)):
        if x.shape[1] != tensor.shape[0]:
            raise ShapeError(
                f"Input batch size {x.shape[1]} doesn't match hidden{i} batch size "
                f"{tensor.shape[0]}"
            )
        if tensor.shape[1] != size:
            raise ShapeError(
                f"hidden{i} has inconsistent hidden_size: got {tensor.shape[1]}, expected {size}"
            )
    for tensor in (x, *state, hh):
        if tensor.dtype != ih.dtype:
            one, other = (_SPOKEN.get(str(np.dtype(t.dtype)), t.dtype) for t in (tensor, ih))
            raise DtypeError(
                f"mat1 and mat2 must have the same dtype, but got {one} and {other}. Convert one "
                "of them with to()."
            )


def _by_scan(
    cell: RecurrentCell,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Weights,
    stays: Array | None,
    reverse: bool,
) -> Moments:
    """Let a cell go along a sequence in operations of thalweg."""

    def turn(carry: tuple[Tensor, ...], rows: Any) -> tuple[tuple[Tensor, ...], Tensor]:
        product, staying = rows
        found = cell.turn(product, carry, weights)
        if staying is not None:
            found = tuple(where(staying, a, b) for a, b in zip(carry, found, strict=True))
        return found, found[0]

    last, out = scan(turn, tuple(state), (projected(cell, x, weights), stays), reverse=reverse)
    return out, list(last)
