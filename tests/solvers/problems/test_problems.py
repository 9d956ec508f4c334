"""The problems are those of the literature: SciPy finds their minima, differences their slopes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import optimize
from scipy.optimize._numdiff import approx_derivative

import thalweg as tw
from tests.solvers.problems import constrained, sums_of_squares
from tests.solvers.problems.constrained import Constrained
from tests.solvers.problems.sums_of_squares import SumOfSquares


def _id(problem: Any) -> str:
    return str(problem.name)


def test_all_35_problems_are_there() -> None:
    assert {problem.number for problem in sums_of_squares.PROBLEMS} == set(range(1, 36))


def test_more_than_24_constrained_problems_are_there() -> None:
    problems = constrained.PROBLEMS
    assert len({problem.number for problem in problems}) == len(problems) >= 24
    assert sum(problem.equal is not None for problem in problems) >= 8
    assert sum(problem.above is not None for problem in problems) >= 8
    assert sum(problem.bounds is not None for problem in problems) >= 8


@pytest.mark.parametrize("problem", sums_of_squares.PROBLEMS, ids=_id)
def test_sums_of_squares_have_their_minima(problem: SumOfSquares) -> None:
    tight = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-13)
    jacobian = tw.jit(tw.jacfwd(problem.residuals), engine="numpy")
    slope, near = jacobian(problem.start), approx_derivative(problem.residuals, problem.start)
    np.testing.assert_allclose(slope, near, rtol=2e-6, atol=2e-6 * np.abs(near).max())
    found = optimize.least_squares(
        problem.residuals, problem.start, jacobian, method="lm", max_nfev=5000, **tight
    )
    assert problem.is_minimum(2 * found.cost)


@pytest.mark.parametrize("problem", constrained.PROBLEMS, ids=_id)
def test_constrained_problems_have_their_minima(problem: Constrained) -> None:
    for function in (problem.fun, problem.equal, problem.above):
        if function is not None:
            slope = tw.jit(tw.jacfwd(function), engine="numpy")(problem.start)
            near = approx_derivative(function, problem.start).reshape(slope.shape)
            np.testing.assert_allclose(slope, near, rtol=1e-6, atol=1e-6 * np.abs(near).max())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # starts outside of the bounds; values that overflow
        found = optimize.minimize(
            problem.fun, problem.start, method="SLSQP", bounds=problem.bounds,
            constraints=problem.constraints, options={"ftol": 1e-12, "maxiter": 300},
        )  # fmt: skip
    if problem.number == 61:  # SLSQP cannot start where the constraints' slopes are dependent
        assert not found.success
        return
    assert problem.is_minimum(found.fun)
    assert problem.violation(found.x) < 1e-5
