"""From a table to the arrays a model is fitted on, and the same way for tables that come later."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from thalweg.data.features import Feature, OneHot, fit_feature
from thalweg.data.table import Column, Floats, Integers, Table, listed, shown_rows
from thalweg.data.target import Kind, Target, guess_target
from thalweg.errors import DataError, shown

__all__ = ["Encoding", "Missing", "encode"]

Missing = Literal["refuse", "mean"]


@dataclass(frozen=True)
class Encoding:
    """How a table becomes a matrix of features and a target.

    Args:
        target: What is predicted.
        features: How each column is encoded, in the order of the matrix.
        missing: What is done with missing values: "refuse" them, or take the column's "mean".
    """

    target: Target
    features: tuple[Feature, ...]
    missing: Missing = "refuse"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the matrix's columns."""
        return tuple(name for feature in self.features for name in feature.names)

    @property
    def text_columns(self) -> frozenset[str]:
        """The columns to read as texts, so that a later file's '01' is not taken for a number."""
        texts = {feature.name for feature in self.features if isinstance(feature, OneHot)}
        return frozenset(texts)

    def matrix(self, table: Table) -> Floats:
        """Return the features of a table, shape (rows, features), float64.

        The table's columns may come in any order and be more than are needed.

        Raises:
            DataError: If columns are missing, or values that cannot be encoded; all are named.
        """
        lacking = [feature.name for feature in self.features if feature.name not in table.names]
        if lacking:
            raise DataError(
                f"{table.source} lacks {_columns(lacking)} that the model was fitted on; add "
                f"{'it' if len(lacking) == 1 else 'them'}."
            )
        columns = [table[feature.name] for feature in self.features]
        if self.missing == "refuse":
            _refuse_missing(columns, table.source)
        blocks = [f.encode(c, table.source) for f, c in zip(self.features, columns, strict=True)]
        return np.concatenate([np.zeros((table.rows, 0)), *blocks], axis=1)

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
        means = np.array([mean for feature in self.features for mean in feature.means])
        scales = np.array([scale for feature in self.features for scale in feature.scales])
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
    rows: ArrayLike | None = None,
) -> Encoding:
    """Find how to encode a table's columns for predicting one of them.

    Numbers are standardized, texts one-hot encoded with their first level as the reference.

    Args:
        table: The table; all its rows count for levels, classes and the guess of the kind.
        target: The column to predict.
        missing: "refuse" missing values, or take the "mean": of a column of numbers its mean, of a
            column of texts the shares of its levels. A missing target is always refused.
        kind: "regression", "binary" or "multiclass", if the guess is not wanted.
        drop: Columns to leave out.
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
        raise DataError(f"missing is {shown(missing)}; choose 'refuse' or 'mean'.")
    training = None if rows is None else np.asarray(rows, dtype=np.int64)
    if training is not None and not len(training):
        raise DataError(f"{table.source}: there are no training rows; keep some.")
    for name in drop:
        table[name]
    found = guess_target(table, target, kind, training)
    columns = [c for c in table.columns if c.name != target and c.name not in drop]
    if not columns:
        raise DataError(f"{table.source} has no column beside {shown(target)} to predict it from.")
    if missing == "refuse":
        _refuse_missing(columns, table.source)
    features = tuple(fit_feature(column, table.source, training) for column in columns)
    return Encoding(found, features, missing)


def _refuse_missing(columns: list[Column], source: str) -> None:
    gaps = [column for column in columns if column.missing.any()]
    if not gaps:
        return
    more = f", and {_columns([c.name for c in gaps[1:]])} too" if gaps[1:] else ""
    raise DataError(
        f"{source}: column {shown(gaps[0].name)} is missing in {shown_rows(gaps[0].missing_rows)}"
        f"{more}; fill them in, leave them out, or take the mean (missing='mean', --missing mean)."
    )


def _columns(names: list[str]) -> str:
    return f"column{'s' * (len(names) > 1)} {listed(names, 5)}"
