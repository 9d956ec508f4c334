"""Copies of large arrays in pieces, between which Python hears of Ctrl-C."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# New memory of this size is touched in a few hundredths of a second on a slow machine.
_PIECE = 1 << 23


def copied(array: Array) -> Array:
    """Return a copy of an array in its own memory order."""
    return array.copy("K") if array.nbytes <= _PIECE else fill(np.empty_like(array), array)


def contiguous(array: Array) -> Array:
    """Return a C-contiguous array of the same values, a copy unless it is one."""
    if array.flags.c_contiguous or array.nbytes <= _PIECE:
        return np.asarray(array, order="C")
    return fill(np.empty(array.shape, array.dtype), array)


def fill(target: Array, source: Array) -> Array:
    """Write an array's values into another one of its shape, and return that."""
    if source.nbytes <= _PIECE or not source.ndim:
        target[...] = source
        return target
    rows = max(1, _PIECE * len(source) // source.nbytes)
    for start in range(0, len(source), rows):
        piece = slice(start, start + rows)
        if rows == 1 and source.ndim > 1:
            fill(target[start], source[start])
        else:
            target[piece] = source[piece]
    return target
