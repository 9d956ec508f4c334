"""Parquet files into tables: one, or several that are parts of one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np

from thalweg.data.frames.database import connection, literal, quoted
from thalweg.data.frames.pages import verify_pages
from thalweg.data.memory import require_room
from thalweg.data.reading import ReadOptions, without
from thalweg.data.table import Column, Table, check_unique, not_empty, text_column, unusable

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")

DATES = (
    "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
)  # fmt: skip

# Folders of parts are called year=2024 and so on, and their names' values are of no type.
PARTS = "hive_partitioning=true, hive_types_autocast=false"


def read_parquet(paths: Sequence[Path], reading: ReadOptions, source: str) -> Table:
    """Read a Parquet file, or several with the same columns, one after the other.

    Args:
        paths: The files; where their folders are named year=2024, `year` is a column.
        reading: What to read of them: a column left out may be of any type.
        source: What messages call them.

    Raises:
        DataError: If a file is damaged, empty, or a column holds neither numbers nor texts.
    """
    files = [literal(path) for path in paths]
    with connection(source) as database:
        _names(database, files[:1], source)
        described = database.execute(
            f"DESCRIBE SELECT * FROM read_parquet(?, {PARTS})", [files]
        ).fetchall()
        kinds = {field: kind for field, kind, *_ in described}
        chosen = reading.chosen(list(kinds), source)
        for path in paths:
            _examine(database, path, len(chosen), source)
        read = {name: _expression(name, kinds[name], reading, source) for name in chosen}
        fields = ", ".join(f"{expression} AS v{i}" for i, expression in enumerate(read.values()))
        found = database.execute(
            f"SELECT {fields} FROM read_parquet(?, {PARTS})", [files]
        ).fetchnumpy()
    folders = {part.partition("=")[0] for part in paths[0].parent.parts if "=" in part}
    columns = []
    for i, name in enumerate(chosen):
        column = _column(name, found.pop(f"v{i}"), kinds[name], reading)
        if name in folders and column.levels is not None and not reading.is_text(name):
            column = _of_folders(column)
        columns.append(without(column, reading.na))
    return not_empty(Table(tuple(columns), source))


def _names(database: duckdb.DuckDBPyConnection, files: Sequence[str], source: str) -> None:
    """Refuse two columns of one name, which the database would rename."""
    schema = database.execute(
        "SELECT name, num_children FROM parquet_schema(?)", [files]
    ).fetchall()
    check_unique(source, list(_top_level(schema)))


def _expression(name: str, kind: str, reading: ReadOptions, source: str) -> str:
    """Return what reads a column of a type of the database's."""
    field = quoted(name)
    if _is_numeric(kind):
        return f"CAST({field} AS DOUBLE)"
    if kind == "BOOLEAN":
        return f"CASE WHEN {field} THEN 'True' WHEN NOT {field} THEN 'False' END"
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        return f"CAST({field} AS VARCHAR)"
    if kind in DATES:
        if reading.is_text(name):
            return f"CAST({field} AS VARCHAR)"
        raise unusable(source, name, f"dates ({kind})", f"--date {name}, or --drop {name}")
    raise unusable(source, name, kind, f"--drop {name}")


def _column(
    name: str, values: np.ndarray[tuple[int], np.dtype[np.generic]], kind: str, reading: ReadOptions
) -> Column:
    if not _is_numeric(kind):
        return text_column(name, values.tolist())  # a masked array lists its masked as None
    numbers = np.ma.filled(values.astype(np.float64, copy=False), np.nan)
    column = Column(name, numbers, np.isnan(numbers))
    return text_column(name, column.texts()) if reading.is_text(name) else column


def _of_folders(column: Column) -> Column:
    """Return a column of the names of folders as numbers, if they are written as whole ones."""
    levels = column.levels or ()
    if not all(
        level.isascii() and level.isdigit() and level == str(int(level)) for level in levels
    ):
        return column
    numbers = np.array([*map(float, levels), np.nan])[column.values]
    return Column(column.name, numbers, column.missing)


def _examine(database: duckdb.DuckDBPyConnection, path: Path, columns: int, source: str) -> None:
    """Refuse pages that are not what was written, and more rows than memory can hold.

    A few bytes may stand for any number of equal rows.
    """
    at = [literal(path)]
    counted = database.execute("SELECT num_rows FROM parquet_file_metadata(?)", at).fetchall()
    require_room(8 * columns * sum(rows for (rows,) in counted), source)
    chunks = database.execute(
        "SELECT dictionary_page_offset, data_page_offset, total_compressed_size "
        "FROM parquet_metadata(?)",
        at,
    ).fetchall()
    # A dictionary comes first; some writers say 0 where there is none.
    verify_pages(
        path, [(min(first or data, data), size) for first, data, size in chunks if data and size]
    )


def _top_level(schema: Sequence[tuple[str, int | None]]) -> Iterator[str]:
    """Yield the names of a schema's columns, given depth first, without their parts."""
    waiting = 0
    for name, children in schema[1:]:
        if waiting:
            waiting += (children or 0) - 1
        else:
            yield name
            waiting = children or 0


def _is_numeric(kind: str) -> bool:
    return (
        kind.removeprefix("U") in INTEGERS
        or kind in ("FLOAT", "DOUBLE")
        or kind.startswith("DECIMAL")
    )
