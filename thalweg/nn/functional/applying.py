"""What activations share: the choice of writing the result into the input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.core.writing import inplace as written


def applied(function: Callable[[Tensor], Tensor], input: Any, inplace: bool) -> Tensor:
    """Return a function of the input, written into the input's own memory if that is asked."""
    return written(function, input) if inplace else function(as_tensor(input))
