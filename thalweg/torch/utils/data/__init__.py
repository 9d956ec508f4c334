"""Data sets and loaders of batches: PyTorch's `torch.utils.data`."""

import importlib
from typing import TYPE_CHECKING, Any

from thalweg.errors import did_you_mean

if TYPE_CHECKING:
    from thalweg.torch.utils.data.collate import default_collate, default_convert
    from thalweg.torch.utils.data.dataloader import DataLoader
    from thalweg.torch.utils.data.dataset import (
        ChainDataset,
        ConcatDataset,
        Dataset,
        IterableDataset,
        StackDataset,
        Subset,
        TensorDataset,
        random_split,
    )
    from thalweg.torch.utils.data.sampler import (
        BatchSampler,
        RandomSampler,
        Sampler,
        SequentialSampler,
        SubsetRandomSampler,
        WeightedRandomSampler,
    )
    from thalweg.torch.utils.data.worker import WorkerInfo, get_worker_info

# Imported when first asked for, so that a data set does not load what workers need.
_LATER = {
    "BatchSampler": "sampler",
    "ChainDataset": "dataset",
    "ConcatDataset": "dataset",
    "DataLoader": "dataloader",
    "Dataset": "dataset",
    "IterableDataset": "dataset",
    "RandomSampler": "sampler",
    "Sampler": "sampler",
    "SequentialSampler": "sampler",
    "StackDataset": "dataset",
    "Subset": "dataset",
    "SubsetRandomSampler": "sampler",
    "TensorDataset": "dataset",
    "WeightedRandomSampler": "sampler",
    "WorkerInfo": "worker",
    "default_collate": "collate",
    "default_convert": "collate",
    "get_worker_info": "worker",
    "random_split": "dataset",
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
