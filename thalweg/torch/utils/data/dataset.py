"""Data sets: something with a length and an item for each index, or an iterator over samples."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from thalweg import tree
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError
from thalweg.ops.shape.join import concatenate
from thalweg.random.generator import Generator, default_generator
from thalweg.torch.utils.data.collate import Indices, gather, opened, portable, row_tensor, within

Sample = TypeVar("Sample", covariant=True)

RowReader = Callable[[Indices], Any]


class DifferentLengths(ShapeError, AssertionError):
    """Tensors that shall be the columns of one data set and differ in their numbers of rows."""


class Dataset(Generic[Sample]):
    """A map from indices to samples; subclasses define `__getitem__` and `__len__`.

    A subclass may also define `__getitems__(indices)`, which returns the list of the samples of
    a batch, and `row_reader()`, which says how a whole batch is read at once.

    Example:
        >>> from thalweg.torch.utils.data import DataLoader, Dataset
        >>> class Squares(Dataset):
        ...     def __len__(self):
        ...         return 4
        ...     def __getitem__(self, index):
        ...         return index * index
        >>> [batch.tolist() for batch in DataLoader(Squares(), batch_size=2)]
        [[0, 1], [4, 9]]
    """

    def __getitem__(self, index: Any) -> Sample:
        raise NotImplementedError(
            f"{type(self).__name__} was indexed but has no samples; a map-style data set wants "
            "__getitem__. Define it in the class."
        )

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])

    def row_reader(self) -> RowReader | None:
        """Return a function from an index array to the collated batch, or None.

        The function must return what `default_collate` makes of the samples at these indices.
        """
        return None


class IterableDataset(Dataset[Sample], ABC):
    """A stream of samples; subclasses define `__iter__`.

    With worker processes every worker iterates over its own copy: `get_worker_info` tells a copy
    which part is its own.
    """

    @abstractmethod
    def __iter__(self) -> Iterator[Sample]: ...

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Rows of tensors or arrays; sample i is the tuple of their rows i.

    A loader reads a batch of it with one index operation per tensor. Of an `np.memmap` only the
    rows of a batch are read from the file, so the data may be larger than memory.

    Args:
        *tensors: Tensors or numeric arrays of shape (n, …), with one n. Arrays are not copied.

    Raises:
        ArgumentError: If no tensor is given.
        IndexOutOfRange: If a tensor has no axis to index.
        DifferentLengths: If the tensors differ in their numbers of rows; an AssertionError too.
        DtypeError: If an array holds no numbers.

    Example:
        >>> import numpy as np
        >>> from thalweg.torch.utils.data import DataLoader, TensorDataset
        >>> rows = TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
        >>> for x, y in DataLoader(rows, batch_size=2):
        ...     print(len(x), y.tolist())
        2 [0, 1]
        1 [0]
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Any) -> None:
        if not tensors:
            raise ArgumentError("TensorDataset got no tensors; it wants at least one. Pass X, y.")
        self.tensors = tuple(row_tensor(value, i) for i, value in enumerate(tensors))
        rows = [tensor.shape[0] for tensor in self.tensors]
        if len(set(rows)) > 1:
            raise DifferentLengths(
                f"Size mismatch between tensors: TensorDataset got tensors of {rows} rows, and "
                "wants one number of rows. Check that the tensors describe the same samples."
            )

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices: Any) -> list[tuple[Tensor, ...]]:
        reader = self.row_reader()
        if reader is None:
            return [self[index] for index in indices]
        return list(zip(*reader(np.asarray(indices, np.intp)), strict=True))

    def row_reader(self) -> RowReader | None:
        """Return a function from an index array to the list of the tensors' rows."""
        if type(self).__getitem__ is not TensorDataset.__getitem__:
            return None
        tensors = self.tensors
        return lambda indices: [gather(tensor, indices) for tensor in tensors]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "tensors": tuple(map(portable, self.tensors))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, tensors=tuple(map(opened, state["tensors"])))


class StackDataset(Dataset[Any]):
    """Data sets side by side; sample i is the tuple, or the dict, of their samples i.

    Args:
        *datasets: The data sets of a tuple; all of one length.
        **named: The data sets of a dict; all of one length.

    Raises:
        ArgumentError: If both or neither are given, or the lengths differ.

    Example:
        >>> from thalweg.torch.utils.data import StackDataset
        >>> StackDataset(x=[1, 2], name=["a", "b"])[1]
        {'x': 2, 'name': 'b'}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *datasets: Any, **named: Any) -> None:
        if bool(datasets) == bool(named):
            given = "both positional and named data sets" if datasets else "no data set"
            raise ArgumentError(
                f"StackDataset got {given}; it wants one kind. Pass StackDataset(a, b) for tuples "
                "or StackDataset(x=a, y=b) for dicts."
            )
        self.datasets = datasets or named
        lengths = [len(dataset) for dataset in self._members()]
        if len(set(lengths)) > 1:
            raise ArgumentError(
                f"StackDataset got data sets of lengths {lengths}; it wants one length. "
                "Check that they describe the same samples."
            )

    def _members(self) -> list[Any]:
        datasets = self.datasets
        return list(datasets.values() if isinstance(datasets, dict) else datasets)

    def _arrange(self, entries: Sequence[Any]) -> Any:
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, entries, strict=True))
        return tuple(entries)

    def __len__(self) -> int:
        return len(self._members()[0])

    def __getitem__(self, index: Any) -> Any:
        return self._arrange([dataset[index] for dataset in self._members()])

    def __getitems__(self, indices: Any) -> list[Any]:
        if type(self).__getitem__ is not StackDataset.__getitem__:
            return [self[index] for index in indices]
        columns = [samples_at(dataset, indices) for dataset in self._members()]
        return [self._arrange(entries) for entries in zip(*columns, strict=True)]

    def row_reader(self) -> RowReader | None:
        """Return a function from an index array to the members' batches, if all have one."""
        readers = [row_reader(dataset) for dataset in self._members()]
        if None in readers or type(self).__getitem__ is not StackDataset.__getitem__:
            return None
        tuples = not isinstance(self.datasets, dict)

        def read(indices: Indices) -> Any:
            entries = [reader(indices) for reader in readers if reader is not None]
            return entries if tuples else self._arrange(entries)

        return read


class ConcatDataset(Dataset[Any]):
    """Data sets one after another.

    Args:
        datasets: Map-style data sets; at least one.

    Raises:
        ArgumentError: If there is none, or one of them has only an iterator.

    Example:
        >>> from thalweg.torch.utils.data import ConcatDataset
        >>> ConcatDataset(["ab", "cde"])[2]
        'c'
    """

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError(
                "ConcatDataset got no data set; it wants at least one. Pass [a, b]."
            )
        for position, dataset in enumerate(self.datasets):
            if isinstance(dataset, IterableDataset):
                raise ArgumentError(
                    f"ConcatDataset got an IterableDataset at position {position}; it wants data "
                    "sets with indices. Use ChainDataset for streams."
                )
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if index < -len(self):
            raise ArgumentError(self._outside(index))
        if index >= len(self):
            raise IndexOutOfRange(self._outside(index))
        position = index % len(self)
        member = bisect.bisect_right(self.cumulative_sizes, position)
        start = self.cumulative_sizes[member - 1] if member else 0
        return self.datasets[member][position - start]

    def _outside(self, index: int) -> str:
        n = len(self)
        return f"ConcatDataset got index {index}; it wants {-n} to {n - 1}. Check the sampler."

    def row_reader(self) -> RowReader | None:
        """Return a function from an index array to the joined batch, if all members have one."""
        readers = [row_reader(dataset) for dataset in self.datasets]
        if None in readers or type(self).__getitem__ is not ConcatDataset.__getitem__:
            return None
        ends = np.array(self.cumulative_sizes)
        starts = np.concatenate(([0], ends[:-1]))

        def read(indices: Indices) -> Any:
            indices = within(np.asarray(indices, np.intp), len(self))
            member = np.searchsorted(ends, indices, side="right")
            places = [np.flatnonzero(member == m) for m in range(len(readers))]
            parts = [
                reader(indices[place] - start)
                for reader, place, start in zip(readers, places, starts, strict=True)
                if reader is not None and place.size
            ]
            if len(parts) == 1:
                return parts[0]
            back = np.argsort(np.concatenate(places))
            return tree.map(lambda *rows: gather(concatenate(rows), back), *parts)

        return read


class ChainDataset(IterableDataset[Any]):
    """Streams one after another.

    Args:
        datasets: IterableDatasets.

    Raises:
        ArgumentError: While iterating, if one of them is not an IterableDataset.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[Any]:
        for position, dataset in enumerate(self.datasets):
            if not isinstance(dataset, IterableDataset):
                raise ArgumentError(
                    f"ChainDataset got a {type(dataset).__name__} at position {position}; it "
                    "wants IterableDatasets. Use ConcatDataset for data sets with indices."
                )
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self._streams())

    def __len__(self) -> int:
        return sum(map(len, self._streams()))


class Subset(Dataset[Any]):
    """The samples of a data set at chosen indices, in that order.

    Args:
        dataset: The whole data set.
        indices: Which of its samples: a list, a range or an integer array.

    Example:
        >>> from thalweg.torch.utils.data import Subset
        >>> list(Subset("abcdef", [4, 1]))
        ['e', 'b']
    """

    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset = dataset
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def _index(self, position: Any) -> Any:
        index = self.indices[position]
        return int(index) if isinstance(index, np.integer) else index

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self._index(position) for position in index]]
        return self.dataset[self._index(index)]

    def __getitems__(self, indices: Any) -> list[Any]:
        if type(self).__getitem__ is not Subset.__getitem__:
            return [self[index] for index in indices]
        return samples_at(self.dataset, [self._index(position) for position in indices])

    def row_reader(self) -> RowReader | None:
        """Return a function from an index array to the whole data set's batch, if it has one."""
        whole = row_reader(self.dataset)
        if whole is None or type(self).__getitem__ is not Subset.__getitem__:
            return None
        chosen = np.asarray(self.indices, np.intp)
        return lambda indices: whole(chosen[indices])


def row_reader(dataset: Any) -> RowReader | None:
    """Return the function that reads whole batches of a data set, an array or a tensor."""
    if isinstance(dataset, (Tensor, np.ndarray)):
        if not dataset.ndim or dataset.dtype.kind not in "biufc":
            return None
        rows = row_tensor(dataset, 0)
        return lambda indices: gather(rows, indices)
    return dataset.row_reader() if isinstance(dataset, Dataset) else None


def samples_at(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """Return the samples at the indices, by the data set's `__getitems__` where it has one.

    Raises:
        ArgumentError: If `__getitems__` returns another number of samples.
    """
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[index] for index in indices]
    samples: list[Any] = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ArgumentError(
            f"{type(dataset).__name__}.__getitems__ returned {len(samples)} samples for "
            f"{len(indices)} indices; one a index is wanted. Return them in the indices' order."
        )
    return samples


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset]:
    """Split a data set at random into subsets; the same subsets as PyTorch's for the same seed.

    Args:
        dataset: A map-style data set of n samples.
        lengths: Lengths with the sum n, or fractions with the sum 1. What rounding fractions
            down leaves over goes to the first subsets, one sample each.
        generator: Where the draws come from; by default the default generator.

    Raises:
        ArgumentError: If the lengths do not add up, or a fraction is outside [0, 1].

    Example:
        >>> from thalweg.torch.utils.data import random_split
        >>> [len(part) for part in random_split(range(10), [0.7, 0.3])]
        [7, 3]
    """
    n = len(dataset)
    sizes = list(lengths)
    if any(isinstance(length, float) for length in sizes):
        sizes = _fractions(sizes, n)
    if sum(sizes) != n or min(sizes, default=0) < 0:
        raise ArgumentError(
            f"random_split got lengths {list(lengths)} for {n} samples; lengths with the sum {n}, "
            "or fractions with the sum 1, are wanted. Correct the lengths."
        )
    order = (generator or default_generator).randperm(n)
    ends = list(itertools.accumulate(sizes))
    return [
        Subset(dataset, order[int(end - size) : int(end)].tolist())
        for size, end in zip(sizes, ends, strict=True)
    ]


def _fractions(fractions: list[float], n: int) -> list[float]:
    for position, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ArgumentError(
                f"random_split got the fraction {fraction} at position {position}; one from 0 to 1 "
                "is wanted. Pass integers for lengths."
            )
    if not math.isclose(sum(fractions), 1):
        return fractions
    sizes = [math.floor(n * fraction) for fraction in fractions]
    for position in range(n - sum(sizes)):
        sizes[position % len(sizes)] += 1
    for position, size in enumerate(sizes):
        if size == 0:
            warnings.warn(
                f"Subset {position} of random_split has no samples: {fractions[position]} of {n}. "
                "Iterating over it yields nothing.",
                stacklevel=3,
            )
    return list(sizes)
