"""The steps of Levenberg-Marquardt: damped so that they end near a radius."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.core.tensor import as_tensor
from thalweg.solvers.squares.levenberg_marquardt import ScaledFactors, damping_for


def problem(seed: int, rank: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(7, 4)) * 10.0 ** random.uniform(-3, 3, 4)
    matrix[:, rank:] = 0.0
    return matrix, random.normal(size=7)


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize("seed", range(4))
def test_whole_steps_are_the_shortest_least_squares(seed: int, rank: int) -> None:
    matrix, values = problem(seed, rank)
    factors = ScaledFactors.of(as_tensor(matrix), as_tensor(values))
    step = factors.step(factors.along(0.0)).array
    np.testing.assert_allclose(step, np.linalg.lstsq(matrix, -values)[0], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("rank", [2, 4])
@pytest.mark.parametrize("radius", [1e-4, 1e-2, 1.0, 1e6])
@pytest.mark.parametrize("seed", range(3))
def test_damped_steps_end_near_the_radius(seed: int, radius: float, rank: int) -> None:
    matrix, values = problem(seed, rank)
    factors = ScaledFactors.of(as_tensor(matrix), as_tensor(values))
    whole = np.linalg.norm(factors.along(0.0).array)
    for guess in (0.0, 1e-3, 1e3):
        damping = damping_for(factors, as_tensor(radius), as_tensor(guess))
        step = factors.step(factors.along(damping)).array
        if whole <= 1.1 * radius:
            assert damping.item() == 0.0
        else:
            assert abs(np.linalg.norm(step) - radius) <= 0.1 * radius * (1 + 1e-9)
            damped = matrix.T @ matrix + damping.item() * np.eye(4)
            np.testing.assert_allclose(damped @ step, -matrix.T @ values, rtol=1e-6, atol=1e-8)
