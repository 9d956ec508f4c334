"""Data sets give the samples of PyTorch's, item by item and by the whole batch."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.data as torch_data

from thalweg import torch as wing
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.torch.utils import data
from thalweg.torch.utils.data.dataset import row_reader

X = np.arange(12.0).reshape(6, 2)
Y = np.arange(6)


class Letters(data.Dataset[str]):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> str:
        return "abc"[index]


class Count(data.IterableDataset[int]):
    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.n))

    def __len__(self) -> int:
        return self.n


def plain(value: Any) -> Any:
    """Return a sample or batch of either library as nested lists."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(entry) for entry in value]
    return value.tolist() if hasattr(value, "tolist") else value


def pairs() -> dict[str, tuple[Any, Any]]:
    """Return the same data set of both libraries, by name."""
    ours = data.TensorDataset(X, Y)
    theirs = torch_data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    few, few_there = data.Subset(ours, [4, 1, 1]), torch_data.Subset(theirs, [4, 1, 1])
    return {
        "tensors": (ours, theirs),
        "subset": (few, few_there),
        "subset of subset": (data.Subset(few, [2, 0]), torch_data.Subset(few_there, [2, 0])),
        "concatenated": (few + ours + few, few_there + theirs + few_there),
        "stacked": (data.StackDataset(ours, X), torch_data.StackDataset(theirs, X)),
        "named": (data.StackDataset(a=ours, b=Y), torch_data.StackDataset(a=theirs, b=Y)),
    }


each_pair = pytest.mark.parametrize("name", list(pairs()))


@each_pair
def test_length_and_items_are_those_of_pytorch(name: str) -> None:
    ours, theirs = pairs()[name]
    assert len(ours) == len(theirs)
    assert [plain(ours[i]) for i in range(len(ours))] == [
        plain(theirs[i]) for i in range(len(theirs))
    ]


@each_pair
def test_a_whole_batch_is_what_collating_its_items_gives(name: str) -> None:
    ours, theirs = pairs()[name]
    reader = row_reader(ours)
    assert reader is not None
    for indices in ([0, 1], [1], [1, 0, 1], list(range(len(ours)))):
        batch = reader(np.array(indices))
        items = data.default_collate([ours[i] for i in indices])
        assert plain(batch) == plain(items)
        assert type(batch) is type(items)
        assert plain(batch) == plain(torch_data.default_collate([theirs[i] for i in indices]))


def test_negative_indices_count_from_the_end() -> None:
    for ours in (data.TensorDataset(X), data.ConcatDataset([X, X])):
        reader = row_reader(ours)
        assert reader is not None
        assert plain(reader(np.array([0, -1]))) == plain(data.default_collate([ours[0], ours[-1]]))


# ---- TensorDataset


@pytest.mark.parametrize("index", [0, -1, slice(1, 3), [0, 2], np.array([1, 1])], ids=repr)
def test_a_tensor_data_set_is_indexed_as_its_tensors_are(index: Any) -> None:
    theirs = torch_data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    assert plain(data.TensorDataset(wing.tensor(X), Y)[index]) == plain(theirs[index])


def test_arrays_are_not_copied_and_tensors_are_kept() -> None:
    array, tensor = X.copy(), wing.tensor(Y)
    rows = data.TensorDataset(array, tensor)
    assert np.shares_memory(rows.tensors[0].numpy(), array)
    assert rows.tensors[1] is tensor


def test_a_batch_does_not_share_the_memory_of_the_data() -> None:
    array = X.copy()
    (batch,) = next(iter(data.DataLoader(data.TensorDataset(array), batch_size=6)))
    batch.numpy()[:] = -1
    np.testing.assert_array_equal(array, X)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(X),
        X[:, ::-1],
        X.astype(">f8"),
        np.frombuffer(b"\0" + X.tobytes(), np.uint8)[1:].view(np.float64).reshape(6, 2),
    ],
    ids=["columns first", "backwards", "big endian", "misaligned"],
)
def test_arrays_of_any_layout_give_the_same_rows(array: np.ndarray[Any, Any]) -> None:
    (batch,) = next(iter(data.DataLoader(data.TensorDataset(array), 3, sampler=[5, 0, 2])))
    np.testing.assert_array_equal(batch.numpy(), array[[5, 0, 2]])
    assert batch.numpy().flags.c_contiguous
    assert batch.dtype == np.float64
    assert batch.dtype.isnative


def test_rows_of_a_tensor_that_requires_grad_have_derivatives() -> None:
    x = wing.tensor(X, requires_grad=True)
    for (batch,) in data.DataLoader(data.TensorDataset(x), batch_size=2, sampler=[3, 3, 0]):
        batch.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[1, 1], [0, 0], [0, 0], [2, 2], [0, 0], [0, 0]])


def test_joined_rows_that_require_grad_have_derivatives() -> None:
    a, b = wing.tensor(X[:2], requires_grad=True), wing.tensor(X[2:4], requires_grad=True)
    joined = data.TensorDataset(a) + data.TensorDataset(b)
    for (batch,) in data.DataLoader(joined, batch_size=3, sampler=[3, 0, 3]):
        (batch * batch).sum().backward()
    np.testing.assert_array_equal(a.grad.numpy(), 2 * X[:2] * [[1], [0]])
    np.testing.assert_array_equal(b.grad.numpy(), 2 * X[2:4] * [[0], [2]])


def test_of_a_mapped_file_only_the_rows_of_a_batch_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    rows, columns = 1 << 16, 1 << 9  # 256 MiB, sparse on the disk
    np.memmap(path, np.float64, "w+", shape=(rows, columns))[12345] = 7.0
    mapped = np.memmap(path, np.float64, "r", shape=(rows, columns))
    loader = data.DataLoader(data.TensorDataset(mapped, np.arange(rows)), 100, shuffle=True)
    before = resident()
    first, index = next(iter(loader))
    assert type(first.numpy()) is np.ndarray
    assert first.shape == (100, columns)
    assert resident() - before < 100 * columns * 8 + 16 * 2**20
    one, _ = next(iter(data.DataLoader(loader.dataset, 1, sampler=[12345])))
    assert one.tolist() == [[7.0] * columns]
    assert index.shape == (100,)


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


def test_a_subclass_with_its_own_items_is_read_by_them() -> None:
    class Doubled(data.TensorDataset):
        def __getitem__(self, index: Any) -> tuple[wing.Tensor, ...]:
            return tuple(2 * row for row in super().__getitem__(index))

    doubled = Doubled(X)
    for dataset in (doubled, data.Subset(doubled, range(6)), doubled + doubled):
        (batch,) = next(iter(data.DataLoader(dataset, batch_size=6)))
        np.testing.assert_array_equal(batch.numpy(), 2 * X)
    assert [row.tolist() for (row,) in doubled.__getitems__([0, 1])] == (2 * X[:2]).tolist()


def test_the_samples_of_a_batch_come_as_a_list_of_tuples() -> None:
    samples = data.TensorDataset(X, Y).__getitems__([2, 0])
    assert plain(samples) == [[[4.0, 5.0], 2], [[0.0, 1.0], 0]]
    assert all(isinstance(value, wing.Tensor) for sample in samples for value in sample)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_a_tensor_data_set_can_be_copied_and_pickled(copied: Any) -> None:
    assert plain(copied(data.TensorDataset(X, Y))[2]) == [[4.0, 5.0], 2]


def test_tensors_must_have_one_number_of_rows() -> None:
    with pytest.raises(ShapeError, match=r"\[6, 5\] rows"):
        data.TensorDataset(X, Y[:5])


def test_a_tensor_without_rows_is_refused_as_by_pytorch() -> None:
    with pytest.raises(IndexError):
        torch_data.TensorDataset(torch.tensor(1.0))
    with pytest.raises(IndexOutOfRange, match="Give it an axis"):
        data.TensorDataset(1.0)


def test_texts_are_no_rows() -> None:
    with pytest.raises(DtypeError, match="Array 1"):
        data.TensorDataset(Y, np.array(list("abcdef")))


def test_no_tensors_are_no_data_set() -> None:
    with pytest.raises(ArgumentError, match=r"Pass X, y\."):
        data.TensorDataset()


@pytest.mark.parametrize("array", [X, np.asfortranarray(X)], ids=["rows", "columns"])
@pytest.mark.parametrize("index", [6, -7])
def test_an_index_outside_the_rows_names_itself(array: np.ndarray[Any, Any], index: int) -> None:
    loader = data.DataLoader(data.TensorDataset(array), batch_size=2, sampler=[0, index])
    with pytest.raises(IndexOutOfRange, match=f"Index {index} was asked of a data set of 6 rows"):
        next(iter(loader))


# ---- the others


@pytest.mark.parametrize("rows", [X, wing.tensor(X)], ids=["array", "tensor"])
def test_an_array_is_a_data_set_of_its_rows(rows: Any) -> None:
    batches = list(data.DataLoader(rows, batch_size=4))
    theirs = torch_data.DataLoader(X, batch_size=4)
    assert plain(batches) == plain(list(theirs))
    assert all(isinstance(batch, wing.Tensor) for batch in batches)


def test_an_array_of_texts_is_read_item_by_item() -> None:
    assert row_reader(np.array(["a", "b"])) is None


def test_lists_and_mappings_are_data_sets() -> None:
    assert plain(list(data.DataLoader([1, 2, 3], batch_size=2))) == [[1, 2], [3]]
    assert plain(list(data.DataLoader({0: 5.0, 1: 6.0}, batch_size=2))) == [[5.0, 6.0]]


def test_a_concatenation_knows_where_its_parts_end() -> None:
    joined = Letters() + Letters()
    assert isinstance(joined, data.ConcatDataset)
    assert joined.cumulative_sizes == [3, 6]
    assert [joined[i] for i in (0, 4, -1)] == ["a", "b", "c"]


@pytest.mark.parametrize(("index", "error"), [(6, IndexError), (-7, ValueError)])
def test_an_index_outside_a_concatenation_raises_as_in_pytorch(
    index: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        torch_data.ConcatDataset(["abc", "def"])[index]
    with pytest.raises(error, match=f"index {index}; it wants -6 to 5"):
        data.ConcatDataset(["abc", "def"])[index]


def test_an_index_outside_a_concatenation_of_rows_names_itself() -> None:
    loader = data.DataLoader(data.ConcatDataset([X, X]), batch_size=1, sampler=[12])
    with pytest.raises(IndexOutOfRange, match="Index 12 was asked of a data set of 12 rows"):
        next(iter(loader))


def test_a_concatenation_needs_parts_with_indices() -> None:
    with pytest.raises(ArgumentError, match="at least one"):
        data.ConcatDataset([])
    with pytest.raises(ArgumentError, match="Use ChainDataset"):
        data.ConcatDataset([Letters(), Count(2)])


def test_streams_follow_one_another() -> None:
    chained = Count(2) + Count(3)
    assert isinstance(chained, data.ChainDataset)
    assert list(chained) == [0, 1, 0, 1, 2]
    assert len(chained) == 5


def test_a_chain_takes_streams_only() -> None:
    with pytest.raises(ArgumentError, match="got a Letters at position 1"):
        list(data.ChainDataset([Count(1), Letters()]))


def test_a_stream_must_say_how_it_is_iterated_over() -> None:
    with pytest.raises(TypeError):
        torch_data.IterableDataset()
    with pytest.raises(TypeError):
        data.IterableDataset()  # type: ignore[abstract]


def test_a_data_set_must_say_what_its_items_are() -> None:
    with pytest.raises(NotImplementedError, match="Define it"):
        data.Dataset()[0]


@pytest.mark.parametrize(
    ("args", "named"),
    [((), {}), (([1],), {"a": [1]}), (([1], [1, 2]), {}), ((), {"a": [1], "b": []})],
)
def test_data_sets_that_cannot_stand_side_by_side_are_refused(args: Any, named: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        torch_data.StackDataset(*args, **named)
    with pytest.raises(ArgumentError, match="StackDataset got"):
        data.StackDataset(*args, **named)


def test_samples_side_by_side_are_read_by_batches_where_that_is_offered() -> None:
    class Batched(Letters):
        def __getitems__(self, indices: list[int]) -> list[str]:
            return ["abc"[i].upper() for i in indices]

    beside = data.StackDataset(Batched(), [1, 2, 3])
    assert beside.__getitems__([2, 0]) == [("C", 3), ("A", 1)]
    assert data.Subset(Batched(), [2, 1]).__getitems__([0]) == ["C"]
    assert list(data.DataLoader(Batched(), batch_size=2)) == [["A", "B"], ["C"]]


def test_one_sample_an_index_is_wanted_of_a_batch() -> None:
    class Short(Letters):
        def __getitems__(self, indices: list[int]) -> list[str]:
            return ["a"]

    with pytest.raises(ArgumentError, match="returned 1 samples for 2 indices"):
        list(data.DataLoader(Short(), batch_size=2))


def test_a_subset_is_indexed_as_pytorchs_is() -> None:
    theirs = torch_data.Subset(torch_data.TensorDataset(torch.from_numpy(X)), [4, 1, 0])
    ours = data.Subset(data.TensorDataset(X), [4, 1, 0])
    for index in (0, -1, [0, 2]):
        assert plain(ours[index]) == plain(theirs[index])
    assert data.Subset({"a": 1, "b": 2}, ["b"])[0] == 2
    assert type(data.Subset(range(5), np.array([3]))[0]) is int


def test_a_subset_reads_the_indices_it_has_when_an_epoch_begins() -> None:
    chosen = [0, 1]
    loader = data.DataLoader(data.Subset(data.TensorDataset(Y), chosen), batch_size=2)
    assert plain(list(loader)) == [[[0, 1]]]
    chosen[1] = 5
    assert plain(list(loader)) == [[[0, 5]]]


def test_tensors_of_several_lengths_fail_as_an_assertion() -> None:
    for lib, torch_ in ((data, wing), (torch_data, torch)):
        with pytest.raises(AssertionError, match=r"^Size mismatch between tensors"):
            lib.TensorDataset(torch_.ones(2), torch_.ones(3))


def test_the_indices_of_a_split_are_a_list() -> None:
    ours = data.random_split(range(9), [5, 4], wing.Generator().manual_seed(1))
    theirs = torch_data.random_split(range(9), [5, 4], torch.Generator().manual_seed(1))
    assert [part.indices for part in ours] == [part.indices for part in theirs]
    assert isinstance(ours[0].indices, list)
