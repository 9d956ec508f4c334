"""Data frames of other libraries, and files that they read, into tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.typing import IntoDataFrame

from thalweg.data.reading import ReadOptions, without
from thalweg.data.table import (
    Column,
    Table,
    as_column,
    check_unique,
    not_empty,
    text_column,
    unusable,
)
from thalweg.errors import DataError


def from_frame(
    frame: IntoDataFrame, source: str = "the data frame", reading: ReadOptions | None = None
) -> Table:
    """Take the columns of a pandas, Polars, PyArrow or other eager data frame.

    Args:
        frame: The data frame; truth values become the texts 'False' and 'True'.
        source: What messages call it.
        reading: What to take of it: a column left out may be of any type.

    Raises:
        DataError: If it is no data frame, has no rows, or a column holds neither numbers nor texts.

    Example:
        >>> import pandas
        >>> table = from_frame(pandas.DataFrame({"x": [1, 2], "colour": ["red", None]}))
        >>> table["colour"].texts()
        ['red', None]
    """
    how = reading or ReadOptions()
    try:
        native = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        given = type(frame).__name__
        raise DataError(f"{source} is a {given}, not a data frame held in memory.") from error
    except nw.exceptions.DuplicateError:
        raise DataError(f"{source} has two columns of one name; rename one.") from None
    names = [str(name) for name in native.columns]
    check_unique(source, names)
    chosen = set(how.chosen(names, source)) if names else set()
    columns = tuple(
        without(_column(series, name, how, source), how.na)
        for name, series in zip(names, native.iter_columns(), strict=True)
        if name in chosen
    )
    return not_empty(Table(columns, source))


def _column(series: nw.Series[Any], name: str, reading: ReadOptions, source: str) -> Column:
    missing = series.is_null().to_numpy().astype(np.bool_)
    kind = series.dtype
    if kind.is_numeric():
        numbers = series.cast(nw.Float64).to_numpy().astype(np.float64)
        column = Column(name, np.where(missing, np.nan, numbers), missing | np.isnan(numbers))
        return text_column(name, column.texts()) if reading.is_text(name) else column
    if kind in (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object):
        values = [None if m else v for v, m in zip(series.to_list(), missing, strict=True)]
        if reading.is_text(name):
            values = [None if v is None else str(v) for v in values]
        return as_column(name, values, source)
    if kind.is_temporal() and kind in (nw.Date, nw.Datetime):
        if reading.is_text(name):
            days = [None if v is None else v.isoformat() for v in series.to_list()]
            return text_column(name, [None if m else d for d, m in zip(days, missing, strict=True)])
        raise unusable(
            source, name, f"dates ({kind})", f"name it as a date, --date {name}, or --drop it"
        )
    raise unusable(source, name, str(kind), f"leave it out, --drop {name}")


def read_arrow(path: Path, reading: ReadOptions, source: str) -> Table:
    """Read a file of Arrow's: Feather, or the streaming format.

    Args:
        path: A plain file.
        reading: What to read of it.
        source: What messages call it.

    Raises:
        DataError: If PyArrow is not installed, or the file is damaged.
    """
    try:
        import pyarrow
        from pyarrow import feather, ipc
    except ImportError as error:
        raise DataError(
            f"{source} is an Arrow file, which pyarrow reads; install thalweg[files], or save it "
            "as Parquet."
        ) from error
    try:
        with path.open("rb") as file:
            stream = file.read(4) == b"\xff\xff\xff\xff"
        if stream:
            with ipc.open_stream(str(path)) as reader:
                table = reader.read_all()
        else:
            table = feather.read_table(str(path), memory_map=False)
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{source} is a damaged Arrow file ({reason}); copy it again.") from None
    return from_frame(table, source, reading)
