"""Search hyperparameters beside scikit-learn's RandomizedSearchCV: `python -m benchmarks.tuning`.

Both search the learning rate and the penalty of the same network (one hidden layer of rectified
units, Adam, batches of 32) on the same training rows, with as many trials of five folds. The
times are of the processor, the median of interleaved rounds. As each has folds and first weights
of its own, settings found are judged by both: by scikit-learn's cross-validation and by thalweg's,
and by the rows held out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from thalweg.data.sources import table_of
from thalweg.estimators import Settings, tune_table
from thalweg.estimators.split import split
from thalweg.estimators.tuning import FoldedFits

FOLDS = 5
RATES, PENALTIES = (1e-4, 1e-1), (1e-3, 1e2)


@dataclass(frozen=True)
class Task:
    """A data set and the network for it."""

    name: str
    load: Callable[..., Any]
    width: int
    epochs: int
    classes: bool
    batch: int = 32

    @property
    def table(self) -> dict[str, Any]:
        """The data as columns."""
        X, y = self.load(return_X_y=True)
        columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}
        return {**columns, "y": y.astype(str) if self.classes else y}

    @property
    def settings(self) -> dict[str, Any]:
        """What stays fixed in a fit of thalweg's."""
        return {
            "model": f"mlp:{self.width}",
            "epochs": self.epochs,
            "batch_size": self.batch,
            "patience": 0,
        }

    def rows(self) -> tuple[Any, Any, Any, Any]:
        """Return the training rows and those held out, the same as thalweg's."""
        X, y = self.load(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(y))
        held = round(0.2 * len(y))
        train, out = np.sort(order[held:]), np.sort(order[:held])
        return X[train], y[train], X[out], y[out]


TASKS = [Task("digits", load_digits, 32, 60, True), Task("diabetes", load_diabetes, 16, 60, False)]


# ---- scikit-learn


def sklearn_model(task: Task, seed: int = 0) -> tuple[Any, str]:
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
    """Return scikit-learn's alpha, which it divides by the rows of a batch, not of the data."""
    rows = len(task.rows()[1]) * (FOLDS - 1) / FOLDS
    return penalty * min(task.batch, rows) / rows


def by_sklearn(task: Task, trials: int) -> dict[str, Any]:
    """Search by scikit-learn; return seconds, settings and the loss on the rows held out."""
    X, y, out, actual = task.rows()
    model, prefix = sklearn_model(task)
    low, high = (alpha_of(task, penalty) for penalty in PENALTIES)
    space = {
        f"{prefix}learning_rate_init": loguniform(*RATES), f"{prefix}alpha": loguniform(low, high)
    }  # fmt: skip
    search = RandomizedSearchCV(
        model, space, n_iter=trials, cv=FOLDS, scoring=scoring(task), random_state=0
    )
    began = time.process_time()
    search.fit(X, y)
    seconds = time.process_time() - began
    found = search.best_params_
    settings = {
        "learning_rate": float(found[f"{prefix}learning_rate_init"]),
        "l2": float(found[f"{prefix}alpha"]) / alpha_of(task, 1.0),
    }  # fmt: skip
    return {"seconds": seconds, "settings": settings, "held out": -search.score(out, actual)}


def scoring(task: Task) -> str:
    """Return scikit-learn's name of the loss."""
    return "neg_log_loss" if task.classes else "neg_mean_squared_error"


def judged_by_sklearn(task: Task, settings: dict[str, float], seeds: int) -> float:
    """Return the mean loss of settings by scikit-learn's cross-validation."""
    X, y, _, _ = task.rows()
    losses = []
    for seed in range(seeds):
        model, prefix = sklearn_model(task, seed)
        model.set_params(**{
            f"{prefix}learning_rate_init": settings["learning_rate"],
            f"{prefix}alpha": alpha_of(task, settings["l2"]),
        })  # fmt: skip
        losses.append(-cross_val_score(model, X, y, cv=FOLDS, scoring=scoring(task)).mean())
    return float(np.mean(losses))


# ---- thalweg


def by_thalweg(task: Task, trials: int) -> dict[str, Any]:
    """Search by thalweg; return the same."""
    space = {"learning_rate": tw.tuning.loguniform(*RATES), "l2": tw.tuning.loguniform(*PENALTIES)}
    table = task.table
    began = time.process_time()
    found = tune_table(table, "y", space, folds=FOLDS, trials=trials, **task.settings)
    seconds = time.process_time() - began
    config = found.study.best.config
    settings = {"learning_rate": config["learning_rate"], "l2": config["l2"]}
    return {
        "seconds": seconds,
        "settings": settings,
        "held out": found.fit.losses["held out"]["loss"],
    }


def judged_by_thalweg(task: Task, settings: dict[str, float], seeds: int) -> float:
    """Return the mean loss of settings by thalweg's cross-validation."""
    losses = []
    for seed in range(seeds):
        asked = Settings("y", **task.settings, seed=seed)
        rows = split(table_of(task.table), asked)
        folds = FoldedFits(rows.encoding, rows.objective.text, rows.train, asked, FOLDS)
        losses.append(folds(settings, tw.tuning.Trial())["val_loss"])
    return float(np.mean(losses))


SEARCHES = {"scikit-learn": by_sklearn, "thalweg": by_thalweg}


def main() -> None:
    """Run the rounds and print a line a search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", default=[task.name for task in TASKS])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=3, help="of the judges")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for task in TASKS:
        if task.name not in options.tasks:
            continue
        task = replace(task, batch=options.batch)
        rounds = [
            {name: search(task, options.trials) for name, search in SEARCHES.items()}
            for _ in range(options.rounds)
        ]
        print(f"{task.name}: {options.trials} trials of {FOLDS} folds, {task.settings}")
        seconds = {}
        for name in SEARCHES:
            found = rounds[0][name]
            seconds[name] = statistics.median(r[name]["seconds"] for r in rounds)
            settings = found["settings"]
            judged = [
                judge(task, settings, options.seeds)
                for judge in (judged_by_sklearn, judged_by_thalweg)
            ]
            print(
                f"  {name:13} {seconds[name]:8.2f} s  learning_rate {settings['learning_rate']:.3g}"
                f"  l2 {settings['l2']:.3g}  loss by scikit-learn's folds {judged[0]:.5g}, by "
                f"thalweg's {judged[1]:.5g}, held out {found['held out']:.5g}"
            )
        print(f"  time ratio {seconds['thalweg'] / seconds['scikit-learn']:.3f}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
