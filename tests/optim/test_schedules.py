"""Schedules as functions of the step."""

import inspect
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.optim.samples import OWN_SCHEDULES, SCHEDULES, Sample, listed
from thalweg import optim


@pytest.mark.parametrize("sample", listed(SCHEDULES | OWN_SCHEDULES))
@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (3, float),
        (3.0, float),
        (np.int32(3), np.float64),
        (np.array(3), np.float64),
        (tw.Tensor(3), tw.Tensor),
        (tw.Tensor(3.0), tw.Tensor),
    ],
)
def test_a_schedule_accepts_any_kind_of_step(sample: Sample, step: Any, kind: type) -> None:
    value = sample(optim)(step)
    assert type(value) is kind
    assert np.asarray(value).shape == ()
    assert np.asarray(value).dtype == np.float64


@pytest.mark.parametrize("sample", listed(SCHEDULES | OWN_SCHEDULES))
def test_a_schedule_accepts_arrays_of_steps(sample: Sample) -> None:
    schedule = sample(optim)
    steps = np.arange(12).reshape(3, 4)
    values = schedule(steps)
    assert values.shape == (3, 4)
    assert values[2, 1] == pytest.approx(schedule(9), rel=1e-15)


def test_a_plain_function_becomes_a_schedule() -> None:
    schedule = optim.Schedule(lambda step: 1 / (1 + step))
    assert schedule(3) == 0.25
    assert schedule == schedule.rebuild([])


def test_the_schedules_are_found_in_their_own_module_too() -> None:
    assert optim.schedules.exponential_decay is optim.exponential_decay
    found = {name for name, value in vars(optim.schedules).items() if inspect.isfunction(value)}
    assert "exponential_decay" in found
    assert found <= set(optim.__all__)


@pytest.mark.parametrize("multiplier", [2, 3, 5, 10])
@pytest.mark.parametrize("period", [1, 3, 10, 49])
def test_restarts_come_when_they_are_due_however_late(period: int, multiplier: int) -> None:
    schedule = optim.cosine_restarts_schedule(1.0, period, multiplier)
    starts, length = [0], period
    while starts[-1] < 10**9:
        starts.append(starts[-1] + length)
        length *= multiplier
    assert schedule(np.array(starts)).tolist() == [1.0] * len(starts)
    last = sorted({start - 1 for start in starts[1:]} - set(starts))
    assert (schedule(np.array(last)) < 0.6).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: optim.step_schedule(0.5, 0),
        lambda: optim.step_schedule(np.nan, 3),
        lambda: optim.multi_step_schedule(0.5, [3], gamma=np.inf),
        lambda: optim.cosine_annealing_schedule(0.5, 0),
        lambda: optim.cosine_restarts_schedule(0.5, 3, 0),
        lambda: optim.triangular_schedule(0.1, 0.5, 0),
        lambda: optim.triangular_schedule(0.1, 0.5, 3, -1),
        lambda: optim.triangular_schedule(0.1, 0.5, 3, mode="square"),
        lambda: optim.one_cycle_schedule(0.5, 0),
        lambda: optim.one_cycle_schedule(0.5, 10, 1.5),
        lambda: optim.one_cycle_schedule(0.5, 10, anneal_strategy="sin"),
    ],
)
def test_a_schedule_refuses_numbers_that_mean_nothing(make: Any) -> None:
    with pytest.raises(tw.errors.ArgumentError, match="was given"):
        make()


@pytest.mark.parametrize(
    "schedule",
    [
        optim.cosine_onecycle_schedule(12, 0.1),
        optim.linear_onecycle_schedule(12, 0.1),
        optim.sgdr_schedule(
            [{"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 2, "decay_steps": 6}] * 2
        ),
    ],
)
def test_one_cycle_and_restarts_run_in_the_native_loop(schedule: Any) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))
    native, reference = (
        tw.fit(
            lambda w, x: ((x @ w - 1.0) ** 2).mean(), np.zeros(3), (x,),
            optimizer=optim.sgd(schedule), batch_size=4, epochs=4, engine=engine,
            fallback="refuse",
        )
        for engine in ("native", "numpy")
    )  # fmt: skip
    np.testing.assert_allclose(native.params, reference.params, rtol=1e-12)


def test_cycles_that_mean_nothing_are_refused() -> None:
    for make in (
        lambda: optim.cosine_onecycle_schedule(0, 0.1),
        lambda: optim.linear_onecycle_schedule(10, 0.1, div_factor=0.0),
        lambda: optim.sgdr_schedule([]),
    ):
        with pytest.raises(tw.errors.ArgumentError):
            make()
