"""One epoch of a loader: what iterating over it returns."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from thalweg.torch.utils.data.fetch import fetcher
from thalweg.torch.utils.data.sampler import draw_seed

if TYPE_CHECKING:
    from thalweg.torch.utils.data.dataloader import DataLoader

__all__ = [
    "LoaderIterator",
    "SerialIterator",
]


class LoaderIterator(ABC):
    """One epoch of a loader."""

    _announced: int | None
    _yielded: int

    @abstractmethod
    def __next__(self) -> Any: ...

    @abstractmethod
    def __len__(self) -> int: ...

    def __iter__(self) -> LoaderIterator:
        return self

    def _count(self) -> None:
        """Count a batch; warn of a stream that yields more than its `__len__` said."""
        self._yielded += 1
        if self._announced is not None and self._yielded > self._announced:
            warnings.warn(
                f"A stream of {self._announced} batches by its length yielded batch "
                f"{self._yielded}; len(loader) is wrong. Correct __len__, or give each worker its "
                "own part with get_worker_info().",
                stacklevel=3,
            )


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
        self._announced = loader.announced_length
        self._yielded = 0

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        batch = self._fetch(next(self._order))
        self._count()
        return batch
