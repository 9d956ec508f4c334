"""Arrays that programs are tried on: plain numbers, ties, special values, odd layouts in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.spec import Spec

Array = np.ndarray[Any, Any]

SPECIAL = (
    *(np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5),
    *(1e-320, -3e-310, 1e-40, 2.5e300, -1e160, 1e37, 1e19, 1e-19),
)
SPECIAL_INTEGERS = (0, 1, -1, 2, -2, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))


def filled(random: np.random.Generator, spec: Spec, wild: bool) -> Array:
    """Return an array of a spec; a wild one holds special values."""
    kind = spec.dtype.kind
    if kind == "b":
        return random.random(spec.shape) < 0.5
    if kind in "iu":
        values = random.integers(-4, 8, spec.shape)
        if wild:
            limit = np.iinfo(spec.dtype)
            special = [v for v in SPECIAL_INTEGERS if limit.min <= v <= limit.max]
            values = _sprinkled(random, values, np.array(special, np.int64))
        return values.astype(spec.dtype)
    style = random.integers(4)
    if style == 0:
        # Small whole numbers, so that there are ties.
        values = random.integers(-3, 4, spec.shape).astype(np.float64)
    elif style == 1:
        values = random.uniform(0.1, 2.0, spec.shape)
    else:
        values = random.normal(size=spec.shape)
    if wild:
        values = _sprinkled(random, values, np.array(SPECIAL))
    with np.errstate(all="ignore"):
        return values.astype(spec.dtype)


def _sprinkled(random: np.random.Generator, values: Array, special: Array) -> Array:
    share = random.choice([0.02, 0.1, 0.5])
    chosen = random.random(values.shape) < share
    return np.where(chosen, random.choice(special, values.shape), values)


def laid_out(random: np.random.Generator, array: Array) -> Array:
    """Return an equal array with other strides: skipping, backwards, transposed, repeating."""
    style = random.integers(8)
    if not array.ndim:
        return array
    if style == 0:
        axis = int(random.integers(array.ndim))
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, axis, 0)), 0, axis)
    if style == 1:
        wide = np.repeat(array[..., None], 3, -1)
        return wide[..., 1]
    if style == 2:
        backwards = tuple(slice(None, None, -1) for _ in array.shape)
        return np.ascontiguousarray(array[backwards])[backwards]
    if style == 3:
        return np.asfortranarray(array)
    return array
