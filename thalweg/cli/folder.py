"""The folder a fit writes, and what the model in it predicts for a new file."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.cli.tables import comma_separated
from thalweg.errors import ArgumentError
from thalweg.estimators.fitting import TableFit
from thalweg.estimators.folder import holds_other_files, read_model, write_model

COEFFICIENTS = "coefficients.csv"


def make(folder: Path) -> None:
    """Make a folder, or make sure that it can be written.

    Raises:
        ArgumentError: If it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        any(folder.iterdir())
        probe = folder / f".{secrets.token_hex(4)}.tmp"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ArgumentError(
            f"The folder {folder} cannot be written: {error.strerror or error}. Choose another "
            "with --out."
        ) from error


def prepare(folder: Path) -> None:
    """Make the folder of a fit, or make sure that it is one.

    Raises:
        ArgumentError: If it cannot be written, or holds files of something else.
    """
    make(folder)
    if holds_other_files(folder):
        raise ArgumentError(
            f"The folder {folder} holds other files. Choose an empty or a new one with --out."
        )


def save(folder: Path, fit: TableFit, run: str, report: str) -> None:
    """Write the model and all that is told of it."""
    texts = {"run.toml": run, "history.csv": _history(fit), "report.html": report}
    if fit.linear:
        texts[COEFFICIENTS] = _coefficients(fit)
    else:
        # Those of an earlier fit are none of this one's.
        (folder / COEFFICIENTS).unlink(missing_ok=True)
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


def predict(folder: Path, data: str) -> str:
    """Return predictions as CSV, one row a row of the file.

    For a regression the column is named as the target. For classes there are the most likely one
    and, where the loss gives them, the probability of each.

    Raises:
        CheckpointError: If the folder holds no sound model.
        DataError: If the file cannot be read, or lacks columns of the model.
    """
    model = read_model(folder)
    scores, target = model.scores(data), model.encoding.target
    names, columns = [target.name], [model.predicted(scores).tolist()]
    if target.kind != "regression":
        shares = model.shares(scores)
        if shares is None:
            names, columns = [*names, "score"], [*columns, scores.tolist()]
        else:
            names += [f"probability of {name}" for name in target.classes]
            columns += shares.T.tolist()
    return comma_separated(names, zip(*columns, strict=True))
