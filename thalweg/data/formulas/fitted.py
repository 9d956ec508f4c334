"""A formula with what it learnt from the training rows: columns made the same way ever after."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.categories import MOST_LEVELS, check_categories
from thalweg.data.formulas.evaluation import EvaluatedTerms, evaluate, values_of
from thalweg.data.formulas.expressions import Factor, alias, quoted, read_factor
from thalweg.data.formulas.parsing import ParsedFormula
from thalweg.data.table import (
    Bools,
    Column,
    Floats,
    Integers,
    Table,
    check_unique,
    listed,
    shown_rows,
    text_column,
)
from thalweg.errors import DataError, shown

Filler = float | str


@dataclass(frozen=True)
class FittedFormula:
    """How a formula makes columns of a table.

    Args:
        text: The formula as it was written.
        terms: Its terms, each a product of factors.
        fillers: The columns it needs, with a value that stands in where one is missing; what is
            computed from it counts as missing.
        transforms: What functions such as center, poly and bs learnt.
        categories: The categories of each factor that has such.
        made: The names of the columns it makes.
    """

    text: str
    terms: tuple[tuple[str, ...], ...]
    fillers: dict[str, Filler]
    transforms: dict[str, Any]
    categories: dict[str, list[Any]]
    made: tuple[str, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that it is computed from."""
        return tuple(self.fillers)

    @property
    def texts(self) -> tuple[str, ...]:
        """Those of them that are texts."""
        return tuple(name for name, filler in self.fillers.items() if isinstance(filler, str))

    def derive(self, table: Table, ignore_unknown: bool = False) -> Table:
        """Return the columns that the formula makes of a table.

        A value is missing where a column of its term is, or if `ignore_unknown` where one is of no
        known category.

        Raises:
            DataError: If a category is unknown, or a value is not finite: log(0).
        """
        terms = [tuple(map(read_factor, term)) for term in self.terms]
        columns = {name: self._read(table[name], table.source) for name in self.fillers}
        given = {
            name: _filled(column, self.fillers[name], table.source)
            for name, column in columns.items()
        }
        found = evaluate(terms, given, self.transforms, self.categories, table.source)
        if tuple(name for name, _ in found.columns) != self.made:
            raise DataError(
                f"{table.source}: the formula makes other columns than when it was fitted; fit "
                "again with the formulaic that is installed."
            )
        if not ignore_unknown:
            _refuse_unknown(found, columns, self, table.source)
        gaps = [_gaps(term, columns, found, table.rows) for term in terms]
        made = []
        for (name, values), position in zip(found.columns, found.terms, strict=True):
            missing = gaps[position]
            _require_finite(name, values, missing, terms[position], columns, table.source)
            made.append(Column(name, np.where(missing, np.nan, values), missing))
        return Table(tuple(made), table.source)

    def _read(self, column: Column, source: str) -> Column:
        if isinstance(self.fillers[column.name], str):
            return column if column.levels else text_column(column.name, column.texts())
        values_of(column, source)
        if column.levels is not None and not column.missing.all():
            row = int(np.argmax(~column.missing))
            raise DataError(
                f"{source}: column {shown(column.name)} holds texts such as "
                f"{shown(column.texts()[row])} in row {row + 1}, and the formula was fitted to "
                "numbers; correct them."
            )
        return column

    def to_json(self) -> dict[str, Any]:
        """Return it as dictionaries, lists, texts and numbers."""
        return {
            "text": self.text,
            "terms": [list(term) for term in self.terms],
            "fillers": dict(self.fillers),
            "transforms": _plain(self.transforms),
            "categories": dict(self.categories),
            "made": list(self.made),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> FittedFormula:
        """Rebuild it; what it would evaluate is checked anew.

        Raises:
            SpecError: If a term holds anything but what a formula may.
            KeyError: If it is anything else; and so TypeError and ValueError.
        """
        for term in stored["terms"]:
            for factor in term:
                read_factor(factor)
        fillers = {str(name): _filler(value) for name, value in stored["fillers"].items()}
        categories = {str(code): list(values) for code, values in stored["categories"].items()}
        return cls(
            str(stored["text"]),
            tuple(tuple(term) for term in stored["terms"]),
            fillers,
            _restored(stored["transforms"]),
            categories,
            tuple(map(str, stored["made"])),
        )


def fit_formula(
    formula: ParsedFormula,
    table: Table,
    rows: Integers | None = None,
    category: Collection[str] = (),
) -> FittedFormula:
    """Learn from rows what a formula must know of them.

    Args:
        formula: The formula.
        table: The table; every row counts for categories.
        rows: The training rows, whose means, knots and norms are taken; all if None.
        category: The columns that hold categories, whatever they look like.

    Raises:
        DataError: If a column is not there, no row is complete, texts are no categories, or a
            function refuses its values.

    Example:
        >>> from thalweg.data.formulas.parsing import parse_formula
        >>> from thalweg.data.table import as_table
        >>> table = as_table({"y": [1.0, 2.0, 3.0], "x": [1.0, 2.0, 6.0], "town": ["a", "b", "a"]})
        >>> fitted = fit_formula(parse_formula("y ~ center(x) * town"), table)
        >>> fitted.made
        ('center(x)', 'town[T.b]', 'center(x):town[T.b]')
        >>> fitted.derive(as_table({"x": [5.0], "town": ["b"]}))["center(x)"].values
        array([2.])
    """
    names, terms, source = formula.right_names, list(formula.terms), table.source
    columns = {name: table[name] for name in names}
    _require_categories(formula, columns, category, source)
    complete = np.ones(table.rows, np.bool_)
    for column in columns.values():
        complete &= ~column.missing
    every = np.flatnonzero(complete)
    training = every if rows is None else np.intersect1d(every, rows)
    if not len(training):
        raise DataError(
            f"{source}: no training row has a value in every column of the formula; leave the "
            "emptiest out of it."
        )
    given = {name: values_of(column, source) for name, column in columns.items()}

    def taken(some: Integers) -> dict[str, NDArray[Any]]:
        return {name: values[some] for name, values in given.items()}

    found = evaluate(terms, taken(every), {}, {}, source)
    _require_inside(found, every, source)
    if found.categories or len(training) < len(every):
        found = evaluate(terms, taken(training), {}, found.categories, source)
    made = [name for name, _ in found.columns]
    if not made:
        raise DataError(
            f"{source}: the formula makes no column, as none of its categories has two levels; "
            "name other columns."
        )
    check_unique(f"{source}, by the formula", made)
    fillers = {name: _stand_in(values[training]) for name, values in given.items()}
    # What cannot be kept must be found out now, not when the model is saved.
    transforms = _restored(_plain(found.transforms))
    texts = tuple(tuple(factor.text for factor in term) for term in terms)
    return FittedFormula(formula.text, texts, fillers, transforms, found.categories, tuple(made))


def _require_categories(
    formula: ParsedFormula, columns: Mapping[str, Column], category: Collection[str], source: str
) -> None:
    """Refuse texts that are no categories, and numbers of too many values to be such."""
    for factor in dict.fromkeys(factor for term in formula.terms for factor in term):
        for column in (columns[name] for name in factor.names):
            coded = factor.code.startswith(f"C({alias(column.name)}")
            if column.levels is not None:
                said = coded or factor.kind == "python" or column.name in category
                check_categories(column, source, said)
            elif coded and (found := len(np.unique(column.values))) > MOST_LEVELS:
                raise DataError(
                    f"{source}: {factor.text} of the formula has {found:,} different numbers, too "
                    "many to be categories; take them as numbers."
                )


def _require_inside(found: EvaluatedTerms, rows: Integers, source: str) -> None:
    """Refuse values outside levels that the formula itself lists."""
    for code, strange in found.strange.items():
        if strange.any():
            raise DataError(
                f"{source}: {code} of the formula has a value in "
                f"{shown_rows(rows[np.flatnonzero(strange)])} that is not among its levels "
                f"({listed(map(str, found.categories[code]), 5)}). Add it, or leave such rows out."
            )


def _stand_in(values: NDArray[Any]) -> Filler:
    # The middle of numbers is within any bounds; it need not be a value of the column.
    return float(np.median(values)) if values.dtype != object else str(values[0])


def _filled(column: Column, filler: Filler, source: str) -> NDArray[Any]:
    if isinstance(filler, str):
        values = values_of(column, source)
        values[column.missing] = filler
        return values
    return np.where(column.missing, filler, column.values)


def _gaps(
    term: tuple[Factor, ...], columns: Mapping[str, Column], found: EvaluatedTerms, rows: int
) -> Bools:
    gaps = np.zeros(rows, np.bool_)
    for factor in term:
        for name in factor.names:
            gaps |= columns[name].missing
        if factor.code in found.strange:
            gaps |= found.strange[factor.code]
    return gaps


def _refuse_unknown(
    found: EvaluatedTerms, columns: Mapping[str, Column], formula: FittedFormula, source: str
) -> None:
    factors = {f.code: f for term in formula.terms for f in map(read_factor, term)}
    for code, strange in found.strange.items():
        names = factors[code].names
        there = strange & ~np.logical_or.reduce([columns[name].missing for name in names])
        if there.any():
            row = int(np.argmax(there))
            told = ", ".join(f"{quoted(n)} {shown(columns[n].texts()[row])}" for n in names)
            raise DataError(
                f"{source}: {factors[code].text} of the formula has {told} in row {row + 1}, not "
                f"among the categories fitted ({listed(map(str, formula.categories[code]), 5)}); "
                "correct it, take it as missing (unknown='ignore', --unknown ignore), or fit again."
            )


def _require_finite(
    name: str, values: Floats, missing: Bools, term: tuple[Factor, ...],
    columns: Mapping[str, Column], source: str,
) -> None:  # fmt: skip
    bad = np.flatnonzero(~np.isfinite(values) & ~missing)
    if not len(bad):
        return
    names = dict.fromkeys(n for factor in term for n in factor.names)
    told = ", ".join(f"{quoted(n)} is {columns[n].texts()[bad[0]]}" for n in names)
    raise DataError(
        f"{source}: {name} of the formula has no finite value in {shown_rows(bad)} ({told}). "
        "Correct it, or leave such rows out of the file."
    )


# ---- what was learnt, in plain values

ARRAY, MAP = "array of shape", "map"


def _plain(value: Any) -> Any:
    """Return a state as JSON has it: arrays and maps of numbers are marked.

    >>> _plain({"alpha": {0: np.float64(1.5)}, "scale": None})
    {'alpha': {'map': [[0, 1.5]]}, 'scale': None}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return float(value) if isinstance(value, np.floating) else value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {ARRAY: list(value.shape), "values": value.astype(np.float64).ravel().tolist()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: _plain(item) for key, item in value.items()}
        return {MAP: [[_plain(key), _plain(item)] for key, item in value.items()]}
    raise DataError(
        f"The formula learns a {type(value).__name__}, which no model's file can hold. Compute the "
        "column first."
    )


def _restored(value: Any) -> Any:
    """Return the state that `_plain` wrote.

    >>> _restored(_plain({"alpha": {0: 1.5}, "knots": np.eye(2)}))
    {'alpha': {0: 1.5}, 'knots': array([[1., 0.],
           [0., 1.]])}
    """
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {ARRAY, "values"}:
        return np.array(value["values"], np.float64).reshape(value[ARRAY])
    if set(value) == {MAP}:
        return {key: _restored(item) for key, item in value[MAP]}
    return {key: _restored(item) for key, item in value.items()}


def _filler(value: Any) -> Filler:
    if isinstance(value, str):
        return value
    return float(value)
