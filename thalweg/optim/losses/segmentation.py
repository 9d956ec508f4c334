"""Losses of pictures whose every point has a class."""

from __future__ import annotations

from typing import Any

from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.elementwise.arithmetic import square
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.exponential import sigmoid
from thalweg.ops.numpy.libraries import values_of
from thalweg.ops.reduce.sums import mean, sum
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.special.activations import softmax
from thalweg.optim.losses.loss import loss
from thalweg.optim.ranges import check_choice

__all__ = ["binary_dice_loss", "dice_loss", "multiclass_generalized_dice_loss"]


@loss
def dice_loss(
    predictions: Any,
    targets: Any,
    *,
    class_weights: Any = None,
    smooth: Any = 1.0,
    alpha: Any = 0.5,
    beta: Any = 0.5,
    apply_softmax: bool = True,
    reduction: str = "mean",
    ignore_background: bool = False,
    axis: Any = None,
) -> Tensor:
    """Dice loss of each class, or Tversky's, then reduced over the classes.

        I = Σ p y        over the axes of the picture
        loss = 1 - (I + s) / (I + α (Σ p - I) + β (Σ y - I) + s)

    Args:
        predictions: Logits of shape (batch, …, classes), of whose softmax p is; of one class the
            sigmoid is taken, and its axis may be left out.
        targets: y, 0 or 1, of the same shape.
        class_weights: A factor for each class; None for 1.
        smooth: s, in [0, ∞): what keeps the quotient defined where a class is nowhere.
        alpha: α, the weight of what is wrongly found, in [0, ∞).
        beta: β, the weight of what is missed, in [0, ∞).
        apply_softmax: Whether predictions are logits; else they are p, which sum to 1.
        reduction: "mean" or "sum" over the classes, or "none".
        ignore_background: Whether the first of several classes is left out.
        axis: The axes of the picture; None for all but the first and the last.

    Raises:
        ShapeError: If the shapes differ.
        ArgumentError: If the predictions are no probabilities, the weights not one for each class,
            or the reduction another.

    Source:
        Milletari, Navab & Ahmadi, "V-Net", 2016. arXiv:1606.04797; Salehi, Erdogmus & Gholipour,
        "Tversky Loss Function for Image Segmentation", 2017. arXiv:1706.05721

    Example:
        >>> import thalweg as tw
        >>> targets = tw.Tensor([[[1.0, 0.0], [0.0, 1.0]]])
        >>> tw.losses.dice_loss(tw.zeros((1, 2, 2)), targets)
        tensor([0.2500])
    """
    check_choice(("mean", "sum", "none"), reduction=reduction)
    x, y = _of_one_shape(as_floating(predictions, None), as_tensor(targets))
    if apply_softmax:
        p = sigmoid(x) if x.shape[-1] == 1 else softmax(x, -1)
    else:
        p = _probabilities(x)
    axes = tuple(range(1, p.ndim - 1)) if axis is None else axis
    both = sum(p * y, axes)
    found, true = sum(p, axes), sum(y, axes)
    wrong = alpha * (found - both) + beta * (true - both)
    losses: Tensor = 1.0 - (both + smooth) / (both + wrong + smooth)
    if class_weights is not None:
        losses = losses * _one_each(as_tensor(class_weights))
    if ignore_background and p.shape[-1] > 1:
        losses = losses[..., 1:]
    if reduction == "none":
        return losses
    return mean(losses, -1) if reduction == "mean" else sum(losses, -1)


def _of_one_shape(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return predictions and targets, the axis of a single class put in where it is left out.

    Raises:
        ShapeError: If they differ still.
    """
    if x.ndim == y.ndim - 1:
        x = expand_dims(x, -1)
    if y.ndim == x.ndim - 1:
        y = expand_dims(y, -1)
    if x.shape != y.shape or not x.ndim:
        raise ShapeError(
            f"dice_loss got predictions of shape {tuple(x.shape)} and targets of shape "
            f"{tuple(y.shape)}; they must be the same, (batch, …, classes)."
        )
    return x, y


def _probabilities(x: Tensor) -> Tensor:
    """Return probabilities as they are; where they have no value yet, they are not looked at.

    Raises:
        ArgumentError: If those of a point do not sum to 1, or the only one is outside 0 … 1.
    """
    sums = values_of(sum(x, -1)) if x.size else None
    if sums is None:
        return x
    total = sums.astype(FLOAT64)
    off = abs(total - 1.0) if x.shape[-1] > 1 else abs(total - 0.5) - 0.5
    # Each of them may be rounded, and their sum.
    if not off.max() <= max(1e-5, x.shape[-1] * float(finfo(x.dtype).eps)):
        raise ArgumentError(
            f"dice_loss with apply_softmax=False got sums of {total.max():.6g} at most and "
            f"{total.min():.6g} at least; predictions must be valid probability "
            "distributions that sum to 1 along the last axis. Leave apply_softmax=True for logits."
        )
    return x


def _one_each(weights: Tensor) -> Tensor:
    if weights.ndim != 1:
        raise ArgumentError(
            f"dice_loss got class_weights of shape {tuple(weights.shape)}; it wants (classes,)."
        )
    return weights


@loss
def multiclass_generalized_dice_loss(
    predictions: Any,
    targets: Any,
    *,
    smooth: Any = 1.0,
    apply_softmax: bool = True,
    ignore_background: bool = False,
) -> Tensor:
    """Mean Dice loss with classes weighted by 1 / (n² + 10⁻⁷), n the points that a class has.

    The weights are scaled to a mean of 1.

    Args:
        predictions: Logits of shape (batch, …, classes).
        targets: y, 0 or 1, of the same shape.
        smooth: As for `dice_loss`, in [0, ∞).
        apply_softmax: Whether predictions are logits; else they are probabilities.
        ignore_background: Whether the first class is left out.

    Raises:
        ShapeError: If the shapes differ.
        ArgumentError: If the predictions are no probabilities.

    Source:
        Sudre et al., "Generalised Dice Overlap as a Deep Learning Loss Function for Highly
        Unbalanced Segmentations", 2017. arXiv:1707.03237

    Example:
        >>> import thalweg as tw
        >>> targets = tw.Tensor([[[1.0, 0.0], [0.0, 1.0]]])
        >>> tw.losses.multiclass_generalized_dice_loss(tw.zeros((1, 2, 2)), targets)
        tensor(0.2500)
    """
    x, y = as_floating(predictions, None), as_floating(targets, None)
    if x.shape != y.shape:
        _of_one_shape(x, y[..., None] if x.ndim == y.ndim + 1 else y[None])
    weights = 1.0 / (square(sum(y, tuple(range(y.ndim - 1)))) + 1e-7)
    weights = weights / sum(weights) * y.shape[-1]
    losses = dice_loss(
        x,
        y,
        class_weights=weights,
        smooth=smooth,
        apply_softmax=apply_softmax,
        reduction="none",
        ignore_background=ignore_background,
    )
    return mean(losses)


@loss
def binary_dice_loss(
    predictions: Any, targets: Any, *, smooth: Any = 1.0, apply_sigmoid: bool = True
) -> Any:
    """Dice loss of one class: 1 - (I + s) / (½ (Σ p + Σ y) + s), with I = Σ p y.

    Args:
        predictions: Logits of shape (batch, …) or (batch, …, 1), of whose sigmoid p is.
        targets: y, 0 or 1, of the same shape.
        smooth: s, in [0, ∞).
        apply_sigmoid: Whether predictions are logits; else they are p.

    Raises:
        ShapeError: If the shapes differ.
        ArgumentError: If the predictions are no probabilities.

    Source:
        Milletari, Navab & Ahmadi, "V-Net", 2016. arXiv:1606.04797

    Example:
        >>> import thalweg as tw
        >>> tw.losses.binary_dice_loss(tw.zeros((1, 2)), tw.Tensor([[1.0, 0.0]]))
        tensor([0.2500])
    """
    x, y = as_floating(predictions, None), as_tensor(targets)
    if x.ndim == y.ndim and x.ndim and x.shape[-1] != 1:
        x, y = expand_dims(x, -1), expand_dims(y, -1)
    return dice_loss(x, y, smooth=smooth, apply_softmax=apply_sigmoid)
