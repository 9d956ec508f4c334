"""Maps that are linear in their weights, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.linalg.products import matmul, tensordot
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.naming import as_tensor

__all__ = ["bilinear", "linear"]


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return x Wᵀ + b.

    Args:
        input: x, of shape (…, in).
        weight: W, of shape (out, in) or (in,).
        bias: b, of shape (out,), or None.

    Raises:
        ShapeError: If the shapes do not fit.
    """
    product = matmul(input, as_tensor(weight).T)
    if bias is None:
        return product
    found: Tensor = product + bias
    if found.node is not None:
        found.node.called = "AddmmBackward0" if found.ndim == 2 else "ViewBackward0"
    return found


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Tensor:
    """Return x₁ᵀ W_k x₂ + b_k for each output k.

    Args:
        input1: x₁, of shape (…, in₁).
        input2: x₂, of shape (…, in₂).
        weight: W, of shape (out, in₁, in₂).
        bias: b, of shape (out,), or None.

    Raises:
        ShapeError: If the shapes do not fit.
    """
    first, second, kernel = as_tensor(input1), as_tensor(input2), as_tensor(weight)
    wanted = (first.shape[-1], second.shape[-1])
    if first.shape[:-1] != second.shape[:-1] or kernel.shape[1:] != wanted:
        raise ShapeError(
            f"bilinear got inputs of shape {first.shape} and {second.shape} and a weight of shape "
            f"{kernel.shape}; it wants (…, n), (…, m) and (out, n, m)."
        )
    halfway = tensordot(first, kernel, axes=([first.ndim - 1], [1]))
    product = sum(halfway * expand_dims(second, -2), -1)
    return product if bias is None else product + bias
