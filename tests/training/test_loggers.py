"""Loggers of other tools, bars in notebooks, and labelled data."""

import sys
import types

import numpy as np
import pandas as pd
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, DataError
from thalweg.training.progress import Info, Progress


class WeightsAndBiases:
    """A run of wandb's shape."""

    def __init__(self):
        self.lines = []

    def log(self, data, step=None):
        self.lines.append((step, dict(data)))


class MLflow:
    """A module of mlflow's shape, which has a function `log_metrics` among others."""

    def __init__(self):
        self.lines = []

    def log_metrics(self, metrics, step=None):
        self.lines.append((step, dict(metrics)))


class SummaryWriter:
    """A writer of TensorBoard's shape."""

    def __init__(self):
        self.lines = []

    def add_scalar(self, tag, scalar_value, global_step=None):
        if not self.lines or self.lines[-1][0] != global_step:
            self.lines.append((global_step, {}))
        self.lines[-1][1][tag] = scalar_value


@pytest.mark.parametrize("kind", [WeightsAndBiases, MLflow, SummaryWriter])
def test_a_logger_is_told_of_each_evaluation_once(squared, regression, sgd, kind) -> None:
    logger = kind()
    fit = tw.fit(
        squared, np.zeros(3), regression, optimizer=sgd, batch_size=20, epochs=3,
        validation=regression, callbacks=logger,
    )  # fmt: skip
    assert [step for step, _ in logger.lines] == [6, 12, 18]
    assert [numbers["val_loss"] for _, numbers in logger.lines] == fit.history.validation.tolist()
    assert logger.lines[1][1] == {
        "loss": fit.history.loss[11], "epoch": 2.0, "val_loss": fit.history.validation[1]
    }  # fmt: skip


def test_a_logger_and_a_callback_are_told_in_turn(squared, regression, sgd) -> None:
    logger, seen = WeightsAndBiases(), []
    tw.fit(
        squared, np.zeros(3), regression, optimizer=sgd, epochs=4, evaluate_every=3,
        callbacks=[logger, lambda info: seen.append(info.step)],
    )  # fmt: skip
    assert seen == [3]
    assert [step for step, _ in logger.lines] == [3, 4]  # and the end
    assert "val_loss" not in logger.lines[0][1]
    with pytest.raises(ArgumentError, match=r"log\(dict, step\)"):
        tw.fit(squared, np.zeros(3), regression, optimizer=sgd, callbacks=[3])


class Displayed:
    """What IPython gives for what it shows under an id."""

    def __init__(self, content):
        self.contents = [content]

    def update(self, content):
        self.contents.append(content)


@pytest.fixture
def notebook(monkeypatch):
    """Pretend that a notebook's kernel runs this; return what it shows."""
    shown = []
    shell = type("ZMQInteractiveShell", (), {})()

    def display(content, display_id=None):
        assert display_id
        shown.append(Displayed(content))
        return shown[-1]

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.SimpleNamespace(HTML=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    return shown


def test_a_notebook_shows_a_bar_that_moves(notebook) -> None:
    progress = Progress("auto")
    assert progress.due < 1
    info = Info(200, 10, lambda leaves: leaves)
    for info.step in (50, 200):
        progress.show(info)
    progress.end(info)
    (bar,) = notebook
    assert 'value="0.2500"' in bar.contents[0]
    assert "step 50/200" in bar.contents[0]
    assert 'value="1.0000"' in bar.contents[-1]


def test_a_notebook_shows_nothing_of_what_is_quick_or_not_wanted(
    notebook, squared, regression, sgd
) -> None:
    tw.fit(squared, np.zeros(3), regression, optimizer=sgd)
    tw.fit(squared, np.zeros(3), regression, optimizer=sgd, progress=False)
    assert notebook == []


def test_frames_with_other_indexes_are_refused(regression, squared, sgd) -> None:
    X, y = pd.DataFrame(regression[0]), pd.Series(regression[1])
    shuffled = y.sample(frac=1, random_state=0)
    with pytest.raises(
        DataError, match=r"\(y\) have different indexes: row 0 is 0 in the one and 26"
    ):
        tw.fit(squared, np.zeros(3), (X, shuffled), optimizer=sgd)
    with pytest.raises(DataError, match=r"validation"):
        tw.fit(squared, np.zeros(3), (X, y), validation=(X, shuffled), optimizer=sgd)
    wanted = tw.fit(squared, np.zeros(3), regression, optimizer=sgd).params
    together = X.loc[shuffled.index], shuffled
    assert np.allclose(tw.fit(squared, np.zeros(3), together, optimizer=sgd).params, wanted)
    # Beside an array, and without labels, rows have nothing but their position.
    for data in ((X, regression[1]), (X, y), (X.loc[shuffled.index], shuffled.to_numpy())):
        assert np.allclose(tw.fit(squared, np.zeros(3), data, optimizer=sgd).params, wanted)
