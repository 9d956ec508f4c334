"""Parquet files into tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from thalweg.data.frames.database import connection, fetch_numbers, fetch_texts, literal
from thalweg.data.frames.dialect import check_unique
from thalweg.data.frames.pages import verify_pages
from thalweg.data.memory import require_room
from thalweg.data.table import Column, Table, not_empty, text_column, unusable

__all__ = ["read_parquet"]

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


def read_parquet(path: Path, text: frozenset[str]) -> Table:
    """Read a Parquet file; columns named in `text` become texts whatever they hold.

    Raises:
        DataError: If the file is damaged, empty, or has a column of neither numbers nor texts.
    """
    with connection(path) as database:
        schema = database.execute(
            "SELECT name, num_children FROM parquet_schema(?)", [literal(path)]
        ).fetchall()
        names = list(_top_level(schema))
        check_unique(str(path), names)
        _examine(database, path, len(names))
        database.execute("CREATE TEMP TABLE data AS SELECT * FROM read_parquet(?)", [literal(path)])
        described = database.execute("DESCRIBE data").fetchall()
        columns = []
        for name, (field, kind, *_) in zip(names, described, strict=True):
            quoted = '"' + field.replace('"', '""') + '"'
            if _is_numeric(kind):
                (column,) = fetch_numbers(database, [f"CAST({quoted} AS DOUBLE)"], [name])
                columns.append(_as_text(column) if name in text else column)
            elif kind == "BOOLEAN":
                words = f"CASE WHEN {quoted} THEN 'True' WHEN NOT {quoted} THEN 'False' END"
                columns.append(fetch_texts(database, words, name))
            elif kind == "VARCHAR" or kind.startswith("ENUM"):
                columns.append(fetch_texts(database, f"CAST({quoted} AS VARCHAR)", name))
            else:
                raise unusable(str(path), name, kind)
    return not_empty(Table(tuple(columns), str(path)))


def _examine(database: duckdb.DuckDBPyConnection, path: Path, columns: int) -> None:
    """Refuse pages that are not what was written, and more rows than memory can hold.

    A few bytes may stand for any number of equal rows.
    """
    at = [literal(path)]
    counted = database.execute("SELECT num_rows FROM parquet_file_metadata(?)", at).fetchall()
    require_room(8 * columns * sum(rows for (rows,) in counted), str(path))
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


def _as_text(column: Column) -> Column:
    return text_column(column.name, column.texts())
