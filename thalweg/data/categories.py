"""Which texts are categories."""

from __future__ import annotations

import numpy as np

from thalweg.data.dates import are_dates
from thalweg.data.table import Column
from thalweg.errors import DataError, shown

FEW_LEVELS = 20

MOST_LEVELS = 1000


def check_categories(column: Column, source: str, category: bool = False) -> None:
    """Refuse texts that are no categories: dates, names, free text.

    Args:
        column: A column of texts.
        source: What messages call its table.
        category: Whether somebody said that it holds categories.

    Raises:
        DataError: If it holds none.
    """
    where = f"{source}: column {shown(column.name)}"
    texts = column.levels or ()
    levels, present = len(texts), int(np.count_nonzero(~column.missing))
    ways = f"leave the column out (--drop {column.name})"
    if not category and are_dates(texts):
        raise DataError(
            f"{where} holds dates, such as {shown(texts[0])}; take their parts (--date "
            f"{column.name}), take them as categories (--category {column.name}), or {ways}."
        )
    if levels > MOST_LEVELS or (not category and levels > FEW_LEVELS and 2 * levels > present):
        raise DataError(
            f"{where} has {levels} different texts in {present} rows, such as {shown(texts[0])}: "
            f"names, dates or free text rather than categories; {ways}."
        )
