"""A loader yields the batches of PyTorch's, in its order, for the same seed."""

import copy
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data as torch_data

from thalweg import torch as wing
from thalweg.errors import ArgumentError, CallError
from thalweg.random.generator import Generator, default_generator
from thalweg.torch.utils import data

N = 23
X = np.random.default_rng(0).standard_normal((N, 3))
Y = np.arange(N)
SEEDS = [0, 7, 1234]


class Rows(torch_data.Dataset):  # type: ignore[misc]
    """A data set without whole batches, for both libraries."""

    def __len__(self) -> int:
        return N

    def __getitem__(self, index: int) -> tuple[np.ndarray[Any, Any], int]:
        assert type(index) is int
        return X[index], index


def count_of(library: Any, n: int, announced: int | None = None) -> Any:
    """Return a stream of 0 … n - 1."""

    class Count(library.IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Iterator[int]:
            return iter(range(n))

        def __len__(self) -> int:
            return n if announced is None else announced

    return Count()


def epochs(loader: Any, n: int = 2) -> list[Any]:
    """Return the batches of some epochs as nested lists."""
    return [[plain(batch) for batch in loader] for _ in range(n)]


def plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [plain(entry) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value


def agree(seed: int, make: Callable[[Any, Any, Any], Any]) -> None:
    """Compare the loaders that `make(library, rows, generator)` returns for both libraries."""
    tensors = data.TensorDataset(X, Y)
    there = torch_data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    for given in (False, True):
        torch.manual_seed(seed)
        default_generator.manual_seed(seed)
        theirs = torch.Generator().manual_seed(seed + 1) if given else None
        expected = epochs(make(torch_data, there, theirs))
        for rows in (tensors, Rows()):
            default_generator.manual_seed(seed)
            ours = Generator().manual_seed(seed + 1) if given else None
            assert epochs(make(data, rows, ours)) == expected
            assert draws(ours) == draws_there(seed, theirs)


def draws(generator: Generator | None) -> list[int]:
    return (generator or default_generator).randint(0, 1 << 20, (3,)).tolist()


def draws_there(seed: int, generator: torch.Generator | None) -> list[int]:
    """Return the draws that come next, without going on."""
    kept = torch.get_rng_state() if generator is None else generator.get_state()
    found = torch.randint(1 << 20, (3,), generator=generator).tolist()
    if generator is None:
        torch.set_rng_state(kept)
    else:
        generator.set_state(kept)
    return found


LOADERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "defaults": lambda d, rows, g: d.DataLoader(rows, generator=g),
    "in order": lambda d, rows, g: d.DataLoader(rows, 4, generator=g),
    "shuffled": lambda d, rows, g: d.DataLoader(rows, 4, True, generator=g),
    "dropping": lambda d, rows, g: d.DataLoader(rows, 4, True, drop_last=True, generator=g),
    "one batch": lambda d, rows, g: d.DataLoader(rows, 100, True, generator=g),
    "even": lambda d, rows, g: d.DataLoader(rows, N, True, generator=g),
    "single": lambda d, rows, g: d.DataLoader(rows, None, True, generator=g),
    "replacing": lambda d, rows, g: d.DataLoader(
        rows, 4, sampler=d.RandomSampler(rows, True, 50, generator=g), generator=g
    ),
    "weighted": lambda d, rows, g: d.DataLoader(
        rows, 4, sampler=d.WeightedRandomSampler(Y + 1.0, 10, generator=g), generator=g
    ),
    "subset": lambda d, rows, g: d.DataLoader(
        rows, 4, sampler=d.SubsetRandomSampler([3, 1, 4, 15, 9], generator=g), generator=g
    ),
    "listed": lambda d, rows, g: d.DataLoader(rows, 4, sampler=[5, 3, 3, 2, 0], generator=g),
    "batches": lambda d, rows, g: d.DataLoader(
        rows, batch_sampler=[[1, 2], (3,), [4, 4, 4]], generator=g
    ),
    "split": lambda d, rows, g: d.DataLoader(
        d.random_split(rows, [20, 3], g or random_default(d))[0], 6, True, generator=g
    ),
}


def random_default(library: Any) -> Any:
    return torch.default_generator if library is torch_data else default_generator


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", list(LOADERS))
def test_batches_and_draws_are_those_of_pytorch(name: str, seed: int) -> None:
    agree(seed, LOADERS[name])


def test_an_epoch_left_early_leaves_the_generator_where_pytorch_does() -> None:
    ours, theirs = Generator().manual_seed(5), torch.Generator().manual_seed(5)
    mine = data.DataLoader(Y, 4, True, generator=ours)
    other = torch_data.DataLoader(Y, 4, True, generator=theirs)
    for _ in range(3):
        assert next(iter(mine)).tolist() == next(iter(other)).tolist()
    assert draws(ours) == draws_there(5, theirs)


@pytest.mark.parametrize("name", list(LOADERS))
def test_the_length_is_that_of_pytorch(name: str) -> None:
    ours, theirs = (LOADERS[name](d, Rows(), None) for d in (data, torch_data))
    assert len(ours) == len(theirs) == len(iter(ours)) == len(list(ours))
    for attribute in ("batch_size", "drop_last", "num_workers", "prefetch_factor", "timeout"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)


def test_batches_are_tensors() -> None:
    x, y = next(iter(data.DataLoader(data.TensorDataset(X, Y), batch_size=5)))
    assert isinstance(x, wing.Tensor)
    assert isinstance(y, wing.Tensor)
    assert (x.shape, y.dtype) == ((5, 3), np.int64)


def test_a_loader_tells_what_a_fit_needs() -> None:
    loader = data.DataLoader(data.TensorDataset(X, Y), 5, shuffle=True, drop_last=True)
    assert [tensor.shape for tensor in loader.dataset.tensors] == [(N, 3), (N,)]
    assert (loader.batch_size, loader.shuffle, loader.drop_last) == (5, True, True)
    assert isinstance(loader.sampler, data.RandomSampler)
    assert not data.DataLoader(Y).shuffle


def test_samples_are_collated_by_the_given_function() -> None:
    seen: list[Any] = []
    loader = data.DataLoader(data.TensorDataset(X, Y), 2, collate_fn=seen.append)
    assert next(iter(loader)) is None
    assert plain(seen) == [[[X[0].tolist(), 0], [X[1].tolist(), 1]]]
    assert all(isinstance(sample, tuple) for sample in seen[0])
    assert epochs(data.DataLoader([1, 2], None, collate_fn=lambda x: -x), 1) == [[-1, -2]]


def test_an_error_does_not_end_the_epoch() -> None:
    batches = iter(data.DataLoader({0: 1, 2: 3}, sampler=[0, 1, 2]))
    assert next(batches).tolist() == [1]
    with pytest.raises(KeyError):
        next(batches)
    assert next(batches).tolist() == [3]
    with pytest.raises(StopIteration):
        next(batches)


def test_a_loader_is_copied_and_pickled_without_its_epochs() -> None:
    loader = data.DataLoader(data.TensorDataset(Y), 10)
    for copied in (copy.copy(loader), copy.deepcopy(loader), pickle.loads(pickle.dumps(loader))):
        assert epochs(copied, 1) == epochs(loader, 1)


def test_pinned_memory_is_accepted_and_changes_nothing() -> None:
    loader = data.DataLoader(Y, 10, pin_memory=True, pin_memory_device="cuda")
    assert epochs(loader) == epochs(data.DataLoader(Y, 10))


# ---- streams


@pytest.mark.parametrize(
    ("size", "drop"), [(2, False), (2, True), (5, True), (9, False), (9, True)]
)
def test_a_stream_comes_in_batches_as_in_pytorch(size: int, drop: bool) -> None:
    ours, theirs = (d.DataLoader(count_of(d, 5), size, drop_last=drop) for d in (data, torch_data))
    assert epochs(ours) == epochs(theirs)
    assert len(ours) == len(theirs)


def test_a_stream_without_batches_yields_its_samples() -> None:
    assert epochs(data.DataLoader(count_of(data, 3), None)) == [[0, 1, 2]] * 2
    assert len(data.DataLoader(count_of(data, 3), None)) == 3


def test_a_stream_longer_than_announced_warns_as_in_pytorch() -> None:
    for library in (torch_data, data):
        loader = library.DataLoader(count_of(library, 5, announced=2), 2)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            list(loader)
        assert len(loader) == 1
        with pytest.warns(UserWarning, match="[Ll]ength"):
            list(loader)


# ---- refusals


def stream(library: Any) -> Any:
    return count_of(library, 3)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "fewer than no workers": lambda d: d.DataLoader(Y, num_workers=-1),
    "a negative timeout": lambda d: d.DataLoader(Y, timeout=-1),
    "reading ahead alone": lambda d: d.DataLoader(Y, prefetch_factor=2),
    "reading ahead negatively": lambda d: d.DataLoader(Y, num_workers=1, prefetch_factor=-1),
    "keeping no workers": lambda d: d.DataLoader(Y, persistent_workers=True),
    "a shuffled stream": lambda d: d.DataLoader(stream(d), shuffle=True),
    "a stream with a sampler": lambda d: d.DataLoader(stream(d), sampler=[1]),
    "a stream with batches": lambda d: d.DataLoader(stream(d), batch_sampler=[[1]]),
    "two orders": lambda d: d.DataLoader(Y, sampler=[1], shuffle=True),
    "batches and their size": lambda d: d.DataLoader(Y, 2, batch_sampler=[[1]]),
    "batches and shuffling": lambda d: d.DataLoader(Y, shuffle=True, batch_sampler=[[1]]),
    "batches and an order": lambda d: d.DataLoader(Y, sampler=[1], batch_sampler=[[1]]),
    "batches and dropping": lambda d: d.DataLoader(Y, drop_last=True, batch_sampler=[[1]]),
    "dropping nothing": lambda d: d.DataLoader(Y, None, drop_last=True),
    "empty batches": lambda d: d.DataLoader(Y, 0),
    "broken batches": lambda d: d.DataLoader(Y, 2.0),
    "shuffling nothing": lambda d: d.DataLoader([], shuffle=True),
    "a context alone": lambda d: d.DataLoader(Y, multiprocessing_context="fork"),
    "an unknown context": lambda d: d.DataLoader(Y, num_workers=1, multiprocessing_context="fo"),
    "no context": lambda d: d.DataLoader(Y, num_workers=1, multiprocessing_context=3),
    "another batch size": lambda d: setattr(d.DataLoader(Y), "batch_size", 2),
    "another sampler": lambda d: setattr(d.DataLoader(Y), "sampler", [1]),
    "another data set": lambda d: setattr(d.DataLoader(Y), "dataset", X),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_pytorch_refuses_is_refused_with_the_same_class(name: str) -> None:
    with pytest.raises((ValueError, TypeError)) as there:
        REFUSED[name](torch_data)
    with pytest.raises((ArgumentError, CallError)) as here:
        REFUSED[name](data)
    assert isinstance(here.value, there.type)


def test_what_pytorch_lets_change_can_be_changed() -> None:
    loader = data.DataLoader(Y, 10)
    loader.collate_fn = lambda samples: len(samples)
    loader.generator = Generator()
    assert list(loader) == [10, 10, 3]


def test_a_stream_has_no_reading_ahead_of_nothing() -> None:
    with pytest.raises(ArgumentError, match="non-negative, and at least 1"):
        data.DataLoader(Y, num_workers=1, prefetch_factor=0)


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'DataLoader'"):
        data.Dataloader  # noqa: B018
    assert set(dir(data)) == set(data.__all__)


def test_reading_in_this_process_loads_no_machinery_of_processes() -> None:
    code = (
        "import sys, thalweg.torch.utils.data as d; list(d.DataLoader([1, 2]));"
        "assert 'multiprocessing' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
