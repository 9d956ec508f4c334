"""Inference of fits and of what solvers found, and how far from the optimum they were."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose

import thalweg as tw
from thalweg.errors import ArgumentError
from thalweg.inference import regression

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
Y = X @ [1.0, -1.0] + 0.5 + RNG.normal(size=200)
LABELS = (Y > 0.3).astype(float)


def squares(params: Any, X: Any, y: Any) -> Any:
    return np.mean((y - X @ params["w"] - params["b"]) ** 2)


def logistic(w: Any, X: Any, y: Any) -> Any:
    return np.sum(np.logaddexp(0.0, X @ w) - y * (X @ w))


def stochastic(epochs: int) -> Any:
    start = {"b": 0.0, "w": np.zeros(2)}
    optimizer = tw.optim.sgd(0.05)
    return tw.fit(squares, start, (X, Y), optimizer=optimizer, batch_size=10, epochs=epochs)


def test_a_stochastic_fit_tells_how_far_off_it_is() -> None:
    fit = stochastic(3)
    found = fit.inference(loss_is="squares")
    exact = regression(X, Y)
    assert_allclose(found.covariance, exact.covariance, rtol=1e-8, atol=1e-15)
    given = np.array([fit.params["b"], *fit.params["w"]])
    expected = np.abs(given - exact.estimates) / exact.std_errors
    assert found.optimization_error is not None
    assert_allclose(found.optimization_error, expected, rtol=1e-8)
    assert expected.max() > 0.05
    text = repr(found)
    assert "opt. error" in text
    assert "The fit stopped short of the optimum by up to" in text
    assert found.to_dict()["parameters"]["b"]["optimization_error"] == pytest.approx(expected[0])


def test_a_fit_at_the_optimum_says_so() -> None:
    fit = tw.fit(
        squares, {"b": 0.0, "w": np.zeros(2)}, (X, Y), optimizer=tw.optim.sgd(0.4), steps=200
    )
    text = repr(fit.inference())
    assert "opt. error" not in text
    assert "Optimization error of the fit: at most" in text


def test_a_fit_of_dict_data_in_single_precision() -> None:
    fit = tw.fit(
        squares, {"b": np.float32(0), "w": np.zeros(2, np.float32)},
        {"X": X.astype(np.float32), "y": Y.astype(np.float32)},
        optimizer=tw.optim.adam(0.1), steps=300,
    )  # fmt: skip
    found = fit.inference(covariance="HC1")
    assert_allclose(found.std_errors, regression(X, Y, covariance="HC1").std_errors, rtol=1e-5)


def test_a_fit_that_was_read_or_copied_asks_for_loss_and_data(tmp_path: Any) -> None:
    fit = stochastic(1)
    fit.save(tmp_path / "fit.safetensors")
    for other in (tw.load(tmp_path / "fit.safetensors"), pickle.loads(pickle.dumps(fit))):
        with pytest.raises(ArgumentError, match="Give inference"):
            other.inference()
        again = other.inference(squares, (X, Y))
        assert_allclose(again.covariance, fit.inference().covariance, rtol=1e-10)


def test_a_module_asks_for_a_function() -> None:
    import thalweg.torch as torch

    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    mse = lambda output, y: ((output[:, 0] - y) ** 2).mean()
    fit = tw.fit(model, (X, Y), loss=mse, optimizer=tw.optim.adam(0.1), steps=5)
    with pytest.raises(ArgumentError, match="is of a module"):
        fit.inference()
    line = lambda p, X, y: np.mean((y - X @ p["weight"][0] - p["bias"][0]) ** 2)
    found = fit.inference(line, (X, Y), loss_is="squares")
    assert set(found.names) == {"weight[0,0]", "weight[0,1]", "bias[0]"}
    order = [found.names.index(n) for n in ("bias[0]", "weight[0,0]", "weight[0,1]")]
    assert_allclose(found.std_errors[order], regression(X, Y).std_errors, rtol=1e-6)


def test_what_minimize_found() -> None:
    A = np.column_stack([np.ones(200), X])
    found = tw.minimize(logistic, np.zeros(3), (A, LABELS))
    exact = regression(X, LABELS, "logistic")
    inference = found.inference(loss_is="likelihood")
    assert_allclose(inference.covariance, exact.covariance, rtol=1e-8)
    closed = tw.minimize(lambda w: logistic(w, A, LABELS), np.zeros(3))
    assert_allclose(closed.inference(loss_is="likelihood").covariance, exact.covariance, rtol=1e-8)
    both = lambda w: (logistic(w, A, LABELS), A.T @ (1 / (1 + np.exp(-A @ w)) - LABELS))
    given = tw.minimize(both, np.zeros(3), jac=True)
    assert_allclose(given.inference(loss_is="likelihood").covariance, exact.covariance, rtol=1e-8)
    assert set(found) == set(copy.copy(found))
    with pytest.raises(ArgumentError, match="not known of a result that was copied"):
        pickle.loads(pickle.dumps(found)).inference()
    bounded = tw.minimize(logistic, np.zeros(3), (A, LABELS), bounds=[(0, 1)] * 3)
    with pytest.raises(ArgumentError, match="Bounds or constraints"):
        bounded.inference()


def test_what_least_squares_found() -> None:
    t = np.linspace(0.0, 4.0, 60)
    y = 3.0 * np.exp(-0.7 * t) + 0.05 * RNG.normal(size=60)
    curve = lambda t, a, b: a * np.exp(-b * t)
    found = tw.least_squares(lambda p: y - p[0] * np.exp(-p[1] * t), [1.0, 1.0])
    inference = found.inference(loss_is="squares")
    assert inference.convention is not None
    assert inference.convention.reference.df == 58
    # SciPy has J'J for the curvature, which leaves the residuals' own curvature out.
    _, theirs = scipy.optimize.curve_fit(curve, t, y, [1.0, 1.0])
    assert_allclose(inference.std_errors, np.sqrt(np.diag(theirs)), rtol=0.02)
    r, J = y - curve(t, *found.x), np.empty((60, 2))
    J[:, 0] = np.exp(-found.x[1] * t)
    J[:, 1] = -found.x[0] * t * np.exp(-found.x[1] * t)
    twist = np.zeros((2, 2))
    twist[0, 1] = twist[1, 0] = r @ (t * np.exp(-found.x[1] * t))
    twist[1, 1] = -r @ (found.x[0] * t**2 * np.exp(-found.x[1] * t))
    expected = r @ r / 58 * np.linalg.inv(J.T @ J + twist)
    assert_allclose(inference.covariance, expected, rtol=1e-5)
    robust = found.inference(covariance="HC0")
    bread = np.linalg.inv(J.T @ J + twist)
    assert_allclose(robust.covariance, bread @ (J.T * r**2) @ J @ bread, rtol=1e-5)
