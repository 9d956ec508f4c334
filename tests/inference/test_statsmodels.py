"""Inference beside statsmodels' on its own data sets: the same convention, the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from statsmodels.stats.sandwich_covariance import cov_white_simple

import thalweg as tw
from thalweg.inference import Inference, regression

RTOL = 1e-8
LINEAR = ("stackloss", "statecrime", "ccard", "engel", "copper", "scotland", "cpunish", "star98")
KINDS = {"nonrobust": "classical", "HC0": "HC0", "HC1": "HC1", "HC2": "HC2", "HC3": "HC3"}
HC = ("HC0", "HC1", "HC2", "HC3")


def load(name: str) -> tuple[Any, Any]:
    data = getattr(sm.datasets, name).load_pandas()
    X = data.exog.astype(float)
    y = np.asarray(data.endog, float)
    return X.loc[:, X.std() > 0], y[:, 0] if y.ndim > 1 else y


def with_ones(X: Any) -> Any:
    return np.column_stack([np.ones(len(X)), np.asarray(X)])


def assert_equal(found: Inference, theirs: Any) -> None:
    assert_allclose(found.estimates, theirs.params, rtol=RTOL)
    assert_allclose(
        found.covariance, theirs.cov_params(), rtol=RTOL, atol=1e-10 * found.covariance.max()
    )
    assert_allclose(found.std_errors, theirs.bse, rtol=RTOL)
    assert_allclose(found.statistics, theirs.tvalues, rtol=RTOL)
    assert_allclose(found.p_values, theirs.pvalues, rtol=RTOL, atol=1e-200)
    assert_allclose(found.intervals(), theirs.conf_int(), rtol=RTOL)
    assert_allclose(found.intervals(0.9), theirs.conf_int(0.1), rtol=RTOL)
    facts = [found.facts[name] for name in ("log-likelihood", "AIC", "BIC")]
    assert_allclose(facts, [theirs.llf, theirs.aic, theirs.bic], rtol=RTOL)


@pytest.mark.parametrize("name", LINEAR)
def test_least_squares(name: str) -> None:
    X, y = load(name)
    model = sm.OLS(y, with_ones(X))
    for theirs, ours in KINDS.items():
        found, oracle = regression(X, y, covariance=ours), model.fit(cov_type=theirs, use_t=True)
        assert_equal(found, oracle)
        assert_allclose(found.facts["R²"], oracle.rsquared, rtol=RTOL)
        assert_allclose(found.facts["adjusted R²"], oracle.rsquared_adj, rtol=RTOL)
        assert found.names == ("intercept", *X.columns)
        assert found.convention is not None
        assert found.convention.elsewhere == theirs


def test_longleys_columns_are_kept_and_told_to_nists_digits() -> None:
    X, y = load("longley")
    found = regression(X, y)
    assert not found.left_out
    # Certified by NIST's Statistical Reference Datasets, divided as statsmodels has the columns.
    estimates = [
        -3482258.63459582, 15.0618722713733, -0.358191792925910e-1, -2.02022980381683,
        -1.03322686717359, -0.511041056535807e-1, 1829.15146461355,
    ]  # fmt: skip
    errors = [
        890420.383607373, 84.9149257747669, 0.334910077722432e-1, 0.488399681651699,
        0.214274163161675, 0.226073200069370, 455.478499142212,
    ]  # fmt: skip
    assert_allclose(found.estimates, estimates, rtol=1e-9)
    assert_allclose(found.std_errors, errors, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_weighted_least_squares(kind: str) -> None:
    X, y = load("ccard")
    weights = 1.0 / X["INCOME"].to_numpy()
    oracle = sm.WLS(y, with_ones(X), weights=weights).fit(cov_type=kind, use_t=True)
    assert_equal(regression(X, y, weights=weights, covariance=KINDS[kind]), oracle)


def test_clusters() -> None:
    X, y = load("statecrime")
    groups = np.arange(len(y)) % 9
    oracle = sm.OLS(y, with_ones(X)).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    found = regression(X, y, covariance="clustered", clusters=groups)
    assert_equal(found, oracle)
    assert found.convention is not None
    assert found.convention.reference.df == 8


def counted() -> tuple[Any, Any, Any, Any]:
    X, y = load("randhie")
    rows = slice(0, 4000)
    exposure = np.log(np.linspace(1.0, 3.0, 4000))
    return X[rows], y[rows], exposure, np.arange(4000) // 25


@pytest.mark.parametrize("kind", ["nonrobust", "HC0", "cluster"])
def test_logistic_regression(kind: str) -> None:
    for name in ("spector", "fair"):
        X, y = load(name)
        y = (y > 0).astype(float)
        groups = np.arange(len(y)) % 11
        more = {"cov_kwds": {"groups": groups}} if kind == "cluster" else {}
        oracle = sm.Logit(y, with_ones(X)).fit(
            disp=0, tol=1e-14, maxiter=100, cov_type=kind, **more
        )
        ours = {"nonrobust": "classical", "cluster": "clustered"}.get(kind, kind)
        clusters = groups if kind == "cluster" else None
        assert_equal(regression(X, y, "logistic", covariance=ours, clusters=clusters), oracle)


@pytest.mark.parametrize("kind", ["nonrobust", "HC0", "cluster"])
@pytest.mark.parametrize("family", ["poisson", "negative binomial"])
def test_counts_with_an_offset(family: str, kind: str) -> None:
    X, y, offset, groups = counted()
    ours = {"nonrobust": "classical", "cluster": "clustered"}.get(kind, kind)
    clusters = groups if kind == "cluster" else None
    found = regression(X, y, family, offset=offset, covariance=ours, clusters=clusters)
    model = sm.Poisson if family == "poisson" else sm.NegativeBinomial
    more = {"cov_kwds": {"groups": groups}} if kind == "cluster" else {}
    # Newton's steps of theirs begin at ours: from elsewhere, or by BFGS, they stop at 1e-5.
    oracle = model(y, with_ones(X), offset=offset).fit(
        start_params=found.estimates, method="newton", tol=1e-14, disp=0, cov_type=kind, **more
    )
    assert_equal(found, oracle)


@pytest.mark.parametrize("family", ["logistic", "poisson"])
def test_leverages_and_degrees_of_freedom_of_likelihoods(family: str) -> None:
    X, y = load("fair")
    y = (y > 0).astype(float) if family == "logistic" else np.round(y)
    theirs = sm.families.Binomial() if family == "logistic" else sm.families.Poisson()
    oracle = sm.GLM(y, with_ones(X), family=theirs).fit(tol=1e-14, maxiter=100)
    covariances = {kind: regression(X, y, family, covariance=kind) for kind in HC}
    # Under cov_type="HC1" to "HC3" statsmodels gives HC0 here; it has the correction elsewhere.
    for kind, corrected in (("HC0", False), ("HC1", True)):
        wanted = cov_white_simple(oracle, use_correction=corrected)
        assert_allclose(covariances[kind].covariance, wanted, rtol=RTOL, atol=1e-12)
    # As R's sandwich::vcovHC has it: scores over a power of 1 − h, with the hat values of the
    # weighted least squares at the optimum.
    scores = np.asarray(oracle.model.score_obs(oracle.params))
    bread, left = oracle.normalized_cov_params, 1.0 - oracle.get_influence().hat_matrix_diag
    for kind, power in (("HC2", 1.0), ("HC3", 2.0)):
        wanted = bread @ ((scores / left[:, None] ** power).T @ scores) @ bread
        found = covariances[kind]
        assert_allclose(found.covariance, wanted, rtol=RTOL, atol=1e-12)
        assert_allclose(found.std_errors, np.sqrt(np.diag(wanted)), rtol=RTOL)
        assert found.convention is not None
        assert not found.convention.elsewhere


# ---- what follows


def test_predictions_of_a_line() -> None:
    X, y = load("ccard")
    weights = 1.0 / X["INCOME"].to_numpy()
    oracle = sm.WLS(y, with_ones(X), weights=weights).fit()
    frame = oracle.get_prediction(with_ones(X)[:6], weights=weights[:6]).summary_frame()
    found = regression(X, y, weights=weights).predict(X[:6], weights=weights[:6])
    columns = [found.mean, found.std_errors, found.interval, found.new_interval]
    assert_allclose(np.column_stack(columns), frame, rtol=RTOL)


@pytest.mark.parametrize("family", ["poisson", "logistic"])
def test_predictions_of_means(family: str) -> None:
    X, y = load("spector")
    y = y if family == "logistic" else np.round(3 * X["GPA"].to_numpy() * (1 + y))
    theirs = sm.families.Poisson() if family == "poisson" else sm.families.Binomial()
    oracle = sm.GLM(y, with_ones(X), family=theirs).fit(tol=1e-14, maxiter=100)
    frame = oracle.get_prediction(with_ones(X)[:5]).summary_frame()
    found = regression(X, y, family).predict(X[:5])
    assert_allclose(
        np.column_stack([found.mean, found.std_errors, found.interval]), frame, rtol=RTOL
    )
    assert (found.new_interval is None) == (family == "logistic")


def test_walds_tests_of_one_of_several_and_of_contrasts() -> None:
    X, y = load("statecrime")
    oracle, found = sm.OLS(y, with_ones(X)).fit(), regression(X, y)
    R = np.array([[0, 1, -1, 0, 0], [0, 0, 0, 2.0, 1.0]])
    goals = np.array([0.01, 0.5])
    theirs = oracle.f_test((R, goals))
    first, second, third, fourth = X.columns
    for ours in (
        found.wald(R, goals),
        found.wald([{first: 1, second: -1}, {third: 2, fourth: 1}], goals),
    ):
        assert_allclose([ours.statistic, ours.p_value], [theirs.fvalue, theirs.pvalue], rtol=RTOL)
        assert ours.df == (2, oracle.df_resid)
    assert_allclose(found.wald().statistic, oracle.fvalue, rtol=RTOL)
    one = found.contrasts({first: 1, second: -1})
    single = oracle.t_test(R[0])
    assert_allclose(one.p_values, single.pvalue, rtol=RTOL)
    assert_allclose(one.intervals(), single.conf_int(), rtol=RTOL)
    X, y = load("spector")
    oracle, found = sm.Logit(y, with_ones(X)).fit(disp=0, tol=1e-14), regression(X, y, "logistic")
    theirs = oracle.wald_test(np.eye(4)[1:3], scalar=True)
    ours = found.wald(list(X.columns[:2]))
    assert_allclose([ours.statistic, ours.p_value], [theirs.statistic, theirs.pvalue], rtol=RTOL)


def test_likelihood_ratios() -> None:
    X, y = load("spector")
    oracle = sm.Logit(y, with_ones(X)).fit(disp=0, tol=1e-14)
    whole, none = regression(X, y, "logistic"), regression(X[[]], y, "logistic")
    found = tw.inference.likelihood_ratio(none, whole)
    assert_allclose([found.statistic, found.p_value], [oracle.llr, oracle.llr_pvalue], rtol=RTOL)
    X, y = load("statecrime")
    theirs = sm.OLS(y, with_ones(X)).fit().compare_lr_test(sm.OLS(y, with_ones(X)[:, :3]).fit())
    found = tw.inference.likelihood_ratio(regression(X.iloc[:, :2], y), regression(X, y))
    assert_allclose([found.statistic, found.p_value, found.df[0]], theirs, rtol=RTOL)
