"""Losses of classes predicted, and losses with a margin: PyTorch's names and arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from thalweg.autodiff.reverse import stretches
from thalweg.core.tensor import Tensor, astype
from thalweg.engines.composed import composed
from thalweg.errors import ArgumentError, DtypeError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import (
    equal,
    greater_equal,
    less,
    less_equal,
    minimum,
    not_equal,
    where,
)
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.reduce.sums import all as all_of
from thalweg.ops.reduce.sums import any as any_of
from thalweg.ops.reduce.sums import cumsum, mean, sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims, reshape, squeeze
from thalweg.ops.special import activations as smooth
from thalweg.ops.special.error import entr
from thalweg.optim.losses import sigmoid_binary_cross_entropy
from thalweg.torch.functions.short.layers import picked, scored
from thalweg.torch.functions.short.road import tries
from thalweg.torch.naming import as_tensor
from thalweg.torch.nn.functional.activation import log_softmax
from thalweg.torch.nn.functional.classes import (
    all_count,
    entropies_at_once,
    negatives_at_once,
    step_of_classes,
)
from thalweg.torch.nn.functional.linear import linear
from thalweg.torch.nn.functional.losses import aggregate, at_least, pairwise_distance, reduction_of
from thalweg.torch.steps import call_step, step

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss",
    "cross_entropy", "hinge_embedding_loss", "kl_div", "linear_cross_entropy",
    "margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss",
    "multilabel_soft_margin_loss", "nll_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip


# ---- one class of several


@tries(scored)
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy with the softmax: -ln softmax(x)[y], or -Σ y ln softmax(x).

    Args:
        input: x, of shape (classes,), (N, classes) or (N, classes, …).
        target: y, a class each, of shape (), (N,) or (N, …); or probabilities, of the shape of x.
        weight: A factor for each class, shape (classes,).
        size_average: An older way of choosing the reduction.
        ignore_index: The class that has no loss.
        reduce: An older way of choosing the reduction.
        reduction: "mean", which divides by the weights of the targets, "sum" or "none".
        label_smoothing: How much of each target is shared among all classes, from 0 to 1.

    Raises:
        ArgumentError: If `label_smoothing` is not between 0 and 1.
        DtypeError: If classes are not integers, or probabilities are.
        ShapeError: If shapes do not fit.
        IndexOutOfRange: If a target is no class.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.cross_entropy(torch.zeros((2, 4)), torch.tensor([0, 3]))
        tensor(1.3863)
    """
    kind = reduction_of(reduction, size_average, reduce)
    x, y = as_tensor(input), _widen(as_tensor(target))
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if x.ndim == 0:
        raise ShapeError("cross_entropy got an input without an axis of classes. Reshape it.")
    found = entropies_at_once(x, y, weight, ignore_index, kind, float(label_smoothing))
    if found is None:
        found = _cross_entropy(x, y, weight, ignore_index, kind, label_smoothing)
    step = step_of_classes(x, y, kind, label_smoothing)
    call_step(found, (input, target, weight), step)
    return found


def _cross_entropy(
    x: Tensor, y: Tensor, weight: Any, ignored: int, kind: str, smoothing: float
) -> Tensor:
    axis = 0 if x.ndim == 1 else 1
    logs = log_softmax(x, axis)
    if x.shape == y.shape:
        return _loss_of_probabilities(logs, y, weight, kind, smoothing, axis)
    return _loss_of_classes(logs, y, weight, ignored, kind, smoothing)


def linear_cross_entropy(
    input: Any,
    linear_weight: Any,
    target: Any,
    *,
    linear_bias: Any = None,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """Cross-entropy of scores that are linear in the input: `cross_entropy` of W x + b.

    Args:
        input: x, of shape (N, in) or (in,).
        linear_weight: W, of shape (classes, …, in); extents between give so many losses each.
        target: A class each, or probabilities of the scores' shape, (N, classes, …).
        linear_bias: b, of shape (classes, …), or None.
        weight: A factor for each class.
        reduction: "mean", "sum" or "none".
        ignore_index: The class that has no loss; -100 by default.
        label_smoothing: How much of each target is shared among all classes, from 0 to 1.
        options: Accepted as in PyTorch, where it saves memory; the result is the same.

    Raises:
        ShapeError: If shapes do not fit.
        ArgumentError: If there are probabilities and an `ignore_index`.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.linear_cross_entropy(torch.ones(2, 3), torch.zeros(4, 3), torch.tensor([0, 3]))
        tensor(1.3863)
    """
    x, table, y = as_tensor(input), as_tensor(linear_weight), as_tensor(target)
    offset = None if linear_bias is None else as_tensor(linear_bias)
    _check_linear(x, table, offset)
    flat = reshape(table, (-1, table.shape[-1]))
    scores = linear(x, flat, None if offset is None else reshape(offset, -1))
    scores = reshape(scores, (*x.shape[:-1], *table.shape[:-1]))
    if y.shape == scores.shape and ignore_index is not None:
        raise ArgumentError(
            "ignore_index cannot be specified when target contains probabilities. Leave it out."
        )
    return cross_entropy(
        scores, y, weight, reduction=reduction, label_smoothing=label_smoothing,
        ignore_index=-100 if ignore_index is None else ignore_index,
    )  # fmt: skip


def _check_linear(x: Tensor, table: Tensor, offset: Tensor | None) -> None:
    if x.ndim not in (1, 2):
        raise ShapeError(
            f"expected input with dimensionality 1 or 2, got {x.ndim}. Give (N, in) or (in,)."
        )
    if table.ndim < 2:
        raise ShapeError(
            f"expected linear_weight with dimensionality at least 2, got {table.ndim}. Give "
            "(classes, …, in)."
        )
    if x.shape[-1] != table.shape[-1]:
        raise ShapeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{x.shape[-1]} and {table.shape[-1]}, respectively"
        )
    if offset is not None and offset.shape != table.shape[:-1]:
        raise ShapeError(
            f"expected linear_bias shape {tuple(table.shape[:-1])}, got {tuple(offset.shape)}"
        )
    if table.ndim > 2 and x.ndim == 1:
        raise ShapeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(table.shape)} requires "
            f"batched input, (N, {x.shape[-1]}), got unbatched input with shape {tuple(x.shape)}"
        )


@dataclass
class LinearCrossEntropyOptions:
    """How PyTorch cuts `linear_cross_entropy` into pieces to save memory; here nothing follows.

    Args:
        allow_retain_graph: Whether there may be a second backward; here there may always be.
        batch_chunk_size: How many rows a piece has.
        chunking_method: "auto", "aspect_ratio" or "aspect_ratio:N"; None for `batch_chunk_size`.
        acc_policy: "accurate", "balanced", "compact" or "auto".
        acc_dtype: The dtype of sums.

    Raises:
        ArgumentError: If one is none of these.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        policies = ("auto", "accurate", "balanced", "compact")
        if self.acc_policy not in policies:
            raise ArgumentError(
                f"invalid acc_policy: {self.acc_policy!r}. Give one of {', '.join(policies)}."
            )
        name, cut, factor = (self.chunking_method or "auto").partition(":")
        ratio = name == "aspect_ratio" and (not cut or (factor.isdigit() and int(factor) > 0))
        if not (ratio or (name == "auto" and not cut)):
            raise ArgumentError(
                f"invalid chunking_method: {self.chunking_method!r}. Give 'auto' or "
                "'aspect_ratio:2'."
            )
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ArgumentError(f"batch_chunk_size must be positive int or None, got {size!r}")


def _loss_of_probabilities(
    logs: Tensor, y: Tensor, weight: Any, kind: str, smoothing: float, axis: int
) -> Tensor:
    if y.dtype.kind != "f":
        raise DtypeError(
            "Expected floating point type for target with class probabilities, got "
            f"{y.dtype}. Convert it with astype(float), or give one class each."
        )
    if smoothing:
        y = y * (1 - smoothing) + smoothing / logs.shape[axis]
    products = y * logs
    if weight is not None:
        products = products * _spread_weight(weight, logs, axis)
    losses = -sum(products, axis)
    if kind != "mean":
        return aggregate(losses, kind)
    return sum(losses) / max(1, logs.size // logs.shape[axis])


@tries(picked)
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of classes: -x[y], x the logarithms of their probabilities.

    Arguments and errors as of `cross_entropy`; the targets are classes.
    """
    kind = reduction_of(reduction, size_average, reduce)
    x, y = as_tensor(input), _widen(as_tensor(target))
    found = negatives_at_once(x, y, weight, ignore_index, kind)
    if found is None:
        found = _loss_of_classes(x, y, weight, ignore_index, kind)
    call_step(found, (input, target, weight), step_of_classes(x, y, kind))
    return found


def _widen(target: Tensor) -> Tensor:
    """Return classes in a dtype that holds negative and large numbers beside them."""
    kind = target.spec.dtype
    if kind.kind == "u" or (kind.kind == "i" and kind.itemsize < 4):
        return astype(target, np.int64)
    return target


def _loss_of_classes(
    logs: Tensor, y: Tensor, weight: Any, ignored: int, kind: str, smoothing: float = 0.0
) -> Tensor:
    if y.dtype.kind not in "iu":
        raise DtypeError(
            f"expected scalar type Long for the target, but found {y.dtype}. Give one class each "
            "as an integer, or probabilities of the input's shape."
        )
    axis = 0 if logs.ndim == 1 else 1
    if y.shape != (*logs.shape[:axis], *logs.shape[axis + 1 :]):
        rows = logs.shape[0] if logs.ndim > 1 else 1
        fault = f"Expected input batch_size ({rows}) to match target batch_size"
        raise ShapeError(
            f"{fault} ({y.shape[0] if y.shape else 1}): the input has shape {logs.shape} and the "
            f"target {y.shape}; the target wants that of the input without the axis of classes."
        )
    if all_count(y, ignored, logs.shape[axis]) and weight is None and not smoothing:
        return aggregate(-squeeze(take_along_axis(logs, expand_dims(y, axis), axis), axis), kind)
    weights = _weights_of(logs, y, weight, ignored)
    places = expand_dims(_places(y, ignored, logs.shape[axis]), axis)
    chosen_logs = squeeze(take_along_axis(logs, places, axis), axis)
    # An ignored target has loss 0 whatever the logarithm is, NaN and infinity too.
    losses = where(equal(y, ignored), 0, -chosen_logs * weights)
    if smoothing:
        products = logs if weight is None else logs * _spread_weight(weight, logs, axis)
        shared = where(equal(y, ignored), 0, -sum(products, axis)) / logs.shape[axis]
        losses = (1 - smoothing) * losses + smoothing * shared
    return aggregate(losses, kind, weights)


def _places(y: Tensor, ignored: int, classes: int) -> Tensor:
    """Return positions of classes: 0 for ignored ones, and for negative ones one that is none."""
    return where(equal(y, ignored), 0, where(less(y, 0), classes, y))


def _weights_of(logs: Tensor, y: Tensor, weight: Any, ignored: int) -> Tensor:
    """Return the weight of each target's class, 0 for ignored ones."""
    if weight is None:
        return where(equal(y, ignored), astype(as_tensor(0.0), logs.dtype), 1.0)
    factors = as_tensor(weight)
    classes = logs.shape[0 if logs.ndim == 1 else 1]
    if factors.shape != (classes,):
        raise ShapeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {tuple(factors.shape)}. Give one number for each class."
        )
    return where(equal(y, ignored), 0, take(factors, _places(y, ignored, classes), axis=0))


def _spread_weight(weight: Any, logs: Tensor, axis: int) -> Tensor:
    factors = as_tensor(weight)
    if factors.shape != (logs.shape[axis],):
        raise ShapeError(
            f"cross_entropy got a weight of shape {factors.shape} for {logs.shape[axis]} classes. "
            "Give one number for each class."
        )
    return reshape(factors, (-1, *(1,) * (logs.ndim - axis - 1)))


def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence, element by element: y (ln y - x).

    Args:
        input: x, logarithms of probabilities.
        target: y, probabilities, or their logarithms if `log_target` is true.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "batchmean", the divergence: the sum divided by the first extent; or "mean",
            "sum" or "none".
        log_target: Whether the targets are logarithms.
    """
    x, y = as_tensor(input), as_tensor(target)
    if log_target:
        losses = composed(_divergence_of_logarithms, x, y)
    else:
        losses = composed(_divergence, x, y)
    call_step(losses, (input, target), "MulBackward0" if log_target else "SubBackward0")
    if reduction == "batchmean" and size_average is None and reduce is None:
        return sum(losses) / (x.shape[0] if x.ndim else 1)
    return aggregate(losses, reduction_of(reduction, size_average, reduce))


def _divergence(x: Tensor, y: Tensor) -> Tensor:
    below = less(y, 0)
    # Of no probability there is no divergence, and no derivative either.
    return where(below, sqrt(where(below, y, 1.0)), -entr(y)) - y * x


def _divergence_of_logarithms(x: Tensor, y: Tensor) -> Tensor:
    return exp(y) * (y - x)


# ---- two classes


@step("BinaryCrossEntropy")
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return -y ln p - (1 - y) ln(1 - p), the logarithms no less than -100.

    The derivative by p is (p - y) / max(p (1 - p), 10⁻¹²), and so finite at 0 and 1 too.

    Args:
        input: p, probabilities.
        target: y, of the same shape, 0 or 1 or between.
        weight: A factor of each loss, of a shape that broadcasts.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: If the shapes differ.
        ArgumentError: If a p is not between 0 and 1.
    """
    kind = reduction_of(reduction, size_average, reduce)
    p, y = _require_one_shape("binary_cross_entropy", input, target)
    if not p.is_symbolic and not _are_probabilities(p):
        raise ArgumentError(
            "all elements of input should be between 0 and 1. Apply sigmoid first, or use "
            "binary_cross_entropy_with_logits."
        )
    losses = composed(_entropies, p, y)
    return aggregate(losses if weight is None else losses * weight, kind)


def _are_probabilities(p: Tensor) -> bool:
    array = p.array
    if array.__class__ is not np.ndarray:
        return bool(all_of(greater_equal(p, 0) & less_equal(p, 1)))
    return not array.size or bool(
        np.minimum.reduce(array, None) >= 0 and np.maximum.reduce(array, None) <= 1
    )


def _entropies(p: Tensor, y: Tensor) -> Tensor:
    fixed = stop_gradient(p)
    certain = less(fixed * (1 - fixed), _LEAST_VARIANCE)
    inside = where(certain, fixed, p)
    losses = -(y * _limited_log(inside) + (1 - y) * _limited_log(1 - inside))
    # This is 0, and has the derivative that is bounded.
    return losses + where(certain, (p - fixed) * (fixed - y) / _LEAST_VARIANCE, 0.0)


# PyTorch's bound of what the derivative of the cross entropy is divided by.
_LEAST_VARIANCE = 1e-12


def _limited_log(p: Tensor) -> Tensor:
    # e⁻¹⁰⁰; the logarithm of what is not chosen must not be infinite, its derivative would be NaN.
    tiny = less(p, 3.720075976020836e-44)
    return where(tiny, -100.0, log(where(tiny, 1.0, p)))


@step("BinaryCrossEntropyWithLogits")
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """Logistic loss: -w y ln σ(x) - (1 - y) ln(1 - σ(x)), exact in both tails.

    Args:
        input: x, the log-odds.
        target: y, of the same shape, 0 or 1 or between.
        weight: A factor of each loss, of a shape that broadcasts.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".
        pos_weight: w, of a shape that broadcasts; 1 by default.

    Raises:
        ShapeError: If the shapes of x and y differ.
    """
    kind = reduction_of(reduction, size_average, reduce)
    x, y = _require_one_shape("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None:
        losses = composed(sigmoid_binary_cross_entropy, x, y)
    else:
        factor = as_tensor(pos_weight)
        if x.ndim and stretches(factor.shape, x.shape):
            factor = broadcast_to(factor, x.shape)
        losses = composed(_weighed_logits, x, y, factor)
    return aggregate(losses if weight is None else losses * weight, kind)


def _weighed_logits(x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    return (1 - y) * x + ((weight - 1) * y + 1) * smooth.softplus(-x)


def _require_one_shape(name: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
    x, y = as_tensor(input), as_tensor(target)
    if x.shape != y.shape:
        raise ShapeError(
            f"{name}: Target size ({y.shape}) must be the same as input size ({x.shape}). Reshape "
            "one of them."
        )
    return x, y


@step("SoftMarginLoss")
def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Logistic loss of targets -1 and 1: ln(1 + e^(-yx))."""
    losses = composed(_soft_margin, as_tensor(input), as_tensor(target))
    return aggregate(losses, reduction_of(reduction, size_average, reduce))


def _soft_margin(x: Tensor, y: Tensor) -> Tensor:
    return smooth.softplus(-y * x)


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean of the logistic losses of all classes, each 0 or 1.

    Args:
        input: The log-odds, of shape (…, classes).
        target: 0 or 1, of the same shape.
        weight: A factor for each class.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".
    """
    losses = composed(sigmoid_binary_cross_entropy, as_tensor(input), as_tensor(target))
    if weight is not None:
        losses = losses * weight
    return aggregate(mean(losses, -1), reduction_of(reduction, size_average, reduce))


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return x where y = 1, and max(0, margin - x) where y = -1."""
    signs = stop_gradient(as_tensor(target))  # only compared with
    losses = composed(_hinge, as_tensor(input), signs, margin=float(margin))
    call_step(losses, (input, target), "AddBackward0")
    return aggregate(losses, reduction_of(reduction, size_average, reduce))


def _hinge(x: Tensor, y: Tensor, margin: float) -> Tensor:
    apart = where(not_equal(y, 1), at_least(margin - x, 0), 0)
    return where(not_equal(y, -1), x, 0) + apart


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return max(0, margin - y (x₁ - x₂)); y = 1 wants x₁ the larger, y = -1 x₂.

    Raises:
        ShapeError: If the numbers of axes differ.
    """
    first, second, y = as_tensor(input1), as_tensor(input2), as_tensor(target)
    if not first.ndim == second.ndim == y.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {first.shape}, input2: {second.shape}, target: {y.shape}. Reshape them."
        )
    losses = at_least(-y * (first - second) + margin, 0)
    return aggregate(losses, reduction_of(reduction, size_average, reduce))


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return 1 - cos(x₁, x₂) where y = 1, and max(0, cos(x₁, x₂) - margin) where y = -1.

    Args:
        input1: x₁, of shape (N, features) or (features,).
        input2: x₂, likewise.
        target: y, of shape (N,) or ().
        margin: From which cosine on unlike pairs cost, between -1 and 1.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: If the shapes do not fit.
    """
    first, second, y = as_tensor(input1), as_tensor(input2), as_tensor(target)
    if y.ndim > 1 or first.ndim != y.ndim + 1 or second.ndim != y.ndim + 1:
        raise ShapeError(
            f"{y.ndim}D target tensor expects {y.ndim + 1}D input tensors of at most two axes, "
            f"but found inputs with sizes {first.shape} and {second.shape}."
        )
    # Small against any square that counts, and 0 / 0 becomes 0.
    tiny = 1e-12
    lengths = sqrt((sum(square(first), -1) + tiny) * (sum(square(second), -1) + tiny))
    cosine = sum(first * second, -1) / lengths
    near = where(equal(y, 1), 1 - cosine, 0)
    apart = where(equal(y, -1), at_least(cosine - margin, 0), 0)
    return aggregate(near + apart, reduction_of(reduction, size_average, reduce))


# ---- several classes


@step("MultiMarginLoss")
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss of several classes: Σ max(0, margin - x[y] + x[i])ᵖ / classes over i ≠ y.

    Args:
        input: x, of shape (N, classes) or (classes,).
        target: y, a class each, of shape (N,) or ().
        p: 1 or 2.
        margin: By how much the right class is to lead.
        weight: A factor for each right class.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: If p is neither 1 nor 2.
        ShapeError: If the weight is no vector.
    """
    factors = None if weight is None else as_tensor(weight)
    if factors is not None and factors.ndim != 1:
        raise ShapeError(
            f"weight must be one-dimensional, a factor for each class; multi_margin_loss got shape "
            f"{factors.shape}. Reshape it."
        )
    if p not in (1, 2):
        raise ArgumentError(f"only p == 1 and p == 2 supported, and p={p} was given.")
    kind = reduction_of(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    single, places = x.ndim < 2, reshape(y, (-1, 1))
    rows = reshape(x, (1, -1)) if single else x
    gaps = margin - take_along_axis(rows, places, 1) + rows
    # At a gap of exactly 0 nothing is lost yet, and the derivative is 0.
    lost = where(equal(arange(rows.shape[1]), places) | ~(gaps > 0), 0, gaps)
    if p == 2:
        lost = square(lost)
    if factors is not None:
        lost = lost * take(factors, places, axis=0)
    losses = sum(lost, 1) / rows.shape[1]
    return aggregate(reshape(losses, ()) if single and y.ndim == 0 else losses, kind)


@step("MultilabelMarginLoss")
def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss of several right classes: Σ max(0, 1 - x[y] + x[i]) / classes.

    The sum is over right classes y and wrong ones i.

    Args:
        input: x, of shape (N, classes) or (classes,).
        target: Right classes, of the same shape; those from the first -1 on do not count.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".
    """
    kind = reduction_of(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    if x.shape != y.shape:
        raise ShapeError(
            f"multilabel_margin_loss got an input of shape {x.shape} and a target of {y.shape}; "
            "both want the same. Fill the target up with -1."
        )
    single = x.ndim < 2
    rows, places = (reshape(t, (1, -1)) if single else t for t in (x, y))
    counts = equal(cumsum(astype(less(places, 0), "int64"), 1), 0)
    places = where(counts, places, 0)
    classes = arange(rows.shape[1])
    # Axes: example, right class, any class.
    named = equal(expand_dims(places, 2), classes) & expand_dims(counts, 2)
    wrong = ~any_of(named, 1, keepdims=True) & expand_dims(counts, 2)
    right = expand_dims(take_along_axis(rows, places, 1), 2)
    gaps = 1 - right + expand_dims(rows, 1)
    lost = where(wrong & (gaps > 0), gaps, 0)
    losses = sum(lost, (1, 2)) / rows.shape[1]
    return aggregate(reshape(losses, ()) if single else losses, kind)


# ---- triplets


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return max(0, d(a, p) - d(a, n) + margin), d the distance of `pairwise_distance`.

    Args:
        anchor: a, of shape (N, features) or (features,).
        positive: p, what is to be near.
        negative: n, what is to be far.
        margin: By how much farther.
        p: The order of the norm.
        eps: What is added to each difference.
        swap: Whether the distance of n from p counts where it is the smaller.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: If the margin is not positive.

    Source:
        Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses",
        2016.
    """
    kind = reduction_of(reduction, size_average, reduce)
    distance, triplet = partial(pairwise_distance, p=p, eps=eps), (anchor, positive, negative)
    return _triplet("triplet_margin_loss", triplet, distance, margin, swap, kind)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Return `triplet_margin_loss` with another distance."""
    name = "triplet_margin_with_distance_loss"
    distance = pairwise_distance if distance_function is None else distance_function
    kind = reduction_of(reduction, None, None)
    return _triplet(name, (anchor, positive, negative), distance, margin, swap, kind)


def _triplet(
    name: str,
    triplet: tuple[Any, Any, Any],
    distance: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    kind: str,
) -> Tensor:
    if margin <= 0:
        raise ArgumentError(f"{name}: margin must be greater than 0, got {margin}.")
    a, near, far = map(as_tensor, triplet)
    if not a.ndim == near.ndim == far.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {a.ndim}D, positive {near.ndim}D, and negative "
            f"{far.ndim}D inputs"
        )
    away = distance(a, far)
    if swap:
        away = minimum(away, distance(near, far))
    return aggregate(at_least(margin + distance(a, near) - away, 0), kind)
