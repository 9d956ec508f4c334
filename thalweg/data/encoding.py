"""From a table to the arrays a model is fitted on, the same way for later tables; kept as JSON.

A table's target is a number, one of two classes, or one of several.
"""

import math
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thalweg.data.categories import check_categories
from thalweg.data.dates import parts_of, with_date_parts
from thalweg.data.formulas import FittedFormula, ParsedFormula, fit_formula, parse_formula
from thalweg.data.interactions import Interactions, find_interactions
from thalweg.data.reading import ReadOptions
from thalweg.data.table import (
    Bools,
    Column,
    Floats,
    Integers,
    Table,
    center_and_scale,
    finite_numbers,
    label,
    listed,
    shown_rows,
    text_column,
)
from thalweg.errors import DataError, shown

Kind = Literal["regression", "binary", "multiclass"]

FEW_CLASSES = 20

ROWS_A_CLASS = 10


@dataclass(frozen=True)
class TargetColumn:
    """What a model predicts.

    Args:
        name: The column's name.
        kind: "regression", "binary" or "multiclass".
        reason: One sentence that says how the kind was found.
        classes: The classes as texts, smallest number or first text first; none in a regression.
        mean: The mean over the training rows in a regression, else 0.
        scale: The standard deviation over the training rows in a regression, else 1.
    """

    name: str
    kind: Kind
    reason: str
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    scale: float = 1.0

    def values(self, table: Table) -> Floats | Integers:
        """Return the target of each row: a float64 number, or the int64 position of its class.

        Raises:
            DataError: If the table lacks the column, or a value is missing, infinite or unknown.
        """
        column = table[self.name]
        check_complete(column, table.source)
        if self.kind == "regression":
            return finite_numbers(column, table.source)
        position = {name: i for i, name in enumerate(self.classes)}
        texts = column.texts()
        for row, text in enumerate(texts, start=1):
            if text not in position:
                raise DataError(
                    f"{table.source}: target {shown(self.name)} has {shown(text)} in row {row}, "
                    f"which is not among its {len(self.classes)} classes; correct it, or fit again."
                )
        return np.fromiter((position[text or ""] for text in texts), np.int64, len(texts))


def guess_target(
    table: Table, name: str, kind: Kind | None = None, rows: Integers | None = None
) -> TargetColumn:
    """Find what kind of target a column is.

    Two different values make it binary. More are classes if they are texts, or if they are at most
    20 different whole numbers with ten rows each on average. Other numbers make a regression.

    Args:
        table: The table; every row counts for the kind and the classes.
        name: The target's column.
        kind: What it is, if known.
        rows: The training rows, whose mean and scale are taken; all rows if None.

    Raises:
        DataError: If a value is missing or infinite, all are equal, or `kind` does not fit them.

    Example:
        >>> from thalweg.data.table import as_table
        >>> guess_target(as_table({"sold": ["no", "yes", "no"]}), "sold").reason
        "'sold' is binary: its values are 'no' and 'yes'."
    """
    if kind is not None and kind not in get_args(Kind):
        raise DataError(f"kind is {shown(kind)}; choose one of {', '.join(get_args(Kind))}.")
    column = table[name]
    check_complete(column, table.source)
    if column.numeric:
        finite_numbers(column, table.source)
    different: NDArray[Any] = np.unique(column.values)
    if len(different) < 2:
        raise DataError(
            f"{table.source}: target {shown(name)} is {shown(column.texts()[0])} in every row, so "
            "there is nothing to fit; choose another target."
        )
    chosen, why = (kind, "as asked") if kind else _guess(column, different)
    _check_kind(column, table.source, chosen, len(different))
    reason = f"{shown(name)} is {_phrase(chosen)}: {why}."
    if chosen != "regression":
        return TargetColumn(name, chosen, reason, classes=_classes(column, different))
    training = column.values if rows is None else column.values[rows]
    mean, scale = center_and_scale(training, f"{table.source}: target {shown(name)}")
    return TargetColumn(name, chosen, reason, mean=mean, scale=scale)


def _guess(column: Column, different: Floats | Integers) -> tuple[Kind, str]:
    classes = _classes(column, different[:2])
    if len(different) == 2:
        return "binary", f"its values are {shown(classes[0])} and {shown(classes[1])}"
    if not column.numeric:
        return "multiclass", f"it holds {len(different)} different texts"
    whole = bool(np.all(different == np.floor(different)))
    if not whole:
        return "regression", f"it holds {len(different)} different numbers, not all of them whole"
    if len(different) > FEW_CLASSES:
        return "regression", f"it holds {len(different)} different whole numbers"
    if len(column.values) < ROWS_A_CLASS * len(different):
        few = f"{len(different)} different whole numbers in {len(column.values)} rows"
        return "regression", f"it holds {few}, too few rows for each to be a class"
    return "multiclass", f"it holds only {len(different)} different whole numbers"


def _phrase(kind: Kind) -> str:
    return "a regression target" if kind == "regression" else kind


def _check_kind(column: Column, source: str, kind: Kind, different: int) -> None:
    where = f"{source}: target {shown(column.name)}"
    if kind == "regression" and not column.numeric:
        text = column.texts()[0]
        raise DataError(f"{where} holds texts such as {shown(text)}; a regression needs numbers.")
    if kind == "binary" and different != 2:
        raise DataError(f"{where} has {different} different values; a binary target has two.")
    if kind == "multiclass" and different > FEW_CLASSES and 2 * different > len(column.values):
        raise DataError(
            f"{where} has {different} different values in {len(column.values)} rows, too many to "
            "be classes; choose another target."
        )


def _classes(column: Column, different: Floats | Integers) -> tuple[str, ...]:
    text = label if column.levels is None else column.levels.__getitem__
    return tuple(text(value) for value in different)


def check_complete(column: Column, source: str) -> None:
    """Refuse a target with missing values, naming the rows."""
    if not column.complete:
        raise DataError(
            f"{source}: target {shown(column.name)} is missing in "
            f"{shown_rows(column.missing_rows)}; leave those rows out (missing='drop', --missing "
            "drop), or fill them in."
        )


# A matrix is filled in pieces that stay in the cache.
NUMBERS_AT_ONCE, LEAST_AT_ONCE = 1 << 16, 512

# What is done with texts that no row had when the model was fitted.
Unknown = Literal["refuse", "ignore"]


@dataclass(frozen=True)
class Standardized:
    """A column of numbers, less its mean, divided by its standard deviation.

    Mean and deviation are those of the training rows (the population's, as in scikit-learn); a
    constant column becomes zeros.
    """

    name: str
    mean: float
    scale: float

    @property
    def names(self) -> tuple[str, ...]:
        """The one feature's name."""
        return (self.name,)

    @property
    def means(self) -> tuple[float, ...]:
        """What is subtracted from each feature."""
        return (self.mean,)

    @property
    def scales(self) -> tuple[float, ...]:
        """What each feature is divided by."""
        return (self.scale,)

    @property
    def deviations(self) -> tuple[float, ...]:
        """The standard deviation of each feature among the training rows, in its own units."""
        return (self.scale,)

    def check(self, column: Column, source: str, unknown: Unknown = "refuse") -> Column:
        """Return a column that can be encoded; an infinite number or a text is refused."""
        finite_numbers(column, source)
        return column

    def write(self, column: Column, rows: Integers, out: Floats) -> None:
        """Write the feature of some rows as it was, shape (rows, 1); the mean if it is missing."""
        out[:, 0] = column.values[rows]
        if not column.complete:
            out[column.missing[rows], 0] = self.mean


@dataclass(frozen=True)
class OneHot:
    """A column of texts as one feature a level, 1 in its rows and 0 elsewhere.

    The first level in sorted order is the reference and has no feature: beside an intercept, with
    all of them the coefficients would not be determined. A coefficient is then the difference from
    the reference.

    Args:
        name: The column's name.
        levels: Every level, the reference first.
        shares: The share of each level among the training rows that have one.
    """

    name: str
    levels: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names: the column, an equals sign, the level."""
        return tuple(f"{self.name}={level}" for level in self.levels[1:])

    @property
    def means(self) -> tuple[float, ...]:
        """What is subtracted from each feature: nothing."""
        return (0.0,) * (len(self.levels) - 1)

    @property
    def scales(self) -> tuple[float, ...]:
        """What each feature is divided by: one."""
        return (1.0,) * (len(self.levels) - 1)

    @property
    def deviations(self) -> tuple[float, ...]:
        """The standard deviation of each feature among the training rows: √(p (1 − p))."""
        return tuple(math.sqrt(max(0.0, p * (1.0 - p))) for p in self.shares[1:])

    def check(self, column: Column, source: str, unknown: Unknown = "refuse") -> Column:
        """Return a column whose positions are those of the levels; unknown ones are missing."""
        if column.levels is None:
            column = text_column(self.name, column.texts())
        position = {level: i for i, level in enumerate(self.levels)}
        codes = np.array([*(position.get(text, -1) for text in column.levels or ()), -1], np.int64)
        found = codes[column.values]
        strange = (found < 0) & ~column.missing
        if unknown == "refuse" and strange.any():
            row = int(np.argmax(strange))
            text = (column.levels or ())[column.values[row]]
            raise DataError(
                f"{source}: column {shown(self.name)} has {shown(text)} in row {row + 1}, not "
                f"among the categories fitted ({listed(self.levels, 5)}); correct it, take it as "
                "missing (unknown='ignore', --unknown ignore), or fit again."
            )
        return Column(self.name, found, found < 0, self.levels)

    def write(self, column: Column, rows: Integers, out: Floats) -> None:
        """Write the features of some rows, (rows, levels − 1); the shares if it is missing."""
        out[:] = np.vstack([np.eye(len(self.levels)), self.shares])[column.values[rows], 1:]


Feature = Standardized | OneHot


def fit_feature(
    column: Column, source: str, rows: Integers | None = None, category: bool = False
) -> Feature:
    """Find how to encode a column.

    Args:
        column: The column; every row counts for its levels.
        source: What messages call its table.
        rows: The training rows, whose mean, deviation and shares are taken; all rows if None.
        category: Whether somebody said that it holds categories.

    Raises:
        DataError: If numbers are infinite, no training row has a value, or a column of texts holds
            dates, or so many different ones that it must be a name.

    Example:
        >>> from thalweg.data.table import as_column
        >>> fit_feature(as_column("x", [1.0, 3.0]), "the table")
        Standardized(name='x', mean=2.0, scale=1.0)
    """
    training = column if rows is None else column.take(rows)
    where = f"{source}: column {shown(column.name)}"
    if column.levels is None:
        finite_numbers(column, source)
        return Standardized(column.name, *center_and_scale(training.values, where))
    check_categories(column, source, category)
    levels = len(column.levels)
    counts = np.bincount(training.values[~training.missing], minlength=levels)
    if not counts.sum():
        raise DataError(f"{where} has no value in any training row; leave the column out.")
    return OneHot(column.name, column.levels, tuple((counts / counts.sum()).tolist()))


Missing = Literal["refuse", "mean", "drop"]


@dataclass(frozen=True)
class Encoding:
    """How a table becomes a matrix of features and a target.

    Args:
        target: What is predicted.
        features: How each column is encoded, in the order of the matrix.
        missing: What is done with missing values: "refuse" them, take the column's "mean", or
            "drop" the rows.
        dates: The columns that are dates; features are made of their parts.
        na: Values that mean missing, beside the usual ones.
        derivation: What makes columns for the features out of the table's: a formula, or products
            of columns; None if these are they.
    """

    target: TargetColumn
    features: tuple[Feature, ...]
    missing: Missing = "refuse"
    dates: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    derivation: FittedFormula | Interactions | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the matrix's columns."""
        return tuple(name for feature in self.features for name in feature.names)

    @cached_property
    def deviations(self) -> Floats:
        """The standard deviation of each of the matrix's columns in its own units, (features,)."""
        return np.array([d for feature in self.features for d in feature.deviations], np.float64)

    @cached_property
    def _means_and_scales(self) -> tuple[Floats, Floats]:
        means = [mean for feature in self.features for mean in feature.means]
        scales = [scale for feature in self.features for scale in feature.scales]
        return np.array(means, np.float64), np.array(scales, np.float64)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that the features are made of."""
        of_dates = {part: name for name in self.dates for part in parts_of(name)}
        return tuple(dict.fromkeys(of_dates.get(name, name) for name in self.needed))

    @property
    def needed(self) -> tuple[str, ...]:
        """The same, with the parts of dates in the place of dates."""
        if self.derivation is not None:
            return self.derivation.needed
        return tuple(feature.name for feature in self.features)

    @property
    def reading(self) -> ReadOptions:
        """How a later file is read: its '01' is not taken for a number where texts were fitted."""
        texts = {feature.name for feature in self.features if isinstance(feature, OneHot)}
        if self.derivation is not None:
            texts = set(self.derivation.texts)
        text = tuple(name for name in self.columns if name in texts)
        return ReadOptions(self.columns, text=text, dates=self.dates, na=self.na, lenient=True)

    def matrix(
        self,
        table: Table,
        rows: Integers | None = None,
        *,
        missing: Missing | None = None,
        unknown: Unknown = "refuse",
    ) -> Floats:
        """Return the features of a table, shape (rows, features), float64.

        The table's columns may come in any order and be more than are needed.

        Args:
            table: The table.
            rows: Those to encode, counted from 0; all if None.
            missing: What is done with missing values; as in the fit if None. Rows to drop are
                not here any more: `complete` tells which.
            unknown: Whether a text that is no category of the fit is refused, or ignored: taken as
                missing.

        Raises:
            DataError: If columns are missing, or values that cannot be encoded; all are named.
        """
        columns = self._columns_of(table)
        if (missing or self.missing) != "mean":
            refuse_missing(columns, table.source)
        pairs = self._made_of(table, columns, unknown)
        checked = [(f, f.check(column, table.source, unknown)) for f, column in pairs]
        taken = np.arange(table.rows) if rows is None else rows
        X = np.empty((len(taken), len(self.names)))
        at_once = max(NUMBERS_AT_ONCE // max(1, len(self.names)), LEAST_AT_ONCE)
        means, scales = self._means_and_scales
        ends = np.cumsum([0, *(len(feature.names) for feature in self.features)]).tolist()
        for start in range(0, len(taken), at_once):
            some = taken[start : start + at_once]
            block = X[start : start + len(some)]
            for (feature, column), first, end in zip(checked, ends, ends[1:], strict=False):
                feature.write(column, some, block[:, first:end])
            block -= means
            block /= scales
        return X

    def complete(self, table: Table) -> Bools:
        """Tell which rows of a table have a value in every column that the features need.

        Raises:
            DataError: If columns are missing.
        """
        found = np.ones(table.rows, np.bool_)
        for column in self._columns_of(table):
            found &= ~column.missing
        return found

    def observed(self, table: Table) -> Bools:
        """Tell which rows of a table have a value of their own for every feature.

        Others have one that is missing or of no known category, in whose place a mean is taken.
        """
        found = np.ones(table.rows, np.bool_)
        for feature, column in self._made_of(table, self._columns_of(table), "ignore"):
            found &= ~feature.check(column, table.source, "ignore").missing
        return found

    def _made_of(
        self, table: Table, columns: list[Column], unknown: Unknown
    ) -> list[tuple[Feature, Column]]:
        """Return the features, each with the column that it encodes."""
        if self.derivation is not None:
            parted = Table(tuple(columns), table.source)
            made = self.derivation.derive(parted, unknown == "ignore")
            columns = [made[feature.name] for feature in self.features]
        return list(zip(self.features, columns, strict=True))

    def _columns_of(self, table: Table) -> list[Column]:
        known = set(table.names)
        lacking = [name for name in self.columns if name not in known]
        parted = with_date_parts(table, self.dates)
        if lacking:
            raise DataError(
                f"{table.source} lacks {_columns(lacking)} that the model was fitted on; add "
                f"{'it' if len(lacking) == 1 else 'them'}."
            )
        return [parted[name] for name in self.needed]

    def values(self, table: Table) -> Floats | Integers:
        """Return the target of a table: numbers, or the positions of classes.

        Raises:
            DataError: If the target is missing in a row, infinite, or of an unknown class.
        """
        return self.target.values(table)

    def original_units(self, weights: ArrayLike, intercept: ArrayLike) -> tuple[Floats, Floats]:
        """Turn a linear model of encoded features into one of the columns as they were.

        Args:
            weights: Coefficients of the features, shape (features,) or (features, classes).
            intercept: The intercept, shape () or (classes,).

        Returns:
            Coefficients and intercept for features that are not standardized.

        Example:
            >>> from thalweg.data.table import as_table
            >>> encoding = encode(as_table({"x": [8.0, 12.0], "y": [0.5, 1.5]}), "y")
            >>> encoding.original_units([4.0], 1.0)
            (array([2.]), array(-19.))
        """
        means, scales = self._means_and_scales
        slopes = (np.asarray(weights, np.float64).T / scales).T
        return slopes, np.asarray(np.asarray(intercept, np.float64) - means @ slopes)


# ---- making one


def encode(
    table: Table,
    target: str,
    missing: Missing = "refuse",
    *,
    kind: Kind | None = None,
    drop: Collection[str] = (),
    category: Collection[str] = (),
    dates: Sequence[str] = (),
    na: Sequence[str] = (),
    formula: ParsedFormula | None = None,
    interactions: Sequence[str] = (),
    rows: ArrayLike | None = None,
) -> Encoding:
    """Find how to encode a table's columns for predicting one of them.

    Numbers are standardized, texts one-hot encoded with their first level as the reference.

    Args:
        table: The table; all its rows count for levels, classes and the guess of the kind.
        target: The column to predict.
        missing: "refuse" missing values, or take the "mean": of a column of numbers its mean, of a
            column of texts the shares of its levels. A missing target is always refused, and so is
            any other with "drop": those rows are not here any more.
        kind: "regression", "binary" or "multiclass", if the guess is not wanted.
        drop: Columns to leave out.
        category: Columns of texts that are categories, whatever they look like.
        dates: Columns of dates, which become year, month, weekday and days elapsed.
        na: What else means missing in a later file.
        formula: What makes the columns to encode, out of those that are not left out.
        interactions: Pairs of columns whose products are encoded too, or "all".
        rows: The training rows, counted from 0, whose means and deviations are taken; else all.

    Returns:
        An encoding to use on this table and on later ones.

    Raises:
        DataError: If a column is unknown, missing values are refused, numbers are infinite, or a
            column of texts has so many different ones that it must be a name or a date.

    Example:
        >>> from thalweg.data.table import as_table
        >>> houses = {"area": [50.0, 70.0], "town": ["Como", "Lugano"], "price": [1.5, 2.5]}
        >>> encoding = encode(as_table(houses), "price")
        >>> encoding.names
        ('area', 'town=Lugano')
        >>> encoding.matrix(as_table(houses))
        array([[-1.,  0.],
               [ 1.,  1.]])
    """
    if missing not in get_args(Missing):
        raise DataError(f"missing is {shown(missing)}; choose 'refuse', 'mean' or 'drop'.")
    training = None if rows is None else np.asarray(rows, dtype=np.int64)
    if training is not None and not len(training):
        raise DataError(f"{table.source}: there are no training rows; keep some.")
    for name in drop:
        table[name]
    found = guess_target(table, target, kind, training)
    parted = with_date_parts(table, dates)
    columns = [c for c in parted.columns if c.name != target and c.name not in drop]
    if not columns:
        raise DataError(f"{table.source} has no column beside {shown(target)} to predict it from.")
    if formula is not None:
        if formula.open:
            formula = parse_formula(formula.text, tuple(column.name for column in columns))
        columns = [parted[name] for name in formula.right_names]
    if missing != "mean":
        refuse_missing(columns, table.source)
    made = {part for name in dates for part in parts_of(name)}
    categories = {*category, *made}
    taken = Table(tuple(columns), table.source)
    derivation: FittedFormula | Interactions | None = None
    if formula is not None:
        derivation = fit_formula(formula, taken, training, categories)
    elif interactions:
        derivation = find_interactions(interactions, taken, categories)
    if derivation is not None:
        columns = list(derivation.derive(taken).columns)
    features = tuple(
        fit_feature(column, table.source, training, column.name in categories) for column in columns
    )
    return Encoding(found, features, missing, tuple(dates), tuple(na), derivation)


def refuse_missing(columns: list[Column], source: str) -> None:
    """Refuse columns with missing values, naming them and the first one's rows."""
    gaps = [column for column in columns if not column.complete]
    if not gaps:
        return
    more = f", and {_columns([c.name for c in gaps[1:]])} too" if gaps[1:] else ""
    raise DataError(
        f"{source}: column {shown(gaps[0].name)} is missing in {shown_rows(gaps[0].missing_rows)}"
        f"{more}; fill them in, leave such rows out (missing='drop', --missing drop), or take the "
        "mean (missing='mean', --missing mean)."
    )


def _columns(names: list[str]) -> str:
    return f"column{'s' * (len(names) > 1)} {listed(names, 5)}"


FORMAT, FORMER = "thalweg encoding 3", "thalweg encoding 2"

FEATURES = {"standardized": Standardized, "one-hot": OneHot}


def to_json(encoding: Encoding) -> dict[str, Any]:
    """Return an encoding as dictionaries, lists, texts and numbers; `from_json` rebuilds it.

    Example:
        >>> import json
        >>> from thalweg.data.encoding import encode
        >>> from thalweg.data.table import as_table
        >>> encoding = encode(as_table({"x": [1.0, 2.0], "y": [0.1, 0.2]}), "y")
        >>> from_json(json.loads(json.dumps(to_json(encoding)))) == encoding
        True
    """
    names = {kind: name for name, kind in FEATURES.items()}
    return {
        "format": FORMAT,
        "missing": encoding.missing,
        "dates": list(encoding.dates),
        "na": list(encoding.na),
        "target": _plain_fields(encoding.target),
        "features": [{"kind": names[type(f)]} | _plain_fields(f) for f in encoding.features],
        **_plain_derivation(encoding.derivation),
    }


DERIVATIONS: dict[str, type[FittedFormula] | type[Interactions]] = {
    "formula": FittedFormula,
    "interactions": Interactions,
}


def _plain_derivation(derivation: FittedFormula | Interactions | None) -> dict[str, Any]:
    kinds = DERIVATIONS.items()
    return {name: derivation.to_json() for name, kind in kinds if isinstance(derivation, kind)}


def _plain_fields(part: Any) -> dict[str, Any]:
    values = vars(part)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def from_json(stored: Mapping[str, Any]) -> Encoding:
    """Rebuild an encoding from what `to_json` returned.

    Raises:
        DataError: If it is anything else.
    """
    if not isinstance(stored, Mapping) or stored.get("format") not in (FORMAT, FORMER):
        raise DataError(f"this is no {FORMAT!r}; fit again with this version.")
    try:
        target = _rebuild(TargetColumn, stored["target"])
        features = tuple(
            _rebuild(FEATURES[feature["kind"]], feature) for feature in stored["features"]
        )
        missing = _check_value("missing", stored["missing"], Missing)
        dates, na = (_check_value(k, stored[k], tuple[str, ...]) for k in ("dates", "na"))
        # Those of the former format had none.
        made = [
            kind.from_json(stored[name]) for name, kind in DERIVATIONS.items() if name in stored
        ]
        derivation = made[0] if made else None
        return Encoding(target, features, missing, dates, na, derivation)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"the stored encoding is damaged ({error}); fit again.") from error


def _rebuild(kind: type, stored: Mapping[str, Any]) -> Any:
    """Return a part of an encoding from its fields."""
    part = kind(
        **{name: _check_value(name, stored[name], t) for name, t in get_type_hints(kind).items()}
    )
    one_hot = isinstance(part, OneHot)
    if not (0 < len(part.levels) == len(part.shares) if one_hot else part.scale > 0):
        raise ValueError(f"{shown(part)} means nothing")
    return part


def _check_value(name: str, value: Any, kind: Any) -> Any:
    if not fits(value, kind):
        raise ValueError(f"{name} is {shown(value)}")
    return tuple(value) if isinstance(value, list) else float(value) if kind is float else value


def fits(value: Any, kind: Any) -> bool:
    """Tell whether a plain value is of a type: a list where a tuple is wanted, any finite number.

    Args:
        value: What JSON or TOML holds.
        kind: A type, a Literal, a union of types, or a tuple of any number of one type.

    Example:
        >>> fits(["a"], tuple[str, ...]), fits(3, float | None), fits(True, int)
        (True, True, False)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, list) and all(fits(item, parts[0]) for item in value)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in parts)
    if kind is float:
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return type(value) is kind
