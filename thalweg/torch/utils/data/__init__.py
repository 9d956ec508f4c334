"""Data sets and loaders of batches: PyTorch's `torch.utils.data`."""

from typing import Any

from thalweg.errors import did_you_mean
from thalweg.torch.absent import advice
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
from thalweg.torch.utils.data.epoch import WorkerInfo, get_worker_info
from thalweg.torch.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset",
    "RandomSampler", "Sampler", "SequentialSampler", "StackDataset", "Subset",
    "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "WorkerInfo",
    "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    hint = advice(name) or did_you_mean(name, __all__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{hint}".rstrip("."))


def __dir__() -> list[str]:
    return [*__all__]
