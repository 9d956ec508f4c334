"""Tensors put beside each other, and turned along an axis."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.control.fused import Fused
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.ops.linalg.diagonals import tril, triu
from thalweg.ops.shape.flip import roll
from thalweg.ops.shape.join import stack


def rolled(x: Array, shift: int, axis: int | None) -> Array:
    """Return numbers moved along an axis, or along all of them as one, around the end."""
    if axis is None:
        return rolled(x.reshape(-1), shift, 0).reshape(x.shape)
    kept = x.shape[axis] - shift % x.shape[axis]
    before = (slice(None),) * axis
    parts = x[(*before, slice(kept, None))], x[(*before, slice(kept))]
    return np.concatenate(parts, axis)


def _rolled(x: Array, *, shift: int, axis: int | None) -> tuple[Array, None]:
    return rolled(x, shift, axis), None


def _rolled_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, shift: int, axis: int | None
) -> tuple[Array]:
    return (rolled(g, -shift, axis),)


def _rolled_by_operations(x: Tensor, *, shift: int, axis: int | None) -> Tensor:
    return roll(x, shift, axis)


ROLLED = Fused("RollBackward0", _rolled, _rolled_back, _rolled_by_operations)


def _stacked(*arrays: Array, axis: int) -> tuple[Array, None]:
    return np.stack(arrays, axis), None


def _stacked_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], *arrays: Any, axis: int
) -> list[Array | None]:
    before: Any = (slice(None),) * axis
    return [g[(*before, i)] if is_wanted else None for i, is_wanted in enumerate(wanted)]


def _stacked_by_operations(*tensors: Tensor, axis: int) -> Tensor:
    return stack(tensors, axis)


STACKED = Fused("StackBackward0", _stacked, _stacked_back, _stacked_by_operations)


# ---- triangles of matrices

# Masks are kept up to so many elements; of larger matrices each row is copied.
_SMALL = 1 << 12


@functools.lru_cache(maxsize=64)
def _is_below(rows: int, columns: int, diagonal: int) -> Array:
    return np.tri(rows, columns, diagonal, dtype=np.bool_)


def triangle(x: Array, diagonal: int, lower: bool) -> Array:
    """Return the lower or upper triangle of a matrix, up to and with a diagonal."""
    rows, columns = x.shape
    if x.size <= _SMALL:
        below = _is_below(rows, columns, diagonal if lower else diagonal - 1)
        zero = x.dtype.type(0)
        return np.where(below, x, zero) if lower else np.where(below, zero, x)
    found = np.zeros_like(x, order="C")
    for i in range(rows):
        end = min(max(0, i + diagonal + (1 if lower else 0)), columns)
        part = slice(end) if lower else slice(end, None)
        found[i, part] = x[i, part]
    return found


def _triangle(x: Array, *, diagonal: int, lower: bool) -> tuple[Array, None]:
    return triangle(x, diagonal, lower), None


def _triangle_back(
    g: Array, out: Any, kept: None, wanted: Sequence[bool], x: Any, *, diagonal: int, lower: bool
) -> tuple[Array]:
    return (triangle(g, diagonal, lower),)


def _triangle_by_operations(x: Tensor, *, diagonal: int, lower: bool) -> Tensor:
    return tril(x, diagonal) if lower else triu(x, diagonal)


TRIANGLES = {
    name: Fused(f"{name.capitalize()}Backward0", _triangle, _triangle_back, _triangle_by_operations)
    for name in ("tril", "triu")
}
