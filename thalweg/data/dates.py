"""Dates written as texts: recognised, and turned into what a model can use."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Sequence

import numpy as np

from thalweg.data.table import Column, Floats, Table, text_column
from thalweg.errors import DataError, shown

EPOCH = datetime.datetime(1970, 1, 1)

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

PARTS = ("year", "month", "weekday", "elapsed")

_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d\d?)\2(\d\d?)(?:[T ](\d\d?:\d\d.*))?", re.ASCII)

_YEAR_LAST = re.compile(r"(\d\d?)([-/.])(\d\d?)\2(\d{4})(?:[T ](\d\d?:\d\d.*))?", re.ASCII)


def are_dates(levels: Sequence[str]) -> bool:
    """Whether texts are all written as dates.

    >>> are_dates(["2024-01-31", "2024-02-29"]), are_dates(["2024-01-31", "later"])
    (True, False)
    """
    marked = (m for level in levels for m in [_YEAR_FIRST.fullmatch(level)])
    return bool(levels) and all(
        (m is not None and m[2]) or _YEAR_LAST.fullmatch(level)
        for m, level in zip(marked, levels, strict=True)
    )


def parts_of(name: str) -> tuple[str, ...]:
    """Return the names of the columns that a column of dates becomes.

    >>> parts_of("sold")
    ('sold.year', 'sold.month', 'sold.weekday', 'sold.elapsed')
    """
    return tuple(f"{name}.{part}" for part in PARTS)


def with_date_parts(table: Table, dates: Collection[str]) -> Table:
    """Replace columns of dates by their year, month, weekday, and days elapsed since 1970.

    Year and elapsed days are numbers, month and weekday texts; a missing date has none of them.

    Args:
        table: The table.
        dates: The columns that hold dates; those that it lacks are left to whoever needs them.

    Raises:
        DataError: If a value is no date, or day and month cannot be told from each other.

    Example:
        >>> from thalweg.data.table import as_table
        >>> sold = with_date_parts(as_table({"sold": ["2024-01-31", "2024-02-29"]}), ["sold"])
        >>> sold["sold.month"].levels, sold["sold.elapsed"].values
        (('01', '02'), array([19753., 19782.]))
    """
    columns: list[Column] = []
    for column in table.columns:
        columns += _parts(column, table.source) if column.name in dates else [column]
    return Table(tuple(columns), table.source)


def _parts(column: Column, source: str) -> list[Column]:
    if column.levels is None:
        column = text_column(column.name, column.texts())
    moments = _moments(column, source)

    def numbers(values: list[float]) -> Floats:
        return np.array([*values, np.nan])[column.values]

    def texts(values: list[str]) -> list[str | None]:
        every: list[str | None] = [*values, None]
        return [every[code] for code in column.values]

    year, month, weekday, elapsed = parts_of(column.name)
    days = [(moment - EPOCH).total_seconds() / 86400 for moment in moments]
    return [
        Column(year, numbers([float(m.year) for m in moments]), column.missing),
        text_column(month, texts([f"{m.month:02}" for m in moments])),
        text_column(weekday, texts([DAYS[m.weekday()] for m in moments])),
        Column(elapsed, numbers(days), column.missing),
    ]


def _moments(column: Column, source: str) -> list[datetime.datetime]:
    """Return the moment of each level."""
    where = f"{source}: column {shown(column.name)}"
    day_first = _day_first(column.levels or (), where)
    moments = []
    for level in column.levels or ():
        try:
            moments.append(_moment(level, day_first))
        except ValueError:
            row = int(np.argmax(column.values == len(moments))) + 1
            raise DataError(
                f"{where} has {shown(level)} in row {row}, which is no date such as 2024-01-31 or "
                "2024-01-31 18:30; correct it, or empty it if it is missing."
            ) from None
    return moments


def _day_first(levels: Sequence[str], where: str) -> bool:
    """Tell 31/1/2024 from 1/31/2024, for the whole column."""
    matches = [match for level in levels if (match := _YEAR_LAST.fullmatch(level))]
    if all(match[2] == "." for match in matches):
        return True
    first, second = (any(int(match[i]) > 12 for match in matches) for i in (1, 3))
    if first == second:
        raise DataError(
            f"{where} has dates such as {shown(levels[0])}, whose day and month cannot be told "
            "from each other; write them as 2024-01-31."
        )
    return first


def _moment(text: str, day_first: bool) -> datetime.datetime:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day, time = match[1], match[3], match[4], match[5]
    elif match := _YEAR_LAST.fullmatch(text):
        first, second, year, time = match[1], match[3], match[4], match[5]
        day, month = (first, second) if day_first else (second, first)
    else:
        raise ValueError(text)
    date = f"{year}-{int(month):02}-{int(day):02}"
    moment = datetime.datetime.fromisoformat(f"{date}T{time.zfill(5)}" if time else date)
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)
