"""Linear estimators give the numbers of scikit-learn and statsmodels."""

from typing import Any

import numpy as np
import pytest
import scipy.optimize
import sklearn.linear_model as oracle
import statsmodels.api as sm
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning

from thalweg.estimators import (
    Classifier,
    HuberRegressor,
    LinearRegressor,
    PoissonRegressor,
    QuantileRegressor,
    Regressor,
)

X, Y = load_diabetes(return_X_y=True)
WEIGHTS = np.random.default_rng(0).uniform(0.0, 3.0, len(Y))


def same(model: Any, expected: Any, tolerance: float = 1e-8) -> None:
    scale = np.max(np.abs(expected.coef_))
    assert model.coef_.shape == expected.coef_.shape
    assert_allclose(model.coef_, expected.coef_, rtol=tolerance, atol=tolerance * scale)
    assert_allclose(model.intercept_, expected.intercept_, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("intercept", [True, False])
def test_least_squares_are_those_of_scikit_learn_and_statsmodels(
    intercept: bool, weights: Any
) -> None:
    model = LinearRegressor(fit_intercept=intercept).fit(X, Y, weights)
    same(model, oracle.LinearRegression(fit_intercept=intercept).fit(X, Y, weights))
    A = sm.add_constant(X) if intercept else X
    found = sm.WLS(Y, A, weights=1.0 if weights is None else weights).fit().params
    assert_allclose(model.coef_, found[-X.shape[1] :], rtol=1e-9)
    same(
        LinearRegressor(2.5, fit_intercept=intercept).fit(X, Y, weights),
        oracle.Ridge(2.5, fit_intercept=intercept).fit(X, Y, weights),
    )


def test_longleys_data_keep_their_digits() -> None:
    data = sm.datasets.longley.load_pandas()
    model = LinearRegressor().fit(data.exog, data.endog)
    # The certified values of NIST's Statistical Reference Datasets.
    certified = [
        15.0618722713733, -0.358191792925910e-01, -2.02022980381683, -1.03322686717359,
        -0.511041056535807e-01, 1829.15146461355,
    ]  # fmt: skip
    assert_allclose(model.coef_, certified, rtol=1e-9)
    assert model.intercept_ == pytest.approx(-3482258.63459582, rel=1e-9)
    assert model.feature_names_in_.tolist() == list(data.exog.columns)


def test_more_columns_than_rows_have_the_coefficients_of_least_norm() -> None:
    rng = np.random.default_rng(1)
    wide, y = rng.normal(size=(20, 50)), rng.normal(size=20)
    same(LinearRegressor().fit(wide, y), oracle.LinearRegression().fit(wide, y))


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_two_classes_are_logistic_regression_with_its_c(C: float) -> None:
    A, y = load_breast_cancer(return_X_y=True)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    model = Classifier(C=C).fit(A, y, weights)
    expected = oracle.LogisticRegression(
        C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000
    ).fit(A, y, weights)
    same(model, expected, 1e-7)
    assert_allclose(model.predict_proba(A), expected.predict_proba(A), atol=1e-8)
    assert_allclose(model.decision_function(A), expected.decision_function(A), atol=1e-6)


def test_several_classes_are_multinomial_regression() -> None:
    A, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = Classifier(C=10.0).fit(A, names)
    expected = oracle.LogisticRegression(C=10.0, tol=1e-12, max_iter=10_000).fit(A, names)
    same(model, expected, 1e-5)
    assert model.classes_.tolist() == expected.classes_.tolist()
    assert model.score(A, names) == expected.score(A, names)
    assert_allclose(model.predict_log_proba(A), np.log(model.predict_proba(A)))


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_counts_are_those_of_scikit_learn(alpha: float) -> None:
    model = PoissonRegressor(alpha).fit(X, Y, WEIGHTS)
    expected = oracle.PoissonRegressor(
        alpha=alpha, solver="newton-cholesky", tol=1e-13, max_iter=1000
    ).fit(X, Y, WEIGHTS)
    same(model, expected)
    assert model.score(X, Y, WEIGHTS) == pytest.approx(expected.score(X, Y, WEIGHTS), rel=1e-9)


def test_counts_with_exposures_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    A, exposure, offset = (
        rng.normal(size=(150, 3)),
        rng.uniform(0.5, 9.0, 150),
        rng.normal(size=150),
    )
    y = rng.poisson(exposure * np.exp(A @ [0.3, -0.5, 0.1] + 0.2 * offset))
    model = PoissonRegressor(0.0).fit(A, y, exposure=exposure, offset=offset)
    family = sm.families.Poisson()
    expected = sm.GLM(y, sm.add_constant(A), family=family, exposure=exposure, offset=offset)
    found = expected.fit(tol=1e-14)
    assert_allclose([model.intercept_, *model.coef_], found.params, rtol=1e-9)
    assert_allclose(model.predict(A, offset, exposure), found.mu, rtol=1e-9)
    assert_allclose(model.predict(A) * exposure * np.exp(offset), found.mu, rtol=1e-9)
    with pytest.raises(ValueError, match=r"exposure holds 0\.0; it must be positive"):
        model.fit(A, y, exposure=exposure * 0.0)
    with pytest.raises(ValueError, match="offset has 3 values for 150 rows"):
        model.fit(A, y, offset=offset[:3])


@pytest.mark.parametrize(("quantile", "alpha"), [(0.5, 0.0), (0.9, 0.0), (0.3, 0.05)])
def test_quantiles_are_those_of_scikit_learn_and_statsmodels(quantile: float, alpha: float) -> None:
    A = X * 20
    model = QuantileRegressor(quantile=quantile, alpha=alpha).fit(A, Y, WEIGHTS)
    expected = oracle.QuantileRegressor(quantile=quantile, alpha=alpha).fit(A, Y, WEIGHTS)
    same(model, expected, 1e-7)
    if not alpha:
        plain = QuantileRegressor(quantile=quantile, alpha=0.0).fit(A, Y)
        found = sm.QuantReg(Y, sm.add_constant(A)).fit(q=quantile, max_iter=5000, p_tol=1e-12)
        assert_allclose([plain.intercept_, *plain.coef_], found.params, rtol=1e-4)
        same(Regressor(f"quantile({quantile})").fit(A, Y), plain, 1e-9)


def test_huber_regression_is_at_the_minimum_scikit_learn_goes_to() -> None:
    A, epsilon, alpha = X * 20, 1.2, 0.5
    model = HuberRegressor(epsilon=epsilon, alpha=alpha).fit(A, Y, WEIGHTS)

    def value(w: Any, b: float, scale: float) -> float:
        z = np.abs(Y - A @ w - b) / scale
        H = np.where(z <= epsilon, z**2, 2 * epsilon * z - epsilon**2)
        return float(WEIGHTS @ (scale + scale * H) + alpha * w @ w)

    expected = oracle.HuberRegressor(epsilon=epsilon, alpha=alpha, tol=1e-10, max_iter=10_000)
    expected.fit(A, Y, WEIGHTS)
    least = value(model.coef_, model.intercept_, model.scale_)
    assert least <= value(expected.coef_, expected.intercept_, expected.scale_) + 1e-9
    assert_allclose(model.coef_, expected.coef_, atol=1e-4 * np.max(np.abs(model.coef_)))
    at = np.array([*model.coef_, model.intercept_, model.scale_])
    slope = scipy.optimize.approx_fprime(at, lambda v: value(v[:-2], v[-2], v[-1]), 1e-6)
    assert np.max(np.abs(slope)) < 1e-2
    assert model.outliers_.sum() == np.sum(np.abs(Y - model.predict(A)) > epsilon * model.scale_)


def test_units_of_the_target_change_the_units_of_the_answer_alone() -> None:
    for estimator in (HuberRegressor(alpha=0.0), LinearRegressor(), Regressor("huber(1.5)")):
        small = estimator.fit(X, Y).coef_
        assert_allclose(estimator.fit(X, Y * 1e6 - 1e8).coef_, small * 1e6, rtol=1e-7)


def test_a_warm_start_is_at_its_end() -> None:
    A, y = load_breast_cancer(return_X_y=True)
    for model, values in (
        (Classifier(warm_start=True), y),
        (PoissonRegressor(warm_start=True), y),
        (HuberRegressor(warm_start=True), A[:, 0]),
        (LinearRegressor(warm_start=True), A[:, 0]),
    ):
        features = A[:, 1:5]
        coefficients = model.fit(features, values).coef_
        assert model.fit(features, values).n_iter_ <= 2
        assert_allclose(model.coef_, coefficients, rtol=1e-7)


def test_what_has_no_optimum_warns_and_says_why() -> None:
    line = np.linspace(-1, 1, 50)[:, None]
    with pytest.warns(ConvergenceWarning, match="the loss falls for ever, as where features sep"):
        Classifier(C=np.inf).fit(line, line[:, 0] > 0)
    with pytest.warns(ConvergenceWarning, match="as many as max_iter lets it. Raise max_iter"):
        Classifier(max_iter=1).fit(X, Y > 100)
    with pytest.warns(ConvergenceWarning, match="the scale falls to 0. Take LinearRegressor"):
        HuberRegressor(alpha=0.0).fit(line, 2 * line[:, 0])


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (LinearRegressor(-1.0), "alpha is -1.0; give a number of at least 0"),
        (LinearRegressor("1"), "alpha is '1'; give a number"),
        (HuberRegressor(epsilon=0.9), "epsilon is 0.9; give a number of at least 1"),
        (QuantileRegressor(quantile=1.0), "quantile is 1.0; give a level between 0 and 1"),
        (Classifier(C=0.0), "C is 0.0; give a positive number"),
        (Regressor("squard"), "There is no loss 'squard'. Did you mean 'squared'"),
        (Regressor("logistic"), "is for a binary target"),
        (Regressor("absolute", alpha=1.0, fit_intercept=False), "needs an intercept"),
        (PoissonRegressor(), "is for counts"),
    ],
)
def test_what_means_nothing_is_refused(model: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        model.fit(X, np.where(Y > 100, 1, -1))
