"""Intervals of predictions equal statsmodels', from a fit and from its folder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import ArgumentError
from thalweg.estimators import fit_table, read_model, save_model
from thalweg.estimators.folder import checksum
from thalweg.inference import Predictions

STATES = sm.datasets.statecrime.load_pandas().data.assign(
    region=lambda d: np.where(d.white > 85, "north", "south"),
    high=lambda d: (d.murder > 4.5) * 1.0,
    deaths=lambda d: np.round(d.murder),
    w=lambda d: d.single / 10.0,
)
RIGHT = "urban + poverty * region"
NEW = STATES.iloc[[4, 40, 7]].assign(urban=[10.0, 99.0, 50.0])


def restored(model: Any, folder: Path) -> Any:
    save_model(model, folder)
    return read_model(folder)


def assert_equal(found: Predictions, frame: pd.DataFrame, rtol: float = 1e-8) -> None:
    assert_allclose(found.mean, frame["mean"], rtol=rtol)
    assert_allclose(found.std_errors, frame["mean_se"], rtol=rtol)
    assert_allclose(found.interval, frame[["mean_ci_lower", "mean_ci_upper"]], rtol=rtol)
    if "obs_ci_lower" in frame:
        assert_allclose(found.new_interval, frame[["obs_ci_lower", "obs_ci_upper"]], rtol=rtol)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("covariance", ["classical", "HC1", "HC3"])
def test_of_linear_models_they_equal_summary_frame(
    covariance: str, weights: str | None, tmp_path: Path
) -> None:
    fit = fit_table(
        STATES, formula=f"np.log(murder) ~ {RIGHT}", holdout=0, covariance=covariance,
        weights=weights,
    )  # fmt: skip
    options = {} if covariance == "classical" else {"cov_type": covariance, "use_t": True}
    how = np.ones(len(STATES)) if weights is None else STATES[weights]
    theirs = smf.wls(f"np.log(murder) ~ {RIGHT}", STATES, weights=how).fit(**options)
    expected = theirs.get_prediction(NEW).summary_frame(alpha=0.1)
    for model in (fit.model, restored(fit.model, tmp_path / "m")):
        assert_equal(model.intervals(NEW, 0.9), expected)


@pytest.mark.parametrize(
    ("target", "loss", "family"),
    [("high", "logistic", sm.families.Binomial()), ("deaths", "poisson", sm.families.Poisson())],
)
def test_of_classes_and_counts_they_are_those_of_the_mean(
    target: str, loss: str, family: Any, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"loss": loss, "l2": 0, "covariance": "classical", "holdout": 0}
    fit = fit_table(STATES, formula=f"{target} ~ urban + poverty", **options)
    glm = smf.glm(f"{target} ~ urban + poverty", STATES, family=family).fit(tol=1e-14, maxiter=200)
    expected = glm.get_prediction(NEW).summary_frame()
    found = restored(fit.model, tmp_path / "m").intervals(NEW)
    assert_equal(found, expected, rtol=1e-7)
    assert found.new_interval is None
    if loss == "logistic":
        assert_allclose(found.mean, fit.model.probabilities(NEW)[:, 1], rtol=1e-12)


def test_columns_that_rows_do_not_determine_have_intervals_where_that_does_not_matter() -> None:
    data = STATES.assign(same=1.0, twice=2 * STATES.urban + 1)
    features = ("urban", "poverty", "same", "twice")
    model = fit_table(data, "murder", features=features, holdout=0, covariance="classical").model
    ols = smf.ols("murder ~ urban + poverty", data).fit()
    new = NEW.assign(same=1.0, twice=2 * NEW.urban + 1)
    assert_equal(model.intervals(new), ols.get_prediction(new).summary_frame())
    with pytest.raises(ArgumentError, match="row 2: the training rows do not tell what same does"):
        model.intervals(new.assign(same=[1.0, 2.0, 1.0]))
    with pytest.raises(ArgumentError, match="row 1: the training rows do not tell what twice"):
        model.intervals(new.assign(twice=0.0))


@pytest.mark.parametrize("loss", ["squared", "poisson"])
@pytest.mark.parametrize("formula", [None, "deaths ~ urban + log(poverty) * region"])
def test_a_mean_in_the_place_of_a_value_has_no_interval(formula: str | None, loss: str) -> None:
    features = () if formula else ("urban", "poverty", "region")
    target = None if formula else "deaths"
    model = fit_table(
        STATES, target, formula=formula, features=features, missing="mean", loss=loss, holdout=0
    ).model
    found = model.intervals(NEW.assign(poverty=[10.0, np.nan, 12.0]))
    assert np.isfinite(found.mean).all()
    assert np.isnan(found.std_errors).tolist() == [False, True, False]
    assert np.isnan(found.interval).any(axis=1).tolist() == [False, True, False]
    whole = model.intervals(NEW.assign(poverty=[10.0, 11.0, 12.0]))
    assert_allclose(found.interval[[0, 2]], whole.interval[[0, 2]], rtol=1e-12)


@pytest.mark.parametrize(
    ("target", "options", "reason"),
    [
        ("murder", {"l2": 1.0}, r"penalty \(l2 = 1\).*Fit without one \(l2 = 0\)"),
        ("high", {}, r"penalty \(l2 = 1\)"),
        ("murder", {"model": "mlp:2", "epochs": 1}, "Fit a linear model for them"),
        ("murder", {"loss": "huber"}, "predicts no mean of the target. Fit the loss squared"),
        ("murder", {"loss": "quantile(0.9)", "epochs": 5}, "short of the optimum|no mean"),
        ("which", {}, "Fit one class against the rest"),
        ("high", {"l2": 0, "features": ("deaths",)}, "separate the classes"),
    ],
)
def test_where_there_are_none_the_reason_is_told(
    target: str, options: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    data = STATES.assign(which=np.resize(["a", "b", "c"], len(STATES)))
    settings = {"features": ("urban", "poverty")} | options
    fit = fit_table(data, target, holdout=0, progress=False, **settings)
    for model in (fit.model, restored(fit.model, tmp_path / "m")):
        with pytest.raises(ArgumentError, match=reason):
            model.intervals(data)


def test_a_folder_of_the_former_format_predicts_and_says_what_to_do(tmp_path: Path) -> None:
    model = fit_table(STATES, "murder", features=("urban",), holdout=0).model
    save_model(tw.estimators.FittedModel(model.encoding, model.objective, model.spec, model.params),
               tmp_path / "m")  # fmt: skip
    path = tmp_path / "m" / "model.json"
    said = json.loads(path.read_text())
    for key in ("checksum", "uncertainty"):
        del said[key]
    said["format"], said["encoding"]["format"] = "thalweg model 2", "thalweg encoding 2"
    path.write_text(json.dumps(said | {"checksum": checksum(said)}))
    former = read_model(tmp_path / "m")
    assert (former.predict(NEW) == model.predict(NEW)).all()
    with pytest.raises(ArgumentError, match=r"by an earlier version .* Fit it again"):
        former.intervals(NEW)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_is_between_0_and_1(level: float) -> None:
    model = fit_table(STATES, "murder", features=("urban",), holdout=0).model
    with pytest.raises(ArgumentError, match=r"give one such as 0\.95"):
        model.intervals(NEW, level)


def test_intervals_cover_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    met = np.zeros(2)
    for _ in range(60):
        x = random.normal(size=(2, 40))
        y = 1.0 + 2.0 * x + random.normal(size=x.shape)
        fit = fit_table({"x": x[0], "y": y[0]}, "y", holdout=0, covariance="classical")
        found = fit.model.intervals({"x": x[1]}, 0.9)
        truths = ((found.interval, 1.0 + 2.0 * x[1]), (found.new_interval, y[1]))
        met += [np.mean((ends[:, 0] < t) & (t < ends[:, 1])) / 60 for ends, t in truths]
    assert np.abs(met - 0.9).max() < 0.03
