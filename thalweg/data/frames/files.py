"""Files of every kind, and data frames of other libraries, into tables."""

import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.typing import IntoDataFrame

from thalweg.data.frames.delimited import read_delimited
from thalweg.data.frames.parquet import read_parquet
from thalweg.data.table import Column, Table, as_column, check_unique, not_empty, unusable
from thalweg.errors import DataError

_LOOKED_AT, _FOOTER = 1024, 8


def read_table(path: str | os.PathLike[str], text: Collection[str] = ()) -> Table:
    r"""Read a file of columns: CSV, TSV, either of them gzipped, or Parquet.

    The kind of file is known from its first bytes, the delimiter (comma, tab, semicolon, vertical
    bar) from its first line. In files with semicolons, numbers may have decimal commas. A column is
    numeric when every value is a number; empty, `NA`, `NaN`, `null`, `none`, `?` and the like are
    missing.

    Args:
        path: The file.
        text: Names of columns to read as texts even where all their values are numbers.

    Returns:
        A table of at least one row.

    Raises:
        DataError: If the file, a row or a value cannot be read; never is a part returned.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "houses.csv")
        ...     _ = file.write_text("area,town\n80.5,Como\n,Lugano\n")
        ...     table = read_table(file)
        >>> table["area"].values, table["town"].levels
        (array([80.5,  nan]), ('Como', 'Lugano'))
    """
    file = Path(path)
    if _is_parquet(_ends(file)):
        return read_parquet(file, frozenset(text))
    return read_delimited(file, frozenset(text))


def _is_parquet(ends: bytes) -> bool:
    # A column of a text may be called PAR1; but no text has a NUL, and every footer's length has.
    controlled = ends[4:5] < b" " and ends[4:5] not in (b"\t", b"\n", b"\r")
    return ends.startswith(b"PAR1") and (controlled or b"\0" in ends)


def _ends(path: Path) -> bytes:
    """Return a file's first and last bytes, opening it far enough to know that it can be read.

    Raises:
        DataError: If it is not there, not a file, or may not be read.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataError(f"{path} is a folder; name a file in it.")
        if not stat.S_ISREG(mode):
            # opening a pipe would wait for whoever writes to it
            raise DataError(f"{path} is a pipe or a device; save its content to a file first.")
        with path.open("rb") as stream:
            first = stream.read(_LOOKED_AT)
            stream.seek(-min(len(first), _FOOTER), os.SEEK_END)
            return first + stream.read(_FOOTER)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist; check its name and folder.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check its rights.") from error
    except ValueError as error:  # a NUL in the path
        raise DataError(f"{str(path)!r} is no path: {error}; check it.") from error


def from_frame(frame: IntoDataFrame, source: str = "the data frame") -> Table:
    """Take the columns of a pandas, Polars, PyArrow or other eager data frame.

    Args:
        frame: The data frame; truth values become the texts 'False' and 'True'.
        source: What messages call it.

    Raises:
        DataError: If it is no data frame, has no rows, or a column holds neither numbers nor texts.

    Example:
        >>> import pandas
        >>> table = from_frame(pandas.DataFrame({"x": [1, 2], "colour": ["red", None]}))
        >>> table["colour"].texts()
        ['red', None]
    """
    try:
        native = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        given = type(frame).__name__
        raise DataError(f"{source} is a {given}, not a data frame held in memory.") from error
    except nw.exceptions.DuplicateError:
        raise DataError(f"{source} has two columns of one name; rename one.") from None
    names = [str(name) for name in native.columns]
    check_unique(source, names)
    columns = tuple(
        _column(series, name, source)
        for name, series in zip(names, native.iter_columns(), strict=True)
    )
    return not_empty(Table(columns, source))


def _column(series: "nw.Series[Any]", name: str, source: str) -> Column:
    missing = series.is_null().to_numpy().astype(np.bool_)
    kind = series.dtype
    if kind.is_numeric():
        numbers = series.cast(nw.Float64).to_numpy().astype(np.float64)
        return Column(name, np.where(missing, np.nan, numbers), missing | np.isnan(numbers))
    if kind in (nw.Boolean, nw.String, nw.Categorical, nw.Enum, nw.Object):
        values = [None if m else v for v, m in zip(series.to_list(), missing, strict=True)]
        return as_column(name, values, source)
    raise unusable(source, name, str(kind))
