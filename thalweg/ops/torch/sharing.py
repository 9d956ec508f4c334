"""Tensors over memory that is there already: PyTorch's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.apply import refresh
from thalweg.core.memory import Element, Memory, memory_of, note_detached
from thalweg.core.operation import attach, operation
from thalweg.core.program import Symbol, tracing
from thalweg.core.tensor import Tensor, make
from thalweg.core.tensor import as_tensor as tensor_of
from thalweg.errors import DtypeError, TracingError
from thalweg.ops.creation.creation import asarray

__all__ = [
    "as_tensor",
    "from_numpy",
]


@operation
def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor on the memory of a NumPy array: what is written into one is in the other.

    Raises:
        DtypeError: If it is no array, or does not hold numbers.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> a = np.zeros(2)
        >>> tw.from_numpy(a).add_(1.0)
        tensor([1., 1.])
        >>> a
        array([1., 1.])
    """
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(
            f"expected np.ndarray (got {type(ndarray).__name__}); from_numpy shares the memory of "
            "an array. Use tw.tensor for numbers and lists."
        )
    if ndarray.dtype.kind not in "biufc":
        raise DtypeError(
            f"can't convert np.ndarray of type {ndarray.dtype}: a tensor holds numbers or "
            "booleans. Encode text and objects as numbers first."
        )
    return make(ndarray)


@operation
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return a tensor of data, on their own memory where they are an array of that dtype."""
    return asarray(data, dtype)


# ---- the same memory without the history


def _detach(x: Tensor) -> Tensor:
    """Return a tensor on the same memory without the history."""
    traced = isinstance(x.array, Symbol)
    if traced and x.origin is not None:
        refresh(x)
    found = make(x.array, None, x.weak)
    if traced or tracing.traces:
        note_detached(found, x)
    else:
        found.memory = memory_of(x)
    return found


def _data(x: Tensor) -> Tensor:
    """Return the same memory without the history: what is written into it is not recorded."""
    if tracing.traces or isinstance(x.array, Symbol):
        return _detach(x)
    found = make(x.array, None, x.weak)
    found.memory = x.memory if isinstance(x.memory, Element) else Memory()
    return found


def _set_data(x: Tensor, value: Any) -> None:
    new = tensor_of(value)
    if isinstance(new.array, Symbol) or isinstance(x.array, Symbol):
        raise TracingError(
            "x.data = y was written in a traced function, where values have no memory to be "
            "exchanged. Write x.copy_(y), or use y from there on."
        )
    x.array = new.array
    x.memory = x.origin = None
    if x.node is not None and x.node.leaf is not None:
        x.node.array = x.array


_detach.__name__ = _detach.__qualname__ = "detach"

attach("detach", _detach)

attach("data", property(_data, _set_data, doc="The same memory without the history."))
