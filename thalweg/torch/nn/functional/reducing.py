"""How the losses of all elements become one number: PyTorch's `reduction`, the old form too."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.comparison import less, where
from thalweg.ops.reduce.sums import mean, sum
from thalweg.ops.shape.broadcast import broadcast_to


def chosen(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """Return the reduction that is meant, where the arguments of old say something too.

    Raises:
        ArgumentError: If it is none of "none", "mean", "sum".
    """
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(
            f"{reduction} is not a valid value for reduction. Give 'none', 'mean' or 'sum'."
        )
    return reduction


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return the losses, their mean or their sum."""
    if reduction == "none":
        return losses
    return mean(losses) if reduction == "mean" else sum(losses)


def weighted(losses: Tensor, weight: Any, reduction: str) -> Tensor:
    """Reduce losses times weights; a mean is divided by the sum of the weights."""
    if weight is None:
        return reduced(losses, reduction)
    factors = as_tensor(weight)
    if factors.shape != losses.shape:
        raise ShapeError(
            f"Inputs and weight must have the same size, and {losses.shape} and {factors.shape} "
            "were given. Broadcast the weight."
        )
    products = losses * factors
    if reduction == "mean":
        return sum(products) / sum(factors)
    return reduced(products, reduction)


def pair(input: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Return prediction and target as tensors of one shape.

    Raises:
        ShapeError: If they do not broadcast.
    """
    x, y = as_tensor(input), as_tensor(target)
    if x.shape == y.shape:
        return x, y
    total = (x + y).shape
    return broadcast_to(x, total), broadcast_to(y, total)


def not_below(x: Tensor, least: float) -> Tensor:
    """Return the larger of x and a number; at the number the derivative is that of x."""
    return where(less(x, least), least, x)
