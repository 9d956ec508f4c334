"""Losses of numbers, and what all losses are made of: PyTorch's reductions and distances."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from thalweg.core.spec import broadcast
from thalweg.core.tensor import Tensor
from thalweg.core.writing import overwrite
from thalweg.engines.composed import composed
from thalweg.errors import ArgumentError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.elementwise.arithmetic import absolute, square
from thalweg.ops.elementwise.comparison import greater, less, where
from thalweg.ops.elementwise.conversion import as_floating, stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.linalg.norms import norm_of_vectors
from thalweg.ops.reduce.sums import any as any_of
from thalweg.ops.reduce.sums import mean, sum
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import expand_dims
from thalweg.optim import losses
from thalweg.torch.functions.short.road import axis_in, known, new, require, tries
from thalweg.torch.naming import as_tensor
from thalweg.torch.steps import call_step, step

__all__ = [
    "cosine_similarity", "gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "normalize",
    "pairwise_distance", "poisson_nll_loss", "smooth_l1_loss",
]  # fmt: skip


def reduction_of(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
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


def aggregate(losses: Tensor, reduction: str, weights: Tensor | None = None) -> Tensor:
    """Return the losses, their mean or their sum; a mean may be divided by the sum of weights."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return sum(losses)
    if weights is not None:
        return sum(losses) / sum(weights)
    found = mean(losses)
    call_step(found, (losses,), "MeanBackward0")
    return found


def weigh(losses: Tensor, weight: Any, reduction: str) -> Tensor:
    """Reduce losses times weights; a mean is divided by the sum of the weights."""
    if weight is None:
        return aggregate(losses, reduction)
    factors = as_tensor(weight)
    if factors.shape != losses.shape:
        raise ShapeError(
            f"Inputs and weight must have the same size, and {losses.shape} and {factors.shape} "
            "were given. Broadcast the weight."
        )
    return aggregate(losses * factors, reduction, factors)


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


def at_least(x: Tensor, least: float) -> Tensor:
    """Return the larger of x and a number; at the number the derivative is that of x."""
    return where(less(x, least), least, x)


def _normalize_along(input: Any, p: Any = 2.0, dim: Any = 1, eps: Any = 1e-12) -> Tensor:
    """Return `normalize` along another axis than the last, which it is made for that."""
    array = known(input)
    axis = axis_in(dim, array.ndim)
    require(axis < array.ndim - 1 and array.size > 0 and array.dtype.char in "fd")
    require(p.__class__ in (int, float))
    rows = new(np.ascontiguousarray(np.moveaxis(array, axis, -1)))
    found = composed(_normalize, rows, axes=array.ndim - 1, p=p, dim=-1, eps=eps).array
    return new(np.ascontiguousarray(np.moveaxis(found, -1, axis)))


@tries(_normalize_along)
def normalize(
    input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """Divide vectors by their length, or by ε where that is larger: x / max(‖x‖ₚ, ε).

    Args:
        input: A tensor.
        p: The order of the norm.
        dim: The axis, or the axes, along which the vectors lie.
        eps: ε.
        out: What to write the result into.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch.nn import functional as F
        >>> F.normalize(torch.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    x = as_tensor(input)
    if x.ndim and dim in (-1, x.ndim - 1) and type(p) in (int, float):
        found = composed(_normalize, x, axes=x.ndim - 1, p=p, dim=-1, eps=eps)
    else:
        found = _normalize(x, p, dim, eps)
    return found if out is None else overwrite(out, found)


def _normalize(x: Tensor, p: float, dim: Any, eps: float) -> Tensor:
    length = norm_of_vectors(x, p, dim, True) if x.ndim else absolute(x)
    return x / at_least(length, eps)


@step("Sum1")
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors: Σ x₁x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε))."""
    first, second = pair(x1, x2)
    if first.ndim and first.shape == second.shape and dim in (-1, first.ndim - 1):
        return composed(_cosine, first, second, axes=first.ndim - 1, dim=-1, eps=eps)
    return _cosine(first, second, dim, eps)


def _cosine(first: Tensor, second: Tensor, dim: int, eps: float) -> Tensor:
    product = _normalize(first, 2, dim, eps) * _normalize(second, 2, dim, eps)
    return sum(product, dim) if product.ndim else product


@step("Norm1")
def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """Distance of vectors along the last axis: ‖x₁ - x₂ + ε‖ₚ."""
    x, y = as_floating(as_tensor(x1), None), as_floating(as_tensor(x2), None)
    options = {"p": float(p), "eps": float(eps), "keepdim": bool(keepdim)}
    if x.ndim and x.array.shape == y.array.shape:
        return composed(_distance, x, y, axes=x.ndim - 1, **options)
    return _distance(x, y, **options)  # type: ignore[arg-type]


def _distance(x: Tensor, y: Tensor, p: float, eps: float, keepdim: bool) -> Tensor:
    return norm_of_vectors(x - y + eps, p, -1, keepdim)


def _match_shapes(name: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
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


@step("MseLoss")
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
    x, y = _match_shapes("mse_loss", input, target)
    return weigh(square(x - y), weight, reduction_of(reduction, size_average, reduce))


def l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """Absolute error: |ŷ - y|; arguments as of `mse_loss`."""
    x, y = _match_shapes("l1_loss", input, target)
    return weigh(absolute(x - y), weight, reduction_of(reduction, size_average, reduce))


@step("SmoothL1Loss")
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
    x, y = _match_shapes("smooth_l1_loss", input, target)
    found = composed(_smooth_l1, x, y, beta=beta)
    return aggregate(found, reduction_of(reduction, size_average, reduce))


def _smooth_l1(x: Tensor, y: Tensor, beta: float) -> Tensor:
    found: Tensor = losses.huber_loss(x, y, delta=beta) / beta
    return found


@step("HuberLoss")
def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Huber's loss: ½ e² where |e| ≤ δ, else δ (|e| - ½ δ), of e = ŷ - y.

    Raises:
        ArgumentError: If δ is not positive.

    Source:
        Huber, "Robust Estimation of a Location Parameter", 1964.
    """
    x, y = _match_shapes("huber_loss", input, target)
    return weigh(
        composed(losses.huber_loss, x, y, delta=delta), weight, reduction_of(reduction, None, None)
    )


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
    kind = reduction_of(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    found = exp(x) - y * x if log_input else x - y * log(x + eps)
    if full:
        large = greater(y, 1)
        count = where(large, y, 2)
        stirling = count * log(count) - count + 0.5 * log(2 * math.pi * count)
        found = found + where(large, stirling, 0)
    return aggregate(found, kind)


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
    kind = reduction_of(reduction, None, None)
    if not variance.is_symbolic and _has_negative(variance):
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
    if x.shape == y.shape != variance.shape and variance.ndim == x.ndim:
        variance = broadcast_to(variance, x.shape)
    found = composed(_gaussian, x, y, variance, full=bool(full), eps=float(eps))
    call_step(found, (input, target, var), "AddBackward0" if full else "MulBackward0")
    return aggregate(found, kind)


def _has_negative(variance: Tensor) -> bool:
    array = variance.array
    if array.__class__ is not np.ndarray:
        return bool(any_of(less(variance, 0)))
    return bool(array.size) and bool(np.fmin.reduce(array, None) < 0)


def _gaussian(x: Tensor, y: Tensor, variance: Tensor, full: bool, eps: float) -> Tensor:
    raised = eps + (variance - stop_gradient(variance))
    variance = where(less(variance, eps), raised, variance)
    found = 0.5 * (log(variance) + square(x - y) / variance)
    return found + 0.5 * math.log(2 * math.pi) if full else found
