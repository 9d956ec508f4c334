"""Losses made of a function of scores that is largest somewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from thalweg.autodiff.batching import vmap
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.elementwise.arithmetic import multiply
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.ops.numpy.libraries import of_users
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import reshape

__all__ = ["make_fenchel_young_loss"]


class MaxFun(Protocol):
    """A function of scores, and of what else it is given, that returns a number."""

    def __call__(self, scores: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the number."""
        ...


def make_fenchel_young_loss(max_fun: MaxFun) -> Callable[..., Any]:
    """Return the Fenchel-Young loss of a maximum: (scores, targets) -> f(s) - Σ y s.

    Its derivative with respect to the scores is that of f, less the targets: with logsumexp it is
    the cross-entropy with the softmax.

    Args:
        max_fun: f, a function of the scores of one example, of shape (n,), that returns a number;
            most often max over μ of Σ s μ - Ω(μ). It gets the further arguments of the loss.

    Returns:
        A function of scores and targets of shape (…, n), whose result has shape (…).

    Source:
        Blondel, Martins & Niculae, "Learning with Fenchel-Young Losses", 2020, equation 10.
        arXiv:1901.02324

    Example:
        >>> import thalweg as tw
        >>> loss = tw.losses.make_fenchel_young_loss(tw.logsumexp)
        >>> loss(tw.zeros(4), tw.Tensor([0.0, 1.0, 0.0, 0.0]))
        tensor(1.3863)
    """
    function = of_users(max_fun)

    @on_tensors
    def fenchel_young_loss(scores: Any, targets: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Return f(s) - Σ y s for each example.

        Raises:
            ShapeError: If the scores have no axis.
        """
        s = as_floating(scores, None)
        if not s.ndim:
            raise ShapeError(
                "A Fenchel-Young loss got scores without an axis; it wants shape (…, n), the "
                "scores of each example along the last axis."
            )
        rows = reshape(s, (-1, s.shape[-1])) if s.ndim != 1 else s

        def largest(row: Any) -> Any:
            return function(row, *args, **kwargs)

        found = as_tensor(largest(rows) if s.ndim == 1 else vmap(largest)(rows))
        return reshape(found, tuple(s.shape[:-1])) - sum(multiply(targets, s), -1)

    return fenchel_young_loss
