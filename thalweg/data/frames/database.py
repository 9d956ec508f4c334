"""A database in memory, and its columns as NumPy arrays."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np

from thalweg.data.table import Column, text_column
from thalweg.errors import DataError

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # nothing is installed or fetched because of what a file holds
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": tempfile.gettempdir(),
}


@contextmanager
def connection(source: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database to read a file with; its errors become DataError."""
    database = duckdb.connect(config=SETTINGS)
    try:
        yield database
    except duckdb.OutOfMemoryException as error:
        raise DataError(f"{source} does not fit in memory; keep fewer rows or columns.") from error
    except duckdb.Error as error:
        # Not the error itself: a traceback would print what it quotes of the file as it is.
        raise DataError(f"{source} cannot be read: {_advice(error)}") from None
    finally:
        database.close()


def _advice(error: duckdb.Error) -> str:
    if "invalid state" in str(error):
        return r"some lines end in \n and others in \r\n; save it with one kind of line end."
    return str(error).partition("\n")[0].rstrip(".") + "; write the file again."


def literal(path: Path) -> str:
    """Write a path so that the brackets and stars of its name match only themselves."""
    return re.sub(r"[\[*?]", lambda special: f"[{special.group()}]", str(path.absolute()))


def text(value: str) -> str:
    """Write a text of SQL."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Write a name of SQL."""
    return '"' + name.replace('"', '""') + '"'


def fetch_numbers(
    database: duckdb.DuckDBPyConnection, expressions: Sequence[str], names: Sequence[str]
) -> list[Column]:
    """Fetch columns of numbers from the table `data`; NULL and NaN are missing."""
    if not expressions:
        return []
    selected = ", ".join(f"{expression} AS v{i}" for i, expression in enumerate(expressions))
    fetched = database.execute(f"SELECT {selected} FROM data").fetchnumpy()
    columns = []
    for i, name in enumerate(names):
        numbers = np.ma.filled(fetched[f"v{i}"].astype(np.float64), np.nan)
        columns.append(Column(name, numbers, np.isnan(numbers)))
    return columns


def fetch_texts(database: duckdb.DuckDBPyConnection, expression: str, name: str) -> Column:
    """Fetch a column of texts from the table `data`; NULL is missing."""
    fetched = database.execute(f"SELECT {expression} AS v FROM data").fetchnumpy()["v"]
    # a masked array lists its masked values as None
    return text_column(name, fetched.tolist())
