"""JSON records, one a line or in one array, into tables."""

from __future__ import annotations

from pathlib import Path

import duckdb

from thalweg.data.frames.database import connection, fetch_numbers, fetch_texts, literal, quoted
from thalweg.data.frames.delimited import MISSING
from thalweg.data.frames.numbers import refuse_disguised_numbers
from thalweg.data.reading import ReadOptions, without
from thalweg.data.table import Column, Table, not_empty, unusable
from thalweg.errors import DataError, shown

NUMBERS = {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"}


def read_records(path: Path, reading: ReadOptions, source: str) -> Table:
    """Read JSON records: a column for each name, missing where a record lacks it.

    Args:
        path: A plain file.
        reading: What to read of it: a column left out may hold anything.
        source: What messages call it.

    Raises:
        DataError: If the file is malformed, or a column holds neither numbers nor texts.
    """
    with path.open("rb") as file:
        layout = "array" if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[" else "nd"
    options = "maximum_depth=1, sample_size=-1, records=true, convert_strings_to_integers=false"
    layout = "newline_delimited" if layout == "nd" else layout
    with connection(source) as database:
        database.execute(
            f"CREATE TEMP TABLE data AS SELECT * FROM read_json(?, format='{layout}', {options})",
            [literal(path)],
        )
        names = [name for name, *_ in database.execute("DESCRIBE data").fetchall()]
        columns = tuple(
            without(_column(database, name, reading, source), reading.na)
            for name in reading.chosen(names, source)
        )
    return not_empty(Table(columns, source))


def _column(
    database: duckdb.DuckDBPyConnection, name: str, reading: ReadOptions, source: str
) -> Column:
    field = quoted(name)
    as_text = f"({field}->>'$')"
    absent = f"{field} IS NULL OR regexp_full_match({as_text}, '\\s*{MISSING}\\s*')"
    found = database.execute(
        f"SELECT DISTINCT json_type({field}) FROM data WHERE NOT ({absent})"
    ).fetchall()
    kinds = {kind for (kind,) in found} - {"NULL", None}
    present = f"CASE WHEN NOT ({absent}) THEN {{}} END"
    if kinds <= NUMBERS and not reading.is_text(name):
        return fetch_numbers(database, [present.format(f"CAST({as_text} AS DOUBLE)")], [name])[0]
    if kinds <= {"BOOLEAN"}:
        words = f"CASE WHEN {as_text} = 'true' THEN 'True' ELSE 'False' END"
        return fetch_texts(database, present.format(words), name)
    if kinds & {"OBJECT", "ARRAY"}:
        what = "lists" if "ARRAY" in kinds else "records"
        raise unusable(source, name, what, f"--drop {name}")
    if len(kinds) > 1 and not kinds <= NUMBERS:
        raise DataError(
            f"{source}: column {shown(name)} holds texts in some records and numbers or truth "
            "values in others; correct them, or leave it out with --drop."
        )
    column = fetch_texts(database, present.format(as_text), name)
    if not reading.is_text(name) and kinds <= {"VARCHAR"}:
        refuse_disguised_numbers(column, source)
    return column
