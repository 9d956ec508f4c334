"""Maxima and sums of windows, one element of all windows after another, and their derivatives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.torch.fused.choosing import chosen

Numbers = tuple[int, ...]


def _spread(x: Any, low: Numbers, high: Numbers, outside: float) -> tuple[Array, tuple[slice, ...]]:
    """Return an input with a number around it, and where it is in that."""
    inner = x.shape[len(x.shape) - len(low) :]
    bounds = zip(low, inner, strict=True)
    middle = (slice(None), slice(None), *(slice(p, p + n) for p, n in bounds))
    if not any(low) and not any(high):
        return x, middle
    extents = [n + p + q for n, p, q in zip(inner, low, high, strict=True)]
    wide = np.full((*x.shape[:2], *extents), outside, x.dtype)
    wide[middle] = x
    return wide, middle


def _elements(
    size: Numbers, stride: Numbers, dilation: Numbers, counts: Numbers
) -> Iterator[tuple[Any, ...]]:
    """Yield where each element of the windows is, of all windows."""
    walk = list(zip(stride, dilation, counts, strict=True))
    for element in np.ndindex(*size):
        places = zip(element, walk, strict=True)
        yield (
            ...,
            *(slice(u * gap, u * gap + (n - 1) * step + 1, step) for u, (step, gap, n) in places),
        )


def largest(
    x: Array, *, size: Numbers, stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers,
    counts: Numbers,
) -> tuple[Array, None]:  # fmt: skip
    """Return the maxima of windows of (N, C, …)."""
    wide, _ = _spread(x, low, high, -np.inf)
    first, *rest = _elements(size, stride, dilation, counts)
    found = wide[first].copy()
    for place in rest:
        np.maximum(found, wide[place], out=found)
    return found, None


def largest_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, size: Numbers,
    stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers, counts: Numbers,
) -> Any:  # fmt: skip
    """Return the input's cotangent: of equal maxima the first has the derivative."""
    wide, middle = _spread(x, low, high, -np.inf)
    top = np.asarray(out)
    if np.isnan(top.sum()) and np.isnan(top).any():
        return NotImplemented
    total = np.zeros(wide.shape, g.dtype)
    walk = zip(stride, size, dilation, strict=True)
    apart = all(step > (k - 1) * gap for step, k, gap in walk)
    # Which windows have not met their maximum yet.
    waiting, there = np.ones(top.shape, np.bool_), np.empty(top.shape, np.bool_)
    for place in _elements(size, stride, dilation, counts):
        np.equal(wide[place], top, out=there)
        there &= waiting
        waiting ^= there
        if apart:
            chosen(there, g, total[place])
        else:
            total[place] += chosen(there, g)
    return (total[middle] if total.shape != x.shape else total,)
