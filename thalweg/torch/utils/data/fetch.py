"""From the indices of a batch to the batch: what a loader, or one of its workers, does a step."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.torch.utils.data.collate import default_collate
from thalweg.torch.utils.data.dataset import IterableDataset, row_reader, samples_at

__all__ = [
    "Fetch",
    "fetcher",
]


Fetch = Callable[[Any], Any]


def fetcher(dataset: Any, collate: Callable[[Any], Any], batched: bool, drop_last: bool) -> Fetch:
    """Return the function from what a sampler yields to what a loader yields.

    For a map-style data set it takes the indices of a batch, or one index if not `batched`; for a
    stream the size of a batch, and it raises StopIteration where the stream ends.
    """
    if isinstance(dataset, IterableDataset):
        return _stream_fetcher(dataset, collate, batched, drop_last)
    if not batched:
        return lambda index: collate(dataset[index])
    reader = row_reader(dataset) if collate is default_collate else None
    if reader is not None:
        return reader
    return lambda indices: collate(samples_at(dataset, _listed(indices)))


def _listed(indices: Any) -> Any:
    return indices.tolist() if isinstance(indices, np.ndarray) else indices


def _stream_fetcher(
    dataset: Any, collate: Callable[[Any], Any], batched: bool, drop_last: bool
) -> Fetch:
    stream = iter(dataset)
    if not batched:
        return lambda _: collate(next(stream))

    def fetch(size: int) -> Any:
        samples = list(itertools.islice(stream, size))
        if not samples or (drop_last and len(samples) < size):
            raise StopIteration
        return collate(samples)

    return fetch
