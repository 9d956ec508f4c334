"""Values that are not finite: found, and told where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from thalweg.errors import DataError

Array = np.ndarray[Any, Any]

# Rows are looked at this many elements at a time, to need little memory.
_BLOCK = 2**20


def is_finite(array: Array) -> bool:
    """Tell whether all values are finite."""
    if array.dtype.kind != "f":
        return True
    if array.size <= _BLOCK:
        return bool(np.isfinite(array).all())
    flat = array.reshape(-1)
    blocks = range(0, flat.size, _BLOCK)
    return all(bool(np.isfinite(flat[i : i + _BLOCK]).all()) for i in blocks)


def _not_finite(array: Array, given: Any, name: str) -> str:
    """Say where an array is not finite: its first bad column and that column's first rows."""
    table = array.reshape(len(array), -1)
    rows_per_block = max(1, _BLOCK // max(1, table.shape[1]))
    bad_rows: list[int] = []
    column = -1
    count = 0
    for start in range(0, len(table), rows_per_block):
        rows, columns = np.nonzero(~np.isfinite(table[start : start + rows_per_block]))
        if column < 0 and columns.size:
            column = int(columns.min())
        rows = rows[columns == column] + start
        count += rows.size
        bad_rows += [int(row) for row in rows[: 3 - len(bad_rows)]]
    values = sorted({spell_value(table[row, column]) for row in bad_rows})
    where = f"column {column_name(given, column)}, " if array.ndim > 1 else ""
    listed = ", ".join(map(str, bad_rows))
    more = f" and {count - len(bad_rows)} more" if count > len(bad_rows) else ""
    plural = "row" if count == 1 else "rows"
    return (
        f"{name} holds {' and '.join(values)} in {where}{plural} {listed}{more}, but training "
        "needs finite numbers: one such value makes every parameter NaN. Drop those rows, or "
        "fill them in, for example with the column's mean."
    )


def spell_value(value: float) -> str:
    """Write out a value that is not finite."""
    return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"


def column_name(given: Any, column: int) -> str:
    """Return a column's number, with its name where the caller's data frame has one."""
    names = getattr(given, "columns", None)
    if names is not None and len(names) > column:
        return f"{column} ({str(names[column])!r})"
    return str(column)


def require_finite(arrays: Sequence[Array], given: Sequence[Any], names: Sequence[str]) -> None:
    """Refuse data with values that are not finite.

    Args:
        arrays: The data.
        given: What the caller gave for each; their column names are told.
        names: What to call each.

    Raises:
        DataError: If there is one; it names the array, the column and the first rows.
    """
    for array, original, name in zip(arrays, given, names, strict=True):
        if not is_finite(array):
            raise DataError(_not_finite(array, original, name))


class Noted:
    """Large arrays that were found finite and are still alive.

    Looking at them again would cost a repeated fit more than all else. If their contents have
    changed since, the loss stops being finite, and the data are looked at once more.
    """

    def __init__(self) -> None:
        self._known: WeakValueDictionary[int, Array] = WeakValueDictionary()

    def holds(self, array: Array) -> bool:
        """Tell whether an array has been noted."""
        return self._known.get(id(array)) is array

    def note(self, array: Array) -> None:
        """Remember an array, as long as it lives, if looking at it takes time."""
        if array.size > _BLOCK // 8:
            self._known[id(array)] = array


FINITE = Noted()
