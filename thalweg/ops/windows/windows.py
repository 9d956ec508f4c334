"""Windows that slide along axes, and their transpose: what convolution and pooling are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.shape.axes import normalize_axes
from thalweg.ops.shape.reshape import Resolved

__all__ = [
    "overlap_add",
    "windows",
]


Array = np.ndarray[Any, Any]

Axes = tuple[int, ...]


def reach(size: int, dilation: int) -> int:
    """Return how many places a window covers, from its first element to its last."""
    return (size - 1) * dilation + 1


def count(extent: int, size: int, stride: int, dilation: int) -> int:
    """Return how many windows of a size fit an axis."""
    return max(0, (extent - reach(size, dilation)) // stride + 1)


def _windowed(x: Spec, axes: Axes, size: Axes, stride: Axes, dilation: Axes) -> Spec:
    places = dict(zip(axes, zip(size, stride, dilation, strict=True), strict=True))
    shape: list[int] = []
    for axis, extent in enumerate(x.shape):
        if axis in places:
            shape += [count(extent, *places[axis]), places[axis][0]]
        else:
            shape.append(extent)
    return Spec(tuple(shape), x.dtype)


def _each(name: str, given: Any, axes: Axes, what: str) -> Axes:
    values = tuple(int(v) for v in given) if isinstance(given, (tuple, list)) else ()
    values = values or (int(given),) * len(axes)
    if len(values) != len(axes) or min(values, default=1) < 1:
        raise ArgumentError(
            f"{name} got {what}={given} for {len(axes)} axes; it wants one whole number from 1 on "
            "for all, or one an axis."
        )
    return values


def _resolve_windows(
    x: Any, size: Any, stride: Any = 1, dilation: Any = 1, axes: Any = None
) -> Resolved:
    tensor = as_tensor(x)
    if axes is None:
        trailing = len(size) if isinstance(size, (tuple, list)) else 1
        axes = tuple(range(tensor.ndim - trailing, tensor.ndim))
    places = normalize_axes("windows", axes, tensor.ndim)
    sizes = _each("windows", size, places, "size")
    params = {
        "axes": places,
        "size": sizes,
        "stride": _each("windows", stride, places, "stride"),
        "dilation": _each("windows", dilation, places, "dilation"),
    }
    for axis, size_, gap in zip(places, sizes, params["dilation"], strict=True):
        if reach(size_, gap) > tensor.shape[axis]:
            raise ShapeError(
                f"windows got shape {tensor.shape} and a window that covers {reach(size_, gap)} "
                f"places of axis {axis}, which has {tensor.shape[axis]}. Pad the tensor, or take "
                "smaller windows."
            )
    return (tensor,), params


@linear(
    _windowed,
    lambda g, out, x, axes, size, stride, dilation: op.overlap_add(
        g, tuple(x.shape[a] for a in axes), stride, dilation, axes
    ),
    arguments=_resolve_windows,
)
def windows(x: Array, *, axes: Axes, size: Axes, stride: Axes, dilation: Axes) -> Array:
    """Windows along axes: each such axis becomes two, (how many windows, elements of a window).

    Element u of window i is x[i·stride + u·dilation]. A view, as NumPy's `sliding_window_view`,
    whose window axes stand beside the axes they slide along.
    """
    shape = _windowed(Spec(x.shape, x.dtype), axes, size, stride, dilation).shape
    strides: list[int] = []
    places = dict(zip(axes, zip(stride, dilation, strict=True), strict=True))
    for axis, step in enumerate(x.strides):
        strides += [step * k for k in places[axis]] if axis in places else [step]
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def window_axes(axes: Axes) -> Axes:
    """Return where the axes of window elements are, for windows along some axes."""
    return tuple(axis + i + 1 for i, axis in enumerate(axes))


def _overlapped(g: Spec, axes: Axes, extents: Axes, stride: Axes, dilation: Axes) -> Spec:
    inner = set(window_axes(axes))
    shape = [n for axis, n in enumerate(g.shape) if axis not in inner]
    for axis, extent in zip(axes, extents, strict=True):
        shape[axis] = extent
    return Spec(tuple(shape), g.dtype)


def _resolve_overlap_add(
    g: Any, extents: Any, stride: Any = 1, dilation: Any = 1, axes: Any = None
) -> Resolved:
    tensor = as_tensor(g)
    wanted = tuple(int(n) for n in extents)
    rank = tensor.ndim - len(wanted)
    places = normalize_axes(
        "overlap_add", tuple(range(rank - len(wanted), rank)) if axes is None else axes, rank
    )
    steps = _each("overlap_add", stride, places, "stride")
    gaps = _each("overlap_add", dilation, places, "dilation")
    pairs = [tensor.shape[a + i : a + i + 2] for i, a in enumerate(places)]
    if [n for n, _ in pairs] != [
        count(n, pair[1], step, gap)
        for n, pair, step, gap in zip(wanted, pairs, steps, gaps, strict=True)
    ]:
        raise ShapeError(
            f"overlap_add got windows of shape {tensor.shape} and extents {wanted}, which do not "
            "have as many windows. Pass the extents of the array that the windows came from."
        )
    return (tensor,), {"axes": places, "extents": wanted, "stride": steps, "dilation": gaps}


@linear(
    _overlapped,
    lambda g, out, x, axes, extents, stride, dilation: windows(
        g, tuple(x.shape[a] for a in window_axes(axes)), stride, dilation, axes
    ),
    arguments=_resolve_overlap_add,
)
def overlap_add(g: Array, *, axes: Axes, extents: Axes, stride: Axes, dilation: Axes) -> Array:
    """Sum of windows at the places they came from: the transpose of `windows`."""
    spec = _overlapped(Spec(g.shape, g.dtype), axes, extents, stride, dilation)
    total = np.zeros(spec.shape, g.dtype)
    inner = window_axes(axes)
    for place in np.ndindex(*(g.shape[a] for a in inner)):
        chosen: list[Any] = [slice(None)] * g.ndim
        target: list[Any] = [slice(None)] * total.ndim
        walk = zip(axes, inner, place, stride, dilation, strict=True)
        for axis, element, u, step, gap in walk:
            chosen[element] = u
            windows_here = g.shape[element - 1]
            start = u * gap
            target[axis] = slice(start, start + max(0, windows_here - 1) * step + 1, step)
            if not windows_here:
                target[axis] = slice(0, 0)
        total[tuple(target)] += g[tuple(chosen)]
    return total
