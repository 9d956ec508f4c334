"""What is not seen: mixture components, factors of rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.losses.model import Model, Optimum

# ---- a mixture


def mixture(params, x):
    """The mean negative log-likelihood of a mixture of three normals."""
    logits = np.concatenate([np.zeros(1), params["logits"]])
    weights = logits - np.logaddexp.reduce(logits)
    z = (x[:, None] - params["means"]) / np.exp(params["log_scales"])
    logs = weights - params["log_scales"] - 0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    return -np.mean(np.logaddexp.reduce(logs, axis=1))


def _sample(n: int) -> Any:
    rng = np.random.default_rng(18)
    kind = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    x = np.array([-3.0, 0.0, 4.0])[kind] + np.array([0.7, 0.5, 1.2])[kind] * rng.normal(size=n)
    start = {"logits": np.zeros(2), "means": np.array([-2.0, 0.0, 3.0]), "log_scales": np.zeros(3)}
    return start, (x,)


def _mixture_optimum(x: Any) -> Optimum:
    from sklearn.mixture import GaussianMixture

    start, _ = _sample(len(x))
    model = GaussianMixture(
        3, tol=1e-15, reg_covar=0, max_iter=20_000, weights_init=np.full(3, 1 / 3),
        means_init=start["means"][:, None], precisions_init=np.ones((3, 1, 1)),
    ).fit(x[:, None])  # fmt: skip
    weights = np.log(model.weights_)
    params = {
        "logits": weights[1:] - weights[0],
        "means": model.means_[:, 0],
        "log_scales": 0.5 * np.log(model.covariances_[:, 0, 0]),
    }
    return Optimum(-model.score(x[:, None]), params, "scikit-learn")


# ---- factors with biases

_RANK, _PENALTY = 4, 1.0


def factorization(params, i, j, y):
    """The squared error of ratings by biases and factors, with an L² penalty, a rating."""
    U, V, u, v = params["U"], params["V"], params["u"], params["v"]
    off = y - params["mean"] - u[i] - v[j] - np.sum(U[i] * V[j], axis=1)
    size = np.sum(U**2) + np.sum(V**2) + np.sum(u**2) + np.sum(v**2)
    return (np.sum(off**2) + _PENALTY * size) / len(y)


def _seen(n: int) -> Any:
    rng = np.random.default_rng(19)
    rows, columns = n // 40, n // 80
    i, j = rng.integers(rows, size=n), rng.integers(columns, size=n)
    A, B = rng.normal(size=(rows, _RANK)), rng.normal(size=(columns, _RANK))
    y = 3 + rng.normal(size=rows)[i] + (A[i] * B[j]).sum(1) + 0.3 * rng.normal(size=n)
    start = {
        "U": 0.1 * rng.normal(size=(rows, _RANK)), "V": 0.1 * rng.normal(size=(columns, _RANK)),
        "u": np.zeros(rows), "v": np.zeros(columns), "mean": 0.0,
    }  # fmt: skip
    return start, (i, j, y)


def _factors_optimum(i: Any, j: Any, y: Any) -> Optimum:
    """By SciPy's L-BFGS-B with the gradient by hand."""
    from scipy.optimize import minimize

    start, _ = _seen(len(y))
    shapes = {name: np.shape(value) for name, value in start.items()}
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes.values()])

    def parts(flat: Any) -> dict[str, Any]:
        pieces = np.split(flat, ends[:-1])
        return {k: p.reshape(s) for (k, s), p in zip(shapes.items(), pieces, strict=True)}

    def loss(flat: Any) -> Any:
        p = parts(flat)
        U, V = p["U"], p["V"]
        off = p["mean"] + p["u"][i] + p["v"][j] + np.sum(U[i] * V[j], axis=1) - y
        g = {name: 2 * _PENALTY * value for name, value in p.items()}
        np.add.at(g["U"], i, 2 * off[:, None] * V[j])
        np.add.at(g["V"], j, 2 * off[:, None] * U[i])
        np.add.at(g["u"], i, 2 * off)
        np.add.at(g["v"], j, 2 * off)
        g["mean"] = np.sum(2 * off)
        size = sum(np.sum(value**2) for name, value in p.items() if name != "mean")
        slope = np.concatenate([np.ravel(value) for value in g.values()])
        return (off @ off + _PENALTY * size) / len(y), slope / len(y)

    flat = np.concatenate([np.ravel(value) for value in start.values()])
    options = {"maxiter": 20_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 50}
    found = minimize(loss, flat, jac=True, method="L-BFGS-B", options=options)
    return Optimum(found.fun, None, "SciPy")


MODELS = (
    Model(
        "mixture",
        "Mixture of 3 normals (n = 500)",
        mixture,
        _sample,
        size=500,
        quick=100,
        optimum=_mixture_optimum,
    ),
    Model(
        "factorization",
        "Matrix factorization with biases, 100 × 50, 4,000 ratings, rank 4",
        factorization,
        _seen,
        size=4000,
        quick=400,
        optimum=_factors_optimum,
        rate=0.5,
        steps=10_000,
    ),
)
