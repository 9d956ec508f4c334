"""What special functions are given."""

from __future__ import annotations

from typing import Any

from thalweg.core.tensor import Tensor
from thalweg.ops.elementwise.conversion import as_floating
from thalweg.torch.dtypes import TORCH
from thalweg.torch.naming import as_tensor


def floating(x: Any) -> Tensor:
    """Return a tensor of floating numbers; of integers and Booleans one of the default dtype."""
    found = as_tensor(x)
    return found if found.array.dtype.kind in "fc" else as_floating(found, TORCH.default)
