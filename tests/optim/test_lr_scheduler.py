"""Every scheduler gives the learning rates of PyTorch's, from the start and from a state."""

from typing import Any

import numpy as np
import pytest

from tests.optim.schedulers import Plain, Sample, listed, theirs, walk
from thalweg.optim import lr_scheduler

torch = pytest.importorskip("torch")
oracle = torch.optim.lr_scheduler

STEPS = 40
GROUPS: list[tuple[float, ...]] = [(0.5,), (1e-3, 0.7, 3.0)]
OPTIONS: list[dict[str, Any]] = [{"momentum": 0.9}, {"betas": (0.9, 0.999)}]


@pytest.mark.parametrize("options", OPTIONS, ids=["momentum", "betas"])
@pytest.mark.parametrize("rates", GROUPS, ids=["one group", "three groups"])
@pytest.mark.parametrize("sample", listed())
def test_a_scheduler_gives_the_rates_and_momenta_of_pytorch(
    sample: Sample, rates: tuple[float, ...], options: dict[str, Any]
) -> None:
    ours, other = Plain(rates, **options), theirs(rates, **options)
    found = walk(ours, sample(lr_scheduler, ours), STEPS)
    expected = walk(other, sample(oracle, other), STEPS)
    # PyTorch multiplies rate by rate and rounds each time; here no error gathers.
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-14)
