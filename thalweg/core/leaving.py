"""Values that leave the tape as plain numbers: refused where a derivative would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.callers import what_to_write
from thalweg.core.operation import OPERATIONS
from thalweg.core.program import Symbol
from thalweg.core.refusals import TRACED, leaves_tape
from thalweg.core.tape import recording
from thalweg.errors import GradientError, ShapeError, TracingError

if TYPE_CHECKING:
    from thalweg.core.tensor import Tensor


def numbers_of(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Return the values of a tensor, for a result that has no derivative with respect to them.

    Raises:
        TracingError: While tracing, when there are no values yet.
    """
    if isinstance(tensor.array, Symbol):
        raise TracingError(TRACED + what_to_write())
    return np.asarray(tensor.array)


def number_of(tensor: Tensor) -> Any:
    """Return the only element as a Python number, as `numbers_of` does.

    Raises:
        ShapeError: If there are more elements, or none.
    """
    values = numbers_of(tensor)
    if values.size != 1:
        raise ShapeError(
            f"a Tensor with {values.size} elements cannot be converted to Scalar; item() wants "
            "one element. Index it, or use tolist()."
        )
    return values.item()


def require_no_derivative(tensor: Tensor, called: str) -> None:
    """Refuse to let values go on as constants inside a function that is being differentiated.

    Where `backward()` is going to be called they may go, as PyTorch's users expect of `item()`.

    Raises:
        GradientError: If `grad`, `vjp` or the like want the derivative of these values.
    """
    if recording.functions and recording.enabled:
        if tensor.origin is not None:
            OPERATIONS["refresh"](tensor)
        if tensor.node is not None and tensor.node.is_differentiated():
            raise GradientError(leaves_tape(called) + what_to_write())
