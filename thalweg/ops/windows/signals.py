"""Sequences: convolution, correlation, windows that slide, phases without jumps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.spec import promote
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.arithmetic import absolute, remainder
from thalweg.ops.elementwise.comparison import equal, greater, less, logical_and, where
from thalweg.ops.linalg.contraction import contract
from thalweg.ops.reduce.differences import diff
from thalweg.ops.reduce.sums import cumsum
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.cut import pad_with_zeros, slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.windows.windows import windows

__all__ = [
    "convolve",
    "correlate",
    "sliding_window_view",
    "unwrap",
]


_MODES = ("full", "same", "valid")


def _vectors(name: str, a: Any, v: Any, mode: str) -> tuple[Tensor, Tensor]:
    x, y = as_tensor(a), as_tensor(v)
    x, y = (op.reshape(t, (1,)) if not t.ndim else t for t in (x, y))
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"{name} got shapes {x.shape} and {y.shape}; it wants two vectors.")
    if not x.size or not y.size:
        raise ArgumentError(
            f"{name}: a vector cannot be empty; the shapes are {x.shape}, {y.shape}."
        )
    if mode not in _MODES:
        raise ArgumentError(f"{name} got mode {mode!r}; it wants 'full', 'same' or 'valid'.")
    dtype = promote((x.spec, y.spec))[0]
    return astype(x, dtype), astype(y, dtype)


def _slid(x: Tensor, y: Tensor, before: int, after: int) -> Tensor:
    """Return Σ x[i + k] y[k] for each place i of the shorter one in the other, widened by zeros."""
    wide = pad_with_zeros(x, low=(before,), high=(after,), interior=(0,))
    parts = windows(wide, axes=(0,), size=(y.size,), stride=(1,), dilation=(1,))
    if x.dtype.kind not in "f":
        return op.matmul(parts, y) if x.dtype.kind != "b" else op.any(parts & y, axis=1)  # type: ignore[no-any-return]
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
    return _slid(x, flip(y), *_margins(y.size, mode))


@operation
def correlate(a: Any, v: Any, mode: str = "valid") -> Tensor:
    """Correlate two vectors: Σₙ a[n + k] v̄[n]; arguments as `convolve`'s."""
    x, y = _vectors("correlate", a, v, mode)
    y = op.conj(y)
    if y.size <= x.size:
        return _slid(x, y, *_margins(y.size, mode))
    # The longer one stands still; what comes out is in the opposite order.
    return flip(_slid(y, x, *_margins(x.size, mode)))


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
    axes = tuple(normalize_axis("sliding_window_view", i, tensor.ndim) for i in given)
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
    bounds = [(0, n, 1) for n in tensor.shape]
    first, rest = list(bounds), list(bounds)
    extent = tensor.shape[place]
    first[place], rest[place] = (0, min(1, extent), 1), (min(1, extent), extent, 1)
    tensor = astype(tensor, dtype)
    if extent < 2:
        return tensor
    later = slice_(tensor, tuple(rest)) + cumsum(moved, place)
    return concatenate((slice_(tensor, tuple(first)), astype(later, dtype)), axis=place)
