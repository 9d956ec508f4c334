"""Products of columns: what one does may depend on another."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.data.categories import check_categories
from thalweg.data.memory import require_room
from thalweg.data.table import Bools, Column, Floats, Table, check_unique, text_column
from thalweg.errors import DataError, shown

ALL = "all"


@dataclass(frozen=True)
class Interactions:
    """Columns, and the products of some pairs of them.

    The product of two numbers is one column, a:b. A text takes part by its levels but the first,
    as it does alone: town=Lugano:area is the area in Lugano and 0 elsewhere.

    Args:
        columns: The columns, which stay as they are.
        levels: The levels of those that are texts.
        pairs: Which are multiplied.

    Example:
        >>> from thalweg.data.table import as_table
        >>> table = as_table({"area": [50.0, 70.0], "town": ["Como", "Lugano"]})
        >>> products = find_interactions(["area:town"], table)
        >>> [(c.name, c.values.tolist()) for c in products.derive(table).columns[2:]]
        [('area:town=Lugano', [0.0, 70.0])]
    """

    columns: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns of a table that it takes."""
        return self.columns

    @property
    def texts(self) -> tuple[str, ...]:
        """Those of them that are texts."""
        return tuple(self.levels)

    @property
    def made(self) -> tuple[str, ...]:
        """The names of the products."""
        parts = (itertools.product(self._names(a), self._names(b)) for a, b in self.pairs)
        return tuple(f"{first}:{second}" for pair in parts for first, second in pair)

    def derive(self, table: Table, ignore_unknown: bool = False) -> Table:
        """Return the columns of a table and their products.

        A product is missing where one of its columns is, and where one is of no known level: what
        is done with that is said where the column itself is encoded.

        Raises:
            DataError: If memory does not hold them, or numbers are too large.
        """
        made = len(self.made)
        require_room(8 * table.rows * made, f"{table.source} with {made:,} products of columns")
        read = {name: self._parts(table[name]) for pair in self.pairs for name in pair}
        products = []
        for a, b in self.pairs:
            (firsts, gaps), (seconds, more) = read[a], read[b]
            for (first, x), (second, y) in itertools.product(firsts, seconds):
                products.append(_product(f"{first}:{second}", x, y, gaps | more, table.source))
        kept = tuple(table[name] for name in self.columns)
        return Table((*kept, *products), table.source)

    def _names(self, name: str) -> list[str]:
        levels = self.levels.get(name)
        return [name] if levels is None else [f"{name}={level}" for level in levels[1:]]

    def _parts(self, column: Column) -> tuple[list[tuple[str, Floats]], Bools]:
        """Return the factors of a column by name, and where it has no value."""
        names, levels = self._names(column.name), self.levels.get(column.name)
        if levels is None:
            return [(column.name, np.asarray(column.values, np.float64))], column.missing
        if column.levels is None:
            column = text_column(column.name, column.texts())
        own = column.levels or ()
        known = np.array([levels.index(t) if t in levels else -1 for t in own] + [-1], np.int64)
        codes = known[column.values]
        found = [(name, (codes == i).astype(np.float64)) for i, name in enumerate(names, start=1)]
        return found, codes < 0

    def to_json(self) -> dict[str, Any]:
        """Return it as dictionaries, lists and texts."""
        levels = {name: list(found) for name, found in self.levels.items()}
        return {
            "columns": list(self.columns),
            "levels": levels,
            "pairs": [list(pair) for pair in self.pairs],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Interactions:
        """Rebuild it.

        Raises:
            KeyError: If it is anything else; and so AttributeError, TypeError and ValueError.
        """
        levels = {str(name): tuple(map(str, found)) for name, found in stored["levels"].items()}
        pairs = tuple((str(a), str(b)) for a, b in stored["pairs"])
        return cls(tuple(map(str, stored["columns"])), levels, pairs)


def _product(name: str, x: Floats, y: Floats, missing: Bools, source: str) -> Column:
    with np.errstate(over="ignore", invalid="ignore"):
        values = x * y
    if np.isinf(values[~missing]).any():
        raise DataError(
            f"{source}: the product {name} is too large for a number; write its columns in larger "
            "units."
        )
    return Column(name, np.where(missing, np.nan, values), missing)


def find_interactions(
    asked: Sequence[str], table: Table, category: Collection[str] = ()
) -> Interactions:
    """Return the products that are asked for.

    Args:
        asked: Pairs such as area:town, or "all" for every pair.
        table: The columns that may be multiplied.
        category: Those that hold categories, whatever they look like.

    Raises:
        DataError: If a pair names no two columns, or texts are no categories.
    """
    names = table.names
    once: dict[frozenset[str], tuple[str, str]] = {}
    for pair in (pair for text in asked for pair in _pairs(text, table)):
        once.setdefault(frozenset(pair), pair)
    for column in table.columns:
        if column.levels is not None:
            check_categories(column, table.source, column.name in category)
    levels = {c.name: c.levels for c in table.columns if c.levels is not None}
    found = Interactions(names, levels, tuple(once.values()))
    check_unique(f"{table.source}, with products", [*names, *found.made])
    return found


def _pairs(text: str, table: Table) -> Iterator[tuple[str, str]]:
    known = set(table.names)
    if text == ALL:
        yield from itertools.combinations(table.names, 2)
        return
    # A name may hold colons itself.
    cuts = [i for i, letter in enumerate(text) if letter == ":"]
    pairs = [(text[:i].strip(), text[i + 1 :].strip()) for i in cuts]
    meant = [pair for pair in pairs if set(pair) <= known]
    if not pairs:
        raise DataError(
            f"{shown(text)} is no interaction; write two columns as area:town, or {ALL} for every "
            "pair."
        )
    a, b = (meant or pairs)[0]
    if a == b:
        raise DataError(
            f"The interaction {shown(text)} is of one column with itself; for a square write a "
            "formula, such as y ~ x + I(x**2)."
        )
    for name in (a, b):
        table[name]
    yield a, b
