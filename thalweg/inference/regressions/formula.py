"""Regressions written as formulas: the columns they are of, and the same of new rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.formulas import FittedFormula, fit_formula, parse_formula, with_left_side
from thalweg.data.sources import table_of
from thalweg.data.table import Table, finite_numbers, shown_rows
from thalweg.errors import DataError, SpecError, shown

Floats = NDArray[np.float64]


def by_formula(text: str, data: Any) -> tuple[FittedFormula, dict[str, Floats], Floats]:
    """Return a formula, the columns that it makes of a table, and its left side.

    Args:
        text: Such as log(price) ~ area + C(town).
        data: A data frame, a dict of columns, or the path of a file.

    Raises:
        SpecError: If the formula means nothing.
        DataError: If a column is not there, a value is missing, or the left side is no number.
        MissingLibrary: If formulaic is not installed.
    """
    parsed = parse_formula(text)
    table = table_of(data)
    if parsed.open:
        parsed = parse_formula(text, table.names)
    if not parsed.terms:
        raise SpecError(f"The formula {shown(text)} has nothing to predict from.")
    _require_complete(table, parsed.names)
    table = with_left_side(table, parsed)
    formula = fit_formula(parsed, table)
    return formula, columns_of(formula, table), finite_numbers(table[parsed.target], table.source)


def columns_of(formula: FittedFormula, data: Any) -> dict[str, Floats]:
    """Return the columns that a formula makes of new rows.

    Raises:
        DataError: If a column is not there, or a value is missing or of no known category.
    """
    table = table_of(data)
    _require_complete(table, formula.needed)
    return {c.name: np.asarray(c.values, np.float64) for c in formula.derive(table).columns}


def _require_complete(table: Table, names: tuple[str, ...]) -> None:
    for column in (table[name] for name in names):
        if column.missing.any():
            raise DataError(
                f"{table.source}: column {shown(column.name)} is missing in "
                f"{shown_rows(column.missing_rows)}; leave such rows out, or fill them in."
            )
