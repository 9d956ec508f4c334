"""What tables are made of: files, data frames, and columns in memory."""

import os
from collections.abc import Collection, Mapping
from typing import Any

from thalweg.data.table import Table, as_table


def table_of(data: Any, text: Collection[str] = ()) -> Table:
    """Return data as a table.

    Args:
        data: The path of a CSV, TSV, gzipped CSV or Parquet file; a data frame of pandas, Polars,
            PyArrow or others; a dict of columns; or a table.
        text: Names of columns that are read as texts from a CSV even where all values are numbers.

    Raises:
        DataError: If it is anything else, or cannot be read.

    Example:
        >>> table_of({"x": [1.0, 2.0]}).names
        ('x',)
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, Mapping):
        return as_table(data)
    # The libraries behind these take a quarter of a second to import.
    from thalweg.data.frames import from_frame, read_table

    return read_table(data, text) if isinstance(data, str | os.PathLike) else from_frame(data)
