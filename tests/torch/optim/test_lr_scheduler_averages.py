"""The scheduler that goes with averages of the weights."""

from typing import Any

import numpy as np
import pytest

from tests.torch.optim.schedulers import Plain, rates_of, theirs, walk
from thalweg.torch.optim import lr_scheduler

torch = pytest.importorskip("torch")
oracle = torch.optim.swa_utils

ARGUMENTS: list[dict[str, Any]] = [
    {"swa_lr": 0.05},
    {"swa_lr": 0.05, "anneal_epochs": 5},
    {"swa_lr": 0.05, "anneal_epochs": 7, "anneal_strategy": "linear"},
    {"swa_lr": 0.05, "anneal_epochs": 0},
    {"swa_lr": [0.05, 0.5], "anneal_epochs": 3},
    {"swa_lr": 0.5, "anneal_epochs": 4},
]


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_the_rate_goes_to_the_constant_one_as_in_pytorch(arguments: dict[str, Any]) -> None:
    ours, other = Plain((0.5, 0.1)), theirs((0.5, 0.1))
    found, _ = walk(ours, lr_scheduler.SWALR(ours, **arguments), 20)
    expected, _ = walk(other, oracle.SWALR(other, **arguments), 20)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize("arguments", ARGUMENTS[:3] + ARGUMENTS[4:])
@pytest.mark.parametrize("start", [3, 9])
def test_it_takes_over_from_another_scheduler(arguments: dict[str, Any], start: int) -> None:
    rates = []
    for optimizer, module, averages in (
        (Plain((0.5, 0.1)), lr_scheduler, lr_scheduler),
        (theirs((0.5, 0.1)), torch.optim.lr_scheduler, oracle),
    ):
        first = module.CosineAnnealingLR(optimizer, 12)
        second = averages.SWALR(optimizer, **arguments)
        found = []
        for epoch in range(25):
            optimizer.step()
            (first if epoch < start else second).step()
            found.append(rates_of(optimizer))
        rates.append(found)
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-12)


def test_it_goes_on_from_a_state() -> None:
    optimizer, resumed = Plain((0.5, 0.1)), Plain((0.5, 0.1))
    scheduler = lr_scheduler.SWALR(optimizer, 0.05)
    walk(optimizer, scheduler, 4)
    again = lr_scheduler.SWALR(resumed, 0.05)
    again.load_state_dict(scheduler.state_dict())
    expected, _ = walk(optimizer, scheduler, 12)
    found, _ = walk(resumed, again, 12)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "arguments",
    [
        {"anneal_strategy": "cosine"},
        {"anneal_epochs": -1},
        {"anneal_epochs": 1.5},
        {"swa_lr": [0.1, 0.2, 0.3]},
    ],
)
def test_a_mistake_raises_what_pytorch_raises(arguments: dict[str, Any]) -> None:
    for optimizer, module in ((Plain(), lr_scheduler), (theirs(), oracle)):
        with pytest.raises(ValueError, match=r"anneal|swa_lr"):
            module.SWALR(optimizer, **{"swa_lr": 0.1, **arguments})


def test_it_needs_an_optimizer() -> None:
    with pytest.raises(TypeError, match="is not an Optimizer"):
        lr_scheduler.SWALR(None, 0.1)
