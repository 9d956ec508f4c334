"""Losses of numbers predicted, with PyTorch's names and arguments."""

from __future__ import annotations

import math
import warnings
from typing import Any

from thalweg.core.program import level_of_user
from thalweg.core.spec import broadcast
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.elementwise.arithmetic import absolute, square
from thalweg.ops.elementwise.comparison import greater, less, where
from thalweg.ops.elementwise.conversion import stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.reduce.sums import any as any_of
from thalweg.ops.shape.reshape import expand_dims
from thalweg.optim import losses
from thalweg.torch.nn.functional.reducing import chosen, pair, reduced, weighted

__all__ = [
    "gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss",
    "smooth_l1_loss",
]  # fmt: skip


def _alike(name: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Return prediction and target of one shape; warn if they are not: few mean to broadcast."""
    x, y = as_tensor(input), as_tensor(target)
    if x.shape != y.shape:
        broadcast(name, (x.spec, y.spec))
        warnings.warn(
            f"{name} got a target of shape {tuple(y.shape)} that is different to that of the "
            f"input, {tuple(x.shape)}. This will likely lead to incorrect results due to "
            "broadcasting. Please ensure they have the same size.",
            stacklevel=level_of_user(),
        )
    return pair(x, y)


def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """Squared error: (ŷ - y)².

    Args:
        input: ŷ.
        target: y, of the same shape or one that broadcasts.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum", or "none" for one loss an element.
        weight: A factor of each loss; the mean is divided by their sum.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
        tensor(2.)
    """
    x, y = _alike("mse_loss", input, target)
    return weighted(square(x - y), weight, chosen(reduction, size_average, reduce))


def l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """Absolute error: |ŷ - y|; arguments as of `mse_loss`."""
    x, y = _alike("l1_loss", input, target)
    return weighted(absolute(x - y), weight, chosen(reduction, size_average, reduce))


def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return ½ e² / β where |e| < β, else |e| - ½ β, of e = ŷ - y.

    Raises:
        ArgumentError: If β is negative.

    Source:
        Girshick, "Fast R-CNN", 2015. arXiv:1504.08083
    """
    if beta < 0:
        raise ArgumentError(
            f"smooth_l1_loss does not support negative values for beta, and {beta} was given."
        )
    if beta == 0:
        return l1_loss(input, target, size_average, reduce, reduction)
    x, y = _alike("smooth_l1_loss", input, target)
    found = losses.huber_loss(x, y, beta) / beta
    return reduced(found, chosen(reduction, size_average, reduce))


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ), of e = ŷ - y.

    Raises:
        ArgumentError: If δ is not positive.

    Source:
        Huber, "Robust Estimation of a Location Parameter", 1964.
    """
    x, y = _alike("huber_loss", input, target)
    return weighted(losses.huber_loss(x, y, delta), weight, chosen(reduction, None, None))


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of Poisson counts: e^ŷ - y ŷ, or ŷ - y ln(ŷ + ε).

    Args:
        input: ŷ, the logarithm of the rate, or the rate.
        target: y, the counts.
        log_input: Whether ŷ is the logarithm.
        full: Whether Stirling's approximation of ln y! is added, for counts above 1.
        size_average: An older way of choosing the reduction.
        eps: ε, which keeps the logarithm of a rate finite.
        reduce: An older way of choosing the reduction.
        reduction: "mean", "sum" or "none".
    """
    kind = chosen(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    found = exp(x) - y * x if log_input else x - y * log(x + eps)
    if full:
        large = greater(y, 1)
        count = where(large, y, 2)
        stirling = count * log(count) - count + 0.5 * log(2 * math.pi * count)
        found = found + where(large, stirling, 0)
    return reduced(found, kind)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of normal numbers: ½ (ln v + (ŷ - y)² / v), v = max(variance, ε).

    Args:
        input: ŷ, the expected values.
        target: y.
        var: The variances: of the shape of ŷ, where extents may be 1, or without the last axis.
        full: Whether the constant ½ ln 2π is added.
        eps: ε; the derivative of the maximum is taken as 1.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: If a variance is negative.
        ShapeError: If the shape of the variances does not fit.

    Source:
        Nix & Weigend, "Estimating the mean and variance of the target probability distribution",
        1994.
    """
    x, y, variance = as_tensor(input), as_tensor(target), as_tensor(var)
    kind = chosen(reduction, None, None)
    if not variance.is_symbolic and any_of(less(variance, 0)):
        raise ArgumentError("var has negative entry/entries. Give variances, as by exp or square.")
    if variance.shape != x.shape and variance.ndim:
        if x.shape[:-1] == variance.shape:
            variance = expand_dims(variance, -1)
        elif variance.ndim != x.ndim or any(
            n not in (1, extent) for n, extent in zip(variance.shape, x.shape, strict=True)
        ):
            raise ShapeError(
                f"var is of incorrect size: {variance.shape}, for predictions of {x.shape}. "
                "Give one for each, or one for each row."
            )
    raised = eps + (variance - stop_gradient(variance))
    variance = where(less(variance, eps), raised, variance)
    found = 0.5 * (log(variance) + square(x - y) / variance)
    return reduced(found + 0.5 * math.log(2 * math.pi) if full else found, kind)
