"""Losses of classes that are known, as one operation each."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.control.fused import Fused, is_eager
from thalweg.core.spec import Array
from thalweg.core.tensor import Tensor
from thalweg.errors import IndexOutOfRange
from thalweg.ops.elementwise.comparison import where
from thalweg.ops.index.take import take_along_axis
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import squeeze
from thalweg.ops.special import activations as smooth
from thalweg.torch.fused.classes import (
    cross_entropies,
    cross_entropies_alone,
    cross_entropies_back,
    negatives,
    negatives_back,
    weighted_entropies,
    weighted_entropies_back,
)
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.functional.losses import aggregate


def all_count(y: Tensor, ignored: int, classes: int) -> bool:
    """Tell whether no target is ignored, as far as is known; refuse those that are no class."""
    if y.is_symbolic:
        return False
    values = y.array if y.array.__class__ is np.ndarray else y.numpy()
    # Negative numbers are the largest of all without signs.
    words = values.view(f"u{values.itemsize}")
    if not values.size or np.maximum.reduce(words, None) < classes:
        return not 0 <= ignored < classes or bool((values != ignored).all())
    wrong = values[((values < 0) | (values >= classes)) & (values != ignored)]
    if wrong.size:
        raise IndexOutOfRange(
            f"Target {wrong[0]} is out of bounds: the input has scores of {classes} classes, whose "
            f"targets are 0 to {classes - 1}. Count the classes from 0, or give more scores."
        )
    return False


def is_plain(x: Tensor, y: Tensor, ignored: int) -> bool:
    """Tell whether the cross entropy is one operation: of rows of scores and known classes."""
    return (
        is_eager(x)
        and x.array.ndim == 2
        and y.array.__class__ is np.ndarray
        and y.array.dtype.kind == "i"
        and y.array.shape == x.array.shape[:1]
        and x.array.size > 0
        and all_count(y, ignored, x.array.shape[1])
    )


def _composed(x: Tensor, *, y: Any, kind: str) -> Tensor:
    places = as_tensor(y[:, None])
    return aggregate(-squeeze(take_along_axis(smooth.log_softmax(x, 1), places, 1), 1), kind)


CROSS_ENTROPIES = Fused(
    "NllLossBackward0", cross_entropies, cross_entropies_back, _composed, cross_entropies_alone
)


def known_targets(x: Tensor, y: Tensor, weight: Any, ignored: int) -> dict[str, Array] | None:
    """Return targets, their weights and which of them count; None if that is not one operation."""
    if not is_eager(x) or x.array.ndim != 2 or not x.array.size:
        return None
    classes, kind = x.array.shape[1], x.array.dtype
    own = y.array
    if own.__class__ is not np.ndarray or own.dtype.kind != "i" or own.shape != x.array.shape[:1]:
        return None
    if weight is not None:
        tensor = as_tensor(weight)
        if not is_eager(x, tensor) or tensor.requires_grad or tensor.array.shape != (classes,):
            return None
    counts = np.ones(own.shape, bool)
    if not all_count(y, ignored, classes):
        counts = own != ignored
    places = np.where(counts, own, 0).astype(np.int64, copy=False)
    factors = counts.astype(kind) if weight is None else np.where(counts, tensor.array[places], 0)
    return {"y": places, "own": factors.astype(kind, copy=False), "counts": counts}


def _negatives(x: Tensor, *, y: Array, own: Array, counts: Array, kind: str) -> Tensor:
    chosen = squeeze(take_along_axis(x, as_tensor(y[:, None]), 1), 1)
    weights = as_tensor(own)
    return aggregate(where(as_tensor(counts), -chosen * weights, 0), kind, weights)


def _weighted_entropies(
    x: Tensor, *, y: Array, own: Array, counts: Array, weight: Array, smoothing: float, kind: str
) -> Tensor:
    logs, weights = smooth.log_softmax(x, 1), as_tensor(own)
    losses = -squeeze(take_along_axis(logs, as_tensor(y[:, None]), 1), 1) * weights
    if smoothing:
        shared = -sum(logs * as_tensor(weight), 1) / x.shape[1]
        losses = (1 - smoothing) * losses + smoothing * shared
    return aggregate(where(as_tensor(counts), losses, 0), kind, weights)


NEGATIVES = Fused("NllLossBackward0", negatives, negatives_back, _negatives)

WEIGHTED_ENTROPIES = Fused(
    "NllLossBackward0", weighted_entropies, weighted_entropies_back, _weighted_entropies
)
