"""Recurrent networks and cells as functions of their weights, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.core.calls import Arguments
from thalweg.core.tensor import Tensor
from thalweg.errors import CallError, ShapeError
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.recurrence.cells import GRU, LSTM, RELU, TANH, RecurrentCell, Weights
from thalweg.torch.nn.recurrence.layers import Layers
from thalweg.torch.nn.recurrence.packing import Packing, as_counts
from thalweg.torch.nn.recurrence.sequence import CellAlong

__all__ = [
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh",
    "rnn_tanh_cell",
]  # fmt: skip


def weights_of(cell: RecurrentCell, given: Sequence[Any], has_biases: bool) -> Weights:
    """Return the weights of one direction of one layer, which are given as PyTorch has them."""
    ih, hh, *rest = map(as_tensor, given)
    b_ih, b_hh = (rest.pop(0), rest.pop(0)) if has_biases else (None, None)
    return Weights(ih, hh, b_ih, b_hh, rest.pop(0) if rest else None)


def _padded(
    input: Any,
    hx: Any,
    params: Any,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    """State the call with sequences of one length."""


def _packed(
    data: Any,
    batch_sizes: Any,
    hx: Any,
    params: Any,
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> Any:
    """State the call with packed sequences."""


def _run(cell: RecurrentCell, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    """Run layers of cells on what PyTorch's function is given, padded or packed."""
    second = args[1] if len(args) > 1 else None
    is_packed = "batch_sizes" in kwargs or (
        isinstance(second, Tensor) and second.dtype.kind in "iu"
    )
    call = Arguments(_packed if is_packed else _padded)
    call.name = cell.mode.lower()
    given = call.bind(args, kwargs)
    packing = Packing(as_counts(given["batch_sizes"])) if is_packed else None
    x = as_tensor(given["data" if is_packed else "input"])
    batch_first = not is_packed and given["batch_first"]
    if packing is not None:
        x = packing.pad(x)
    directions, biased = 2 if given["bidirectional"] else 1, given["has_biases"]
    count, params = given["num_layers"] * directions, list(given["params"])
    each = len(params) // count
    if each * count != len(params) or each not in ((4, 5) if biased else (2, 3)):
        raise CallError(
            f"{cell.mode.lower()} got {len(params)} weights for {count} directions of layers with "
            f"has_biases={biased}; give W_ih, W_hh, then b_ih and b_hh if there are biases, and "
            "W_hr if there is a projection, for each."
        )
    weights = [weights_of(cell, params[i * each : (i + 1) * each], biased) for i in range(count)]
    hx = [as_tensor(h) for h in given["hx"]] if cell.states > 1 else [as_tensor(given["hx"])]
    thinned = given["dropout"] if given["train"] else 0.0
    out, last = Layers(cell, directions, thinned, packing, batch_first).run(x, hx, weights)
    return out if packing is None else packing.pack(out), *last


def lstm(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return what an LSTM's last layer gives, and the last h and c of all its layers.

    It is called as `lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional,
    batch_first)`, or with packed sequences as `lstm(data, batch_sizes, hx, params, has_biases,
    num_layers, dropout, train, bidirectional)`.

    Raises:
        CallError: If there are too few or too many arguments or weights.
        ShapeError: If shapes do not fit.
    """
    return _run(LSTM, args, kwargs)  # type: ignore[return-value]


def gru(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Return what a GRU's last layer gives, and the last states of all; called as `lstm` is."""
    return _run(GRU, args, kwargs)  # type: ignore[return-value]


def rnn_tanh(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Return the same of a plain network with tanh; called as `lstm` is."""
    return _run(TANH, args, kwargs)  # type: ignore[return-value]


def rnn_relu(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Return the same of a plain network with max(0, ·); called as `lstm` is."""
    return _run(RELU, args, kwargs)  # type: ignore[return-value]


def _step(cell: RecurrentCell, input: Any, hx: Sequence[Any], *weights: Any) -> list[Tensor]:
    given = [None if w is None else as_tensor(w) for w in weights]
    if (given[2] is None) != (given[3] is None):
        raise ShapeError("A cell takes both b_ih and b_hh, or none of them.")
    return CellAlong(cell).run(as_tensor(input), [as_tensor(h) for h in hx], Weights(*given))[1]


def lstm_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> tuple[Tensor, Tensor]:
    """Return an LSTM's next h and c.

    Args:
        input: The inputs, (batch, inputs).
        hx: h and c before, each (batch, hidden).
        w_ih: The weights of the inputs, (4·hidden, inputs): of what is let in, what is kept, what
            is new, what is let out.
        w_hh: Those of h, (4·hidden, hidden).
        b_ih: What is added, (4·hidden,), or None.
        b_hh: What is added too.

    Raises:
        ShapeError: If shapes do not fit.

    Source:
        Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.

    Example:
        >>> import thalweg.torch as torch
        >>> x, h, c = torch.ones(1, 2), torch.zeros(1, 1), torch.ones(1, 1)
        >>> h, c = torch.lstm_cell(x, (h, c), torch.zeros(4, 2), torch.zeros(4, 1))
        >>> c
        tensor([[0.5000]])
    """
    h, c = _step(LSTM, input, hx, w_ih, w_hh, b_ih, b_hh)
    return h, c


def gru_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Tensor:
    """Return a gated recurrent unit's next state; the arguments are as in `lstm_cell`.

    Its gates are three: what is reset, what is kept, what is new.

    Source:
        Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014.
    """
    return _step(GRU, input, [hx], w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Tensor:
    """Return tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh); the arguments are as in `lstm_cell`."""
    return _step(TANH, input, [hx], w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Tensor:
    """Return max(0, x W_ihᵀ + b_ih + h W_hhᵀ + b_hh); the arguments are as in `lstm_cell`."""
    return _step(RELU, input, [hx], w_ih, w_hh, b_ih, b_hh)[0]
