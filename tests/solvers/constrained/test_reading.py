"""Constraints as users state them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import optimize, sparse

import thalweg as tw
from thalweg.errors import ArgumentError, ShapeError
from thalweg.solvers.constrained.reading import read_constraints

LINE = np.array([[1.0, 2.0]])


def nearest(constraints: Any) -> Any:
    return tw.minimize(lambda x: np.sum(x**2), np.ones(2), constraints=constraints).x


ONE = [0.2, 0.4]  # the point of x + 2 y = 1 that is nearest to the origin


@pytest.mark.parametrize(
    "constraints",
    [
        {"type": "eq", "fun": lambda x: LINE @ x - 1.0},
        {"type": "EQ", "fun": lambda x: x[0] + 2.0 * x[1] - 1.0},
        [{"type": "ineq", "fun": lambda x, a, b: a @ x - b, "args": (LINE, 1.0)}],
        ({"type": "ineq", "fun": lambda x, b: x[0] + 2.0 * x[1] - b, "args": 1.0},),
        optimize.LinearConstraint(LINE, 1.0, 1.0),
        optimize.LinearConstraint(LINE[0], [1.0], [np.inf]),
        optimize.LinearConstraint(sparse.csr_array(LINE), 1.0, 2.0),
        optimize.NonlinearConstraint(lambda x: LINE @ x, 1.0, np.inf),
        SimpleNamespace(fun=lambda x: -(LINE @ x), lb=-5.0, ub=-1.0),
        SimpleNamespace(A=tw.Tensor(-LINE), lb=-np.inf, ub=-1.0),
        [
            optimize.LinearConstraint(np.eye(2), [-9.0, -np.inf], [np.inf, 9.0]),
            {"type": "eq", "fun": lambda x: LINE @ x - 1.0},
        ],
    ],
)
def test_all_ways_to_state_a_constraint_mean_the_same(constraints: Any) -> None:
    np.testing.assert_allclose(nearest(constraints), ONE, atol=1e-6)


def test_limits_that_limit_nothing_are_taken() -> None:
    np.testing.assert_allclose(nearest(optimize.LinearConstraint(LINE)), 0.0, atol=1e-6)


def test_other_limits_are_other_numbers() -> None:
    bound = lambda limit: tw.minimize(
        lambda x: np.sum(x**2), np.ones(2), constraints=optimize.LinearConstraint(LINE, limit)
    )
    np.testing.assert_allclose(bound(1.0).x, ONE, atol=1e-6)
    np.testing.assert_allclose(bound(2.0).x, [0.4, 0.8], atol=1e-6)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"type": "equal", "fun": np.sum}, ArgumentError, "'equal'.*'eq' or 'ineq'"),
        ({"type": "eq"}, ArgumentError, "number 0"),
        ([np.sum], ArgumentError, "as number 0; it wants a dictionary"),
        (SimpleNamespace(fun=np.sum, lb=2.0, ub=1.0), ArgumentError, "lb ≤ ub"),
        (SimpleNamespace(fun=np.sum, lb=np.nan, ub=1.0), ArgumentError, "lb ≤ ub"),
        (SimpleNamespace(fun=np.sum, lb=[0.0, 0.0], ub=np.ones(3)), ShapeError, "do not fit"),
    ],
)
def test_mistakes_are_told(given: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        read_constraints(given)


def test_as_many_limits_as_values_are_wanted() -> None:
    three = SimpleNamespace(fun=lambda x: x, lb=np.zeros(3), ub=np.ones(3))
    with pytest.raises(ShapeError, match="2 values and 3 limits"):
        nearest(three)
