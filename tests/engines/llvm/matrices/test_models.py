"""Models that are made of matrices compile whole: no warning, and the reference's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.engines.llvm.matrices.systems import normal

N = 20
X, Y = normal(np.float64, N, 3), normal(np.float64, N)
DISTANCES = ((X[:, None] - X[None]) ** 2).sum(-1)


def gaussian_process(p: Any) -> Any:
    scale, length, noise = np.exp(p[0]), np.exp(p[1]), np.exp(p[2])
    covariance = scale**2 * np.exp(-0.5 * DISTANCES / length**2) + noise**2 * np.eye(N)
    factor = np.linalg.cholesky(covariance)
    z = tw.linalg.solve_triangular(factor, Y, lower=True)
    return 0.5 * np.sum(z**2) + np.sum(np.log(np.diagonal(factor)))


def structured_normal(p: Any) -> Any:
    """Return minus the logarithm of a normal density whose covariance is W Wᵀ + diag(s)."""
    loadings, scales = np.reshape(p[:6], (3, 2)), np.exp(p[6:9])
    covariance = loadings @ loadings.T + np.diag(scales)
    missed = X - p[9:]
    quadratic = np.sum(missed.T * np.linalg.solve(covariance, missed.T))
    return 0.5 * quadratic + 0.5 * N * np.linalg.slogdet(covariance)[1]


def least_squares(p: Any) -> Any:
    """Return what generalized least squares misses, of the best coefficients for a covariance."""
    covariance = np.exp(-DISTANCES * np.exp(p[0])) + np.exp(p[1]) * np.eye(N)
    weights = np.linalg.inv(covariance)
    best = np.linalg.solve(X.T @ weights @ X, X.T @ (weights @ Y))
    missed = Y - X @ best
    return missed @ (weights @ missed) + np.linalg.slogdet(covariance)[1]


def laplace(p: Any) -> Any:
    """Return minus Laplace's approximation of a logistic model's evidence."""

    def energy(w: Any) -> Any:
        return np.sum(np.log1p(np.exp(-(X @ w) * np.sign(Y)))) + 0.5 * np.sum(w**2) * np.exp(p[3])

    return energy(p[:3]) + 0.5 * np.linalg.slogdet(tw.hessian(energy)(p[:3]))[1]


def spectrum(p: Any) -> Any:
    """Return a loss of eigenvalues, singular values, a pseudo-inverse, QR and an exponential."""
    x = np.reshape(p[:9], (3, 3)) + np.diag([3.0, 2.0, 1.0])
    found = np.sum(np.linalg.eigvalsh(x @ x.T)) + np.sum(np.linalg.svd(x, compute_uv=False) ** 3)
    found = found + np.sum(np.linalg.pinv(x)) + np.sum(np.linalg.qr(x)[1] ** 2)
    return found + np.sum(tw.linalg.expm(0.1 * x)) + np.linalg.det(x) ** 2


MODELS = {
    gaussian_process: 3, structured_normal: 12, least_squares: 2, laplace: 4, spectrum: 9,
}  # fmt: skip


@pytest.mark.parametrize("loss", MODELS)
def test_a_model_compiles_whole(loss: Any) -> None:
    at = 0.3 * normal(np.float64, MODELS[loss])
    for function in (loss, tw.grad(loss), tw.hessian(loss)):
        found = np.asarray(tw.jit(function, engine="native")(at))
        np.testing.assert_allclose(found, np.asarray(function(at)), 1e-8, 1e-8)


@pytest.mark.parametrize("loss", MODELS)
def test_a_model_is_fitted_natively(loss: Any) -> None:
    at = 0.3 * normal(np.float64, MODELS[loss])
    fits = [
        tw.fit(loss, at, optimizer=tw.optim.adam(0.01), steps=5, engine=engine, progress=False)
        for engine in ("native", "numpy")
    ]
    np.testing.assert_allclose(fits[0].params, fits[1].params, 1e-8, 1e-8)


def test_many_matrices_are_one_batch() -> None:
    at = 0.3 * normal(np.float64, 4, 9)
    found = np.asarray(tw.jit(tw.vmap(tw.grad(spectrum)), engine="native")(at))
    expected = np.stack([np.asarray(tw.grad(spectrum)(p)) for p in at])
    np.testing.assert_allclose(found, expected, 1e-8, 1e-8)


def test_gradients_are_jaxs() -> None:
    jax = pytest.importorskip("jax")
    jnp, linalg = jax.numpy, jax.scipy.linalg

    def process(p: Any) -> Any:
        scale, length, noise = jnp.exp(p[0]), jnp.exp(p[1]), jnp.exp(p[2])
        covariance = scale**2 * jnp.exp(-0.5 * DISTANCES / length**2) + noise**2 * jnp.eye(N)
        factor = jnp.linalg.cholesky(covariance)
        z = linalg.solve_triangular(factor, Y, lower=True)
        return 0.5 * jnp.sum(z**2) + jnp.sum(jnp.log(jnp.diagonal(factor)))

    def spectral(p: Any) -> Any:
        x = jnp.reshape(p[:9], (3, 3)) + jnp.diag(jnp.array([3.0, 2.0, 1.0]))
        found = jnp.sum(jnp.linalg.eigvalsh(x @ x.T))
        found = found + jnp.sum(jnp.linalg.svd(x, compute_uv=False) ** 3)
        found = found + jnp.sum(jnp.linalg.pinv(x)) + jnp.sum(jnp.linalg.qr(x)[1] ** 2)
        return found + jnp.sum(linalg.expm(0.1 * x)) + jnp.linalg.det(x) ** 2

    with jax.enable_x64(True):
        for ours, theirs in ((gaussian_process, process), (spectrum, spectral)):
            at = 0.3 * normal(np.float64, MODELS[ours])
            found = np.asarray(tw.jit(tw.grad(ours), engine="native")(at))
            np.testing.assert_allclose(found, np.asarray(jax.grad(theirs)(at)), 1e-9, 1e-9)
