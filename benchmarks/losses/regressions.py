"""Generalized linear models: counts, rates, positive amounts."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.losses.model import Model, Optimum

_POWER = 1.5


def _design(n: int, seed: int) -> tuple[Any, Any, Any]:
    """A generator, a design with an intercept, and coefficients."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 4))])
    return rng, X, np.array([0.5, 0.4, -0.3, 0.2, 0.0])


# ---- counts that vary more than Poisson's


def negative_binomial(params, X, y):
    """The mean negative log-likelihood of counts of variance μ + αμ²."""
    mu, r = np.exp(X @ params["b"]), np.exp(-params["log_alpha"])
    ways = tw.special.gammaln(y + r) - tw.special.gammaln(r) - tw.special.gammaln(y + 1)
    return -np.mean(ways + r * np.log(r / (r + mu)) + y * np.log(mu / (r + mu)))


def _overdispersed(n: int) -> Any:
    rng, X, b = _design(n, 1)
    y = rng.poisson(np.exp(X @ b) * rng.gamma(1.0, 1.0, size=n)).astype(float)
    return {"b": np.zeros(5), "log_alpha": 0.0}, (X, y)


def _negative_binomial_optimum(X: Any, y: Any) -> Optimum:
    from statsmodels.discrete.discrete_model import NegativeBinomial

    found = NegativeBinomial(y, X).fit(method="bfgs", maxiter=1000, gtol=1e-9, disp=False)
    params = {"b": found.params[:-1], "log_alpha": np.log(found.params[-1])}
    return Optimum(-found.llf / len(y), params, "statsmodels")


# ---- rates between 0 and 1


def beta_regression(params, X, y):
    """The mean negative log-likelihood of Beta(μφ, (1 − μ)φ) with logit(μ) = Xb."""
    mu, phi = 1 / (1 + np.exp(-(X @ params["b"]))), np.exp(params["log_phi"])
    p, q = mu * phi, (1 - mu) * phi
    norm = tw.special.gammaln(phi) - tw.special.gammaln(p) - tw.special.gammaln(q)
    return -np.mean(norm + (p - 1) * np.log(y) + (q - 1) * np.log(1 - y))


def _rates(n: int) -> Any:
    rng, X, b = _design(n, 2)
    mu = 1 / (1 + np.exp(-X @ b))
    y = np.clip(rng.beta(8 * mu, 8 * (1 - mu)), 1e-6, 1 - 1e-6)
    return {"b": np.zeros(5), "log_phi": 0.0}, (X, y)


def _beta_optimum(X: Any, y: Any) -> Optimum:
    from statsmodels.othermod.betareg import BetaModel

    found = BetaModel(y, X).fit(method="bfgs", gtol=1e-10, maxiter=1000, disp=False)
    params = {"b": found.params[:-1], "log_phi": found.params[-1]}
    return Optimum(-found.llf / len(y), params, "statsmodels")


# ---- deviances


def tweedie(b, X, y):
    """The mean deviance of Tweedie's family of power 1.5: many zeros, and positive amounts."""
    mu, p = np.exp(X @ b), _POWER
    most = y ** (2 - p) / ((1 - p) * (2 - p))
    return 2 * np.mean(most - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p))


def _claims(n: int) -> Any:
    rng, X, b = _design(n, 3)
    number = rng.poisson(np.exp(X @ b))
    return np.zeros(5), (X, np.array([rng.gamma(2.0, 0.7, size=k).sum() for k in number]))


def _tweedie_optimum(X: Any, y: Any) -> Optimum:
    from sklearn.linear_model import TweedieRegressor
    from sklearn.metrics import mean_tweedie_deviance

    model = TweedieRegressor(
        power=_POWER, alpha=0, link="log", fit_intercept=False, tol=1e-12, solver="newton-cholesky"
    ).fit(X, y)
    loss = mean_tweedie_deviance(y, model.predict(X), power=_POWER)
    return Optimum(loss, model.coef_, "scikit-learn")


def gamma(b, X, y):
    """The mean deviance of gamma distributed amounts."""
    mu = np.exp(X @ b)
    return 2 * np.mean(np.log(mu / y) + y / mu - 1)


def _amounts(n: int) -> Any:
    rng, X, b = _design(n, 4)
    return np.zeros(5), (X, rng.gamma(2.0, np.exp(X @ b) / 2))


def _gamma_optimum(X: Any, y: Any) -> Optimum:
    from sklearn.linear_model import GammaRegressor
    from sklearn.metrics import mean_gamma_deviance

    model = GammaRegressor(alpha=0, fit_intercept=False, tol=1e-12, solver="newton-cholesky")
    model.fit(X, y)
    return Optimum(mean_gamma_deviance(y, model.predict(X)), model.coef_, "scikit-learn")


MODELS = (
    Model(
        "negative-binomial",
        "Negative binomial regression, dispersion estimated (500 × 5)",
        negative_binomial,
        _overdispersed,
        size=500,
        quick=60,
        optimum=_negative_binomial_optimum,
    ),
    Model(
        "beta",
        "Beta regression (500 × 5)",
        beta_regression,
        _rates,
        size=500,
        quick=60,
        optimum=_beta_optimum,
    ),
    Model(
        "tweedie",
        "Tweedie deviance, power 1.5 (500 × 5)",
        tweedie,
        _claims,
        size=500,
        quick=60,
        optimum=_tweedie_optimum,
    ),
    Model(
        "gamma",
        "Gamma deviance (500 × 5)",
        gamma,
        _amounts,
        size=500,
        quick=60,
        optimum=_gamma_optimum,
    ),
)
