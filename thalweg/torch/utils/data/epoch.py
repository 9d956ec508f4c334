"""One pass over a loader: how it reads its batches, and who reads them."""

from __future__ import annotations

import itertools
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from thalweg.random.generator import Generator
from thalweg.torch.utils.data.collate import default_collate
from thalweg.torch.utils.data.dataset import IterableDataset, row_reader, samples_at
from thalweg.torch.utils.data.sampler import draw_seed


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process knows of itself.

    Args:
        id: Its number, from 0.
        num_workers: How many workers the loader has.
        seed: What its random generators were seeded with.
        dataset: Its own copy of the data set.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def set_worker_info(info: WorkerInfo) -> None:
    """Say what this process is: a worker."""
    global _info
    _info = info


def get_worker_info() -> WorkerInfo | None:
    """Return what this process knows of itself as a loader's worker; None in the main process.

    Example:
        >>> from thalweg.torch.utils.data import get_worker_info
        >>> print(get_worker_info())
        None
    """
    return _info


Fetch = Callable[[Any], Any]


@dataclass(frozen=True)
class Reading:
    """What a loader reads, and how it makes batches of samples."""

    dataset: Any
    collate: Callable[[Any], Any]
    batched: bool
    drop_last: bool

    def fetch(self) -> Fetch:
        """Return the function from what a sampler yields to what a loader yields.

        For a map-style data set it takes the indices of a batch, or one index if not `batched`;
        for a stream the size of a batch, and it raises StopIteration where the stream ends.
        """
        dataset, collate = self.dataset, self.collate
        if isinstance(dataset, IterableDataset):
            return self._fetch_of_stream(iter(dataset))
        if not self.batched:
            return lambda index: collate(dataset[index])
        reader = row_reader(dataset) if collate is default_collate else None
        if reader is not None:
            return reader
        return lambda indices: collate(samples_at(dataset, _as_list(indices)))

    def _fetch_of_stream(self, stream: Iterator[Any]) -> Fetch:
        if not self.batched:
            return lambda _: self.collate(next(stream))

        def fetch(size: int) -> Any:
            samples = list(itertools.islice(stream, size))
            if not samples or (self.drop_last and len(samples) < size):
                raise StopIteration
            return self.collate(samples)

        return fetch


def _as_list(indices: Any) -> Any:
    return indices.tolist() if isinstance(indices, np.ndarray) else indices


class Loader(Protocol):
    """What an epoch asks of its loader."""

    num_workers: int
    prefetch_factor: int | None
    timeout: float
    worker_init_fn: Callable[[int], None] | None
    generator: Generator | None
    persistent_workers: bool
    in_order: bool
    announced_length: int | None

    @property
    def multiprocessing_context(self) -> Any:
        """How worker processes start."""

    def __len__(self) -> int: ...

    def reading(self) -> Reading:
        """Return what is read, and how samples become batches."""

    def index_batches(self) -> Iterator[Any]:
        """Return what one epoch asks of the data set."""


class LoaderIterator(ABC):
    """One epoch of a loader: what iterating over it returns."""

    def begin(self, loader: Loader) -> None:
        """Begin an epoch."""
        self._loader = loader
        self._order = loader.index_batches()
        self._announced = loader.announced_length
        self._yielded = 0

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> LoaderIterator:
        return self

    def __next__(self) -> Any:
        batch = self._read()
        self._yielded += 1
        if self._announced is not None and self._yielded > self._announced:
            warnings.warn(
                f"A stream of {self._announced} batches by its length yielded batch "
                f"{self._yielded}; len(loader) is wrong. Correct __len__, or give each worker its "
                "own part with get_worker_info().",
                stacklevel=2,
            )
        return batch

    @abstractmethod
    def _read(self) -> Any:
        """Return the next batch."""


class SerialIterator(LoaderIterator):
    """One epoch, read in this process."""

    def __init__(self, loader: Loader) -> None:
        # Nothing here needs a seed, but PyTorch draws it, and so the order that follows is equal.
        draw_seed(loader.generator)
        self.begin(loader)
        self._fetch = loader.reading().fetch()

    def _read(self) -> Any:
        return self._fetch(next(self._order))
