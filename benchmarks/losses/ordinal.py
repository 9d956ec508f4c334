"""Categories: probit, ordered logit."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.losses.model import Model, Optimum


def probit(b, X, y):
    """The mean negative log-likelihood of P(y = 1) = Φ(Xb)."""
    return -np.mean(tw.special.log_ndtr((2 * y - 1) * (X @ b)))


def _answers(n: int) -> Any:
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 4))])
    y = (X @ [0.2, 0.8, -0.6, 0.3, 0.0] + rng.normal(size=n) > 0).astype(float)
    return np.zeros(5), (X, y)


def _probit_optimum(X: Any, y: Any) -> Optimum:
    from statsmodels.discrete.discrete_model import Probit

    found = Probit(y, X).fit(method="newton", tol=1e-12, disp=False)
    return Optimum(-found.llf / len(y), found.params, "statsmodels")


def ordered_logit(params, X, y):
    """The mean negative log-likelihood of P(y ≤ k) = σ(c_k − Xb), the cuts c ascending."""
    cuts = np.cumsum(np.concatenate([params["first"], np.exp(params["log_gaps"])]))
    below = 1 / (1 + np.exp((X @ params["b"])[:, None] - cuts))
    ends = np.zeros((len(y), 1)), np.ones((len(y), 1))
    chances = np.diff(np.concatenate([ends[0], below, ends[1]], axis=1), axis=1)
    return -np.mean(np.log(np.take_along_axis(chances, y[:, None], axis=1)))


def _ratings(n: int) -> Any:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(n, 4))
    latent = X @ [1.0, -0.7, 0.4, 0.0] + rng.logistic(size=n)
    y = np.digitize(latent, [-1.5, 0.0, 1.5])
    return {"b": np.zeros(4), "first": np.array([-1.0]), "log_gaps": np.zeros(2)}, (X, y)


def _ordered_optimum(X: Any, y: Any) -> Optimum:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    model = OrderedModel(y, X, distr="logit")
    found = model.fit(method="bfgs", maxiter=1000, gtol=1e-8, disp=False)
    b, first, gaps = np.split(np.asarray(found.params), [4, 5])
    params = {"b": b, "first": first, "log_gaps": gaps}
    return Optimum(-found.llf / len(y), params, "statsmodels")


MODELS = (
    Model(
        "probit",
        "Probit regression (500 × 5)",
        probit,
        _answers,
        size=500,
        quick=60,
        optimum=_probit_optimum,
    ),
    Model(
        "ordered-logit",
        "Ordered logit, 4 categories (500 × 4)",
        ordered_logit,
        _ratings,
        size=500,
        quick=60,
        optimum=_ordered_optimum,
    ),
)
