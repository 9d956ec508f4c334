"""Fits from Python: what is fitted to, what is found, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression

import thalweg as tw
from thalweg.errors import ArgumentError, CallError, DataError, SpecError
from thalweg.estimators import Settings, fit_table, training


def diabetes() -> pd.DataFrame:
    return load_diabetes(as_frame=True).frame


def test_every_kind_of_table_gives_the_same_fit(tmp_path: Path) -> None:
    frame = diabetes()
    path = tmp_path / "d.csv"
    frame.to_csv(path, index=False)
    columns = {name: frame[name].to_numpy() for name in frame}
    expected = fit_table(frame, "target").coefficients.values
    for data in (path, str(path), columns, pyarrow.Table.from_pandas(frame)):
        np.testing.assert_array_equal(fit_table(data, "target").coefficients.values, expected)


def test_a_regression_is_least_squares_with_robust_standard_errors() -> None:
    frame = diabetes()
    fit = fit_table(frame, "target", holdout=0)
    X, y = frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()
    oracle = LinearRegression().fit(X, y)
    found = fit.coefficients
    assert found.names == ("intercept", *frame.columns[:-1])
    assert_allclose(found.values[:, 0], [oracle.intercept_, *oracle.coef_], rtol=1e-9)
    assert_allclose(fit.model.predict(frame), oracle.predict(X), rtol=1e-9)
    assert fit.losses["training"]["score"] == pytest.approx(oracle.score(X, y), rel=1e-9)
    A = np.column_stack([np.ones(len(y)), X])
    inverse = np.linalg.inv(A.T @ A)
    meat = (A.T * (y - oracle.predict(X)) ** 2) @ A
    variances = np.diag(inverse @ meat @ inverse) * len(y) / (len(y) - A.shape[1])
    assert_allclose(found.std_errors, np.sqrt(variances), rtol=1e-6)


def test_classes_are_named_and_have_probabilities() -> None:
    iris = load_iris(as_frame=True)
    frame = iris.frame.assign(species=iris.target_names[iris.target]).drop(columns="target")
    model = fit_table(frame, "species", holdout=0).model
    X = frame.drop(columns="species").to_numpy()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    oracle = LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(Z, frame["species"])
    assert model.predict(frame).tolist() == oracle.predict(Z).tolist()
    assert_allclose(model.probabilities(frame), oracle.predict_proba(Z), atol=1e-6)


def test_two_classes_have_two_probabilities_and_one_score() -> None:
    frame = load_breast_cancer(as_frame=True).frame
    model = fit_table(frame, "target").model
    shares = model.probabilities(frame)
    assert shares.shape == (len(frame), 2)
    assert_allclose(shares.sum(axis=1), 1.0)
    assert model.scores(frame).shape == (len(frame),)
    assert model.predict(frame).tolist() == [str(int(share > 0.5)) for share in shares[:, 1]]


def test_an_optimizer_is_a_transformation() -> None:
    optimizer = tw.optim.chain(tw.optim.clip_by_global_norm(1.0), tw.optim.sgd(0.05, momentum=0.9))
    fit = fit_table(
        diabetes(), "target", optimizer=optimizer, batch_size=59, epochs=10, progress=False
    )
    assert fit.trained.steps == 60
    assert fit.settings.optimizer == optimizer
    assert fit.coefficients.std_errors is None


def test_choices_left_open_are_made_and_told() -> None:
    settings = fit_table(diabetes(), "target", model="mlp: 4", epochs=2, progress=False).settings
    assert (settings.model, settings.loss, settings.l2) == ("mlp:4", "squared", 0.0)
    assert (settings.batch_size, settings.patience) == (100, 0)
    assert settings.optimizer == tw.optim.adam(0.003)
    assert fit_table(diabetes(), "target").settings.optimizer == "newton"


@pytest.mark.parametrize(
    ("settings", "kind", "says"),
    [
        ({"batchsize": 3}, CallError, "fit_table takes no 'batchsize'. Did you mean 'batch_size'"),
        ({"batch_size": 0}, ArgumentError, "^batch_size is 0; give a number of at least 1"),
        ({"l2": float("nan")}, ArgumentError, "^l2 is nan"),
        ({"holdout": 1}, ArgumentError, "^holdout is 1; give the share"),
        ({"task": "binry"}, ArgumentError, "^task is 'binry'. Did you mean 'binary'?"),
        ({"optimizer": "adam(0.1)"}, ArgumentError, r"^optimizer is 'adam\(0\.1\)'; give a trans"),
        ({"model": "tree"}, SpecError, "there is no model 'tree'"),
        ({"loss": "squard"}, SpecError, "There is no loss 'squard'. Did you mean 'squared'?"),
        ({"optimizer": "newton", "epochs": 3}, SpecError, "stops by itself"),
        ({"drop": ("bm",)}, DataError, "perhaps 'bmi'"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    settings: dict[str, object], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        fit_table(diabetes(), "target", **settings)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(DataError, match="a ndarray, not a data frame"):
        fit_table(np.zeros((3, 2)), "target")


def test_what_a_model_does_not_give_is_refused_with_what_does() -> None:
    hinge = fit_table(
        load_breast_cancer(as_frame=True).frame, "target", loss="hinge", epochs=5, progress=False
    )
    with pytest.raises(ArgumentError, match="the loss hinge gives no probabilities"):
        hinge.model.probabilities(load_breast_cancer(as_frame=True).frame)
    network = fit_table(diabetes(), "target", model="mlp:4", epochs=2, progress=False)
    with pytest.raises(ArgumentError, match="A model mlp:4 has no coefficients"):
        network.model.coefficients  # noqa: B018
    assert "coefficients" not in network.plain()


def test_ctrl_c_carries_what_was_found_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    seldom = training._seldom

    def pressed(info: object, *rest: object) -> None:
        seldom(info, *rest)
        if info.step >= 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "_seldom", pressed)
    with pytest.raises(KeyboardInterrupt) as interruption:
        fit_table(diabetes(), "target", model="mlp:4", epochs=50, progress=False)
    fit = interruption.value.fit
    assert fit.trained.interrupted
    assert fit.trained.steps == 20
    assert np.isfinite(fit.model.predict(diabetes())).all()


def test_settings_are_values() -> None:
    assert Settings("y", l2=1.0) == Settings("y", l2=1.0) != Settings("y", l2=2.0)
