"""softmax(s Q Kᵀ + M) V, and its derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.eager.loops import loop


def attended(
    q: Array, k: Array, v: Array, *, scale: float, mask: Array | None, kept: Array | None
) -> tuple[Array, Array]:
    """Return means of the values, and their weights.

    Args:
        q: (…, queries, features).
        k: (…, keys, features).
        v: (…, keys, channels).
        scale: s.
        mask: M, or Booleans, true where a query sees a key.
        kept: What the weights are multiplied by: dropout.
    """
    scores = np.matmul(q, k.swapaxes(-1, -2))
    kind = scores.dtype
    softmax = loop("attending.weighted", kind.char, "" if mask is None else mask.dtype.char)
    if mask is None:
        weights = softmax(scores, kind.type(scale))
    else:
        if not mask.ndim or mask.shape[-1] != scores.shape[-1]:
            mask = np.broadcast_to(mask, scores.shape)
        weights = softmax(scores, kind.type(scale), np.ascontiguousarray(mask))
    return np.matmul(weights if kept is None else weights * kept, v), weights


def attended_back(
    g: Array, out: Any, weights: Array, wanted: Sequence[bool], q: Any, k: Any, v: Any, *,
    scale: float, mask: Array | None, kept: Array | None,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Return the cotangents of queries, keys and values."""
    seen = weights if kept is None else weights * kept
    of_v = np.matmul(seen.swapaxes(-1, -2), g) if wanted[2] else None
    if not (wanted[0] or wanted[1]):
        return None, None, of_v
    moving = np.matmul(g, v.swapaxes(-1, -2))
    moving *= seen
    moving -= weights * np.add.reduce(moving, -1, keepdims=True)
    moving *= scale
    return (
        np.matmul(moving, k) if wanted[0] else None,
        np.matmul(moving.swapaxes(-1, -2), q) if wanted[1] else None,
        of_v,
    )


def _by_head(x: Any, heads: int) -> Array:
    """Return (n, batch, features) as (batch, heads, n, features / heads), in the same memory."""
    n, batch, features = x.shape
    apart: Array = x.reshape(n, batch, heads, features // heads)
    return apart.transpose(1, 2, 0, 3)


def _joined(x: Array | None) -> Array | None:
    """Return what `_by_head` took apart."""
    if x is None:
        return None
    batch, heads, n, size = x.shape
    return x.transpose(2, 0, 1, 3).reshape(n, batch, heads * size)


def attended_by_head(
    q: Array, k: Array, v: Array, *, heads: int, **options: Any
) -> tuple[Array, Array]:
    """Return `attended` of each head's part of the features of (n, batch, features)."""
    found, weights = attended(*(_by_head(x, heads) for x in (q, k, v)), **options)
    joined = _joined(found)
    assert joined is not None
    return joined, weights


def attended_by_head_back(
    g: Array, out: Any, weights: Array, wanted: Sequence[bool], q: Any, k: Any, v: Any, *,
    heads: int, **options: Any,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Return the cotangents of queries, keys and values."""
    moving, *apart = (_by_head(x, heads) for x in (g, q, k, v))
    return tuple(map(_joined, attended_back(moving, out, weights, wanted, *apart, **options)))
