"""Parameters of distributions: broadcast against each other, and as probabilities or logits."""

from __future__ import annotations

import functools
from numbers import Number
from typing import Any

import numpy as np

from thalweg import torch
from thalweg.autodiff.modes import enable_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.torch.naming import adopted, as_tensor

__all__ = [
    "broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits",
    "tril_matrix_to_vec", "vec_to_tril_matrix",
]  # fmt: skip


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Return numbers and tensors as tensors of one shape.

    Numbers get the dtype of the first tensor, or where there is none the default one.

    Raises:
        ArgumentError: If one is neither.

    Example:
        >>> import thalweg.torch as torch
        >>> broadcast_all(1.0, torch.zeros(2))
        (tensor([1., 1.]), tensor([0., 0.]))
    """
    if not all(isinstance(value, (Tensor, Number)) for value in values):
        raise ArgumentError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            f"__torch_function__, but got {', '.join(type(value).__name__ for value in values)}. "
            "Convert them with torch.tensor."
        )
    dtypes = [value.dtype for value in values if isinstance(value, Tensor)]
    dtype = dtypes[0] if dtypes else torch.get_default_dtype()
    tensors = [
        as_tensor(value) if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype)
        for value in values
    ]
    if all(tensor.shape == tensors[0].shape for tensor in tensors):
        return tuple(tensors)
    return tuple(adopted(torch.broadcast_tensors(*tensors)))


def floats(*values: Any) -> tuple[Any, ...]:
    """Return numbers as tensors of the default dtype, and tensors as they are."""
    default = torch.get_default_dtype()
    return tuple(
        value if isinstance(value, Tensor) else torch.tensor(value, dtype=default)
        for value in values
    )


def are_numbers(*values: Any) -> bool:
    """Tell whether all values are numbers, whose distribution has no axes."""
    return all(isinstance(value, Number) for value in values)


def is_certain(valid: Any) -> bool:
    """Tell whether what is known of a check is true; of what is traced nothing is known."""
    return valid.is_symbolic or bool(np.all(valid.array))


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """Return probabilities: the logistic function of log-odds, or a softmax over the last axis.

    Example:
        >>> import thalweg.torch as torch
        >>> logits_to_probs(torch.zeros(2))
        tensor([0.5000, 0.5000])
    """
    return torch.sigmoid(logits) if is_binary else torch.softmax(logits, -1)


def clamp_probs(probs: Any) -> Any:
    """Return probabilities at least the dtype's ε away from 0 and 1.

    Example:
        >>> import thalweg.torch as torch
        >>> bool(clamp_probs(torch.zeros(())) > 0)
        True
    """
    eps = float(np.finfo(probs.dtype).eps)
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """Return log-odds ln p - ln(1 - p), or logarithms, of probabilities that are clamped first.

    Example:
        >>> import thalweg.torch as torch
        >>> probs_to_logits(torch.tensor(0.5), is_binary=True)
        tensor(0.)
    """
    inside = clamp_probs(probs)
    return inside.log() - (-inside).log1p() if is_binary else inside.log()


class lazy_property(functools.cached_property[Any]):  # noqa: N801 - PyTorch's name
    """A property that is computed when first asked for, with derivatives, and then kept.

    What is traced is not kept, as it means nothing outside of the traced function.

    Example:
        >>> class Square:
        ...     @lazy_property
        ...     def area(self):
        ...         print("computed")
        ...         return 4
        >>> square = Square()
        >>> square.area, square.area
        computed
        (4, 4)
    """

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """Return the value, or of a class the property itself."""
        if instance is None:
            return self
        with enable_grad():
            found = super().__get__(instance, owner)
        if isinstance(found, Tensor) and found.is_symbolic:
            del instance.__dict__[self.attrname]
        return found


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """Return the elements of matrices up to a diagonal, row by row; shape (…, n²) -> (…, m).

    Example:
        >>> import thalweg.torch as torch
        >>> tril_matrix_to_vec(torch.tensor([[1.0, 0.0], [2.0, 3.0]]))
        tensor([1., 2., 3.])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ArgumentError(f"diag ({diag}) provided is outside [{-n}, {n - 1}]. Change it.")
    rows, columns = np.tril_indices(n, diag)
    return mat.flatten(-2)[..., rows * n + columns]


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """Return matrices whose elements up to a diagonal are those of vectors, and 0 above it.

    Example:
        >>> import thalweg.torch as torch
        >>> vec_to_tril_matrix(torch.tensor([1.0, 2.0, 3.0]))
        tensor([[1., 0.],
                [2., 3.]])
    """
    count = vec.shape[-1]
    # m = n (n + 1) / 2 + n·diag - …, whose positive root is n.
    odd = 1 + 2 * diag
    n = (-odd + (odd**2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > float(np.finfo(vec.dtype).eps):
        raise ArgumentError(
            f"The size of last dimension is {count} which cannot be expressed as the lower "
            "triangular part of a square D x D matrix. Give D (D + 1) / 2 elements."
        )
    size = round(n)
    rows, columns = np.tril_indices(size, diag)
    place = np.full(size * size, count)
    place[rows * size + columns] = np.arange(count)
    padded = torch.cat([vec, torch.zeros_like(vec[..., :1])], -1)
    return padded[..., place].reshape(*vec.shape[:-1], size, size)
