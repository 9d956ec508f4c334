"""Steps of quadratic models, against their conditions of a minimum and SciPy's SLSQP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from thalweg.core.tensor import as_tensor
from thalweg.solvers.constrained.constraints import Constraints
from thalweg.solvers.constrained.quadratic import QuadraticModel, least_step, pressed_step


def model_of(seed: int, n: int = 5, m: int = 3) -> tuple[Constraints, QuadraticModel]:
    random = np.random.default_rng(seed)
    root = random.normal(size=(n, n))
    arrays = (
        random.normal(size=n), root @ root.T + 0.1 * np.eye(n), random.normal(size=m),
        random.normal(size=(m, n)), np.full(n, -2.0), np.full(n, 2.0),
    )  # fmt: skip
    equal = np.arange(m) == 0
    return Constraints(lambda x: x, as_tensor(equal)), QuadraticModel(*map(as_tensor, arrays))


def numbers(model: QuadraticModel) -> list[Any]:
    return [part.array for part in model]


@pytest.mark.parametrize("seed", range(6))
def test_steps_minimize_the_augmented_lagrangian_within_bounds(seed: int) -> None:
    constraints, model = model_of(seed)
    y, weight = as_tensor(np.array([0.5, 0.2, 0.0])), 20.0
    s = pressed_step(constraints, model, y, weight, as_tensor(np.zeros(5))).array
    g, matrix, values, slopes, lower, upper = numbers(model)
    pressed = y.array - weight * (values + slopes @ s)
    pressed[1:] = np.maximum(pressed[1:], 0.0)
    gradient = g + matrix @ s - pressed @ slopes
    np.testing.assert_allclose(s, np.clip(s - gradient, lower, upper), atol=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_least_steps_are_those_of_slsqp(seed: int) -> None:
    constraints, model = model_of(seed)
    g, matrix, values, slopes, lower, upper = numbers(model)
    rows = [
        {"type": "eq", "fun": lambda s: (values + slopes @ s)[:1]},
        {"type": "ineq", "fun": lambda s: (values + slopes @ s)[1:]},
    ]
    wanted = optimize.minimize(
        lambda s: g @ s + 0.5 * s @ matrix @ s, np.zeros(5), method="SLSQP", constraints=rows,
        bounds=list(zip(lower, upper, strict=True)), options={"ftol": 1e-14, "maxiter": 200},
    )  # fmt: skip
    assert wanted.success
    found = tw.jit(lambda y: least_step(constraints, model, y, 1e4))(np.zeros(3))
    np.testing.assert_allclose(found.step, wanted.x, atol=1e-6)
    np.testing.assert_allclose(found.multipliers, wanted.multipliers, atol=1e-5)


def test_where_constraints_contradict_each_other_the_step_is_between_them() -> None:
    slopes = as_tensor(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    values = as_tensor(np.array([-2.0, 1.0]))  # s ≥ 2 and s ≤ 1
    bounds = as_tensor(np.full(2, -9.0)), as_tensor(np.full(2, 9.0))
    model = QuadraticModel(as_tensor(np.ones(2)), as_tensor(np.eye(2)), values, slopes, *bounds)
    constraints = Constraints(lambda x: x, as_tensor(np.zeros(2, bool)))
    found = least_step(constraints, model, as_tensor(np.zeros(2)), 1e4)
    np.testing.assert_allclose(found.step.array, [1.5, -1.0], atol=1e-3)
