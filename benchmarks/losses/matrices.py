"""Losses of linear algebra: a Gaussian process, a linear mixed model."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from benchmarks.losses.model import Model, Optimum


def gaussian_process(params, x, y):
    """The negative log marginal likelihood a point, of a smooth function seen with noise."""
    variance, length, noise = np.exp(params)
    squares = (x[:, None] - x[None, :]) ** 2
    K = variance * np.exp(-0.5 * squares / length**2) + noise * np.eye(len(x))
    L = np.linalg.cholesky(K)
    z = tw.linalg.solve_triangular(L, y, upper=False)
    return (0.5 * z @ z + np.sum(np.log(np.diagonal(L)))) / len(x) + 0.5 * np.log(2 * np.pi)


def _curve(n: int) -> Any:
    rng = np.random.default_rng(8)
    x = np.sort(rng.uniform(0, 10, size=n))
    return np.zeros(3), (x, np.sin(x) + 0.5 * np.cos(2.3 * x) + 0.3 * rng.normal(size=n))


def _process_optimum(x: Any, y: Any) -> Optimum:
    from scipy.optimize import minimize
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    kernel = ConstantKernel() * RBF() + WhiteKernel()
    model = GaussianProcessRegressor(kernel, optimizer=None, alpha=0.0).fit(x[:, None], y)

    def negative(theta: Any) -> Any:
        value, slope = model.log_marginal_likelihood(theta, eval_gradient=True)
        return -value / len(x), -slope / len(x)

    found = minimize(negative, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-11})
    return Optimum(found.fun, found.x, "scikit-learn")


def mixed_model(params, y, X):
    """The restricted negative log-likelihood of groups with random intercepts and slopes.

    Each group's observations have the covariance ZCZᵀ + σ²I, with C = LLᵀ; the coefficients of X
    are integrated out.
    """
    groups, each, columns = X.shape
    a, b, c = params["chol"]
    Z = X[:, :, :2]
    # ZL, column by column.
    ZL = np.stack([Z[:, :, 0] * np.exp(a) + Z[:, :, 1] * b, Z[:, :, 1] * np.exp(c)], axis=2)
    V = ZL @ np.swapaxes(ZL, 1, 2) + np.exp(2 * params["log_noise"]) * np.eye(each)
    right = np.concatenate([X, y[:, :, None]], axis=2)
    solved = np.linalg.solve(V, right)
    M = np.sum(np.swapaxes(right, 1, 2) @ solved, axis=0)
    XX, Xy, yy = M[:columns, :columns], M[:columns, columns], M[columns, columns]
    residual = yy - Xy @ np.linalg.solve(XX, Xy)
    logs = np.sum(np.linalg.slogdet(V)[1]) + np.linalg.slogdet(XX)[1]
    free = groups * each - columns
    return 0.5 * (logs + residual + free * np.log(2 * np.pi)) / free


def _groups(n: int) -> Any:
    rng = np.random.default_rng(9)
    X = np.concatenate([np.ones((n, 8, 1)), rng.normal(size=(n, 8, 2))], axis=2)
    u = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.3], [0.0, 0.6]])
    y = X @ [1.0, -0.5, 0.3] + np.einsum("gij,gj->gi", X[:, :, :2], u)
    y = y + 0.7 * rng.normal(size=y.shape)
    return {"chol": np.zeros(3), "log_noise": 0.0}, (y, X)


def _mixed_value(params: Any, y: Any, X: Any) -> float:
    """The same likelihood by one large covariance of all observations."""
    a, b, c = params["chol"]
    L = np.array([[np.exp(a), 0.0], [b, np.exp(c)]])
    n, columns = y.size, X.shape[2]
    V = np.exp(2 * float(params["log_noise"])) * np.eye(n)
    for g, Z in enumerate(X[:, :, :2]):
        rows = slice(g * len(Z), (g + 1) * len(Z))
        V[rows, rows] += Z @ L @ L.T @ Z.T
    F, z = X.reshape(n, columns), y.reshape(n)
    information = F.T @ np.linalg.solve(V, F)
    rest = z - F @ np.linalg.solve(information, F.T @ np.linalg.solve(V, z))
    logs = np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
    quadratic = rest @ np.linalg.solve(V, rest)
    return float(0.5 * ((logs + quadratic) / (n - columns) + np.log(2 * np.pi)))


def _mixed_optimum(y: Any, X: Any) -> Optimum:
    from scipy.optimize import minimize
    from statsmodels.regression.mixed_linear_model import MixedLM

    n, each, columns = X.shape
    F, groups = X.reshape(n * each, columns), np.repeat(np.arange(n), each)
    model = MixedLM(y.reshape(-1), F, groups, exog_re=F[:, :2])
    found = model.fit(reml=True, method="bfgs")
    L = np.linalg.cholesky(found.cov_re)
    # statsmodels stops early, and its own value has other constants.
    begun = [np.log(L[0, 0]), L[1, 0], np.log(L[1, 1]), 0.5 * np.log(found.scale)]
    tree = lambda flat: {"chol": flat[:3], "log_noise": flat[3]}
    best = minimize(
        lambda flat: _mixed_value(tree(flat), y, X), begun, method="BFGS", jac="3-point",
        options={"gtol": 1e-9},
    )  # fmt: skip
    return Optimum(best.fun, tree(best.x), "statsmodels, SciPy")


MODELS = (
    Model(
        "gaussian-process",
        "Gaussian process, marginal likelihood by Cholesky (n = 100)",
        gaussian_process,
        _curve,
        size=100,
        quick=20,
        optimum=_process_optimum,
    ),
    Model(
        "mixed-model",
        "Linear mixed model, REML, 30 groups of 8",
        mixed_model,
        _groups,
        size=30,
        quick=12,
        optimum=_mixed_optimum,
        value=_mixed_value,
    ),
)
