"""What a fit found, as plain values: for the screen, the report and machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg.cli import models
from thalweg.cli.fitting import Trained, mean_loss
from thalweg.cli.models import Params
from thalweg.cli.problem import Problem, Rows
from thalweg.cli.settings import Settings
from thalweg.cli.uncertainty import covariance

__all__ = ["Coefficients", "Result", "predictions"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """A linear model's coefficients.

    Args:
        names: The intercept and the features.
        outputs: The classes they are for; one empty name if there is one score.
        values: In the columns' own units, shape (1 + features, outputs).
        standardized: For a change of one standard deviation, shape (1 + features, outputs).
        std_errors: Robust standard errors of the values, shape (1 + features,); None where a
            penalty, a loss with kinks or an unfinished run leaves them without meaning.
    """

    names: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Floats
    standardized: Floats
    std_errors: Floats | None = None

    def by_weight(self) -> list[int]:
        """Return the intercept's position and then the features', the largest effects first."""
        sizes = np.max(np.abs(self.standardized[1:]), axis=1)
        return [0, *(np.argsort(-sizes, kind="stable") + 1).tolist()]


@dataclass(frozen=True, eq=False)
class Result:
    """A fitted model with what it was fitted to."""

    settings: Settings
    problem: Problem
    trained: Trained

    @property
    def linear(self) -> bool:
        """Whether there are coefficients to show."""
        return self.settings.model == "linear"

    @property
    def score_name(self) -> str:
        """What `scores` counts: the share of the variance explained, or of rows predicted right."""
        return "R²" if self.problem.encoding.target.kind == "regression" else "accuracy"

    def coefficients(self) -> Coefficients:
        """Return a linear model's coefficients in the data's own units."""
        encoding, params = self.problem.encoding, self.trained.params
        target = encoding.target
        weights, bias = params["weights"][0] * target.scale, params["biases"][0] * target.scale
        slopes, intercept = encoding.original_units(weights, bias)
        outputs = target.classes if self.problem.outputs > 1 else ("",)
        shape = (-1, len(outputs))
        return Coefficients(
            ("intercept", *encoding.names),
            outputs,
            np.concatenate([intercept.reshape(shape) + target.mean, slopes.reshape(shape)]),
            np.concatenate([bias.reshape(shape) + target.mean, weights.reshape(shape)]),
            self._std_errors(),
        )

    def _std_errors(self) -> Floats | None:
        problem, params = self.problem, self.trained.params
        if not self.trained.converged or self.settings.l2 or problem.outputs > 1:
            return None
        rows, encoding = problem.train, problem.encoding
        found = covariance(
            problem.objective, rows.X, rows.y, np.asarray(models.scores(params, rows.X))
        )
        if found is None:
            return None
        units = encoding.original_units
        # What turns standardized intercept and coefficients into those in own units, by columns.
        columns = [units(unit[1:], unit[0]) for unit in np.eye(len(found))]
        own = np.array([[intercept, *slopes] for slopes, intercept in columns]).T
        variances = np.sum((own @ found) * own, axis=1)
        return np.asarray(np.sqrt(np.maximum(variances, 0.0)) * encoding.target.scale)

    def losses(self) -> dict[str, dict[str, float]]:
        """Return losses and scores of the model and the null model, by the rows judged on."""
        problem = self.problem
        judged = {"training": problem.train, "held out": problem.held_out}
        return {name: self._judged(rows) for name, rows in judged.items() if len(rows)}

    def _judged(self, rows: Rows) -> dict[str, float]:
        problem, objective = self.problem, self.problem.objective
        constant = objective.null(problem.train.y, problem.outputs)
        null = np.broadcast_to(constant, (len(rows), *np.shape(constant)))
        scores = models.scores(self.trained.params, rows.X)
        return {
            "rows": len(rows),
            "loss": mean_loss(problem, rows, self.trained.params),
            "null loss": float(np.mean(objective.losses(null, rows.y))) * problem.unit,
            "score": self._score(scores, rows),
            "null score": self._score(null, rows),
        }

    def _score(self, scores: Floats, rows: Rows) -> float:
        if self.problem.encoding.target.kind != "regression":
            classes = scores.argmax(axis=1) if scores.ndim > 1 else scores > 0
            return float(np.mean(classes == rows.y))
        mean = self.problem.objective.mean
        error = rows.y - (mean(scores) if mean else scores)
        spread = float(np.sum((rows.y - np.mean(rows.y)) ** 2))
        return 1 - float(np.sum(error**2)) / spread if spread else float("nan")

    def notes(self) -> list[str]:
        """Return what must be known beside the numbers, one sentence each."""
        settings, trained, target = self.settings, self.trained, self.problem.encoding.target
        notes = [target.reason]
        if settings.l2:
            equals = f", scikit-learn's C = {1 / settings.l2:g}" if self.linear else ""
            notes.append(
                f"Penalty: ½·{settings.l2:g}·‖coefficients‖² beside the sum of losses, for "
                f"standardized columns (--l2 {settings.l2:g}{equals}; --l2 0 for none)."
            )
        if trained.converged is not None:
            verdict = "Converged" if trained.converged else "Not converged"
            notes.append(f"{verdict}: the norm of the gradient is {trained.gradient:.1e}.")
        if trained.converged is False:
            notes.append(self._why_not())
        if self.linear and trained.converged is None:
            notes.append(
                "The loss has kinks, so no gradient tells how near the optimum is; --epochs "
                f"{10 * (settings.epochs or 1)} goes nearer."
            )
        if settings.patience:
            notes.append(
                f"The parameters are those after step {trained.chosen_step:,}, the best on a tenth "
                "of the training rows set aside to say when to stop."
            )
        if trained.interrupted:
            notes.append(f"Interrupted after {trained.steps:,} steps; this is the model by then.")
        return notes

    def _why_not(self) -> str:
        if self.problem.encoding.target.kind != "regression" and not self.settings.l2:
            return "If a line separates the classes, coefficients grow for ever: try --l2 1."
        if self.settings.optimizer != "accelerated" and self.problem.objective.smooth:
            return "For the optimum leave out --optimizer, --batch-size, --epochs and --patience."
        return "The coefficients are near the optimum, not at it."

    def plain(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dictionaries."""
        trained = self.trained
        found: dict[str, Any] = {
            "target": self.problem.encoding.target.name,
            "task": self.problem.encoding.target.kind,
            "losses": self.losses(),
            "score": self.score_name,
            "converged": trained.converged,
            "gradient": trained.gradient,
            "steps": trained.steps,
            "seconds": trained.seconds,
            "us_per_step": trained.us_per_step,
            "compile_seconds": trained.compile_seconds,
            "engine": trained.engine,
            "notes": self.notes(),
        }
        if self.linear:
            table = self.coefficients()
            found["coefficients"] = {
                name: dict(zip(table.outputs, row, strict=True)) if len(row) > 1 else row[0]
                for name, row in zip(table.names, table.values.tolist(), strict=True)
            }
        return found


def predictions(problem: Problem, params: Params, rows: Rows) -> Floats:
    """Return what a regression predicts for rows, in the target's own units."""
    scores = models.scores(params, rows.X)
    mean, target = problem.objective.mean, problem.encoding.target
    return np.asarray((mean(scores) if mean else scores) * target.scale + target.mean)
