"""Transformers: layers of attention with feed-forward networks between."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.torch.dtypes import TORCH
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.functional.heads import additive
from thalweg.torch.nn.modules.container import ModuleList
from thalweg.torch.nn.modules.dropout import Dropout
from thalweg.torch.nn.modules.linear import Linear
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.modules.normalization import LayerNorm
from thalweg.torch.nn.modules.sequences.attention import MultiheadAttention

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip

Activation = str | Callable[[Tensor], Tensor]

_ACTIVATIONS: dict[str, Any] = {"gelu": functional.gelu, "relu": functional.relu}


def _activation(given: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(given, str):
        return given
    if given not in _ACTIVATIONS:
        raise ArgumentError(
            f"activation should be relu/gelu, not {given}. Give another one as a function."
        )
    found: Callable[[Tensor], Tensor] = _ACTIVATIONS[given]
    return found


class _Block(Module):
    """What the layers of encoders and decoders share: a network, and how parts are joined.

    A part's result is added to its input; then the sum is normalized, or, with `norm_first`, the
    input was before.
    """

    norm_first: bool
    self_attn: MultiheadAttention

    def _join(self, x: Tensor, norm: Module, part: Callable[[Tensor], Tensor]) -> Tensor:
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))

    def _feed(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))
        found: Tensor = self.linear2(hidden)
        return found


class TransformerEncoderLayer(_Block):
    """Self-attention, and a network of one hidden layer; each added to its input and normalized.

    Args:
        d_model: The number of features.
        nhead: The number of heads of the attention.
        dim_feedforward: The number of hidden features of the network.
        dropout: The probability with which elements are set to zero in training.
        activation: The network's activation, a function or "relu" or "gelu".
        layer_norm_eps: What the normalizations add to variances.
        batch_first: Whether the batch is the first axis, and not the second.
        norm_first: Whether inputs of the parts are normalized, and not the sums.
        bias: Whether linear layers and normalizations add numbers.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If the activation is another text, or the heads do not divide the features.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017. arXiv:1706.03762
        Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020.
        arXiv:2002.04745

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> layer(torch.ones((3, 5, 8))).shape == (3, 5, 8)
        True
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        for name in ("norm1", "norm2"):
            setattr(self, name, LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
        for name in ("dropout1", "dropout2"):
            setattr(self, name, Dropout(dropout))
        self.activation = _activation(activation)

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Return the sequence encoded.

        Args:
            src: Of shape (length, batch, features); with `batch_first` (batch, length, features);
                or (length, features).
            src_mask: Which positions see which, as `attn_mask` of `MultiheadAttention`.
            src_key_padding_mask: True where a position is not seen, as `key_padding_mask` there.
            is_causal: A hint that `src_mask` lets each position see those up to itself.
        """
        x = as_tensor(src)
        padded = additive(src_key_padding_mask, "src_key_padding_mask", x.dtype, src_mask, "mask")
        mask = additive(src_mask, "src_mask", x.dtype)

        def attend(x: Tensor) -> Tensor:
            seen: Tensor = self.dropout1(
                self.self_attn(x, x, x, padded, False, mask, is_causal=is_causal)[0]
            )
            return seen

        x = self._join(x, self.norm1, attend)
        return self._join(x, self.norm2, lambda x: self.dropout2(self._feed(x)))


class TransformerDecoderLayer(_Block):
    """Self-attention, attention to what was encoded, and a network of one hidden layer.

    Args:
        d_model: The number of features.
        nhead: The number of heads of each attention.
        dim_feedforward: The number of hidden features of the network.
        dropout: The probability with which elements are set to zero in training.
        activation: The network's activation, a function or "relu" or "gelu".
        layer_norm_eps: What the normalizations add to variances.
        batch_first: Whether the batch is the first axis, and not the second.
        norm_first: Whether inputs of the parts are normalized, and not the sums.
        bias: Whether linear layers and normalizations add numbers.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If the activation is another text, or the heads do not divide the features.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017. arXiv:1706.03762

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.TransformerDecoderLayer(8, 2, 16)
        >>> layer(torch.ones((5, 3, 8)), torch.ones((7, 3, 8))).shape == (5, 3, 8)
        True
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name in ("self_attn", "multihead_attn"):
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        for name in ("norm1", "norm2", "norm3"):
            setattr(self, name, LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
        for name in ("dropout1", "dropout2", "dropout3"):
            setattr(self, name, Dropout(dropout))
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the sequence decoded.

        Args:
            tgt: Of shape (length, batch, features); with `batch_first` (batch, length, features);
                or (length, features).
            memory: What was encoded, likewise.
            tgt_mask: Which positions see which, as `attn_mask` of `MultiheadAttention`.
            memory_mask: Which positions see which of those encoded.
            tgt_key_padding_mask: True where a position is not seen, as `key_padding_mask` there.
            memory_key_padding_mask: True where one of those encoded is not seen.
            tgt_is_causal: A hint that `tgt_mask` lets each position see those up to itself.
            memory_is_causal: Likewise of `memory_mask`.
        """

        def attend(x: Tensor) -> Tensor:
            seen: Tensor = self.dropout1(
                self.self_attn(
                    x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal
                )[0]
            )
            return seen

        def recall(x: Tensor) -> Tensor:
            seen: Tensor = self.dropout2(
                self.multihead_attn(
                    x, memory, memory, memory_key_padding_mask, False, memory_mask,
                    is_causal=memory_is_causal,
                )[0]
            )  # fmt: skip
            return seen

        x = self._join(as_tensor(tgt), self.norm1, attend)
        x = self._join(x, self.norm2, recall)
        return self._join(x, self.norm3, lambda x: self.dropout3(self._feed(x)))


class _Stack(Module):
    """Copies of a layer, one upon the other, and a normalization behind them."""

    layers: ModuleList
    norm: Module | None

    def _stack(self, layer: Module, count: int, norm: Module | None) -> None:
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(count)])
        self.num_layers = count
        self.norm = norm

    def _finish(self, x: Tensor) -> Tensor:
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """Several layers of an encoder, one upon the other.

    Args:
        encoder_layer: The layer, of which copies are made.
        num_layers: How many.
        norm: What normalizes the result, or None.
        enable_nested_tensor: Accepted as in PyTorch; it has no meaning here.
        mask_check: Likewise.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
        >>> encoder(torch.ones((5, 3, 8))).shape == (5, 3, 8)
        True
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self._stack(encoder_layer, num_layers, norm)
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Return the sequence encoded; arguments as of `TransformerEncoderLayer`."""
        x = as_tensor(src)
        padded = additive(src_key_padding_mask, "src_key_padding_mask", x.dtype, mask, "mask")
        seen = additive(mask, "mask", x.dtype)
        for layer in self.layers:
            x = layer(x, src_mask=seen, src_key_padding_mask=padded, is_causal=is_causal is True)
        return self._finish(x)


class TransformerDecoder(_Stack):
    """Several layers of a decoder, one upon the other.

    Args:
        decoder_layer: The layer, of which copies are made.
        num_layers: How many.
        norm: What normalizes the result, or None.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)
        >>> decoder(torch.ones((5, 3, 8)), torch.ones((7, 3, 8))).shape == (5, 3, 8)
        True
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self._stack(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the sequence decoded; arguments as of `TransformerDecoderLayer`."""
        x = as_tensor(tgt)
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal is True,
                memory_is_causal=memory_is_causal,
            )
        return self._finish(x)


class Transformer(Module):
    """An encoder of one sequence, and a decoder of another that attends to it.

    Args:
        d_model: The number of features.
        nhead: The number of heads of each attention.
        num_encoder_layers: The number of layers of the encoder.
        num_decoder_layers: That of the decoder.
        dim_feedforward: The number of hidden features of the networks.
        dropout: The probability with which elements are set to zero in training.
        activation: The networks' activation, a function or "relu" or "gelu".
        custom_encoder: A module in place of the encoder.
        custom_decoder: A module in place of the decoder.
        layer_norm_eps: What the normalizations add to variances.
        batch_first: Whether the batch is the first axis, and not the second.
        norm_first: Whether inputs of the parts are normalized, and not the sums.
        bias: Whether linear layers and normalizations add numbers.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If the activation is another text, or the heads do not divide the features.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017. arXiv:1706.03762

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> model = nn.Transformer(8, 2, 1, 1, 16)
        >>> mask = nn.Transformer.generate_square_subsequent_mask(5)
        >>> found = model(torch.ones((7, 3, 8)), torch.ones((5, 3, 8)), tgt_mask=mask)
        >>> found.shape == (5, 3, 8)
        True
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        shared = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, device, dtype,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        if custom_encoder is None:
            layer = TransformerEncoderLayer(*shared)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        self.encoder = custom_encoder
        if custom_decoder is None:
            other = TransformerDecoderLayer(*shared)
            custom_decoder = TransformerDecoder(other, num_decoder_layers, norm())
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return the second sequence decoded, beside the first one encoded.

        Arguments are as of `TransformerEncoderLayer` and `TransformerDecoderLayer`.

        Raises:
            ShapeError: If the batches or the features are not as many.
        """
        source, target = as_tensor(src), as_tensor(tgt)
        axis = 0 if self.batch_first else 1
        if source.ndim == 3 and source.shape[axis] != target.shape[axis]:
            raise ShapeError(
                f"the batch number of src and tgt must be equal, and shapes {tuple(source.shape)} "
                f"and {tuple(target.shape)} were given."
            )
        if source.shape[-1] != self.d_model or target.shape[-1] != self.d_model:
            raise ShapeError(
                "the feature number of src and tgt must be equal to d_model, and shapes "
                f"{tuple(source.shape)} and {tuple(target.shape)} were given for {self.d_model}."
            )
        memory = self.encoder(
            source,
            mask=src_mask,
            src_key_padding_mask=src_key_padding_mask,
            is_causal=src_is_causal,
        )
        found: Tensor = self.decoder(
            target,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
        return found

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """Return a mask by which each of `sz` positions sees those up to itself: -inf above.

        Args:
            sz: The number of positions.
            device: Accepted as in PyTorch; tensors are on the CPU.
            dtype: A floating dtype; by default the default dtype.
        """
        kind = TORCH.default if dtype is None else dtype
        return as_tensor(np.triu(np.full((sz, sz), -np.inf, kind), 1))
