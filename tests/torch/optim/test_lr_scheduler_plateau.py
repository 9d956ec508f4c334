"""The scheduler that follows a metric."""

from typing import Any

import numpy as np
import pytest

from tests.torch.optim.schedulers import Plain, rates_of, theirs
from thalweg import torch as wing
from thalweg.torch.optim.lr_scheduler import ReduceLROnPlateau

oracle = pytest.importorskip("torch").optim.lr_scheduler

ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"patience": 1},
    {"patience": 0, "factor": 0.5},
    {"mode": "max", "patience": 2},
    {"mode": "min", "threshold": 0.1, "patience": 2},
    {"mode": "min", "threshold": 0.1, "threshold_mode": "abs", "patience": 2},
    {"mode": "max", "threshold": 0.1, "threshold_mode": "rel", "patience": 2},
    {"mode": "max", "threshold": 0.1, "threshold_mode": "abs", "patience": 2},
    {"patience": 1, "cooldown": 3},
    {"patience": 0, "min_lr": 0.01},
    {"patience": 0, "min_lr": [0.3, 1e-3], "factor": 0.5},
    {"patience": 0, "eps": 1e-3},
]


def metrics(seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    falling = 3 * np.exp(-np.arange(40) / 8) + rng.normal(size=40) * 0.2
    falling[17] = np.nan
    return (falling if seed % 2 else -falling).tolist()


def follow(optimizer: Any, scheduler: Any, values: list[float]) -> list[list[float]]:
    found = []
    for value in values:
        scheduler.step(value)
        assert scheduler.get_last_lr() == rates_of(optimizer)
        found.append(rates_of(optimizer))
    return found


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("seed", range(4))
def test_the_rates_on_a_plateau_are_those_of_pytorch(arguments: dict[str, Any], seed: int) -> None:
    ours, other = Plain((0.5, 0.1)), theirs((0.5, 0.1))
    schedulers = ReduceLROnPlateau(ours, **arguments), oracle.ReduceLROnPlateau(other, **arguments)
    found = follow(ours, schedulers[0], metrics(seed))
    assert found == follow(other, schedulers[1], metrics(seed))
    for name in ("best", "num_bad_epochs", "cooldown_counter", "last_epoch", "in_cooldown"):
        assert getattr(schedulers[0], name) == getattr(schedulers[1], name)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_it_goes_on_from_a_state(arguments: dict[str, Any]) -> None:
    optimizer = Plain((0.5, 0.1))
    whole = follow(optimizer, ReduceLROnPlateau(optimizer, **arguments), metrics(1))
    for done in range(1, 40):
        first, resumed = Plain((0.5, 0.1)), Plain((0.5, 0.1))
        scheduler = ReduceLROnPlateau(first, **arguments)
        follow(first, scheduler, metrics(1)[:done])
        again = ReduceLROnPlateau(resumed, **arguments)
        again.load_state_dict(scheduler.state_dict())
        assert follow(resumed, again, metrics(1)[done:]) == whole[done:]


def test_a_metric_may_be_a_tensor() -> None:
    optimizer = Plain()
    scheduler = ReduceLROnPlateau(optimizer, patience=0)
    scheduler.step(wing.tensor(1.0))
    scheduler.step(wing.tensor(2.0))
    assert rates_of(optimizer) == [0.05]


def test_groups_added_later_take_the_one_lowest_rate() -> None:
    for lowest in (0.2, [0.2]):
        optimizer = Plain((0.5,))
        scheduler = ReduceLROnPlateau(optimizer, patience=0, min_lr=lowest)
        optimizer.param_groups.append({"params": [], "lr": 0.4})
        scheduler.step(1.0)
        if isinstance(lowest, list):
            with pytest.raises(ValueError, match="a group was added"):
                scheduler.step(1.0)
        else:
            scheduler.step(1.0)
            assert rates_of(optimizer) == [0.2, 0.2]


def test_the_epoch_is_deprecated() -> None:
    scheduler = ReduceLROnPlateau(Plain())
    with pytest.warns(UserWarning, match="deprecated"):
        scheduler.step(1.0, epoch=7)
    assert scheduler.last_epoch == 7
