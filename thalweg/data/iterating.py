"""One epoch of a loader: what iterating over it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from thalweg.data.datasets import IterableDataset
from thalweg.data.fetching import fetcher
from thalweg.data.samplers import draw_seed

if TYPE_CHECKING:
    from thalweg.data.loader import DataLoader

__all__ = ["LoaderIterator", "SerialIterator"]


class LoaderIterator(ABC):
    """One epoch of a loader."""

    @abstractmethod
    def __next__(self) -> Any: ...

    @abstractmethod
    def __len__(self) -> int: ...

    def __iter__(self) -> LoaderIterator:
        return self


class SerialIterator(LoaderIterator):
    """One epoch, read in this process."""

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader
        # Nothing here needs a seed, but PyTorch draws it, and so the order that follows is equal.
        draw_seed(loader.generator)
        self._order = loader.index_batches()
        self._fetch = fetcher(
            loader.dataset, loader.collate_fn, loader.is_batched, loader.drop_last
        )
        self._is_stream = isinstance(loader.dataset, IterableDataset)
        self._yielded = 0

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        batch = self._fetch(next(self._order))
        self._yielded += 1
        if self._is_stream:
            self._loader.check_announced(self._yielded)
        return batch
