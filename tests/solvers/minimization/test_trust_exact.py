"""Trust-exact: its step is about the least of the model, as Moré and Sorensen ask for."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.tensor import as_tensor
from thalweg.solvers.function import SmoothFunction
from thalweg.solvers.iterate import Iterate
from thalweg.solvers.minimization.trust_exact import curvature, more_sorensen


def step(hessian, gradient, radius):
    function = SmoothFunction(lambda x: 0.5 * x @ as_tensor(hessian) @ x + as_tensor(gradient) @ x)
    x, none = as_tensor(np.zeros(len(gradient))), as_tensor(np.int64(0))
    at = Iterate(x, as_tensor(0.0), as_tensor(gradient), none, none, none, none, none)
    found = more_sorensen(function, at, curvature(function, x), as_tensor(radius))
    return found.p.numpy(), bool(found.on_edge)


def spectrum(random, values):
    q = np.linalg.qr(random.normal(size=(len(values),) * 2))[0]
    return (q * values) @ q.T, q


def least_of_model(values, g, radius):
    """Return the least of ⟨g, p⟩ + ½ Σ values p² within a radius, by bisection for its λ."""

    def step(shift):
        bend = values + shift
        return np.where(bend > 1e-12 * np.abs(values).max(), -g / np.where(bend > 0, bend, 1), 0.0)

    low = max(0.0, -values[0])
    high = low + np.linalg.norm(g) / radius + 1.0
    if np.linalg.norm(step(low)) > radius:
        for _ in range(200):
            middle = 0.5 * (low + high)
            long = np.linalg.norm(step(middle)) > radius
            low, high = (middle, high) if long else (low, middle)
        p = step(high)
    else:
        p = step(low)
        if low > 0:
            p[0] += np.sqrt(max(0.0, radius**2 - p @ p))
    return g @ p + 0.5 * p @ (values * p)


CASES = {
    "positive": [0.5, 1.0, 2.0, 30.0],
    "indefinite": [-3.0, -1.0, 2.0, 5.0],
    "negative": [-4.0, -3.0, -2.0, -1.0],
    "semidefinite": [0.0, 1.0, 2.0, 3.0],
    "twice the lowest": [-2.0, -2.0, 1.0, 4.0],
}


@pytest.mark.parametrize("radius", [1e-3, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
@pytest.mark.parametrize("is_hard", [False, True])
def test_the_step_is_about_the_least(values, radius, is_hard):
    random = np.random.default_rng(len(values))
    hessian, q = spectrum(random, np.array(values))
    gradient = random.normal(size=4)
    if is_hard:
        gradient -= q[:, :2] @ (q[:, :2].T @ gradient)
    p, on_edge = step(hessian, gradient, radius)
    length = np.linalg.norm(p)
    # As long, and as good, as they ask for with σ₁ = 0.1.
    assert length <= 1.1 * radius
    least = least_of_model(np.array(values), q.T @ gradient, radius)
    value = gradient @ p + 0.5 * p @ hessian @ p
    assert value <= 0.9**2 * least + 1e-12 * abs(least)
    assert on_edge == (length >= 0.89 * radius) or values[0] >= 0.0


def test_a_hessian_that_is_not_finite_stops_nothing():
    found = tw.minimize(
        lambda x: np.sum(abs(x) ** 1.5) + np.sum((x - 1.0) ** 2), np.array([0.0, 2.0]),
        method="trust-exact", hess=lambda x: np.full((2, 2), np.nan) * x[0], engine="numpy",
    )  # fmt: skip
    assert found.success
