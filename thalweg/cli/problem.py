"""From a file to arrays: what is predicted, from what, and which rows are held out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.cli.objectives import Objective, kind_of, parse_objective
from thalweg.cli.settings import Settings
from thalweg.data.encoding import Encoding, encode
from thalweg.data.frames import read_table
from thalweg.data.table import Table
from thalweg.data.target import Kind, guess_target
from thalweg.errors import DataError

__all__ = ["Problem", "digest", "read_problem"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows ready to compute with.

    Args:
        X: Features, shape (rows, features).
        y: What scores are compared with: numbers, 0 and 1, or positions of classes.
    """

    X: Floats
    y: NDArray[Any]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Integers) -> Rows:
        """Return some of the rows."""
        return Rows(self.X[rows], self.y[rows])


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be fitted.

    Args:
        encoding: How columns became features and target.
        objective: The loss.
        train: The rows to train on.
        held_out: The rows to judge by; there may be none.
        digest: Identifies the file's content.
    """

    encoding: Encoding
    objective: Objective
    train: Rows
    held_out: Rows
    digest: str

    @property
    def outputs(self) -> int:
        """The number of scores a row."""
        classes = len(self.encoding.target.classes)
        return classes if self.encoding.target.kind == "multiclass" else 1

    @property
    def unit(self) -> float:
        """What a loss is multiplied with to be in the target's own units."""
        return float(self.encoding.target.scale**self.objective.power)


def read_problem(settings: Settings) -> Problem:
    """Read the file, hold rows out, and encode.

    Raises:
        DataError: If the file, a column or a value cannot be used.
        SpecError: If the loss is unknown or not for such a target.
    """
    table = read_table(settings.data)
    training, held = _split(table.rows, settings, table.source)
    encoding = encode(
        table,
        settings.target,
        settings.missing,
        kind=settings.task or _decided(settings, table),
        drop=settings.drop,
        rows=training,
    )
    objective = parse_objective(settings.loss, encoding.target.kind)
    if not objective.standardizes_target:
        encoding = replace(encoding, target=replace(encoding.target, mean=0.0, scale=1.0))
    values = encoding.values(table)
    if objective.text == "poisson" and np.min(values) < 0:
        raise DataError(
            f"{table.source}: target {settings.target!r} has negative values, and the loss poisson "
            "is for counts; choose another loss."
        )
    y = values if encoding.target.kind == "multiclass" else _scaled(values, encoding)
    every = Rows(encoding.matrix(table), y)
    return Problem(
        encoding, objective, every.take(training), every.take(held), digest(settings.data)
    )


def _decided(settings: Settings, table: Table) -> Kind | None:
    """Return the kind that the loss decides against what the target looks like."""
    kind = kind_of(settings.loss)
    return kind if kind and guess_target(table, settings.target).kind != kind else None


def _split(rows: int, settings: Settings, source: str) -> tuple[Integers, Integers]:
    order = np.random.default_rng(settings.seed).permutation(rows)
    held = round(settings.holdout * rows)
    if rows - held < 2:
        raise DataError(
            f"{source} has {rows} row{'s' * (rows != 1)}, of which {held} would be held out; "
            "there must be at least 2 to train on."
        )
    return np.sort(order[held:]), np.sort(order[:held])


def _scaled(values: NDArray[Any], encoding: Encoding) -> Floats:
    return np.asarray((values - encoding.target.mean) / encoding.target.scale, np.float64)


def digest(path: str) -> str:
    """Return a checksum of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
