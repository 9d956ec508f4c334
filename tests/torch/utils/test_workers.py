"""Worker processes read what one process would, say what went wrong, and leave nothing behind."""

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data as torch_data

from tests.torch.utils.processes import MARKS, batches, plain
from thalweg import torch as wing
from thalweg.errors import WorkerError
from thalweg.random.generator import Generator, default_generator
from thalweg.torch.utils import data
from thalweg.torch.utils.data.collate import MappedFile, opened, portable

pytestmark = MARKS

X = np.arange(46.0).reshape(23, 2)
Y = np.arange(23)


class Items(data.Dataset[Any]):
    """A data set whose samples a function gives."""

    def __init__(self, item: Callable[[int], Any], n: int = 8) -> None:
        self.item = item
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Any:
        return self.item(index)


class Part(data.IterableDataset[int]):
    """A stream of which each worker reads its own part."""

    def __init__(self, parts: list[list[int]]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[int]:
        info = data.get_worker_info()
        assert info is not None
        return iter(self.parts[info.id])


class TorchPart(torch_data.IterableDataset):  # type: ignore[misc]
    def __init__(self, parts: list[list[int]]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[int]:
        return iter(self.parts[torch_data.get_worker_info().id])


# ---- what they read


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_read_what_one_process_reads(workers: int) -> None:
    rows = data.TensorDataset(X, Y)
    expected = batches(data.DataLoader(rows, 4))
    assert batches(data.DataLoader(rows, 4, num_workers=workers)) == expected
    assert batches(data.DataLoader(rows, 4, num_workers=workers, prefetch_factor=5)) == expected


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_the_order_of_every_epoch_is_that_of_pytorch(persistent: bool, given: bool) -> None:
    torch.manual_seed(3)
    default_generator.manual_seed(3)
    theirs = torch.Generator().manual_seed(4) if given else None
    ours = Generator().manual_seed(4) if given else None
    mine = data.DataLoader(Y, 4, True, num_workers=2, generator=ours, persistent_workers=persistent)
    other = torch_data.DataLoader(
        Y, 4, True, num_workers=2, generator=theirs, persistent_workers=persistent
    )
    for _ in range(2):
        assert batches(mine) == batches(other)


def test_batches_that_come_late_are_handed_over_in_order() -> None:
    late = Items(lambda i: (time.sleep(0.02 * (i % 2 == 0)), i)[1])
    assert batches(data.DataLoader(late, None, num_workers=2)) == list(range(8))


def test_without_order_what_is_ready_comes_first() -> None:
    late = Items(lambda i: (time.sleep(0.5 * (i == 0)), i)[1])
    found = batches(data.DataLoader(late, None, num_workers=2, in_order=False))
    assert sorted(found) == list(range(8))
    # One batch waits behind the late one, in the same worker.
    assert found.index(0) >= 6


def test_batches_from_workers_are_writable_tensors() -> None:
    for x, y in data.DataLoader(data.TensorDataset(X, Y), 4, num_workers=1):
        assert isinstance(x, wing.Tensor)
        x.numpy()[:] = 0
        assert y.dtype == np.int64


def test_batches_larger_than_a_pipe_arrive_whole() -> None:
    large = np.random.default_rng(0).standard_normal((6, 1 << 16))
    found = [b.numpy() for b in data.DataLoader(large, 2, num_workers=2)]
    np.testing.assert_array_equal(np.concatenate(found), large)


def test_more_indices_than_a_pipe_holds_do_not_block() -> None:
    rows = np.arange(100_000)
    (batch,) = data.DataLoader(rows, 100_000, num_workers=2)
    assert batch.tolist() == rows.tolist()
    order = list(range(len(rows))) * 3
    found = list(data.DataLoader(rows, 30_000, sampler=order, num_workers=1, prefetch_factor=10))
    assert len(found) == 10


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_start_in_every_way(method: str, tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "rows", np.float64, "w+", shape=(8, 2))
    mapped[:] = X[:8]
    loader = data.DataLoader(
        data.TensorDataset(mapped, Y[:8]), 4, num_workers=1, multiprocessing_context=method
    )
    assert batches(loader) == batches(data.DataLoader(data.TensorDataset(X[:8], Y[:8]), 4))


def test_a_mapped_file_travels_as_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = np.memmap(tmp_path / "rows", np.float64, "w+", offset=16, shape=(4, 2), order="F")
    mapped[:] = X[:4]
    (rows,) = data.TensorDataset(mapped).tensors
    (part,) = data.TensorDataset(mapped[1:]).tensors
    (plain_rows,) = data.TensorDataset(X).tensors
    assert portable(rows) is rows
    monkeypatch.setattr("multiprocessing.context.get_spawning_popen", lambda: object())
    assert portable(plain_rows) is plain_rows
    assert portable(part) is part
    travelling = portable(rows)
    assert isinstance(travelling, MappedFile)
    np.testing.assert_array_equal(opened(travelling).numpy(), X[:4])


# ---- streams


@pytest.mark.parametrize(
    "parts",
    [[[1, 2, 3, 4], [5, 6, 7, 8]], [[1, 2, 3, 4, 5, 6], [7]], [[], [1, 2, 3, 4, 5]], [[], []]],
    ids=repr,
)
@pytest.mark.parametrize("drop_last", [False, True])
def test_parts_of_a_stream_alternate(parts: list[list[int]], drop_last: bool) -> None:
    ours = data.DataLoader(Part(parts), 2, num_workers=2, drop_last=drop_last)
    theirs = torch_data.DataLoader(TorchPart(parts), 2, num_workers=2, drop_last=drop_last)
    found = batches(ours)
    # PyTorch's order depends on timing once a part has ended.
    assert sorted(found) == sorted(batches(theirs))
    assert all(batches(ours) == found for _ in range(2))
    if len(parts[0]) == len(parts[1]):
        assert found == batches(theirs)


def test_a_stream_begins_anew_for_persistent_workers() -> None:
    loader = data.DataLoader(Part([[1, 2, 3], [4]]), 2, num_workers=2, persistent_workers=True)
    assert batches(loader) == [[1, 2], [4], [3]]
    assert batches(loader) == [[1, 2], [4], [3]]


# ---- what they know


def test_a_worker_knows_itself() -> None:
    def item(index: int) -> Any:
        info = data.get_worker_info()
        assert info is not None
        return info.id, info.num_workers, info.seed, len(info.dataset)

    assert data.get_worker_info() is None
    default_generator.manual_seed(0)
    torch.manual_seed(0)
    base_seed = int(torch.empty((), dtype=torch.int64).random_())
    found = batches(data.DataLoader(Items(item, 4), None, num_workers=2))
    assert found == [[w, 2, base_seed + w, 4] for w in (0, 1, 0, 1)]


def test_workers_draw_what_those_of_pytorch_draw() -> None:
    def here(index: int) -> Any:
        return float(default_generator.rand()), random.random(), np.random.rand()  # noqa: NPY002

    def there(index: int) -> Any:
        drawn = float(torch.rand((), dtype=torch.float64))
        return drawn, random.random(), np.random.rand()  # noqa: NPY002

    default_generator.manual_seed(9)
    torch.manual_seed(9)
    ours = batches(data.DataLoader(Items(here, 4), 1, num_workers=2))
    theirs = batches(torch_data.DataLoader(Items(there, 4), 1, num_workers=2))
    assert ours == theirs
    assert len({tuple(map(tuple, sample)) for sample in ours}) == 4


def test_workers_are_prepared_by_the_given_function() -> None:
    places: list[int] = []
    loader = data.DataLoader(
        Items(lambda _: list(places), 2), None, num_workers=2, worker_init_fn=places.append
    )
    assert batches(loader) == [[0], [1]]
    assert places == []


def test_persistent_workers_are_kept_and_others_are_not() -> None:
    pids = Items(lambda _: os.getpid())
    kept = data.DataLoader(pids, None, num_workers=2, persistent_workers=True)
    assert batches(kept) == batches(kept)
    assert len(multiprocessing.active_children()) == 2
    fresh = data.DataLoader(pids, None, num_workers=2)
    assert not set(batches(fresh)) & set(batches(fresh))
    del kept
    assert not multiprocessing.active_children()


def test_an_epoch_left_early_does_not_leak_into_the_next() -> None:
    loader = data.DataLoader(Y, 2, num_workers=2, persistent_workers=True)
    for n in range(3):
        for i, _ in enumerate(loader):
            if i == n:
                break
        assert batches(loader) == batches(data.DataLoader(Y, 2))


# ---- what goes wrong


class OddError(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)


def failing(error: Exception) -> Items:
    def item(index: int) -> int:
        if index == 3:
            raise error
        return index

    return Items(item)


def test_an_error_is_raised_again_with_its_traceback_and_the_epoch_goes_on() -> None:
    found = iter(data.DataLoader(failing(KeyError("three")), 2, num_workers=2))
    assert next(found).tolist() == [0, 1]
    with pytest.raises(KeyError) as caught:
        next(found)
    text = str(caught.value)
    assert text.startswith("Worker 1 of DataLoader raised KeyError; in the worker:\nTraceback")
    assert "raise error\n" in text
    assert "KeyError: 'three'" in text
    assert plain(list(found)) == [[4, 5], [6, 7]]


def test_an_error_that_cannot_be_made_again_is_told_as_a_worker_error() -> None:
    with pytest.raises(WorkerError, match=r"raised OddError(.|\n)*\(1, 2\)"):
        list(data.DataLoader(failing(OddError(1, 2)), 2, num_workers=1))


def test_an_error_whose_class_cannot_travel_is_a_runtime_error() -> None:
    class LocalError(Exception):
        pass

    with pytest.raises(RuntimeError, match="LocalError: here"):
        list(data.DataLoader(failing(LocalError("here")), 2, num_workers=1))


def test_a_batch_that_cannot_travel_is_an_error() -> None:
    loader = data.DataLoader(Items(lambda i: lambda: i, 1), None, num_workers=1)
    with pytest.raises(Exception, match=r"(?i)pickle"):
        list(loader)


def test_an_error_while_a_worker_is_prepared_is_raised() -> None:
    def prepare(worker: int) -> None:
        raise OSError(f"no disk for {worker}")

    with pytest.raises(OSError, match="no disk for 0"):
        list(data.DataLoader(Y, num_workers=1, worker_init_fn=prepare))


def test_an_error_where_a_stream_begins_is_raised() -> None:
    with pytest.raises(IndexError, match="list index out of range"):
        list(data.DataLoader(Part([]), num_workers=1))


def test_a_worker_that_takes_too_long_is_an_error_as_in_pytorch() -> None:
    slow = Items(lambda _: time.sleep(2), 1)
    loader = data.DataLoader(slow, None, num_workers=1, timeout=0.2)
    with pytest.raises(RuntimeError, match=r"answered in 0\.2 seconds"):
        next(iter(loader))


@pytest.mark.parametrize("death", [lambda: os._exit(7), lambda: os.kill(os.getpid(), 9)])
def test_a_worker_that_dies_is_an_error_at_once(death: Callable[[], None]) -> None:
    dying = Items(lambda i: death() if i == 5 else i)
    found = iter(data.DataLoader(dying, None, num_workers=2))
    start = time.monotonic()
    with pytest.raises(WorkerError, match=r"Worker 1 of DataLoader .* exit code (7|-9)"):
        list(found)
    assert time.monotonic() - start < 5
    assert list(found) == []


def test_workers_that_died_are_replaced_in_the_next_epoch() -> None:
    flag = multiprocessing.get_context("fork").Value("i", 1)

    def item(index: int) -> int:
        if flag.value:
            os._exit(1)
        return index

    loader = data.DataLoader(Items(item, 2), None, num_workers=1, persistent_workers=True)
    with pytest.raises(WorkerError):
        list(loader)
    flag.value = 0
    assert list(loader) == [0, 1]


def test_a_data_set_that_cannot_travel_leaves_no_process() -> None:
    loader = data.DataLoader(Items(lambda i: i), num_workers=2, multiprocessing_context="spawn")
    with pytest.raises(Exception, match=r"(?i)pickle"):
        iter(loader)
