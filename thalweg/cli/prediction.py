"""What a stored model predicts for a new file."""

from __future__ import annotations

from pathlib import Path

from thalweg.cli.tables import comma_separated
from thalweg.estimators.folder import load_model

__all__ = ["predict"]


def predict(folder: Path, data: str) -> str:
    """Return predictions as CSV, one row a row of the file.

    For a regression the column is named as the target. For classes there are the most likely one
    and, where the loss gives them, the probability of each.

    Raises:
        CheckpointError: If the folder holds no sound model.
        DataError: If the file cannot be read, or lacks columns of the model.
    """
    model = load_model(folder)
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
