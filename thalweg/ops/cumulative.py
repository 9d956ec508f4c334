"""Running sums and products, axes permuted and taken apart: the Array API's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.operation import op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation import full
from thalweg.ops.reductions import cumsum
from thalweg.ops.scans import cumprod
from thalweg.ops.shaping import concatenate, normalize_axis, transpose

__all__ = ["cumulative_prod", "cumulative_sum", "permute_dims", "unstack"]


def _running(
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
    return _running("cumulative_sum", cumsum, x, axis, dtype, 0 if include_initial else None)


@operation
def cumulative_prod(
    x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """Running product along an axis; arguments as for `cumulative_sum`, starting with 1."""
    return _running("cumulative_prod", cumprod, x, axis, dtype, 1 if include_initial else None)


@operation
def permute_dims(x: Any, axes: Any) -> Tensor:
    """Permute the axes."""
    return transpose(x, axes=axes)


@operation
def unstack(x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the slices along an axis, which disappears."""
    tensor = as_tensor(x)
    normalize_axis("unstack", axis, tensor.ndim)
    found: tuple[Tensor, ...] = op.unbind(tensor, axis)
    return found
