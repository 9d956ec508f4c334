"""Padding, with PyTorch's arguments: the last axis first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Shape
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.index.pad import pad as pad_axes
from thalweg.ops.index.take import take
from thalweg.ops.shape.cut import slice_

__all__ = ["pad"]


_MODES = ("constant", "reflect", "replicate", "circular")

Array = np.ndarray[Any, Any]


def pad(
    input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """Widen a tensor along its last axes.

    Args:
        input: A tensor.
        pad: Elements before and after the last axis, then the last but one, …; negative ones cut.
        mode: "constant", or what fills the border from the tensor: "reflect" without the edge,
            "replicate" the edge, or "circular".
        value: The constant; 0 by default.

    Raises:
        ArgumentError: If the mode is unknown, or the numbers are odd or too many.
        ShapeError: If the border is wider than what it is filled from.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.pad(torch.tensor([1.0, 2.0, 3.0]), (1, 2), "reflect").tolist()
        [2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    """
    x = as_tensor(input)
    if mode not in _MODES:
        raise ArgumentError(f"Unrecognised padding mode {mode}. Give one of {', '.join(_MODES)}.")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ArgumentError(
            f"Padding length must be divisible by 2 and at most twice the number of dimensions of "
            f"the input, but it is {len(pad)} for {x.ndim}."
        )
    if mode != "constant" and value is not None:
        raise ArgumentError(f'Padding mode "{mode}" doesn\'t take in value argument')
    pairs = [(int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    if mode in ("constant", "circular"):
        x = _cut(x, pairs)
        pairs = [(max(0, before), max(0, after)) for before, after in pairs]
    if mode == "constant":
        return pad_axes(x, pairs, constant_values=0 if value is None else value)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = take(x, _places(x.shape, axis, before, after, mode), axis=axis)
    return x


def _places(shape: Shape, axis: int, before: int, after: int, mode: str) -> Array:
    """Return the position along an axis from which each element of the widened one comes."""
    extent = shape[axis]
    room = {"reflect": extent - 1, "circular": extent}.get(mode)
    wide = max(before, after)
    if (room is not None and wide > max(0, room)) or (not extent and wide > 0):
        raise ShapeError(
            "Padding size should be less than the corresponding input dimension, but got padding "
            f"({before}, {after}) at axis {axis} of input {list(shape)} with mode {mode!r}."
        )
    places = np.arange(-before, extent + after)
    if mode == "circular":
        return places % max(extent, 1)
    if mode == "reflect":
        last = extent - 1
        places = last - np.abs(last - np.abs(places))
    inside: Array = np.clip(places, 0, max(extent - 1, 0))
    return inside


def _cut(x: Tensor, pairs: list[tuple[int, int]]) -> Tensor:
    if all(n >= 0 for pair in pairs for n in pair):
        return x
    bounds = []
    for extent, (before, after) in zip(x.shape, pairs, strict=True):
        start, stop = max(0, -before), extent - max(0, -after)
        if stop < start:
            raise ShapeError(
                f"pad got ({before}, {after}) for an axis of extent {extent}, which leaves less "
                "than nothing. Cut less."
            )
        bounds.append((start, stop, 1))
    return slice_(x, tuple(bounds))
