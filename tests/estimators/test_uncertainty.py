"""Standard errors: those of a sandwich, and none where rows do not determine coefficients."""

import math

import numpy as np
from numpy.testing import assert_allclose

from thalweg.estimators.fitted import covariance, two_sided
from thalweg.estimators.objectives import OBJECTIVES


def test_the_covariance_of_least_squares_is_white_s() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=60) * np.exp(X[:, 0])
    A = np.column_stack([np.ones(60), X])
    theta = np.linalg.lstsq(A, y, rcond=None)[0]
    inverse = np.linalg.inv(A.T @ A)
    expected = 60 / 56 * inverse @ (A.T * (y - A @ theta) ** 2) @ A @ inverse
    assert_allclose(covariance(OBJECTIVES["squared"], X, y, A @ theta), expected, rtol=1e-8)


def test_equal_columns_and_too_few_rows_have_none() -> None:
    X = np.random.default_rng(0).normal(size=(20, 2))
    X[:, 1] = X[:, 0]
    y = X[:, 0] * 2.0
    assert covariance(OBJECTIVES["squared"], X, y, y) is None
    assert covariance(OBJECTIVES["squared"], X[:2], y[:2], y[:2]) is None


def test_a_normal_variable_is_rarely_far_out() -> None:
    assert two_sided(0.0) == 1.0
    assert two_sided(-1.0) == two_sided(1.0)
    assert math.isclose(two_sided(1.959963984540054), 0.05, rel_tol=1e-12)
