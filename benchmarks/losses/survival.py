"""Survival: Cox's partial likelihood over sorted risk sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.losses.model import Model, Optimum


def cox(b, X, time, event):
    """The mean negative partial log-likelihood; who lives longer is at risk before."""
    order = np.argsort(-time)
    score = (X @ b)[order]
    at_risk = np.log(np.cumsum(np.exp(score)))
    return -np.mean(event[order] * (score - at_risk))


def _lives(n: int) -> Any:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, 5))
    life = rng.exponential(np.exp(-X @ [0.5, -0.4, 0.3, 0.0, 0.2]))
    watched = rng.exponential(2.0, size=n)
    return np.zeros(5), (X, np.minimum(life, watched), (life <= watched).astype(float))


def _cox_optimum(X: Any, time: Any, event: Any) -> Optimum:
    from scipy.optimize import minimize
    from statsmodels.duration.hazard_regression import PHReg

    model = PHReg(time, X, status=event, ties="breslow")
    found = minimize(
        lambda b: -model.loglike(b), np.zeros(5), jac=lambda b: -model.score(b),
        hess=lambda b: -model.hessian(b), method="trust-exact", options={"gtol": 1e-10},
    )  # fmt: skip
    return Optimum(found.fun / len(time), found.x, "statsmodels")


MODELS = (
    Model(
        "cox",
        "Cox's partial likelihood (500 × 5)",
        cox,
        _lives,
        size=500,
        quick=60,
        optimum=_cox_optimum,
    ),
)
