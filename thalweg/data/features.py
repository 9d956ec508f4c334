"""A column as features: numbers standardized, texts one-hot encoded."""

from dataclasses import dataclass

import numpy as np

from thalweg.data.standardization import center_and_scale, finite_numbers
from thalweg.data.table import Column, Floats, Integers, listed
from thalweg.errors import DataError, shown

__all__ = ["Feature", "OneHot", "Standardized", "fit_feature"]

FEW_LEVELS = 20
MOST_LEVELS = 1000


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

    def encode(self, column: Column, source: str) -> Floats:
        """Return the feature, shape (rows, 1); a missing value becomes the mean, which is 0."""
        numbers = (finite_numbers(column, source) - self.mean) / self.scale
        return np.where(column.missing, 0.0, numbers)[:, None]


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

    def encode(self, column: Column, source: str) -> Floats:
        """Return the features, shape (rows, levels − 1); a missing value becomes the shares."""
        position: dict[str | None, int] = {level: i for i, level in enumerate(self.levels)}
        position[None] = len(self.levels)
        texts = column.texts()
        for row, text in enumerate(texts, start=1):
            if text not in position:
                raise DataError(
                    f"{source}: column {shown(self.name)} has {shown(text)} in row {row}, not "
                    f"among the categories fitted ({listed(self.levels, 5)}); correct it, or fit "
                    "again."
                )
        codes = np.fromiter((position[text] for text in texts), np.int64, len(texts))
        rows = np.vstack([np.eye(len(self.levels)), self.shares])
        return rows[codes, 1:]


Feature = Standardized | OneHot


def fit_feature(column: Column, source: str, rows: Integers | None = None) -> Feature:
    """Find how to encode a column.

    Args:
        column: The column; every row counts for its levels.
        source: What messages call its table.
        rows: The training rows, whose mean, deviation and shares are taken; all rows if None.

    Raises:
        DataError: If numbers are infinite, no training row has a value, or a column of texts has so
            many different ones that it must be a name or a date.

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
    levels = len(column.levels)
    present = int(np.count_nonzero(~column.missing))
    if levels > MOST_LEVELS or (levels > FEW_LEVELS and 2 * levels > present):
        example = column.levels[0]
        raise DataError(
            f"{where} has {levels} different texts in {present} rows, such as {shown(example)}: "
            "names, dates or free text rather than categories; leave the column out."
        )
    counts = np.bincount(training.values[~training.missing], minlength=levels)
    if not counts.sum():
        raise DataError(f"{where} has no value in any training row; leave the column out.")
    return OneHot(column.name, column.levels, tuple((counts / counts.sum()).tolist()))
