"""Cutting out and padding: the primitives behind slices, and their transposes."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from thalweg.core.apply import with_params
from thalweg.core.operation import op
from thalweg.core.primitive import Index, linear
from thalweg.core.spec import Array, Shape, Spec
from thalweg.core.tape import is_recorded
from thalweg.core.tensor import Tensor, as_tensor, fresh
from thalweg.ops.shape.broadcast import broadcast_to

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


Pieces = list[tuple[Tensor, dict[str, Any]]]


def _unslice_all(pieces: Pieces, x: Tensor) -> Tensor:
    """Return the cotangent of what was cut into many slices, in a time linear in their number."""
    parts = [(g, params["bounds"]) for g, params in pieces]
    if not any(is_recorded(g) for g, _ in parts):
        total = np.zeros(x.array.shape, parts[0][0].array.dtype)
        for g, bounds in parts:
            total[tuple(slice(*b) for b in bounds)] += g.array
        return fresh(total, parts[0][0].results)
    laid = _laid_out(parts, x.array.shape)
    if laid is not None:
        return op.concatenate(laid[0], laid[1])
    return functools.reduce(operator.add, [_unslice(g, x.array.shape, b) for g, b in parts])


def _laid_out(parts: list[tuple[Tensor, Bounds]], shape: Shape) -> tuple[list[Tensor], int] | None:
    """Return slices, with zeros for what none shows, in order along the only axis they cut."""
    cut = {i for _, bounds in parts for i, b in enumerate(bounds) if b != (0, shape[i], 1)}
    if len(cut) != 1:
        return None
    axis = cut.pop()
    laid, at = [], 0
    for g, bounds in sorted(parts, key=lambda part: part[1][axis]):
        start, stop, step = bounds[axis]
        if step != 1 or not at <= start <= stop <= shape[axis]:
            return None
        if start > at:
            laid.append(_zeros_beside(g, axis, start - at))
        laid.append(g)
        at = stop
    if at < shape[axis]:
        laid.append(_zeros_beside(parts[0][0], axis, shape[axis] - at))
    return laid, axis


def _zeros_beside(g: Tensor, axis: int, extent: int) -> Tensor:
    shape = (*g.array.shape[:axis], extent, *g.array.shape[axis + 1 :])
    return op.full(shape, 0, g.array.dtype, like=g)


def _in_whole(index: Index, x: Spec, bounds: Bounds) -> tuple[Index]:
    pairs = zip(index, bounds, strict=True)
    return (tuple(at * step + start for at, (start, _, step) in pairs),)


@linear(
    lambda x, bounds: Spec(tuple(extent(*b) for b in bounds), x.dtype),
    lambda g, out, x, bounds: _unslice(g, x.shape, bounds),
    arguments=lambda x, bounds: ((x,), {"bounds": bounds}),
    together=_unslice_all,
    identity=True,
    view=True,
    role="view",
    reads=_in_whole,
    batch=with_params(lambda size, bounds: {"bounds": ((0, size, 1), *bounds)}),
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


def _pad_spec(x: Spec, low: Shape, high: Shape, interior: Shape) -> Spec:
    spread = (n + max(0, n - 1) * gap for n, gap in zip(x.shape, interior, strict=True))
    return Spec(tuple(a + n + b for a, n, b in zip(low, spread, high, strict=True)), x.dtype)


def _unshifted(
    index: Index, x: Spec, low: Shape, high: Shape, interior: Shape
) -> tuple[Index | None]:
    # Outside of the operand there are zeros, and between its elements wherever there is a gap.
    return (None if any(interior) else tuple(at + -a for at, a in zip(index, low, strict=True)),)


@linear(
    _pad_spec,
    lambda g, out, x, low, high, interior: _unpad(g, x.shape, low, interior),
    arguments=lambda x, low, high, interior: (
        (x,),
        {"low": low, "high": high, "interior": interior},
    ),
    order="C",
    role="piecewise",
    cost=2,
    reads=_unshifted,
    batch=with_params(lambda size, **around: {key: (0, *by) for key, by in around.items()}),
)
def pad_with_zeros(x: Array, *, low: Shape, high: Shape, interior: Shape) -> Array:
    """Put zeros before, after and between the elements of each axis."""
    padded = np.zeros(_pad_spec(Spec(x.shape, x.dtype), low, high, interior).shape, x.dtype)
    inner = (
        slice(a, a + (n - 1) * (gap + 1) + 1 if n else a, gap + 1)
        for a, n, gap in zip(low, x.shape, interior, strict=True)
    )
    padded[tuple(inner)] = x
    return padded


def edge_of(given: Any, x: Tensor, axis: int) -> list[Tensor]:
    """Return what is put before or after a tensor along an axis, with an extent of 1 there."""
    if given is None:
        return []
    edge = as_tensor(given)
    return [edge if edge.ndim else broadcast_to(edge, (*x.shape[:axis], 1, *x.shape[axis + 1 :]))]


def part_of(x: Tensor, axis: int, start: int, stop: int, step: int = 1) -> Tensor:
    """Read a slice along one axis."""
    bounds = [(0, n, 1) for n in x.shape]
    bounds[axis] = (start, max(start, stop), step)
    return slice_(x, tuple(bounds))
