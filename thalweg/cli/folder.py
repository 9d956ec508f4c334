"""The folder a fit writes, and what the model in it predicts for a new file."""

from __future__ import annotations

import contextlib
import logging
import secrets
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.cli.settings import from_toml, located
from thalweg.cli.tables import comma_separated
from thalweg.data.encoding import Encoding, Missing, Unknown
from thalweg.data.reading import Decimal
from thalweg.data.table import Bools, Floats, Table
from thalweg.errors import ArgumentError, printable
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.fitting import TableFit
from thalweg.estimators.folder import holds_model, holds_other_files, read_model, write_model
from thalweg.estimators.uncertainty.intervals import intervals

log = logging.getLogger("thalweg")

COEFFICIENTS = "coefficients.csv"
RUN = "run.toml"


def make(folder: Path) -> None:
    """Make a folder, or make sure that it can be written.

    Raises:
        ArgumentError: If it cannot.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _probe(folder)


def prepare(folder: Path, data: str, force: bool) -> None:
    """Make sure that a fit can be written to a folder, without making it.

    Args:
        folder: Where to.
        data: The data to fit; a fit of the same file is replaced without asking.
        force: Whether any model is replaced without asking.

    Raises:
        ArgumentError: If it cannot be written, holds files of something else, or another model.
    """
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    with _writing(folder):
        _probe(existing)
    if not folder.exists():
        return
    if holds_other_files(folder):
        raise ArgumentError(
            f"The folder {folder} holds other files. Choose an empty or a new one with --out."
        )
    if holds_model(folder) and not force and not _is_of(folder, data):
        asked = f"The folder {folder} holds another model, not one of {data}. Replace it?"
        if not _confirmed(asked):
            raise ArgumentError(
                f"The folder {folder} holds another model, not one of {data}. Replace it with "
                "--force, or choose another with --out."
            )


def _probe(folder: Path) -> None:
    """Read a folder and write into it."""
    any(folder.iterdir())
    probe = folder / f".{secrets.token_hex(4)}.tmp"
    probe.touch()
    probe.unlink()


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say of which folder it is that it cannot be written.

    Raises:
        ArgumentError: If the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise ArgumentError(
            f"The folder {folder} cannot be written: {error.strerror or error}. Choose another "
            "with --out."
        ) from error


def _is_of(folder: Path, data: str) -> bool:
    """Whether a model was fitted to the same file; a model without its run is of another."""
    try:
        options, _ = from_toml(folder / RUN)
    except ArgumentError:
        return False
    return located(options["data"], folder) == located(data, Path()) if "data" in options else False


def _confirmed(question: str) -> bool:
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"thalweg: {printable(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def save(folder: Path, fit: TableFit, run: str, report: str) -> None:
    """Write the model and all that is told of it, in the place of an earlier fit."""
    texts = {RUN: run, "history.csv": _history(fit), "report.html": report}
    if fit.linear:
        texts[COEFFICIENTS] = _coefficients(fit)
    write_model(fit.model, folder, texts)


def _history(fit: TableFit) -> str:
    curves = fit.trained.curves
    absent: list[Any] = [""] * len(curves.at)
    judged = dict(
        zip(curves.at, zip(curves.train, curves.held_out or absent, strict=True), strict=True)
    )
    losses = [*curves.loss.tolist(), ""]
    return comma_separated(
        ["step", "loss", "training_loss", "held_out_loss"],
        [(step, loss, *judged.get(step, ("", ""))) for step, loss in enumerate(losses)],
    )


def _coefficients(fit: TableFit) -> str:
    table = fit.coefficients
    suffixes = [f":{name}" if name else "" for name in table.outputs]
    kinds = ("coefficient", "standardized")
    both = np.concatenate([table.values, table.standardized], axis=1).tolist()
    return comma_separated(
        ["feature", *(f"{kind}{suffix}" for kind in kinds for suffix in suffixes)],
        [(name, *row) for name, row in zip(table.names, both, strict=True)],
    )


def predict(
    folder: Path,
    data: str,
    ids: Sequence[str] = (),
    missing: Missing | None = None,
    unknown: Unknown = "refuse",
    decimal: Decimal | None = None,
    level: float | None = None,
) -> str:
    """Return predictions as CSV, one row a row of the file.

    For a regression the column is named as the target. For classes there are the most likely one
    and, where the loss gives them, the probability of each. Only the model's columns are read, and
    those to carry along.

    Args:
        folder: The model.
        data: The file.
        ids: Columns to write first, as they stand in the file.
        missing: What is done with missing values, by default as in the fit; what is predicted for
            rows that are dropped is empty.
        unknown: Whether categories that the model does not know are refused or ignored.
        decimal: The mark before decimals in a text file, where the file leaves it open.
        level: How often intervals cover; None for none.

    Raises:
        ArgumentError: If there are no intervals, with the reason.
        CheckpointError: If the folder holds no sound model.
        DataError: If the file cannot be read, or lacks columns of the model.
    """
    model = read_model(folder)
    encoding = model.encoding
    table, carried = _read(data, encoding, ids, decimal)
    log.info("read %d rows of %d columns from %s", table.rows, len(table.names), table.source)
    how = missing or encoding.missing
    kept = encoding.complete(table) if how == "drop" else np.ones(table.rows, np.bool_)
    X = encoding.matrix(table, missing="mean" if how == "drop" else how, unknown=unknown)
    names, columns = _answers(model, model.of_features(X))
    if level is not None:
        more, ends = _intervals(model, X, level, encoding.observed(table))
        names, columns = [*names, *more], [*columns, *ends]
    if not kept.all():
        columns = [
            [value if there else "" for value, there in zip(column, kept, strict=True)]
            for column in columns
        ]
    for name in ids:
        if name in names:
            raise ArgumentError(
                f"--id {name} has the name of what is predicted; rename the column in the file."
            )
    return comma_separated([*ids, *names], zip(*carried, *columns, strict=True))


def _intervals(
    model: FittedModel, X: Floats, level: float, observed: Bools
) -> tuple[list[str], list[list[Any]]]:
    """Return the names and the columns of intervals, statsmodels' names in a regression.

    Rows with a mean in the place of a value have none.
    """
    found, target = intervals(model, X, level, observed), model.encoding.target
    columns = [found.std_errors, *found.interval.T]
    if target.kind == "regression":
        names = ["mean_se", "mean_ci_lower", "mean_ci_upper"]
        if found.new_interval is not None:
            names += ["obs_ci_lower", "obs_ci_upper"]
            columns += [*found.new_interval.T]
    else:
        names = [f"probability of {target.classes[1]} {end}" for end in ("se", "lower", "upper")]
    texts = np.where(observed, np.array(columns, object), "")
    return names, texts.tolist()


def _read(
    data: str, encoding: Encoding, ids: Sequence[str], decimal: Decimal | None
) -> tuple[Table, list[list[str]]]:
    """Read what the model needs, and the columns to carry along."""
    from thalweg.data.frames import read_table

    reading = replace(encoding.reading, decimal=decimal)
    needed = set(encoding.columns)
    apart = [name for name in ids if name not in needed]
    table = read_table(
        data, replace(reading, only=(*encoding.columns, *apart), text=(*reading.text, *apart))
    )
    texts = [["" if text is None else text for text in table[name].texts()] for name in ids]
    return table, texts


def _answers(model: FittedModel, scores: Floats) -> tuple[list[str], list[list[Any]]]:
    """Return the names and the columns of what is predicted."""
    target = model.encoding.target
    names, columns = [target.name], [model.predicted(scores).tolist()]
    if target.kind == "regression":
        return names, columns
    shares = model.shares(scores)
    if shares is None:
        return [*names, "score"], [*columns, scores.tolist()]
    names += [f"probability of {name}" for name in target.classes]
    return names, [*columns, *shares.T.tolist()]
