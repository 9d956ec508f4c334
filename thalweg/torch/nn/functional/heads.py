"""Attention with several heads, with PyTorch's arguments."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.index.pad import pad
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.sums import mean
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.ops.shape.transpose import swapaxes
from thalweg.ops.special.activations import softmax
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.functional.attention import (
    attend_by_head,
    by_head,
    join_heads,
    scaled_dot_product_attention,
)
from thalweg.torch.nn.functional.dropout import dropout
from thalweg.torch.nn.functional.linear import linear
from thalweg.torch.steps import step

__all__ = ["multi_head_attention_forward"]

_over_heads = step("Mean1")(mean)


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attend with several heads, each by its own part of projected features; join what they see.

    Args:
        query: Of shape (queries, batch, features), or (queries, features).
        key: Of shape (keys, batch, features of keys), likewise.
        value: Of shape (keys, batch, features of values), likewise.
        embed_dim_to_check: The number of features that is expected.
        num_heads: The number of heads, which divides it.
        in_proj_weight: The projections of queries, keys and values, (3·features, features).
        in_proj_bias: What they add, (3·features,), or None.
        bias_k: One more key, of shape (1, 1, features), or None.
        bias_v: Its value, likewise.
        add_zero_attn: Whether there is one more key, and its value, of zeros.
        dropout_p: The probability with which a weight is set to zero in training.
        out_proj_weight: The projection of what the heads see, (features, features).
        out_proj_bias: What it adds, or None.
        training: Whether weights are dropped.
        key_padding_mask: Of shape (batch, keys) or (keys,): true where a key is not seen; or
            numbers that are added to the scores.
        need_weights: Whether the weights are returned.
        attn_mask: Of shape (queries, keys), or (batch·heads, queries, keys), likewise.
        use_separate_proj_weight: Whether the projections are given one by one.
        q_proj_weight: That of queries, then, (features, features).
        k_proj_weight: That of keys, (features, features of keys).
        v_proj_weight: That of values, (features, features of values).
        static_k: Keys in place of the projected ones, (batch·heads, keys, features / heads).
        static_v: Values likewise.
        average_attn_weights: Whether the mean of the weights over the heads is returned.
        is_causal: A hint that `attn_mask` lets each query see the keys up to its own position.

    Returns:
        What is seen, of the query's shape; and the weights, of shape (batch, queries, keys) or
        (batch, heads, queries, keys), without the batch if there is none, or None.

    Raises:
        ShapeError: If shapes do not fit.
        ArgumentError: If there is a hint without a mask, or one of `bias_k` and `bias_v` alone.
        DtypeError: If a mask is neither Boolean nor floating.

    Source:
        Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2. arXiv:1706.03762

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> x, one = torch.ones((3, 4)), torch.eye(4)
        >>> packed = torch.cat([one, one, one])
        >>> seen, weights = F.multi_head_attention_forward(
        ...     x, x, x, 4, 2, packed, None, None, None, False, 0.0, one, None)
        >>> seen.shape == (3, 4), weights.shape == (3, 3)
        (True, True)
    """
    given = query, key, value
    q, k, v = (as_tensor(t) for t in given)
    padded = additive(key_padding_mask, "key_padding_mask", q.dtype, attn_mask, "attn_mask")
    batched = _require_shapes((q, k, v), padded, attn_mask, num_heads, embed_dim_to_check)
    by_hint = _goes_by_hint(is_causal, attn_mask, padded is None and not need_weights)
    seen = None if by_hint else additive(attn_mask, "attn_mask", q.dtype)
    if use_separate_proj_weight:
        weights = q_proj_weight, k_proj_weight, v_proj_weight
        q, k, v = _projected_apart((q, k, v), weights, in_proj_bias)
    else:
        q, k, v = _projected(given, in_proj_weight, in_proj_bias)
    if not batched:
        q, k, v = (expand_dims(t, 1) for t in (q, k, v))
        padded = padded if padded is None else expand_dims(padded, 0)
    _require_pair(bias_k, bias_v, static_k, static_v)
    shape = q.shape[1], num_heads, q.shape[0], k.shape[0]
    mask = _joined(seen, padded, shape, (bias_k is not None) + bool(add_zero_attn))
    p, parts = dropout_p if training else 0.0, None
    extra = bias_k, bias_v, static_k, static_v
    if need_weights or add_zero_attn or any(t is not None for t in extra):
        apart = _extended(q, k, v, num_heads, extra, add_zero_attn)
        found, parts = _attend(*apart, mask, p, by_hint, need_weights)
    else:
        found = attend_by_head(q, k, v, num_heads, mask, p, by_hint)
    found = linear(found, out_proj_weight, out_proj_bias)
    if parts is not None and average_attn_weights:
        parts = _over_heads(parts, 1)
    if batched:
        return found, parts
    return found[:, 0], parts if parts is None else parts[0]


# ---- masks


def additive(
    mask: Any, name: str, dtype: Any, other: Any = None, other_name: str = ""
) -> Tensor | None:
    """Return a mask as numbers that are added to scores: -inf where a Boolean one is true.

    Args:
        mask: The mask, or None.
        name: What it is called.
        dtype: The dtype of the numbers.
        other: Another mask, whose kind should be the same.
        other_name: What that is called.

    Raises:
        DtypeError: If it is neither Boolean nor floating.
    """
    if mask is None:
        return None
    tensor = as_tensor(mask)
    kind = tensor.dtype.kind
    if kind not in "bf":
        raise DtypeError(
            f"only bool and floating types of {name} are supported, and it is {tensor.dtype}. "
            "Convert it to Booleans, true where a key is not seen."
        )
    if other is not None and as_tensor(other).dtype != tensor.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for "
            "both instead.",
            stacklevel=level_of_user(),
        )
    if kind == "f":
        return tensor
    return where(tensor, np.asarray(-np.inf, dtype), np.asarray(0, dtype))


def _goes_by_hint(is_causal: bool, attn_mask: Any, plain: bool) -> bool:
    """Tell whether the hint stands for the mask, which it does where nothing else needs it."""
    if is_causal and attn_mask is None:
        raise ArgumentError(
            "Need attn_mask if specifying the is_causal hint. Give it, as "
            "Transformer.generate_square_subsequent_mask makes it."
        )
    return is_causal and plain


def _joined(
    seen: Tensor | None, padded: Tensor | None, shape: tuple[int, int, int, int], more: int
) -> Tensor | None:
    """Return the sum of the masks, that broadcasts to scores; what is added to keys is seen."""
    batch, heads, queries, keys = shape
    if seen is not None:
        wanted = (queries, keys) if seen.ndim == 2 else (batch * heads, queries, keys)
        if tuple(seen.shape) != wanted:
            raise ShapeError(
                f"The shape of the {seen.ndim}D attn_mask is {tuple(seen.shape)}, but should be "
                f"{wanted}."
            )
        seen = seen if seen.ndim == 2 else reshape(seen, shape)
    if padded is not None:
        if tuple(padded.shape) != (batch, keys):
            raise ShapeError(
                f"Expected key_padded_mask.shape[0] to be {batch} and its shape[1] {keys}, but got "
                f"{tuple(padded.shape)}."
            )
        padded = reshape(padded, (batch, 1, 1, keys))
    masks = [
        pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, more)]) if more else mask
        for mask in (seen, padded)
        if mask is not None
    ]
    return masks[0] + masks[-1] if len(masks) == 2 else masks[0] if masks else None


# ---- shapes


def _require_shapes(
    inputs: tuple[Tensor, Tensor, Tensor],
    padded: Tensor | None,
    attn_mask: Any,
    heads: int,
    features: int,
) -> bool:
    """Check the numbers of axes and features, and return whether there is a batch."""
    query, key, value = inputs
    axes = query.ndim
    if axes not in (2, 3):
        raise ShapeError(
            f"query should be unbatched 2D or batched 3D tensor but received {axes}-D query tensor"
        )
    name = f"For {'batched (3-D)' if axes == 3 else 'unbatched (2-D)'} `query`, expected"
    if key.ndim != axes or value.ndim != axes:
        raise ShapeError(
            f"{name} `key` and `value` to be {axes}-D but found {key.ndim}-D and {value.ndim}-D "
            "tensors respectively"
        )
    if padded is not None and padded.ndim != axes - 1:
        raise ShapeError(
            f"{name} `key_padding_mask` to be `None` or {axes - 1}-D but found {padded.ndim}-D "
            "tensor instead"
        )
    if attn_mask is not None and as_tensor(attn_mask).ndim not in (2, 3):
        raise ShapeError(
            f"{name} `attn_mask` to be `None`, 2-D or 3-D but found {as_tensor(attn_mask).ndim}-D "
            "tensor instead"
        )
    if query.shape[-1] != features:
        raise ShapeError(
            f"was expecting embedding dimension of {features}, but got {query.shape[-1]}"
        )
    if features % heads:
        raise ShapeError(f"embed_dim {features} not divisible by num_heads {heads}")
    if key.shape[:-1] != value.shape[:-1]:
        raise ShapeError(
            f"key's sequence and batch dims {tuple(key.shape[:-1])} do not match value's "
            f"{tuple(value.shape[:-1])}"
        )
    return axes == 3


def _require_pair(bias_k: Any, bias_v: Any, static_k: Any, static_v: Any) -> None:
    for one, other, names in (
        (bias_k, bias_v, ("bias_k", "bias_v")),
        (bias_v, bias_k, ("bias_v", "bias_k")),
    ):
        if one is not None and other is None:
            raise ArgumentError(f"{names[0]} is set but {names[1]} is None. Give both, or neither.")
    for fixed, what in ((static_k, "key"), (static_v, "value")):
        if bias_k is not None and fixed is not None:
            raise ArgumentError(f"bias cannot be added to static {what}. Leave one of them out.")


# ---- projections


def _projected(given: tuple[Any, Any, Any], weight: Any, bias: Any) -> tuple[Tensor, ...]:
    """Project queries, keys and values by packed weights; one tensor for several in one product."""
    packed = as_tensor(weight)
    offsets = None if bias is None else as_tensor(bias)
    inputs = [as_tensor(t) for t in given]
    size = inputs[0].shape[-1]
    if any(t.shape[-1] != size for t in inputs) or tuple(packed.shape) != (3 * size, size):
        raise ShapeError(
            f"key shape {tuple(inputs[1].shape)} does not match value shape "
            f"{tuple(inputs[2].shape)}, the query's {tuple(inputs[0].shape)} and packed weights of "
            f"shape {tuple(packed.shape)}; the last extents are to be {size}, and the weights "
            f"({3 * size}, {size}). Give the projections one by one where they differ."
        )
    query, key, value = given
    runs = [(0, 3)] if query is key is value else [(0, 1), (1, 3)] if key is value else []
    found: list[Tensor] = []
    for first, last in runs or [(0, 1), (1, 2), (2, 3)]:
        matrix, added = packed, offsets
        if last - first < 3:
            part = slice(first * size, last * size)
            matrix, added = packed[part], None if offsets is None else offsets[part]
        made = linear(inputs[first], matrix, added)
        found += [made[..., i * size : (i + 1) * size] for i in range(last - first)]
    return tuple(found)


def _projected_apart(
    inputs: tuple[Tensor, Tensor, Tensor], weights: tuple[Any, Any, Any], bias: Any
) -> tuple[Tensor, ...]:
    size = inputs[0].shape[-1]
    offsets = None if bias is None else as_tensor(bias)
    found = []
    for i, (x, name, weight) in enumerate(
        zip(inputs, ("query", "key", "value"), weights, strict=True)
    ):
        if weight is None:
            raise ArgumentError(
                f"use_separate_proj_weight is True but {name[0]}_proj_weight is None. Give it."
            )
        matrix = as_tensor(weight)
        if tuple(matrix.shape) != (size, x.shape[-1]):
            raise ShapeError(
                f"expecting {name} weights shape of {(size, x.shape[-1])}, but got "
                f"{tuple(matrix.shape)}"
            )
        part = slice(i * size, (i + 1) * size)
        found.append(linear(x, matrix, None if offsets is None else offsets[part]))
    return tuple(found)


def _extended(
    q: Tensor, k: Tensor, v: Tensor, heads: int, extra: tuple[Any, ...], zero: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values by head, keys and values with what there is beside them."""
    bias_k, bias_v, static_k, static_v = extra
    return (
        by_head(q, heads),
        _with_more(by_head(_with_row(k, bias_k), heads), static_k, zero),
        _with_more(by_head(_with_row(v, bias_v), heads), static_v, zero),
    )


def _with_row(x: Tensor, more: Any) -> Tensor:
    """Return keys or values (n, batch, features) with one more row, if there is one."""
    if more is None:
        return x
    return concatenate([x, broadcast_to(as_tensor(more), (1, *x.shape[1:]))], 0)


def _with_more(x: Tensor, fixed: Any, zero: bool) -> Tensor:
    """Return keys or values of all heads, or fixed ones in their place, with one of zeros."""
    if fixed is not None:
        batch, heads, _, size = x.shape
        given = as_tensor(fixed)
        if given.ndim != 3 or given.shape[0] != batch * heads or given.shape[2] != size:
            raise ShapeError(
                f"expecting static_k.size(0) of {batch * heads} and size(2) of {size}, but got "
                f"{tuple(given.shape)}"
            )
        x = reshape(given, (batch, heads, given.shape[1], size))
    if not zero:
        return x
    return concatenate([x, zeros((*x.shape[:2], 1, x.shape[3]), x.dtype)], 2)


def _attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, p: float, by_hint: bool, shown: bool
) -> tuple[Tensor, Tensor | None]:
    """Return what is seen, and with which weights, if they are to be shown."""
    if not shown:
        return join_heads(scaled_dot_product_attention(q, k, v, mask, p, by_hint)), None
    scores = matmul(q * (1 / math.sqrt(q.shape[-1])), swapaxes(k, -2, -1))
    weights = softmax(scores if mask is None else scores + mask, -1)
    weights = dropout(weights, p, p > 0)
    return join_heads(matmul(weights, v)), weights
