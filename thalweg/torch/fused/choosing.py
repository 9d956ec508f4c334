"""Elements chosen by a mask, in a fraction of the time of NumPy's `where`."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.composed import elements
from thalweg.ops.special.activations import relu

_BITS: dict[int, Any] = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def chosen(mask: Array, x: Array, out: Array | None = None) -> Array:
    """Return x, of float32 or float64, where a mask of its shape is true, and 0 elsewhere.

    All bits of a number are taken or none, so that infinities and NaN elsewhere do no harm.
    """
    kind = _BITS[x.itemsize]
    bits = mask.view(np.int8).astype(kind)
    np.negative(bits, out=bits)
    if out is None:
        bits &= x.view(kind)
        found: Array = bits.view(x.dtype)
        return found
    np.bitwise_and(bits, x.view(kind), out=out.view(kind))
    return out


def rectified(x: Array) -> tuple[Array, None]:
    """Return x where x > 0, else 0; NaN stays NaN."""
    found = elements(relu, x)
    if found is None:  # not row by row in memory
        found = np.maximum(x, x.dtype.type(0))
        found += 0  # as the maximum may be -0
    return found, None


def rectified_back(g: Array, out: Any, kept: None, wanted: Any, x: Any) -> tuple[Array]:
    """Return the cotangent: that of NaN passes, as in PyTorch."""
    # Either tells; one of them may have been overwritten since.
    held = x if isinstance(x, np.ndarray) else out
    return (chosen(np.logical_not(np.less_equal(held, 0)), g),)


def with_slope(x: Array, slope: Array) -> tuple[Array, None]:
    """Return x where x > 0, else a slope times x, of as many axes."""
    return np.where(np.greater(x, 0), x, slope * x), None


def with_slope_back(
    g: Array, out: Any, kept: None, wanted: Any, x: Any, slope: Any
) -> tuple[Array | None, Array | None]:
    """Return the cotangents of x and of the slopes."""
    rows = np.asarray(x)
    positive = np.greater(rows, 0)
    of_x = np.where(positive, g, g * np.asarray(slope)) if wanted[0] else None
    if not wanted[1]:
        return of_x, None
    # The rest of the axes are those along which a slope is shared.
    axes = tuple([i for i, n in enumerate(slope.shape) if n == 1])
    shares = np.where(positive, rows.dtype.type(0), g * rows)
    return of_x, np.add.reduce(shares, axes, keepdims=True)
