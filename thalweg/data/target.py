"""What a table's target is: a number, one of two classes, or one of several."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from thalweg.data.standardization import center_and_scale, finite_numbers
from thalweg.data.table import Column, Floats, Integers, Table, label, shown_rows
from thalweg.errors import DataError, shown

__all__ = ["Kind", "Target", "guess_target"]

Kind = Literal["regression", "binary", "multiclass"]

FEW_CLASSES = 20
ROWS_A_CLASS = 10


@dataclass(frozen=True)
class Target:
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
) -> Target:
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
    reason = f"{shown(name)} is {_worded(chosen)}: {why}."
    if chosen != "regression":
        return Target(name, chosen, reason, classes=_classes(column, different))
    training = column.values if rows is None else column.values[rows]
    mean, scale = center_and_scale(training, f"{table.source}: target {shown(name)}")
    return Target(name, chosen, reason, mean=mean, scale=scale)


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


def _worded(kind: Kind) -> str:
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
    if column.levels is None:
        return tuple(label(value) for value in different)
    return tuple(column.levels[int(value)] for value in different)


def check_complete(column: Column, source: str) -> None:
    """Refuse a target with missing values, naming the rows."""
    if column.missing.any():
        raise DataError(
            f"{source}: target {shown(column.name)} is missing in "
            f"{shown_rows(column.missing_rows)}; leave those rows out, or fill them in."
        )
