"""Schedules as functions of the step."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import SCHEDULES, Sample, listed
from thalweg import optim


@pytest.mark.parametrize("sample", listed(SCHEDULES))
@pytest.mark.parametrize("step", [3, 3.0, np.int32(3), np.array(3), tw.Tensor(3), tw.Tensor(3.0)])
def test_a_schedule_accepts_any_kind_of_step(sample: Sample, step: Any) -> None:
    value = sample(optim)(step)
    assert isinstance(value, tw.Tensor)
    assert value.shape == ()
    assert value.dtype == np.float64


@pytest.mark.parametrize("sample", listed(SCHEDULES))
def test_a_schedule_accepts_arrays_of_steps(sample: Sample) -> None:
    schedule = sample(optim)
    steps = np.arange(12).reshape(3, 4)
    values = schedule(steps)
    assert values.shape == (3, 4)
    assert values[2, 1].item() == pytest.approx(schedule(9).item(), rel=1e-15)


def test_a_plain_function_becomes_a_schedule() -> None:
    schedule = optim.Schedule(lambda step: 1 / (1 + step))
    assert schedule(3).item() == 0.25
    assert schedule == schedule.rebuild([])


def test_the_schedules_are_found_in_their_own_module_too() -> None:
    assert optim.schedules.exponential_decay is optim.exponential_decay
    assert set(optim.schedules.__all__) <= set(optim.__all__)
