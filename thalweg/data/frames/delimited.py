"""Delimited text files (CSV, TSV) into tables."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np

from thalweg.data.frames.database import connection, fetch_numbers, fetch_texts, literal
from thalweg.data.frames.dialect import Dialect, examine
from thalweg.data.table import Column, Table, not_empty
from thalweg.errors import DataError, shown

MISSING = r"\s*(|na|n/a|#n/a|<na>|-?nan|null|none|\?|\.)\s*"


def read_delimited(path: Path, text: frozenset[str]) -> Table:
    """Read a delimited text file; columns named in `text` become texts whatever they hold.

    Raises:
        DataError: If the file is no text, malformed or empty.
    """
    dialect = examine(path)
    with connection(path) as database:
        _load(database, path, dialect)
        columns = _columns(database, path, dialect, text)
    return not_empty(Table(columns, str(path)))


def _load(database: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect) -> None:
    """Fill the database's table `data` with the file's values as texts, missing ones as NULL."""
    fields = [f"c{i}" for i in range(len(dialect.names))]
    # one pattern a column: comparing trimmed texts takes DuckDB minutes to plan for 500 columns
    cleaned = ", ".join(
        f"CASE WHEN regexp_full_match({f}, '{MISSING}', 'i') THEN NULL ELSE trim({f}) END AS {f}"
        for f in fields
    )
    options = {
        "auto_detect": "false",
        "header": "true",
        "strict_mode": "true",
        "store_rejects": "true",
        "compression": "'gzip'" if dialect.compressed else "'none'",
        "delim": f"'{dialect.delimiter}'",
        "quote": "'\"'",
        "escape": "'\"'",
        "columns": "{" + ", ".join(f"'{f}': 'VARCHAR'" for f in fields) + "}",
    }
    written = ", ".join(f"{name}={value}" for name, value in options.items())
    database.execute(
        f"CREATE TEMP TABLE data AS SELECT {cleaned} FROM read_csv(?, {written})", [literal(path)]
    )
    rejected = database.execute(
        "SELECT line, column_name, error_type, csv_line, error_message "
        "FROM reject_errors ORDER BY line, column_idx LIMIT 1"
    ).fetchone()
    if rejected is not None:
        raise _rejection(path, dialect.names, *rejected)


def _rejection(
    path: Path, names: Sequence[str], line: int, field: str | None, kind: str, row: str, reason: str
) -> DataError:
    """Word the first malformed row."""
    where = f"{path}, line {line}"
    row = shown((row or "").strip("\r\n"))
    column = f"column {shown(names[int(field[1:])])}" if field else "a column"
    found = re.search(r"Found: (\d+)", reason)
    if found:
        given = f"{found.group(1)} value{'s' * (found.group(1) != '1')} for {len(names)} columns"
        lacking = f", none for {column}" if kind == "MISSING COLUMNS" else ""
        return DataError(f"{where}: {given}{lacking}, in {row}; give one value a column.")
    if kind == "UNQUOTED VALUE":
        return DataError(
            f"{where}: {column} has a quotation mark that is not closed where its value ends, "
            f'in {row}; close it, and write a mark inside a value as "".'
        )
    if kind == "LINE SIZE OVER MAXIMUM":
        return DataError(f"{where} is too long ({reason.rstrip('.')}); look for an unclosed mark.")
    return DataError(f"{where}: {column}: {reason.rstrip('.')}; correct this row.")


def _columns(
    database: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, text: frozenset[str]
) -> tuple[Column, ...]:
    """Take every column as numbers if every value is one, and otherwise as texts."""
    comma = dialect.delimiter == ";"
    fields = {name: f"c{i}" for i, name in enumerate(dialect.names)}
    casts = {name: _cast(field, comma) for name, field in fields.items()}
    counts = ", ".join(f"count({fields[name]}) = count({casts[name]})" for name in fields)
    all_numbers = database.execute(f"SELECT {counts} FROM data").fetchone() or ()
    numeric = [n for n, whole in zip(fields, all_numbers, strict=True) if whole and n not in text]
    if comma:
        for name in numeric:
            _check_decimal_marks(database, path, fields[name], name)
    columns = {c.name: c for c in fetch_numbers(database, [casts[n] for n in numeric], numeric)}
    for name, field in fields.items():
        if name not in columns:
            columns[name] = fetch_texts(database, field, name)
            if name not in text:
                refuse_disguised_numbers(columns[name], str(path), comma)
    return tuple(columns[name] for name in fields)


def _cast(field: str, decimal_comma: bool) -> str:
    plain = f"TRY_CAST({field} AS DOUBLE)"
    if not decimal_comma:
        return plain
    return f"coalesce({plain}, TRY_CAST(replace({field}, ',', '.') AS DOUBLE))"


def _check_decimal_marks(
    database: duckdb.DuckDBPyConnection, path: Path, field: str, name: str
) -> None:
    """Refuse 1.234 beside 1,5: one of the two marks may separate thousands."""
    marks = database.execute(
        f"SELECT min(rowid) FILTER (contains({field}, ',')), "
        f"min(rowid) FILTER (contains({field}, '.')) FROM data"
    ).fetchone()
    if marks and None not in marks:
        raise DataError(
            f"{path}: column {shown(name)} has a comma in row {marks[0] + 1} and a point in row "
            f"{marks[1] + 1}; write decimals in one way, and thousands without a mark."
        )


FEW_LEVELS = 20

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.IGNORECASE)

# 1,234.50 · 1'234 · 3,5 · $12 · 40 %
DECORATED = re.compile(
    r"[-+]?\s?[$€£¥]?\s?[-+]?"
    r"(\d{1,3}([.,'’ \u00a0\u202f]\d{3})+([.,]\d+)?|\d+([.,]\d+)?)"
    r"\s?[%$€£¥]?"
)


def refuse_disguised_numbers(column: Column, source: str, decimal_comma: bool) -> None:
    """Refuse a column of texts if all, or most and more than a few different, are numbers.

    A column of few different texts, such as '0', '1', '2' and '3+', stays a column of categories.

    Raises:
        DataError: Naming the first row whose text kept the column from being numeric.
    """
    levels = column.levels or ()
    numeric = np.array([_is_number(level, decimal_comma) for level in levels], dtype=np.bool_)
    others = [level for level, number in zip(levels, numeric, strict=True) if not number]
    if not others:
        return
    present = column.values[~column.missing]
    numbers = int(np.count_nonzero(numeric[present]))
    row = _first_row(column, numeric)
    where = f"{source}: column {shown(column.name)} has {shown(levels[column.values[row]])}"
    if all(DECORATED.fullmatch(level) for level in others):
        raise DataError(
            f"{where} in row {row + 1}; write plain numbers, with a point for decimals and no "
            "other marks."
        )
    many = len(levels) > FEW_LEVELS or 2 * len(levels) > len(present)
    if 2 * numbers > len(present) and many:
        raise DataError(
            f"{where} in row {row + 1}, but {numbers} of its {len(present)} values are numbers; "
            "correct it, or empty it if it is missing."
        )


def _is_number(text: str, decimal_comma: bool) -> bool:
    return NUMBER.fullmatch(text.replace(",", ".") if decimal_comma else text) is not None


def _first_row(column: Column, numeric: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return the first row, counted from 0, whose text is no number."""
    other = np.append(~numeric, False)  # a missing value stands at −1
    return int(np.argmax(other[column.values]))
