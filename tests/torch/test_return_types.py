"""Several results under names print as PyTorch's do, and are unpacked, indexed and copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing

X = np.float32([[3, 1, 2], [0.5, 4, 2], [1, 1.5, 5]])
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "aminmax": lambda t, x: t.aminmax(x),
    "cummax": lambda t, x: t.cummax(x, 1),
    "cummin": lambda t, x: x.cummin(0),
    "frexp": lambda t, x: t.frexp(x),
    "kthvalue": lambda t, x: x.kthvalue(2),
    "max": lambda t, x: t.max(x, 1),
    "max, kept": lambda t, x: x.max(1, True),
    "median": lambda t, x: x.median(0),
    "min": lambda t, x: x.min(dim=1),
    "mode": lambda t, x: x.mode(),
    "nanmedian": lambda t, x: x.nanmedian(1),
    "slogdet": lambda t, x: t.slogdet(x),
    "sort": lambda t, x: t.sort(x, descending=True),
    "topk": lambda t, x: x.topk(2),
    "eigh": lambda t, x: t.linalg.eigh(t.diag(x[0])),
    "linalg slogdet": lambda t, x: t.linalg.slogdet(x),
}


@pytest.mark.singles
@pytest.mark.parametrize("name", CALLS)
def test_named_results_print_as_pytorch_s(name: str) -> None:
    ours, theirs = CALLS[name](wing, wing.tensor(X)), CALLS[name](torch, torch.tensor(X))
    assert repr(ours) == repr(theirs)
    assert type(ours).__name__ == type(theirs).__name__
    first, second = ours
    assert first is ours[0]
    assert second is ours[1]


def test_named_results_are_copied() -> None:
    found = wing.tensor(X).max(1)
    assert isinstance(found, tuple)
    for copied in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert repr(copied) == repr(found)
    assert isinstance(wing.tensor(X).max(), wing.Tensor)


@pytest.mark.singles
@pytest.mark.parametrize("options", [{}, {"range": (0.0, 4.0)}, {"density": True}, {"weight": 1}])
def test_histograms_are_named_and_of_the_input_s_dtype(options: dict[str, Any]) -> None:
    shown = []
    for lib in (wing, torch):
        x = lib.tensor(X)
        given = {**options, **({"weight": x + 1} if "weight" in options else {})}
        shown += [repr(lib.histogram(x, 3, **given)), repr(x.histogram(bins=3, **given))]
    assert shown[0] == shown[1] == shown[2] == shown[3]
