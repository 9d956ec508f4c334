"""Lengths, directions and distances of vectors, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.core.writing import overwrite
from thalweg.ops.elementwise.arithmetic import absolute, power, sqrt
from thalweg.ops.elementwise.comparison import equal, not_equal, where
from thalweg.ops.elementwise.complex import squared_magnitude
from thalweg.ops.elementwise.conversion import as_floating, astype
from thalweg.ops.reduce.extremes import max, min
from thalweg.ops.reduce.sums import sum
from thalweg.torch.nn.functional.reducing import not_below, pair

__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]


_INFINITY = float("inf")


def length(x: Tensor, p: float, axis: Any, keepdims: bool) -> Tensor:
    """Norm of vectors along axes: (Σ |x|ᵖ)^(1/p); its derivative at 0 is 0."""
    if p in (_INFINITY, -_INFINITY):
        extreme: Tensor = (max if p > 0 else min)(absolute(x), axis, keepdims=keepdims)
        return extreme
    if p == 0:
        return sum(astype(not_equal(x, 0), x.dtype), axis, keepdims=keepdims)
    if p == 1:
        return sum(absolute(x), axis, keepdims=keepdims)
    # Powers and roots have no finite derivative at 0, so 0 is kept away from them.
    if p == 2:
        total = sum(squared_magnitude(x), axis, keepdims=keepdims)
    else:
        nothing = equal(x, 0)
        powers = power(absolute(where(nothing, 1, x)), p)
        total = sum(where(nothing, 0, powers), axis, keepdims=keepdims)
    zero = equal(total, 0)
    safe = where(zero, 1, total)
    return where(zero, 0, sqrt(safe) if p == 2 else power(safe, 1 / p))


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
    found = _normalized(x, p, dim, eps)
    return found if out is None else overwrite(out, found)


def _normalized(x: Tensor, p: float, dim: Any, eps: float) -> Tensor:
    if x.ndim == 0:
        return x / not_below(absolute(x), eps)
    return x / not_below(length(x, p, dim, True), eps)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors: Σ x₁x₂ / (max(‖x₁‖, ε) max(‖x₂‖, ε))."""
    first, second = pair(x1, x2)
    product = _normalized(first, 2, dim, eps) * _normalized(second, 2, dim, eps)
    return sum(product, dim) if product.ndim else product


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """Distance of vectors along the last axis: ‖x₁ - x₂ + ε‖ₚ."""
    return length(as_floating(x1, None) - as_floating(x2, None) + eps, p, -1, keepdim)
