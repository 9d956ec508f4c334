"""The stream of a seed is PyTorch's, bit for bit, and can be left and taken up again."""

from __future__ import annotations

import copy
import pickle
import threading
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from tests.core.streams import SEEDS, every_draw
from thalweg.errors import ArgumentError, DtypeError
from thalweg.random.generator import Generator, default_generator

DRAWS = every_draw()


def differences(ours: Any, theirs: Any) -> int:
    """Count the numbers that differ in any bit, zeros of either sign apart."""
    expected = theirs.numpy()
    assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)
    return int(np.sum(ours != expected))


def test_half_a_million_draws_are_those_of_pytorch() -> None:
    compared, different = 0, Counter[str]()
    for seed in SEEDS:
        ours, theirs = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
        for name, (draw, expected) in DRAWS.items():
            values = draw(ours)
            different[name] += differences(values, expected(theirs))
            compared += values.size
    assert compared >= 500_000
    assert not +different


@pytest.mark.parametrize("seed", range(10))
def test_kinds_of_draws_in_any_order_share_one_stream(seed: int) -> None:
    order = np.random.default_rng(seed).choice(list(DRAWS), 120)
    ours, theirs = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for step, name in enumerate(order):
        draw, expected = DRAWS[str(name)]
        assert differences(draw(ours), expected(theirs)) == 0, f"draw {step} of seed {seed}: {name}"


def test_the_second_normal_number_of_a_pair_waits_for_the_next_call() -> None:
    apart, together = Generator().manual_seed(3), Generator().manual_seed(3)
    first, _, second = apart.normal(), apart.rand((624,)), apart.normal()
    assert [first, second] == together.normal(shape=(2,)).tolist()
    apart.manual_seed(3)
    apart.normal()
    assert apart.manual_seed(3).normal() == first


@pytest.mark.parametrize("seed", [-1, -(2**63), 0, 2**63, 2**64 - 1, np.int64(5)])
def test_seeds_count_modulo_two_to_the_64(seed: int) -> None:
    ours = Generator().manual_seed(seed)
    assert ours.initial_seed() == torch.Generator().manual_seed(int(seed)).initial_seed()


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, "1", None])
def test_what_is_no_seed_is_refused(seed: Any) -> None:
    with pytest.raises(ArgumentError, match=r"from -2\*\*63 to 2\*\*64 - 1"):
        Generator().manual_seed(seed)


def test_a_new_generator_has_the_seed_that_pytorch_gives_one() -> None:
    ours, theirs = Generator(), torch.Generator()
    assert ours.initial_seed() == theirs.initial_seed()
    assert ours.rand() == torch.rand((), dtype=torch.float64, generator=theirs).item()
    assert str(ours.device) == str(theirs.device)
    with pytest.raises(ArgumentError, match="on the CPU"):
        Generator("cuda")


def test_a_generator_can_be_seeded_unforeseeably() -> None:
    stream = Generator()
    seed = stream.seed()
    assert seed == stream.initial_seed() != Generator().initial_seed()
    assert stream.rand() == Generator().manual_seed(seed).rand()
    assert default_generator.initial_seed() != Generator().initial_seed()


# ---- leaving and taking up


@pytest.mark.parametrize("words", [0, 1, 623, 624, 625, 2000])
@pytest.mark.parametrize("cached", [False, True])
def test_a_state_resumes_the_stream_exactly(words: int, cached: bool) -> None:
    stream = Generator().manual_seed(11)
    stream.words(words)
    if cached:
        stream.normal()
    state = stream.get_state()
    expected = stream.normal(shape=(5,)), stream.rand((700,))
    other = Generator().set_state(state)
    assert other.initial_seed() == 11
    np.testing.assert_array_equal(other.normal(shape=(5,)), expected[0])
    np.testing.assert_array_equal(other.rand((700,)), expected[1])


@pytest.mark.parametrize("words", [0, 1, 623, 624, 625, 2000])
def test_states_are_exchanged_with_pytorch(words: int) -> None:
    ours = Generator().manual_seed(2**63 + 1)
    ours.words(words)
    ours.normal()
    theirs = torch.Generator()
    theirs.set_state(torch.from_numpy(ours.get_state()))
    back = Generator().set_state(theirs.get_state().numpy())
    assert back.initial_seed() == theirs.initial_seed() == 2**63 + 1
    for stream in (ours, back):
        state = theirs.get_state()
        found = stream.normal(shape=(700,), one_by_one=True)
        expected = torch.empty((700, 2), dtype=torch.float64)[:, 0].normal_(generator=theirs)
        theirs.set_state(state)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "state", [np.zeros(5), np.zeros(5056, np.uint8), np.zeros(5, np.uint8), [1, 2], np.zeros(5056)]
)
def test_what_is_no_state_is_refused(state: Any) -> None:
    stream = Generator().manual_seed(1)
    with pytest.raises(ArgumentError, match=r"Give what get_state\(\) returned"):
        stream.set_state(state)
    assert stream.rand() == Generator().manual_seed(1).rand()


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g)), Generator.clone_state],
)
def test_copies_go_on_where_the_original_was(copied: Any) -> None:
    stream = Generator().manual_seed(7)
    stream.normal(shape=(3,))
    other = copied(stream)
    assert isinstance(other, Generator)
    assert stream.normal(shape=(4,)).tolist() == other.normal(shape=(4,)).tolist()


def test_threads_draw_every_number_once() -> None:
    stream, found = Generator().manual_seed(2), []

    def work() -> None:
        for _ in range(200):
            found.extend(stream.normal(shape=(3,)).tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Generator().manual_seed(2).normal(shape=(2400,), one_by_one=True)
    assert sorted(found) == sorted(alone.tolist())


# ---- shapes, ranges and dtypes


def test_draws_have_the_shape_that_was_asked_for() -> None:
    stream = Generator()
    for shape in ((), (0,), (2, 0, 3), (4, 5), (16, 2)):
        arrays = [stream.rand(shape), stream.randint(0, 5, shape), stream.normal(0, 1, shape)]
        arrays += [stream.exponential(2, shape), stream.bernoulli(0.5, shape), stream.random(shape)]
        assert {array.shape for array in arrays} == {shape}


def test_nothing_drawn_leaves_the_stream_where_it_was() -> None:
    stream = Generator().manual_seed(4)
    stream.normal()
    before = stream.get_state()
    stream.normal(shape=(0,))
    stream.rand((3, 0))
    stream.randperm(1)
    np.testing.assert_array_equal(stream.get_state(), before)


def test_rounding_never_reaches_the_end_of_the_range() -> None:
    low, high = np.float32(1), np.nextafter(np.float32(1), np.float32(2))
    assert set(Generator().uniform(low, high, (1000,), np.float32).tolist()) == {1.0}


def test_all_integers_of_64_bits_can_be_drawn() -> None:
    ours, theirs = Generator().manual_seed(6), torch.Generator().manual_seed(6)
    found = ours.randint(-(2**63), 2**63, (500,))
    expected = torch.empty(500, dtype=torch.int64).random_(-(2**63), None, generator=theirs)
    assert differences(found, expected) == 0
    assert Generator().random((500,), np.uint64).max() > 2**63
    assert Generator().randint(2**63, 2**64, (500,), np.uint64).min() >= 2**63


def test_dtypes_without_fractions_are_refused() -> None:
    stream = Generator()
    for name in ("rand", "normal", "exponential", "cauchy", "log_normal"):
        with pytest.raises(DtypeError, match=f"{name} got the dtype int64.*astype"):
            getattr(stream, name)(dtype=np.int64)
    with pytest.raises(DtypeError, match="exponential got the dtype complex64"):
        stream.exponential(dtype=np.complex64)
    with pytest.raises(DtypeError, match="random got the dtype complex64"):
        stream.random(dtype=np.complex64)


def test_permutations_are_those_of_the_dtype_asked_for() -> None:
    for n in (0, 1, 5, 1000):
        order = Generator().randperm(n, np.int32)
        assert order.dtype == np.int32
        assert np.array_equal(np.sort(order), np.arange(n))
