"""Maps that are linear in their weights, with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

from thalweg.control.fused import Fused, is_eager
from thalweg.core.tensor import Tensor
from thalweg.errors import ShapeError
from thalweg.ops.linalg.products import matmul, tensordot
from thalweg.ops.reduce.sums import sum
from thalweg.ops.shape.reshape import expand_dims
from thalweg.torch.fused.dense import affine, affine_back
from thalweg.torch.naming import as_tensor
from thalweg.torch.steps import step

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
    x, matrix = as_tensor(input), as_tensor(weight)
    offset = None if bias is None else as_tensor(bias)
    if (
        is_eager(x, matrix, offset)
        and x.array.ndim > 1 < matrix.array.ndim < 3
        and x.array.shape[-1] == matrix.array.shape[1]
        and (offset is None or offset.array.shape == matrix.array.shape[:1])
    ):
        return _AFFINE[x.array.ndim == 2, offset is not None](x, matrix, offset)
    found = _composed(x, matrix, offset)
    if offset is not None and found.node is not None:
        found.node.called = "AddmmBackward0" if found.ndim == 2 else "ViewBackward0"
    return found


def _composed(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    product = matmul(x, weight.T)
    return product if bias is None else product + bias


# By whether the input is a matrix, and whether there is a bias.
_AFFINE = {
    key: Fused(f"{name}Backward0", affine, affine_back, _composed)
    for key, name in {
        (True, True): "Addmm", (True, False): "Mm", (False, True): "View",
        (False, False): "UnsafeView",
    }.items()
}  # fmt: skip


@step("View")
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
