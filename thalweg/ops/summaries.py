"""Summaries and comparisons of whole tensors, composed: NumPy's names."""

from __future__ import annotations

from typing import Any

from thalweg.core.operation import attach, method, op
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ShapeError
from thalweg.ops.elementwise import equal, not_equal
from thalweg.ops.extremes import max, min
from thalweg.ops.reductions import all, mean, sum
from thalweg.ops.shaping import broadcast_to, normalize_axes, reshape

__all__ = [
    "array_equal",
    "average",
    "count_nonzero",
    "polyval",
    "ptp",
]


@method
def average(x: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Tensor:
    """Weighted mean over some axes: Σ wᵢ xᵢ / Σ wᵢ; by default over all, with equal weights.

    Args:
        x: A tensor.
        axis: An axis, several, or None for all.
        weights: As many as elements, or as the elements along the axis; None for equal ones.
        keepdims: Whether reduced axes stay, with extent 1.

    Raises:
        ShapeError: If the weights have another shape.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> np.average(tw.Tensor([1.0, 4.0]), weights=[3.0, 1.0])
        tensor(1.7500)
    """
    tensor = as_tensor(x)
    if weights is None:
        return mean(tensor, axis, keepdims=keepdims)
    w = _aligned(as_tensor(weights), tensor, axis)
    w = broadcast_to(w, tensor.shape)
    return sum(tensor * w, axis, keepdims=keepdims) / sum(w, axis, keepdims=keepdims)


def _aligned(weights: Tensor, tensor: Tensor, axis: Any) -> Tensor:
    """Put weights along one axis of a tensor in line with it."""
    if weights.shape == tensor.shape:
        return weights
    axes = normalize_axes("average", axis, tensor.ndim)
    if axis is None or weights.shape != tuple(tensor.shape[i] for i in axes):
        raise ShapeError(
            f"average got weights of shape {weights.shape} for a tensor of shape {tensor.shape} "
            f"and axis {axis}. Give a weight for each element, or for each along the axis."
        )
    return reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(tensor.shape)))


@method
def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """Range of values over some axes, the largest less the smallest; by default over all."""
    typed: Tensor = max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)
    return typed


@method
def count_nonzero(x: Any, axis: Any = None, *, keepdims: bool = False) -> Tensor:
    """Count the elements that are not zero over some axes; by default over all."""
    return sum(not_equal(x, 0), axis, keepdims=keepdims)


@method
def array_equal(a1: Any, a2: Any) -> Tensor:
    """Tell whether two tensors have one shape and equal elements.

    Example:
        >>> import thalweg as tw
        >>> bool(tw.array_equal(tw.ones(2), [1.0, 1.0])), bool(tw.array_equal(tw.ones(2), 1.0))
        (True, False)
    """
    first, second = as_tensor(a1), as_tensor(a2)
    return all(equal(first, second)) if first.shape == second.shape else as_tensor(False)


@method
def polyval(p: Any, x: Any) -> Tensor:
    """Value of a polynomial, its coefficients from the highest power down: p₀ xⁿ⁻¹ + … + pₙ₋₁."""
    coefficients, tensor = as_tensor(p), as_tensor(x)
    value: Tensor = op.zeros_like(tensor)
    for i in range(coefficients.shape[0]):
        value = value * tensor + coefficients[i]
    return value


def _equal(x: Tensor, other: Any) -> bool:
    """Tell whether two tensors have one shape and equal elements; `==` tells of each element."""
    return bool(array_equal(x, other))


attach("equal", _equal, replace=True)
