"""Samplers: in which order the samples of a data set are read, and how they form batches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from thalweg.errors import ArgumentError, CallError
from thalweg.random.generator import Generator, default_generator

Index = TypeVar("Index", covariant=True)

IntArray = np.ndarray[Any, np.dtype[np.int64]]

ROWS_AT_ONCE = 1 << 16

# PyTorch draws with replacement in pieces of this length: a generator that others share must too.
DRAWS_AT_ONCE = 32


def draw_seed(generator: Generator | None) -> int:
    """Draw one seed from a generator, the default one for None."""
    return int((generator or default_generator).random())


class Sampler(Generic[Index]):
    """An order over the indices of a data set; subclasses define `__iter__`, and `__len__`."""

    def __iter__(self) -> Iterator[Index]:
        raise NotImplementedError(
            f"{type(self).__name__} was iterated over but has no order; a sampler wants __iter__. "
            "Define it in the class."
        )


class ArraySampler(Sampler[int]):
    """A sampler that draws its order in arrays; subclasses define `arrays` and `__len__`."""

    def arrays(self) -> Iterator[IntArray]:
        """Yield the order, piece by piece, as index arrays."""
        raise NotImplementedError(f"{type(self).__name__} has no order; define arrays in it.")

    def __iter__(self) -> Iterator[int]:
        for array in self.arrays():
            yield from array.tolist()


class SequentialSampler(ArraySampler):
    """Every index once, in order.

    Args:
        data_source: The data set.

    Example:
        >>> from thalweg.torch.utils.data import SequentialSampler
        >>> list(SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __len__(self) -> int:
        return len(self.data_source)

    def arrays(self) -> Iterator[IntArray]:
        """Yield the order, piece by piece, as index arrays."""
        n = len(self)
        for start in range(0, n, ROWS_AT_ONCE):
            yield np.arange(start, min(start + ROWS_AT_ONCE, n), dtype=np.int64)


class RandomSampler(ArraySampler):
    """A new random order each time it is iterated over; the order of PyTorch for the same seed.

    Args:
        data_source: The data set.
        replacement: Whether indices are drawn independently of each other.
        num_samples: How many to draw; by default the length of the data set.
        generator: Where the draws come from; by default a generator seeded by the default one.

    Raises:
        CallError: If `replacement` is no Boolean.
        ArgumentError: If `num_samples` is no positive integer.

    Example:
        >>> from thalweg.torch.utils.data import RandomSampler
        >>> sorted(RandomSampler("abc"))
        [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise CallError(_not_boolean("RandomSampler", "replacement", replacement))
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        _check_count("RandomSampler", "num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices one iteration draws."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __len__(self) -> int:
        return self.num_samples

    def arrays(self) -> Iterator[IntArray]:
        """Yield the order, piece by piece, as index arrays."""
        shared = self.generator is not None
        generator = self.generator or Generator().manual_seed(draw_seed(None))
        n, wanted = len(self.data_source), self.num_samples
        if self.replacement:
            at_once = DRAWS_AT_ONCE if shared else ROWS_AT_ONCE
            for start in range(0, wanted, at_once):
                yield generator.randint(0, n, (min(at_once, wanted - start),))
            return
        for _ in range(wanted // n):
            yield generator.randperm(n)
        # PyTorch draws once more even where nothing is missing, which a shared generator shows.
        if shared or wanted % n:
            yield generator.randperm(n)[: wanted % n]


class SubsetRandomSampler(ArraySampler):
    """The given indices, in a new random order each time.

    Args:
        indices: Integers.
        generator: Where the draws come from; by default the default generator.

    Example:
        >>> from thalweg.torch.utils.data import SubsetRandomSampler
        >>> sorted(SubsetRandomSampler([5, 2]))
        [2, 5]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __len__(self) -> int:
        return len(self.indices)

    def arrays(self) -> Iterator[IntArray]:
        """Yield the order, as one index array."""
        order = (self.generator or default_generator).randperm(len(self))
        yield np.asarray(self.indices, np.int64)[order]


class WeightedRandomSampler(ArraySampler):
    """Indices drawn with given probabilities: P(i) = wᵢ / ∑ⱼ wⱼ.

    Args:
        weights: Shape (n,), wᵢ ≥ 0; they need not sum to 1.
        num_samples: How many to draw.
        replacement: Whether an index may be drawn again.
        generator: Where the draws come from; by default the default generator.

    Raises:
        ArgumentError: If an argument is outside its range, or fewer than `num_samples` weights
            are given without replacement.

    Example:
        >>> from thalweg.torch.utils.data import WeightedRandomSampler
        >>> list(WeightedRandomSampler([0.0, 3.0], num_samples=2))
        [1, 1]
    """

    def __init__(
        self,
        weights: Any,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_count("WeightedRandomSampler", "num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ArgumentError(_not_boolean("WeightedRandomSampler", "replacement", replacement))
        self.weights = np.array(weights, dtype=np.float64)
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator
        if self.weights.ndim != 1:
            raise ArgumentError(
                f"WeightedRandomSampler got weights of shape {self.weights.shape}; one axis is "
                "wanted. Pass one weight a sample."
            )
        total = self.weights.sum()
        if not (np.all(self.weights >= 0) and 0 < total < math.inf):
            raise ArgumentError(
                f"WeightedRandomSampler got weights from {np.min(self.weights, initial=0)} to "
                f"{np.max(self.weights, initial=0)} with the sum {total}; finite weights >= 0 with "
                "a positive sum are wanted. Correct them."
            )
        if not replacement and num_samples > len(self.weights):
            raise ArgumentError(
                f"WeightedRandomSampler got num_samples={num_samples} for {len(self.weights)} "
                "weights; without replacement no more samples than weights are wanted. Pass "
                "replacement=True or fewer samples."
            )

    def __len__(self) -> int:
        return self.num_samples

    def arrays(self) -> Iterator[IntArray]:
        """Yield the order, as one index array."""
        generator = self.generator or default_generator
        yield generator.multinomial(self.weights, self.num_samples, self.replacement)


class BatchSampler(Sampler[list[int]]):
    """Batches of the indices that another sampler yields.

    Args:
        sampler: A sampler, or any iterable of indices.
        batch_size: How many indices a batch has.
        drop_last: Whether a last, smaller batch is left out.

    Raises:
        ArgumentError: If `batch_size` is no positive integer, or `drop_last` no Boolean.

    Example:
        >>> from thalweg.torch.utils.data import BatchSampler
        >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _check_count("BatchSampler", "batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ArgumentError(_not_boolean("BatchSampler", "drop_last", drop_last))
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[list[Any]]:
        order = iter(self.sampler)
        while batch := list(itertools.islice(order, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def arrays(self) -> Iterator[Any]:
        """Yield the batches, as index arrays where the sampler draws its order in arrays."""
        sampler = self.sampler
        if not isinstance(sampler, ArraySampler) or type(sampler).__iter__ is not _IN_ARRAYS:
            return iter(self)
        return _slices(sampler.arrays(), self.batch_size, self.drop_last)


_IN_ARRAYS = ArraySampler.__iter__


def _slices(arrays: Iterator[IntArray], size: int, drop_last: bool) -> Iterator[IntArray]:
    """Cut an order that comes in pieces into batches, as views where one piece holds the batch."""
    held: list[IntArray] = []
    n_held = 0
    for piece in arrays:
        held.append(piece)
        n_held += len(piece)
        if n_held < size:
            continue
        order = np.concatenate(held) if len(held) > 1 else piece
        whole = n_held - n_held % size
        for start in range(0, whole, size):
            yield order[start : start + size]
        held, n_held = [order[whole:]], n_held - whole
    if n_held and not drop_last:
        yield np.concatenate(held)


def _check_count(name: str, argument: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ArgumentError(
            f"{name} got {argument}={value!r}; a positive integer is wanted. "
            "Check the length of the data set too."
        )


def _not_boolean(name: str, argument: str, value: Any) -> str:
    return f"{name} got {argument}={value!r}; True or False is wanted. Pass a Boolean."
