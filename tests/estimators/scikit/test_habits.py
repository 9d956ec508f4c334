"""Estimators in what scikit-learn's users put them into: pipelines, searches, frames, files."""

import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.linear_model as oracle
from numpy.testing import assert_allclose
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import thalweg as tw
from thalweg.errors import ArgumentError, CheckpointError, DataError, MissingLibrary
from thalweg.estimators import (
    Classifier,
    Estimator,
    LinearRegressor,
    MLPClassifier,
    PoissonRegressor,
    Regressor,
    fit_table,
    read_model,
    save_model,
)


def houses() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "area": rng.uniform(40, 150, 120),
        "town": rng.choice(["Como", "Lugano", "Varese"], 120),
        "rooms": rng.integers(1, 6, 120),
    })  # fmt: skip
    levels = frame["town"].map({"Como": 10.0, "Lugano": 60.0, "Varese": 0.0})
    return frame, (3 * frame["area"] + levels + rng.normal(size=120)).rename("price")


@pytest.mark.parametrize(
    ("load", "ours", "theirs", "grid"),
    [
        (load_breast_cancer, Classifier(), oracle.LogisticRegression(tol=1e-10), [0.1, 1.0]),
        (load_diabetes, LinearRegressor(), oracle.Ridge(), [0.1, 1.0]),
    ],
)
def test_a_search_over_a_pipeline_finds_what_scikit_learns_finds(
    load: Any, ours: Any, theirs: Any, grid: list[float]
) -> None:
    data = load(as_frame=True)
    columns = list(data.data.columns)
    scaled = ColumnTransformer([("scale", StandardScaler(), columns[:-2])], remainder="passthrough")
    name = "model__C" if is_classifier(ours) else "model__alpha"
    found = []
    for model in (ours, theirs):
        pipeline = Pipeline([("columns", clone(scaled)), ("model", model)])
        search = GridSearchCV(pipeline, {name: grid}, cv=3, n_jobs=2 if model is ours else None)
        found.append(search.fit(data.data, data.target))
    mine, expected = found
    assert_allclose(
        mine.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"], atol=1e-6
    )
    assert mine.best_params_ == expected.best_params_


def test_texts_in_frames_are_categories() -> None:
    frame, price = houses()
    model = Regressor().fit(frame, price)
    coded = make_pipeline(
        ColumnTransformer(
            [("town", OneHotEncoder(drop="first"), ["town"])], remainder="passthrough"
        ),
        oracle.LinearRegression(),
    ).fit(frame, price)
    assert_allclose(model.predict(frame), coded.predict(frame), rtol=1e-9)
    assert model.feature_names_in_.tolist() == ["area", "town", "rooms"]
    assert model.n_features_in_ == 3
    names = ("intercept", "area", "town=Lugano", "town=Varese", "rooms")
    assert model.coefficients_.names == names
    # Columns go by their names, from whatever has them.
    assert_allclose(model.predict(dict(frame[["rooms", "area", "town"]])), model.predict(frame))
    with pytest.raises(DataError, match="'Rome' in row 1, not among the categories"):
        model.predict(frame.assign(town="Rome"))
    with pytest.raises(ArgumentError, match="X is ndarray, and the model was fitted to columns wi"):
        model.predict(frame.to_numpy())
    with pytest.raises(ValueError, match="NaN"):
        LinearRegressor().fit(frame[["area"]].assign(area=np.nan), price)


def test_numbers_are_those_of_the_command_line() -> None:
    frame, price = houses()
    fitted = fit_table(frame.assign(price=price), "price", holdout=0)
    model = Regressor(standardize=True).fit(frame, price)
    assert_allclose(fitted.model.coefficients.values[1:, 0], model.coef_, rtol=1e-9)
    sold = np.where(price > price.median(), "yes", "no")
    fitted = fit_table(frame.assign(sold=sold), "sold", holdout=0)
    classes = Classifier(standardize=True).fit(frame, sold)
    shares = fitted.model.probabilities(frame)
    assert_allclose(classes.predict_proba(frame), shares, rtol=1e-8)


def test_a_folder_of_the_command_line_loads_as_an_estimator(tmp_path: Path) -> None:
    frame, price = houses()
    table = frame.assign(sold=np.where(price > price.median(), "yes", "no"))
    for model, kind in (("linear", "Classifier"), ("mlp:4", "MLPClassifier")):
        fitted = fit_table(table, "sold", model=model, progress=False)
        save_model(fitted.model, tmp_path / model)
        loaded = tw.load_model(tmp_path / model)
        assert type(loaded).__name__ == kind
        assert isinstance(loaded, BaseEstimator)
        assert loaded.predict(table).tolist() == fitted.model.predict(table).tolist()
        assert loaded.score(table, table["sold"]) > 0.8
        if kind == "Classifier":
            assert clone(loaded).fit(frame, table["sold"]).n_features_in_ == 3


@pytest.mark.parametrize(
    "model",
    [
        LinearRegressor(0.5),
        PoissonRegressor(),
        MLPClassifier((4, 3), activation="tanh", max_iter=20, tol=1.0, n_iter_no_change=2),
        Classifier(C=2.0),
        Classifier("hinge", max_iter=5),
    ],
)
def test_an_estimator_is_saved_and_pickled(model: Any, tmp_path: Path) -> None:
    frame, price = houses()
    y = price > 200.0 if is_classifier(model) else price
    model.fit(frame, y)
    model.save(tmp_path)
    loaded = tw.load_model(tmp_path)
    assert repr(loaded) == repr(model)
    assert loaded.predict(frame).tolist() == model.predict(frame).tolist()
    assert loaded.predict(frame).dtype == model.predict(frame).dtype
    expected = y.map({False: "False", True: "True"}) if is_classifier(model) else None
    if expected is not None:
        assert set(read_model(tmp_path).predict(frame)) <= set(expected)
    again = pickle.load(io.BytesIO(pickle.dumps(model)))
    assert again.predict(frame).tolist() == model.predict(frame).tolist()
    assert not hasattr(again, "problem_")


def test_what_is_no_estimator_of_ours_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="Give the model of a fit, or one of thalweg"):
        save_model(oracle.Ridge(), tmp_path)
    model = LinearRegressor().fit([[0.0], [1.0]], [0.0, 1.0])
    model.save(tmp_path / "a")
    path = tmp_path / "a" / "model.json"
    path.write_text(path.read_text().replace("LinearRegressor", "Linear"))
    with pytest.raises(CheckpointError, match="fails its checksum"):
        tw.load_model(tmp_path / "a")


def test_offsets_and_weights_are_routed() -> None:
    rng = np.random.default_rng(1)
    X, exposure = rng.normal(size=(90, 2)), rng.uniform(1, 5, 90)
    y = rng.poisson(exposure * np.exp(X[:, 0]))
    with sklearn.config_context(enable_metadata_routing=True):
        model = PoissonRegressor(0.0).set_fit_request(exposure=True, sample_weight=True)
        model = model.set_score_request(exposure=True, sample_weight=True)
        weights = np.ones(90)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        found = cross_validate(
            pipeline, X, y, cv=3, params={"exposure": exposure, "sample_weight": weights}
        )
    assert np.all(found["test_score"] > 0.5)


def test_what_was_minimized_is_there_for_inference() -> None:
    frame, price = houses()
    model = LinearRegressor().fit(frame, price, np.full(120, 2.0))
    problem = model.problem_
    assert problem.rows.X.shape == (120, 4)
    params = model.model_.params
    assert float(problem.value(params)) == pytest.approx(
        np.mean((model.predict(frame) - price) ** 2) / model.model_.encoding.target.scale**2
    )
    slopes = tw.grad(problem.loss)(params, *problem.data)
    assert_allclose(slopes["weights"][0], 0.0, atol=1e-8)


def log_cosh(params: Any, X: Any, y: Any) -> Any:
    return np.mean(np.log(np.cosh(y - X @ params["w"] - params["b"])))


def line(params: Any, X: Any) -> Any:
    return X @ params["w"] + params["b"]


def spread(params: Any, X: Any) -> Any:
    return np.mean((X - params) ** 2)


def nearest(params: Any, X: Any) -> Any:
    return np.abs(X - params).sum(axis=1)


def test_any_loss_is_an_estimator() -> None:
    X, y = load_diabetes(return_X_y=True)
    X, y = X * 20, (y - 150.0) / 77.0
    start = lambda X, y: {"w": np.zeros(X.shape[1]), "b": 0.0}
    model = Estimator(log_cosh, line, start).fit(X, y)
    residuals = np.tanh(y - model.predict(X))
    assert_allclose(residuals @ np.column_stack([X, np.ones(len(y))]), 0.0, atol=1e-4)
    assert model.score(X, y) == -log_cosh(model.params_, X, y)
    batches = Estimator(log_cosh, line, start, optimizer=tw.optim.adam(0.01), batch_size=50)
    trained = batches.set_params(max_iter=100).fit(X, y)
    assert trained.loss_ == pytest.approx(model.loss_, rel=0.02)
    before = trained.loss_
    assert trained.partial_fit(X, y).loss_ == pytest.approx(before, rel=0.02)
    search = GridSearchCV(batches, {"max_iter": [1, 40]}, cv=2).fit(X, y)
    assert search.best_params_ == {"max_iter": 40}
    center = Estimator(spread, nearest, np.zeros(10)).fit(X)
    assert_allclose(center.params_, X.mean(axis=0), atol=1e-7)


def test_regressors_and_classifiers_say_what_they_are() -> None:
    assert is_regressor(Regressor())
    assert is_classifier(Classifier())


def test_without_scikit_learn_tables_are_fitted_and_the_rest_says_what_to_install() -> None:
    code = """
import sys
sys.modules["sklearn"] = None
import tempfile
import thalweg as tw
from thalweg.estimators import fit_table, read_model, save_model
from thalweg.errors import MissingLibrary
with tempfile.TemporaryDirectory() as folder:
    table = {"x": [1.0, 2.0, 3.0], "y": [1.0, 2.5, 4.0]}
    save_model(fit_table(table, "y", holdout=0).model, folder)
    print(read_model(folder).predict({"x": [3.0]}).round(6))
    for attempt in (lambda: tw.load_model(folder), lambda: tw.estimators.Classifier):
        try:
            attempt()
        except MissingLibrary as error:
            print("thalweg[sklearn]" in str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[4.]", "True", "True"]
    assert issubclass(MissingLibrary, ImportError)
