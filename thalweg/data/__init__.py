"""Data: data sets and loaders of batches; reading files and frames into columns and arrays."""

import importlib
from typing import TYPE_CHECKING, Any

from thalweg.errors import did_you_mean

if TYPE_CHECKING:
    from thalweg.data.collating import default_collate, default_convert
    from thalweg.data.datasets import (
        ChainDataset,
        ConcatDataset,
        Dataset,
        IterableDataset,
        StackDataset,
        Subset,
        TensorDataset,
    )
    from thalweg.data.loader import DataLoader
    from thalweg.data.samplers import (
        BatchSampler,
        RandomSampler,
        Sampler,
        SequentialSampler,
        SubsetRandomSampler,
        WeightedRandomSampler,
    )
    from thalweg.data.splitting import random_split
    from thalweg.data.workers import WorkerInfo, get_worker_info

# Imported when first asked for, so that reading a table does not load what workers need.
_LATER = {
    "BatchSampler": "samplers",
    "ChainDataset": "datasets",
    "ConcatDataset": "datasets",
    "DataLoader": "loader",
    "Dataset": "datasets",
    "IterableDataset": "datasets",
    "RandomSampler": "samplers",
    "Sampler": "samplers",
    "SequentialSampler": "samplers",
    "StackDataset": "datasets",
    "Subset": "datasets",
    "SubsetRandomSampler": "samplers",
    "TensorDataset": "datasets",
    "WeightedRandomSampler": "samplers",
    "WorkerInfo": "workers",
    "default_collate": "collating",
    "default_convert": "collating",
    "get_worker_info": "workers",
    "random_split": "splitting",
}

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset",
    "RandomSampler", "Sampler", "SequentialSampler", "StackDataset", "Subset",
    "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "WorkerInfo",
    "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        hint = did_you_mean(name, __all__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))
    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return [*__all__]
