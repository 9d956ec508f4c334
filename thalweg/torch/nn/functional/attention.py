"""Attention, with PyTorch's arguments."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from thalweg.autodiff.reverse import stretches
from thalweg.control.fused import Fused, is_eager
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.comparison import equal, less_equal, where
from thalweg.ops.index.repeat import repeat
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.extremes import max
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.transpose import swapaxes, transpose
from thalweg.ops.special.activations import softmax
from thalweg.torch.fused.attending import (
    attended,
    attended_back,
    attended_by_head,
    attended_by_head_back,
)
from thalweg.torch.naming import as_tensor, make
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
    queries, keys = q.array.shape, k.array.shape
    factor = 1 / math.sqrt(queries[-1]) if scale is None else scale
    if is_causal:
        if attn_mask is not None:
            raise ArgumentError(
                "Explicit attn_mask should not be set when is_causal=True. Give one of them."
            )
        attn_mask = _causal(queries[-2], keys[-2])
    elif attn_mask is None and not dropout_p and type(factor) is float and _is_plain(q, k, v):
        return _ATTENDED(q, k, v, scale=factor, mask=None, kept=None)
    mask = None if attn_mask is None else as_tensor(attn_mask)
    shape = (*queries[:-1], keys[-2])
    if type(factor) is float and _is_plain(q, k, v) and _is_constant(mask, shape, q):
        return _ATTENDED(q, k, v, **_options(factor, mask, shape, dropout_p, q))
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


def _causal(queries: int, keys: int) -> Tensor:
    """Return which keys each query sees: those up to its own position."""
    if not tracing.traces and queries * keys <= _SMALL:
        return make(_triangle(queries, keys))
    return less_equal(arange(keys), expand_dims(arange(queries), 1))


# Masks of so many elements are kept; nobody writes into one.
_SMALL = 1 << 16


@functools.lru_cache(maxsize=64)
def _triangle(queries: int, keys: int) -> Any:
    return np.tri(queries, keys, dtype=np.bool_)


def attend_by_head(
    q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None, p: float, is_causal: bool
) -> Tensor:
    """Attend with several heads, each by its own part of the features.

    Args:
        q: (queries, batch, features).
        k: (keys, batch, features).
        v: Of the same shape.
        heads: How many, a divisor of the features.
        mask: What is added to the scores, or None.
        p: The probability with which a weight is set to zero.
        is_causal: Whether each query sees only the keys up to its own position.
    """
    shape = q.shape[1], heads, q.shape[0], k.shape[0]
    if is_causal:
        mask = _causal(q.shape[0], k.shape[0])
    plain = is_eager(q, k, v) and k.shape == v.shape and k.shape[1:] == q.shape[1:] and k.shape[0]
    if plain and _is_constant(mask, shape, q):
        factor = 1 / math.sqrt(q.shape[2] // heads)
        return _BY_HEAD(q, k, v, heads=heads, **_options(factor, mask, shape, p, q))
    q, k, v = (by_head(x, heads) for x in (q, k, v))
    return join_heads(scaled_dot_product_attention(q, k, v, mask, p))


def by_head(x: Tensor, heads: int) -> Tensor:
    """Return (n, batch, features) as (batch, heads, n, features / heads)."""
    return transpose(reshape(x, (*x.shape[:2], heads, x.shape[2] // heads)), (1, 2, 0, 3))


def join_heads(x: Tensor) -> Tensor:
    """Return what `by_head` took apart."""
    batch, heads, n, size = x.shape
    return reshape(transpose(x, (2, 0, 1, 3)), (n, batch, heads * size))


def _is_plain(q: Tensor, k: Tensor, v: Tensor) -> bool:
    """Tell whether stacks of queries, keys and values are eager and of one shape."""
    if not is_eager(q, k, v):
        return False
    a, b, c = q.array.shape, k.array.shape, v.array.shape
    if len(a) < 2 or not len(a) == len(b) == len(c):
        return False
    return bool(a[:-2] == b[:-2] == c[:-2] and a[-1] == b[-1] and b[-2] == c[-2] > 0)


def _is_constant(mask: Tensor | None, shape: tuple[int, ...], like: Tensor) -> bool:
    """Tell whether a mask of scores of a shape is known, and none or has no derivative."""
    if mask is None:
        return True
    array = mask.array
    return (
        array.__class__ is np.ndarray
        and mask.node is None
        and mask.origin is None
        and (array.dtype.kind == "b" or array.dtype is like.array.dtype)
        and stretches(array.shape, shape)
    )


def _options(
    scale: float, mask: Tensor | None, shape: tuple[int, ...], p: float, like: Tensor
) -> dict[str, Any]:
    """Return what the fused forms take beside the operands."""
    held = None if mask is None else mask.array
    return {"scale": scale, "mask": held, "kept": _kept(shape, p, like)}


def _kept(shape: tuple[int, ...], p: float, like: Tensor) -> Any:
    """Draw which weights are kept, and return what all are multiplied by; None for 1."""
    require_probability("dropout", p)
    if p == 0:
        return None
    if p == 1:
        return np.zeros(shape, like.array.dtype)
    return drawn_mask(shape, p, like).array / (1 - float(p))


def _composed(q: Tensor, k: Tensor, v: Tensor, *, scale: float, mask: Any, kept: Any) -> Tensor:
    weights = _weights(q, k, scale, None if mask is None else as_tensor(mask))
    return matmul(weights if kept is None else weights * as_tensor(kept), v)


_ATTENDED = Fused(
    "ScaledDotProductFlashAttentionForCpuBackward0", attended, attended_back, _composed
)


def _composed_by_head(q: Tensor, k: Tensor, v: Tensor, *, heads: int, **options: Any) -> Tensor:
    return join_heads(_composed(*(by_head(x, heads) for x in (q, k, v)), **options))


_BY_HEAD = Fused("ViewBackward0", attended_by_head, attended_by_head_back, _composed_by_head)


def _repeat_heads(x: Tensor, heads: int) -> Tensor:
    if heads % x.shape[-3]:
        raise ShapeError(
            f"Number of heads in key and value must divide the number of heads in query, and "
            f"{x.shape[-3]} and {heads} were given."
        )
    return repeat(x, heads // x.shape[-3], axis=-3)
