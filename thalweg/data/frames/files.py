"""Files of every kind into tables: one, several, or what comes from standard input."""

import os
import re
import tempfile
from collections.abc import Sequence
from glob import glob
from pathlib import Path

import numpy as np

from thalweg.data.frames.delimited import read_delimited
from thalweg.data.frames.kinds import Kind, kind_of
from thalweg.data.frames.parquet import read_parquet
from thalweg.data.frames.records import read_records
from thalweg.data.frames.unpacking import standard_input, unpacked
from thalweg.data.frames.workbook import to_csv
from thalweg.data.reading import ReadOptions
from thalweg.data.table import Column, Table, listed, text_column
from thalweg.errors import DataError, shown

ADDRESS = re.compile(r"[a-z][a-z0-9+]+://", re.IGNORECASE)


def read_table(path: str | os.PathLike[str], reading: ReadOptions | None = None) -> Table:
    r"""Read a file of columns: CSV, TSV, Parquet, JSON lines, Arrow, or an Excel workbook.

    The kind of file is known from its first bytes, the delimiter (comma, tab, semicolon, vertical
    bar) from its first line; any may be packed by gzip, bzip2, xz, zstd or zip. A column of a text
    file is numeric when every value is a number, without leading zeros: those are codes. What a
    point or a comma means is told from the whole column, and refused where it cannot be told;
    empty, `NA`, `NaN`, `null`, `none`, `?` and the like are missing.

    Args:
        path: The file; a pattern such as part-*.csv for several; a folder of Parquet files; or -
            for standard input.
        reading: What to read of it, and what its values mean.

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
    how, source = reading or ReadOptions(), str(path)
    if source == "-":
        with standard_input() as content:
            return _read(content, how, "standard input")
    if match := ADDRESS.match(source):
        raise DataError(
            f"{shown(source)} is an address; files are read from this computer: download it, or "
            f"pipe it in: curl -L {match[0]}… | thalweg fit -"
        )
    paths = files_of(Path(path))
    if len(paths) == 1:
        return _read(paths[0], how, source)
    if all(kind_of(part, str(part)) == "parquet" for part in paths):
        return read_parquet(paths, how, source)
    return _joined([_read(part, how, str(part)) for part in paths], source)


def files_of(path: Path) -> list[Path]:
    """Return the files that a path stands for: itself, those it matches, or a folder's Parquet.

    Raises:
        DataError: If a folder holds no Parquet files.
    """
    try:
        is_folder = path.is_dir()
    except ValueError:
        return [path]  # a NUL in it, which opening it tells
    if is_folder:
        return _in_folder(path)
    if path.exists() or not re.search(r"[*?\[]", str(path)):
        return [path]
    found = sorted(
        Path(name) for name in glob(str(path), recursive=True) if not os.path.isdir(name)
    )
    return found or [path]


def _in_folder(folder: Path) -> list[Path]:
    hidden = {".", "_"}  # as the notes that writers of parts leave
    found = sorted(
        file
        for file in folder.rglob("*.parquet")
        if not hidden & {p[0] for p in file.relative_to(folder).parts}
    )
    if not found:
        raise DataError(
            f"{folder} is a folder, without Parquet files; name a file in it, or several by a "
            f"pattern: '{folder}/*.csv'"
        )
    return found


def _read(path: Path, reading: ReadOptions, source: str) -> Table:
    with unpacked(path, source) as (plain, kind):
        return _read_plain(plain, kind, reading, source)


def _read_plain(path: Path, kind: Kind, reading: ReadOptions, source: str) -> Table:
    if kind == "parquet":
        return read_parquet([path], reading, source)
    if kind == "arrow":
        # Other files do without the library that data frames need.
        from thalweg.data.frames.frame import read_arrow

        return read_arrow(path, reading, source)
    if kind == "json":
        return read_records(path, reading, source)
    if kind == "excel":
        with tempfile.TemporaryDirectory(prefix="thalweg.") as folder:
            sheet = Path(folder, "sheet.csv")
            to_csv(path, sheet, source)
            return read_delimited(sheet, reading, source)
    return read_delimited(path, reading, source)


def _joined(tables: Sequence[Table], source: str) -> Table:
    """Put tables with the same columns below one another."""
    first = tables[0]
    for table in tables[1:]:
        if set(table.names) != set(first.names):
            odd = set(table.names) ^ set(first.names)
            raise DataError(
                f"{table.source} and {first.source} differ in columns: {listed(sorted(odd), 5)}; "
                "name files with the same."
            )
    return Table(tuple(_stacked(name, tables) for name in first.names), source)


def _stacked(name: str, tables: Sequence[Table]) -> Column:
    parts = [table[name] for table in tables]
    empty = [bool(part.missing.all()) for part in parts]
    numeric = {part.numeric for part, none in zip(parts, empty, strict=True) if not none}
    if len(numeric) > 1:
        texts = next(t for t in tables if not t[name].numeric and not t[name].missing.all())
        raise DataError(
            f"{texts.source}: column {shown(name)} holds texts, and numbers in another file; "
            "correct them, or take them as texts: --category."
        )
    if numeric == {False}:
        return text_column(name, [text for part in parts for text in part.texts()])
    numbers = np.concatenate(
        [part.values if part.numeric else np.full(len(part.values), np.nan) for part in parts]
    )
    return Column(name, numbers, np.isnan(numbers))
