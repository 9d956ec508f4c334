"""Each method against SciPy's: it converges wherever that does, by about as many evaluations."""

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def beale(x):
    powers = np.stack([x[1], x[1] ** 2, x[1] ** 3])
    return np.sum((np.array([1.5, 2.25, 2.625]) - x[0] * (1.0 - powers)) ** 2)


def powell(x):
    a, b, c, d = x[0], x[1], x[2], x[3]
    last = 10.0 * (a - d) ** 4
    return (a + 10.0 * b) ** 2 + 5.0 * (c - d) ** 2 + (b - 2.0 * c) ** 4 + last


def wood(x):
    a, b, c, d = x[0], x[1], x[2], x[3]
    first = 100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 + 90.0 * (d - c**2) ** 2 + (1.0 - c) ** 2
    return first + 10.0 * (b + d - 2.0) ** 2 + 0.1 * (b - d) ** 2


def log_sum(x):
    return np.log(np.sum(np.exp(x) + np.exp(-2.0 * x))) + 0.05 * np.sum((x - 1.0) ** 2)


PROBLEMS = {
    rosenbrock: np.array([-1.2, 1.0]),
    beale: np.ones(2),
    powell: np.array([3.0, -1.0, 0.0, 1.0]),
    wood: np.array([-3.0, -1.0, -3.0, -1.0]),
    log_sum: np.linspace(-3.0, 4.0, 8),
}


def of_scipy(function, start, method):
    """Return SciPy's result, with exact derivatives."""
    both, hessian = tw.jit(tw.value_and_grad(function)), tw.jit(tw.hessian(function))
    second = method in ("Newton-CG", "trust-ncg", "trust-exact")
    return optimize.minimize(both, start, jac=True, method=method, hess=hessian if second else None)


@pytest.mark.parametrize(
    "method", ["CG", "BFGS", "L-BFGS-B", "Newton-CG", "trust-ncg", "trust-exact"]
)
def test_as_good_as_scipy(method):
    ours, theirs = 0, 0
    for function, start in PROBLEMS.items():
        wanted = of_scipy(function, start, method)
        found = tw.minimize(function, start, method=method)
        assert found.success >= wanted.success
        if found.success:
            assert np.max(np.abs(tw.grad(function)(found.x))) < 1e-2
        ours, theirs = ours + found.nfev, theirs + wanted.nfev
    assert ours <= 1.2 * theirs
