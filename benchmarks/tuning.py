"""Search hyperparameters beside scikit-learn's RandomizedSearchCV: `python -m benchmarks.tuning`.

Both search the learning rate and the penalty of the same network (one hidden layer of rectified
units, Adam, batches of 32): the same loss, ranges, rows and folds, and as many trials of five
folds. A seed decides which rows are held out, the folds, the points and the first weights.

A search is judged by the best score it says it has found, by the loss on the rows held out, and,
as the least of many noisy scores flatters, by fits of what it found from other first weights on the
same folds. Times are of the processor, in turns.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import loguniform
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import RandomizedSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import thalweg as tw
from benchmarks.losses.page import machine
from thalweg.data.sources import table_of
from thalweg.estimators import Settings, tune_table
from thalweg.estimators.evaluation.parts import folds
from thalweg.estimators.fitting import resolve
from thalweg.estimators.split import Split, split
from thalweg.estimators.tuning import FoldedFits, configured, fit_fold

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tuning.md"

FOLDS = 5
RATES, PENALTIES = (1e-4, 1e-1), (1e-3, 1e2)
# Fits of judges start from weights that no search has seen.
JUDGES = 1000
LIBRARIES = ("thalweg", "numpy", "scipy", "scikit-learn")

HEAD = """# Searches beside scikit-learn's

Written by `python -m benchmarks.tuning --write`: {machine}.

`thalweg tune` (`tune_table`) and `RandomizedSearchCV` search the learning rate (10⁻⁴ to 10⁻¹)
and the penalty (10⁻³ to 10²) of the same network, one hidden layer of rectified units trained by
Adam in batches of 32: {trials} trials of {folds} folds each. A seed decides which fifth of the rows
is held out, the folds, the points and the first weights; rows and folds are the same for both.

All figures are losses (mean squared errors, log losses), means over seeds; less is better.

- *best score said*: the mean over the folds of the trial that the search chose. As the least of
  many noisy ones it flatters.
- *judged*: of the settings found, on the same folds from other first weights, by the library that
  found them.
- *by the other*: the same by the other library. Networks begin with a last layer of zeros here and
  with one of random weights there, so that smaller learning rates do here.
- *held out*: of the model that the search hands over, on rows that no trial saw.
- *the difference*: thalweg's beside scikit-learn's, with its standard error over seeds.
- *seconds*: of the processor, in turns, medians.

"""


@dataclass(frozen=True)
class Task:
    """A data set, the network for it, with how many seeds both are compared, and the seed."""

    name: str
    load: Callable[..., Any]
    width: int
    epochs: int
    classes: bool
    seeds: int
    seed: int = 0
    batch: int = 32

    @property
    def table(self) -> dict[str, Any]:
        """The data as columns."""
        X, y = self.load(return_X_y=True)
        columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}
        return {**columns, "y": y.astype(str) if self.classes else y}

    @property
    def fixed(self) -> dict[str, Any]:
        """What stays as it is in all fits of thalweg's."""
        return {
            "model": f"mlp:{self.width}",
            "epochs": self.epochs,
            "batch_size": self.batch,
            "patience": 0,
            "seed": self.seed,
        }

    @cached_property
    def split(self) -> Split:
        """The rows to search with and those held out."""
        return split(table_of(self.table), Settings("y", **self.fixed))

    @cached_property
    def arrays(self) -> tuple[Any, Any, Any, Any]:
        """Features and targets of both."""
        X, y = self.load(return_X_y=True)
        assert self.split.places is not None
        train, out = self.split.places
        return X[train], y[train], X[out], y[out]

    @property
    def folds(self) -> list[tuple[Any, Any]]:
        """The rows of each fold and those it leaves out, as scikit-learn wants them."""
        y, every = self.split.train.y, np.arange(len(self.split.train))
        classes = y if self.classes else None
        parts = folds(len(y), FOLDS, self.seed, classes=classes, equal=True)
        return [(np.setdiff1d(every, out), out) for out in parts]


# scikit-learn takes minutes for a search on digits.
TASKS = [
    Task("digits", load_digits, 32, 60, True, 2),
    Task("diabetes", load_diabetes, 16, 60, False, 10),
]


@dataclass(frozen=True)
class Found:
    """What a search led to: its time, its settings, and their losses."""

    seconds: float
    settings: dict[str, float]
    best: float
    held_out: float


# ---- scikit-learn


def sklearn_model(task: Task, seed: int) -> tuple[Any, str]:
    """Return scikit-learn's pipeline of a network, and where its settings are."""
    options = {
        "hidden_layer_sizes": (task.width,), "batch_size": task.batch, "max_iter": task.epochs,
        "random_state": seed,
    }  # fmt: skip
    if task.classes:
        return make_pipeline(StandardScaler(), MLPClassifier(**options)), "mlpclassifier__"
    network = make_pipeline(StandardScaler(), MLPRegressor(**options))
    scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
    return scaled, "regressor__mlpregressor__"


def alpha_of(task: Task, penalty: float) -> float:
    """Return the alpha that makes scikit-learn's loss thalweg's, or half of it for a regression.

    thalweg adds ½·l2·‖W‖² to the sum of all rows' losses, scikit-learn ½·alpha·‖W‖² to that of a
    batch's; a row's loss is (y − s)² in the one, ½(y − s)² in the other.
    """
    rows = len(task.folds[0][0])
    return penalty * min(task.batch, rows) / rows * (1.0 if task.classes else 0.5)


def scoring(task: Task) -> str:
    """Return scikit-learn's name of the loss."""
    return "neg_log_loss" if task.classes else "neg_mean_squared_error"


def by_sklearn(task: Task, trials: int) -> Found:
    """Search by scikit-learn."""
    X, y, out, actual = task.arrays
    model, prefix = sklearn_model(task, task.seed)
    low, high = (alpha_of(task, penalty) for penalty in PENALTIES)
    rate, alpha = f"{prefix}learning_rate_init", f"{prefix}alpha"
    space = {rate: loguniform(*RATES), alpha: loguniform(low, high)}
    search = RandomizedSearchCV(
        model, space, n_iter=trials, cv=task.folds, scoring=scoring(task), random_state=task.seed
    )
    began = time.process_time()
    search.fit(X, y)
    seconds = time.process_time() - began
    settings = {
        "learning_rate": float(search.best_params_[rate]),
        "l2": float(search.best_params_[alpha]) / alpha_of(task, 1.0),
    }
    return Found(seconds, settings, -search.best_score_, -search.score(out, actual))


def judged_by_sklearn(task: Task, settings: dict[str, float], seed: int) -> float:
    """Return the loss of settings over the folds by scikit-learn, from first weights of a seed."""
    X, y, _, _ = task.arrays
    model, prefix = sklearn_model(task, seed)
    model.set_params(**{
        f"{prefix}learning_rate_init": settings["learning_rate"],
        f"{prefix}alpha": alpha_of(task, settings["l2"]),
    })  # fmt: skip
    return float(-cross_val_score(model, X, y, cv=task.folds, scoring=scoring(task)).mean())


# ---- thalweg


def by_thalweg(task: Task, trials: int) -> Found:
    """Search by thalweg."""
    space = {"learning_rate": tw.tuning.loguniform(*RATES), "l2": tw.tuning.loguniform(*PENALTIES)}
    table = task.table
    began = time.process_time()
    found = tune_table(table, "y", space, folds=FOLDS, trials=trials, **task.fixed)
    seconds = time.process_time() - began
    best = found.study.best
    settings = {name: best.config[name] for name in space}
    return Found(seconds, settings, best.value, found.fit.losses["held out"]["loss"])


def judged_by_thalweg(task: Task, settings: dict[str, float], seed: int) -> float:
    """Return the same by thalweg."""
    rows, asked = task.split, Settings("y", **task.fixed)
    fits = FoldedFits(rows.encoding, rows.objective.text, rows.train, asked, FOLDS)
    from_seed = configured(replace(asked, seed=seed), settings)
    losses = []
    for fold in fits.splits():
        params, _ = fit_fold(fold, resolve(fold, from_seed))
        losses.append(fold.mean_loss(fold.held_out, params))
    return float(np.mean(losses))


SEARCHES = {"scikit-learn": by_sklearn, "thalweg": by_thalweg}
JUDGED = {"scikit-learn": judged_by_sklearn, "thalweg": judged_by_thalweg}


@dataclass(frozen=True)
class Row:
    """What a search led to with one seed, and the judges' mean losses of it.

    Attributes:
        found: What it led to.
        own: By fits of the library that searched.
        other: By fits of the other one.
    """

    found: Found
    own: float
    other: float


def compared(task: Task, trials: int, judges: int) -> dict[str, Row]:
    """Search in both ways with one seed, and judge both."""
    rows = {}
    for name, search in SEARCHES.items():
        found = search(task, trials)
        losses = {
            by: np.mean([judge(task, found.settings, JUDGES + i) for i in range(judges)])
            for by, judge in JUDGED.items()
        }
        own = losses.pop(name)
        rows[name] = Row(found, float(own), float(*losses.values()))
    return rows


# What is told of each search: the head of a column, and what is in it.
COLUMNS: dict[str, Callable[[Row], float]] = {
    "best score said": lambda row: row.found.best,
    "judged": lambda row: row.own,
    "by the other": lambda row: row.other,
    "held out": lambda row: row.found.held_out,
}


def table(rounds: list[dict[str, Row]]) -> list[str]:
    """Return a table of the means over seeds, and of the differences with their standard errors."""
    lines = [f"| search | {' | '.join(COLUMNS)} | seconds |", "|---|---:|---:|---:|---:|---:|"]
    for name in SEARCHES:
        means = [np.mean([column(r[name]) for r in rounds]) for column in COLUMNS.values()]
        seconds = np.median([r[name].found.seconds for r in rounds])
        lines.append(f"| {name} | {' | '.join(f'{m:.5g}' for m in means)} | {seconds:.2f} |")
    ours, theirs = "thalweg", "scikit-learn"
    cells = []
    for column in COLUMNS.values():
        gains = 100.0 * np.array([column(r[ours]) / column(r[theirs]) - 1.0 for r in rounds])
        error = np.std(gains, ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
        cells.append(f"{np.mean(gains):+.2f} ± {error:.2f} %")
    ratio = np.median([r[ours].found.seconds / r[theirs].found.seconds for r in rounds])
    return [*lines, f"| the difference | {' | '.join(cells)} | {ratio:.3f} of the time |"]


def page(found: dict[str, list[dict[str, Row]]], trials: int) -> str:
    """Return the page."""
    parts = []
    for task in TASKS:
        seeds = len(found[task.name])
        title = f"{task.name}, {seeds} seeds, {task.width} hidden units, {task.epochs} epochs"
        parts += [f"## {title}", "", *table(found[task.name]), ""]
    return HEAD.format(trials=trials, folds=FOLDS, machine=machine(LIBRARIES)) + "\n".join(parts)


def main() -> None:
    """Search with each seed, and print a table a task."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tasks", nargs="*", default=[task.name for task in TASKS])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--seeds", type=int, help="by default those of the page")
    parser.add_argument("--judges", type=int, default=3, help="fits of each, for each fold")
    parser.add_argument("--write", action="store_true", help="write docs/tuning.md")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, list[dict[str, Row]]] = {}
    for task in [task for task in TASKS if task.name in options.tasks]:
        rounds = found[task.name] = []
        for seed in range(options.seeds or task.seeds):
            rounds.append(compared(replace(task, seed=seed), options.trials, options.judges))
            for name, row in rounds[-1].items():
                print(f"{task.name} {seed} {name}: {row}", file=sys.stderr, flush=True)
        print("\n".join(["", task.name, "", *table(rounds)]), flush=True)
    if options.write and len(found) == len(TASKS):
        PAGE.write_text(page(found, options.trials), encoding="utf-8")


if __name__ == "__main__":
    main()
