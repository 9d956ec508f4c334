"""What functions of matrices are given, refused in PyTorch's words."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.errors import DtypeError, ShapeError
from thalweg.torch.naming import as_tensor


def matrices_of(name: str, x: Any, label: str = "A") -> Tensor:
    """Return a tensor as a stack of matrices of real or complex numbers.

    Raises:
        ShapeError: If it has less than two axes.
        DtypeError: If it is of integers.
    """
    found = as_tensor(x)
    if found.ndim < 2:
        raise ShapeError(
            f"{name}: The input tensor {label} must have at least 2 dimensions. Its shape is "
            f"{tuple(found.shape)}."
        )
    if found.array.dtype.kind not in "fc":
        raise DtypeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {found.dtype}. "
            "Convert it with .float()."
        )
    return found


def squares_of(name: str, x: Any, label: str = "A") -> Tensor:
    """Return a tensor as a stack of square matrices.

    Raises:
        ShapeError: If they are not square.
        DtypeError: If they are of integers.
    """
    found = matrices_of(name, x, label)
    if found.shape[-1] != found.shape[-2]:
        raise ShapeError(
            f"{name}: {label} must be batches of square matrices, but they are "
            f"{found.shape[-2]} by {found.shape[-1]} matrices"
        )
    return found
