"""What a fit found: the model, its losses beside those of the best constant, and how it trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.estimators import models
from thalweg.estimators.coefficients import Coefficients
from thalweg.estimators.fitted import FittedModel
from thalweg.estimators.models import parse_model
from thalweg.estimators.settings import Settings
from thalweg.estimators.split import Rows, Split
from thalweg.estimators.training import Trained
from thalweg.estimators.uncertainty import covariance, std_errors

__all__ = ["TableFit"]

Floats = NDArray[np.float64]

# What there is to tell of the training in plain values.
TRAINING = (
    "converged", "gradient", "steps", "seconds", "us_per_step", "compile_seconds", "engine",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class TableFit:
    """A fitted model with what it was fitted to.

    Args:
        settings: What was asked for, every choice made.
        split: The rows trained on and those held out.
        trained: The parameters, and how they were found.

    Example:
        >>> from thalweg.estimators import fit_table
        >>> columns = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.5, 3.5, 6.5, 7.5]}
        >>> fit = fit_table(columns, "y", holdout=0)
        >>> fit.trained.converged, round(fit.losses["training"]["score"], 4)
        (True, 0.9529)
    """

    settings: Settings
    split: Split
    trained: Trained

    @property
    def model(self) -> FittedModel:
        """The model, which predicts, and can be saved."""
        spec = parse_model(self.settings.model)
        return FittedModel(self.split.encoding, self.split.objective, spec, self.trained.params)

    @property
    def linear(self) -> bool:
        """Whether there are coefficients."""
        return self.settings.model == "linear"

    @property
    def score_name(self) -> str:
        """What scores count: the share of variance explained, or of rows predicted right."""
        return "R²" if self.split.encoding.target.kind == "regression" else "accuracy"

    @cached_property
    def coefficients(self) -> Coefficients:
        """A linear model's coefficients in the data's own units, with their standard errors."""
        return replace(self.model.coefficients, std_errors=self._std_errors())

    def _std_errors(self) -> Floats | None:
        split = self.split
        if not self.trained.converged or self.settings.l2 or split.outputs > 1:
            return None
        scores = np.asarray(models.scores(self.trained.params, split.train.X))
        found = covariance(split.objective, split.train.X, split.train.y, scores)
        return None if found is None else std_errors(found, split.encoding)

    @cached_property
    def losses(self) -> dict[str, dict[str, float]]:
        """Losses and scores of the model and the null model, by the rows judged on."""
        judged = {"training": self.split.train, "held out": self.split.held_out}
        return {name: self._judged(rows) for name, rows in judged.items() if len(rows)}

    def _judged(self, rows: Rows) -> dict[str, float]:
        split, objective = self.split, self.split.objective
        constant = objective.null(split.train.y, split.outputs)
        null = np.broadcast_to(constant, (len(rows), *np.shape(constant)))
        scores = models.scores(self.trained.params, rows.X)
        return {
            "rows": len(rows),
            "loss": split.mean_loss(rows, self.trained.params),
            "null loss": float(np.mean(objective.losses(null, rows.y))) * split.unit,
            "score": self._score(scores, rows),
            "null score": self._score(null, rows),
        }

    def _score(self, scores: Floats, rows: Rows) -> float:
        if self.split.encoding.target.kind != "regression":
            return float(np.mean(self.model.taken(scores) == rows.y))
        mean = self.split.objective.mean
        error = rows.y - (mean(scores) if mean else scores)
        spread = float(np.sum((rows.y - np.mean(rows.y)) ** 2))
        return 1 - float(np.sum(error**2)) / spread if spread else float("nan")

    def plain(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dictionaries."""
        found: dict[str, Any] = {
            "target": self.split.encoding.target.name,
            "task": self.split.encoding.target.kind,
            "losses": self.losses,
            "score": self.score_name,
            **{name: getattr(self.trained, name) for name in TRAINING},
        }
        if self.linear:
            table = self.coefficients
            found["coefficients"] = {
                name: dict(zip(table.outputs, row, strict=True)) if len(row) > 1 else row[0]
                for name, row in zip(table.names, table.values.tolist(), strict=True)
            }
        return found
