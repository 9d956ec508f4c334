"""A file into a table, whatever its kind."""

import os
import stat
from collections.abc import Collection
from pathlib import Path

from thalweg.data.frames.delimited import read_delimited
from thalweg.data.frames.parquet import read_parquet
from thalweg.data.table import Table
from thalweg.errors import DataError

__all__ = ["read_table"]

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
