"""Which dtype PyTorch gives to what is computed of several."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.spec import Spec
from thalweg.torch.dtypes import KINDS, TORCH, of_numpy
from thalweg.torch.naming import as_tensor, function


@function
def promote_types(type1: Any, type2: Any) -> Any:
    """Return the dtype of an operation on tensors of two: of real numbers and integers, the real.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.promote_types(torch.float32, torch.int64)
        torch.float32
    """
    return of_numpy(TORCH.join((Spec((1,), np.dtype(type1)), Spec((1,), np.dtype(type2)))))


@function
def result_type(tensor1: Any, tensor2: Any) -> Any:
    """Return the dtype of an operation on two tensors, or on a tensor and a number.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.result_type(torch.tensor([1, 2], dtype=torch.int8), 1.0)
        torch.float32
    """
    found = TORCH.join((as_tensor(tensor1).spec, as_tensor(tensor2).spec))
    return of_numpy(found)


@function
def can_cast(from_: Any, to: Any) -> bool:
    """Tell whether a result of one dtype may be written into a tensor of another.

    It may if that one is of the same kind or a later one: Booleans, integers, real and complex
    numbers.
    """
    return KINDS[np.dtype(from_).kind] <= KINDS[np.dtype(to).kind]
