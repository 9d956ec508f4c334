"""Excel workbooks, by way of the text they would be saved as."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

from thalweg.errors import DataError, shown


def to_csv(path: Path, csv_path: Path, source: str) -> None:
    """Write the one sheet of a workbook that holds anything as CSV.

    Formulas are taken by the values that Excel stored.

    Args:
        path: The workbook (.xlsx).
        csv_path: The file to write.
        source: What messages call the workbook.

    Raises:
        DataError: If its reader is not installed, it is damaged, or there are several such sheets.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            f"{source} is an Excel workbook, which openpyxl reads; install thalweg[files], or save "
            "it as CSV."
        ) from error
    try:
        # a path's suffix may be any
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheets = {sheet.title: _rows(sheet) for sheet in book.worksheets}
    except DataError:
        raise
    except Exception as error:  # whatever a damaged archive makes its reader raise
        raise DataError(
            f"{source} cannot be read as an Excel workbook ({error}); save it as CSV."
        ) from None
    filled = {title: rows for title, rows in sheets.items() if rows}
    if len(filled) > 1:
        raise DataError(
            f"{source} has {len(filled)} sheets ({', '.join(map(shown, filled))}); save the one "
            "that is meant as CSV."
        )
    rows = next(iter(filled.values()), [])
    width = max(map(len, rows), default=0)
    with csv_path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerows([*row, *[""] * (width - len(row))] for row in rows)


def _rows(sheet: Any) -> list[list[str]]:
    """Return the cells of a sheet as texts, without empty rows and columns at its end."""
    rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    return [row[:width] for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
