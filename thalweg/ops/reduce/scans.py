"""Running sums and products along an axis; differences of neighbours, derivatives, integrals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.core.operation import method, operation
from thalweg.core.primitive import general
from thalweg.core.spec import INT64, Array, Spec
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.creation import full
from thalweg.ops.elementwise.comparison import not_equal
from thalweg.ops.elementwise.conversion import as_floating, stop_gradient
from thalweg.ops.elementwise.exponential import exp
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.reduce.sums import (
    cumsum,
    cumulative_product,
    finite,
    integers_widened,
    log_of_sum,
    moved_on,
    recurrence,
    sum,
)
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import edge_of, part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import along, axis_of, expand_dims, ravel, reshape
from thalweg.ops.shape.transpose import moveaxis

__all__ = [
    "cumprod", "cumulative_prod", "cumulative_sum", "diff", "ediff1d", "gradient", "trapezoid",
]  # fmt: skip


@method
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis, or of the flattened tensor."""
    tensor = integers_widened(x, dtype)
    if axis is None:
        tensor, axis = ravel(tensor), 0
    return _product(tensor, axis_of("cumprod", axis, tensor.ndim))


@along
def _product(x: Tensor, axis: int) -> Tensor:
    return cumulative_product(x, axis=axis)


def running(combine: Callable[..., Tensor], x: Tensor, axis: int) -> Tensor:
    """Combine each element with all before it, in passes that reach twice as far each time."""
    extent, step = x.shape[axis], 1
    while step < extent:
        moved = combine(part_of(x, axis, 0, extent - step), part_of(x, axis, step, extent))
        x = concatenate([part_of(x, axis, 0, step), moved], axis)
        step *= 2
    return x


@operation
@along
def logcumsumexp(x: Any, axis: int) -> Tensor:
    """Running logarithm of sums of exponentials along an axis, without overflow."""
    place, x = axis_of("logcumsumexp", axis, x.ndim), as_floating(x, None)
    # Each sum is in units of the largest element so far, to which the sums before are brought.
    largest, _ = extreme_so_far(stop_gradient(x), place, True)
    shift = finite(largest)
    shrunk = exp(moved_on(largest, place, -math.inf) - shift)
    return log_of_sum(recurrence(shrunk, exp(x - shift), axis=place)) + shift


def _scan(
    name: str,
    running: Callable[..., Tensor],
    x: Any,
    axis: int | None,
    dtype: Any,
    initial: int | None,
) -> Tensor:
    tensor = as_tensor(x)
    if axis is None and tensor.ndim != 1:
        raise ArgumentError(
            f"{name} got no axis for a tensor of shape {tuple(tensor.shape)}; it wants one "
            "unless there is one axis only. Give axis."
        )
    place = normalize_axis(name, 0 if axis is None else axis, tensor.ndim)
    found = running(tensor, place, dtype)
    if initial is None:
        return found
    shape = (*found.shape[:place], 1, *found.shape[place + 1 :])
    return concatenate((full(shape, initial, found.dtype, like=found), found), axis=place)


@operation
def cumulative_sum(
    x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """Running sum along an axis.

    Args:
        x: A tensor.
        axis: The axis; it can be left out where there is one only.
        dtype: Of the result; by default int64 or uint64 for integers.
        include_initial: Whether to start with 0.

    Example:
        >>> import thalweg as tw
        >>> tw.cumulative_sum(tw.tensor([1, 2, 3]), include_initial=True)
        tensor([0, 1, 3, 6])
    """
    return _scan("cumulative_sum", cumsum, x, axis, dtype, 0 if include_initial else None)


@operation
def cumulative_prod(
    x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """Running product along an axis; arguments as for `cumulative_sum`, starting with 1."""
    return _scan("cumulative_prod", cumprod, x, axis, dtype, 1 if include_initial else None)


@general(lambda x, axis, largest: Spec(x.shape, INT64), role="scan")
def index_of_running_extreme(x: Array, *, axis: int, largest: bool) -> Array:
    """Position of the last largest or smallest element so far along an axis; NaN wins."""
    running = (np.maximum if largest else np.minimum).accumulate(x, axis=axis)
    attained = (x == running) | (x != x)
    shape = [1] * x.ndim
    shape[axis] = -1
    places = np.where(attained, np.arange(x.shape[axis]).reshape(shape), 0)
    return np.maximum.accumulate(places, axis=axis)


def extreme_so_far(x: Tensor, axis: int, largest: bool) -> tuple[Tensor, Tensor]:
    """Return the largest or smallest element so far along an axis, and its last position."""
    indices = index_of_running_extreme(x, axis=axis, largest=largest)
    return take_along_axis(x, indices, axis=axis), indices


@operation
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Differences of neighbours along an axis, taken `n` times.

    Args:
        x: A tensor.
        n: How often.
        axis: The axis.
        prepend: What to put before the axis first: a tensor, or a number.
        append: What to put behind it.

    Raises:
        ArgumentError: If `n` is negative.
        ShapeError: If the tensor has no axes.
    """
    tensor = as_tensor(x)
    if n < 0:
        raise ArgumentError(f"order must be non-negative but got {n}: diff wants n >= 0.")
    if not tensor.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional; reshape it first.")
    place = normalize_axis("diff", axis, tensor.ndim)
    if n:
        parts = [*edge_of(prepend, tensor, place), tensor, *edge_of(append, tensor, place)]
        tensor = concatenate(parts, axis=place)
    for _ in range(n):
        later, earlier = _neighbours(tensor, place)
        tensor = not_equal(later, earlier) if tensor.dtype.kind == "b" else later - earlier
    return tensor


def _neighbours(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return all elements along an axis but the first, and all but the last."""
    n = x.shape[axis]
    return part_of(x, axis, min(1, n), n), part_of(x, axis, 0, max(0, n - 1))


def _widths(points: Tensor, axis: int = 0) -> Tensor:
    later, earlier = _neighbours(points, axis)
    return later - earlier


@operation
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Tensor:
    """Return the differences of neighbours in the flattened tensor, with others around them."""
    tensor = ravel(ary)
    steps = diff(tensor) if tensor.size else tensor
    ends = [None if end is None else ravel(astype(end, steps.dtype)) for end in (to_begin, to_end)]
    parts = [x for x in (ends[0], steps, ends[1]) if x is not None]
    return concatenate(parts) if len(parts) > 1 else steps


# ---- integrals


def _areas(name: str, y: Any, x: Any, dx: Any, axis: int) -> tuple[Tensor, int]:
    heights = as_tensor(y)
    if not heights.ndim:
        return heights, 0
    place = normalize_axis(name, axis, heights.ndim)
    extent = heights.shape[place]
    if extent == 0:
        return heights, place
    later, earlier = _neighbours(heights, place)
    pairs = later + earlier
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
        shape = (-1, *(1,) * (heights.ndim - place - 1))
        return pairs * reshape(_widths(points), shape) / 2.0, place
    while points.ndim < heights.ndim:
        points = expand_dims(points, 0)
    return pairs * _widths(points, place) / 2.0, place


@operation
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Integrate along an axis by the trapezoid rule: Σ (yᵢ + yᵢ₊₁) (xᵢ₊₁ - xᵢ) / 2.

    Args:
        y: The heights.
        x: Where they are, a vector or a tensor that broadcasts; None for equal distances.
        dx: That distance.
        axis: The axis.
    """
    areas, place = _areas("trapezoid", y, x, dx, axis)
    return sum(areas, place) if areas.ndim else areas * 0.0


@operation
def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Integrate along an axis up to each point but the first; arguments as `trapezoid`'s."""
    areas, place = _areas("cumulative_trapezoid", y, x, dx, axis)
    return cumsum(areas, place) if areas.ndim else areas


# ---- finite differences


def _spacings(name: str, given: tuple[Any, ...], axes: tuple[int, ...]) -> list[Any]:
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0 and not isinstance(given[0], Tensor):
        return [given[0]] * len(axes)
    _require_one_each(name, given, len(axes))
    return list(given)


def _require_one_each(name: str, spacing: Sequence[Any], axes: int) -> None:
    if len(spacing) != axes:
        raise ArgumentError(
            f"{name} expected spacing to be unspecified, a scalar or a list of length {axes}, one "
            f"for each axis, and got {len(spacing)}."
        )


@operation
def gradient(
    x: Any,
    *varargs: Any,
    axis: Any = None,
    edge_order: int = 1,
    spacing: Any = None,
    dim: Any = None,
) -> Any:
    """Estimate derivatives along axes by central differences; one-sided at the ends.

    Args:
        x: Values of a function at the points of a grid.
        varargs: Distances of the points, one for all axes or one an axis; or their positions.
        axis: An axis, several, or None for all.
        edge_order: The order of the differences at the ends, 1 or 2.
        spacing: PyTorch's way to give the distances.
        dim: PyTorch's name of the axes.

    Raises:
        ShapeError: If an axis has too few points, or not as many as positions.
    """
    tensor = as_floating(x, None)
    if isinstance(spacing, (tuple, list)):
        _require_one_each("gradient", spacing, tensor.ndim if dim is None else np.size(dim))
    if dim is not None or spacing is not None:
        return tuple(_gradients(tensor, _listed(spacing), dim, edge_order))
    found = _gradients(tensor, varargs, axis, edge_order)
    single = axis is not None and not isinstance(axis, (tuple, list))
    return found[0] if single or len(found) == 1 else tuple(found)


def _listed(spacing: Any) -> tuple[Any, ...]:
    if spacing is None:
        return ()
    return tuple(spacing) if isinstance(spacing, (tuple, list)) else (spacing,)


def _gradients(x: Tensor, given: tuple[Any, ...], axis: Any, edge_order: int) -> list[Tensor]:
    named = range(x.ndim) if axis is None else _listed(axis)
    axes = tuple(axis_of("gradient", one, x.ndim) for one in named)
    if len(set(axes)) < len(axes):
        raise ArgumentError(f"gradient: dim {axis} appears multiple times in the list of dims.")
    if edge_order not in (1, 2):
        raise ArgumentError(
            f"gradient only supports edge_order=1 and edge_order=2, not {edge_order}."
        )
    steps = _spacings("gradient", given, axes)
    return [_along(x, a, step, edge_order) for a, step in zip(axes, steps, strict=True)]


def _along(x: Tensor, axis: int, step: Any, edge_order: int) -> Tensor:
    extent = x.shape[axis] if x.ndim else 0
    if extent < edge_order + 1:
        raise ShapeError(
            f"gradient expected each dimension size to be at least {edge_order + 1}; the shape is "
            f"{x.shape}."
        )
    points = as_tensor(step)
    if points.ndim == 0:
        widths: Any = broadcast_to(reshape(points, (1,)), (extent - 1,))
    elif points.ndim == 1 and points.shape[0] == extent:
        widths = _widths(points)
    else:
        raise ShapeError(
            f"gradient expected as many coordinates as there are points, {extent}; it got shape "
            f"{points.shape}."
        )
    return moveaxis(_along_last(moveaxis(x, axis, -1), widths, edge_order), -1, axis)


def _along_last(x: Tensor, widths: Tensor, edge_order: int) -> Tensor:
    n, place = x.shape[-1], x.ndim - 1

    def at(start: int, stop: int) -> Tensor:
        return part_of(x, place, start, stop)

    def width(start: int, stop: int) -> Tensor:
        return part_of(widths, 0, start, stop)

    before, after = width(0, n - 2), width(1, n - 1)
    inside = (
        at(2, n) * before / (after * (before + after))
        + at(1, n - 1) * (after - before) / (before * after)
        - at(0, n - 2) * after / (before * (before + after))
    )
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / width(0, 1)
        last = (at(n - 1, n) - at(n - 2, n - 1)) / width(n - 2, n - 1)
    else:
        h, k = width(0, 1), width(1, 2)
        first = (
            at(1, 2) * (h + k) / (h * k)
            - at(0, 1) * (2.0 * h + k) / (h * (h + k))
            - at(2, 3) * h / (k * (h + k))
        )
        h, k = width(n - 3, n - 2), width(n - 2, n - 1)
        last = (
            at(n - 1, n) * (2.0 * k + h) / (k * (h + k))
            - at(n - 2, n - 1) * (h + k) / (h * k)
            + at(n - 3, n - 2) * k / (h * (h + k))
        )
    return concatenate([first, inside, last], axis=place)
