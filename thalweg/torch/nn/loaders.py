"""Data sets and loaders as the arrays that a run reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import ArgumentError

_WHOLE = "(X, y), or X, y = next(iter(DataLoader(dataset, batch_size=len(dataset)))) read once"


def read_rows(data: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the arrays of data, and the options that a loader of them stands for.

    Raises:
        ArgumentError: If they are not arrays, or a loader does more than batch and shuffle them.
    """
    if not _is_loader(data):
        return arrays_of(data), options
    _require_plain(data)
    shuffled = type(data.sampler).__name__ == "RandomSampler"
    given = {
        "batch_size": data.batch_size,
        "drop_last": data.drop_last,
        "shuffle": "epoch" if shuffled else False,
    }
    return arrays_of(data.dataset), {**given, **options}


def arrays_of(data: Any) -> tuple[Any, ...]:
    """Return data as a tuple whose last is what the loss compares the output with.

    Raises:
        ArgumentError: If they are not several arrays.
    """
    whole = data.dataset if _is_loader(data) else data
    reader = getattr(whole, "row_reader", None)
    read = reader() if callable(reader) else None
    if read is not None:
        whole = read(np.arange(len(whole)))
    whole = getattr(whole, "tensors", whole)  # PyTorch's data sets of tensors too
    found = tuple(whole) if isinstance(whole, (tuple, list)) else ()
    if len(found) >= 2:
        return found
    kind = type(whole).__name__
    advice = f"Give {_WHOLE}."
    if not found and hasattr(whole, "__getitem__") and not hasattr(whole, "__array__"):
        advice = f"Of a data set with samples of its own, give its arrays: {_WHOLE}."
    raise ArgumentError(
        f"fit got a module and data of type {kind}. It wants a tuple (X, y) of arrays, a "
        "TensorDataset or a Subset of one, or a DataLoader of these, which have what the model is "
        f"called with and, last, what the loss compares its output with. {advice}"
    )


def _is_loader(data: Any) -> bool:
    return hasattr(data, "dataset") and hasattr(data, "drop_last")


def _require_plain(loader: Any) -> None:
    """Refuse what a loader does and a run would not: batches are drawn inside the run."""
    plain = ("RandomSampler", "SequentialSampler")
    sampler, collate = loader.sampler, loader.collate_fn
    odd = {
        "no batch_size": loader.batch_size is None,
        f"the sampler {type(sampler).__name__}": type(sampler).__name__ not in plain,
        "a RandomSampler with replacement or num_samples": (
            getattr(sampler, "replacement", False)
            or getattr(sampler, "num_samples", len(loader.dataset)) != len(loader.dataset)
        ),
        "a batch_sampler": type(loader.batch_sampler).__name__ != "BatchSampler",
        "a collate_fn": getattr(collate, "__name__", "") != "default_collate",
    }
    found = [what for what, is_so in odd.items() if is_so]
    if found:
        raise ArgumentError(
            f"fit got a DataLoader with {found[0]}; a run draws its own batches, and would leave "
            "that out. Give the arrays themselves, with weights as one of them for example, or "
            "write the loop over the loader."
        )
