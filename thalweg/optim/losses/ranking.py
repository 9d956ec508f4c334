"""Losses of lists whose order counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.ops.elementwise.comparison import logical_and, logical_not
from thalweg.ops.elementwise.comparison import where as choose
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.elementwise.floats import isnan
from thalweg.ops.numpy.libraries import of_users
from thalweg.ops.reduce.sums import any, mean, sum
from thalweg.optim.losses.classification import log_softmax_where
from thalweg.optim.losses.loss import loss

__all__ = ["ranking_softmax_loss"]


@loss
def ranking_softmax_loss(
    logits: Any,
    labels: Any,
    *,
    where: Any = None,
    weights: Any = None,
    reduce_fn: Callable[..., Any] | None = mean,
) -> Tensor:
    """Cross-entropy of lists, with the softmax over each: -Σ w y ln softmax(x), reduced.

    Args:
        logits: x, of shape (…, items of a list).
        labels: y, how relevant each item is, not negative, of the same shape.
        where: A mask of the items that are there; a list without any counts nothing.
        weights: w, of the same shape; None for 1.
        reduce_fn: What makes one number of the lists' losses, with a keyword `where` for the
            mask of lists that have items; None for all of them, with 0 where a list has none.

    Source:
        Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", 2007.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.ranking_softmax_loss(tw.zeros((1, 2)), tw.Tensor([[0.0, 1.0]]))
        tensor(0.6931)
    """
    x = as_floating(logits, None)
    y = astype(labels, x.dtype)
    mask = None if where is None else as_tensor(where) != 0
    if weights is not None:
        y = y * weights
    losses = -sum(y * log_softmax_where(x, -1, mask), -1, where=mask)
    lists = None if mask is None else any(mask, -1)
    if reduce_fn is None:
        return losses if lists is None else choose(lists, losses, 0.0)
    found = as_tensor(of_users(reduce_fn)(losses, where=lists))
    if reduce_fn is not mean:
        return found
    # The mean of no lists at all is 0; a NaN that was there stays.
    return choose(logical_and(isnan(found), logical_not(any(isnan(losses)))), 0.0, found)
