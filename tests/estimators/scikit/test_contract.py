"""scikit-learn's own checks of estimators, of every estimator."""

from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from thalweg import estimators


def loss(params: Any, X: Any, y: Any, weights: Any = None) -> Any:
    squares = (y - X @ params["w"] - params["b"]) ** 2
    return np.mean(squares) if weights is None else np.sum(weights * squares) / np.sum(weights)


def line(params: Any, X: Any) -> Any:
    return X @ params["w"] + params["b"]


def zeros(X: Any, y: Any) -> Any:
    return {"w": np.zeros(X.shape[1]), "b": 0.0}


WEIGHTS = "check_sample_weight_equivalence_on_dense_data"
BATCHES = {WEIGHTS: "batches of other rows are drawn where rows are repeated or left out"}
EXACT = {WEIGHTS: "more columns than rows leave no residual, and the scale falls to zero"}

# To compile for each of the many sizes of the checks takes longer than all of them.
QUICK = {"hidden_layer_sizes": (8,), "max_iter": 30, "learning_rate_init": 0.02, "engine": "numpy"}
OWN = {"loss": loss, "predictor": line, "params": zeros, "engine": "numpy"}

# The estimator by its name, its parameters, and the checks that it cannot pass, with the reasons.
ROWS = [
    ("LinearRegressor", {}, {}),
    ("PoissonRegressor", {}, {}),
    ("QuantileRegressor", {}, {}),
    ("HuberRegressor", {}, EXACT),
    ("Regressor", {}, {}),
    ("Classifier", {}, {}),
    ("MLPRegressor", QUICK, BATCHES),
    ("MLPClassifier", QUICK, BATCHES),
    ("Estimator", OWN, {}),
]

# Skipped by scikit-learn unless an environment variable is set before SciPy is imported.
ABSENT = {"check_array_api_input"}


@pytest.mark.parametrize(("name", "params", "expected"), ROWS)
@pytest.mark.filterwarnings("ignore")  # of classes with one row, of no convergence in few epochs
def test_an_estimator_keeps_the_contract(
    name: str, params: dict[str, Any], expected: dict[str, str]
) -> None:
    found = check_estimator(
        getattr(estimators, name)(**params), on_fail=None, on_skip=None,
        expected_failed_checks=expected,
    )  # fmt: skip
    assert len(found) > 40
    left = {row["check_name"]: row["status"] for row in found if row["status"] != "passed"}
    assert left == dict.fromkeys(ABSENT, "skipped") | dict.fromkeys(expected, "xfail")


def test_every_estimator_is_checked() -> None:
    assert {name for name, _, _ in ROWS} == set(estimators._SCIKIT)
