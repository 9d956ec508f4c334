"""Losses of labels that are one of two."""

from __future__ import annotations

from typing import Any

from thalweg.core.spec import FLOAT64
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.elementwise.arithmetic import multiply, square
from thalweg.ops.elementwise.comparison import greater, greater_equal, less_equal, maximum, where
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.elementwise.exponential import exp
from thalweg.ops.shape.join import stack
from thalweg.ops.special.activations import log_sigmoid, softplus
from thalweg.ops.special.scipy import logsumexp
from thalweg.optim.losses.loss import loss
from thalweg.optim.losses.regression import refuse_outer

__all__ = [
    "hinge_loss",
    "perceptron_loss",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "sparsemax_loss",
]


@loss
def sigmoid_binary_cross_entropy(logits: Any, labels: Any) -> Tensor:
    """Logistic loss: -y ln σ(x) - (1 - y) ln(1 - σ(x)), exact in both tails.

    Args:
        logits: x, the log-odds.
        labels: y, 0 or 1 or a probability between them.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.sigmoid_binary_cross_entropy(tw.Tensor([0.0, 40.0]), tw.Tensor([1.0, 1.0]))
        tensor([6.9315e-01, 4.2484e-18])
    """
    x, y = as_floating(logits, None), as_tensor(labels)
    if y.dtype.kind != "f":
        y = astype(y, x.dtype if x.dtype.kind == "f" else FLOAT64)
    # One softplus, on the side of the nearer label; for labels 0 and 1 the rest is exactly 0.
    nearer = greater(y, 0.5)
    return softplus(where(nearer, -x, x)) + (astype(nearer, y.dtype) - y) * x


@loss
def hinge_loss(predictor_outputs: Any, targets: Any) -> Tensor:
    """Hinge loss: max(0, 1 - y f).

    Args:
        predictor_outputs: f, of any sign and size.
        targets: y, -1 or 1.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.hinge_loss(tw.Tensor([0.5, 3.0, 2.0]), tw.Tensor([1.0, 1.0, -1.0]))
        tensor([0.5000, 0.0000, 3.0000])
    """
    margins = multiply(as_floating(predictor_outputs, None), targets)
    return maximum(0, 1 - margins)


@loss
def perceptron_loss(predictor_outputs: Any, targets: Any) -> Tensor:
    """Loss of the perceptron: max(0, -y f).

    Args:
        predictor_outputs: f, of any sign and size.
        targets: y, -1 or 1.

    Raises:
        ShapeError: If the shapes fit together in pairs only, as (n,) and (n, 1).

    Source:
        Rosenblatt, "The Perceptron", 1958.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.perceptron_loss(tw.Tensor([0.5, 2.0]), tw.Tensor([1.0, -1.0]))
        tensor([0., 2.])
    """
    refuse_outer("perceptron_loss", predictor_outputs, targets)
    return maximum(0, -multiply(as_floating(predictor_outputs, None), targets))


@loss
def sparsemax_loss(logits: Any, labels: Any) -> Tensor:
    """Sparsemax loss of two classes: 0 where m ≤ -1, m where m ≥ 1, else ¼ (m + 1)².

    m is -x where the label is 1, and x where it is 0.

    Args:
        logits: x, of any sign and size.
        labels: y, 0 or 1.

    Source:
        Blondel, Martins & Niculae, "Learning with Fenchel-Young Losses", 2020, section 4.4.
        arXiv:1901.02324

    Example:
        >>> import thalweg as tw
        >>> tw.losses.sparsemax_loss(tw.Tensor([3.0, 0.0, 3.0]), tw.Tensor([1, 1, 0]))
        tensor([0.0000, 0.2500, 3.0000])
    """
    x = as_floating(logits, None)
    m = where(as_tensor(labels) != 0, -x, x)
    return where(less_equal(m, -1.0), 0.0, where(greater_equal(m, 1.0), m, square(m + 1.0) / 4))


@loss
def sigmoid_focal_loss(logits: Any, labels: Any, *, alpha: Any = None, gamma: Any = 2.0) -> Any:
    """Focal loss: the cross-entropy times (1 - p)^γ, with p the probability of the label.

    1 - p = (1 - y) σ(x) + y σ(-x), whose logarithm is exact in both tails; with α, times
    α y + (1 - α) (1 - y).

    Args:
        logits: x, the log-odds.
        labels: y, 0 or 1 or a probability between them.
        alpha: α, the weight of label 1, in (0, 1); None for no weights.
        gamma: γ, in [0, ∞): the larger, the less count the examples that are well predicted.

    Source:
        Lin et al., "Focal Loss for Dense Object Detection", 2017, equation 5. arXiv:1708.02002

    Example:
        >>> import thalweg as tw
        >>> tw.losses.sigmoid_focal_loss(tw.Tensor([0.0, 4.0]), tw.Tensor([1.0, 1.0]))
        tensor([1.7329e-01, 5.8716e-06])
    """
    x = as_floating(logits, None)
    y = astype(labels, x.dtype)
    terms = stack([log_sigmoid(x), log_sigmoid(-x)], axis=-1)
    log_wrong = logsumexp(terms, axis=-1, b=stack([1.0 - y, y], axis=-1))
    focal = sigmoid_binary_cross_entropy(x, y) * exp(gamma * log_wrong)
    return focal if alpha is None else (alpha * y + (1.0 - alpha) * (1.0 - y)) * focal
