"""Partial dependence and permutation importance are scikit-learn's of the same model and rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn import inspection
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

from thalweg.errors import ArgumentError
from thalweg.estimators import Classifier, MLPClassifier, MLPRegressor, fit_table

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


def houses(rows: int = 240) -> tuple[pd.DataFrame, Any]:
    """Columns of many numbers, of few, and of categories; and what a house costs."""
    random = np.random.default_rng(0)
    X = pd.DataFrame({
        "area": random.gamma(4.0, 20.0, rows),
        "rooms": random.integers(1, 7, rows).astype(float),
        "town": random.choice(["Como", "Lugano", "Varese"], rows, p=[0.5, 0.4, 0.1]),
    })  # fmt: skip
    towns = {"Como": 0.0, "Lugano": 60.0, "Varese": -20.0}
    y = 3.0 * X["area"] + X["rooms"] ** 2 + X["town"].map(towns) + random.normal(size=rows)
    return X, y.to_numpy()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_dependence_of_numbers_on_numbers_and_categories() -> None:
    X, y = houses()
    fitted = MLPRegressor(hidden_layer_sizes=(8,), max_iter=9, learning_rate_init=0.1).fit(X, y)
    for column in X.columns:
        theirs = inspection.partial_dependence(
            fitted, X, [column], kind="average", categorical_features=["town"], grid_resolution=50
        )
        ours = fitted.model_.partial_dependence(X, column, grid_resolution=50)
        grid = theirs["grid_values"][0]
        if column == "town":
            assert list(ours.grid_values) == list(grid) == ["Como", "Lugano", "Varese"]
        else:
            assert len(grid) == (6 if column == "rooms" else 50)
            assert_allclose(ours.grid_values, grid, **TOLERANCE)
        assert_allclose(ours.average, theirs["average"], **TOLERANCE)
        assert np.ptp(ours.average) > 1.0
        assert ours.outputs == ("y",)
    wide = inspection.partial_dependence(fitted, X, ["area"], percentiles=(0.0, 1.0))
    ours = fitted.model_.partial_dependence(X, "area", percentiles=(0.0, 1.0))
    assert_allclose(ours.grid_values, wide["grid_values"][0], **TOLERANCE)
    assert_allclose(ours.average, wide["average"], **TOLERANCE)


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_dependence_of_classes(load: Any) -> None:
    X, y = load(return_X_y=True)
    X = X[:, :4] / X[:, :4].std(axis=0)
    with pytest.warns(ConvergenceWarning):
        fitted = MLPClassifier(hidden_layer_sizes=(5,), max_iter=9).fit(X, y)
    for place in (0, 3):
        theirs = inspection.partial_dependence(fitted, X, [place], kind="average")
        ours = fitted.model_.partial_dependence(_table(fitted, X), _names(fitted)[place])
        assert_allclose(ours.grid_values, theirs["grid_values"][0], **TOLERANCE)
        assert_allclose(ours.average, theirs["average"], **TOLERANCE)
        assert ours.outputs == (("1",) if load is load_breast_cancer else ("0", "1", "2"))


def _names(fitted: Any) -> list[str]:
    return [feature.name for feature in fitted.model_.encoding.features]


def _table(fitted: Any, X: Any) -> dict[str, Any]:
    return dict(zip(_names(fitted), X.T, strict=True))


def test_dependence_of_scores_where_there_are_no_probabilities() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    table = {"a": X[:, 0], "b": X[:, 1], "y": y}
    model = fit_table(table, "y", loss="hinge", epochs=3, batch_size=64).model
    found = model.partial_dependence(table, "b", grid_resolution=5)
    for value, mean in zip(found.grid_values, found.average[0], strict=True):
        moved = table | {"b": np.full(len(y), value)}
        assert_allclose(mean, model.scores(moved).mean(), rtol=1e-12)


def test_importance_is_scikit_learns() -> None:
    X, y = load_diabetes(return_X_y=True)
    table = {f"x{i}": column for i, column in enumerate(X.T)} | {"y": y}
    fit = fit_table(table, "y", model="mlp:8", holdout=0, seed=3, epochs=30)

    class Fitted(BaseEstimator):
        def fit(self) -> None: ...

        def predict(self, X: Any) -> Any:
            return fit.model.predict(dict(zip(table, X.T, strict=False)))

    oracle = inspection.permutation_importance(
        Fitted(), X, y, scoring="neg_mean_squared_error", random_state=3, n_repeats=4
    )
    for found in (
        fit.permutation_importance(n_repeats=4),
        fit.model.permutation_importance(table, n_repeats=4, random_state=3),
    ):
        assert found.columns == tuple(f"x{i}" for i in range(10))
        assert_allclose(found.importances, oracle.importances, rtol=1e-9, atol=1e-7)
        assert_allclose(found.importances_mean, oracle.importances_mean, rtol=1e-9, atol=1e-7)
        assert_allclose(found.importances_std, oracle.importances_std, rtol=1e-9, atol=1e-7)


def test_importance_of_categories_and_classes() -> None:
    X, y = houses()
    dear = (y > np.median(y)).astype(int)
    fitted = Classifier(C=0.01).fit(X, dear)
    oracle = inspection.permutation_importance(
        fitted, X, dear, scoring="neg_log_loss", random_state=5, n_repeats=3
    )
    table = {name: X[name].to_numpy() for name in X} | {fitted.model_.encoding.target.name: dear}
    found = fitted.model_.permutation_importance(table, n_repeats=3, random_state=5)
    assert found.columns == ("area", "rooms", "town")
    assert_allclose(found.importances, oracle.importances, rtol=1e-7)


def test_what_a_fit_tells_is_of_few_rows_and_of_those_held_out() -> None:
    random = np.random.default_rng(0)
    table = {"a": random.normal(size=3000), "b": random.normal(size=3000)}
    table["y"] = table["a"] * table["b"] + 0.1 * random.normal(size=3000)
    fit = fit_table(table, "y", model="mlp:8", epochs=20, batch_size=200)
    held = fit.split.held_out
    alone = fit.model.importance_of(held.X, held.y, 5, 0)
    assert_allclose(fit.permutation_importance().importances, alone.importances)
    found = fit.partial_dependence("a", grid_resolution=20)
    assert found.average.shape == (1, 20)
    # Of 2,400 training rows 2,000 are asked, which tell nearly the same.
    whole = fit.model.dependence_of(fit.split.train.X, "a", grid_resolution=20)
    assert not np.array_equal(found.average, whole.average)
    assert_allclose(found.average, whole.average, atol=0.1)


def test_what_cannot_be_told() -> None:
    X, y = load_diabetes(return_X_y=True)
    fit = fit_table({"bmi": X[:, 2], "age": np.where(X[:, 0] > 0.09, X[:, 0], 0.0), "y": y}, "y")
    with pytest.raises(ArgumentError, match="Did you mean 'bmi'"):
        fit.partial_dependence("bmj")
    with pytest.raises(ArgumentError, match="give at least 1"):
        fit.permutation_importance(n_repeats=0)
    for wrong in ({"percentiles": (0.9, 0.1)}, {"grid_resolution": 1}):
        with pytest.raises(ArgumentError, match="lower one first"):
            fit.partial_dependence("bmi", **wrong)
    with pytest.raises(ArgumentError, match="further apart"):
        fit.partial_dependence("age", grid_resolution=3)
    assert len(fit.partial_dependence("age", grid_resolution=3, percentiles=(0, 1)).average[0]) == 3


@pytest.mark.parametrize("made", [{"interactions": "all"}, {"formula": "y ~ a * b"}])
def test_columns_of_products_are_not_moved_alone(made: dict[str, str]) -> None:
    random = np.random.default_rng(0)
    columns = {"a": random.normal(size=50), "b": random.normal(size=50)}
    columns["y"] = columns["a"] * columns["b"]
    fit = fit_table(columns, None if "formula" in made else "y", **made)
    for ask in (
        lambda: fit.partial_dependence("a"),
        lambda: fit.model.partial_dependence(columns, "a"),
        fit.permutation_importance,
        lambda: fit.model.permutation_importance(columns),
    ):
        with pytest.raises(ArgumentError, match=r"products of columns.* sklearn\.inspection"):
            ask()
