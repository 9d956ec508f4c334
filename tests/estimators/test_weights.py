"""Rows that count differently: fits, standard errors and metrics equal the libraries' own."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose
from sklearn import metrics as oracle

import thalweg as tw
from thalweg.cli.notes import notes
from thalweg.errors import ArgumentError, DataError
from thalweg.estimators import Settings, fit_table, tune_table
from thalweg.estimators.evaluation.metrics import Judgment
from thalweg.estimators.objectives import OBJECTIVES
from thalweg.estimators.problem import PenalizedLoss, Rows

STATES = sm.datasets.statecrime.load_pandas().data.assign(
    w=lambda d: d.single / 10.0, region=lambda d: np.where(d.white > 85, "a", "b")
)
RIGHT = "hs_grad + poverty + urban"


@pytest.mark.parametrize(
    ("covariance", "options"),
    [
        ("classical", {}),
        ("HC0", {"cov_type": "HC0", "use_t": True}),
        ("HC1", {"cov_type": "HC1", "use_t": True}),
        ("HC3", {"cov_type": "HC3", "use_t": True}),
        ("clustered", {"cov_type": "cluster", "use_t": True}),
    ],
)
def test_weighted_least_squares_equal_statsmodels(covariance: str, options: dict[str, Any]) -> None:
    chosen: dict[str, Any] = {"covariance": covariance, "weights": "w", "holdout": 0}
    groups = (STATES.urban // 10).astype(int)
    if covariance == "clustered":
        options = options | {"cov_kwds": {"groups": groups}}
        chosen["groups"] = "group"
    features = ("urban", "poverty", "hs_grad")
    found = fit_table(STATES.assign(group=groups), "murder", features=features, **chosen).inference
    wls = smf.wls(f"murder ~ {RIGHT}", STATES, weights=STATES.w).fit(**options)
    for ours, theirs in (
        (found.estimates, wls.params),
        (found.std_errors, wls.bse),
        (found.statistics, wls.tvalues),
        (found.p_values, wls.pvalues),
        (found.intervals(), wls.conf_int()),
    ):
        assert_allclose(ours, theirs, rtol=1e-8, atol=1e-15)
    assert found.facts["log-likelihood"] == pytest.approx(wls.llf, rel=1e-10)


def test_weighted_classes_equal_a_generalized_linear_model() -> None:
    data = STATES.assign(high=(STATES.murder > 4.5).astype(float))
    options: dict[str, Any] = {"l2": 0, "covariance": "classical", "holdout": 0}
    fit = fit_table(data, formula="high ~ urban + poverty", weights="w", **options)
    family = sm.families.Binomial()
    glm = smf.glm("high ~ urban + poverty", data, family=family, var_weights=data.w)
    expected = glm.fit(tol=1e-14, maxiter=200)
    assert_allclose(fit.inference.estimates, expected.params, rtol=1e-7)
    assert_allclose(fit.inference.std_errors, expected.bse, rtol=1e-7)


def test_losses_and_metrics_are_weighted_and_said_to_be() -> None:
    fit = fit_table(STATES, "murder", features=("urban", "poverty"), weights="w", folds=4)
    assert "Rows count by 'w'" in " ".join(notes(fit))
    parts = [(f, f.split.held_out) for f in fit.folds]
    rmse = []
    for fold, rows in parts:
        target = fold.split.encoding.target
        actual = rows.y * target.scale + target.mean
        predicted = fold.model.predicted(fold.model.of_features(rows.X))
        assert rows.weights is not None
        rmse.append(oracle.root_mean_squared_error(actual, predicted, sample_weight=rows.weights))
    assert fit.metrics["cross-validated"]["RMSE"] == pytest.approx(np.mean(rmse), rel=1e-12)
    judged, training = fit.losses["training"], fit.split.train
    assert judged["loss"] == pytest.approx(fit.metrics["training"]["RMSE"] ** 2, rel=1e-12)
    y = STATES.murder.to_numpy()
    center = np.average(y, weights=STATES.w)
    assert judged["null loss"] == pytest.approx(np.average((y - center) ** 2, weights=STATES.w))
    assert training.total == pytest.approx(STATES.w.sum())


def test_metrics_of_classes_equal_scikit_learn() -> None:
    random = np.random.default_rng(0)
    weights, shares = random.uniform(0.1, 3, 120), random.dirichlet(np.ones(3), 120).round(1)
    shares /= shares.sum(axis=1, keepdims=True)
    y = random.integers(0, 3, 120)
    taken = shares.argmax(axis=1)
    found = Judgment("multiclass", tuple("abc"), y, taken, shares, weights=weights)
    told = {"sample_weight": weights}
    numbers, by_class = found.metrics, found.by_class
    assert_allclose(numbers["accuracy"], oracle.accuracy_score(y, taken, **told))
    assert_allclose(numbers["balanced accuracy"], oracle.balanced_accuracy_score(y, taken, **told))
    assert_allclose(numbers["log loss"], oracle.log_loss(y, shares, **told))
    areas = [oracle.roc_auc_score(y == k, shares[:, k], **told) for k in range(3)]
    assert_allclose(numbers["AUC"], np.mean(areas))
    precision = oracle.precision_score(y, taken, average=None, **told)
    assert_allclose([by_class[name]["precision"] for name in "abc"], precision)
    assert by_class["a"]["rows"] == np.count_nonzero(y == 0)


@pytest.mark.parametrize("name", ["squared", "absolute", "huber", "quantile", "poisson", "logistic",
                                  "hinge"])  # fmt: skip
def test_the_null_model_minimizes_the_weighted_loss(name: str) -> None:
    random = np.random.default_rng(1)
    objective = OBJECTIVES[name]
    y = random.integers(0, 2, 51).astype(float) if objective.kind == "binary" else (
        random.poisson(3.0, 51).astype(float))  # fmt: skip
    weights = random.uniform(0.1, 4.0, 51)
    best = objective.null(y, 1, weights)

    def loss(constant: float) -> float:
        return float(np.average(objective.losses(np.full(51, constant), y), weights=weights))

    assert all(loss(best) <= loss(best + step) + 1e-12 for step in (-0.3, -1e-4, 1e-4, 0.3))


def test_a_penalty_counts_beside_the_weighted_sum() -> None:
    fit = fit_table(STATES, "murder", features=("urban", "poverty"), weights="w", l2=3.0, holdout=0)
    rows = fit.split.train
    problem = PenalizedLoss(fit.split.objective, rows, penalty=3.0 / STATES.w.sum())
    slope = tw.grad(problem.loss)(fit.trained.params, *problem.data)
    assert max(float(np.abs(part).max()) for part in tw.tree.leaves(slope)) < 1e-9


def test_an_optimizer_and_a_search_count_rows_by_their_weights() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=60)
    data = {"x": x, "y": np.where(x > 0, 2.0, -2.0) * x, "w": np.where(x > 0, 1.0, 1e-6)}
    fit = fit_table(data, "y", weights="w", optimizer=tw.optim.adam(0.1), batch_size=60,
                    epochs=500, holdout=0, progress=False)  # fmt: skip
    assert fit.model.predict({"x": [1.0]})[0] == pytest.approx(2.0, abs=0.05)
    found = tune_table(data, "y", {"learning_rate": tw.tuning.choice(0.1, 0.2)}, weights="w",
                       trials=2, folds=2, epochs=200, batch_size=24, progress=False)  # fmt: skip
    assert found.study.best.value < 0.1


def test_rows_of_weight_zero_are_left_out_and_told() -> None:
    data = STATES.assign(w=np.where(np.arange(len(STATES)) < 9, 0.0, STATES.w))
    fit = fit_table(data, "murder", features=("urban",), weights="w", holdout=0)
    assert "9 of 51 rows have the weight 0 and were left out." in fit.split.alerts
    wls = smf.wls("murder ~ urban", data[9:], weights=data.w[9:]).fit(cov_type="HC1", use_t=True)
    assert_allclose(fit.inference.std_errors, wls.bse, rtol=1e-8)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1.0, "'w' is negative in row 3"),
        (np.nan, "'w' is missing in row 3"),
        (np.inf, "'w' is infinite, or too large for a number, in row 3"),
    ],
)
def test_a_weight_that_is_none_is_refused(value: float, reason: str) -> None:
    data = pd.DataFrame(STATES[["murder", "urban", "w"]]).reset_index(drop=True)
    data.loc[2, "w"] = value
    with pytest.raises(DataError, match=reason):
        fit_table(data, "murder", weights="w")


def test_what_weights_exclude_is_told(tmp_path: Path) -> None:
    for options, reason in (
        ({"weights": "murder"}, "is the target or dropped"),
        ({"covariance": "clustered"}, "no column says which rows belong together"),
        ({"covariance": "HC9"}, "covariance is 'HC9'"),
    ):
        with pytest.raises(ArgumentError, match=reason):
            Settings("murder", **options)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="texts"):
        fit_table(STATES, "murder", weights="region")
    fit = fit_table(STATES, "murder", features=("urban",), weights="w", loss="quantile(0.5)",
                    holdout=0, epochs=20)  # fmt: skip
    assert "Fit without weights" in fit.inference.why


def test_equal_weights_are_no_weights() -> None:
    rows = Rows(np.eye(2), np.ones(2), np.full(2, 3.0))
    assert rows.mean([1.0, 3.0]) == 2.0
    plain = fit_table(STATES, "murder", features=("urban",), holdout=0)
    equal = fit_table(STATES.assign(w=2.5), "murder", features=("urban",), holdout=0, weights="w")
    assert_allclose(equal.inference.std_errors, plain.inference.std_errors, rtol=1e-10)
    assert equal.metrics["training"] == pytest.approx(plain.metrics["training"], rel=1e-12)
