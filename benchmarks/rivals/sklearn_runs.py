"""scikit-learn's own trainers, whose mathematics is near the workload's and not equal to it.

`SGDRegressor` and `SGDClassifier` update after each row; their time is that of as many rows as the
workload's batch has. `MLPClassifier` and `MLPRegressor` have no clipping, no decoupled weight
decay and no schedule for Adam. The losses are therefore no comparison.
"""

from collections.abc import Callable
from typing import Any

from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.timing import Contestant
from benchmarks.workloads import MOMENTUM, Workload

LINEAR_EPOCHS = 5
SINGLE_ROWS = {
    "penalty": None,
    "learning_rate": "constant",
    "eta0": 1e-3,
    "max_iter": LINEAR_EPOCHS,
    "tol": None,
    "fit_intercept": False,
    "random_state": 0,
}
ENDLESS = {"tol": 0, "n_iter_no_change": 10**6, "alpha": 0, "random_state": 0}
NETWORKS = {"softmax": MLPClassifier, "tanh": MLPClassifier, "relu": MLPClassifier}


def by_row(w: Workload, estimator: Any) -> Contestant:
    """An update a row."""
    X, y = w.data()
    train = lambda: [estimator.fit(X, y).coef_.ravel()]
    return Contestant(train, train, LINEAR_EPOCHS * w.rows // w.batch)


def network(w: Workload) -> Contestant:
    """A network of the workload's layers and rate."""
    X, y = w.data()
    batch = w.batch or w.rows
    per_epoch = -(-w.rows // batch)
    epochs = max(1, min(w.steps, 500) // per_epoch)
    solver = {"solver": "adam"}
    if w.optimizer == "momentum":
        solver = {"solver": "sgd", "momentum": MOMENTUM, "nesterovs_momentum": False}
    estimator = NETWORKS.get(w.model, MLPRegressor)(
        hidden_layer_sizes=w.sizes[1:-1],
        activation="relu" if w.model == "relu" else "tanh",
        batch_size=batch,
        learning_rate_init=w.rate,
        max_iter=epochs,
        **solver,
        **ENDLESS,
    )

    def train() -> list[Any]:
        estimator.fit(X, y.ravel())
        layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
        return [p for layer in layers for p in layer]

    return Contestant(train, train, epochs * per_epoch)


def ways(w: Workload) -> dict[str, Callable[[], Contestant]]:
    """The ways to train a workload, each made when called."""
    match w.model:
        case "linear":
            return {"SGDRegressor": lambda: by_row(w, SGDRegressor(**SINGLE_ROWS))}
        case "logistic":
            classifier = SGDClassifier(loss="log_loss", **SINGLE_ROWS)
            return {"SGDClassifier": lambda: by_row(w, classifier)}
        case "softmax" | "tanh" | "relu" | "curve":
            return {"MLP": lambda: network(w)}
    return {}
