"""Linear models go to their optimum however the features are, and say where there is none."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from thalweg.estimators import newton
from thalweg.estimators.interior import check_losses, least_check_losses
from thalweg.estimators.objectives import OBJECTIVES, huber_and_scale, parse_objective
from thalweg.estimators.optimum import huber_optimum, optimum, quantile_optimum
from thalweg.estimators.problem import PenalizedLoss, Rows


def rows(correlation: float = 0.0) -> Rows:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 5))
    X[:, 1] = X[:, 0] + correlation * rng.normal(size=200) if correlation else X[:, 1]
    return Rows(X, X @ [1.0, -2.0, 0.5, 0.0, 3.0] + 0.7 + rng.normal(size=200))


def theta(found: object) -> np.ndarray:
    return np.append(found.params["biases"][0], found.params["weights"][0])


@pytest.mark.parametrize("correlation", [0.0, 1e-3, 1e-6])
def test_least_squares_are_reached_for_all_but_equal_columns(correlation: float) -> None:
    given = rows(correlation)
    found = optimum(PenalizedLoss(OBJECTIVES["squared"], given))
    assert found.converged
    assert found.steps <= 3
    A = np.column_stack([np.ones(200), given.X])
    expected = np.linalg.lstsq(A, given.y, rcond=None)[0]
    assert_allclose(theta(found), expected, rtol=1e-8)


def test_ridge_regression_agrees_with_its_closed_form() -> None:
    given = rows()
    found = optimum(PenalizedLoss(OBJECTIVES["squared"], given, penalty=0.3))
    A = np.column_stack([np.ones(200), given.X])
    ridge = 0.3 * np.diag([0.0, *np.ones(5)])
    expected = np.linalg.solve(2 / 200 * A.T @ A + ridge, 2 / 200 * A.T @ given.y)
    assert_allclose(theta(found), expected, rtol=1e-9)


def test_equal_columns_share_their_coefficient() -> None:
    given = rows()
    given.X[:, 1] = given.X[:, 0]
    found = optimum(PenalizedLoss(OBJECTIVES["squared"], given))
    assert found.converged
    assert_allclose(theta(found)[1], theta(found)[2], rtol=1e-9)
    given.X[:, 4] = 0.0
    assert theta(optimum(PenalizedLoss(OBJECTIVES["squared"], given)))[5] == 0.0


def test_columns_of_very_different_units_count_alike() -> None:
    given = rows()
    units = 10.0 ** np.array([12.0, -9.0, 0.0, 7.0, -15.0])
    found = optimum(PenalizedLoss(OBJECTIVES["squared"], Rows(given.X * units, given.y)))
    plain = optimum(PenalizedLoss(OBJECTIVES["squared"], given))
    assert_allclose(theta(found)[1:] * units, theta(plain)[1:], rtol=1e-9)


def test_weights_are_repetitions_and_offsets_are_added() -> None:
    rng = np.random.default_rng(2)
    X, times = rng.normal(size=(60, 2)), rng.integers(1, 5, 60)
    offset = rng.normal(size=60)
    y = rng.poisson(np.exp(X @ [0.5, -1.0] + offset)).astype(float)
    weighted = optimum(
        PenalizedLoss(OBJECTIVES["poisson"], Rows(X, y, times.astype(float), offset))
    )
    repeated = Rows(
        *(np.repeat(part, times, axis=0) for part in (X, y)), None, offset.repeat(times)
    )
    assert_allclose(theta(weighted), theta(optimum(PenalizedLoss(OBJECTIVES["poisson"], repeated))))


def test_large_counts_without_a_bound_on_curvature_are_fitted() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 2))
    y = rng.poisson(np.exp(X @ [1.5, -1.0] + 3)).astype(float)
    found = optimum(PenalizedLoss(OBJECTIVES["poisson"], Rows(X, y)))
    assert found.converged
    A = np.column_stack([np.ones(300), X])
    assert_allclose(A.T @ (np.exp(A @ theta(found)) - y) / 300, 0.0, atol=1e-8)


def test_many_parameters_are_found_by_conjugate_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(120, 4)), rng.integers(0, 3, 120)
    problem = PenalizedLoss(OBJECTIVES["softmax"], Rows(X, y), outputs=3, penalty=0.01)
    expected = optimum(problem)
    monkeypatch.setattr(newton, "MOST_WHOLE", 0)
    found = optimum(problem)
    assert found.converged
    assert_allclose(found.params["weights"][0], expected.params["weights"][0], atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_loss_that_is_flat_in_places_is_minimized(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.standard_cauchy(60)
    y /= np.std(y)
    assert optimum(
        PenalizedLoss(parse_objective("huber(0.01)", "regression"), Rows(X, y))
    ).converged
    problem = PenalizedLoss(OBJECTIVES["squared"], Rows(X, y))
    found, scale = huber_optimum(problem, huber_and_scale(1.35))
    assert found.converged
    z = (y - X @ theta(found)[1:] - theta(found)[0]) / scale
    inside = np.abs(z) <= 1.35
    # What makes the gradient in the scale zero.
    assert np.mean(np.where(inside, 1 - z**2, 1 - 1.35**2)) == pytest.approx(0.0, abs=1e-9)


def test_a_run_without_an_optimum_is_not_converged() -> None:
    X = np.linspace(-1, 1, 50)[:, None]
    found = optimum(PenalizedLoss(OBJECTIVES["logistic"], Rows(X, (X[:, 0] > 0).astype(float))))
    assert not found.converged
    group = np.repeat([0.0, 1.0], 20)[:, None]  # no count at all where it is 1
    counts = np.append(np.tile([1.0, 2.0], 10), np.zeros(20))
    assert not optimum(PenalizedLoss(OBJECTIVES["poisson"], Rows(group, counts))).converged


@pytest.mark.parametrize("seed", range(6))
def test_check_losses_are_least(seed: int) -> None:
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(8, 80)), int(rng.integers(1, 6))
    A = rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-3, 4, columns)
    y, levels = rng.standard_t(2, rows) * 100.0, rng.uniform(0.05, 0.95, rows)
    weights = rng.uniform(0.1, 3.0, rows)
    found = least_check_losses(A, y, levels, weights, 1e-10, 100)
    unit = np.eye(rows)
    oracle = linprog(
        np.concatenate([np.zeros(columns), levels * weights, (1 - levels) * weights]),
        A_eq=np.hstack([A, unit, -unit]),
        b_eq=y,
        bounds=[(None, None)] * columns + [(0, None)] * (2 * rows),
    )
    assert found.gap <= 1e-10
    assert check_losses(A, y, levels, weights, found.theta) == pytest.approx(oracle.fun, rel=1e-9)
    assert_allclose(found.theta, oracle.x[:columns], rtol=1e-6)


def test_a_quantile_without_coefficients_is_that_of_the_target() -> None:
    y = np.arange(11.0)
    found = quantile_optimum(PenalizedLoss(OBJECTIVES["quantile"], Rows(np.zeros((11, 1)), y)), 0.3)
    assert theta(found).tolist() == [3.0, 0.0]


# ---- more features than rows


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_wide_squares_have_the_least_norm_or_ridge_s_solution(
    intercept: bool, weighted: bool
) -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 80)) * 10.0 ** rng.uniform(-2, 2, 80) + 3.0
    X[:, 5] = 0.0
    weights = rng.random(30) + 0.5 if weighted else None
    given = Rows(X, rng.normal(size=30) + X[:, 0], weights)
    shares = given.shares
    center = shares @ X if intercept else np.zeros(80)
    mean = shares @ given.y if intercept else 0.0
    root = np.sqrt(shares)
    A, b = root[:, None] * (X - center), root * (given.y - mean)
    least = np.linalg.lstsq(A, b, rcond=1e-12)[0]
    ridge = A.T @ np.linalg.solve(A @ A.T + 0.05 * np.eye(30), b)
    for penalty, wanted in ((0.0, least), (0.1, ridge)):
        found = optimum(
            PenalizedLoss(OBJECTIVES["squared"], given, penalty=penalty, intercept=intercept)
        )
        assert found.converged
        assert_allclose(found.params["weights"][0], wanted, rtol=1e-7, atol=1e-9)
        assert_allclose(found.params["biases"][0], mean - center @ wanted, rtol=1e-7, atol=1e-9)


def test_wide_classes_are_scikit_learns() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 120))
    binary = (X[:, 0] + rng.normal(size=40) > 0).astype(float)
    several = rng.integers(0, 3, 40)
    for name, y, outputs in (("logistic", binary, 1), ("softmax", several, 3)):
        problem = PenalizedLoss(OBJECTIVES[name], Rows(X, y), outputs=outputs, penalty=1.0 / 40)
        found = optimum(problem)
        oracle = LogisticRegression(C=1.0, tol=1e-12, max_iter=5000).fit(X, y)
        ours = found.params["weights"][0].reshape(120, -1).T
        if outputs == 3:
            ours = ours - ours.mean(axis=0)
        assert_allclose(ours, oracle.coef_, rtol=1e-4, atol=1e-6)
        # Also from a start that is not in what the rows span.
        start = {
            "weights": [rng.normal(size=found.params["weights"][0].shape)],
            "biases": [np.zeros_like(found.params["biases"][0])],
        }
        again = optimum(problem, start)
        assert_allclose(again.params["weights"][0], found.params["weights"][0], atol=1e-8)


def test_squares_of_weighted_rows_with_offsets_are_least_squares() -> None:
    rng = np.random.default_rng(6)
    X, y, offset = rng.normal(size=(90, 4)), rng.normal(size=90), rng.normal(size=90)
    weights = rng.random(90) + 0.1
    found = optimum(PenalizedLoss(OBJECTIVES["squared"], Rows(X, y, weights, offset)))
    root, A = np.sqrt(weights), np.column_stack([np.ones(90), X])
    wanted = np.linalg.lstsq(root[:, None] * A, root * (y - offset), rcond=None)[0]
    assert_allclose(theta(found), wanted, rtol=1e-10)
    # What is told of each step is the loss of the rows.
    null = np.average((y - offset - np.average(y - offset, weights=weights)) ** 2, weights=weights)
    assert found.values[0] >= null * (1 - 1e-12)
    ends = PenalizedLoss(OBJECTIVES["squared"], Rows(X, y, weights, offset)).value(found.params)
    assert float(ends) < null
