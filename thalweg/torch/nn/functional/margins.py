"""Losses with a margin: what is right by more than it costs nothing. PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import sqrt, square
from thalweg.ops.elementwise.comparison import equal, less, minimum, not_equal, where
from thalweg.ops.index.take import take, take_along_axis
from thalweg.ops.reduce.sums import any as any_of
from thalweg.ops.reduce.sums import cumsum, sum
from thalweg.ops.shape.reshape import expand_dims, reshape
from thalweg.torch.nn.functional.distances import pairwise_distance
from thalweg.torch.nn.functional.reducing import chosen, not_below, reduced

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return x where y = 1, and max(0, margin - x) where y = -1."""
    x, y = as_tensor(input), as_tensor(target)
    apart = where(not_equal(y, 1), not_below(margin - x, 0), 0)
    near = where(not_equal(y, -1), x, 0)
    return reduced(near + apart, chosen(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return max(0, margin - y (x₁ - x₂)); y = 1 wants x₁ the larger, y = -1 x₂.

    Raises:
        ShapeError: If the numbers of axes differ.
    """
    first, second, y = as_tensor(input1), as_tensor(input2), as_tensor(target)
    if not first.ndim == second.ndim == y.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {first.shape}, input2: {second.shape}, target: {y.shape}. Reshape them."
        )
    losses = not_below(-y * (first - second) + margin, 0)
    return reduced(losses, chosen(reduction, size_average, reduce))


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return 1 - cos(x₁, x₂) where y = 1, and max(0, cos(x₁, x₂) - margin) where y = -1.

    Args:
        input1: x₁, of shape (N, features) or (features,).
        input2: x₂, likewise.
        target: y, of shape (N,) or ().
        margin: From which cosine on unlike pairs cost, between -1 and 1.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ShapeError: If the shapes do not fit.
    """
    first, second, y = as_tensor(input1), as_tensor(input2), as_tensor(target)
    if y.ndim > 1 or first.ndim != y.ndim + 1 or second.ndim != y.ndim + 1:
        raise ShapeError(
            f"{y.ndim}D target tensor expects {y.ndim + 1}D input tensors of at most two axes, "
            f"but found inputs with sizes {first.shape} and {second.shape}."
        )
    # Small against any square that counts, and 0 / 0 becomes 0.
    tiny = 1e-12
    lengths = sqrt((sum(square(first), -1) + tiny) * (sum(square(second), -1) + tiny))
    cosine = sum(first * second, -1) / lengths
    near = where(equal(y, 1), 1 - cosine, 0)
    apart = where(equal(y, -1), not_below(cosine - margin, 0), 0)
    return reduced(near + apart, chosen(reduction, size_average, reduce))


# ---- several classes


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss of several classes: Σ max(0, margin - x[y] + x[i])ᵖ / classes over i ≠ y.

    Args:
        input: x, of shape (N, classes) or (classes,).
        target: y, a class each, of shape (N,) or ().
        p: 1 or 2.
        margin: By how much the right class is to lead.
        weight: A factor for each right class.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: If p is neither 1 nor 2.
        ShapeError: If the weight is no vector.
    """
    if weight is not None and as_tensor(weight).ndim != 1:
        raise ShapeError(
            f"weight must be one-dimensional, a factor for each class; multi_margin_loss got shape "
            f"{as_tensor(weight).shape}. Reshape it."
        )
    if p not in (1, 2):
        raise ArgumentError(f"only p == 1 and p == 2 supported, and p={p} was given.")
    kind = chosen(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    single, places = x.ndim < 2, reshape(y, (-1, 1))
    rows = reshape(x, (1, -1)) if single else x
    gaps = margin - take_along_axis(rows, places, 1) + rows
    # At a gap of exactly 0 nothing is lost yet, and the derivative is 0.
    lost = where(equal(arange(rows.shape[1]), places) | ~(gaps > 0), 0, gaps)
    if p == 2:
        lost = square(lost)
    if weight is not None:
        lost = lost * take(as_tensor(weight), places, axis=0)
    losses = sum(lost, 1) / rows.shape[1]
    return reduced(reshape(losses, ()) if single and y.ndim == 0 else losses, kind)


def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Hinge loss of several right classes: Σ max(0, 1 - x[y] + x[i]) / classes.

    The sum is over right classes y and wrong ones i.

    Args:
        input: x, of shape (N, classes) or (classes,).
        target: Right classes, of the same shape; those from the first -1 on do not count.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".
    """
    kind = chosen(reduction, size_average, reduce)
    x, y = as_tensor(input), as_tensor(target)
    if x.shape != y.shape:
        raise ShapeError(
            f"multilabel_margin_loss got an input of shape {x.shape} and a target of {y.shape}; "
            "both want the same. Fill the target up with -1."
        )
    single = x.ndim < 2
    rows, places = (reshape(t, (1, -1)) if single else t for t in (x, y))
    counts = equal(cumsum(astype(less(places, 0), "int64"), 1), 0)
    places = where(counts, places, 0)
    classes = arange(rows.shape[1])
    # Axes: example, right class, any class.
    named = equal(expand_dims(places, 2), classes) & expand_dims(counts, 2)
    wrong = ~any_of(named, 1, keepdims=True) & expand_dims(counts, 2)
    right = expand_dims(take_along_axis(rows, places, 1), 2)
    gaps = 1 - right + expand_dims(rows, 1)
    lost = where(wrong & (gaps > 0), gaps, 0)
    losses = sum(lost, (1, 2)) / rows.shape[1]
    return reduced(reshape(losses, ()) if single else losses, kind)


# ---- triplets


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return max(0, d(a, p) - d(a, n) + margin), d the distance of `pairwise_distance`.

    Args:
        anchor: a, of shape (N, features) or (features,).
        positive: p, what is to be near.
        negative: n, what is to be far.
        margin: By how much farther.
        p: The order of the norm.
        eps: What is added to each difference.
        swap: Whether the distance of n from p counts where it is the smaller.
        size_average: An older way of choosing the reduction.
        reduce: Likewise.
        reduction: "mean", "sum" or "none".

    Raises:
        ArgumentError: If the margin is not positive.

    Source:
        Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses",
        2016.
    """
    kind = chosen(reduction, size_average, reduce)

    def distance(x: Tensor, y: Tensor) -> Tensor:
        return pairwise_distance(x, y, p, eps)

    return _triplet("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, kind)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Return `triplet_margin_loss` with another distance."""
    name = "triplet_margin_with_distance_loss"
    distance = pairwise_distance if distance_function is None else distance_function
    kind = chosen(reduction, None, None)
    return _triplet(name, anchor, positive, negative, distance, margin, swap, kind)


def _triplet(
    name: str,
    anchor: Any,
    positive: Any,
    negative: Any,
    distance: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    kind: str,
) -> Tensor:
    if margin <= 0:
        raise ArgumentError(f"{name}: margin must be greater than 0, got {margin}.")
    a, near, far = as_tensor(anchor), as_tensor(positive), as_tensor(negative)
    if not a.ndim == near.ndim == far.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {a.ndim}D, positive {near.ndim}D, and negative "
            f"{far.ndim}D inputs"
        )
    away = distance(a, far)
    if swap:
        away = minimum(away, distance(near, far))
    return reduced(not_below(margin + distance(a, near) - away, 0), kind)
