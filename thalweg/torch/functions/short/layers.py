"""What layers and losses do of tensors that nobody records."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor
from thalweg.engines.composed import by_rows, elements
from thalweg.ops.special.activations import log_softmax, relu
from thalweg.random.generator import default_generator
from thalweg.torch.functions.short.draws import require_stream
from thalweg.torch.functions.short.road import (
    Array,
    axis_in,
    followed,
    is_recorded,
    known,
    new,
    positions,
    require,
)
from thalweg.torch.functions.short.sums import length
from thalweg.torch.functions.short.writing import changeable, written
from thalweg.torch.fused.classes import cross_entropies_alone
from thalweg.torch.fused.picking import BAGS, EMBEDDED, bags


def rows_of(
    input: Any, weight: Any, padding_idx: Any = None, max_norm: Any = None, norm_type: Any = 2.0,
    scale_grad_by_freq: Any = False, sparse: Any = False,
) -> Tensor:  # fmt: skip
    """Return the rows at positions: an embedding."""
    table = followed(weight)
    require(table.ndim == 2 and table.size > 0 and max_norm is None)
    without = None if padding_idx is None else axis_in(padding_idx, len(table))
    if is_recorded(weight):
        require(table.dtype.char in "fd" and sparse is False and scale_grad_by_freq is False)
        positions(input, len(table))
        return EMBEDDED(weight, input, without=without)
    return new(table.take(positions(input, len(table)), 0, mode="clip"))


def bags_of(input: Any, weight: Any, *, mode: Any = "mean") -> Tensor:
    """Return the sum or mean of the rows of bags of one size."""
    table = followed(weight)
    index = positions(input, len(table))
    require(table.ndim == 2 and index.ndim == 2 and index.size > 0 and mode in ("mean", "sum"))
    if is_recorded(weight):
        require(table.dtype.char in "fd" and table.size > 0)
        return BAGS(weight, input, mean=mode == "mean")
    return new(bags(table, index, mode == "mean"))


def clipped(
    parameters: Any, max_norm: Any, norm_type: Any = 2.0, error_if_nonfinite: Any = False
) -> Tensor:
    """Scale gradients so that their Euclidean norm together is at most a number."""
    require(parameters.__class__ is list and norm_type == 2 and max_norm.__class__ in (int, float))
    given = [p.grad for p in parameters]
    gradients = [g for g in given if g is not None]
    arrays = [changeable(g) for g in gradients]
    kind = arrays[0].dtype
    require(kind.char in "fd" and all(array.dtype == kind for array in arrays))
    norm = np.asarray(length(np.array([length(array) for array in arrays], kind)), kind)
    factor = kind.type(max_norm) / (norm + kind.type(1e-6))
    factor = np.minimum(factor, kind.type(1))
    for gradient, array in zip(gradients, arrays, strict=True):
        np.multiply(array, factor, array)
        written(gradient)
    return new(norm)


def rectified(input: Any, inplace: Any = False) -> Tensor:
    """Return numbers above 0, and 0 in place of the others."""
    array = known(input)
    require(inplace is False and array.dtype.char in "fd" and array.ndim > 0)
    found = tracing.quiet(elements, relu, array)
    require(found is not None)
    return new(found)


def dropped(input: Any, p: Any = 0.5, training: Any = True, inplace: Any = False) -> Tensor:
    """Return numbers times 0 with probability p, the others divided by 1 - p."""
    x = known(input)
    require(x.dtype.char in "fd" and x.flags.c_contiguous and p.__class__ is float and 0 < p < 1)
    require(training is True and inplace is False)
    require_stream()
    found, factor = np.empty(x.shape, x.dtype), 1 / x.dtype.type(1 - p)
    if tracing.quiet(default_generator.fill_kept, found, x, 1 - p, float(factor)):
        return new(found)
    return new(tracing.quiet(np.multiply, x, default_generator.bernoulli(1 - p, x.shape) * factor))


def scored(
    input: Any, target: Any, weight: Any = None, *, ignore_index: Any = -100,
    reduction: Any = "mean", label_smoothing: Any = 0.0,
) -> Tensor:  # fmt: skip
    """Return the cross entropy of classes, all of which count, with the softmax of scores."""
    x = known(input)
    require(x.ndim == 2 and x.size > 0 and x.dtype.char in "fd")
    require(reduction in ("mean", "sum", "none"))
    y = positions(target, x.shape[1])
    require(y.shape == x.shape[:1] and ignore_index.__class__ is int and ignore_index < 0)
    if weight is None and not label_smoothing:
        return new(tracing.quiet(cross_entropies_alone, x, y=y, kind=reduction))
    require(label_smoothing.__class__ is float and 0 <= label_smoothing <= 1)
    factors = np.ones(x.shape[1], x.dtype) if weight is None else known(weight)
    require(factors.shape == x.shape[1:] and factors.dtype == x.dtype)
    return new(tracing.quiet(_weighted_losses, x, y, factors, label_smoothing, reduction))


def _weighted_losses(x: Array, y: Array, weight: Array, smoothing: float, reduction: str) -> Array:
    """Return cross entropies times the classes' weights, of targets shared among all classes."""
    logs = by_rows(log_softmax, np.ascontiguousarray(x), axis=-1)
    own = weight[y]
    losses = logs[np.arange(len(y)), y] * -own
    if smoothing:
        losses *= x.dtype.type(1 - smoothing)
        losses -= (logs @ weight) * x.dtype.type(smoothing / x.shape[1])
    if reduction == "none":
        return losses
    total = np.add.reduce(losses)
    return np.asarray(total / np.add.reduce(own) if reduction == "mean" else total)


def picked(
    input: Any, target: Any, weight: Any = None, *, ignore_index: Any = -100,
    reduction: Any = "mean",
) -> Tensor:  # fmt: skip
    """Return the negative of the numbers of classes, all of which count."""
    x = known(input)
    require(x.ndim == 2 and x.size > 0 and x.dtype.char in "fd")
    require(weight is None and reduction in ("mean", "sum", "none"))
    y = positions(target, x.shape[1])
    require(y.shape == x.shape[:1] and ignore_index.__class__ is int and ignore_index < 0)
    losses = -x[np.arange(len(y)), y]
    if reduction != "none":
        losses = np.asarray(tracing.quiet(np.add.reduce, losses))
        if reduction == "mean":
            losses = losses / x.dtype.type(len(y))
    return new(losses)
