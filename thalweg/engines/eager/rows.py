"""Loops over rows by machine code, where the compiler is loaded or that is worth it.

Each returns None where it is not, or where it met what it does not do: a position outside of the
axis, or NaN among numbers to be ordered.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.engines.eager.worth import is_worth
from thalweg.engines.llvm.code.addresses import address_of

# Fewer numbers do not make it load the compiler at once.
_MANY = 1 << 14


def _is_worth(*arrays: Array) -> bool:
    """Tell whether arrays are of numbers that the loops know, and enough."""
    first = arrays[0]
    if not is_worth(first.size, _MANY):
        return False
    for array in arrays:
        if not array.flags.c_contiguous:
            return False
    return first.dtype.char in "fd"


@functools.cache
def _loop(name: str, kind: str, order: str) -> Any:
    from thalweg.engines.llvm.code.places import loop  # it loads the compiler

    return loop(name, kind, order)


def _run(name: str, x: Array, y: Array, out: Array, *sizes: int, order: str = "ogt") -> Any:
    run = _loop(name, x.dtype.char, order)
    return None if run(address_of(x), address_of(y), address_of(out), *sizes) else out


def gathered(x: Array, index: Array) -> Array | None:
    """Return the elements at positions (…, m) of rows (…, n) each, or None."""
    if not _is_worth(x, index) or x.shape[:-1] != index.shape[:-1]:
        return None
    places = index.astype(np.int64, copy=False)
    rows, width = index.size // max(1, index.shape[-1]), index.shape[-1]
    return _run("gathered", x, places, np.empty(index.shape, x.dtype), rows, width, x.shape[-1])  # type: ignore[no-any-return]


def added(x: Array, index: Array, values: Array, is_own: bool = False) -> Array | None:
    """Return rows (…, n) with values (…, m) added at positions, one after another, or None.

    They are written to the rows themselves if these are the caller's own.
    """
    alike = x.shape[:-1] == index.shape[:-1] and index.shape == values.shape
    if not _is_worth(x, index, values) or not alike or x.dtype != values.dtype:
        return None
    places = index.astype(np.int64, copy=False)
    rows, width = index.size // max(1, index.shape[-1]), index.shape[-1]
    total = x if is_own else x.copy()
    return _run("added", values, places, total, rows, width, x.shape[-1])  # type: ignore[no-any-return]


def rows_added(x: Array, index: Array, values: Array, is_own: bool = False) -> Array | None:
    """Return (n, …) with slices (m, …) of values added at positions (m,), or None; as `added`."""
    alike = values.shape == (index.size, *x.shape[1:]) and x.dtype == values.dtype
    if not _is_worth(x, index, values) or not alike or not values.size:
        return None
    places = index.astype(np.int64, copy=False)
    width = values.size // index.size
    total = x if is_own else x.copy()
    return _run("rows_added", values, places, total, index.size, width, len(x))  # type: ignore[no-any-return]


def accumulated(name: str, x: Array) -> Array | None:
    """Return the sums ("summed") or products ("multiplied") so far, along rows, or None."""
    if not _is_worth(x) or x.size < _MANY:
        return None
    width = x.shape[-1]
    return _run(name, x, x, np.empty_like(x), x.size // width, width, 0)  # type: ignore[no-any-return]


# Of more, those of a row are not kept in order one by one.
_MOST = 32


def top(x: Array, count: int, largest: bool) -> tuple[Array, Array] | None:
    """Return the largest or smallest numbers of rows, in order, and their positions, or None.

    Of equal ones the first come first.
    """
    if not _is_worth(x) or not 0 < count <= min(_MOST, x.shape[-1]):
        return None
    shape, width = (*x.shape[:-1], count), x.shape[-1]
    values, places = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    order = "ogt" if largest else "olt"
    found = _run("top", x, places, values, x.size // width, width, count, order=order)
    return None if found is None else (values, places)


@functools.cache
def _spaced() -> Any:
    from thalweg.engines.llvm.code.places import spaced  # it loads the compiler

    return spaced()


def evenly_spaced(low: Any, high: Any, step: Any, count: int) -> Array | None:
    """Return float32 numbers of one distance, each rounded once: from both ends, or None."""
    if not is_worth(count, _MANY):
        return None
    out = np.empty(count, np.float32)
    _spaced()(low, high, step, address_of(out), count)
    return out
