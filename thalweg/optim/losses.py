"""Losses of each prediction, without reduction: Optax's names and argument order."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import operation
from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.arithmetic import absolute, multiply, square
from thalweg.ops.elementwise.comparison import greater, maximum, where
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.elementwise.exponential import exp, log, logaddexp
from thalweg.ops.elementwise.rounding import clip
from thalweg.ops.index.take import as_indices, take_along_axis
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.reshape import expand_dims, squeeze
from thalweg.ops.special.activations import log_softmax, shifted_logits, softplus

__all__ = [
    "absolute_error",
    "hinge_loss",
    "huber_loss",
    "l2_loss",
    "log_cosh",
    "poisson_nll",
    "quantile_loss",
    "sigmoid_binary_cross_entropy",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
    "squared_error",
]


# ---- regression


def _errors(predictions: Any, targets: Any) -> Tensor:
    # Differences of unsigned integers would wrap, and those of Booleans have no meaning.
    tensor = as_floating(predictions, None)
    return tensor if targets is None else tensor - targets


@operation
def squared_error(predictions: Any, targets: Any = None) -> Tensor:
    """Squared error: (ŷ - y)², without the factor ½ of `l2_loss`.

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.squared_error(tw.Tensor([1.0, 2.0]), tw.Tensor([1.0, 4.0]))
        tensor([0., 4.])
    """
    return square(_errors(predictions, targets))


@operation
def l2_loss(predictions: Any, targets: Any = None) -> Tensor:
    """Half the squared error: ½ (ŷ - y)²."""
    return 0.5 * square(_errors(predictions, targets))


@operation
def absolute_error(predictions: Any, targets: Any = None) -> Tensor:
    """Absolute error: |ŷ - y|; its derivative at 0 is 0."""
    return absolute(_errors(predictions, targets))


@operation
def huber_loss(predictions: Any, targets: Any = None, delta: Any = 1.0) -> Tensor:
    """Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ), with e = ŷ - y.

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.
        delta: Where the loss turns from square to linear, in units of the error; positive.

    Raises:
        ArgumentError: If `delta` is not positive.

    Source:
        Huber, "Robust Estimation of a Location Parameter", 1964.
    """
    if isinstance(delta, (int, float)) and not delta > 0:
        raise ArgumentError(
            f"huber_loss got delta {delta}; it must be positive. Give the size of error from "
            "which on the loss is to be linear."
        )
    errors = _errors(predictions, targets)
    # Written so that the second derivative at 0 is 1, which |e| would lose.
    limited = clip(errors, -as_tensor(delta), delta)
    return limited * (errors - 0.5 * limited)


@operation
def log_cosh(predictions: Any, targets: Any = None) -> Tensor:
    """Logarithm of the hyperbolic cosine of the error: ln cosh(ŷ - y)."""
    errors = _errors(predictions, targets)
    return logaddexp(errors, -errors) - math.log(2.0)


@operation
def quantile_loss(predictions: Any, targets: Any = None, q: Any = 0.5) -> Tensor:
    """Pinball loss, least in the mean at the q-quantile: q e, or (q - 1) e where e = y - ŷ < 0.

    Args:
        predictions: ŷ, of any shape.
        targets: y, of a shape that broadcasts; by default 0.
        q: The quantile, between 0 and 1; 0.5 gives half the absolute error.

    Raises:
        ArgumentError: If `q` is outside 0 … 1.

    Source:
        Koenker & Bassett, "Regression Quantiles", 1978.
    """
    if isinstance(q, (int, float)) and not 0 <= q <= 1:
        raise ArgumentError(f"quantile_loss got q {q}; it must lie between 0 and 1.")
    errors = -_errors(predictions, targets)
    return maximum(q * errors, (q - 1) * errors)


@operation
def poisson_nll(predictions: Any, targets: Any) -> Tensor:
    """Negative log-likelihood of Poisson counts: e^ŷ - y ŷ, without the constant ln y!.

    Args:
        predictions: ŷ, the logarithm of the rate.
        targets: y, the counts.
    """
    tensor = as_floating(predictions, None)
    return exp(tensor) - multiply(targets, tensor)


# ---- classification


@operation
def sigmoid_binary_cross_entropy(logits: Any, labels: Any) -> Tensor:
    """Logistic loss: -y ln σ(x) - (1 - y) ln(1 - σ(x)), exact in both tails.

    Args:
        logits: x, the log-odds.
        labels: y, 0 or 1 or a probability between them.
    """
    x, y = as_floating(logits, None), as_tensor(labels)
    if y.dtype.kind != "f":
        y = astype(y, x.dtype if x.dtype.kind == "f" else FLOAT64)
    # One softplus, on the side of the nearer label; for labels 0 and 1 the rest is exactly 0.
    nearer = greater(y, 0.5)
    return softplus(where(nearer, -x, x)) + (astype(nearer, y.dtype) - y) * x


@operation
def hinge_loss(predictor_outputs: Any, targets: Any) -> Tensor:
    """Hinge loss: max(0, 1 - y f).

    Args:
        predictor_outputs: f, of any sign and size.
        targets: y, -1 or 1.
    """
    margins = multiply(as_floating(predictor_outputs, None), targets)
    return maximum(0, 1 - margins)


@operation
def softmax_cross_entropy(logits: Any, labels: Any, axis: Any = -1) -> Tensor:
    """Cross-entropy with the softmax: -Σ y ln softmax(x) over the axis.

    Args:
        logits: x, of shape (…, classes).
        labels: y, probabilities of the classes, of the same shape.
        axis: The axis of the classes.
    """
    return -sum(multiply(labels, log_softmax(as_floating(logits, None), axis)), axis)


@operation
def softmax_cross_entropy_with_integer_labels(logits: Any, labels: Any, axis: int = -1) -> Tensor:
    """Cross-entropy with the softmax for one class each: ln Σ eˣ - x[y].

    Args:
        logits: x, of shape (…, classes).
        labels: y, integers of shape (…), each a class.
        axis: The axis of the classes.

    Raises:
        DtypeError: If the labels are not integers.
        IndexOutOfRange: If a label is no class.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.softmax_cross_entropy_with_integer_labels(tw.zeros((2, 4)), tw.Tensor([0, 3]))
        tensor([1.3863, 1.3863])
    """
    place = normalize_axis("softmax_cross_entropy", axis, as_tensor(logits).ndim)
    shifted = shifted_logits(logits, place)
    positions = expand_dims(as_indices(labels), place)
    chosen = squeeze(take_along_axis(shifted, positions, place), place)
    return log(sum(exp(shifted), place)) - chosen
