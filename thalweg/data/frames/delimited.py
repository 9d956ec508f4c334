"""Delimited text files (CSV, TSV) into tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from thalweg.data.frames.database import connection, fetch_numbers, fetch_texts, literal, text
from thalweg.data.frames.dialect import HEADER_CHARACTERS, Dialect, examine
from thalweg.data.frames.numbers import (
    LEADING_ZERO,
    PERHAPS_THOUSANDS,
    WAYS,
    Marks,
    decimal_mark,
    numbers_in,
    refuse_disguised_numbers,
)
from thalweg.data.reading import ReadOptions, without
from thalweg.data.table import Column, Floats, Table, not_empty
from thalweg.errors import DataError, shown

MISSING = r"(?i:|na|n/a|#n/a|<na>|-?nan|null|none|\?|\.)"

# Beyond, a database plans its query for longer than Python reads the numbers.
WIDE = 500

CHARACTERS_AT_ONCE = 1 << 22


def read_delimited(path: Path, reading: ReadOptions, source: str) -> Table:
    """Read a delimited text file.

    Args:
        path: A plain file.
        reading: What to read of it.
        source: What messages call it.

    Raises:
        DataError: If the file is no text, malformed or empty, or a column's numbers are ambiguous.
    """
    dialect = examine(path, source)
    chosen = reading.chosen(dialect.names, source)
    if dialect.plain and not any(map(reading.is_text, chosen)):
        columns = _plain_numbers(path, dialect, chosen)
        if columns is not None:
            kept = tuple(without(column, reading.na) for column in columns)
            return not_empty(Table(kept, source))
    with connection(source) as database:
        _load(database, path, dialect, chosen, reading.na, source)
        columns = _interpreted(database, dialect, chosen, reading, source)
    return not_empty(Table(columns, source))


# ---- files of nothing but numbers


def _plain_numbers(
    path: Path, dialect: Dialect, chosen: Sequence[str]
) -> tuple[Column, ...] | None:
    """Read a file of plain numbers; None if a row of it is malformed."""
    names = dialect.names
    if len(names) <= WIDE:
        return _plain_from_database(path, dialect, chosen)
    numbers = _long(path, dialect)
    if numbers is None:
        return None
    absent = np.isnan(numbers)
    position = {name: i for i, name in enumerate(names)}
    return tuple(Column(name, numbers[(i := position[name])], absent[i]) for name in chosen)


def _long(path: Path, dialect: Dialect) -> Floats | None:
    """Read a wide file as one long column, shape (columns, rows); None if a row is malformed."""
    marks, parts = len(dialect.names) - 1, []
    with path.open(encoding="utf-8-sig", newline="") as text, duckdb.connect() as database:
        for _ in range(dialect.skipped + 1):
            text.readline(HEADER_CHARACTERS)
        # A few megabytes at a time: the memory for them is used again.
        while lines := text.readlines(CHARACTERS_AT_ONCE):
            lines = [line for line in (given.rstrip("\r\n") for given in lines) if line]
            if any(line.count(dialect.delimiter) != marks for line in lines):
                return None
            try:
                found = database.execute(
                    "SELECT CAST(nullif(v, '') AS DOUBLE) AS v FROM "
                    "(SELECT unnest(string_split(line, ?)) AS v FROM "
                    "(SELECT unnest(string_split(?, chr(10))) AS line))",
                    [dialect.delimiter, "\n".join(lines)],
                ).fetchnumpy()["v"]
            except duckdb.Error:
                return None
            if lines:
                values = np.ma.filled(found.astype(np.float64, copy=False), np.nan)
                parts.append(values.reshape(len(lines), marks + 1))
    return np.ascontiguousarray(np.concatenate(parts).T) if parts else None


def _plain_from_database(
    path: Path, dialect: Dialect, chosen: Sequence[str]
) -> tuple[Column, ...] | None:
    fields = {name: f"c{i}" for i, name in enumerate(dialect.names)}
    written = _options(dialect, "DOUBLE", store_rejects="false")
    with duckdb.connect() as database:
        try:
            found = database.execute(
                f"SELECT {', '.join(fields[name] for name in chosen)} FROM read_csv(?, {written})",
                [literal(path)],
            ).fetchnumpy()
        except duckdb.Error:
            return None  # whatever is wrong is told where every value is looked at
    columns = []
    for name in chosen:
        numbers = np.ma.filled(found[fields[name]].astype(np.float64), np.nan)
        columns.append(Column(name, numbers, np.isnan(numbers)))
    return tuple(columns)


# ---- all other files


def _options(dialect: Dialect, kind: str, store_rejects: str) -> str:
    fields = ", ".join(f"'c{i}': '{kind}'" for i in range(len(dialect.names)))
    options = {
        "auto_detect": "false",
        "header": "true",
        "skip": str(dialect.skipped),
        "strict_mode": "true",
        "store_rejects": store_rejects,
        "compression": "'none'",
        "delim": f"'{dialect.delimiter}'",
        "quote": "'\"'",
        "escape": "'\"'",
        "columns": "{" + fields + "}",
    }
    return ", ".join(f"{name}={value}" for name, value in options.items())


def _load(
    database: duckdb.DuckDBPyConnection,
    path: Path,
    dialect: Dialect,
    chosen: Sequence[str],
    na: Sequence[str],
    source: str,
) -> None:
    """Fill the database's table `data` with the file's values as texts, missing ones as NULL."""
    position = {name: i for i, name in enumerate(dialect.names)}
    absent = "|".join([MISSING, *(re.escape(value.strip()) for value in na)])
    pattern = text(rf"\s*({absent})\s*")
    # one pattern a column: comparing trimmed texts takes DuckDB minutes to plan for 500 columns
    cleaned = ", ".join(
        f"CASE WHEN regexp_full_match({f}, {pattern}) THEN NULL ELSE trim({f}) END AS {f}"
        for f in (f"c{position[name]}" for name in chosen)
    )
    written = _options(dialect, "VARCHAR", store_rejects="true")
    database.execute(
        f"CREATE TEMP TABLE data AS SELECT {cleaned} FROM read_csv(?, {written})", [literal(path)]
    )
    rejected = database.execute(
        "SELECT line, column_name, error_type, csv_line, error_message "
        "FROM reject_errors ORDER BY line, column_idx LIMIT 1"
    ).fetchone()
    if rejected is not None:
        raise _rejection(source, dialect.names, *rejected)


def _rejection(
    source: str,
    names: Sequence[str],
    line: int,
    field: str | None,
    kind: str,
    row: str,
    reason: str,
) -> DataError:
    """Word the first malformed row."""
    where = f"{source}, line {line}"
    row = (row or "").strip("\r\n")
    column = f"column {shown(names[int(field[1:])])}" if field else "a column"
    found = re.search(r"Found: (\d+)", reason)
    if found:
        given = f"{found.group(1)} value{'s' * (found.group(1) != '1')} for {len(names)} columns"
        lacking = f", none for {column}" if kind == "MISSING COLUMNS" else ""
        todo = "delete this comment" if row.lstrip().startswith("#") else "give one value a column"
        return DataError(f"{where}: {given}{lacking}, in {shown(row)}; {todo}.")
    if kind == "UNQUOTED VALUE":
        return DataError(
            f"{where}: {column} has a quotation mark that is not closed where its value ends, "
            f'in {shown(row)}; close it, and write a mark inside a value as "".'
        )
    if kind == "LINE SIZE OVER MAXIMUM":
        return DataError(f"{where} is too long ({reason.rstrip('.')}); look for an unclosed mark.")
    return DataError(f"{where}: {column}: {reason.rstrip('.')}; correct this row.")


@dataclass(frozen=True)
class _Written:
    """How the values of one column are written, each told by the database over all rows.

    Args:
        plain: Every value is a number with a point, or none.
        code: Some value has a leading zero.
        comma: Some value has a comma.
        decimals: Every value is a number, were its comma a point.
        point: Some value has a point.
        perhaps: Every value may be a number with a mark of thousands.
    """

    plain: bool
    code: bool
    comma: bool = False
    decimals: bool = False
    point: bool = False
    perhaps: bool = False

    @property
    def marked(self) -> bool:
        """Whether some value has a comma or a point."""
        return self.comma or self.point

    @property
    def cast(self) -> str:
        """What turns the values into numbers where nothing is in doubt; "" where something is."""
        if self.code or (self.perhaps and self.marked):
            return ""
        if self.plain:
            return "TRY_CAST({} AS DOUBLE)"
        if self.decimals and self.comma and not self.point:
            return "TRY_CAST(replace({}, ',', '.') AS DOUBLE)"
        return ""


def _interpreted(
    database: duckdb.DuckDBPyConnection,
    dialect: Dialect,
    chosen: Sequence[str],
    reading: ReadOptions,
    source: str,
) -> tuple[Column, ...]:
    """Take every column as numbers if every value is one, and otherwise as texts."""
    fields = {name: f"c{i}" for i, name in enumerate(dialect.names)}
    open_ = [name for name in chosen if not reading.is_text(name)]
    written = _written(database, {n: fields[n] for n in open_}, dialect.delimiter)
    sure = {n: w.cast.format(fields[n]) for n, w in written.items() if w.cast}
    if reading.decimal is not None:
        other = "point" if reading.decimal == "comma" else "comma"
        sure = {n: cast for n, cast in sure.items() if not getattr(written[n], other)}
    found = {c.name: c for c in fetch_numbers(database, list(sure.values()), list(sure))}
    texts = {n: fetch_texts(database, fields[n], n) for n in chosen if n not in found}
    open_texts = [texts[n] for n in texts if n in written and not written[n].code]
    evidence = {"," if written[n].comma else "." for n in sure if written[n].marked}
    if dialect.delimiter != ",":
        evidence |= {mark for column in open_texts if (mark := decimal_mark(column))}
    marks = Marks(
        dialect.delimiter,
        WAYS[reading.decimal] if reading.decimal else None,
        evidence.pop() if len(evidence) == 1 else None,
    )
    texts |= {column.name: _numbers_or_texts(column, marks, source) for column in open_texts}
    found |= texts
    return tuple(without(found[name], reading.na) for name in chosen)


def _numbers_or_texts(column: Column, marks: Marks, source: str) -> Column:
    numbers = numbers_in(column, marks, source)
    if numbers is not None:
        return Column(column.name, numbers, np.isnan(numbers))
    refuse_disguised_numbers(column, source, comma=marks.delimiter != ",")
    return column


def _written(
    database: duckdb.DuckDBPyConnection, fields: Mapping[str, str], delimiter: str
) -> dict[str, _Written]:
    """Tell how the values of each field are written."""
    asked = [
        # the database takes 1_000 for a number
        "count({f}) = count(TRY_CAST({f} AS DOUBLE)) "
        "AND NOT coalesce(bool_or(contains({f}, '_')), false)",
        f"coalesce(bool_or(regexp_full_match({{f}}, {text(LEADING_ZERO)})), false)",
    ]
    if delimiter != ",":
        asked += [
            "coalesce(bool_or(contains({f}, ',')), false)",
            "count({f}) = count(TRY_CAST(replace({f}, ',', '.') AS DOUBLE))",
            "coalesce(bool_or(contains({f}, '.')), false)",
            f"coalesce(bool_and(regexp_full_match({{f}}, {text(PERHAPS_THOUSANDS)})), false)",
        ]
    asked_of_each = ", ".join(one.replace("{f}", f) for f in fields.values() for one in asked)
    if not fields:
        return {}
    told = database.execute(f"SELECT {asked_of_each} FROM data").fetchone() or ()
    at = range(0, len(told), len(asked))
    return {n: _Written(*told[i : i + len(asked)]) for n, i in zip(fields, at, strict=True)}
