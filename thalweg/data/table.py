"""A table: named columns of numbers or of texts, each with a mask of what is missing."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.errors import DataError, shown

Bools = NDArray[np.bool_]

Floats = NDArray[np.float64]

Integers = NDArray[np.int64]

SHOWN_ROWS = 3


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Args:
        name: Its name, unique in the table.
        values: float64 numbers of shape (rows,), or int64 positions in `levels`. What stands where
            `missing` is true means nothing (NaN in numbers, −1 in positions).
        missing: Which rows have no value, shape (rows,).
        levels: The different texts in sorted order, or None for a column of numbers.
    """

    name: str
    values: Floats | Integers
    missing: Bools
    levels: tuple[str, ...] | None = None

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers rather than texts."""
        return self.levels is None

    @cached_property
    def complete(self) -> bool:
        """Whether every row has a value."""
        return not self.missing.any()

    @property
    def missing_rows(self) -> Integers:
        """The positions of missing values, counted from 0."""
        return np.flatnonzero(self.missing)

    def texts(self) -> list[str | None]:
        """Return every value as text, None where it is missing.

        >>> as_column("size", [1.0, 2.5, None]).texts()
        ['1', '2.5', None]
        """
        text = label if self.levels is None else self.levels.__getitem__
        return [None if m else text(v) for v, m in zip(self.values, self.missing, strict=True)]

    def take(self, rows: Integers) -> "Column":
        """Return the column of the given rows, counted from 0."""
        return Column(self.name, self.values[rows], self.missing[rows], self.levels)


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length, in the order of their source.

    Args:
        columns: The columns; names are unique.
        source: What messages call the table: a file's path, or "the table".
    """

    columns: tuple[Column, ...]
    source: str = "the table"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._by_name)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0].values) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`.

        Raises:
            DataError: If there is none; the message offers the nearest names.
        """
        found = self._by_name.get(name)
        if found is not None:
            return found
        raise DataError(f"{self.source} has no column {shown(name)}; {self._hint(name)}.")

    def _hint(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.names, n=3)
        if near:
            return f"perhaps {' or '.join(shown(n) for n in near)} is meant"
        return f"it has {listed(self.names)}"

    def take(self, rows: ArrayLike) -> "Table":
        """Return the table of the given rows, counted from 0.

        >>> as_table({"x": [1.0, 2.0, 3.0]}).take([2, 0])["x"].values
        array([3., 1.])
        """
        picked = np.asarray(rows, dtype=np.int64)
        return Table(tuple(column.take(picked) for column in self.columns), self.source)


def label(value: float) -> str:
    """Write a number as a class or category is written: whole numbers without a point.

    >>> label(3.0), label(0.5)
    ('3', '0.5')
    """
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def shown_rows(rows: Integers) -> str:
    """Name the first few rows for a message, counted from 1.

    >>> shown_rows(np.array([1, 4])), shown_rows(np.array([0])), shown_rows(np.arange(9))
    ('rows 2 and 5', 'row 1', 'rows 1, 2, 3 and 6 more')
    """
    first = [str(row + 1) for row in rows[:SHOWN_ROWS]]
    if len(rows) > SHOWN_ROWS:
        first.append(f"{len(rows) - SHOWN_ROWS} more")
    if len(first) == 1:
        return f"row {first[0]}"
    return f"rows {', '.join(first[:-1])} and {first[-1]}"


def listed(names: Iterable[str], limit: int = 8) -> str:
    """List names for a message, at most `limit` of them.

    >>> listed(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    every = [shown(name) for name in names]
    rest = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + rest


def as_table(
    columns: Mapping[str, Sequence[object] | ArrayLike], source: str = "the table"
) -> Table:
    """Build a table from named arrays or lists of numbers or texts.

    Args:
        columns: Names and values. None and NaN are missing.
        source: What messages call the table.

    Raises:
        DataError: If columns differ in length or a value is neither a number nor a text.

    Example:
        >>> table = as_table({"x": [1.0, None], "colour": ["red", "blue"]})
        >>> table.rows, table["x"].missing, table["colour"].levels
        (2, array([False,  True]), ('blue', 'red'))
    """
    built = tuple(as_column(name, values, source) for name, values in columns.items())
    lengths = {column.name: len(column.values) for column in built}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{source}: columns differ in length ({lengths}); give each the same rows.")
    return Table(built, source)


def as_column(name: str, values: Sequence[object] | ArrayLike, source: str = "the table") -> Column:
    """Build a column from numbers or texts; None and NaN are missing.

    Truth values become the texts 'False' and 'True', as they are written in files.

    Raises:
        DataError: If the values are not one-dimensional, or neither numbers nor texts.

    Example:
        >>> as_column("answer", [True, None, False]).texts()
        ['True', None, 'False']
    """
    # a list stays a list of objects: NumPy would turn [1.0, "a"] into two texts
    array = np.asarray(values, dtype=None if hasattr(values, "dtype") else object)
    if array.ndim != 1:
        raise DataError(
            f"{source}: column {shown(name)} has shape {array.shape}; give one value a row."
        )
    if array.dtype.kind in "iuf":
        numbers = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
        return Column(name, numbers, np.isnan(numbers))
    entries = [None if _absent(value) else value for value in array.tolist()]
    missing = np.fromiter((value is None for value in entries), np.bool_, len(entries))
    if all(value is None or _is_number(value) for value in entries):
        numbers = np.array(entries, dtype=np.float64)  # None becomes NaN
        return Column(name, numbers, missing)
    for row, value in enumerate(entries, start=1):
        if not (value is None or isinstance(value, str | bool)):
            raise DataError(
                f"{source}: column {shown(name)} has {shown(value)} in row {row}; "
                "give numbers alone or texts alone."
            )
    return text_column(name, [None if value is None else str(value) for value in entries])


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_column(name: str, texts: Sequence[str | None]) -> Column:
    """Build a column of texts, None where one is missing.

    >>> text_column("colour", ["red", None, "blue"]).values
    array([ 1, -1,  0])
    """
    levels = tuple(sorted({text for text in texts if text is not None}))
    position: dict[str | None, int] = {text: i for i, text in enumerate(levels)}
    position[None] = -1
    codes = np.fromiter((position[text] for text in texts), np.int64, len(texts))
    return Column(name, codes, codes < 0, levels)


def not_empty(table: Table) -> Table:
    """Return the table if it has rows.

    Raises:
        DataError: If it has none.
    """
    if not table.rows:
        raise DataError(f"{table.source} has no rows of values; add some.")
    return table


def unusable(
    source: str, name: str, kind: str, remedy: str = "convert it or leave it out"
) -> DataError:
    """Word the error for a column whose values are of a kind that no model takes."""
    return DataError(
        f"{source}: column {shown(name)} holds {kind}, neither numbers nor texts; {remedy}."
    )


def finite_numbers(column: Column, source: str) -> Floats:
    """Return a column's numbers; missing ones stay NaN.

    Raises:
        DataError: If it holds texts, or numbers that are infinite or too large for float64.
    """
    if column.levels is not None:
        row = int(np.argmax(~column.missing))
        raise DataError(
            f"{source}: column {shown(column.name)} holds texts such as "
            f"{shown(column.texts()[row])} in row {row + 1} where numbers are needed; correct them."
        )
    numbers = column.values.astype(np.float64, copy=False)
    if (infinite := np.isinf(numbers)).any():
        raise DataError(
            f"{source}: column {shown(column.name)} is infinite, or too large for a number, in "
            f"{shown_rows(np.flatnonzero(infinite))}; correct it, or empty it if it is missing."
        )
    return numbers


def center_and_scale(numbers: Floats | Integers, where: str) -> tuple[float, float]:
    """Return the mean and the standard deviation of what is not NaN; the scale of a constant is 1.

    >>> center_and_scale(np.array([1.0, 3.0, np.nan]), "x")
    (2.0, 1.0)
    """
    absent = np.isnan(numbers)
    present = numbers[~absent] if absent.any() else numbers
    if not len(present):
        raise DataError(f"{where} has no value in any training row; leave the column out.")
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(present.sum() / len(present))
        rest = present - mean
        rest *= rest
        scale = math.sqrt(rest.sum() / len(rest))
    if not np.isfinite(mean) or not np.isfinite(scale):
        raise DataError(f"{where} has numbers too large to square; write it in larger units.")
    if scale <= 10 * np.finfo(np.float64).eps * abs(mean):
        return float(present[0]), 1.0  # a constant, up to rounding
    return mean, scale


def check_unique(source: str, names: list[str]) -> None:
    """Refuse two columns of one name.

    Raises:
        DataError: Naming the name and both columns.
    """
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name in first:
            raise DataError(
                f"{source}: columns {first[name]} and {position} are both called {shown(name)}; "
                "rename one."
            )
        first[name] = position
