"""Activations of neural networks: PyTorch's and JAX's names."""

from __future__ import annotations

import math
from typing import Any

from thalweg.core.operation import operation
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.elementwise.comparison import less_equal, where
from thalweg.ops.elementwise.conversion import as_floating, astype, stop_gradient
from thalweg.ops.elementwise.exponential import exp, expm1, log, logaddexp, sigmoid
from thalweg.ops.elementwise.trigonometric import tanh
from thalweg.ops.reduce.extremes import max
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.axes import normalize_axes
from thalweg.ops.special.error import erf

__all__ = [
    "elu", "gelu", "leaky_relu", "log_sigmoid", "log_softmax", "relu", "silu", "softmax",
    "softplus",
]  # fmt: skip


@operation
def relu(x: Any) -> Tensor:
    """Rectified linear unit: x where x > 0, else 0; NaN stays NaN, the derivative at 0 is 0."""
    return where(less_equal(x, 0), 0, x)


@operation
def leaky_relu(x: Any, negative_slope: float = 0.01) -> Tensor:
    """Return x where x > 0, else a small multiple of x."""
    tensor = as_tensor(x)
    return where(less_equal(tensor, 0), negative_slope * tensor, tensor)


@operation
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit: x where x > 0, else α (eˣ - 1)."""
    tensor = as_tensor(x)
    negative = less_equal(tensor, 0)
    return where(negative, alpha * expm1(where(negative, tensor, 0)), tensor)


@operation
def gelu(x: Any, approximate: str = "none") -> Tensor:
    """Gaussian error linear unit: x Φ(x), Φ the normal distribution function.

    Args:
        x: A tensor.
        approximate: "none", or "tanh" for x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.

    Raises:
        ArgumentError: If `approximate` is neither.

    Source:
        Hendrycks & Gimpel, "Gaussian Error Linear Units (GELUs)", 2016. arXiv:1606.08415
    """
    tensor = as_tensor(x)
    if approximate == "none":
        return 0.5 * tensor * (1.0 + erf(tensor * math.sqrt(0.5)))
    if approximate == "tanh":
        inner = math.sqrt(2.0 / math.pi) * (tensor + 0.044715 * (tensor * tensor * tensor))
        return 0.5 * tensor * (1.0 + tanh(inner))
    raise ArgumentError(f"gelu got approximate={approximate!r}; it wants 'none' or 'tanh'.")


@operation
def silu(x: Any) -> Tensor:
    """Sigmoid linear unit: x / (1 + e⁻ˣ)."""
    tensor = as_tensor(x)
    return tensor * sigmoid(tensor)


@operation
def softplus(x: Any) -> Tensor:
    """Smooth rectifier, without overflow: ln(1 + eˣ)."""
    return logaddexp(x, 0.0)


@operation
def log_sigmoid(x: Any) -> Tensor:
    """Logarithm of the logistic function, without overflow: -ln(1 + e⁻ˣ)."""
    return -softplus(-as_floating(x, None))


@operation
def softmax(x: Any, axis: Any = -1, dtype: Any = None) -> Tensor:
    """Exponentials that sum to one: eˣ / Σ eˣ over the axes; computed in `dtype`, if given.

    Example:
        >>> import thalweg as tw
        >>> tw.softmax(tw.Tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """
    exponentials = exp(shifted_logits(x, axis, dtype, "softmax"))
    return exponentials / sum(exponentials, axis, keepdims=True)


@operation
def log_softmax(x: Any, axis: Any = -1, dtype: Any = None) -> Tensor:
    """Logarithm of the softmax, without overflow: x - ln Σ eˣ over the axes."""
    shifted = shifted_logits(x, axis, dtype, "log_softmax")
    return shifted - log(sum(exp(shifted), axis, keepdims=True))


def shifted_logits(x: Any, axis: Any, dtype: Any = None, name: str = "softmax") -> Tensor:
    """Return x minus its largest element over the axes, a constant to derivatives."""
    tensor = as_tensor(x) if dtype is None else astype(x, dtype)
    normalize_axes(name, axis, tensor.ndim)
    if not tensor.size:
        return tensor
    tensor = as_floating(tensor)
    return tensor - stop_gradient(max(tensor, axis, keepdims=True))
