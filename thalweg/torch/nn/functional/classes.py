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
from thalweg.ops.shape.reshape import reshape, squeeze
from thalweg.ops.shape.transpose import moveaxis
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


def step_of_classes(x: Tensor, y: Tensor, kind: str, smoothing: float = 0.0) -> str:
    """Return what the step of a loss is called: of probabilities, and of classes and images."""
    if y.dtype.kind == "f":
        return "DivBackward1" if kind == "mean" else "NegBackward0"
    if smoothing:
        return "AddBackward0"
    return "NllLossBackward0" if x.ndim < 3 else "NllLoss2DBackward0"


def entropies_at_once(
    x: Tensor, y: Tensor, weight: Any, ignored: int, kind: str, smoothing: float
) -> Tensor | None:
    """Return the cross entropy of scores as one operation, or None if it is not."""
    if weight is None and not smoothing and _is_plain(x, y, ignored):
        return CROSS_ENTROPIES(x, y=y.array.copy(), kind=kind)
    if _are_images(x, y):
        found = entropies_at_once(*_as_rows(x, y), weight, ignored, kind, smoothing)
        return found if found is None or kind != "none" else reshape(found, y.shape)
    targets = _known_targets(x, y, weight, ignored)
    if targets is None:
        return None
    factors = np.ones(x.shape[1], x.array.dtype) if weight is None else weight.array.copy()
    return WEIGHTED_ENTROPIES(x, **targets, weight=factors, smoothing=smoothing, kind=kind)


def negatives_at_once(x: Tensor, y: Tensor, weight: Any, ignored: int, kind: str) -> Tensor | None:
    """Return the loss of logarithms as one operation, or None if it is not."""
    if _are_images(x, y):
        found = negatives_at_once(*_as_rows(x, y), weight, ignored, kind)
        return found if found is None or kind != "none" else reshape(found, y.shape)
    targets = _known_targets(x, y, weight, ignored)
    return None if targets is None else NEGATIVES(x, **targets, kind=kind)


def _are_images(x: Tensor, y: Tensor) -> bool:
    """Tell whether there are scores of the classes at each place."""
    return (
        is_eager(x)
        and x.ndim > 2
        and x.array.size > 0
        and y.array.__class__ is np.ndarray
        and y.array.shape == (x.array.shape[0], *x.array.shape[2:])
    )


def _as_rows(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return reshape(moveaxis(x, 1, -1), (-1, x.shape[1])), reshape(y, -1)


def _is_plain(x: Tensor, y: Tensor, ignored: int) -> bool:
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


def _known_targets(x: Tensor, y: Tensor, weight: Any, ignored: int) -> dict[str, Array] | None:
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
