"""Cutting out and padding: the primitives behind slices, and their transposes."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Bounds = tuple[tuple[int, int, int], ...]


def extent(start: int, stop: int, step: int) -> int:
    """Return the number of elements of a slice with a positive step."""
    return max(0, -(-(stop - start) // step))


def _unslice(g: Tensor, shape: Shape, bounds: Bounds) -> Tensor:
    low, high, interior = [], [], []
    for (start, _, step), n, kept in zip(bounds, shape, g.shape, strict=True):
        low.append(start if kept else 0)
        interior.append(step - 1)
        high.append(n - start - ((kept - 1) * step + 1) if kept else n)
    return pad_with_zeros(g, tuple(low), tuple(high), tuple(interior))


@linear(
    lambda x, bounds: Spec(tuple(extent(*b) for b in bounds), x.dtype),
    lambda g, out, x, bounds: _unslice(g, x.shape, bounds),
    arguments=lambda x, bounds: ((x,), {"bounds": bounds}),
    identity=True,
    view=True,
)
def slice_(x: Array, *, bounds: Bounds) -> Array:
    """Take every `step`-th element between `start` and `stop` along each axis."""
    return x[tuple(slice(*b) for b in bounds)]


def _unpad(g: Tensor, shape: Shape, low: Shape, interior: Shape) -> Tensor:
    bounds = tuple(
        (start, start + (n - 1) * (gap + 1) + 1 if n else start, gap + 1)
        for start, n, gap in zip(low, shape, interior, strict=True)
    )
    return slice_(g, bounds)


def _padded(x: Spec, low: Shape, high: Shape, interior: Shape) -> Spec:
    spread = (n + max(0, n - 1) * gap for n, gap in zip(x.shape, interior, strict=True))
    return Spec(tuple(a + n + b for a, n, b in zip(low, spread, high, strict=True)), x.dtype)


@linear(
    _padded,
    lambda g, out, x, low, high, interior: _unpad(g, x.shape, low, interior),
    arguments=lambda x, low, high, interior: (
        (x,),
        {"low": low, "high": high, "interior": interior},
    ),
)
def pad_with_zeros(x: Array, *, low: Shape, high: Shape, interior: Shape) -> Array:
    """Put zeros before, after and between the elements of each axis."""
    padded = np.zeros(_padded(Spec(x.shape, x.dtype), low, high, interior).shape, x.dtype)
    inner = (
        slice(a, a + (n - 1) * (gap + 1) + 1 if n else a, gap + 1)
        for a, n, gap in zip(low, x.shape, interior, strict=True)
    )
    padded[tuple(inner)] = x
    return padded
