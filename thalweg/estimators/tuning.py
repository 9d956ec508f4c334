"""Hyperparameters of fits of tables: searched by cross-validation, the best one fitted."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import thalweg as tw
from thalweg.data.encoding import Encoding
from thalweg.data.sources import table_of
from thalweg.errors import ArgumentError, did_you_mean, shown
from thalweg.estimators import models
from thalweg.estimators.evaluation.parts import folds
from thalweg.estimators.fitting import TableFit, fit_split, resolve, settings_for
from thalweg.estimators.models import Params, parse_model
from thalweg.estimators.objectives import parse_objective
from thalweg.estimators.problem import Rows
from thalweg.estimators.settings import NEWTON, Settings
from thalweg.estimators.split import Split, split
from thalweg.estimators.training import set_aside, train
from thalweg.training.inputs import whole_number
from thalweg.training.plots import smooth
from thalweg.tuning import Space, Study, Trial, loguniform, optimizer_of, optimizer_space
from thalweg.tuning.optimizers import SPACES
from thalweg.tuning.space import Config, Dimension
from thalweg.tuning.tune import tune

# What of a fit may be searched: settings, an optimizer by name, and that one's numbers.
SETTINGS = ("model", "l2", "batch_size", "epochs", "patience")
NUMBERS = sorted({name for space in SPACES.values() for _, name, _ in space})
# What the log says of a study beside hyperparameters.
_FACTS = ("target", "folds", "data")
# How often a fold's validation loss is looked at.
_LOOKS = 25


@dataclass(frozen=True, eq=False)
class TunedTable:
    """What a search for a table found.

    Args:
        study: The trials.
        fit: The best hyperparameters, fitted to all training rows and judged on the rows held out,
            which no trial has seen.
    """

    study: Study
    fit: TableFit


def tune_table(
    data: Any,
    target: str | None = None,
    space: Space | Mapping[str, Any] | None = None,
    *,
    folds: int = 5,
    trials: int = 32,
    sampler: Any = "sobol",
    pruner: Any = None,
    executor: Any = None,
    log: Any = None,
    callbacks: Any = (),
    progress: Any = "auto",
    **settings: Any,
) -> TunedTable:
    """Search the hyperparameters of a fit of a table, and fit the best ones.

    Each trial is judged by its mean loss over folds of the training rows, of which each is left
    out once; columns are standardized over all training rows. A network has other first weights
    in each fold.

    Args:
        data: As for `fit_table`.
        target: The column to predict; left out where there is a formula, whose left side it is.
        space: Any of model, l2, batch_size, epochs, patience, optimizer (its name) and the
            optimizer's numbers, such as learning_rate; a `Space` or a dict. By default l2, and for
            networks what `tw.tuning.optimizer_space("adam", trials)` has.
        folds: In how many parts the training rows are divided, at least 2.
        trials: How many to make.
        sampler: As for `tw.tune`, and so are the next ones.
        pruner: Its steps are the folds that a trial has come through.
        executor: What runs trials.
        log: The file they are written to and resumed from.
        callbacks: Called with the study and each trial.
        progress: Whether to show a line.
        settings: Those of `Settings` that stay fixed.

    Raises:
        ArgumentError: If an argument is outside its range, or something cannot be searched.
        CheckpointError: If the log is of another study.
        DataError: If the data cannot be used.

    Example:
        >>> import numpy as np
        >>> from thalweg.estimators import tune_table
        >>> X = np.random.default_rng(0).normal(size=(60, 8))
        >>> table = {f"x{i}": X[:, i] for i in range(8)}
        >>> table["y"] = X[:, 0] + np.random.default_rng(1).normal(size=60)
        >>> found = tune_table(table, "y", trials=8, folds=3)
        >>> sorted(found.study.best.config)
        ['data', 'folds', 'l2', 'target']
    """
    folds = whole_number("folds", folds, 2, "It is in how many parts the rows are divided.")
    asked = settings_for(target, settings)
    if asked.time is not None:
        raise ArgumentError(
            f"time is {shown(asked.time)}, and trials are judged on rows of all times. Leave it "
            "out, or fit without tuning."
        )
    rows = split(table_of(data, asked.reading), asked)
    if len(rows.train) < 2 * folds:
        raise ArgumentError(
            f"There are {len(rows.train)} training rows for {folds} folds. Give fewer folds."
        )
    searched = _with_facts(space, asked, rows, folds, trials)
    search = FoldedFits(rows.encoding, rows.objective.text, rows.train, asked, folds, rows.groups)
    study = tune(
        search, searched, trials=trials, sampler=sampler, pruner=pruner, executor=executor,
        log=log, seed=asked.seed, callbacks=callbacks, progress=progress,
    )  # fmt: skip
    best = resolve(rows, configured(asked, study.best.config))
    return TunedTable(study, fit_split(rows, best, progress))


def default_space(settings: Settings, trials: int) -> dict[str, Dimension]:
    """Return what is searched if nobody says: the penalty, and what networks are trained by."""
    found: dict[str, Dimension] = {}
    if settings.l2 is None:
        found["l2"] = loguniform(1e-3, 1e4 if settings.model == "linear" else 1e2)
    if settings.model != "linear" and settings.optimizer is None:
        found |= optimizer_space("adam", trials)
    return found


def _with_facts(space: Any, settings: Settings, rows: Split, folds: int, trials: int) -> Space:
    """Return the space with what else its results hold for, so that a log knows its data."""
    found = Space.of(default_space(settings, trials) if space is None else space)
    known = [*SETTINGS, "optimizer", *NUMBERS]
    for name in [*found.dimensions, *found.fixed]:
        if name not in known:
            raise ArgumentError(
                f"{shown(name)} cannot be searched in fits of tables.{did_you_mean(name, known)} "
                f"There are {', '.join(known)}."
            )
        given = name if name in SETTINGS else "optimizer"
        if getattr(settings, given) not in (None, getattr(Settings("y"), given)):
            raise ArgumentError(
                f"{name} is searched, and {given} is given as a setting too. Leave one out."
            )
    X, y = rows.train.X, np.ascontiguousarray(rows.train.y)
    digest = hashlib.blake2b(np.ascontiguousarray(X).tobytes() + y.tobytes(), digest_size=8)
    if rows.train.weights is not None:
        digest.update(rows.train.weights.tobytes())
    fixed = {f.name: getattr(settings, f.name) for f in fields(settings)}
    plain = {k: v for k, v in fixed.items() if k in SETTINGS and v != getattr(Settings("y"), k)}
    facts = {"target": settings.target, "folds": folds, "data": digest.hexdigest()}
    return Space(found.scientific, found.nuisance, {**found.fixed, **plain, **facts})


def configured(settings: Settings, config: Mapping[str, Any]) -> Settings:
    """Return the settings of a fit with hyperparameters in place of what it left open.

    >>> configured(Settings("y", model="mlp:8"), {"l2": 1.0, "learning_rate": 0.1}).optimizer
    adam(learning_rate=0.1)
    """
    chosen = {name: config[name] for name in SETTINGS if name in config}
    if config.keys() & {"optimizer", *NUMBERS}:
        chosen["optimizer"] = optimizer_of(config)
    return replace(settings, **chosen)


@dataclass(frozen=True, eq=False)
class FoldedFits:
    """What a trial does: a fit for each fold, judged on the rows it left out.

    It can be sent to another process: a loss goes by its text.

    Args:
        encoding: How columns became features and target.
        loss: The loss, as written.
        rows: The training rows.
        settings: What stays fixed.
        folds: How many there are.
        groups: The group of each row, none of which is divided.
    """

    encoding: Encoding
    loss: str
    rows: Rows
    settings: Settings
    folds: int
    groups: NDArray[np.int64] | None = None

    def __call__(self, config: Config, trial: Trial) -> dict[str, Any]:
        """Return the mean loss over the folds, its score, and the curves of the first fold.

        Each fold starts from first weights of its own: what is luck with one start is no reason
        to choose a setting.
        """
        settings = configured(self.settings, config)
        found: dict[str, Any] = {}
        losses: list[float] = []
        scores: list[float] = []
        for number, fold in enumerate(self.splits()):
            chosen = resolve(fold, replace(settings, seed=settings.seed + number))
            # One fold's curves are enough to see how training goes.
            params, curves = fit_fold(fold, chosen, followed=not losses)
            found = found or curves
            activation = parse_model(settings.model).activation
            losses.append(fold.mean_loss(fold.held_out, params, activation))
            held_out = fold.held_out
            scores.append(fold.score(models.scores(params, held_out.X, activation), held_out))
            trial.report(float(np.mean(losses)), len(losses))
            if trial.should_prune():
                break
        return {"val_loss": np.mean(losses), "score": np.mean(scores), "curves": found}

    def splits(self) -> list[Split]:
        """Return the folds: each leaves out as many rows, of each class alike.

        What cannot be divided is always trained on, so that all compile to one program.
        """
        y, regression = self.rows.y, self.encoding.target.kind == "regression"
        every = np.arange(len(y))
        parts = folds(
            len(y), self.folds, self.settings.seed, classes=None if regression else y,
            groups=self.groups, equal=True,
        )  # fmt: skip
        objective = parse_objective(self.loss, self.encoding.target.kind)
        return [
            Split(
                self.encoding, objective,
                self.rows.take(np.setdiff1d(every, out)), self.rows.take(out),
            )
            for out in parts
        ]  # fmt: skip


def fit_fold(
    fold: Split, settings: Settings, followed: bool = False
) -> tuple[Params, dict[str, Any]]:
    """Fit the training rows of a fold, with nothing told beside the curves of losses.

    The penalty is a column of the data: so it is a number that compiled code is given, and trials
    that differ in it compile nothing.

    Args:
        fold: The rows.
        settings: How, with every choice made.
        followed: Whether the loss on the rows left out is looked at on the way.

    Returns:
        The parameters that a fit of these settings would keep, and losses by epochs.
    """
    optimizer = settings.optimizer
    if optimizer is None or optimizer == NEWTON:
        return train(fold, settings, False).params, {}
    objective, model = fold.objective, parse_model(settings.model)
    rows, aside = set_aside(fold, settings)
    start = models.initial(model, rows.X.shape[1], fold.outputs, settings.seed)
    patience = settings.patience or None
    judged = aside if patience else fold.held_out if followed else None

    def loss(params: Params, X: Any, y: Any, penalty: Any, *weights: Any) -> Any:
        losses = objective.losses(models.scores(params, X, model.activation), y)
        value = np.sum(weights[0] * losses) / np.sum(weights[0]) if weights else np.mean(losses)
        return value + 0.5 * np.mean(penalty) * models.squared_weights(params)

    def arrays(rows: Rows, penalty: float) -> tuple[NDArray[Any], ...]:
        weights = () if rows.weights is None else (rows.weights,)
        return rows.X, rows.y, np.full(len(rows), penalty), *weights

    size = min(settings.batch_size or len(rows), len(rows))
    steps = math.ceil(len(rows) / size)
    epochs = settings.epochs or 1
    fit = tw.fit(
        loss,
        start,
        arrays(rows, (settings.l2 or 0.0) / rows.total),
        optimizer=optimizer,
        batch_size=None if size == len(rows) else size,
        epochs=epochs,
        seed=settings.seed,
        validation=None if judged is None else arrays(judged, 0.0),
        patience=patience,
        evaluate_every=steps * max(1, epochs // _LOOKS) if judged is fold.held_out else None,
        progress=False,
    )
    history, unit = fit.history, fold.unit
    losses = smooth(history.epoch, history.loss * unit)
    curves = {"loss": losses, "val_loss": (history.validation_epoch, history.validation * unit)}
    return (fit.best_params if patience else fit.params), curves
