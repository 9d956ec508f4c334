"""Labels that are less sure than they were given."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axes
from thalweg.optim.losses.loss import loss

__all__ = ["smooth_labels"]


@loss
def smooth_labels(labels: Any, alpha: Any, *, axis: Any = -1, where: Any = None) -> Tensor:
    """Labels moved towards equal probabilities: (1 - α) y + α / K.

    Args:
        labels: y, probabilities of the classes, of shape (…, classes).
        alpha: α, in [0, 1].
        axis: The axis of the classes, several, or None for all; K is how many there are.
        where: A mask of the classes, which are then the only ones counted.

    Source:
        Müller, Kornblith & Hinton, "When Does Label Smoothing Help?", 2019. arXiv:1906.02629

    Example:
        >>> import thalweg as tw
        >>> tw.losses.smooth_labels(tw.Tensor([0.0, 1.0]), 0.1)
        tensor([0.0500, 0.9500])
    """
    y, shares = as_floating(labels, None), as_tensor(alpha)
    count: Any = 1
    if where is None:
        for place in normalize_axes("smooth_labels", axis, y.ndim):
            count *= y.shape[place]
    else:
        count = sum(astype(as_tensor(where) != 0, y.dtype), axis, keepdims=True)
    smoothed: Tensor = (1.0 - shares) * y + shares / count
    return smoothed
