"""Axes counted from the front, and left out."""

from __future__ import annotations

from typing import Any

from thalweg.core.spec import Shape
from thalweg.errors import ArgumentError, AxisError

# ---- axes and shapes, validated


def normalize_axis(name: str, axis: int, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises:
        AxisError: If there is no such axis.
    """
    position = int(axis)
    if not -ndim <= position < ndim:
        known = f"expected to be in range of [{-ndim}, {ndim - 1}]" if ndim else "there is none"
        raise AxisError(
            f"Dimension out of range ({known}, but got {axis}): {name} got axis {axis} for a "
            f"tensor with {ndim} axes."
        )
    return position % ndim


def axes_in_order(name: str, axes: Any, ndim: int) -> tuple[int, ...]:
    """Return an axis or several, counted from the front, in the order given.

    Raises:
        AxisError: If there is no such axis.
    """
    given = axes if isinstance(axes, (tuple, list, range)) else (axes,)
    return tuple(normalize_axis(name, axis, ndim) for axis in given)


def normalize_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front and sorted; None means all of them.

    Raises:
        ArgumentError: If there is no such axis, or one is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(sorted(axes_in_order(name, axis, ndim or 1)))
    if not ndim:
        # As NumPy's reductions and PyTorch: without axes, 0 and -1 name none.
        return ()
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"{name} got axis {axis}, which names an axis twice.")
    return axes


def without(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """Return a shape without some of its axes."""
    return tuple(n for i, n in enumerate(shape) if i not in axes)
