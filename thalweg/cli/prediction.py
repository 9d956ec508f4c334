"""What a stored model predicts for a new file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from thalweg.cli import models
from thalweg.cli.folder import Stored, load
from thalweg.data.frames import read_table

__all__ = ["predict"]


def predict(folder: Path, data: str) -> str:
    """Return predictions as CSV, one row a row of the file.

    For a regression the column is named as the target. For classes there are the most likely one
    and, where the loss gives them, the probability of each.

    Raises:
        CheckpointError: If the folder holds no sound model.
        DataError: If the file cannot be read, or lacks columns of the model.
    """
    stored = load(folder)
    table = read_table(data, stored.encoding.text_columns)
    scores = np.asarray(models.scores(stored.params, stored.encoding.matrix(table)))
    names, columns = _columns(stored, scores)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def _columns(stored: Stored, scores: np.ndarray) -> tuple[list[str], list[list[object]]]:
    target, mean = stored.encoding.target, stored.objective.mean
    if target.kind == "regression":
        values = (mean(scores) if mean else scores) * target.scale + target.mean
        return [target.name], [values.tolist()]
    taken = scores.argmax(axis=1) if scores.ndim > 1 else (scores > 0).astype(np.int64)
    names, columns = [target.name], [[target.classes[i] for i in taken.tolist()]]
    if mean is None:
        return [*names, "score"], [*columns, scores.tolist()]
    shares = mean(scores)
    if shares.ndim == 1:
        shares = np.column_stack([1.0 - shares, shares])
    names += [f"probability of {name}" for name in target.classes]
    return names, [*columns, *shares.T.tolist()]
