"""Recurrent cells as layers: one moment of a sequence."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import init
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter, add_parameters
from thalweg.torch.nn.recurrence.functions import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What recurrent cells have in common.

    Args:
        input_size: The number of features of an input.
        hidden_size: That of the state.
        bias: Whether numbers are added.
        num_chunks: The number of products of an input.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Attributes:
        weight_ih: The weights of the input, (num_chunks·hidden_size, input_size), drawn uniformly
            from ±1/√hidden_size, as all are.
        weight_hh: Those of the state, (num_chunks·hidden_size, hidden_size).
        bias_ih: What is added, (num_chunks·hidden_size,); None without.
        bias_hh: What is added too.
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        added = (rows,) if bias else None
        add_parameters(
            self, dtype, weight_ih=(rows, input_size), weight_hh=(rows, hidden_size),
            bias_ih=added, bias_hh=added,
        )  # fmt: skip

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        """Return the sizes, and what is no default."""
        bias = "" if self.bias is True else f", bias={self.bias}"
        kind = getattr(self, "nonlinearity", "tanh")
        return f"{self.input_size}, {self.hidden_size}{bias}" + (
            "" if kind == "tanh" else f", nonlinearity={kind}"
        )

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _batched(self, input: Any, states: dict[str, Any]) -> tuple[Tensor, list[Tensor], bool]:
        """Return input and states of a batch, and whether the input had the batch's axis."""
        name, x = type(self).__name__, as_tensor(input)
        if x.ndim not in (1, 2):
            raise ShapeError(f"{name}: Expected input to be 1D or 2D, got {x.ndim}D instead")
        is_batched = x.ndim == 2
        if not is_batched:
            x = expand_dims(x, 0)
        found = []
        for what, value in states.items():
            if value is None:
                value = zeros((x.shape[0], self.hidden_size), x.dtype)
            elif (state := as_tensor(value)).ndim not in (1, 2):
                raise ShapeError(
                    f"{name}: Expected {what} to be 1D or 2D, got {state.ndim}D instead"
                )
            else:
                value = state if is_batched else expand_dims(state, 0)
            found.append(as_tensor(value))
        return x, found, is_batched


class RNNCell(RNNCellBase):
    """h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh).

    Args:
        input_size: The number of features of an input.
        hidden_size: That of the state.
        bias: Whether b_ih and b_hh are added.
        nonlinearity: "tanh", or "relu" for max(0, ·) in its place.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> cell, h = nn.RNNCell(3, 2), torch.zeros(5, 2)
        >>> for x in torch.ones(4, 5, 3):
        ...     h = cell(x, h)
        >>> h.shape == (5, 2)
        True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """Return the next state.

        Args:
            input: Of shape (batch, input_size) or (input_size,).
            hx: The state before, (batch, hidden_size) or (hidden_size,); zeros by default.

        Raises:
            ShapeError: If shapes do not fit.
            ArgumentError: If the nonlinearity is unknown.
        """
        cells = {"tanh": rnn_tanh_cell, "relu": rnn_relu_cell}
        x, (state,), is_batched = self._batched(input, {"hidden": hx})
        if self.nonlinearity not in cells:
            raise ArgumentError(f"Unknown nonlinearity: {self.nonlinearity}")
        found = cells[self.nonlinearity](x, state, *self._weights())
        return found if is_batched else found[0]


class LSTMCell(RNNCellBase):
    """c' = σ(f) c + σ(i) tanh(n), h' = σ(o) tanh(c'), with gates (i, f, n, o) of x and h.

    Args:
        input_size: The number of features of an input.
        hidden_size: That of h and c.
        bias: Whether numbers are added.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Source:
        Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> h, c = nn.LSTMCell(3, 2)(torch.ones(5, 3))
        >>> h.shape == c.shape == (5, 2)
        True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> tuple[Tensor, Tensor]:
        """Return the next h and c.

        Args:
            input: Of shape (batch, input_size) or (input_size,).
            hx: h and c before, each (batch, hidden_size) or (hidden_size,); zeros by default.

        Raises:
            ShapeError: If shapes do not fit.
        """
        before = (None, None) if hx is None else hx
        given = {f"hx[{i}]": state for i, state in enumerate(before)}
        x, states, is_batched = self._batched(input, given)
        h, c = lstm_cell(x, states, *self._weights())
        return (h, c) if is_batched else (h[0], c[0])


class GRUCell(RNNCellBase):
    """h' = (1 − z) n + z h, with n = tanh(x W_inᵀ + b_in + r (h W_hnᵀ + b_hn)) and gates r, z.

    Args:
        input_size: The number of features of an input.
        hidden_size: That of the state.
        bias: Whether numbers are added.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Source:
        Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> nn.GRUCell(3, 2)(torch.ones(5, 3), torch.zeros(5, 2)).shape == (5, 2)
        True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """Return the next state; the arguments are as in `RNNCell`.

        Raises:
            ShapeError: If shapes do not fit.
        """
        x, (state,), is_batched = self._batched(input, {"hidden": hx})
        found = gru_cell(x, state, *self._weights())
        return found if is_batched else found[0]
