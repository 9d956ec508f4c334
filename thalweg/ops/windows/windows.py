"""Windows that slide along axes, and their transpose, of which convolution and pooling are made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.apply import joined, stacked
from thalweg.core.operation import op, operation
from thalweg.core.primitive import Index, Resolved, linear
from thalweg.core.spec import Array, Axes, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import zeros
from thalweg.ops.elementwise.arithmetic import absolute, remainder
from thalweg.ops.elementwise.comparison import equal, greater, less, logical_and, where
from thalweg.ops.index.take import scatter_add
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.reduce.scans import diff
from thalweg.ops.reduce.sums import cumsum
from thalweg.ops.shape.axes import axes_in_order, normalize_axes, normalize_axis
from thalweg.ops.shape.cut import pad_with_zeros, part_of
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import lifted
from thalweg.ops.shape.transpose import moveaxis, transpose

__all__ = ["convolve", "correlate", "overlap_add", "sliding_window_view", "unwrap", "windows"]


def reach(size: int, dilation: int) -> int:
    """Return how many places a window covers, from its first element to its last."""
    return (size - 1) * dilation + 1


def count(extent: int, size: int, stride: int, dilation: int) -> int:
    """Return how many windows of a size fit an axis."""
    return max(0, (extent - reach(size, dilation)) // stride + 1)


def _windows_spec(x: Spec, axes: Axes, size: Axes, stride: Axes, dilation: Axes) -> Spec:
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


def _read_places(
    index: Index, x: Spec, axes: Axes, size: Axes, stride: Axes, dilation: Axes
) -> tuple[Index]:
    steps = dict(zip(axes, zip(stride, dilation, strict=True), strict=True))
    places, found = iter(index), []
    for axis in range(len(x.shape)):
        at = next(places)
        if axis in steps:
            step, gap = steps[axis]
            at = at * step + next(places) * gap
        found.append(at)
    return (tuple(found),)


@linear(
    _windows_spec,
    lambda g, out, x, axes, size, stride, dilation: op.overlap_add(
        g, tuple(x.shape[a] for a in axes), stride, dilation, axes
    ),
    arguments=_resolve_windows,
    role="move",
    reads=_read_places,
)
def windows(x: Array, *, axes: Axes, size: Axes, stride: Axes, dilation: Axes) -> Array:
    """Windows along axes: each such axis becomes two, (how many windows, elements of a window).

    Element u of window i is x[i·stride + u·dilation]. A view, as NumPy's `sliding_window_view`,
    whose window axes stand beside the axes they slide along.
    """
    shape = _windows_spec(Spec(x.shape, x.dtype), axes, size, stride, dilation).shape
    strides: list[int] = []
    places = dict(zip(axes, zip(stride, dilation, strict=True), strict=True))
    for axis, step in enumerate(x.strides):
        strides += [step * k for k in places[axis]] if axis in places else [step]
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def window_axes(axes: Axes) -> Axes:
    """Return where the axes of window elements are, for windows along some axes."""
    return tuple(axis + i + 1 for i, axis in enumerate(axes))


def _overlap_spec(g: Spec, axes: Axes, extents: Axes, stride: Axes, dilation: Axes) -> Spec:
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
    _overlap_spec,
    lambda g, out, x, axes, extents, stride, dilation: windows(
        g, tuple(x.shape[a] for a in window_axes(axes)), stride, dilation, axes
    ),
    arguments=_resolve_overlap_add,
    batch=stacked,
)
def overlap_add(g: Array, *, axes: Axes, extents: Axes, stride: Axes, dilation: Axes) -> Array:
    """Sum of windows at the places they came from: the transpose of `windows`."""
    spec = _overlap_spec(Spec(g.shape, g.dtype), axes, extents, stride, dilation)
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


# ---- windows


def _unfold_spec(x: Spec, axis: int, size: int, step: int) -> Spec:
    count = (x.shape[axis] - size) // step + 1
    return Spec((*x.shape[:axis], count, *x.shape[axis + 1 :], size), x.dtype)


def _fold(g: Tensor, out: Tensor, x: Tensor, axis: int, size: int, step: int) -> Tensor:
    starts = np.arange(g.shape[axis]) * step
    places = starts[:, None] + np.arange(size)
    updates = moveaxis(g, -1, axis + 1)
    return scatter_add(zeros(x.shape, x.dtype, like=g), places, updates, axis=axis)


def _read_along(index: Index, x: Spec, axis: int, size: int, step: int) -> tuple[Index]:
    return ((*index[:axis], index[axis] * step + index[-1], *index[axis + 1 : -1]),)


@linear(_unfold_spec, _fold, view=True, role="move", reads=_read_along)
def windows_along(x: Array, *, axis: int, size: int, step: int) -> Array:
    """Show windows of one size along an axis, `step` apart; the last axis runs inside them."""
    # A window of no elements has nothing to show, which NumPy refuses.
    if size == 0:
        return np.zeros(_unfold_spec(Spec(x.shape, x.dtype), axis, size, step).shape, x.dtype)
    # What overlaps is not written, as there would be several values for one place.
    writeable = x.flags.writeable and step >= size
    shown = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=writeable)
    return shown[(*(slice(None),) * axis, slice(None, None, step))]


_MODES = ("full", "same", "valid")


def _vectors(name: str, a: Any, v: Any, mode: str) -> tuple[Tensor, Tensor]:
    x, y = lifted(a, v)
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"{name} got shapes {x.shape} and {y.shape}; it wants two vectors.")
    if not x.size or not y.size:
        raise ArgumentError(
            f"{name}: a vector cannot be empty; the shapes are {x.shape}, {y.shape}."
        )
    if mode not in _MODES:
        raise ArgumentError(f"{name} got mode {mode!r}; it wants 'full', 'same' or 'valid'.")
    dtype = joined(x, y)
    return astype(x, dtype), astype(y, dtype)


def _slide(x: Tensor, y: Tensor, before: int, after: int) -> Tensor:
    """Return Σ x[i + k] y[k] for each place i of the shorter one in the other, widened by zeros."""
    wide = pad_with_zeros(x, low=(before,), high=(after,), interior=(0,))
    parts = windows(wide, axes=(0,), size=(y.size,), stride=(1,), dilation=(1,))
    if x.dtype.kind not in "f":
        return op.matmul(parts, y) if x.dtype.kind != "b" else op.any(parts & y, axis=1)
    return contract(parts, y, "au,u->a")


@operation
def convolve(a: Any, v: Any, mode: str = "full") -> Tensor:
    """Convolve two vectors: Σₖ a[k] v[n - k].

    Args:
        a: A vector.
        v: Another one.
        mode: "full", wherever they overlap; "same", as many as the longer has; "valid", where the
            shorter lies inside of the longer.

    Raises:
        ShapeError: If they are no vectors.
        ArgumentError: If one is empty, or the mode is unknown.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.convolve(tw.tensor([1.0, 2.0, 3.0]), [0.0, 1.0, 0.5], "same")
        tensor([1.0000, 2.5000, 4.0000])
    """
    x, y = _vectors("convolve", a, v, mode)
    if y.size > x.size:
        x, y = y, x
    return _slide(x, flip(y), *_margins(y.size, mode))


@operation
def correlate(a: Any, v: Any, mode: str = "valid") -> Tensor:
    """Correlate two vectors: Σₙ a[n + k] v̄[n]; arguments as `convolve`'s."""
    x, y = _vectors("correlate", a, v, mode)
    y = op.conj(y)
    if y.size <= x.size:
        return _slide(x, y, *_margins(y.size, mode))
    # The longer one stands still; what comes out is in the opposite order.
    return flip(_slide(y, x, *_margins(x.size, mode)))


def _margins(size: int, mode: str) -> tuple[int, int]:
    if mode == "valid":
        return 0, 0
    before = size - 1 if mode == "full" else size // 2
    return before, size - 1 if mode == "full" else size - 1 - before


@operation
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Tensor:
    """Return all windows of a shape: an axis of places in place of each, their elements at the end.

    Args:
        x: A tensor.
        window_shape: The extents of a window.
        axis: The axes it slides along; by default all.
        subok: NumPy's; without effect.
        writeable: NumPy's; the result is a tensor of its own.

    Raises:
        ArgumentError: If there are not as many extents as axes.
        ShapeError: If a window is larger than the tensor.
    """
    tensor = as_tensor(x)
    size = tuple(int(n) for n in np.atleast_1d(window_shape))
    given = range(tensor.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = axes_in_order("sliding_window_view", given, tensor.ndim)
    if len(axes) != len(size):
        raise ArgumentError(
            f"sliding_window_view got a window of shape {size} for {len(axes)} axes; it wants an "
            "extent for each. Name the axes with axis=."
        )
    if any(n < 0 for n in size):
        raise ArgumentError(
            f"sliding_window_view got {size}: window_shape cannot contain negatives."
        )
    for one, extent in zip(axes, size, strict=True):
        if extent > tensor.shape[one]:
            raise ShapeError(
                f"sliding_window_view got a window of shape {size} for a tensor of shape "
                f"{tuple(as_tensor(x).shape)}; it cannot be larger. Give a smaller one."
            )
        starts = np.arange(tensor.shape[one] - extent + 1)[:, None]
        if not extent or not tensor.size:
            tensor = op.take(tensor, starts + np.arange(extent), axis=one)
        else:
            tensor = windows(tensor, axes=(one,), size=(extent,), stride=(1,), dilation=(1,))
        order = [i for i in range(tensor.ndim) if i != one + 1]
        tensor = transpose(tensor, (*order, one + 1))
    return tensor


@operation
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Tensor:
    """Add multiples of a period to phases along an axis, so that neighbours lie close.

    Args:
        p: Phases.
        discont: The smallest difference that is changed; by default, and at least, half a period.
        axis: The axis.
        period: The period; integers stay integers if it is one.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.unwrap(tw.tensor([0, 3, 1]), period=4)
        tensor([ 0, -1, -3])
    """
    tensor = as_tensor(p)
    place = normalize_axis("unwrap", axis, tensor.ndim)
    steps = diff(tensor, axis=place)
    limit = period / 2 if discont is None else discont
    dtype = np.result_type(steps.dtype, period)
    whole = dtype.kind in "iu"
    half, ambiguous = (period // 2, period % 2 == 0) if whole else (period / 2, True)
    low = -half
    reduced = remainder(astype(steps, dtype) - low, period) + low
    if ambiguous:
        reduced = where(logical_and(equal(reduced, low), greater(steps, 0)), half, reduced)
    moved = where(less(absolute(steps), limit), 0, reduced - steps)
    tensor, extent = astype(tensor, dtype), tensor.shape[place]
    if extent < 2:
        return tensor
    later = part_of(tensor, place, 1, extent) + cumsum(moved, place)
    return concatenate((part_of(tensor, place, 0, 1), astype(later, dtype)), axis=place)
