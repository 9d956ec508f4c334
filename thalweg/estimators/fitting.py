"""From a table and settings to a fitted model: every choice made, the model trained and judged."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thalweg import optim
from thalweg.data.formulas import parse_formula
from thalweg.data.sources import table_of
from thalweg.data.table import Table
from thalweg.errors import ArgumentError, CallError, SpecError, did_you_mean, shown
from thalweg.estimators.evaluation.inspection import PartialDependence, PermutationImportance
from thalweg.estimators.evaluation.metrics import Judgment, together
from thalweg.estimators.fitted import Coefficients, FittedModel
from thalweg.estimators.models import Model, parse_model
from thalweg.estimators.objectives import Objective
from thalweg.estimators.problem import Rows
from thalweg.estimators.settings import NEWTON, Settings
from thalweg.estimators.split import Split, split
from thalweg.estimators.split import folds as folds_of
from thalweg.estimators.training import Trained, train
from thalweg.estimators.uncertainty.coefficients import encoded_inference, in_own_units
from thalweg.estimators.uncertainty.intervals import Uncertainty, uncertainty_of
from thalweg.inference import Inference
from thalweg.inference.printing import plain as inference_in_plain_values

log = logging.getLogger("thalweg")

# How long a run of a chosen optimizer is if nobody says.
STEPS, MOST_EPOCHS, BATCH_SIZE = 10_000, 1000, 100

LEAST_WAIT = 1000

# What columns do is told from so many rows.
MOST_ROWS = 2000


def fit_table(
    data: Any, target: str | None = None, *, progress: Any = "auto", **settings: Any
) -> TableFit:
    """Fit a model that predicts one column of a table from the others.

    Numbers are standardized, texts one-hot encoded, a fifth of the rows held out. By default the
    model is linear and fitted to its optimum: least squares for numbers, logistic regression for
    classes.

    Args:
        data: The path of a file (CSV, TSV, Parquet, JSON lines, Arrow, Excel); a data frame; a dict
            of columns; or a table.
        target: The column to predict; left out where there is a formula, whose left side it is.
        progress: As for `tw.fit`.
        settings: Any of `Settings`: formula, task, model, loss, optimizer, batch_size, epochs,
            patience, l2, missing, drop, features, interactions, category, date, na, decimal,
            holdout, folds, groups, time, weights, covariance, seed.

    Raises:
        DataError: If the data, a column or a value cannot be used.
        ArgumentError: If a setting is outside its range.
        CallError: If there is no such setting.
        SpecError: If a model or loss means nothing, or settings exclude each other.
        TrainingDiverged: If the loss or the parameters stop being finite.
        KeyboardInterrupt: On Ctrl-C; its attribute `fit` is what was found by then.

    Example:
        >>> houses = {"area": [50.0, 70.0, 90.0, 60.0], "price": [1.0, 1.4, 2.1, 1.3]}
        >>> fit = fit_table(houses, "price", holdout=0)
        >>> fit.coefficients.names, fit.coefficients.values[:, 0].round(4)
        (('intercept', 'area'), array([-0.3629,  0.0269]))
        >>> fit.model.predict({"area": [65.0]}).round(4)
        array([1.3829])
        >>> fit_table(houses, formula="log(price) ~ area", holdout=0).coefficients.names
        ('intercept', 'area')
    """
    known = [field.name for field in fields(Settings)]
    for name in settings:
        if name not in known:
            guess = did_you_mean(name, known)
            raise CallError(
                f"fit_table takes no {shown(name)}.{guess} See Settings for all it does."
            )
    asked = settings_for(target, settings)
    table = table_of(data, asked.reading)
    rows = split(table, asked)
    found = fit_split(rows, resolve(rows, asked), progress)
    if asked.folds and not found.trained.interrupted:
        found = replace(found, folds=cross_validate(table, asked))
    if found.trained.interrupted:
        interruption = KeyboardInterrupt()
        interruption.fit = found  # type: ignore[attr-defined]
        raise interruption
    return found


def settings_for(target: str | None, settings: Mapping[str, Any]) -> Settings:
    """Return settings whose target is the left side of their formula if nobody names it.

    Raises:
        ArgumentError: If there is neither.
    """
    formula = settings.get("formula")
    if target is None and formula is None:
        raise ArgumentError("There is no target. Name the column to predict, or give a formula.")
    return Settings(parse_formula(formula).target if target is None else target, **settings)


def fit_split(split: Split, settings: Settings, progress: Any = "auto") -> TableFit:
    """Fit a model to rows that are ready for it.

    Args:
        split: The rows.
        settings: What `resolve` returned.
        progress: As for `tw.fit`.

    Raises:
        TrainingDiverged: If the loss or the parameters stop being finite.
    """
    trained = train(split, settings, progress)
    log.info(
        "fitted %s with the %s loss by %s: %d steps in %.3g s", settings.model, settings.loss,
        settings.optimizer, trained.steps, trained.seconds,
    )  # fmt: skip
    return TableFit(settings, split, trained)


def cross_validate(table: Table, settings: Settings) -> tuple[TableFit, ...]:
    """Return a fit for each fold of a table, which it is judged on and did not see.

    Means, deviations and categories' shares are those of the rows that a fold is trained on.

    Args:
        table: The table.
        settings: What was asked for.

    Raises:
        DataError: If a fold cannot be fitted.
        TrainingDiverged: If a loss or parameters stop being finite.
        KeyboardInterrupt: On Ctrl-C.
    """
    found = []
    for number, fold in enumerate(folds_of(table, settings), start=1):
        log.info("fold %d of %d: %d rows held out", number, settings.folds, len(fold.held_out))
        fit = fit_split(fold, resolve(fold, settings), False)
        if fit.trained.interrupted:
            raise KeyboardInterrupt
        found.append(fit)
    return tuple(found)


def resolve(split: Split, settings: Settings) -> Settings:
    """Make every choice that was left to the data.

    A linear model with a smooth loss goes to its optimum, all rows at each step; everything else
    is trained by Adam in batches, a network until a tenth of the training rows, set aside, says
    stop.

    Raises:
        SpecError: If choices exclude each other.
    """
    model, objective, rows = parse_model(settings.model), split.objective, len(split.train)
    linear, classes = model.kind == "linear", split.encoding.target.kind != "regression"
    asked = (settings.batch_size, settings.epochs, settings.patience)
    chosen = replace(
        settings,
        model=str(model),
        loss=objective.text,
        l2=float(classes) if settings.l2 is None else float(settings.l2),
    )
    if settings.optimizer is None and linear and objective.smooth and asked == (None,) * 3:
        return replace(chosen, optimizer=NEWTON)
    if settings.optimizer == NEWTON:
        _require_smooth(model, objective, asked)
        return chosen
    batch_size = settings.batch_size or min(rows, BATCH_SIZE)
    steps_per_epoch = math.ceil(rows / batch_size)
    epochs = settings.epochs or min(MOST_EPOCHS, math.ceil(STEPS / steps_per_epoch))
    patience = settings.patience
    if patience is None:
        waiting = max(20, math.ceil(LEAST_WAIT / steps_per_epoch))
        patience = 0 if linear or settings.epochs else waiting
    decaying = optim.cosine_decay_schedule(0.05, epochs * steps_per_epoch)
    optimizer = settings.optimizer or optim.adam(decaying if linear else 0.003)
    return replace(
        chosen, optimizer=optimizer, batch_size=batch_size, epochs=epochs, patience=patience
    )


def _require_smooth(model: Model, objective: Objective, asked: tuple[Any, ...]) -> None:
    if model.kind != "linear" or not objective.smooth:
        what = f"the model {model}" if model.kind != "linear" else f"the loss {objective.text}"
        raise SpecError(
            f"The optimizer newton is for linear models with a smooth loss, not for {what}. "
            "Choose another, such as adam(0.01)."
        )
    if asked != (None,) * 3:
        raise SpecError(
            "The optimizer newton uses all rows at each step and stops by itself. Leave out "
            "the batch size, the epochs and the patience, or choose another, such as adam(0.01)."
        )


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
        folds: The fits that cross-validation made, each of which held other rows out.

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
    folds: tuple[TableFit, ...] = ()

    @cached_property
    def model(self) -> FittedModel:
        """The model, which predicts, and can be saved."""
        if not self.linear:
            why = f"A network such as {self.settings.model} has none. Fit a linear model for them."
            return replace(self._model, uncertainty=Uncertainty(why))
        found = uncertainty_of(self._encoded, self.split.objective, self.split.train.X)
        return replace(self._model, uncertainty=found)

    @cached_property
    def _model(self) -> FittedModel:
        """The model without what intervals take, which costs a matrix of second derivatives."""
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
        found = self.inference
        errors = None if found.convention is None else found.std_errors
        return replace(self._model.coefficients, std_errors=errors)

    @cached_property
    def inference(self) -> Inference:
        """What the training rows tell of a linear model's coefficients, in own units.

        Raises:
            ArgumentError: If the model is not linear.
        """
        self._model.coefficients  # noqa: B018 (which other models lack, and say so)
        return in_own_units(self._encoded, self.split.train, self.split.encoding)

    @cached_property
    def _encoded(self) -> Inference:
        """The same of encoded features."""
        split, settings = self.split, self.settings
        return encoded_inference(
            split.objective, split.train, self.trained.params, split.encoding.names,
            settings.l2 or 0.0, settings.covariance, split.groups,
        )  # fmt: skip

    @cached_property
    def judgments(self) -> dict[str, Judgment]:
        """What was predicted beside what is, by the rows judged on.

        These are "training", and "held out" or, by the models that did not see them,
        "cross-validated".
        """
        found = {"training": self._judgment(self.split.train)}
        if len(self.split.held_out):
            found["held out"] = self._judgment(self.split.held_out)
        if self.folds:
            parts = [fold.judgments["held out"] for fold in self.folds]
            found["cross-validated"] = together(parts)
        return found

    @property
    def judged_on(self) -> str:
        """The rows that tell most of the model: those it did not see, if there are any."""
        return list(self.judgments)[-1]

    @cached_property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Every metric by name, by the rows judged on; over folds it is their mean."""
        found = {name: judged.metrics for name, judged in self.judgments.items()}
        if self.folds:
            parts = [fold.metrics["held out"] for fold in self.folds]
            found["cross-validated"] = {
                name: float(np.mean([part[name] for part in parts])) for name in parts[0]
            }
        return found

    @cached_property
    def spread(self) -> dict[str, float]:
        """The standard deviation of each metric between folds; nothing without folds."""
        parts = [fold.metrics["held out"] for fold in self.folds]
        names = parts[0] if parts else ()
        return {name: float(np.std([part[name] for part in parts], ddof=1)) for name in names}

    def _judgment(self, rows: Rows) -> Judgment:
        target, model = self.split.encoding.target, self._model
        scores = model.of_features(rows.X)
        if target.kind == "regression":
            actual = rows.y * target.scale + target.mean
            predicted = model.predicted(scores)
            return Judgment("regression", (), actual, predicted, weights=rows.weights)
        ranked = scores if scores.ndim == 1 else None
        actual, taken = rows.y.astype(np.int64), model.taken(scores)
        shares = model.shares(scores)
        return Judgment(target.kind, target.classes, actual, taken, shares, ranked, rows.weights)

    @cached_property
    def losses(self) -> dict[str, dict[str, float]]:
        """Losses and scores of the model and the null model, by the rows judged on."""
        judged = {"training": self.split.train, "held out": self.split.held_out}
        found = {name: self._judged(rows) for name, rows in judged.items() if len(rows)}
        if self.folds:
            parts = [fold.losses["held out"] for fold in self.folds]
            rows = [part["rows"] for part in parts]
            totals = [fold.split.held_out.total for fold in self.folds]
            means = {
                name: float(np.average([part[name] for part in parts], weights=totals))
                for name in ("loss", "null loss")
            }
            scores = {
                name: float(np.mean([part[name] for part in parts]))
                for name in ("score", "null score")
            }
            found["cross-validated"] = {"rows": sum(rows), **means, **scores}
        return found

    def _judged(self, rows: Rows) -> dict[str, float]:
        split, objective = self.split, self.split.objective
        constant = objective.null(split.train.y, split.outputs, split.train.weights)
        null = np.broadcast_to(constant, (len(rows), *np.shape(constant)))
        activation = self._model.spec.activation
        return {
            "rows": len(rows),
            "loss": split.mean_loss(rows, self.trained.params, activation),
            "null loss": rows.mean(objective.losses(null, rows.y)) * split.unit,
            "score": split.score(self._model.of_features(rows.X), rows),
            "null score": split.score(null, rows),
        }

    def partial_dependence(
        self,
        column: str,
        *,
        percentiles: tuple[float, float] = (0.05, 0.95),
        grid_resolution: int = 100,
    ) -> PartialDependence:
        """Return what is predicted on average where a column has given values.

        It is over the training rows, or 2,000 of them if there are more; `model` has the same for
        any rows.

        Args:
            column: The column.
            percentiles: The ends of the grid of a column of many numbers.
            grid_resolution: How many values the grid has.

        Raises:
            ArgumentError: If there is no such column, or the grid has no extent.

        Example:
            >>> from thalweg.estimators import fit_table
            >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
            >>> fit_table(houses, "price", holdout=0).partial_dependence("area").grid_values
            array([50., 70., 90.])
        """
        X = self._some(self.split.train).X
        return self._model.dependence_of(X, column, percentiles, grid_resolution)

    def permutation_importance(self, *, n_repeats: int = 5) -> PermutationImportance:
        """Return by how much the loss rises if a column is shuffled.

        It is of the rows held out, or of the training rows if there are none, or of 2,000 of them
        if there are more; `model` has the same for any rows.

        Args:
            n_repeats: How many orders there are; they follow from the seed.

        Raises:
            ArgumentError: If there are no repeats.

        Example:
            >>> from thalweg.estimators import fit_table
            >>> houses = {"area": [50.0, 70.0, 90.0], "price": [1.0, 1.5, 2.0]}
            >>> fit_table(houses, "price", holdout=0).permutation_importance().columns
            ('area',)
        """
        split = self.split
        rows = self._some(split.held_out if len(split.held_out) else split.train)
        seed = self.settings.seed
        return self._model.importance_of(rows.X, rows.y, n_repeats, seed, rows.weights)

    def _some(self, rows: Rows) -> Rows:
        """Return rows that tell enough of columns."""
        if len(rows) <= MOST_ROWS:
            return rows
        order = np.random.default_rng([self.settings.seed, 4]).permutation(len(rows))
        return rows.take(np.sort(order[:MOST_ROWS]))

    def plain(self) -> dict[str, Any]:
        """Return everything as numbers, texts, lists and dictionaries, as JSON has them.

        What is not defined is None.
        """
        target, settings = self.split.encoding.target, self.settings
        found: dict[str, Any] = {
            "target": target.name,
            "formula": settings.formula,
            "task": target.kind,
            "classes": list(target.classes),
            "model": settings.model,
            "loss": settings.loss,
            "optimizer": str(settings.optimizer),
            "l2": settings.l2,
            "weights": settings.weights,
            "seed": settings.seed,
            "data": {
                "fingerprint": self.split.fingerprint,
                "features": len(self.split.encoding.names),
            },
            "losses": self.losses,
            "score": self.score_name,
            "metrics": self.metrics,
            **{name: getattr(self.trained, name) for name in TRAINING},
        }
        if self.folds:
            found["spread"] = self.spread
            found["folds"] = [fold.metrics["held out"] for fold in self.folds]
        if target.kind != "regression":
            found["by class"] = {name: j.by_class for name, j in self.judgments.items()}
        if self.linear:
            table = self.coefficients
            found["coefficients"] = {
                name: dict(zip(table.outputs, row, strict=True)) if len(row) > 1 else row[0]
                for name, row in zip(table.names, table.values.tolist(), strict=True)
            }
        plain = {name: _without_nan(value) for name, value in found.items()}
        if self.linear:
            plain["inference"] = inference_in_plain_values(self.inference)
        return plain


def _without_nan(value: Any) -> Any:
    """Return plain values with None for numbers that are not finite: JSON has none of those."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
