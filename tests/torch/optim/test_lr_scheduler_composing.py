"""Schedulers made of schedulers give what their formulas say, however they are nested."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.torch.optim.schedulers import Plain, Sample, listed, momenta_of, rates_of, theirs, walk
from thalweg.torch.optim import lr_scheduler

torch = pytest.importorskip("torch")
oracle = torch.optim.lr_scheduler

STEPS = 25
RATES = (0.5, 2.0)

# Leaves of the nests: every kind of scheduler whose rate is a factor of the base rate.
LEAVES: dict[str, Sample] = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda e: 1 / (1 + e)),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.9),
    "step": lambda s, o: s.StepLR(o, 3, 0.5),
    "multi-step": lambda s, o: s.MultiStepLR(o, [2, 9], 0.3),
    "constant": lambda s, o: s.ConstantLR(o, 0.1, 4),
    "linear": lambda s, o: s.LinearLR(o, 0.2, total_iters=6),
    "to zero": lambda s, o: s.LinearLR(o, 1.0, 0.0, total_iters=4),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.95),
    "polynomial": lambda s, o: s.PolynomialLR(o, 30, 2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 5),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2),
}

Tree = Any
trees: Any = st.recursive(
    st.sampled_from(sorted(LEAVES)),
    lambda inner: st.one_of(
        st.tuples(st.just("chained"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(
            st.just("sequential"),
            st.lists(st.tuples(inner, st.integers(0, 6)), min_size=1, max_size=3),
        ),
    ),
    max_leaves=5,
)


def build(tree: Tree, optimizer: Any) -> Any:
    if isinstance(tree, str):
        return LEAVES[tree](lr_scheduler, optimizer)
    kind, parts = tree
    if kind == "chained":
        return lr_scheduler.ChainedScheduler([build(part, optimizer) for part in parts])
    milestones = np.cumsum([length for _, length in parts])[:-1].tolist()
    members = [build(part, optimizer) for part, _ in parts]
    return lr_scheduler.SequentialLR(optimizer, members, milestones)


def factor(tree: Tree, epoch: int) -> float:
    """Return the factor of the base rate at an epoch: PyTorch's leaves, the formulas of nests."""
    if isinstance(tree, str):
        return ALONE[tree][epoch]
    kind, parts = tree
    if kind == "chained":
        return float(np.prod([factor(part, epoch) for part in parts]))
    part, length = parts[0]
    if len(parts) == 1 or epoch < length:
        return factor(part, epoch)
    return factor((kind, parts[1:]), epoch - length)


def alone(sample: Sample) -> list[float]:
    optimizer = theirs((1.0,))
    return list(walk(optimizer, sample(oracle, optimizer), STEPS)[0][:, 0])


ALONE = {name: alone(sample) for name, sample in LEAVES.items()}


@given(trees)
@settings(max_examples=150, deadline=None)
def test_nested_schedulers_give_the_product_and_the_sequence_of_their_parts(tree: Tree) -> None:
    optimizer = Plain(RATES)
    found, _ = walk(optimizer, build(tree, optimizer), STEPS)
    expected = [[rate * factor(tree, epoch) for rate in RATES] for epoch in range(STEPS + 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@given(trees, st.integers(0, STEPS - 5))
@settings(max_examples=50, deadline=None)
def test_nested_schedulers_go_on_from_a_state_bit_for_bit(tree: Tree, done: int) -> None:
    optimizer, resumed = Plain(RATES), Plain(RATES)
    scheduler = build(tree, optimizer)
    walk(optimizer, scheduler, done)
    again = build(tree, resumed)
    again.load_state_dict(scheduler.state_dict())
    expected, _ = walk(optimizer, scheduler, 5)
    found, _ = walk(resumed, again, 5)
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("sample", listed())
def test_a_sequence_of_one_and_a_chain_of_one_change_nothing(sample: Sample) -> None:
    optimizer = Plain(RATES, momentum=0.9)
    expected = walk(optimizer, sample(lr_scheduler, optimizer), 40)
    wrappers: list[Callable[[Any, Any], Any]] = [
        lambda o, scheduler: lr_scheduler.SequentialLR(o, [scheduler], []),
        lambda o, scheduler: lr_scheduler.ChainedScheduler([scheduler]),
    ]
    for wrap in wrappers:
        wrapped = Plain(RATES, momentum=0.9)
        found = walk(wrapped, wrap(wrapped, sample(lr_scheduler, wrapped)), 40)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("done", range(12))
def test_a_sequence_goes_on_from_the_last_epoch_alone(done: int) -> None:
    def make(optimizer: Any, last_epoch: int) -> Any:
        parts = [
            lr_scheduler.ConstantLR(optimizer, 0.1, 20),
            lr_scheduler.CosineAnnealingLR(optimizer, 7),
            lr_scheduler.MultiplicativeLR(optimizer, lambda e: 0.5),
        ]
        return lr_scheduler.SequentialLR(optimizer, parts, [3, 8], last_epoch=last_epoch)

    optimizer, resumed = Plain(), Plain()
    expected, _ = walk(optimizer, make(optimizer, -1), 20)
    found, _ = walk(resumed, make(resumed, done - 1), 20 - done)
    np.testing.assert_allclose(found, expected[done:], rtol=1e-14)


def test_a_one_cycle_does_not_move_the_base_rates_of_the_schedulers_before_it() -> None:
    optimizer = Plain((0.5,), momentum=0.9)
    warmup = lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5)
    cycle = lr_scheduler.OneCycleLR(optimizer, 8.0, total_steps=10)
    scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, cycle], [5])
    found, _ = walk(optimizer, scheduler, 10)
    np.testing.assert_allclose(found[:5, 0], 0.5 * np.linspace(0.1, 1.0, 6)[:5])
    single = Plain((0.5,), momentum=0.9)
    expected, momenta = walk(single, lr_scheduler.OneCycleLR(single, 8.0, total_steps=10), 5)
    np.testing.assert_array_equal(found[5:], expected)
    assert momenta_of(optimizer) == momenta[-1].tolist()


def test_a_cycle_is_a_factor_in_a_chain_also_where_it_touches_zero() -> None:
    optimizer = Plain((0.5,), momentum=0.9)
    chain = lr_scheduler.ChainedScheduler(
        [lr_scheduler.ExponentialLR(optimizer, 0.9), lr_scheduler.CyclicLR(optimizer, 0.0, 1.0, 3)]
    )
    found, momenta = walk(optimizer, chain, 20)
    alone = Plain((0.5,), momentum=0.9)
    rates, expected = walk(alone, lr_scheduler.CyclicLR(alone, 0.0, 1.0, 3), 20)
    np.testing.assert_allclose(found[:, 0], rates[:, 0] * 0.9 ** np.arange(21), atol=1e-15)
    np.testing.assert_array_equal(momenta, expected)


BY_HAND: list[tuple[Sample, Sample]] = [
    (lambda s, o: s.LinearLR(o, 0.1), lambda s, o: s.CosineAnnealingLR(o, 60, 0.01)),
    (lambda s, o: s.CosineAnnealingLR(o, 60, 0.01), lambda s, o: s.StepLR(o, 4, 0.7)),
    (lambda s, o: s.ExponentialLR(o, 0.9), lambda s, o: s.MultiStepLR(o, [3, 8])),
    (lambda s, o: s.PolynomialLR(o, 60), lambda s, o: s.ConstantLR(o, 0.3, 7)),
    (lambda s, o: s.LambdaLR(o, lambda e: 0.9**e), lambda s, o: s.ExponentialLR(o, 0.8)),
    (lambda s, o: s.ExponentialLR(o, 0.8), lambda s, o: s.LambdaLR(o, lambda e: 0.9**e)),
    (lambda s, o: s.MultiplicativeLR(o, lambda e: 0.9), lambda s, o: s.LinearLR(o)),
    (lambda s, o: s.ExponentialLR(o, 0.9), lambda s, o: s.CosineAnnealingWarmRestarts(o, 7)),
]


@pytest.mark.parametrize("pair", BY_HAND, ids=range(len(BY_HAND)))
def test_schedulers_stepped_one_after_the_other_give_the_rates_of_pytorch(
    pair: tuple[Sample, Sample],
) -> None:
    rates = []
    for optimizer, module in ((Plain(RATES), lr_scheduler), (theirs(RATES), oracle)):
        schedulers = [sample(module, optimizer) for sample in pair]
        rates.append([rates_of(optimizer)])
        for _ in range(40):
            optimizer.step()
            for scheduler in schedulers:
                scheduler.step()
            rates[-1].append(rates_of(optimizer))
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-12, atol=1e-16)


# PyTorch multiplies on by 0, where a schedule that stays at 0 has no factor.
REACHING = [sample for sample in listed() if sample.id != "ExponentialLR-2"]


@pytest.mark.parametrize("sample", REACHING)
def test_a_rate_changed_by_hand_is_treated_as_in_pytorch(sample: Sample) -> None:
    rates = []
    for optimizer, module in (
        (Plain(RATES, momentum=0.9), lr_scheduler),
        (theirs(RATES, momentum=0.9), oracle),
    ):
        scheduler = sample(module, optimizer)
        found = []
        for epoch in range(14):
            optimizer.step()
            scheduler.step()
            found.append(rates_of(optimizer))
            if epoch == 2:
                optimizer.param_groups[0]["lr"] = 0.123
        rates.append(found)
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-12, atol=1e-15)
