"""Tensors over memory that is there already: PyTorch's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, make
from thalweg.errors import DtypeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import asarray, tensor
from thalweg.ops.index.items import fill_
from thalweg.torch.naming import creating, function


@function
def fill(x: Any, value: Any) -> Tensor:
    """Return a tensor's copy with all elements set to one number; derivatives go to the number."""
    return fill_(clone(x), value)


@function
def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor on the memory of a NumPy array: what is written into one is in the other.

    Raises:
        DtypeError: If it is no array, or does not hold numbers.

    Example:
        >>> import numpy as np, thalweg.torch as torch
        >>> a = np.zeros(2)
        >>> torch.from_numpy(a).add_(1.0)
        tensor([1., 1.], dtype=torch.float64)
        >>> a
        array([1., 1.])
    """
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(
            f"expected np.ndarray (got {type(ndarray).__name__}); from_numpy shares the memory of "
            "an array. Use torch.tensor for numbers and lists."
        )
    if ndarray.dtype.kind not in "biufc":
        raise DtypeError(
            f"can't convert np.ndarray of type {ndarray.dtype}: a tensor holds numbers or "
            "booleans. Encode text and objects as numbers first."
        )
    return make(ndarray)


@function
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return a tensor of data, on their own memory where they are an array of that dtype."""
    return creating(asarray)(data, dtype)


for _own in (asarray, tensor):
    function(creating(_own))
