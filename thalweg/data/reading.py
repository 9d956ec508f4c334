"""What of a file is read, and what its values mean: decided before any value is interpreted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from thalweg.data.table import Column, listed, text_column
from thalweg.errors import DataError, shown

Decimal = Literal["point", "comma"]


@dataclass(frozen=True)
class ReadOptions:
    """How the columns of a file or a frame are read.

    Args:
        only: The columns to read; all if None.
        drop: The columns to leave out.
        text: The columns that are texts, whatever their values look like.
        dates: The columns that are dates, read as texts such as 2024-01-31.
        na: Values that mean missing, beside the usual ones, as they are written.
        decimal: The mark before decimals in a text file, where the file leaves it open; the other
            of the two then separates thousands.
        lenient: Whether columns of `only` may be absent: whoever needs them says so.

    Example:
        >>> ReadOptions(drop=("id",)).chosen(["id", "x", "y"], "the table")
        ['x', 'y']
    """

    only: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    decimal: Decimal | None = None
    lenient: bool = False

    def chosen(self, names: Sequence[str], source: str) -> list[str]:
        """Return the names of the columns to read, in the order of the source.

        Raises:
            DataError: If one that is named is not there, or none is left.
        """
        known = set(names)
        for name in (*(self.only or ()), *self.drop, *self.text, *self.dates):
            if name not in known and not self.lenient:
                raise DataError(f"{source} has no column {shown(name)}; {near(name, names)}.")
        wanted = known if self.only is None else set(self.only)
        left = [name for name in names if name in wanted and name not in self.drop]
        if not left and self.lenient:
            return list(names[:1])
        if not left:
            raise DataError(f"{source} has no column left to read; drop fewer.")
        return left

    def is_text(self, name: str) -> bool:
        """Whether a column's values are texts whatever they look like."""
        return name in self.text or name in self.dates


def near(name: str, names: Sequence[str]) -> str:
    """Return which names may be meant by an unknown one.

    >>> near("pirce", ["price", "area"])
    "perhaps 'price' is meant"
    """
    found = difflib.get_close_matches(name, names, n=3)
    if found:
        return f"perhaps {' or '.join(shown(n) for n in found)} is meant"
    return f"it has {listed(names)}"


def without(column: Column, na: Sequence[str]) -> Column:
    """Return a column in which further values are missing.

    Args:
        column: The column.
        na: The values: texts, which for a column of numbers are numbers as written.

    Example:
        >>> from thalweg.data.table import as_column
        >>> without(as_column("x", [1.0, -999.0]), ["-999"]).missing
        array([False,  True])
    """
    if not na:
        return column
    if column.levels is not None:
        if not set(na) & set(column.levels):
            return column
        return text_column(column.name, [None if t in na else t for t in column.texts()])
    values, missing = column.values.copy(), column.missing.copy()
    for text in na:
        try:
            missing |= values == float(text)
        except ValueError:
            continue
    values[missing] = float("nan")
    return Column(column.name, values, missing)
