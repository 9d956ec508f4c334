"""L-BFGS-B: SciPy's minima within bounds, by as many evaluations; never outside."""

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw

OPTIONS = {"gtol": 1e-8, "ftol": 1e-15}

N = 5

BOUNDS = {
    "boxed": [(-2.0, 0.5)] * N,
    "mixed": [(-0.5, 1.5) if i % 2 else (None, 0.8) for i in range(N)],
    "free": [(None, None)] * N,
    "from below": [(1.5, None)] * N,
    "some fixed": [(0.3, 0.3) if i == 2 else (None, None) for i in range(N)],
}


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


START = np.array([-1.2, 1.0, -1.2, 1.0, -1.2])


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("case", BOUNDS)
def test_minima_are_scipys(case, engine):
    bounds = BOUNDS[case]
    theirs = optimize.minimize(
        optimize.rosen, START, jac=optimize.rosen_der, method="L-BFGS-B", bounds=bounds,
        options=OPTIONS,
    )  # fmt: skip
    ours = tw.minimize(
        rosenbrock, START, method="L-BFGS-B", bounds=bounds, options=OPTIONS, engine=engine
    )
    assert ours.success
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-6)
    assert ours.nfev <= 1.2 * theirs.nfev + 2


def test_no_iterate_is_outside():
    lower, upper = np.array([-0.4, 0.1, -1.0, 0.2, 0.0]), np.array([0.9, 0.3, 2.0, 0.2, 0.7])
    seen = []
    tw.minimize(
        rosenbrock, START, bounds=optimize.Bounds(lower, upper), callback=seen.append,
        options=OPTIONS, engine="numpy",
    )  # fmt: skip
    for x in seen:
        assert (lower <= x).all()
        assert (x <= upper).all()


@pytest.mark.parametrize("seed", range(4))
def test_quadratic_programs_meet_the_conditions_of_a_minimum(seed):
    random, n = np.random.default_rng(seed), 20
    a = random.normal(size=(n, n))
    hessian, b = a @ a.T + 0.1 * np.eye(n), 5.0 * random.normal(size=n)
    lower, upper = -random.uniform(size=n), random.uniform(size=n)
    found = tw.minimize(
        lambda x, h, b: 0.5 * x @ h @ x - b @ x, np.zeros(n), args=(hessian, b),
        bounds=list(zip(lower, upper, strict=True)), options={"gtol": 1e-9, "ftol": 0.0},
        engine="numpy",
    )  # fmt: skip
    assert found.success
    gradient = hessian @ found.x - b
    np.testing.assert_allclose(np.clip(found.x - gradient, lower, upper), found.x, atol=1e-8)


def test_bounds_of_a_tree():
    start = {"a": 0.0, "b": np.zeros(2)}
    ends = {"a": 0.0, "b": np.zeros(2)}, {"a": 1.0, "b": np.ones(2)}
    found = tw.minimize(
        lambda p: (p["a"] - 3.0) ** 2 + np.sum((p["b"] + 1.0) ** 2), start, bounds=ends,
        engine="numpy",
    )  # fmt: skip
    assert found.x["a"] == 1.0
    np.testing.assert_array_equal(found.x["b"], [0.0, 0.0])


def test_gradient_descent_keeps_bounds_too():
    found = tw.minimize(
        lambda x: np.sum((x - 2.0) ** 2), np.zeros(3), method="gradient-descent",
        bounds=[(None, 1.0), (-1.0, None), (None, 0.5)], engine="numpy",
    )  # fmt: skip
    assert found.success
    np.testing.assert_allclose(found.x, [1.0, 2.0, 0.5], atol=1e-5)
