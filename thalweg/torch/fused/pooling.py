"""Maxima and sums of windows, one element of all windows after another, and their derivatives."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.torch.fused.choosing import chosen

Numbers = tuple[int, ...]


def _inside(inner: Numbers, low: Numbers) -> tuple[Any, ...]:
    """Return where what is padded is in that."""
    return (..., *(slice(p, p + n) for p, n in zip(low, inner, strict=True)))


def _extents(inner: Numbers, low: Numbers, high: Numbers) -> Numbers:
    return tuple(n + p + q for n, p, q in zip(inner, low, high, strict=True))


def _padded(x: Array, low: Numbers, high: Numbers, outside: float) -> Array:
    """Return an input with a number around it."""
    if not any(low) and not any(high):
        return x
    wide = np.full((*x.shape[:2], *_extents(x.shape[2:], low, high)), outside, x.dtype)
    wide[_inside(x.shape[2:], low)] = x
    return wide


@functools.lru_cache(maxsize=256)
def _elements(
    size: Numbers, stride: Numbers, dilation: Numbers, counts: Numbers
) -> list[tuple[Any, ...]]:
    """Return where each element of the windows is, of all windows."""
    walk = list(zip(stride, dilation, counts, strict=True))
    return [
        (
            ...,
            *[
                slice(u * gap, u * gap + (n - 1) * step + 1, step)
                for u, (step, gap, n) in zip(element, walk, strict=True)
            ],
        )
        for element in np.ndindex(*size)
    ]


def largest_alone(
    x: Array, *, size: Numbers, stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers,
    counts: Numbers,
) -> Array:  # fmt: skip
    """Return the maxima of windows of (N, C, …) alone."""
    wide = _padded(x, low, high, -np.inf)
    first, *rest = _elements(size, stride, dilation, counts)
    found: Array = wide[first].copy()
    for place in rest:
        np.maximum(found, wide[place], out=found)
    return found


def largest(
    x: Array, *, size: Numbers, stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers,
    counts: Numbers,
) -> tuple[Array, Array | None]:  # fmt: skip
    """Return the maxima of windows of (N, C, …), and which elements they are: of equals the first.

    Where there is NaN, it is not told which.
    """
    wide = _padded(x, low, high, -np.inf)
    first, *rest = _elements(size, stride, dilation, counts)
    found = wide[first].copy()
    number = np.zeros(found.shape, np.min_scalar_type(len(rest)))
    larger, moved = np.empty(found.shape, np.bool_), np.empty_like(number)
    for i, place in enumerate(rest, 1):
        seen = wide[place]
        np.greater(seen, found, out=larger)
        np.multiply(larger.view(np.uint8), number.dtype.type(i), out=moved)
        np.maximum(number, moved, out=number)
        np.maximum(found, seen, out=found)
    return found, None if np.isnan(found.sum()) and np.isnan(found).any() else number


def largest_back(
    g: Array, out: Any, number: Array | None, wanted: Sequence[bool], x: Any, *, size: Numbers,
    stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers, counts: Numbers,
) -> Any:  # fmt: skip
    """Return the input's cotangent."""
    if number is None:
        return NotImplemented
    inner = x.shape[2:]
    total = np.zeros((*x.shape[:2], *_extents(inner, low, high)), g.dtype)
    walk = zip(stride, size, dilation, strict=True)
    apart = all(step > (k - 1) * gap for step, k, gap in walk)
    for i, place in enumerate(_elements(size, stride, dilation, counts)):
        there = np.equal(number, i)
        if apart:
            chosen(there, g, total[place])
        else:
            total[place] += chosen(there, g)
    return (total[_inside(inner, low)],)


def averaged(
    x: Array, *, size: Numbers, stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers,
    counts: Numbers, divisor: Any,
) -> tuple[Array, None]:  # fmt: skip
    """Return the sums of windows of (N, C, …), by a number or an array of the windows' shape."""
    wide = _padded(x, low, high, 0)
    first, *rest = _elements(size, stride, dilation, counts)
    found = wide[first].copy()
    for place in rest:
        found += wide[place]
    found /= divisor
    return found, None


def averaged_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, size: Numbers,
    stride: Numbers, low: Numbers, high: Numbers, dilation: Numbers, counts: Numbers, divisor: Any,
) -> tuple[Array]:  # fmt: skip
    """Return the input's cotangent."""
    inner = x.shape[2:]
    each = g / divisor
    total = np.zeros((*x.shape[:2], *_extents(inner, low, high)), g.dtype)
    for place in _elements(size, stride, dilation, counts):
        total[place] += each
    return (total[_inside(inner, low)],)
