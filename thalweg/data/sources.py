"""What tables are made of: files, data frames, and columns in memory."""

import os
from collections.abc import Mapping
from typing import Any

from thalweg.data.reading import ReadOptions, without
from thalweg.data.table import Column, Table, as_table, text_column


def table_of(data: Any, reading: ReadOptions | None = None) -> Table:
    """Return data as a table.

    Args:
        data: The path of a file that `read_table` reads; a data frame of pandas, Polars, PyArrow
            or others; a dict of columns; or a table.
        reading: Which columns to take, and what their values mean.

    Raises:
        DataError: If it is anything else, or cannot be read.

    Example:
        >>> table_of({"x": [1.0, 2.0]}).names
        ('x',)
    """
    how = reading or ReadOptions()
    if isinstance(data, Table):
        return _taken(data, how)
    if isinstance(data, Mapping):
        chosen = set(how.chosen(list(data), "the table")) if data else set()
        table = as_table({k: v for k, v in data.items() if k in chosen})
        return Table(tuple(_read(column, how) for column in table.columns), table.source)
    # The libraries behind these take a quarter of a second to import.
    if isinstance(data, str | os.PathLike):
        from thalweg.data.frames import read_table

        return read_table(data, how)
    from thalweg.data.frames.frame import from_frame

    return from_frame(data, reading=how)


def _taken(table: Table, reading: ReadOptions) -> Table:
    if reading == ReadOptions():
        return table
    chosen = reading.chosen(table.names, table.source)
    return Table(tuple(_read(table[name], reading) for name in chosen), table.source)


def _read(column: Column, reading: ReadOptions) -> Column:
    if reading.is_text(column.name) and column.numeric:
        column = text_column(column.name, column.texts())
    return without(column, reading.na)
