"""Tensors taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import method, op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, CallError, ShapeError
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.cut import slice_

__all__ = [
    "array_split",
    "dsplit",
    "hsplit",
    "split",
    "unstack",
    "vsplit",
]


@operation
def split(
    x: Any,
    indices_or_sections: Any = None,
    axis: int = 0,
    *,
    dim: int | None = None,
    split_size_or_sections: Any = None,
) -> list[Tensor] | tuple[Tensor, ...]:
    """Cut a tensor into equal parts, or at the given positions along an axis.

    With PyTorch's `dim=` or `split_size_or_sections=` it is `x.split`, which is given the sizes
    of the parts.

    Raises:
        ArgumentError: If a number of parts does not divide the axis.

    Example:
        >>> import thalweg as tw
        >>> tw.split(tw.arange(5), [2])
        [tensor([0, 1]), tensor([2, 3, 4])]
    """
    tensor = as_tensor(x)
    if dim is not None or split_size_or_sections is not None:
        sizes = indices_or_sections if split_size_or_sections is None else split_size_or_sections
        pieces: tuple[Tensor, ...] = op.split_in_sizes(tensor, sizes, axis if dim is None else dim)
        return pieces
    position = normalize_axis("split", axis, tensor.ndim)
    extent = tensor.shape[position]
    if np.ndim(indices_or_sections) == 0 and (
        (parts := _parts("split", indices_or_sections)) < 1 or extent % parts
    ):
        raise ArgumentError(
            f"split got {indices_or_sections} parts for an axis of extent {extent}; it wants a "
            "divisor of the extent. Use array_split for unequal parts."
        )
    return array_split(tensor, indices_or_sections, position)


@operation
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut a tensor into nearly equal parts, the first ones larger, or at the given positions.

    Raises:
        ArgumentError: If fewer than one part is asked for.
    """
    tensor = as_tensor(x)
    position = normalize_axis("array_split", axis, tensor.ndim)
    extent = tensor.shape[position]
    if np.ndim(indices_or_sections):
        cuts = [int(cut) for cut in indices_or_sections]
    else:
        parts = _parts("array_split", indices_or_sections)
        if parts < 1:
            raise ArgumentError(f"array_split got {parts} parts; it wants at least 1.")
        size, larger = divmod(extent, parts)
        cuts = [part * size + min(part, larger) for part in range(1, parts)]
    edges = zip([None, *cuts], [*cuts, None], strict=True)
    return [_part(tensor, position, *slice(*edge).indices(extent)[:2]) for edge in edges]


def _parts(name: str, given: Any) -> int:
    """Return how many parts are wanted.

    Raises:
        CallError: If it is no whole number.
    """
    try:
        parts = int(given)
    except (TypeError, ValueError):
        parts = None
    if parts is None or parts != given:
        raise CallError(
            f"{name} got {given!r}; it wants a number of parts, or a list of positions to cut at. "
            "Give an int, or a list of them."
        )
    return parts


def _part(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    bounds = [(0, n, 1) for n in x.shape]
    bounds[axis] = (start, max(start, stop), 1)
    return slice_(x, tuple(bounds))


def _cut_along(name: str, x: Any, where: Any, axis: int, least: int) -> list[Tensor]:
    tensor = as_tensor(x)
    if tensor.ndim < least:
        raise ShapeError(
            f"{name} requires a tensor with at least {least} dimension, but got a tensor with "
            f"{tensor.ndim} dimensions. Reshape it first."
        )
    return list(split(tensor, where, axis))


@method
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the second axis, or a vector along its only one; as `split`."""
    axis = 0 if as_tensor(x).ndim < 2 else 1
    return _cut_along("hsplit", x, indices_or_sections, axis, 1)


@method
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the first axis, of two at least; as `split`."""
    return _cut_along("vsplit", x, indices_or_sections, 0, 2)


@method
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the third axis; as `split`."""
    return _cut_along("dsplit", x, indices_or_sections, 2, 3)


@operation
def unstack(x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Return the slices along an axis, which disappears."""
    tensor = as_tensor(x)
    normalize_axis("unstack", axis, tensor.ndim)
    found: tuple[Tensor, ...] = op.unbind(tensor, axis)
    return found
