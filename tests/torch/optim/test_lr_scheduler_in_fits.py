"""The pure schedules of the schedulers drive compiled runs to the same parameters."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.optim.schedulers import Plain
from thalweg import optim
from thalweg import torch as wing
from thalweg.torch.optim import lr_scheduler

STEPS = 40


class Stepped(Plain):
    """The stateful habit over `tw.optim.adam`, with the learning rate of its group."""

    def __init__(self, params: Any) -> None:
        super().__init__((0.1,), betas=(0.9, 0.999))
        self.params, self.state = params, optim.adam(0.1).init(params)

    def apply(self, gradient: Any) -> None:
        transformation = optim.adam(self.param_groups[0]["lr"])
        updates, self.state = transformation.update(gradient, self.state, self.params)
        self.params = optim.apply_updates(self.params, updates)
        self.step()


SAMPLES: list[Any] = [
    lambda o: lr_scheduler.StepLR(o, 7, 0.5),
    lambda o: lr_scheduler.LinearLR(o, 0.1, total_iters=20),
    lambda o: lr_scheduler.CosineAnnealingLR(o, 15, 1e-3),
    lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 5, 2),
    lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.2, 6, mode="triangular2", cycle_momentum=False),
    lambda o: lr_scheduler.OneCycleLR(o, 0.3, 50, cycle_momentum=False),
    lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.95**epoch),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_a_fit_on_the_schedule_equals_a_loop_with_the_scheduler(sample: Any) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)

    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean((y - X @ w) ** 2)

    optimizer = Stepped(np.zeros(3))
    scheduler = sample(optimizer)
    (schedule,) = scheduler.schedules
    fit = tw.fit(loss, np.zeros(3), (X, y), optimizer=optim.adam(schedule), steps=STEPS)
    for step in range(STEPS):
        np.testing.assert_allclose(
            float(wing.tensor(schedule(step))), scheduler.get_last_lr()[0], rtol=1e-15
        )
        optimizer.apply(tw.grad(loss)(optimizer.params, X, y))
        scheduler.step()
    np.testing.assert_allclose(fit.params, optimizer.params, rtol=1e-11)


def test_a_scheduler_follows_any_pure_schedule() -> None:
    schedule = optim.warmup_cosine_decay_schedule(0.0, 1.0, 10, 100)
    optimizer = Plain((0.5, 0.1))
    scheduler = lr_scheduler.ScheduleLR(optimizer, [schedule, lambda epoch: 1 / (1 + epoch)])
    for epoch in range(150):
        assert scheduler.get_last_lr()[0] == pytest.approx(schedule(epoch), rel=1e-14)
        assert scheduler.get_last_lr()[1] == 1 / (1 + epoch)
        optimizer.step()
        scheduler.step()
    assert scheduler.schedules[0] is schedule


def test_a_scheduler_of_a_schedule_goes_on_from_its_state() -> None:
    schedule = optim.one_cycle_schedule(1.0, 100)
    optimizer, resumed = Plain(), Plain()
    scheduler = lr_scheduler.ScheduleLR(optimizer, schedule)
    for _ in range(70):
        optimizer.step()
        scheduler.step()
    again = lr_scheduler.ScheduleLR(resumed, schedule)
    again.load_state_dict(scheduler.state_dict())
    for one in (optimizer, resumed):
        one.step()
    scheduler.step()
    again.step()
    assert again.get_last_lr() == scheduler.get_last_lr()


def test_one_schedule_a_group_or_one_for_all() -> None:
    schedule = optim.linear_schedule(1.0, 0.0, 10)
    assert lr_scheduler.ScheduleLR(Plain((0.5, 0.1)), schedule).get_last_lr() == [1.0, 1.0]
    with pytest.raises(ValueError, match="3 values"):
        lr_scheduler.ScheduleLR(Plain((0.5, 0.1)), [schedule] * 3)
