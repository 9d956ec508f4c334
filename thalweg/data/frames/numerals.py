"""Columns of texts that were meant as numbers."""

import re

import numpy as np

from thalweg.data.table import Column
from thalweg.errors import DataError, shown

__all__ = ["refuse_disguised_numbers"]

FEW_LEVELS = 20

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.IGNORECASE)

# 1,234.50 · 1'234 · 3,5 · $12 · 40 %
DECORATED = re.compile(
    r"[-+]?\s?[$€£¥]?\s?[-+]?"
    r"(\d{1,3}([.,'’ \u00a0\u202f]\d{3})+([.,]\d+)?|\d+([.,]\d+)?)"
    r"\s?[%$€£¥]?"
)


def refuse_disguised_numbers(column: Column, source: str, decimal_comma: bool) -> None:
    """Refuse a column of texts if all, or most and more than a few different, are numbers.

    A column of few different texts, such as '0', '1', '2' and '3+', stays a column of categories.

    Raises:
        DataError: Naming the first row whose text kept the column from being numeric.
    """
    levels = column.levels or ()
    numeric = np.array([_is_number(level, decimal_comma) for level in levels], dtype=np.bool_)
    others = [level for level, number in zip(levels, numeric, strict=True) if not number]
    if not others:
        return
    present = column.values[~column.missing]
    numbers = int(np.count_nonzero(numeric[present]))
    row = _first_row(column, numeric)
    where = f"{source}: column {shown(column.name)} has {shown(levels[column.values[row]])}"
    if all(DECORATED.fullmatch(level) for level in others):
        raise DataError(
            f"{where} in row {row + 1}; write plain numbers, with a point for decimals and no "
            "other marks."
        )
    many = len(levels) > FEW_LEVELS or 2 * len(levels) > len(present)
    if 2 * numbers > len(present) and many:
        raise DataError(
            f"{where} in row {row + 1}, but {numbers} of its {len(present)} values are numbers; "
            "correct it, or empty it if it is missing."
        )


def _is_number(text: str, decimal_comma: bool) -> bool:
    return NUMBER.fullmatch(text.replace(",", ".") if decimal_comma else text) is not None


def _first_row(column: Column, numeric: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return the first row, counted from 0, whose text is no number."""
    other = np.append(~numeric, False)  # a missing value stands at −1
    return int(np.argmax(other[column.values]))
