"""Losses of embeddings that are to lie near to some and far from others."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.creation.dtypes import finfo
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import power, sqrt, square
from thalweg.ops.elementwise.comparison import (
    equal,
    logical_and,
    logical_not,
    maximum,
    not_equal,
    where,
)
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.exponential import exp, log
from thalweg.ops.linalg.products import matmul
from thalweg.ops.reduce.extremes import max
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import transpose
from thalweg.optim.losses.loss import loss

__all__ = ["ntxent", "triplet_margin_loss"]


@loss
def ntxent(embeddings: Any, labels: Any, temperature: Any = 0.07) -> Tensor:
    """Normalized temperature-scaled cross-entropy, the mean over all pairs of equal labels.

        s = cos(zᵢ, zⱼ) / τ
        loss = -mean over pairs i ≠ j, yᵢ = yⱼ of ln eˢⁱʲ / (eˢⁱʲ + Σ over yₖ ≠ yᵢ of eˢⁱᵏ)

    Args:
        embeddings: z, of shape (batch, dimension).
        labels: y, of shape (batch,): equal ones belong together. Without a pair the loss is NaN.
        temperature: τ, in (0, ∞).

    Raises:
        ShapeError: If there is not one label for each embedding.

    Source:
        Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations",
        2020, equation 1. arXiv:2002.05709

    Example:
        >>> import thalweg as tw
        >>> pairs = tw.Tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        >>> tw.losses.ntxent(pairs, tw.Tensor([0, 0, 1, 1]), temperature=1.0)
        tensor(0.5514)
    """
    z, y = as_floating(embeddings, None), as_tensor(labels)
    if y.shape[:1] != z.shape[:1]:
        raise ShapeError(
            f"ntxent got labels of shape {tuple(y.shape)} and embeddings of shape "
            f"{tuple(z.shape)}. Labels and embeddings must have the same leading dimension: give "
            "one label for each embedding."
        )
    least = float(finfo(z.dtype).eps)
    unit = z / sqrt(maximum(sum(square(z), -1, keepdims=True), least))
    s = matmul(unit, transpose(unit)) / temperature
    different = not_equal(expand_dims(y, 1), expand_dims(y, 0))
    places = arange(z.shape[0])
    oneself = equal(expand_dims(places, 1), expand_dims(places, 0))
    pairs = logical_and(logical_not(different), logical_not(oneself))
    others = logical_not(oneself)
    s = s - stop_gradient(max(where(others, s, -math.inf), 1, keepdims=True))
    apart = sum(exp(where(different, s, -math.inf)), 1, keepdims=True)
    near = where(pairs, s, 0.0)
    logs = near - log(where(pairs, apart + exp(near), 1.0))
    return -sum(logs) / sum(astype(pairs, z.dtype))


@loss
def triplet_margin_loss(
    anchors: Any,
    positives: Any,
    negatives: Any,
    axis: int = -1,
    norm_degree: Any = 2,
    margin: Any = 1.0,
    eps: Any = 1e-6,
) -> Tensor:
    """Loss of triplets: max(0, d(a, p) - d(a, n) + m), with d(a, b) = (Σ (a - b)ᵈ + ε)^(1/d).

    Args:
        anchors: a, of shape (batch, dimension).
        positives: p, likewise: what an anchor is to be near to.
        negatives: n, likewise: what it is to be far from.
        axis: The axis of the dimension.
        norm_degree: d, the degree of the distance; for one that is odd, no absolute is taken.
        margin: m, by how much the negatives are to be farther, in [0, ∞).
        eps: ε, which keeps the derivative of a distance of 0 finite, in [0, ∞).

    Source:
        Balntas et al., "Learning Local Feature Descriptors with Triplets and Shallow
        Convolutional Neural Networks", 2016.

    Example:
        >>> import thalweg as tw
        >>> anchors, positives = tw.Tensor([[0.0, 0.0]]), tw.Tensor([[0.0, 0.5]])
        >>> tw.losses.triplet_margin_loss(anchors, positives, tw.Tensor([[1.0, 0.0]]))
        tensor([0.5000])
    """
    a = as_floating(anchors, None)
    near, far = (
        power(sum(power(a - as_floating(b, None), norm_degree), axis) + eps, 1 / norm_degree)
        for b in (positives, negatives)
    )
    return maximum(near - far + margin, 0)
