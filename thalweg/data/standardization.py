"""Numbers to standardize: all finite, with a mean and a standard deviation."""

import numpy as np

from thalweg.data.table import Column, Floats, Integers, shown_rows
from thalweg.errors import DataError, shown

__all__ = ["center_and_scale", "finite_numbers"]


def finite_numbers(column: Column, source: str) -> Floats:
    """Return a column's numbers; missing ones stay NaN.

    Raises:
        DataError: If it holds texts, or numbers that are infinite or too large for float64.
    """
    if column.levels is not None:
        row = int(np.argmax(~column.missing))
        raise DataError(
            f"{source}: column {shown(column.name)} holds texts such as "
            f"{shown(column.texts()[row])} in row {row + 1} where numbers are needed; correct them."
        )
    numbers = column.values.astype(np.float64, copy=False)
    if (infinite := np.isinf(numbers)).any():
        raise DataError(
            f"{source}: column {shown(column.name)} is infinite, or too large for a number, in "
            f"{shown_rows(np.flatnonzero(infinite))}; correct it, or empty it if it is missing."
        )
    return numbers


def center_and_scale(numbers: Floats | Integers, where: str) -> tuple[float, float]:
    """Return the mean and the standard deviation of what is not NaN; the scale of a constant is 1.

    >>> center_and_scale(np.array([1.0, 3.0, np.nan]), "x")
    (2.0, 1.0)
    """
    present = numbers[~np.isnan(numbers)]
    if not len(present):
        raise DataError(f"{where} has no value in any training row; leave the column out.")
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = float(np.mean(present)), float(np.std(present))
    if not np.isfinite(mean) or not np.isfinite(scale):
        raise DataError(f"{where} has numbers too large to square; write it in larger units.")
    if scale <= 10 * np.finfo(np.float64).eps * abs(mean):
        return float(present[0]), 1.0  # a constant, up to rounding
    return mean, scale
