"""From a table to arrays: what is predicted, from what, and which rows are held out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thalweg.data.encoding import Encoding, Kind, encode, guess_target
from thalweg.data.table import Table
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
    """

    encoding: Encoding
    objective: Objective
    train: Rows
    held_out: Rows

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
    training, held = _held_out(table.rows, settings, table.source)
    kind = settings.task or _decided(settings, table)
    encoding = encode(
        table, settings.target, settings.missing, kind=kind, drop=settings.drop, rows=training
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
    if encoding.target.kind != "multiclass":
        values = np.asarray((values - encoding.target.mean) / encoding.target.scale, np.float64)
    every = Rows(encoding.matrix(table), values)
    return Split(encoding, objective, every.take(training), every.take(held))


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
