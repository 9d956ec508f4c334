"""Cells: what a recurrent network makes of one moment's input and the state before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.exponential import sigmoid
from thalweg.ops.elementwise.trigonometric import tanh
from thalweg.ops.linalg.products import matmul
from thalweg.ops.shape.join import concatenate
from thalweg.ops.special.activations import relu


class Weights(NamedTuple):
    """The weights of a cell, tensors or arrays.

    Attributes:
        ih: Of the input, (gates·hidden, inputs).
        hh: Of the state, (gates·hidden, outputs).
        b_ih: What is added to the input's product, (gates·hidden,), or None.
        b_hh: What is added to the state's product, likewise.
        hr: The projection of the state that comes out, (outputs, hidden), or None.
    """

    ih: Any
    hh: Any
    b_ih: Any = None
    b_hh: Any = None
    hr: Any = None

    @property
    def hidden(self) -> int:
        """How many numbers a gate has."""
        return int((self.hh if self.hr is None else self.hr).shape[1])


States = Sequence[Tensor]


@dataclass(frozen=True)
class RecurrentCell:
    """A kind of cell.

    Attributes:
        mode: PyTorch's name of it.
        gates: How many products it makes of its input.
        states: How many tensors its state is; the first is what comes out.
        turn: Maps (the input's product, state, weights) to the next state.
    """

    mode: str
    gates: int
    states: int
    turn: Callable[[Tensor, States, Weights], tuple[Tensor, ...]]


def projected(cell: RecurrentCell, x: Tensor, weights: Weights) -> Tensor:
    """Return what the input contributes to the gates: x W_ihᵀ and what is added to it."""
    product: Tensor = matmul(x, weights.ih.T)
    if weights.b_ih is None:
        return product
    shifted: Tensor = product + (weights.b_ih + added_ahead(cell, weights))
    return shifted


def added_ahead(cell: RecurrentCell, weights: Weights) -> Tensor:
    """Return what of b_hh is added beside the input's product; a gate of the state adds its own."""
    if cell is not GRU:
        return weights.b_hh  # type: ignore[no-any-return]
    before = 2 * weights.hidden
    return concatenate([weights.b_hh[:before], 0 * weights.b_hh[before:]])


def _recalled(state: Tensor, weights: Weights) -> Tensor:
    return matmul(state, weights.hh.T)


def _plain(activation: Callable[[Tensor], Tensor]) -> Callable[..., tuple[Tensor, ...]]:
    def turn(product: Tensor, state: States, weights: Weights) -> tuple[Tensor, ...]:
        return (activation(product + _recalled(state[0], weights)),)

    return turn


def _long_short_term(product: Tensor, state: States, weights: Weights) -> tuple[Tensor, ...]:
    hidden, n = weights.hidden, product + _recalled(state[0], weights)
    let_in, keep, new, let_out = (n[..., i * hidden : (i + 1) * hidden] for i in range(4))
    cell = sigmoid(keep) * state[1] + sigmoid(let_in) * tanh(new)
    out = sigmoid(let_out) * tanh(cell)
    return (out if weights.hr is None else matmul(out, weights.hr.T)), cell


def _gated(product: Tensor, state: States, weights: Weights) -> tuple[Tensor, ...]:
    (before,), before_new = state, 2 * weights.hidden
    recalled = _recalled(before, weights)
    gates = sigmoid(product[..., :before_new] + recalled[..., :before_new])
    reset, update = gates[..., : weights.hidden], gates[..., weights.hidden :]
    inner = recalled[..., before_new:]
    if weights.b_hh is not None:
        inner = inner + weights.b_hh[before_new:]
    new = tanh(product[..., before_new:] + reset * inner)
    return (new + update * (before - new),)


TANH = RecurrentCell("RNN_TANH", 1, 1, _plain(tanh))
RELU = RecurrentCell("RNN_RELU", 1, 1, _plain(relu))
LSTM = RecurrentCell("LSTM", 4, 2, _long_short_term)
GRU = RecurrentCell("GRU", 3, 1, _gated)

CELLS = {cell.mode: cell for cell in (TANH, RELU, LSTM, GRU)}
