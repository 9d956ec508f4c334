"""Augmented Lagrangians on problems of the literature, against SLSQP, with derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from tests.solvers.problems.constrained import PROBLEMS, Constrained
from thalweg.engines.running import SOLVERS
from thalweg.errors import ArgumentError

# Of each kind some: bounds alone, equalities, inequalities, slopes that depend on each other at the
# start, a first Hessian of zero.
QUICK = [3, 6, 10, 36, 61, 71, 76]


@pytest.mark.parametrize(
    "problem", [p for p in PROBLEMS if p.number in QUICK], ids=lambda p: p.name
)
def test_problems_of_the_literature_are_solved_as_quickly_as_by_slsqp(problem: Constrained) -> None:
    found = tw.minimize(
        problem.fun, problem.start, bounds=problem.bounds, constraints=problem.constraints,
        method="augmented-lagrangian",
    )  # fmt: skip
    assert found.success
    assert problem.is_minimum(float(found.fun))
    assert problem.violation(found.x) <= 1e-6
    assert found.nfev <= 20


INNER = ["newton", "lbfgsb", "lbfgs", "bfgs"]


def bowl(x: Any) -> Any:
    return np.sum((x - np.array([2.0, 1.0])) ** 2)


BENT = optimize.NonlinearConstraint(
    lambda x: np.stack([x[0] ** 2 + x[1], x[0] - x[1]]), [-np.inf, 0.0], [1.0, 2.0]
)
FLAT = optimize.LinearConstraint([[1.0, 1.0]], -1.0, np.inf)


@pytest.mark.parametrize("inner", INNER)
def test_every_inner_method_finds_the_minimum(inner: str) -> None:
    found = tw.minimize(bowl, [0.0, 0.0], constraints=[BENT, FLAT], options={"inner": inner})
    wanted = optimize.minimize(bowl, [0.0, 0.0], constraints=[BENT, FLAT], tol=1e-10)
    assert found.success
    np.testing.assert_allclose(found.x, wanted.x, atol=1e-6)
    assert found.constr_violation <= 1e-6
    np.testing.assert_allclose(found.multipliers[0], [-1.394858, 0.0], atol=1e-5)
    np.testing.assert_allclose(found.multipliers[1], [0.0], atol=1e-6)


def test_many_variables_go_without_matrices() -> None:
    n = 300
    weights = np.linspace(1.0, 2.0, n)

    def tilted(x: Any) -> Any:
        return np.sum(weights * (x - 1.0) ** 2)

    plane = {"type": "eq", "fun": lambda x: np.sum(x) - 10.0}
    found = tw.minimize(tilted, np.zeros(n), bounds=[(0.0, None)] * n, constraints=plane)
    assert found.success
    # The condition of the minimum: 2 w (x - 1) = y, or x = 0 and no more than that.
    y = float(found.multipliers[0][0])
    np.testing.assert_allclose(found.x, np.maximum(1.0 + y / (2.0 * weights), 0.0), atol=1e-4)


def test_multipliers_are_those_of_slsqp() -> None:
    problem = next(p for p in PROBLEMS if p.number == 71)
    found, wanted = (
        minimize(problem.fun, problem.start, bounds=problem.bounds, constraints=problem.constraints)
        for minimize in (tw.minimize, optimize.minimize)
    )
    np.testing.assert_allclose(np.concatenate(found.multipliers), wanted.multipliers, rtol=1e-5)


def test_contradicting_constraints_are_told() -> None:
    rows = [
        {"type": "ineq", "fun": lambda x: x[0] - 2.0}, {"type": "ineq", "fun": lambda x: 1.0 - x[0]}
    ]  # fmt: skip
    for inner in ("newton", "lbfgsb"):
        found = tw.minimize(
            lambda x: np.sum(x**2), np.ones(2), constraints=rows,
            options={"inner": inner, "maxiter": 30},
        )  # fmt: skip
        assert not found.success
        assert "violated" in found.message
        np.testing.assert_allclose(found.constr_violation, 0.5, atol=1e-2)


def test_starts_out_of_bounds_are_brought_in() -> None:
    seen = []

    def callback(x: Any) -> None:
        seen.append(x)

    found = tw.minimize(
        lambda x: np.sum(np.sqrt(x)), [-1.0, 5.0], bounds=[(0.5, 4.0)] * 2, callback=callback,
        constraints={"type": "ineq", "fun": lambda x: x[0] * x[1] - 1.0},
    )  # fmt: skip
    assert found.success
    assert seen
    assert all((x >= 0.5).all() and (x <= 4.0).all() for x in seen)


def sphere(x: Any, radius: Any) -> Any:
    return np.sum(x**2) - radius**2


def lowest(slope: Any, radius: Any) -> Any:
    return tw.minimize(
        lambda x: np.sum(slope * x), np.ones(3), tol=1e-10,
        constraints={"type": "eq", "fun": sphere, "args": (radius,)},
    )  # fmt: skip


def test_solutions_have_derivatives_and_compile_nothing_anew() -> None:
    slope, radius = np.array([1.0, 2.0, -2.0]), 3.0
    # The minimum is at -r a / ‖a‖.
    np.testing.assert_allclose(lowest(slope, radius).x, -slope, rtol=1e-7)
    known = len(SOLVERS)
    np.testing.assert_allclose(lowest(slope, 6.0).x, -2.0 * slope, rtol=1e-7)
    assert len(SOLVERS) == known
    norm = 3.0
    projected = (np.eye(3) - np.outer(slope, slope) / norm**2) / norm
    by_slope = lambda a: lowest(a, radius).x
    np.testing.assert_allclose(tw.jacobian(by_slope)(slope), -radius * projected, atol=1e-7)
    np.testing.assert_allclose(tw.jacfwd(by_slope)(slope), -radius * projected, atol=1e-7)
    by_radius = lambda r: lowest(slope, r).fun
    np.testing.assert_allclose(tw.grad(by_radius)(radius), -norm, rtol=1e-7)
    np.testing.assert_allclose(tw.hessian(by_radius)(radius), 0.0, atol=1e-6)


def test_active_inequalities_and_bounds_hold_the_solution() -> None:
    def point(a: Any) -> Any:
        return tw.minimize(
            lambda x: np.sum((x - a) ** 2), np.zeros(3), bounds=[(None, 1.0)] * 3, tol=1e-10,
            constraints={"type": "ineq", "fun": lambda x: 1.0 - x[1] - x[2]},
        ).x  # fmt: skip

    at = np.array([3.0, 2.0, 1.5])
    np.testing.assert_allclose(point(at), [1.0, 0.75, 0.25], atol=1e-8)
    wanted = [[0.0, 0.0, 0.0], [0.0, 0.5, -0.5], [0.0, -0.5, 0.5]]
    np.testing.assert_allclose(tw.jacobian(point)(at), wanted, atol=1e-8)


def test_variables_may_be_trees() -> None:
    found = tw.minimize(
        lambda p: np.sum(p["a"] ** 2) + p["b"] ** 2, {"a": np.ones(2), "b": 1.0},
        constraints={"type": "eq", "fun": lambda p: np.sum(p["a"]) + p["b"] - 3.0},
    )  # fmt: skip
    np.testing.assert_allclose(found.x["a"], [1.0, 1.0])
    np.testing.assert_allclose(found.x["b"], 1.0)


def test_single_precision_stays() -> None:
    found = tw.minimize(
        lambda x: np.sum(x**2), np.ones(3, np.float32), tol=1e-4,
        constraints={"type": "eq", "fun": lambda x: np.sum(x) - 6.0},
    )  # fmt: skip
    assert found.x.dtype == np.float32
    assert found.success
    np.testing.assert_allclose(found.x, 2.0, rtol=1e-4)


def test_second_derivatives_without_a_value_are_gone_without() -> None:
    found = tw.minimize(
        lambda x: np.sum(np.abs(x) ** 1.5) + 2.0 * x[1], np.array([1.0, 0.0]),
        bounds=[(0.5, None), (0.0, None)], method="augmented-lagrangian",
        constraints={"type": "ineq", "fun": lambda x: x[0] + x[1] - 0.7},
    )  # fmt: skip
    assert found.success
    np.testing.assert_allclose(found.x, [0.7, 0.0], atol=1e-5)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"options": {"inner": "newtn"}}, "newtn.*newton"),
        ({"options": {"inner": "bfgs"}, "bounds": [(0.0, 1.0)] * 2}, "takes no bounds"),
        ({"method": "bfgs"}, "takes no constraints"),
        ({"x0": [np.nan, 0.0]}, "at x0"),
    ],
)
def test_mistakes_are_told(given: dict[str, Any], text: str) -> None:
    given = {"x0": [0.0, 0.0], "constraints": [BENT], **given}
    with pytest.raises(ArgumentError, match=text):
        tw.minimize(bowl, **given)
