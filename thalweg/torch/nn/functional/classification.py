"""Losses of classes predicted, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.ops.elementwise.arithmetic import sqrt
from thalweg.ops.elementwise.comparison import equal, greater_equal, less, less_equal, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.reduce.sums import all as all_of
from thalweg.ops.reduce.sums import mean, sum
from thalweg.ops.shape.reshape import expand_dims, reshape, squeeze
from thalweg.ops.special import activations as smooth
from thalweg.ops.special.error import entr
from thalweg.optim.losses import sigmoid_binary_cross_entropy
from thalweg.torch.nn.functional.reducing import chosen, reduced

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "kl_div",
    "multilabel_soft_margin_loss", "nll_loss", "soft_margin_loss",
]  # fmt: skip


# ---- one class of several


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
    kind = chosen(reduction, size_average, reduce)
    x, y = as_tensor(input), _roomy(as_tensor(target))
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if x.ndim == 0:
        raise ShapeError("cross_entropy got an input without an axis of classes. Reshape it.")
    axis = 0 if x.ndim == 1 else 1
    logs = smooth.log_softmax(x, axis)
    if x.shape == y.shape:
        return _of_probabilities(logs, y, weight, kind, label_smoothing, axis)
    if label_smoothing == 0:
        return _of_classes(logs, y, weight, ignore_index, kind)
    return _smoothed(logs, y, weight, ignore_index, kind, label_smoothing, axis)


def _of_probabilities(
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
        products = products * _along(weight, logs, axis)
    losses = -sum(products, axis)
    if kind != "mean":
        return reduced(losses, kind)
    return sum(losses) / max(1, logs.size // logs.shape[axis])


def _smoothed(
    logs: Tensor, y: Tensor, weight: Any, ignored: int, kind: str, smoothing: float, axis: int
) -> Tensor:
    exact = _of_classes(logs, y, weight, ignored, "none")
    products = logs if weight is None else logs * _along(weight, logs, axis)
    shared = where(equal(y, ignored), 0, -sum(products, axis)) / logs.shape[axis]
    losses = (1 - smoothing) * exact + smoothing * shared
    if kind != "mean":
        return reduced(losses, kind)
    return sum(losses) / sum(_weights_of(logs, y, weight, ignored))


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
    kind = chosen(reduction, size_average, reduce)
    return _of_classes(as_tensor(input), _roomy(as_tensor(target)), weight, ignore_index, kind)


def _roomy(target: Tensor) -> Tensor:
    """Return classes in a dtype that holds negative and large numbers beside them."""
    if target.dtype.kind == "u" or (target.dtype.kind == "i" and target.dtype.itemsize < 4):
        return astype(target, np.int64)
    return target


def _of_classes(logs: Tensor, y: Tensor, weight: Any, ignored: int, kind: str) -> Tensor:
    if y.dtype.kind not in "iu":
        raise DtypeError(
            f"expected scalar type Long for the target, but found {y.dtype}. Give one class each "
            "as an integer, or probabilities of the input's shape."
        )
    axis = 0 if logs.ndim == 1 else 1
    if y.shape != (*logs.shape[:axis], *logs.shape[axis + 1 :]):
        raise ShapeError(
            f"Expected input batch_size to match target batch_size: the input has shape "
            f"{logs.shape} and the target {y.shape}; the target wants that of the input without "
            "the axis of classes."
        )
    if _all_count(y, ignored, logs.shape[axis]) and weight is None:
        return reduced(-squeeze(take_along_axis(logs, expand_dims(y, axis), axis), axis), kind)
    weights = _weights_of(logs, y, weight, ignored)
    places = expand_dims(_places(y, ignored, logs.shape[axis]), axis)
    chosen_logs = squeeze(take_along_axis(logs, places, axis), axis)
    # An ignored target has loss 0 whatever the logarithm is, NaN and infinity too.
    losses = where(equal(y, ignored), 0, -chosen_logs * weights)
    if kind != "mean":
        return reduced(losses, kind)
    return sum(losses) / sum(weights)


def _all_count(y: Tensor, ignored: int, classes: int) -> bool:
    """Tell whether no target is ignored, as far as is known; refuse those that are no class."""
    if y.is_symbolic:
        return False
    values = y.numpy()
    if not values.size or (values.min() >= 0 and values.max() < classes):
        return not 0 <= ignored < classes or bool((values != ignored).all())
    wrong = values[((values < 0) | (values >= classes)) & (values != ignored)]
    if wrong.size:
        raise IndexOutOfRange(
            f"Target {wrong[0]} is out of bounds: the input has scores of {classes} classes, whose "
            f"targets are 0 to {classes - 1}. Count the classes from 0, or give more scores."
        )
    return False


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


def _along(weight: Any, logs: Tensor, axis: int) -> Tensor:
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
        losses = exp(y) * (y - x)
    else:
        below = less(y, 0)
        # Of no probability there is no divergence, and no derivative either.
        losses = where(below, sqrt(where(below, y, 1.0)), -entr(y)) - y * x
    if reduction == "batchmean" and size_average is None and reduce is None:
        return sum(losses) / (x.shape[0] if x.ndim else 1)
    return reduced(losses, chosen(reduction, size_average, reduce))


# ---- two classes


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
    kind = chosen(reduction, size_average, reduce)
    p, y = as_tensor(input), as_tensor(target)
    _require_equal_shapes("binary_cross_entropy", p, y)
    if not p.is_symbolic and not all_of(greater_equal(p, 0) & less_equal(p, 1)):
        raise ArgumentError(
            "all elements of input should be between 0 and 1. Apply sigmoid first, or use "
            "binary_cross_entropy_with_logits."
        )
    fixed = stop_gradient(p)
    certain = less(fixed * (1 - fixed), _LEAST_VARIANCE)
    inside = where(certain, fixed, p)
    losses = -(y * _limited_log(inside) + (1 - y) * _limited_log(1 - inside))
    # This is 0, and has the derivative that is bounded.
    losses = losses + where(certain, (p - fixed) * (fixed - y) / _LEAST_VARIANCE, 0.0)
    return reduced(losses if weight is None else losses * weight, kind)


# PyTorch's bound of what the derivative of the cross entropy is divided by.
_LEAST_VARIANCE = 1e-12


def _limited_log(p: Tensor) -> Tensor:
    # e⁻¹⁰⁰; the logarithm of what is not chosen must not be infinite, its derivative would be NaN.
    tiny = less(p, 3.720075976020836e-44)
    return where(tiny, -100.0, log(where(tiny, 1.0, p)))


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
    kind = chosen(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    _require_equal_shapes("binary_cross_entropy_with_logits", x, y)
    if pos_weight is None:
        losses = sigmoid_binary_cross_entropy(x, y)
    else:
        losses = (1 - y) * x + ((as_tensor(pos_weight) - 1) * y + 1) * smooth.softplus(-x)
    return reduced(losses if weight is None else losses * weight, kind)


def _require_equal_shapes(name: str, x: Tensor, y: Tensor) -> None:
    if x.shape != y.shape:
        raise ShapeError(
            f"{name}: Target size ({y.shape}) must be the same as input size ({x.shape}). Reshape "
            "one of them."
        )


def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Logistic loss of targets -1 and 1: ln(1 + e^(-yx))."""
    losses = smooth.softplus(-as_tensor(target) * as_tensor(input))
    return reduced(losses, chosen(reduction, size_average, reduce))


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
    losses = sigmoid_binary_cross_entropy(input, target)
    if weight is not None:
        losses = losses * weight
    return reduced(mean(losses, -1), chosen(reduction, size_average, reduce))
