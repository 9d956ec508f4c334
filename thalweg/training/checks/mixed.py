"""Data frames whose columns differ in dtype, which NumPy reads as arrays of Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import DataError, DtypeError
from thalweg.training.checks.finite import column_name

Array = np.ndarray[Any, Any]


def as_numbers(array: Array, given: Any, name: str) -> Array:
    """Return an array of objects as float64, if all of them are numbers.

    Args:
        array: The objects, of any shape.
        given: What the caller gave; the names of its columns are told.
        name: What to call it.

    Raises:
        DataError: If a value is missing.
        DtypeError: If one is no number.
    """
    for place in np.ndindex(array.shape):
        value = array[place]
        if isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
            continue
        where = f" in column {column_name(given, place[1])}" if len(place) > 1 else ""
        row = f", row {place[0]}" if place else ""
        if value is None or type(value).__name__ in ("NAType", "NaTType"):
            raise DataError(
                f"{name} lacks a value{where}{row}, but training needs a number in each place. "
                "Drop those rows, or fill them in, for example with the column's mean."
            )
        raise DtypeError(
            f"{name} has dtype object and holds {_shown(value)}{where}{row}, but a loss works on "
            "real numbers. Encode text, dates and objects as numbers first."
        )
    return array.astype(np.float64)


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text[:40]}…" if len(text) > 40 else text
