"""Losses in plain NumPy against independent ones, and the constants that minimize them."""

import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from sklearn.metrics import hinge_loss, log_loss, mean_pinball_loss

import thalweg as tw
from thalweg.estimators.objectives import OBJECTIVES, parse_objective

RNG = np.random.default_rng(0)
SCORES = RNG.normal(scale=3.0, size=40)
NUMBERS = RNG.normal(scale=3.0, size=40)
ONES = (RNG.random(40) < 0.3).astype(float)
TABLE = RNG.normal(scale=3.0, size=(40, 5))
CLASSES = RNG.integers(0, 5, size=40)


def test_losses_agree_with_independent_ones() -> None:
    def value(text: str, kind: str, scores: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean(parse_objective(text, kind).losses(scores, y)))

    assert_allclose(
        value("huber(1.5)", "regression", SCORES, NUMBERS),
        np.mean(optax.huber_loss(SCORES, NUMBERS, delta=1.5)),
        rtol=1e-6,
    )
    assert_allclose(
        value("quantile(0.9)", "regression", SCORES, NUMBERS),
        mean_pinball_loss(NUMBERS, SCORES, alpha=0.9),
    )
    shares = 1 / (1 + np.exp(-SCORES))
    assert_allclose(value("logistic", "binary", SCORES, ONES), log_loss(ONES, shares))
    assert_allclose(value("hinge", "binary", SCORES, ONES), hinge_loss(2 * ONES - 1, SCORES))
    rows = np.exp(TABLE) / np.exp(TABLE).sum(axis=1, keepdims=True)
    assert_allclose(value("softmax", "multiclass", TABLE, CLASSES), log_loss(CLASSES, rows))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_loss_has_a_gradient_that_is_a_difference(name: str) -> None:
    objective = OBJECTIVES[name]
    scores = TABLE if name == "softmax" else SCORES
    y = {"softmax": CLASSES, "logistic": ONES, "hinge": ONES, "poisson": np.abs(NUMBERS)}
    target = y.get(name, NUMBERS)

    def total(s: np.ndarray) -> float:
        return np.sum(objective.losses(s, target))

    direction = RNG.normal(size=scores.shape)
    found = np.sum(np.asarray(tw.grad(total)(scores)) * direction)
    ends = total(scores + 1e-6 * direction), total(scores - 1e-6 * direction)
    assert_allclose(found, (ends[0] - ends[1]) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("name", [n for n in OBJECTIVES if n not in ("softmax", "hinge")])
def test_the_null_model_is_the_best_constant(name: str) -> None:
    objective = OBJECTIVES[name]
    y = {"logistic": ONES, "poisson": np.abs(NUMBERS)}.get(name, NUMBERS)
    best = minimize_scalar(lambda s: np.mean(objective.losses(np.full(40, s), y)), (-1, 1))
    found = np.mean(objective.losses(np.full(40, objective.null(y, 1)), y))
    assert_allclose(found, best.fun, rtol=1e-7)


def test_the_null_model_of_classes_is_their_shares() -> None:
    objective = OBJECTIVES["softmax"]
    null = objective.null(CLASSES, 5)
    shares = np.bincount(CLASSES) / 40
    entropy = -np.sum(shares * np.log(shares))
    assert_allclose(np.mean(objective.losses(np.broadcast_to(null, (40, 5)), CLASSES)), entropy)


@pytest.mark.parametrize("name", [n for n in OBJECTIVES if OBJECTIVES[n].curvature is not None])
def test_no_loss_curves_more_than_it_says(name: str) -> None:
    objective = OBJECTIVES[name]
    scores = TABLE if name == "softmax" else SCORES
    y = {"softmax": CLASSES, "logistic": ONES}.get(name, NUMBERS)
    for row in range(40):
        at = slice(row, row + 1)
        H = tw.hessian(lambda s: np.sum(objective.losses(s, y[at])))(scores[at])  # noqa: B023
        size = scores[at].size
        assert np.linalg.norm(np.asarray(H).reshape(size, size), 2) <= objective.curvature + 1e-12


def test_scores_far_out_stay_finite() -> None:
    far = np.array([-800.0, 800.0])
    assert np.isfinite(OBJECTIVES["logistic"].losses(far, np.array([1.0, 0.0]))).all()
    mean = OBJECTIVES["logistic"].mean
    assert mean is not None
    assert_allclose(mean(far), [0.0, 1.0], atol=1e-300)
    shares = OBJECTIVES["softmax"].mean
    assert shares is not None
    assert_allclose(shares(np.array([[800.0, -800.0]])), [[1.0, 0.0]])
