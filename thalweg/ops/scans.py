"""Running sums, products and extremes along an axis, and integrals by the trapezoid rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import general
from thalweg.core.spec import INT64, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.arranging import ravel
from thalweg.ops.axes import along, axis_of
from thalweg.ops.elementwise import absolute, equal, exp, less, log, where
from thalweg.ops.indexing import take_along_axis
from thalweg.ops.parts_of_axes import part_of
from thalweg.ops.reductions import cumsum, integers_widened, sum
from thalweg.ops.shaping import (
    concatenate,
    expand_dims,
    normalize_axis,
    reshape,
    stop_gradient,
)
from thalweg.ops.sorting import Found

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumulative_trapezoid",
    "logcumsumexp",
    "trapezoid",
]

Array = np.ndarray[Any, Any]


@general(lambda x, axis, largest: Spec(x.shape, INT64))
def index_of_running_extreme(x: Array, *, axis: int, largest: bool) -> Array:
    """Position of the last largest or smallest element so far along an axis; NaN wins."""
    running = (np.maximum if largest else np.minimum).accumulate(x, axis=axis)
    attained = (x == running) | (x != x)
    shape = [1] * x.ndim
    shape[axis] = -1
    places = np.where(attained, np.arange(x.shape[axis]).reshape(shape), 0)
    return np.maximum.accumulate(places, axis=axis)


@along
def _running(x: Tensor, axis: int, largest: bool) -> Found:
    place = axis_of("cummax" if largest else "cummin", axis, x.ndim)
    indices = index_of_running_extreme(x, axis=place, largest=largest)
    return Found(take_along_axis(x, indices, axis=place), indices)


@method
def cummax(x: Any, axis: int) -> Found:
    """Return the largest element so far along an axis, and its position."""
    return _running(x, axis, True)


@method
def cummin(x: Any, axis: int) -> Found:
    """Return the smallest element so far along an axis, and its position."""
    return _running(x, axis, False)


@method(inplace=True)
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis, or of the flattened tensor."""
    tensor = integers_widened(x, dtype)
    if axis is None:
        return _product(ravel(tensor), 0)
    axis_of("cumprod", axis, tensor.ndim)
    return _product(tensor, axis)


@along
def _product(x: Tensor, axis: int) -> Tensor:
    """Multiply in passes, each over twice the distance, so that zeros keep their derivatives."""
    place = axis_of("cumprod", axis, x.ndim)
    extent, step = x.shape[place], 1
    if extent == 1:
        return op.clone(x)  # type: ignore[no-any-return]
    while step < extent:
        kept = part_of(x, place, 0, step)
        x = concatenate(
            [kept, part_of(x, place, step, extent) * part_of(x, place, 0, extent - step)], place
        )
        step *= 2
    return x if extent > 1 else op.clone(x)


@method
def logcumsumexp(x: Any, axis: int) -> Tensor:
    """Running logarithm of sums of exponentials along an axis, without overflow."""
    return _log_of_sums(x, axis)


@along
def _log_of_sums(x: Tensor, axis: int) -> Tensor:
    place = axis_of("logcumsumexp", axis, x.ndim)
    if not x.size:
        return x
    extent, step = x.shape[place], 1
    while step < extent:
        kept = part_of(x, place, 0, step)
        sums = _logaddexp(part_of(x, place, step, extent), part_of(x, place, 0, extent - step))
        x = concatenate([kept, sums], place)
        step *= 2
    return x if extent > 1 else op.clone(x)


def _logaddexp(x: Tensor, y: Tensor) -> Tensor:
    larger = stop_gradient(op.maximum(x, y))
    # Subtracting an infinity from itself gives NaN.
    shift = where(less(absolute(larger), float("inf")), larger, 0.0)
    total = exp(x - shift) + exp(y - shift)
    nothing = equal(total, 0)
    return where(nothing, -float("inf"), log(where(nothing, 1.0, total))) + shift


# ---- integrals


def _areas(name: str, y: Any, x: Any, dx: Any, axis: int) -> tuple[Tensor, int]:
    heights = as_tensor(y)
    if not heights.ndim:
        return heights, 0
    place = normalize_axis(name, axis, heights.ndim)
    extent = heights.shape[place]
    if extent == 0:
        return heights, place
    pairs = part_of(heights, place, 1, extent) + part_of(heights, place, 0, extent - 1)
    if x is None:
        if isinstance(dx, (bool, np.bool_)):
            raise ArgumentError(f"{name} got dx={dx}; it wants a real number.")
        return pairs * dx / 2.0, place
    points = as_tensor(x)
    if not points.ndim:
        return pairs * 0.0, place
    if points.ndim == 1:
        if points.shape[0] != extent:
            raise ShapeError(
                f"{name}: There must be one `x` value for each sample point; got {points.shape[0]} "
                f"for {extent}."
            )
        widths = part_of(points, 0, 1, extent) - part_of(points, 0, 0, extent - 1)
        shape = [1] * heights.ndim
        shape[place] = extent - 1
        return pairs * reshape(widths, tuple(shape)) / 2.0, place
    while points.ndim < heights.ndim:
        points = expand_dims(points, 0)
    n = points.shape[place]
    widths = part_of(points, place, 1, n) - part_of(points, place, 0, n - 1)
    return pairs * widths / 2.0, place


@operation("trapz")
def trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, *, dim: int | None = None
) -> Tensor:
    """Integrate along an axis by the trapezoid rule: Σ (yᵢ + yᵢ₊₁) (xᵢ₊₁ - xᵢ) / 2.

    Args:
        y: The heights.
        x: Where they are, a vector or a tensor that broadcasts; None for equal distances.
        dx: That distance.
        axis: The axis.
        dim: PyTorch's name of it.
    """
    areas, place = _areas("trapezoid", y, x, dx, axis if dim is None else dim)
    return sum(areas, place) if areas.ndim else areas * 0.0


@operation
def cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, *, dim: int | None = None
) -> Tensor:
    """Integrate along an axis up to each point but the first; arguments as `trapezoid`'s."""
    areas, place = _areas("cumulative_trapezoid", y, x, dx, axis if dim is None else dim)
    return cumsum(areas, place) if areas.ndim else areas
