"""Copies of tensors: clone, another dtype, the same memory without its history; pickles."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.apply import apply, cut, own_memory, refresh, stacked, standing_for
from thalweg.core.layout import dense_like, follows_itself, row_major, strides_of
from thalweg.core.leaving import require_no_derivative
from thalweg.core.memory import memory_of, note_detached
from thalweg.core.operation import attach, method, operation, register
from thalweg.core.primitive import linear
from thalweg.core.program import Symbol, Trace, tracing
from thalweg.core.tensor import Tensor, as_tensor, fresh, make
from thalweg.errors import GradientError, TracingError
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.ops.elementwise.conversion import astype as cast

__all__ = ["astype", "copy"]


@linear(lambda x: x, lambda g, out, x: g, order="K", batch=stacked, expansion=lambda x: x)
def duplicate(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the same values in memory of their own."""
    # Elements that share a place get places of their own, as they follow each other.
    return x.copy(order="C" if 0 in x.strides else "K")


@operation
def clone(x: Any, *, memory_format: Any = None) -> Tensor:
    """Return the same values in memory of their own; derivatives pass through."""
    tensor = as_tensor(x)
    return _copy_traced(tensor) if isinstance(tensor.array, Symbol) else duplicate(tensor)


def _copy_traced(x: Tensor) -> Tensor:
    """Return a traced value as another tensor, which may be written without the first."""
    if x.origin is not None:
        refresh(x)
    copied = own_memory(standing_for(x))
    strides = strides_of(x.array)
    if strides is not None:
        memory_of(copied).first = dense_like(x.array.shape, strides)
    return copied


def _copy_in_order(x: Tensor, order: str = "C") -> Tensor:
    """Return the same values in memory of their own, in row-major order or that of the axes."""
    copied = clone(x)
    if isinstance(copied.array, Symbol):
        if order == "C" and follows_itself(x) is not True:
            copied = _in_row_major_order(copied)
    elif order == "C":
        copied.array = fresh(np.ascontiguousarray(copied.array)).array
    return copied


def _in_row_major_order(x: Tensor) -> Tensor:
    """Return a traced value as one that lies in row-major order."""
    # Of an equation of its own, as a value lies in one way.
    copied = apply(cast, (x,), {"dtype": x.dtype})
    Trace.of(copied.array).strides[copied.array] = row_major(tuple(x.array.shape))
    return copied


attach("copy", _copy_in_order)

# As a function NumPy's keeps the order of the axes in memory.
register("numpy.copy", lambda a, order="K", subok=False: _copy_in_order(a, order))


@method
def detach(x: Tensor) -> Tensor:
    """Return a tensor on the same memory without the history."""
    found = _bare(x)
    return cut(found) if found.is_symbolic else found


def _bare(x: Tensor) -> Tensor:
    """Return a tensor on the same memory that is not on the tape; in a program it is the same."""
    traced = isinstance(x.array, Symbol)
    if traced and x.origin is not None:
        refresh(x)
    found = make(x.array, None, x.weak, x.results)
    if traced or tracing.traces:
        note_detached(found, x)
    else:
        found.memory = memory_of(x)
    return found


attach("_bare", _bare)


@operation
def contiguous(x: Any, memory_format: Any = None) -> Tensor:
    """Return a tensor whose memory is in row-major order: itself, or a copy."""
    tensor = as_tensor(x)
    if not isinstance(tensor.array, np.ndarray) or tensor.array.flags.c_contiguous:
        return tensor
    copied = duplicate(tensor)
    copied.array = fresh(np.ascontiguousarray(copied.array)).array
    return copied


def deep_copy(x: Tensor, memo: dict[int, Any]) -> Tensor:
    """Return a leaf's copy with its gradient, what `copy.deepcopy` means.

    Raises:
        GradientError: If the tensor was computed from others that require gradients.
    """
    if x.node is not None and x.node.leaf is None:
        raise GradientError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol at the moment. Use clone(), or detach() first."
        )
    _require_values(x)
    copied = type(x).__new__(type(x))
    memo[id(x)] = copied
    _fill(copied, x.array.copy(), x.node is not None)
    copied._grad = None if x._grad is None else deep_copy(x._grad, memo)
    _copy_attributes(x, copied, memo)
    return copied


attach("__deepcopy__", deep_copy)


def _copy_attributes(x: Tensor, copied: Tensor, memo: dict[int, Any]) -> None:
    import copy

    for name, value in getattr(x, "__dict__", {}).items():
        copied.__dict__[name] = copy.deepcopy(value, memo)


def _fill(tensor: Tensor, array: Any, requires_grad: bool) -> None:
    plain = make(array)
    for slot in ("array", "node", "weak", "memory", "origin", "_grad"):
        setattr(tensor, slot, getattr(plain, slot))
    if requires_grad:
        tensor.requires_grad = True


def _require_values(x: Tensor) -> None:
    if isinstance(x.array, Symbol):
        raise TracingError(
            "A tensor that is being traced was copied or pickled; it has no values yet. Do so "
            "outside the traced function."
        )


def pickled(x: Tensor, protocol: Any) -> Any:
    """Return how to build a tensor again: its values, and whether it requires gradients."""
    _require_values(x)
    require_no_derivative(x, "A copy by copy.copy(x) or pickle")
    attributes = getattr(x, "__dict__", None)
    return _rebuilt, (type(x), x.array, x.node is not None, attributes)


attach("__reduce_ex__", pickled)


def _rebuilt(kind: type[Tensor], array: Any, requires_grad: bool, attributes: Any) -> Tensor:
    tensor = kind.__new__(kind)
    _fill(tensor, array, requires_grad)
    if attributes:
        tensor.__dict__.update(attributes)
    return tensor


@operation
def copy(a: Any, order: str = "K", subok: bool = False) -> Tensor:
    """Return the same values in memory of their own; derivatives pass through."""
    return clone(a)


@method
def astype(x: Any, dtype: Any, *, copy: bool = True, device: Any = None) -> Tensor:
    """Convert to a dtype, in memory of its own; of complex numbers a real one keeps the real part.

    Args:
        x: A tensor.
        dtype: The dtype.
        copy: Whether to copy even where x has that dtype already; `to` does not.
        device: "cpu" or None.

    Raises:
        ArgumentError: If another device is asked for.

    Example:
        >>> import thalweg as tw
        >>> x = tw.zeros(2)
        >>> x.astype(x.dtype) is x, x.astype(x.dtype, copy=False) is x
        (False, True)
    """
    require_cpu(device)
    tensor = as_tensor(x)
    converted = cast(tensor, dtype)
    return clone(tensor) if copy and converted is tensor else converted
