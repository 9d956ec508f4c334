"""Losses of labels that are one of several classes, or probabilities of them."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.arithmetic import multiply, square
from thalweg.ops.elementwise.comparison import equal, logical_and, logical_not, where
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.index.take import as_indices, one_hot, take_along_axis
from thalweg.ops.reduce.extremes import max
from thalweg.ops.reduce.sums import any, finite, sum
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.reshape import expand_dims, reshape, squeeze
from thalweg.ops.shape.transpose import transpose
from thalweg.ops.special.activations import log_softmax, shifted_logits
from thalweg.optim.losses.loss import loss
from thalweg.optim.projections import onto_simplex

__all__ = [
    "multiclass_hinge_loss",
    "multiclass_perceptron_loss",
    "multiclass_sparsemax_loss",
    "poly_loss_cross_entropy",
    "safe_softmax_cross_entropy",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
]


# ---- the softmax over those classes that a mask admits


def log_softmax_where(x: Tensor, axis: Any, mask: Any) -> Tensor:
    """Return the logarithm of the softmax of the classes in a mask, and 0 for the others."""
    if mask is None:
        return log_softmax(x, axis)
    shifted = _shifted(x, axis, mask)
    return where(mask, shifted - _log_total(shifted, axis, mask), 0.0)


def _shifted(x: Tensor, axis: Any, mask: Any) -> Tensor:
    """Return x minus its largest admitted element, a constant to derivatives."""
    if mask is None:
        return shifted_logits(x, axis)
    largest = max(x, axis, keepdims=True, initial=-math.inf, where=mask)
    return x - stop_gradient(finite(largest))


def _log_total(shifted: Tensor, axis: Any, mask: Any) -> Tensor:
    """Return ln Σ eˣ of what is admitted, and 0 where nothing is."""
    if mask is None:
        return log(sum(exp(shifted), axis, keepdims=True))
    # What is left out might be large: it is left out before its exponential is taken.
    admitted = exp(where(mask, shifted, -math.inf))
    nothing = logical_not(any(mask, axis, keepdims=True))
    return log(sum(admitted, axis, keepdims=True) + astype(nothing, shifted.dtype))


def _mask_of(given: Any, x: Tensor, axis: Any) -> Any:
    """Return a mask of a class, or of an example, each: None if there is none."""
    if given is None:
        return None
    mask = as_tensor(given) != 0
    return mask if mask.ndim == x.ndim else expand_dims(mask, axis)


# ---- labels that are probabilities


@loss
def softmax_cross_entropy(logits: Any, labels: Any, axis: Any = -1, where: Any = None) -> Tensor:
    """Cross-entropy with the softmax: -Σ y ln softmax(x) over the axis.

    Args:
        logits: x, of shape (…, classes).
        labels: y, probabilities of the classes, of the same shape.
        axis: The axis of the classes, several, or None for all.
        where: A mask of the classes, or without their axis of the examples, that take part;
            without any the loss is 0.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.softmax_cross_entropy(tw.zeros((1, 4)), tw.Tensor([[0.0, 1.0, 0.0, 0.0]]))
        tensor([1.3863])
    """
    x = as_floating(logits, None)
    mask = _mask_of(where, x, axis)
    return -sum(multiply(labels, log_softmax_where(x, axis, mask)), axis, where=mask)


@loss
def safe_softmax_cross_entropy(logits: Any, labels: Any) -> Tensor:
    """Cross-entropy with the softmax, where 0 ln 0 is 0: -Σ y ln softmax(x) over the last axis.

    A class that has logit -∞ and label 0 counts nothing, instead of making the loss NaN.

    Args:
        logits: x, of shape (…, classes); -∞ for a class that cannot be.
        labels: y, probabilities of the classes, of the same shape.

    Example:
        >>> import thalweg as tw
        >>> logits = tw.Tensor([0.0, 0.0, -float("inf")])
        >>> tw.losses.safe_softmax_cross_entropy(logits, tw.Tensor([0.0, 1.0, 0.0]))
        tensor(0.6931)
    """
    logarithms, y = log_softmax(as_floating(logits, None), -1), as_tensor(labels)
    impossible = logical_and(equal(y, 0), equal(logarithms, -math.inf))
    return -sum(y * where(impossible, 0.0, logarithms), -1)


@loss
def poly_loss_cross_entropy(
    logits: Any, labels: Any, *, epsilon: Any = 2.0, axis: Any = -1, where: Any = None
) -> Tensor:
    """Cross-entropy with the softmax, and its first power: -Σ y ln p + ε Σ y (1 - p).

    Args:
        logits: x, of shape (…, classes), of which p is the softmax.
        labels: y, probabilities of the classes, of the same shape.
        epsilon: ε, the weight of the first power, in (-1, ∞).
        axis: The axis of the classes, several, or None for all.
        where: A mask of the classes that take part.

    Source:
        Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss
        Functions", 2022, equation 5. arXiv:2204.12511

    Example:
        >>> import thalweg as tw
        >>> tw.losses.poly_loss_cross_entropy(tw.zeros((1, 2)), tw.Tensor([[0.0, 1.0]]))
        tensor([1.6931])
    """
    x, y = as_floating(logits, None), as_tensor(labels)
    mask = _mask_of(where, x, axis)
    logarithms = log_softmax_where(x, axis, mask)
    return sum(y * (epsilon * (1.0 - exp(logarithms)) - logarithms), axis, where=mask)


# ---- labels that are classes


@loss
def softmax_cross_entropy_with_integer_labels(
    logits: Any, labels: Any, axis: Any = -1, where: Any = None
) -> Tensor:
    """Cross-entropy with the softmax for one class each: ln Σ eˣ - x[y].

    Args:
        logits: x, of shape (…, classes).
        labels: y, integers of shape (…), each a class.
        axis: The axis of the classes; or several, of which all elements are classes, counted so
            that the last axis changes fastest.
        where: A mask of the classes, or without their axis of the examples, that take part;
            without any the loss is 0.

    Raises:
        DtypeError: If the labels are not integers.
        IndexOutOfRange: If a label is no class.
        ArgumentError: If the axis is no integer, nor a tuple of them.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.softmax_cross_entropy_with_integer_labels(tw.zeros((2, 4)), tw.Tensor([0, 3]))
        tensor([1.3863, 1.3863])
    """
    x, place = as_tensor(logits), axis
    mask = _mask_of(where, x, axis)
    if isinstance(axis, tuple):
        x, place = _last(x, axis), -1
        mask = None if mask is None else _last(mask, axis)
    elif not isinstance(axis, int):
        raise ArgumentError(
            f"softmax_cross_entropy_with_integer_labels got axis {axis!r}; it wants an integer, "
            "or a tuple of integers."
        )
    place = normalize_axis("softmax_cross_entropy", place, x.ndim)
    shifted = _shifted(x, place, mask)
    positions = expand_dims(as_indices(labels), place)
    chosen = squeeze(take_along_axis(shifted, positions, place), place)
    found = squeeze(_log_total(shifted, place, mask), place) - chosen
    return found if mask is None else _none_without(mask, place, found)


def _none_without(mask: Tensor, axis: int, losses: Tensor) -> Tensor:
    return where(any(mask, axis), losses, 0.0)


def _last(x: Tensor, axis: tuple[int, ...]) -> Tensor:
    """Return a tensor with some axes put together, as its last."""
    axes = tuple(normalize_axis("softmax_cross_entropy", place, x.ndim) for place in axis)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    moved = transpose(x, (*rest, *axes))
    return reshape(moved, (*moved.shape[: len(rest)], -1))


@loss
def multiclass_perceptron_loss(scores: Any, labels: Any) -> Tensor:
    """Loss of the perceptron of several classes: max s - s[y].

    Args:
        scores: s, of shape (…, classes).
        labels: y, integers of shape (…); for one that is no class, s[y] is taken as 0.

    Raises:
        DtypeError: If the labels are not integers.

    Source:
        Collins, "Discriminative Training Methods for Hidden Markov Models", 2002.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.multiclass_perceptron_loss(tw.Tensor([[1.0, 3.0]]), tw.Tensor([0]))
        tensor([2.])
    """
    s = as_floating(scores, None)
    return max(s, -1) - sum(s * one_hot(labels, s.shape[-1], s.dtype), -1)


@loss
def multiclass_hinge_loss(scores: Any, labels: Any) -> Tensor:
    """Hinge loss of several classes: max (s + [not y]) - s[y].

    Args:
        scores: s, of shape (…, classes).
        labels: y, integers of shape (…); for one that is no class, s[y] is taken as 0.

    Raises:
        DtypeError: If the labels are not integers.

    Source:
        Crammer & Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector
        Machines", 2001.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.multiclass_hinge_loss(tw.Tensor([[1.0, 3.0]]), tw.Tensor([0]))
        tensor([3.])
    """
    s = as_floating(scores, None)
    true = one_hot(labels, s.shape[-1], s.dtype)
    return max(s + 1.0 - true, -1) - sum(s * true, -1)


@loss
def multiclass_sparsemax_loss(scores: Any, labels: Any) -> Tensor:
    """Sparsemax loss of several classes: Σ p (s - s[y]) + ½ (1 - Σ p²).

    p is the projection of s onto the probability simplex, the sparsemax.

    Args:
        scores: s, of shape (…, classes).
        labels: y, integers of shape (…), each a class.

    Raises:
        DtypeError: If the labels are not integers.
        IndexOutOfRange: If a label is no class.

    Source:
        Martins & Astudillo, "From Softmax to Sparsemax", 2016, equation 16. arXiv:1602.02068

    Example:
        >>> import thalweg as tw
        >>> tw.losses.multiclass_sparsemax_loss(tw.Tensor([[0.0, 0.5]]), tw.Tensor([0]))
        tensor([0.5625])
    """
    s = as_floating(scores, None)
    p = onto_simplex(s, 1.0)
    true = take_along_axis(s, expand_dims(as_indices(labels), -1), -1)
    # A score of -∞ has no part in the sum.
    gaps = where(p > 0, s - true, 0.0)
    return sum(p * gaps, -1) + 0.5 * (1.0 - sum(square(p), -1))
