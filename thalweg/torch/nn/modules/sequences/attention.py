"""Attention as a layer."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn import functional, init
from thalweg.torch.nn.modules.linear import Linear
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter, register_parameters

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """The projection at the end of attention, under the name that PyTorch prints."""


class Undivided(ArgumentError, AssertionError):
    """Features that heads cannot share evenly."""


class MultiheadAttention(Module):
    """Attention of several heads, each by its own projections of queries, keys and values.

    Args:
        embed_dim: The number of features of queries and of what comes out.
        num_heads: The number of heads, which divides it.
        dropout: The probability with which a weight is set to zero in training.
        bias: Whether the projections add numbers.
        add_bias_kv: Whether there is one more learned key, with its value.
        add_zero_attn: Whether there is one more key, with its value, of zeros.
        kdim: The number of features of keys; by default `embed_dim`.
        vdim: That of values.
        batch_first: Whether the batch is the first axis, and not the second.
        device: Accepted as in PyTorch; tensors are on the CPU.
        dtype: The parameters' dtype; by default the default dtype.

    Raises:
        ArgumentError: If a number is not positive.
        Undivided: If the heads do not divide the features; an AssertionError too.

    Attributes:
        in_proj_weight: The projections of queries, keys and values, (3·embed_dim, embed_dim), by
            Glorot's uniform draw; None where `kdim` or `vdim` is another number.
        q_proj_weight: That of queries where they are apart; likewise `k_proj_weight` and
            `v_proj_weight`.
        in_proj_bias: What they add, (3·embed_dim,), 0 at first; None without.
        bias_k: The key that is added, (1, 1, embed_dim); None without.
        bias_v: Its value.
        out_proj: The projection of what the heads see.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017. arXiv:1706.03762

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer, x = nn.MultiheadAttention(8, 2, batch_first=True), torch.ones((3, 5, 8))
        >>> seen, weights = layer(x, x, x)
        >>> seen.shape == (3, 5, 8), weights.shape == (3, 5, 5)
        (True, True)
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None
    out_proj: Linear

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ArgumentError(
                "embed_dim and num_heads must be greater than 0, got "
                f"embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise Undivided(
                f"embed_dim must be divisible by num_heads, and {embed_dim} and {num_heads} were "
                "given."
            )
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        n, packed, more = embed_dim, self._qkv_same_embed_dim, (1, 1, embed_dim)
        register_parameters(
            self,
            dtype,
            in_proj_weight=(3 * n, n) if packed else None,
            q_proj_weight=None if packed else (n, n),
            k_proj_weight=None if packed else (n, self.kdim),
            v_proj_weight=None if packed else (n, self.vdim),
            in_proj_bias=(3 * n,) if bias else None,
            bias_k=more if add_bias_kv else None,
            bias_v=more if add_bias_kv else None,
        )
        self.out_proj = NonDynamicallyQuantizableLinear(n, n, bias, device, dtype)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (
            self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
        ):  # fmt: skip
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for row in (self.bias_k, self.bias_v):
            if row is not None:
                init.xavier_normal_(row)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return what queries see of the values, and the weights.

        Args:
            query: Of shape (queries, batch, features); with `batch_first` (batch, queries,
                features); or (queries, features).
            key: Likewise.
            value: Likewise.
            key_padding_mask: Of shape (batch, keys) or (keys,): true where a key is not seen; or
                numbers that are added to the scores.
            need_weights: Whether the weights are returned, or None in their place.
            attn_mask: Of shape (queries, keys), or (batch·heads, queries, keys), likewise.
            average_attn_weights: Whether the mean of the weights over the heads is returned.
            is_causal: A hint that `attn_mask` lets each query see the keys up to its own position.

        Raises:
            ShapeError: If shapes do not fit.
        """
        turned = self.batch_first and as_tensor(query).ndim == 3
        given: tuple[Any, ...] = (query, key, value)
        if turned:
            # What is the same tensor stays the same: it is projected in one product.
            by_identity = {id(x): swapaxes(x, 0, 1) for x in given}
            given = tuple(by_identity[id(x)] for x in given)
        attend: Any = functional.multi_head_attention_forward
        seen, weights = attend(
            *given, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias,
            self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight,
            self.out_proj.bias, self.training, key_padding_mask, need_weights, attn_mask,
            not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight,
            self.v_proj_weight, None, None, average_attn_weights, is_causal,
        )  # fmt: skip
        return swapaxes(seen, 0, 1) if turned else seen, weights
