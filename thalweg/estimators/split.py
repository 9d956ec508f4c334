"""From a table to arrays: what is predicted, from what, and which rows are held out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.data.alerts import alerts
from thalweg.data.dates import parts_of, with_date_parts
from thalweg.data.encoding import (
    Encoding,
    Kind,
    OneHot,
    Standardized,
    TargetColumn,
    encode,
    guess_target,
)
from thalweg.data.formulas import with_left_side
from thalweg.data.table import Column, Table, finite_numbers, listed, shown_rows
from thalweg.errors import DataError, shown
from thalweg.estimators import models
from thalweg.estimators.evaluation import parts as evaluation
from thalweg.estimators.evaluation.metrics import most_likely, r2_score
from thalweg.estimators.models import Params
from thalweg.estimators.objectives import Objective, kind_of, parse_objective
from thalweg.estimators.problem import Rows, arrays_of
from thalweg.estimators.settings import Settings

log = logging.getLogger("thalweg")

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
        groups: The group of each training row, if rows have groups.
        gaps: How many values of each column were missing.
        places: Where the rows trained on and held out are in the table.
    """

    encoding: Encoding
    objective: Objective
    train: Rows
    held_out: Rows
    alerts: tuple[str, ...] = ()
    groups: Integers | None = None
    gaps: Mapping[str, int] = field(default_factory=dict)
    places: tuple[Integers, Integers] | None = None

    @property
    def outputs(self) -> int:
        """The number of scores a row."""
        classes = len(self.encoding.target.classes)
        return classes if self.encoding.target.kind == "multiclass" else 1

    @property
    def fingerprint(self) -> str:
        """A checksum of all features, targets and weights, in order."""
        total = hashlib.blake2b(digest_size=16)
        for rows in (self.train, self.held_out):
            for values in arrays_of(rows):
                total.update(np.ascontiguousarray(values).data.cast("B") if values.size else b"")
        return total.hexdigest()

    @property
    def unit(self) -> float:
        """What a loss is multiplied with to be in the target's own units."""
        return self.objective.unit(self.encoding.target.scale)

    def mean_loss(self, rows: Rows, params: Params, activation: str = "relu") -> float:
        """Return the mean loss of a model over rows, in the target's own units."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores = models.scores(params, rows.X, activation)
            losses = self.objective.losses(scores, rows.y)
            return rows.mean(losses) * self.unit

    def score(self, scores: Floats, rows: Rows) -> float:
        """Return the share of rows predicted right, or R², where the scores of rows are these."""
        if self.encoding.target.kind != "regression":
            return rows.mean(most_likely(scores) == rows.y)
        mean = self.objective.mean
        return r2_score(rows.y, mean(scores) if mean else scores, rows.weights)


def split(table: Table, settings: Settings) -> Split:
    """Hold rows out, and encode.

    Raises:
        DataError: If a column or a value cannot be used, or too few rows are left to train on.
        SpecError: If the loss is unknown or not for such a target.
    """
    table, left_out = _complete(table, settings)
    held = _held_out(table, settings)
    training = np.setdiff1d(np.arange(table.rows), held, assume_unique=True)
    if len(training) < 2:
        raise DataError(
            f"{table.source} has {table.rows} row{'s' * (table.rows != 1)}, of which {len(held)} "
            "would be held out; there must be at least 2 to train on."
        )
    found = _encoded(table, settings, training, held, left_out)
    log.info(
        "%s: %d rows to train on, %d held out, %d features", table.source, len(training),
        len(held), len(found.encoding.names),
    )  # fmt: skip
    return found


def folds(table: Table, settings: Settings) -> list[Split]:
    """Return a split for each fold: encoded from the rows it trains on, and judged on the others.

    Every row is held out by one of them.

    Raises:
        DataError: If there are fewer rows or groups than folds, or as for `split`.
    """
    table, left_out = _complete(table, settings)
    count, groups = settings.folds or 2, group_of(table, settings)
    units, what = (table.rows, "rows")
    if groups is not None:
        units, what = len(np.unique(groups)), f"groups of {shown(settings.groups or '')}"
    if units < 2 * count if groups is None else units < count:
        raise DataError(
            f"{table.source} has {units} {what}, too few for {count} folds; ask for fewer (--folds)"
            ", or hold rows out once (--holdout)."
        )
    classes = _classes(table, settings)
    parts = evaluation.folds(table.rows, count, settings.seed, classes=classes, groups=groups)
    every = np.arange(table.rows)
    return [
        _encoded(table, settings, np.setdiff1d(every, part, assume_unique=True), part, left_out)
        for part in parts
    ]


def _encoded(
    table: Table, settings: Settings, training: Integers, held: Integers, left_out: tuple[str, ...]
) -> Split:
    kind = settings.task or _decided(settings, table)
    drop = (*settings.drop, *settings.apart)
    if (formula := settings.parsed_formula) is not None:
        drop = (*drop, *formula.left.names)  # which a dot does not stand for
    encoding = encode(
        table,
        settings.target,
        settings.missing,
        kind=kind,
        drop=[name for name in drop if name in table.names and name != settings.target],
        category=settings.category,
        dates=settings.date,
        na=settings.na,
        formula=formula,
        interactions=settings.interactions,
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
    weights = None if settings.weights is None else _numbers(table[settings.weights])
    train, held_out = (
        Rows(encoding.matrix(table, part), values[part], None if weights is None else weights[part])
        for part in (training, held)
    )
    said = (*left_out, *_unseen(encoding), *alerts(table, _numeric(encoding, table)))
    groups = group_of(table, settings)
    of_training = None if groups is None else groups[training]
    known = set(table.names)
    gaps = {
        f.name: 0 if table[f.name].complete else int(np.count_nonzero(table[f.name].missing))
        for f in encoding.features
        if f.name in known
    }
    return Split(encoding, objective, train, held_out, said, of_training, gaps, (training, held))


def _numeric(encoding: Encoding, table: Table) -> list[str]:
    """Return the columns taken as numbers, the target among them."""
    numbers = [f.name for f in encoding.features if isinstance(f, Standardized)]
    target = [encoding.target.name] if encoding.target.kind == "regression" else []
    known = set(table.names)  # parts of dates are none of its columns
    return [name for name in (*numbers, *target) if name in known]


def _complete(table: Table, settings: Settings) -> tuple[Table, tuple[str, ...]]:
    """Leave out the rows that cannot be trained on, if that is asked for, and tell how many."""
    if (formula := settings.parsed_formula) is not None:
        table = with_left_side(table, formula)
    table, said = _of_some_weight(table, settings)
    if settings.missing == "refuse":
        return table, said
    asked = [table[settings.target]]
    if settings.missing == "drop":
        asked = [c for c in table.columns if c.name not in settings.drop]
    gaps = np.logical_or.reduce([column.missing for column in asked])
    if not gaps.any():
        return table, said
    rows = int(np.count_nonzero(gaps))
    if rows == table.rows:
        raise DataError(
            f"{table.source}: no row has a value in every column; leave the emptiest out (--drop), "
            "or take the mean (--missing mean)."
        )
    why = "a missing value" if settings.missing == "drop" else "no target"
    said = (*said, f"{rows:,} of {table.rows:,} rows have {why} and were left out.")
    return _without(table, gaps), said


def _numbers(column: Column) -> Floats:
    return np.asarray(column.values, np.float64)


def _of_some_weight(table: Table, settings: Settings) -> tuple[Table, tuple[str, ...]]:
    """Leave out the rows of weight 0, which count for nothing, and tell how many.

    Raises:
        DataError: If a weight is missing, negative, infinite or no number, or no row is left.
    """
    if settings.weights is None:
        return table, ()
    column = table[settings.weights]
    where = f"{table.source}: the weight {shown(column.name)}"
    values = finite_numbers(column, table.source)
    if column.missing.any() and settings.missing != "drop":
        raise DataError(
            f"{where} is missing in {shown_rows(column.missing_rows)}; fill it in, or leave such "
            "rows out (missing='drop', --missing drop)."
        )
    if (negative := np.flatnonzero(values < 0.0)).size:
        raise DataError(
            f"{where} is negative in {shown_rows(negative)}; a weight says how much a row counts, "
            "from 0 on: correct it."
        )
    nothing = values == 0.0
    rows = int(np.count_nonzero(nothing))
    if rows == table.rows:
        raise DataError(f"{where} is 0 in every row, so that none counts; name another column.")
    if not rows:
        return table, ()
    said = f"{rows:,} of {table.rows:,} rows have the weight 0 and were left out."
    return _without(table, nothing), (said,)


def _without(table: Table, rows: NDArray[np.bool_]) -> Table:
    """Leave rows out; what is told of the others counts them anew, and says so."""
    left = table.take(np.flatnonzero(~rows))
    return replace(left, source=f"{table.source} without the rows left out")


def _require_every_class(values: NDArray[Any], target: TargetColumn, source: str) -> None:
    """Refuse classes that no training row has: nothing could be learnt of them."""
    counts = np.bincount(values.astype(np.int64), minlength=len(target.classes))
    lacking = [name for name, rows in zip(target.classes, counts, strict=True) if not rows]
    if lacking:
        raise DataError(
            f"{source}: class {listed(lacking, 5)} of target {shown(target.name)} has no training "
            "row, only rows held out; take another --seed, hold out fewer rows (--holdout, --folds)"
            ", or leave the class out of the file."
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


def _held_out(table: Table, settings: Settings) -> Integers:
    """Return the rows to hold out, in order."""
    count = 0 if settings.folds else round(settings.holdout * table.rows)
    if settings.time is not None:
        return _latest(table, settings, count)
    groups, classes = group_of(table, settings), _classes(table, settings) if count else None
    if groups is not None:
        if len(np.unique(groups)) < 2:
            raise DataError(
                f"{table.source}: {shown(settings.groups or '')} has one value only, so no group "
                "can be held out; name another column (--groups)."
            )
        return evaluation.grouped_part(groups, count, settings.seed, classes)
    if classes is None:
        return evaluation.random_part(table.rows, count, settings.seed)
    return evaluation.stratified_part(classes, count, settings.seed)


def _classes(table: Table, settings: Settings) -> Integers | None:
    """Return the class of each row, where the target has classes."""
    kind = settings.task or kind_of(settings.loss)
    target = guess_target(table, settings.target, kind)
    if target.kind == "regression":
        return None
    return np.unique(table[settings.target].values, return_inverse=True)[1].astype(np.int64)


def group_of(table: Table, settings: Settings) -> Integers | None:
    """Return the group of each row, counted from 0, if rows have groups.

    Raises:
        DataError: If one is missing.
    """
    if settings.groups is None:
        return None
    column = table[settings.groups]
    _require_whole(column, table.source)
    return np.unique(column.values, return_inverse=True)[1].astype(np.int64)


def _latest(table: Table, settings: Settings, count: int) -> Integers:
    name = settings.time or ""
    column = table[name]
    _require_whole(column, table.source)
    if not column.numeric:
        parts = with_date_parts(Table((column,), table.source), [name])
        column = parts[parts_of(name)[-1]]
    found = evaluation.latest_part(column.values, count)
    if count and not len(found):
        raise DataError(
            f"{table.source}: too many rows have the latest {shown(name)} to hold them out; hold "
            "out more rows (--holdout), or name a finer column (--time)."
        )
    return found


def _require_whole(column: Column, source: str) -> None:
    if not column.complete:
        raise DataError(
            f"{source}: {shown(column.name)} is missing in {shown_rows(column.missing_rows)}, and "
            "says which rows are held out; fill it in, or leave such rows out (--missing drop)."
        )
