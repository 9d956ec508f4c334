"""Mixing: of linear maps it is as quick as their dimension says."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.core.tensor import as_tensor
from thalweg.solvers import iterate
from thalweg.solvers.roots.mixing import mix
from thalweg.solvers.squares.residuals import ResidualFunction

SETTINGS = {"xtol": 1e-10, "beta": 1.0, "maxiter": 100, "memory": 5}


@pytest.mark.parametrize("n", [2, 4])
def test_linear_maps_end_after_as_many_turns_as_they_have_dimensions(n: int) -> None:
    random = np.random.default_rng(n)
    matrix = as_tensor(random.normal(size=(n, n)))
    target = as_tensor(random.normal(size=n))
    found = mix(ResidualFunction(lambda x: target - matrix @ x), as_tensor(np.zeros(n)), SETTINGS)
    assert found.ending.item() == iterate.SMALL_STEP
    assert found.nit.item() <= n + 3
    np.testing.assert_allclose(matrix.array @ found.x.array, target.array, atol=1e-9)


def test_turns_that_lead_astray_are_taken_back() -> None:
    # The logarithm has no value where a long step leads.
    logarithm = ResidualFunction(lambda x: as_tensor(np.log(5.0)) - as_tensor(np.log(x)))
    with np.errstate(invalid="ignore"):
        found = mix(logarithm, as_tensor(np.array([1e-3])), SETTINGS)
    assert found.ending.item() == iterate.SMALL_STEP
    np.testing.assert_allclose(found.x.array, 5.0, rtol=1e-8)
