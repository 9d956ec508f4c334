"""Recurrent networks: layers of cells that go along a sequence."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable
from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.index.take import take
from thalweg.ops.shape.reshape import expand_dims, squeeze
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import init
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter, register_parameters
from thalweg.torch.nn.recurrence.cells import CELLS
from thalweg.torch.nn.recurrence.functions import weights_of
from thalweg.torch.nn.recurrence.layers import Layers
from thalweg.torch.nn.recurrence.packed import PackedSequence
from thalweg.torch.nn.recurrence.packing import Packing, as_counts
from thalweg.torch.steps import step

_of_one = step("Squeeze1")(squeeze)

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

_Size = tuple[int, ...]


class RNNBase(Module):
    """What recurrent networks have in common.

    Args:
        mode: The kind of the cells: "RNN_TANH", "RNN_RELU", "LSTM" or "GRU".
        input_size: The number of features of an input.
        hidden_size: That of a state.
        num_layers: The number of layers, each of which goes along what the one before it gave.
        bias: Whether numbers are added.
        batch_first: Whether the batch is the first axis of input and output, and not the second.
        dropout: The probability with which what a layer gives to the next is set to zero.
        bidirectional: Whether each layer goes along the sequence both ways.
        proj_size: The number of features to which an LSTM's h is projected; 0 for none.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If a number is outside its range.
        CallError: If an argument is of another type.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._require_arguments(dropout)
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[: self._directions]:
                shapes = self._shapes(layer, f"_l{layer}{suffix}")
                register_parameters(self, dtype, **shapes)
                self._all_weights.append(list(shapes))
        self.reset_parameters()

    def _require_arguments(self, dropout: Any) -> None:
        """Refuse arguments of another type, or outside their range."""
        is_number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
        if not is_number or not 0 <= dropout <= 1:
            raise ArgumentError(
                "dropout should be a number in range [0, 1] representing the probability of an "
                "element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero "
                f"dropout expects num_layers greater than 1, but got dropout={dropout} and "
                f"num_layers={self.num_layers}",
                stacklevel=level_of_user(),
            )
        kinds = {"bias": bool, "batch_first": bool, "input_size": int, "hidden_size": int}
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise CallError(
                    f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
                )
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ArgumentError(f"{name} must be greater than zero")
        if self.proj_size < 0:
            raise ArgumentError(
                "proj_size should be a positive integer or zero to disable projections"
            )
        if self.proj_size >= self.hidden_size:
            raise ArgumentError("proj_size has to be smaller than hidden_size")
        if self.mode not in CELLS:
            raise ArgumentError(f"Unrecognized RNN mode: {self.mode}")

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _out_size(self) -> int:
        return self.proj_size or self.hidden_size

    def _shapes(self, layer: int, suffix: str) -> dict[str, _Size]:
        """Return the shapes of the weights of one direction of a layer, by name."""
        inputs = self._out_size * self._directions if layer else self.input_size
        rows = CELLS[self.mode].gates * self.hidden_size
        shapes: dict[str, _Size] = {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, self._out_size),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        return {f"{name}{suffix}": shape for name, shape in shapes.items()}

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniformly from ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: weights need not lie together."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each direction of each layer."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [weight for weights in self.all_weights for weight in weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    def extra_repr(self) -> str:
        """Return the sizes, and what is no default."""
        usual = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0,
            "bidirectional": False,
        }  # fmt: skip
        found = [str(self.input_size), str(self.hidden_size)]
        for name, default in usual.items():
            if (value := getattr(self, name)) != default:
                found.append(f"{name}={value}")
        return ", ".join(found)

    # ---- what is given

    def check_input(self, input: Tensor, batch_sizes: Any) -> None:
        """Refuse an input that does not fit: packed data with batch sizes, or a sequence.

        Raises:
            ArgumentError: If its dtype is not that of the weights.
            ShapeError: If it has other axes, or another number of features.
        """
        wanted = self._flat_weights[0].dtype
        if input.dtype != wanted:
            raise ArgumentError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({wanted}). Convert "
                f"input: input.to({wanted}), or convert model: model.to({input.dtype})"
            )
        axes = 3 if batch_sizes is None else 2
        if input.ndim != axes:
            raise ShapeError(f"input must have {axes} dimensions, got {input.ndim}")
        if input.shape[-1] != self.input_size:
            raise ShapeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.shape[-1]}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Any) -> _Size:
        """Return the shape that the first states of an input have."""
        if batch_sizes is not None:
            batch = int(as_counts(batch_sizes)[0])
        else:
            batch = input.shape[0 if self.batch_first else 1]
        return self.num_layers * self._directions, batch, self._out_size

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: _Size, msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Refuse first states of another shape.

        Raises:
            ShapeError: If they have one.
        """
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise ShapeError(msg.format(tuple(expected_hidden_size), list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Any) -> None:
        """Refuse an input and first states that do not fit.

        Raises:
            ArgumentError: If the input's dtype is not that of the weights.
            ShapeError: If shapes do not fit.
        """
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Any) -> Any:
        """Return states in another order of the batch, or as they are if there is none."""
        return hx if permutation is None else _in_order(hx, permutation)

    def _require_axes(self, states: list[Tensor], is_batched: bool) -> None:
        """Refuse first states that have a batch's axis where the input has none, or lack it."""
        wanted = 3 if is_batched else 2
        what = f"For {'batched 3-D' if is_batched else 'unbatched 2-D'} input, "
        if any(state.ndim != wanted for state in states):
            had = ", ".join(f"{state.ndim}-D" for state in states)
            if len(states) > 1:
                what += f"hx and cx should also be {wanted}-D but got ({had}) tensors"
            else:
                what += f"hx should also be {wanted}-D but got {had} tensor"
            raise ShapeError(what)

    # ---- what comes out

    def _states(self, hx: Any) -> list[Tensor] | None:
        return None if hx is None else [as_tensor(hx)]

    def _as_hidden(self, states: list[Tensor]) -> Any:
        return states[0]

    def _run(self, x: Tensor, states: list[Tensor] | None, packing: Packing | None) -> Any:
        """Return what the last layer gives, and the last states."""
        batch_first = self.batch_first and packing is None
        if not x.shape[1 if batch_first else 0]:
            raise ShapeError("Expected sequence length to be larger than 0 in RNN")
        cell = CELLS[self.mode]
        weights = [weights_of(cell, given, self.bias) for given in self.all_weights]
        thinned = self.dropout if self.training else 0.0
        layers = Layers(cell, self._directions, thinned, packing, batch_first)
        return layers.run(x, states, weights)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return what the last layer gives at all moments, and the last states of all layers.

        Args:
            input: Of shape (moments, batch, input_size); with `batch_first` (batch, moments,
                input_size); or (moments, input_size); or packed sequences.
            hx: The first states, (num_layers·directions, batch, hidden_size), or without a batch;
                zeros by default. Those of an LSTM are two: h, whose last axis has `proj_size`
                features if it is projected, and c.

        Raises:
            ShapeError: If shapes do not fit.
            ArgumentError: If the input's dtype is not that of the weights.
        """
        if isinstance(input, PackedSequence):
            return self._of_packed(input, hx)
        x, states, name = as_tensor(input), self._states(hx), self.mode.partition("_")[0]
        if x.ndim not in (2, 3):
            end = "tensor instead" if name == "RNN" else "instead"
            raise ShapeError(f"{name}: Expected input to be 2D or 3D, got {x.ndim}D {end}")
        is_batched, axis = x.ndim == 3, 0 if self.batch_first else 1
        if not is_batched:
            x = expand_dims(x, axis)
        if states is not None:
            self._require_axes(states, is_batched)
            states = states if is_batched else [expand_dims(state, 1) for state in states]
            self.check_forward_args(x, self._as_hidden(states), None)
        else:
            self.check_input(x, None)
        out, last = self._run(x, states, None)
        if not is_batched:
            out, last = _of_one(out, axis), [_of_one(state, 1) for state in last]
        return out, self._as_hidden(last)

    def _of_packed(self, sequence: PackedSequence, hx: Any) -> Any:
        data, sizes, order, back = sequence
        data, states, packing = as_tensor(data), self._states(hx), Packing(as_counts(sizes))
        if states is None:
            self.check_input(data, sizes)
        else:
            hidden = self.permute_hidden(self._as_hidden(states), order)
            self.check_forward_args(data, hidden, sizes)
            states = self._states(hidden)
        out, last = self._run(packing.pad(data), states, packing)
        hidden = self.permute_hidden(self._as_hidden(last), back)
        return PackedSequence(packing.pack(out), sizes, order, back), hidden


def _in_order(states: Any, order: Any) -> Tensor:
    return take(as_tensor(states), as_counts(order), axis=1)


def _without_projection(kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise ArgumentError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """Layers of h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh).

    Args:
        args: `input_size`, `hidden_size`, `num_layers`, `nonlinearity` ("tanh", or "relu" for
            max(0, ·) in its place), then what `RNNBase` takes.
        kwargs: The same by name.

    Raises:
        ArgumentError: If a number is outside its range, or the nonlinearity is unknown.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> net = nn.RNN(3, 2, num_layers=2, batch_first=True)
        >>> net
        RNN(3, 2, num_layers=2, batch_first=True)
        >>> out, last = net(torch.ones(5, 7, 3))
        >>> out.shape == (5, 7, 2), last.shape == (2, 5, 2)
        (True, True)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _without_projection(kwargs)
        if len(args) > 3:
            self.nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if self.nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(
                f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(f"RNN_{self.nonlinearity.upper()}", *args, **kwargs)


class LSTM(RNNBase):
    """Layers of long short-term memory: of `LSTMCell`.

    Args:
        args: `input_size`, `hidden_size`, and what else `RNNBase` takes.
        kwargs: The same by name.

    Raises:
        ArgumentError: If a number is outside its range.

    Source:
        Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> out, (h, c) = nn.LSTM(3, 4, bidirectional=True, proj_size=2)(torch.ones(7, 5, 3))
        >>> out.shape == (7, 5, 4), h.shape == (2, 5, 2), c.shape == (2, 5, 4)
        (True, True, True)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Any) -> _Size:
        """Return the shape that the first c of an input has."""
        layers, batch, _ = self.get_expected_hidden_size(input, batch_sizes)
        return layers, batch, self.hidden_size

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Any) -> None:
        """Refuse an input and first states that do not fit.

        Raises:
            ArgumentError: If the input's dtype is not that of the weights.
            ShapeError: If shapes do not fit.
        """
        self.check_input(input, batch_sizes)
        expected: list[Callable[[Tensor, Any], _Size]] = [
            self.get_expected_hidden_size, self.get_expected_cell_size,
        ]  # fmt: skip
        for i, (state, shape) in enumerate(zip(hidden, expected, strict=True)):
            text = f"Expected hidden[{i}] size {{}}, got {{}}"
            self.check_hidden_size(state, shape(input, batch_sizes), text)

    def permute_hidden(self, hx: Any, permutation: Any) -> Any:
        """Return states in another order of the batch, or as they are if there is none."""
        return hx if permutation is None else tuple(_in_order(x, permutation) for x in hx)

    def _states(self, hx: Any) -> list[Tensor] | None:
        if hx is None:
            return None
        states = [as_tensor(state) for state in hx]
        if len(states) != 2:
            raise ShapeError(
                f"LSTM got {len(states)} first states; it wants the pair (h_0, c_0), each of shape "
                "(num_layers·directions, batch, features). Give both as a tuple."
            )
        return states

    def _as_hidden(self, states: list[Tensor]) -> Any:
        return tuple(states)


class GRU(RNNBase):
    """Layers of gated recurrent units: of `GRUCell`.

    Args:
        args: `input_size`, `hidden_size`, and what else `RNNBase` takes.
        kwargs: The same by name.

    Raises:
        ArgumentError: If a number is outside its range, or a projection is asked for.

    Source:
        Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> out, last = nn.GRU(3, 2)(torch.ones(7, 3))
        >>> out.shape == (7, 2), last.shape == (1, 2)
        (True, True)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _without_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)
