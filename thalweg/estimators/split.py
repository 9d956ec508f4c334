"""From a table to arrays: what is predicted, from what, and which rows are held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.alerts import alerts
from thalweg.data.encoding import (
    Encoding,
    Kind,
    OneHot,
    Standardized,
    TargetColumn,
    encode,
    guess_target,
)
from thalweg.data.table import Table, listed
from thalweg.errors import DataError, shown
from thalweg.estimators import models
from thalweg.estimators.models import Params
from thalweg.estimators.objectives import Objective, kind_of, parse_objective
from thalweg.estimators.problem import Rows
from thalweg.estimators.settings import Settings

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """A table ready to fit: encoded, and split into rows to train on and rows held out.

    Args:
        encoding: How columns became features and target.
        objective: The loss.
        train: The rows to train on.
        held_out: The rows to judge by; there may be none.
        alerts: What to look at before trusting the fit, a sentence each.
    """

    encoding: Encoding
    objective: Objective
    train: Rows
    held_out: Rows
    alerts: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """The number of scores a row."""
        classes = len(self.encoding.target.classes)
        return classes if self.encoding.target.kind == "multiclass" else 1

    @property
    def unit(self) -> float:
        """What a loss is multiplied with to be in the target's own units."""
        return float(self.encoding.target.scale**self.objective.power)

    def mean_loss(self, rows: Rows, params: Params) -> float:
        """Return the mean loss of a model over rows, in the target's own units."""
        with np.errstate(over="ignore", invalid="ignore"):
            losses = self.objective.losses(models.scores(params, rows.X), rows.y)
            return float(np.mean(losses)) * self.unit


def split(table: Table, settings: Settings) -> Split:
    """Hold rows out, and encode.

    Raises:
        DataError: If a column or a value cannot be used, or too few rows are left to train on.
        SpecError: If the loss is unknown or not for such a target.
    """
    table, left_out = _complete(table, settings)
    training, held = _held_out(table.rows, settings, table.source)
    kind = settings.task or _decided(settings, table)
    encoding = encode(
        table,
        settings.target,
        settings.missing,
        kind=kind,
        drop=[name for name in settings.drop if name in table.names],
        category=settings.category,
        dates=settings.date,
        na=settings.na,
        rows=training,
    )
    objective = parse_objective(settings.loss, encoding.target.kind)
    if not objective.standardizes_target:
        encoding = replace(encoding, target=replace(encoding.target, mean=0.0, scale=1.0))
    values = encoding.values(table)
    if objective.text == "poisson" and np.min(values) < 0:
        raise DataError(
            f"{table.source}: target {shown(settings.target)} has negative values, and the loss "
            "poisson is for counts; choose another loss."
        )
    if encoding.target.kind == "regression":
        values = np.asarray((values - encoding.target.mean) / encoding.target.scale, np.float64)
    else:
        _require_every_class(values[training], encoding.target, table.source)
    if encoding.target.kind == "binary":
        values = np.asarray(values, np.float64)
    train = Rows(encoding.matrix(table, training), values[training])
    held_out = Rows(encoding.matrix(table, held), values[held])
    said = (*left_out, *_unseen(encoding), *alerts(table, _numeric(encoding, table)))
    return Split(encoding, objective, train, held_out, said)


def _numeric(encoding: Encoding, table: Table) -> list[str]:
    """Return the columns taken as numbers, the target among them."""
    numbers = [f.name for f in encoding.features if isinstance(f, Standardized)]
    target = [encoding.target.name] if encoding.target.kind == "regression" else []
    known = set(table.names)  # parts of dates are none of its columns
    return [name for name in (*numbers, *target) if name in known]


def _complete(table: Table, settings: Settings) -> tuple[Table, tuple[str, ...]]:
    """Leave out the rows that cannot be trained on, if that is asked for, and tell how many."""
    if settings.missing == "refuse":
        return table, ()
    asked = [table[settings.target]]
    if settings.missing == "drop":
        asked = [c for c in table.columns if c.name not in settings.drop]
    gaps = np.logical_or.reduce([column.missing for column in asked])
    if not gaps.any():
        return table, ()
    rows = int(np.count_nonzero(gaps))
    if rows == table.rows:
        raise DataError(
            f"{table.source}: no row has a value in every column; leave the emptiest out (--drop), "
            "or take the mean (--missing mean)."
        )
    why = "a missing value" if settings.missing == "drop" else "no target"
    said = f"{rows:,} of {table.rows:,} rows have {why} and were left out."
    return table.take(np.flatnonzero(~gaps)), (said,)


def _require_every_class(values: NDArray[Any], target: TargetColumn, source: str) -> None:
    """Refuse classes that no training row has: nothing could be learnt of them."""
    counts = np.bincount(values.astype(np.int64), minlength=len(target.classes))
    lacking = [name for name, rows in zip(target.classes, counts, strict=True) if not rows]
    if lacking:
        raise DataError(
            f"{source}: class {listed(lacking, 5)} of target {shown(target.name)} has no training "
            "row, only rows held out; take another --seed, hold out fewer rows (--holdout), or "
            "leave the class out of the file."
        )


def _unseen(encoding: Encoding) -> list[str]:
    """Tell of categories that no training row has."""
    found = []
    for feature in encoding.features:
        if isinstance(feature, OneHot) and 0.0 in feature.shares:
            pairs = zip(feature.levels, feature.shares, strict=True)
            lacking = [level for level, share in pairs if not share]
            found.append(
                f"{shown(feature.name)} has {listed(lacking, 5)} in rows held out only: nothing "
                f"was learnt of {'it' if len(lacking) == 1 else 'them'}."
            )
    return found


def _decided(settings: Settings, table: Table) -> Kind | None:
    """Return the kind that the loss decides against what the target looks like."""
    kind = kind_of(settings.loss)
    return kind if kind and guess_target(table, settings.target).kind != kind else None


def _held_out(rows: int, settings: Settings, source: str) -> tuple[Integers, Integers]:
    order = np.random.default_rng(settings.seed).permutation(rows)
    held = round(settings.holdout * rows)
    if rows - held < 2:
        raise DataError(
            f"{source} has {rows} row{'s' * (rows != 1)}, of which {held} would be held out; "
            "there must be at least 2 to train on."
        )
    return np.sort(order[held:]), np.sort(order[:held])
