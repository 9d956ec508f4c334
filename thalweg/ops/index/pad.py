"""Padding: by constants, edges, mirror images and around."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.creation import full
from thalweg.ops.index.take import take
from thalweg.ops.shape.cut import pad_with_zeros
from thalweg.ops.shape.join import concatenate

__all__ = ["pad"]


@operation
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """Widen a tensor along its axes.

    Args:
        x: A tensor.
        pad_width: Elements before and after: n, (before, after), or one such pair an axis.
        mode: "constant", or what fills the border from x: "edge", "reflect", "symmetric", "wrap".
        constant_values: The constants, given as `pad_width` is.

    Raises:
        ArgumentError: If the mode is unknown or a width negative.
    """
    tensor = as_tensor(x)
    widths = _pairs(pad_width, tensor.ndim)
    if any(int(n) < 0 for pair in widths for n in pair):
        raise ArgumentError(f"pad got pad_width {pad_width}; widths must not be negative.")
    if mode == "constant":
        return _pad_constant(tensor, widths, _pairs(constant_values, tensor.ndim))
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ArgumentError(
            f"pad got mode {mode!r}; it wants 'constant', 'edge', 'reflect', 'symmetric' or 'wrap'."
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            # NumPy works out which position each element of the border repeats.
            where_from = np.pad(np.arange(tensor.shape[axis]), (before, after), mode)  # type: ignore[call-overload]
            tensor = take(tensor, where_from, axis=axis)
    return op.clone(tensor) if tensor is x else tensor


def _pairs(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    pairs = np.broadcast_to(np.asarray(value), (ndim, 2)).tolist()
    return [(before, after) for before, after in pairs]


def _pad_constant(x: Tensor, widths: list[tuple[int, int]], values: list[Any]) -> Tensor:
    if all(value == 0 for pair in values for value in pair):
        low, high = zip(*widths, strict=True) if widths else ((), ())
        return pad_with_zeros(x, low=low, high=high, interior=(0,) * x.ndim)
    for axis, (before, after) in enumerate(widths):
        blocks = [x]
        for width, value, place in ((before, values[axis][0], 0), (after, values[axis][1], 2)):
            shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
            blocks.insert(place, full(shape, value, x.dtype, like=x))
        x = concatenate(blocks, axis=axis)
    return x
