"""What tests tune: functions that other processes can be sent."""

import time
from typing import Any

import numpy as np

import thalweg as tw

X = np.random.default_rng(0).normal(size=(300, 4))
Y = X @ np.array([1.0, -2.0, 0.5, 0.0])


def squared(w: Any, X: Any, y: Any) -> Any:
    return np.mean((y - X @ w) ** 2)


def line(config: dict[str, Any], trial: tw.tuning.Trial) -> tw.Fit:
    """Fit a line; rates above about 1 diverge."""
    return tw.fit(
        squared, np.zeros(4), (X[:200], Y[:200]), validation=(X[200:], Y[200:]),
        optimizer=tw.optim.sgd(config["learning_rate"]), batch_size=20, epochs=config["epochs"],
        callbacks=trial,
    )  # fmt: skip


LINE = tw.tuning.Space(
    scientific={}, nuisance={"learning_rate": tw.tuning.loguniform(1e-5, 0.5)}, fixed={"epochs": 6}
)


def bowl(config: dict[str, Any], trial: tw.tuning.Trial) -> float:
    """Return a bowl's height, reported as it is reached."""
    height = (config["x"] - 0.3) ** 2 + (config["y"] + 0.2) ** 2
    for step in range(1, 10):
        trial.report(height + 1 / step, step)
        if trial.should_prune():
            break
    return height


BOWL = {"x": tw.tuning.uniform(-1.0, 1.0), "y": tw.tuning.uniform(-1.0, 1.0)}


def slow_bowl(config: dict[str, Any], trial: tw.tuning.Trial) -> float:
    time.sleep(0.01)
    return bowl(config, trial)


def facts(study: tw.tuning.Study) -> list[Any]:
    """Return all of a study that does not depend on the clock."""
    return [
        (r.number, r.config, r.state, r.value, r.reports, r.metrics, r.curves, r.note)
        for r in study.results
    ]
