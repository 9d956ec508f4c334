"""What in a table looks like something else than it is taken for, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thalweg.data.table import Column, Floats, Table, label, listed
from thalweg.errors import shown

# What people write for a value that is missing.
SENTINELS = frozenset(float(sign * int("9" * digits)) for digits in range(1, 8) for sign in (1, -1))
SENTINELS |= {-1.0, -888.0, 888.0, -8888.0, 8888.0, -32768.0, 1e20, -1e20}

# The whole numbers that may be days.
_CALENDAR = (19000101, 21001231)

FEW_CODES, MOST_CODES = 3, 10

GLANCE = 1000


def alerts(table: Table, names: Sequence[str]) -> list[str]:
    """Return what a person should look at before trusting a fit, a sentence each.

    Args:
        table: The table.
        names: The columns to look at.

    Example:
        >>> from thalweg.data.table import as_table
        >>> alerts(as_table({"age": [31.0, 44.0, -999.0, 52.0]}), ["age"])[0]
        "'age' has -999 in 1 row, far from all else (31 to 52); if it means missing: --na -999"
    """
    columns = [table[name] for name in names]
    numeric = [column for column in columns if column.numeric]
    found = [said for column in numeric if (said := _sentinel(column))]
    found += [said for column in numeric if (said := _calendar(column))]
    codes = [column.name for column in numeric if _may_be_codes(column)]
    if codes:
        verb = "has" if len(codes) == 1 else "have"
        found.append(
            f"{listed(codes, 5)} {verb} few different whole numbers and {verb} been taken as "
            "quantities; if they are codes: --category NAME"
        )
    return found


def _present(column: Column) -> Floats:
    values = np.asarray(column.values, np.float64)
    return values if column.complete else values[~column.missing]


def _sentinel(column: Column) -> str | None:
    values = _present(column)
    if len(values) < 3:
        return None
    for value in {float(values.min()), float(values.max())} & SENTINELS:
        others = values[values != value]
        if not len(others):
            continue
        low, high = float(np.min(others)), float(np.max(others))
        gap = low - value if value < low else value - high
        if gap > max(2 * (high - low), 1.0):
            rows = len(values) - len(others)
            return (
                f"{shown(column.name)} has {label(value)} in {rows} row{'s' * (rows != 1)}, far "
                f"from all else ({label(low)} to {label(high)}); if it means missing: "
                f"--na {label(value)}"
            )
    return None


def _calendar(column: Column) -> str | None:
    """Tell of whole numbers such as 20240131."""
    values = _present(column)
    first = values[0] if len(values) else 0.0
    # The first value tells of most columns that they hold no dates.
    if not _CALENDAR[0] <= first <= _CALENDAR[1]:
        return None
    if not np.all((values >= _CALENDAR[0]) & (values <= _CALENDAR[1])):
        return None
    days, months = values % 100, values // 100 % 100
    if not np.all((days >= 1) & (days <= 31) & (months >= 1) & (months <= 12)):
        return None
    return (
        f"{shown(column.name)} holds numbers such as {label(float(values[0]))}; if they are "
        f"dates: --date {column.name}"
    )


def _may_be_codes(column: Column) -> bool:
    values = _present(column)
    if len(values) and not float(values[0]).is_integer():
        return False
    for some in (values[:GLANCE], values):
        # two values are the same column as numbers and as categories
        different = np.unique(some)
        if len(different) > MOST_CODES or np.any(different != np.floor(different)):
            return False
    enough = len(values) >= 5 * len(different)
    return enough and len(different) >= FEW_CODES and float(np.max(np.abs(different))) < 1000
