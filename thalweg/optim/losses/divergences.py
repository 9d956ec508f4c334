"""Divergences of predicted distributions from true ones."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.reduce.sums import sum
from thalweg.optim.deprecations import deprecated
from thalweg.optim.losses.loss import loss

__all__ = [
    "convex_kl_divergence",
    "generalized_kl_divergence",
    "kl_divergence",
    "kl_divergence_with_log_targets",
]


def _relative(targets: Tensor, log_predictions: Any) -> Tensor:
    """Return q (ln q - ln p), with 0 ln 0 = 0."""
    nothing = equal(targets, 0)
    logarithm = where(nothing, 0.0, log(where(nothing, 1.0, targets)))
    return targets * (logarithm - as_floating(log_predictions, None))


@loss
def kl_divergence(log_predictions: Any, targets: Any, axis: Any = -1, where: Any = None) -> Tensor:
    """Kullback-Leibler divergence: Σ q (ln q - ln p), with 0 ln 0 = 0.

    Args:
        log_predictions: ln p, of shape (…, dimension).
        targets: q, probabilities of the same shape.
        axis: The axis of the distributions, several, or None for all.
        where: A mask, broadcast, of the elements that take part.

    Source:
        Kullback & Leibler, "On Information and Sufficiency", 1951.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.kl_divergence(tw.log(tw.Tensor([0.5, 0.5])), tw.Tensor([0.0, 1.0]))
        tensor(0.6931)
    """
    return sum(_relative(as_floating(targets, None), log_predictions), axis, where=where)


@loss
def kl_divergence_with_log_targets(
    log_predictions: Any, log_targets: Any, axis: Any = -1, where: Any = None
) -> Tensor:
    """Kullback-Leibler divergence of logarithms: Σ q (ln q - ln p).

    Args:
        log_predictions: ln p, of shape (…, dimension).
        log_targets: ln q, finite, of the same shape.
        axis: The axis of the distributions, several, or None for all.
        where: A mask, broadcast, of the elements that take part.

    Source:
        Kullback & Leibler, "On Information and Sufficiency", 1951.

    Example:
        >>> import thalweg as tw
        >>> p, q = tw.Tensor([0.5, 0.5]), tw.Tensor([0.25, 0.75])
        >>> tw.losses.kl_divergence_with_log_targets(tw.log(p), tw.log(q))
        tensor(0.1308)
    """
    log_q = as_floating(log_targets, None)
    return sum(exp(log_q) * (log_q - as_floating(log_predictions, None)), axis, where=where)


@loss
def generalized_kl_divergence(
    log_predictions: Any, targets: Any, axis: Any = -1, where: Any = None
) -> Any:
    """Kullback-Leibler divergence of measures: Σ q (ln q - ln p) + Σ (p - q).

    Args:
        log_predictions: ln p, of shape (…, dimension); p need not sum to 1.
        targets: q, non-negative, of the same shape.
        axis: The axis of the measures, several, or None for all.
        where: A mask, broadcast, of the elements that take part.

    Source:
        Boyd & Vandenberghe, "Convex Optimization", 2004, equation 3.17.

    Example:
        >>> import thalweg as tw
        >>> tw.losses.generalized_kl_divergence(tw.zeros(2), tw.Tensor([0.0, 1.0]))
        tensor(1.)
    """
    divergence = kl_divergence(log_predictions, targets, axis, where)
    p, q = exp(as_floating(log_predictions, None)), as_floating(targets, None)
    return divergence + sum(p - q, axis, where=where)


@deprecated("generalized_kl_divergence")
@loss
def convex_kl_divergence(
    log_predictions: Any, targets: Any, axis: Any = -1, where: Any = None
) -> Any:
    """Return `generalized_kl_divergence`, its new name.

    Args:
        log_predictions: ln p, of shape (…, dimension).
        targets: q, non-negative, of the same shape.
        axis: The axis of the measures, several, or None for all.
        where: A mask, broadcast, of the elements that take part.
    """
    return generalized_kl_divergence(log_predictions, targets, axis, where)
