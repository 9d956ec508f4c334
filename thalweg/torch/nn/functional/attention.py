"""Attention, with PyTorch's arguments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.autodiff.reverse import stretches
from thalweg.control.fused import Fused, is_eager
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import equal, less_equal, where
from thalweg.ops.index.repeat import repeat
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.extremes import max
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import swapaxes
from thalweg.ops.special.activations import softmax
from thalweg.torch.fused.attending import attended, attended_back
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.functional.dropout import dropout, require_probability
from thalweg.torch.nn.functional.dropout import mask as drawn_mask

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return means of the values, weighted by how well keys fit queries: softmax(s Q Kᵀ + M) V.

    Args:
        query: Q, of shape (…, queries, features).
        key: K, of shape (…, keys, features).
        value: V, of shape (…, keys, channels).
        attn_mask: M, of a shape that broadcasts to (…, queries, keys); or Booleans, true where a
            query sees a key.
        dropout_p: The probability with which a weight is set to zero.
        is_causal: Whether each query sees only the keys up to its own position.
        scale: s; by default 1 / √features.
        enable_gqa: Whether several heads of queries share one of keys and values.

    Raises:
        ArgumentError: If there is a mask and `is_causal` is given too.
        ShapeError: If the shapes do not fit.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017. arXiv:1706.03762

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> F.scaled_dot_product_attention(x, x, x, is_causal=True)[0]
        tensor([1., 0.])
    """
    q, k, v = as_tensor(query), as_tensor(key), as_tensor(value)
    if enable_gqa:
        k, v = (_repeat_heads(t, q.shape[-3]) for t in (k, v))
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    if is_causal:
        if attn_mask is not None:
            raise ArgumentError(
                "Explicit attn_mask should not be set when is_causal=True. Give one of them."
            )
        attn_mask = less_equal(arange(k.shape[-2]), expand_dims(arange(q.shape[-2]), 1))
    mask = None if attn_mask is None else as_tensor(attn_mask)
    if _is_plain(q, k, v, mask):
        shape = (*q.shape[:-1], k.shape[-2])
        how = {"scale": factor, "mask": None if mask is None else mask.array}
        return _ATTENDED(q, k, v, kept=_kept(shape, dropout_p, q), **how)
    weights = _weights(q, k, factor, mask)
    return matmul(dropout(weights, dropout_p, dropout_p > 0), v)


def _weights(q: Tensor, k: Tensor, scale: float, mask: Tensor | None) -> Tensor:
    """Return how much each query takes of each key's value."""
    scores = matmul(q, swapaxes(k, -2, -1)) * scale
    if mask is None:
        return softmax(scores, -1)
    hidden = mask.dtype.kind == "b"
    scores = where(mask, scores, -math.inf) if hidden else scores + mask
    # A query that sees no key gets zeros.
    blind = equal(max(scores, -1, keepdims=True), -math.inf)
    return where(blind, 0.0, softmax(where(blind, 0.0, scores), -1))


def _is_plain(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> bool:
    """Tell whether attention is one operation: of stacks of one shape, by a constant mask."""
    if not is_eager(q, k, v) or q.ndim < 2 or not k.ndim == v.ndim == q.ndim:
        return False
    (*stack, _, n), (*others, keys, m), (*further, held, _) = q.shape, k.shape, v.shape
    if not (stack == others == further and n == m and keys == held > 0):
        return False
    if mask is None:
        return True
    known = mask.array.__class__ is np.ndarray and mask.node is None and mask.origin is None
    shape = (*q.shape[:-1], keys)
    return (
        known
        and (mask.array.dtype.kind == "b" or mask.array.dtype is q.array.dtype)
        and mask.ndim <= len(shape)
        and stretches(mask.shape, shape)
    )


def _kept(shape: tuple[int, ...], p: float, like: Tensor) -> Any:
    """Draw which weights are kept, and return what all are multiplied by; None for 1."""
    require_probability("dropout", p)
    if p == 0:
        return None
    if p == 1:
        return np.zeros(shape, like.array.dtype)
    return drawn_mask(shape, p, like).array / (1 - p)


def _composed(q: Tensor, k: Tensor, v: Tensor, *, scale: float, mask: Any, kept: Any) -> Tensor:
    weights = _weights(q, k, scale, None if mask is None else as_tensor(mask))
    return matmul(weights if kept is None else weights * as_tensor(kept), v)


_ATTENDED = Fused(
    "ScaledDotProductFlashAttentionForCpuBackward0", attended, attended_back, _composed
)


def _repeat_heads(x: Tensor, heads: int) -> Tensor:
    if heads % x.shape[-3]:
        raise ShapeError(
            f"Number of heads in key and value must divide the number of heads in query, and "
            f"{x.shape[-3]} and {heads} were given."
        )
    return repeat(x, heads // x.shape[-3], axis=-3)
