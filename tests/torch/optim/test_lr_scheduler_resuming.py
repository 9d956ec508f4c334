"""Schedulers go on where they were, from a state or from the epoch alone."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from tests.torch.optim.schedulers import (
    SCHEDULERS,
    Plain,
    Sample,
    listed,
    momenta_of,
    rates_of,
    theirs,
)
from thalweg.torch.optim import lr_scheduler

STEPS = 40
RATES = (0.5, 1e-3)


def go(optimizer: Any, scheduler: Any, steps: int) -> list[Any]:
    found = []
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        found.append((rates_of(optimizer), momenta_of(optimizer)))
    return found


def interrupted(sample: Sample, steps: int) -> tuple[Any, Any]:
    """Return the states of an optimizer and its scheduler after some steps."""
    optimizer = Plain(RATES, momentum=0.9)
    scheduler = sample(lr_scheduler, optimizer)
    go(optimizer, scheduler, steps)
    return optimizer.state_dict(), scheduler.state_dict()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("sample", listed())
def test_a_scheduler_goes_on_from_its_state_bit_for_bit_at_every_step(sample: Sample) -> None:
    optimizer = Plain(RATES, momentum=0.9)
    whole = go(optimizer, sample(lr_scheduler, optimizer), STEPS)
    for done in range(STEPS):
        states = interrupted(sample, done)
        resumed = Plain(RATES, momentum=0.9)
        scheduler = sample(lr_scheduler, resumed)
        resumed.load_state_dict(states[0])
        scheduler.load_state_dict(states[1])
        assert go(resumed, scheduler, 3) == whole[done : done + 3] or done > STEPS - 3


@pytest.mark.parametrize("sample", listed())
def test_the_rates_come_back_with_the_scheduler_whatever_is_restored_first(sample: Sample) -> None:
    optimizer = Plain(RATES, momentum=0.9)
    whole = go(optimizer, sample(lr_scheduler, optimizer), STEPS)
    states = interrupted(sample, 17)
    for restored in (True, False):
        resumed = Plain(RATES, momentum=0.9)
        if restored:
            resumed.load_state_dict(states[0])
        scheduler = sample(lr_scheduler, resumed)
        scheduler.load_state_dict(states[1])
        assert (rates_of(resumed), momenta_of(resumed)) == whole[16]
        assert go(resumed, scheduler, 20) == whole[17:37]


def test_rates_that_were_changed_by_hand_survive_the_loading_of_a_state() -> None:
    optimizer = Plain()
    scheduler = lr_scheduler.StepLR(optimizer, 3, 0.5)
    state = scheduler.state_dict()
    optimizer.param_groups[0]["lr"] = 0.123
    scheduler.load_state_dict(state)
    assert rates_of(optimizer) == [0.123]


ALONE = [
    (name, sample)
    for name, samples in SCHEDULERS.items()
    for sample in samples
    if name not in ("SequentialLR", "ChainedScheduler")
]


class From:
    """The schedulers, made to go on after an epoch."""

    def __init__(self, last_epoch: int) -> None:
        self.last_epoch = last_epoch

    def __getattr__(self, name: str) -> Any:
        made = getattr(lr_scheduler, name)
        return lambda *args, **kwargs: made(*args, **kwargs, last_epoch=self.last_epoch)


@pytest.mark.parametrize(("name", "sample"), ALONE, ids=[name for name, _ in ALONE])
@pytest.mark.parametrize("done", [1, 4, 17])
def test_a_scheduler_goes_on_from_the_last_epoch_alone(
    name: str, sample: Sample, done: int
) -> None:
    optimizer = Plain(RATES, momentum=0.9)
    whole = go(optimizer, sample(lr_scheduler, optimizer), STEPS)
    resumed = Plain(RATES, momentum=0.9)
    resumed.load_state_dict(interrupted(sample, done)[0])
    scheduler = sample(From(done - 1), resumed)
    assert scheduler.last_epoch == done
    np.testing.assert_allclose(rates_of(resumed), whole[done - 1][0], rtol=1e-14)
    np.testing.assert_allclose(momenta_of(resumed), whole[done - 1][1], rtol=1e-14)
    for found, expected in zip(go(resumed, scheduler, 20), whole[done:], strict=False):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("sample", listed())
@pytest.mark.parametrize("done", [0, 11])
def test_a_scheduler_goes_on_from_a_state_of_pytorch(sample: Sample, done: int) -> None:
    oracle = pytest.importorskip("torch").optim.lr_scheduler
    optimizer = theirs(RATES, momentum=0.9)
    scheduler = sample(oracle, optimizer)
    go(optimizer, scheduler, done)
    state = copy.deepcopy(scheduler.state_dict())
    ours = Plain(RATES, momentum=0.9)
    resumed = sample(lr_scheduler, ours)
    resumed.load_state_dict(state)
    expected = go(optimizer, scheduler, 20)
    for found, wanted in zip(go(ours, resumed, 20), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("sample", listed())
def test_a_scheduler_can_be_copied_together_with_its_optimizer(sample: Sample) -> None:
    optimizer = Plain(RATES, momentum=0.9)
    scheduler = sample(lr_scheduler, optimizer)
    go(optimizer, scheduler, 9)
    twin = copy.deepcopy(scheduler)
    expected = go(optimizer, scheduler, 9)
    assert twin.optimizer is not optimizer
    assert go(twin.optimizer, twin, 9) == expected


def test_a_scheduler_can_be_pickled_together_with_its_optimizer() -> None:
    optimizer = Plain(RATES, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, 50)
    go(optimizer, scheduler, 9)
    twin = pickle.loads(pickle.dumps(scheduler))
    assert go(twin.optimizer, twin, 9) == go(optimizer, scheduler, 9)


class Decay:
    """A factor that is no plain function, so that what it holds is saved."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, epoch: int) -> float:
        return self.rate**epoch


def test_what_a_callable_object_holds_is_saved_and_plain_functions_are_not() -> None:
    optimizer = Plain(RATES)
    scheduler = lr_scheduler.LambdaLR(optimizer, [Decay(0.9), lambda epoch: 0.5])
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"rate": 0.9}, None]
    resumed = lr_scheduler.LambdaLR(Plain(RATES), [Decay(0.1), lambda epoch: 0.5])
    resumed.load_state_dict(state)
    go(resumed.optimizer, resumed, 2)
    assert rates_of(resumed.optimizer) == [0.5 * 0.9**2, 1e-3 * 0.5]

    cyclic = lr_scheduler.CyclicLR(Plain(momentum=0.9), 0.1, 1.0, 5, scale_fn=Decay(0.9))
    state = cyclic.state_dict()
    assert state["_scale_fn_custom"] == {"rate": 0.9}
    other = lr_scheduler.CyclicLR(Plain(momentum=0.9), 0.1, 1.0, 5, scale_fn=Decay(0.1))
    other.load_state_dict(state)
    assert go(other.optimizer, other, 9) == go(cyclic.optimizer, cyclic, 9)


def test_a_state_is_a_copy() -> None:
    scheduler = lr_scheduler.StepLR(Plain(), 3)
    scheduler.state_dict()["base_lrs"][0] = 7.0
    assert scheduler.base_lrs == [0.5]
