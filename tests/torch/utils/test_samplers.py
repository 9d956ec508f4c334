"""Samplers draw the order that PyTorch's draw for the same seed."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data as torch_data

from thalweg.errors import ArgumentError, CallError
from thalweg.random.generator import Generator, default_generator
from thalweg.torch.utils import data
from thalweg.torch.utils.data.sampler import ArraySampler

SEEDS = [0, 1, 1234, 2**40 + 5]
each_seed = pytest.mark.parametrize("seed", SEEDS)
WEIGHTS = [0.1, 0.9, 0.4, 0.7, 3.0, 0.6]


def seed_both(seed: int) -> None:
    torch.manual_seed(seed)
    default_generator.manual_seed(seed)


def generators(seed: int) -> tuple[Generator, torch.Generator]:
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def draws_agree(ours: Generator | None, theirs: torch.Generator | None) -> None:
    """Check that two streams are at the same place."""
    expected = torch.randint(1 << 20, (3,), generator=theirs).tolist()
    assert (ours or default_generator).randint(0, 1 << 20, (3,)).tolist() == expected


RANDOM: dict[str, Callable[[Any, Any], Any]] = {
    "once": lambda d, g: d.RandomSampler(range(11), generator=g),
    "more": lambda d, g: d.RandomSampler(range(11), num_samples=25, generator=g),
    "multiple": lambda d, g: d.RandomSampler(range(11), num_samples=22, generator=g),
    "fewer": lambda d, g: d.RandomSampler(range(11), num_samples=4, generator=g),
    "replaced": lambda d, g: d.RandomSampler(range(11), True, generator=g),
    "replaced more": lambda d, g: d.RandomSampler(range(11), True, 100, generator=g),
    "replaced 64": lambda d, g: d.RandomSampler(range(11), True, 64, generator=g),
    "subset": lambda d, g: d.SubsetRandomSampler([3, 5, 7, 11, 13], generator=g),
    "weighted": lambda d, g: d.WeightedRandomSampler(WEIGHTS, 50, generator=g),
    "weighted one": lambda d, g: d.WeightedRandomSampler(WEIGHTS, 1, generator=g),
    "weighted once": lambda d, g: d.WeightedRandomSampler(WEIGHTS, 4, False, generator=g),
    "weighted all": lambda d, g: d.WeightedRandomSampler(WEIGHTS, 6, False, generator=g),
}
each_random = pytest.mark.parametrize("name", list(RANDOM))


@each_random
@each_seed
def test_a_random_order_is_that_of_pytorch_from_a_given_generator(name: str, seed: int) -> None:
    ours, theirs = generators(seed)
    mine, other = RANDOM[name](data, ours), RANDOM[name](torch_data, theirs)
    assert len(mine) == len(other)
    for _ in range(2):
        assert list(mine) == list(other)
    draws_agree(ours, theirs)


@each_random
@each_seed
def test_a_random_order_is_that_of_pytorch_from_the_default_generator(name: str, seed: int) -> None:
    seed_both(seed)
    mine, other = RANDOM[name](data, None), RANDOM[name](torch_data, None)
    for _ in range(2):
        assert list(mine) == list(other)
    draws_agree(None, None)


@pytest.mark.parametrize("name", ["once", "more", "replaced more"])
def test_a_shared_generator_is_where_pytorchs_is_in_the_middle_of_an_order(name: str) -> None:
    ours, theirs = generators(3)
    mine, other = iter(RANDOM[name](data, ours)), iter(RANDOM[name](torch_data, theirs))
    assert list(itertools.islice(mine, 11)) == list(itertools.islice(other, 11))
    draws_agree(ours, theirs)


def test_indices_are_python_integers() -> None:
    for sampler in (data.SequentialSampler("abc"), data.RandomSampler("abc")):
        assert {type(index) for index in sampler} == {int}


def test_a_long_order_comes_in_pieces_and_whole() -> None:
    n = (1 << 17) + 3
    sampler = data.SequentialSampler(range(n))
    assert max(map(len, sampler.arrays())) < n
    np.testing.assert_array_equal(np.concatenate(list(sampler.arrays())), np.arange(n))
    batches = list(data.BatchSampler(sampler, 50_000, False).arrays())
    assert [len(batch) for batch in batches] == [50_000, 50_000, 31_075]
    np.testing.assert_array_equal(np.concatenate(batches), np.arange(n))


def test_sequential_order() -> None:
    assert list(data.SequentialSampler("abcd")) == [0, 1, 2, 3]
    assert list(data.SequentialSampler("")) == []


# ---- batches


@pytest.mark.parametrize("n", [0, 1, 5, 6, 7])
@pytest.mark.parametrize("size", [1, 3, 10])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_are_those_of_pytorch(n: int, size: int, drop_last: bool) -> None:
    theirs = torch_data.BatchSampler(range(n), size, drop_last)
    for sampler in (range(n), data.SequentialSampler(range(n))):
        ours = data.BatchSampler(sampler, size, drop_last)
        assert list(ours) == list(theirs)
        assert [list(batch) for batch in ours.arrays()] == list(theirs)
        assert len(ours) == len(theirs)


@each_seed
@pytest.mark.parametrize("size", [1, 4, 32, 33, 70])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_of_a_random_order_are_those_of_pytorch(
    seed: int, size: int, drop_last: bool
) -> None:
    for name in ("once", "replaced more", "more"):
        ours, theirs = generators(seed)
        mine = data.BatchSampler(RANDOM[name](data, ours), size, drop_last)
        other = torch_data.BatchSampler(RANDOM[name](torch_data, theirs), size, drop_last)
        assert [batch.tolist() for batch in mine.arrays()] == list(other)
        draws_agree(ours, theirs)
        assert list(mine) == list(other)


def test_a_sampler_with_its_own_iteration_is_followed() -> None:
    class Backwards(data.RandomSampler):
        def __iter__(self) -> Iterator[int]:
            return iter(range(len(self) - 1, -1, -1))

    assert list(data.BatchSampler(Backwards(range(3)), 2, False).arrays()) == [[2, 1], [0]]


def test_a_sampler_must_say_its_order() -> None:
    for sampler in (data.Sampler(), ArraySampler()):
        with pytest.raises(NotImplementedError, match="has no order"):
            list(sampler)


# ---- splitting


@each_seed
@pytest.mark.parametrize(
    "lengths", [[7, 3], [0, 10], [0.7, 0.3], [0.33, 0.33, 0.34], [0.1] * 10, [1.0]], ids=repr
)
def test_a_split_is_that_of_pytorch(seed: int, lengths: list[float]) -> None:
    seed_both(seed)
    ours, theirs = (d.random_split(range(10), lengths) for d in (data, torch_data))
    assert [list(part.indices) for part in ours] == [list(part.indices) for part in theirs]
    assert [list(part) for part in ours] == [list(part) for part in theirs]
    draws_agree(None, None)
    mine, other = generators(seed)
    ours = data.random_split(range(10), lengths, mine)
    theirs = torch_data.random_split(range(10), lengths, other)
    assert [list(part) for part in ours] == [list(part) for part in theirs]


def test_a_fraction_that_leaves_no_sample_warns_as_in_pytorch() -> None:
    for library in (torch_data, data):
        with pytest.warns(UserWarning, match=r"at index 1 is 0|Subset 1 of"):
            parts = library.random_split(range(3), [0.96, 0.04])
        assert [len(part) for part in parts] == [3, 0]


@pytest.mark.parametrize(
    "lengths", [[2, 2], [0.5, 0.6], [0.5, -0.5, 1.0], [6, -1], [0.5, 0.4], []], ids=repr
)
def test_lengths_that_do_not_add_up_are_refused(lengths: list[float]) -> None:
    with pytest.raises(ArgumentError, match=r"random_split got .* wanted"):
        data.random_split(range(5), lengths)


# ---- refusals


REFUSED: dict[str, Callable[[Any], Any]] = {
    "no rows": lambda d: d.RandomSampler([]),
    "no samples": lambda d: d.RandomSampler("ab", num_samples=0),
    "half a sample": lambda d: d.RandomSampler("ab", num_samples=1.5),
    "a number for a Boolean": lambda d: d.RandomSampler("ab", replacement=1),
    "no weighted samples": lambda d: d.WeightedRandomSampler([1.0], 0),
    "a number for a Boolean of weights": lambda d: d.WeightedRandomSampler([1.0], 1, 1),
    "two axes of weights": lambda d: d.WeightedRandomSampler([[1.0]], 1),
    "empty batches": lambda d: d.BatchSampler("ab", 0, False),
    "a Boolean for a number": lambda d: d.BatchSampler("ab", True, False),
    "a number for dropping": lambda d: d.BatchSampler("ab", 1, 1),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_pytorch_refuses_is_refused_with_the_same_class(name: str) -> None:
    with pytest.raises((ValueError, TypeError)) as there:
        REFUSED[name](torch_data)
    with pytest.raises((ArgumentError, CallError), match=r"got .*wanted") as here:
        REFUSED[name](data)
    assert isinstance(here.value, there.type)


@pytest.mark.parametrize(
    ("weights", "n", "replacement"),
    [([-1.0, 2.0], 2, True), ([0.0, 0.0], 1, True), ([np.inf, 1.0], 1, True),
     ([np.nan], 1, True), ([1.0, 1.0], 3, False)],
)  # fmt: skip
def test_weights_that_give_no_probabilities_are_refused(
    weights: list[float], n: int, replacement: bool
) -> None:
    with pytest.raises(ArgumentError, match=r"WeightedRandomSampler got .*wanted"):
        data.WeightedRandomSampler(weights, n, replacement)
