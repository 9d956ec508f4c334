"""Hyperparameters of fits of tables: folds, what is searched, and what comes of it."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import Ridge

import thalweg as tw
from thalweg.data.sources import table_of
from thalweg.errors import ArgumentError, CheckpointError
from thalweg.estimators import Settings, tune_table
from thalweg.estimators.fitting import resolve
from thalweg.estimators.split import split
from thalweg.estimators.training import train
from thalweg.estimators.tuning import FoldedFits, fit_fold
from thalweg.tuning import Trial, choice, loguniform

X, Y = load_diabetes(return_X_y=True)
DIABETES = {**{f"x{i}": X[:, i] for i in range(10)}, "y": Y}
SMALL = {name: column[:60] for name, column in DIABETES.items()}
FLOWERS, KINDS = load_iris(return_X_y=True)
IRIS = {**{f"x{i}": FLOWERS[:, i] for i in range(4)}, "y": KINDS.astype(str)}


def folds_of(table: Any, folds: int = 5, **settings: Any) -> FoldedFits:
    asked = Settings("y", **settings)
    rows = split(table_of(table), asked)
    return FoldedFits(rows.encoding, rows.objective.text, rows.train, asked, folds)


@pytest.mark.parametrize(("table", "folds"), [(DIABETES, 5), (IRIS, 7)])
def test_each_fold_leaves_out_as_many_rows_and_none_twice(table: Any, folds: int) -> None:
    search = folds_of(table, folds)
    parts = search.splits()
    assert len({len(part.held_out) for part in parts}) == 1
    assert all(len(part.train) + len(part.held_out) == len(search.rows) for part in parts)
    left_out = np.concatenate([part.held_out.X for part in parts])
    # Rows are told apart by their features, of which iris repeats a few.
    assert len(np.unique(left_out, axis=0)) > 0.95 * len(left_out)
    if table is IRIS:
        counts = np.array([np.bincount(part.held_out.y, minlength=3) for part in parts])
        assert np.ptp(counts, axis=0).max() <= 1


def test_a_trial_is_scikit_learn_s_ridge_over_the_same_folds() -> None:
    search = folds_of(DIABETES)
    found = search({"l2": 3.0}, Trial())
    losses = []
    for part in search.splits():
        # Columns are standardized before, here over all training rows.
        ridge = Ridge(alpha=1.5).fit(part.train.X, part.train.y)
        error = ridge.predict(part.held_out.X) - part.held_out.y
        losses.append(np.mean(error**2) * part.unit)
    # ½·l2·‖w‖² beside ½ of the squared errors would be alpha = l2; these are not halved.
    assert found["val_loss"] == pytest.approx(np.mean(losses), rel=1e-6)


def test_a_fold_s_fit_is_that_of_fit_table() -> None:
    search = folds_of(IRIS, model="mlp:4", batch_size=32, l2=2.0, epochs=9, patience=3)
    fold = search.splits()[0]
    chosen = resolve(fold, search.settings)
    params, _ = fit_fold(fold, chosen)
    wanted = train(fold, chosen, False).params
    for kind in ("weights", "biases"):
        for ours, theirs in zip(params[kind], wanted[kind], strict=True):
            assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_first_weights_are_other_ones_in_each_fold_and_the_same_in_each_trial() -> None:
    search = folds_of(SMALL, 3, model="mlp:4", batch_size=16, epochs=5, seed=7)
    found = search({"learning_rate": 0.01}, Trial())
    losses = []
    for number, fold in enumerate(search.splits()):
        alone = replace(search.settings, seed=7 + number, optimizer=tw.optim.adam(0.01))
        params, _ = fit_fold(fold, resolve(fold, alone))
        losses.append(fold.mean_loss(fold.held_out, params))
    assert found["val_loss"] == np.mean(losses)
    assert search({"learning_rate": 0.01}, Trial())["val_loss"] == found["val_loss"]


def test_the_penalty_and_the_rate_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = []
    fit = tw.fit

    def timed(*args: Any, **kwargs: Any) -> Any:
        found = fit(*args, **kwargs)
        seconds.append(found.compile_seconds)
        return found

    monkeypatch.setattr(tw, "fit", timed)
    search = folds_of(IRIS, model="mlp:4", epochs=2)
    for l2, rate in ((0.1, 0.01), (0.2, 0.02), (0.0, 0.03)):
        search({"l2": l2, "learning_rate": rate}, Trial())
    # The first fold is followed, the second one compiles nothing more.
    assert seconds[1:] == [0.0] * 14


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning", "ignore:.*fork.*:RuntimeWarning")
def test_the_best_is_fitted_and_judged_on_rows_that_no_trial_saw(tmp_path: Path) -> None:
    space = {"l2": loguniform(1e-2, 1e3), "learning_rate": loguniform(1e-3, 1e-1)}
    options = {"model": "mlp:4", "epochs": 3, "batch_size": 32, "trials": 6, "folds": 3}
    found = tune_table(DIABETES, "y", space, log=tmp_path / "log", **options)
    best = found.study.best.config
    assert found.fit.settings.l2 == best["l2"]
    assert found.fit.settings.optimizer == tw.optim.adam(best["learning_rate"])
    assert len(found.fit.split.held_out) == 88
    with ProcessPoolExecutor(2) as pool:
        again = tune_table(DIABETES, "y", space, executor=pool, **options)
    assert [r.value for r in again.study.results] == [r.value for r in found.study.results]
    # The log knows the data.
    with pytest.raises(CheckpointError, match="another study"):
        tune_table({**DIABETES, "x0": X[::-1, 0]}, "y", space, log=tmp_path / "log", **options)


def test_folds_are_steps_that_a_pruner_stops_after() -> None:
    found = tune_table(
        SMALL, "y", {"l2": loguniform(1e-2, 1e6)}, trials=16, pruner="median", folds=4,
        model="mlp:4", epochs=9, batch_size=8,
    )  # fmt: skip
    states = {result.state for result in found.study.results}
    assert states == {"complete", "pruned"}
    assert all(len(r.reports) == 4 for r in found.study.finished)
    # All of the first wave run; of the second, what is penalized to nothing does not.
    second = found.study.results[8:]
    assert max(second, key=lambda r: r.config["l2"]).state == "pruned"
    assert found.study.results[:8] == [r for r in found.study.finished if r.number < 8]


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        ({"lerning_rate": loguniform(0.1, 1)}, {}, "Did you mean 'learning_rate'"),
        ({"loss": choice("squared", "absolute")}, {}, "cannot be searched"),
        ({"l2": loguniform(0.1, 1)}, {"l2": 3.0}, "Leave one out"),
        ({"learning_rate": loguniform(0.1, 1)}, {"optimizer": tw.optim.sgd(1.0)}, "Leave one out"),
        (None, {"folds": 1}, "folds"),
        (None, {"folds": 300}, "fewer folds"),
    ],
)
def test_what_cannot_be_searched_is_refused(space: Any, options: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        tune_table(DIABETES, "y", space, **options)
