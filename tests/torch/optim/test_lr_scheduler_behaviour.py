"""Schedulers refuse, warn and count as PyTorch's do."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.torch.optim.schedulers import Plain, Sample, listed, momenta_of, rates_of, theirs, walk
from thalweg import torch as wing
from thalweg.torch.optim import lr_scheduler

torch = pytest.importorskip("torch")
oracle = torch.optim.lr_scheduler

# ---- what is refused

Call = Callable[[Any, Any], Any]


def after(steps: int, sample: Sample) -> Call:
    def call(s: Any, o: Any) -> None:
        scheduler = sample(s, o)
        for _ in range(steps):
            o.step()
            scheduler.step()

    return call


MISTAKES: dict[str, Call] = {
    "no optimizer": lambda s, o: s.StepLR(3, 3),
    "an optimizer's class": lambda s, o: s.ExponentialLR(type(o), 0.9),
    "no optimizer to cycle": lambda s, o: s.CyclicLR([], 0.1, 1.0),
    "no optimizer for one cycle": lambda s, o: s.OneCycleLR(None, 1.0, 10),
    "no optimizer on a plateau": lambda s, o: s.ReduceLROnPlateau("sgd"),
    "no rates to go on from": lambda s, o: s.StepLR(o, 3, last_epoch=4),
    "too few functions": lambda s, o: s.LambdaLR(o, [abs]),
    "too many functions": lambda s, o: s.MultiplicativeLR(o, [abs, abs, abs]),
    "no function": lambda s, o: s.MultiplicativeLR(o, 0.9),
    "a negative factor": lambda s, o: s.ConstantLR(o, -0.1),
    "a factor above one": lambda s, o: s.ConstantLR(o, 1.1),
    "a start of zero": lambda s, o: s.LinearLR(o, 0.0),
    "a start above one": lambda s, o: s.LinearLR(o, 1.1),
    "an end above one": lambda s, o: s.LinearLR(o, 0.5, 1.1),
    "a negative end": lambda s, o: s.LinearLR(o, 0.5, -0.1),
    "no period": lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    "half a period": lambda s, o: s.CosineAnnealingWarmRestarts(o, 1.5),
    "no multiplier": lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 0),
    "half a multiplier": lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 1.5),
    "a rate in words": lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 1, "0.1"),
    "a negative epoch": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3).step(-1),
    "too few base rates": lambda s, o: s.CyclicLR(o, [0.1], 1.0),
    "too few peaks": lambda s, o: s.CyclicLR(o, 0.1, [1.0]),
    "an unknown mode": lambda s, o: s.CyclicLR(o, 0.1, 1.0, mode="square"),
    "too many momenta": lambda s, o: s.CyclicLR(o, 0.1, 1.0, base_momentum=[0.1, 0.2, 0.3]),
    "no steps": lambda s, o: s.OneCycleLR(o, 1.0),
    "no steps per epoch": lambda s, o: s.OneCycleLR(o, 1.0, epochs=3),
    "zero steps": lambda s, o: s.OneCycleLR(o, 1.0, 0),
    "half a step": lambda s, o: s.OneCycleLR(o, 1.0, 1.5),
    "negative epochs": lambda s, o: s.OneCycleLR(o, 1.0, epochs=-1, steps_per_epoch=3),
    "a share above one": lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=1.5),
    "a negative share": lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=-0.5),
    "an unknown strategy": lambda s, o: s.OneCycleLR(o, 1.0, 10, anneal_strategy="sin"),
    "too many peaks": lambda s, o: s.OneCycleLR(o, [1.0, 2.0, 3.0], 10),
    "too many steps": after(12, lambda s, o: s.OneCycleLR(o, 1.0, 10)),
    "no schedulers": lambda s, o: s.SequentialLR(o, [], []),
    "no milestones": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.ConstantLR(o)], []),
    "something else in a sequence": lambda s, o: s.SequentialLR(o, [3], []),
    "a metric in a sequence": lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []),
    "an epoch of a sequence": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o)], []).step(3),
    "no links": lambda s, o: s.ChainedScheduler([]),
    "a metric in a chain": lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    "something else in a chain": lambda s, o: s.ChainedScheduler([s.ConstantLR(o), 3]),
    "a factor of one": lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    "an unknown direction": lambda s, o: s.ReduceLROnPlateau(o, "up"),
    "an unknown threshold": lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="log"),
    "too few lowest rates": lambda s, o: s.ReduceLROnPlateau(o, min_lr=[0.1]),
    "no metric": lambda s, o: s.ReduceLROnPlateau(o).step(),
    "a metric in words": lambda s, o: s.ReduceLROnPlateau(o).step("low"),
    "no step size": lambda s, o: s.StepLR(o),
}


def mistake(call: Call, module: Any, optimizer: Any) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is what is compared
        call(module, optimizer)
    return caught.value


@pytest.mark.parametrize("call", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_raises_what_pytorch_raises(call: Call) -> None:
    expected = mistake(call, oracle, theirs((0.5, 0.1), momentum=0.9))
    found = mistake(call, lr_scheduler, Plain((0.5, 0.1), momentum=0.9))
    assert isinstance(found, type(expected))


def test_momentum_needs_an_optimizer_that_has_it() -> None:
    for name, arguments in (("CyclicLR", (0.1, 1.0)), ("OneCycleLR", (1.0, 10))):
        with pytest.raises(ValueError, match="momentum"):
            getattr(lr_scheduler, name)(Plain(), *arguments)
        getattr(lr_scheduler, name)(Plain(), *arguments, cycle_momentum=False)


def test_schedulers_of_different_optimizers_do_not_mix() -> None:
    one, other = Plain(), Plain()
    with pytest.raises(ValueError, match="another optimizer"):
        lr_scheduler.SequentialLR(one, [lr_scheduler.ConstantLR(other)], [])
    links = [lr_scheduler.ConstantLR(one), lr_scheduler.ConstantLR(other)]
    with pytest.raises(ValueError, match="another optimizer"):
        lr_scheduler.ChainedScheduler(links)


def test_milestones_come_in_order() -> None:
    optimizer = Plain()
    parts = [lr_scheduler.ConstantLR(optimizer) for _ in range(3)]
    with pytest.raises(ValueError, match="order"):
        lr_scheduler.SequentialLR(optimizer, parts, [5, 3])


def test_a_missing_initial_rate_is_told_without_quotes() -> None:
    with pytest.raises(KeyError) as caught:
        lr_scheduler.ExponentialLR(Plain(), 0.9, last_epoch=3)
    assert str(caught.value).startswith("last_epoch=3 was given")


def test_a_transformation_is_told_to_take_the_schedule_itself() -> None:
    with pytest.raises(TypeError, match="takes a schedule in place of its learning rate"):
        lr_scheduler.StepLR(tw.optim.adam(0.1), 3)


def test_groups_added_later_are_told() -> None:
    optimizer = Plain()
    scheduler = lr_scheduler.StepLR(optimizer, 3)
    optimizer.step()
    optimizer.param_groups.append({"params": [], "lr": 0.1})
    with pytest.raises(ValueError, match="has 2 groups"):
        scheduler.step()


# ---- what is warned of


def warned(call: Callable[[], Any]) -> list[Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [warning.category for warning in caught]


def test_a_scheduler_stepped_before_its_optimizer_warns_once() -> None:
    for optimizer, module in ((Plain(), lr_scheduler), (theirs(), oracle)):
        scheduler = module.StepLR(optimizer, 3)
        assert warned(scheduler.step) == [UserWarning]
        assert warned(scheduler.step) == []
        optimizer.step()
        assert warned(scheduler.step) == []


def test_the_right_order_does_not_warn() -> None:
    for scheduler in (
        lr_scheduler.StepLR(Plain(), 3),
        lr_scheduler.ChainedScheduler([lr_scheduler.ConstantLR(Plain())]),
    ):
        scheduler.optimizer.step()
        assert warned(scheduler.step) == []


def test_composed_schedulers_warn_once_of_the_wrong_order() -> None:
    optimizer = Plain()
    parts = [lr_scheduler.ConstantLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)]
    assert warned(lr_scheduler.ChainedScheduler(parts).step) == [UserWarning]


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
def test_a_step_left_out_for_a_spoilt_gradient_is_no_wrong_order(spoilt: float) -> None:
    optimizer = Plain()
    parameter = wing.tensor([1.0, 2.0], requires_grad=True)
    optimizer.param_groups[0]["params"] = [parameter]
    (parameter * wing.tensor([1.0, spoilt])).sum().backward()
    assert warned(lr_scheduler.StepLR(optimizer, 3).step) == []
    (parameter * 0.0).sum().backward()
    parameter.grad = None
    (parameter * 2.0).sum().backward()
    assert warned(lr_scheduler.StepLR(optimizer, 3).step) == [UserWarning]


def test_asking_for_the_rates_outside_of_a_step_warns() -> None:
    scheduler = lr_scheduler.StepLR(Plain(), 3)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()


JUMPING = [
    sample
    for sample in listed()
    if not sample.id.startswith(("SequentialLR", "Chained", "MultiplicativeLR", "ConstantLR-0"))
]


@pytest.mark.parametrize("sample", JUMPING)
def test_a_jump_to_an_epoch_gives_the_rates_of_pytorch_and_warns_as_it_does(sample: Sample) -> None:
    ours, other = Plain((0.5, 0.1), momentum=0.9), theirs((0.5, 0.1), momentum=0.9)
    schedulers = (sample(lr_scheduler, ours), sample(oracle, other))
    for epoch in (3, 4, 17, 9, 0, 30):
        told = []
        for optimizer, scheduler in zip((ours, other), schedulers, strict=True):
            optimizer.step()
            told.append(warned(partial(scheduler.step, epoch)))
        assert told[0] == told[1]
        assert schedulers[0].last_epoch == epoch
        np.testing.assert_allclose(rates_of(ours), rates_of(other), rtol=1e-13, atol=1e-17)
        np.testing.assert_allclose(momenta_of(ours), momenta_of(other), rtol=1e-13)


# ---- what PyTorch gets wrong


def test_a_jump_of_a_multiplicative_schedule_takes_all_factors() -> None:
    optimizer = Plain()
    scheduler = lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    optimizer.step()
    with pytest.warns(UserWarning, match="deprecated"):
        scheduler.step(5)
    assert rates_of(optimizer) == [0.5**6]


def test_a_factor_of_zero_ends() -> None:
    optimizer = Plain()
    found, _ = walk(optimizer, lr_scheduler.ConstantLR(optimizer, 0.0, 2), 4)
    assert found[:, 0].tolist() == [0.0, 0.0, 0.5, 0.5, 0.5]


def test_a_rise_of_one_step_begins_at_the_peak() -> None:
    optimizer = Plain(momentum=0.9)
    found, momenta = walk(optimizer, lr_scheduler.OneCycleLR(optimizer, 1.0, 10, pct_start=0.1), 9)
    assert found[0] == [1.0]
    assert momenta[0] == [0.85]
    assert (np.diff(found[:, 0]) < 0).all()


# ---- attributes and arguments


def test_warm_restarts_take_fractions_of_epochs() -> None:
    ours, other = Plain(), theirs()
    schedulers = (
        lr_scheduler.CosineAnnealingWarmRestarts(ours, 2, 2, 0.01),
        oracle.CosineAnnealingWarmRestarts(other, 2, 2, 0.01),
    )
    for epoch in np.arange(0, 14, 0.25).tolist():
        for scheduler in schedulers:
            scheduler.step(epoch)
        assert schedulers[0].T_cur == schedulers[1].T_cur
        assert schedulers[0].T_i == schedulers[1].T_i
        assert schedulers[0].last_epoch == schedulers[1].last_epoch
        np.testing.assert_allclose(rates_of(ours), rates_of(other), rtol=1e-13)


def test_a_changed_setting_counts_from_the_next_step() -> None:
    optimizer = Plain()
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.9)
    scheduler.gamma = 0.5
    optimizer.step()
    scheduler.step()
    assert rates_of(optimizer) == [0.25]


def test_a_rate_that_is_a_tensor_is_filled_and_stays_the_same_tensor() -> None:
    for optimizer, module in (
        (Plain((wing.tensor(0.5), 0.1)), lr_scheduler),
        (theirs((torch.tensor(0.5, dtype=torch.float64), 0.1)), oracle),
    ):
        rate = optimizer.param_groups[0]["lr"]
        walk(optimizer, module.StepLR(optimizer, 2, 0.5), 5)
        assert optimizer.param_groups[0]["lr"] is rate
        assert float(rate) == 0.125
        assert float(optimizer.param_groups[0]["initial_lr"]) == 0.5


def test_lists_give_each_group_its_own() -> None:
    functions = [lambda e: 0.9**e, lambda e: 1.0]
    samples: list[Sample] = [
        lambda s, o: s.LambdaLR(o, functions),
        lambda s, o: s.MultiplicativeLR(o, tuple(functions)),
        lambda s, o: s.CyclicLR(o, [0.1, 0.2], [1.0, 2.0], 3, max_momentum=[0.9, 0.8]),
        lambda s, o: s.OneCycleLR(o, [1.0, 2.0], 30, base_momentum=[0.7, 0.8]),
    ]
    for sample in samples:
        ours, other = (make((0.5, 0.1), betas=(0.9, 0.99)) for make in (Plain, theirs))
        found = walk(ours, sample(lr_scheduler, ours), 9)
        np.testing.assert_allclose(found, walk(other, sample(oracle, other), 9), rtol=1e-13)


def test_a_cycle_begins_at_its_base_rate_also_after_another_scheduler() -> None:
    optimizer = Plain(momentum=0.9)
    lr_scheduler.StepLR(optimizer, 3)
    found, _ = walk(optimizer, lr_scheduler.CyclicLR(optimizer, 0.1, 1.0, 3), 6)
    assert found[0] == found[6] == [0.1]


def test_the_groups_note_what_pytorch_notes() -> None:
    for sample in (
        lambda s, o: s.StepLR(o, 3),
        lambda s, o: s.CyclicLR(o, 0.1, 1.0),
        lambda s, o: s.OneCycleLR(o, 1.0, 10),
    ):
        ours, other = Plain(momentum=0.9), theirs(momentum=0.9)
        sample(lr_scheduler, ours), sample(oracle, other)
        noted = {key for key in other.param_groups[0] if "lr" in key or "momentum" in key}
        for key in noted:
            assert ours.param_groups[0][key] == other.param_groups[0][key]


def test_the_names_are_those_of_pytorch() -> None:
    assert set(oracle.__all__) <= set(lr_scheduler.__all__)
    assert wing.optim.lr_scheduler is lr_scheduler


# ---- schedulers of one's own


def own(module: Any) -> Any:
    class Halving(module.LRScheduler):  # type: ignore[misc]
        def __init__(self, optimizer: Any, every: int, last_epoch: int = -1) -> None:
            self.every = every
            super().__init__(optimizer, last_epoch)

        def get_lr(self) -> list[float]:
            return [lr * 0.5 ** (self.last_epoch // self.every) for lr in self.base_lrs]

    class Recursive(module.LRScheduler):  # type: ignore[misc]
        def get_lr(self) -> list[float]:
            groups = self.optimizer.param_groups
            return [group["lr"] * (0.9 if self.last_epoch else 1.0) for group in groups]

    return Halving, Recursive


@pytest.mark.parametrize(
    "sample",
    [
        lambda s, o: own(s)[0](o, 3),
        lambda s, o: own(s)[1](o),
        lambda s, o: s.ChainedScheduler([s.ConstantLR(o), own(s)[1](o)]),
        lambda s, o: s.SequentialLR(o, [own(s)[1](o), own(s)[0](o, 2)], [4]),
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o), own(s)[0](o, 2)], [4]),
    ],
)
def test_a_scheduler_of_ones_own_needs_the_rates_alone(sample: Sample) -> None:
    rates = []
    for optimizer, module in ((Plain((0.5, 0.1)), lr_scheduler), (theirs((0.5, 0.1)), oracle)):
        scheduler = sample(module, optimizer)
        rates.append(walk(optimizer, scheduler, 15)[0])
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-13)


def test_a_scheduler_without_rates_says_so() -> None:
    with pytest.raises(NotImplementedError, match="get_lr"):
        lr_scheduler.LRScheduler(Plain())


def test_a_sequence_goes_on_in_the_middle_of_a_scheduler_of_ones_own() -> None:
    def make(optimizer: Any, last_epoch: int) -> Any:
        parts = [lr_scheduler.ConstantLR(optimizer), own(lr_scheduler)[1](optimizer)]
        return lr_scheduler.SequentialLR(optimizer, parts, [3], last_epoch)

    optimizer, resumed = Plain(), Plain()
    expected, _ = walk(optimizer, make(optimizer, -1), 12)
    found, _ = walk(resumed, make(resumed, 7), 4)
    np.testing.assert_array_equal(found, expected[8:])


def test_schedulers_work_on_the_optimizers_of_pytorch_too() -> None:
    ours, other = theirs(momentum=0.9), theirs(momentum=0.9)
    found = walk(ours, lr_scheduler.OneCycleLR(ours, 1.0, 30), 20)
    expected = walk(other, oracle.OneCycleLR(other, 1.0, 30), 20)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
