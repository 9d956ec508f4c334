"""Running sums and products along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.operation import method, op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import full
from thalweg.ops.elementwise.arithmetic import absolute
from thalweg.ops.elementwise.comparison import equal, less, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.reduce.sums import cumsum, integers_widened
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import ravel
from thalweg.ops.shape.scalars import along, axis_of

__all__ = [
    "cumprod",
    "cumulative_prod",
    "cumulative_sum",
    "logcumsumexp",
]


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


def _scan(
    name: str,
    running: Callable[..., Tensor],
    x: Any,
    axis: int | None,
    dtype: Any,
    initial: int | None,
) -> Tensor:
    tensor = as_tensor(x)
    if axis is None:
        if tensor.ndim != 1:
            raise ArgumentError(
                f"{name} got no axis for a tensor of shape {tuple(tensor.shape)}; it wants one "
                "unless there is one axis only. Give axis."
            )
        axis = 0
    place = normalize_axis(name, axis, tensor.ndim)
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
