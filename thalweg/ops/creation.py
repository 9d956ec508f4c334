"""New tensors: from numbers, ranges and other tensors' shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import op, operation
from thalweg.core.primitive import general
from thalweg.core.spec import DType, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.core.tracing import Trace
from thalweg.ops.shaping import as_shape, astype, broadcast_to

__all__ = [
    "arange",
    "array",
    "asarray",
    "eye",
    "full",
    "full_like",
    "ones",
    "ones_like",
    "tensor",
    "zeros",
    "zeros_like",
]


@general(lambda shape, dtype, axis: Spec(shape, dtype))
def iota(*, shape: Shape, dtype: DType, axis: int) -> np.ndarray[Any, Any]:
    """Return the position along one axis, at every element. Only the compiler writes it."""
    row = [1] * len(shape)
    row[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis], dtype=dtype).reshape(row), shape)


@operation
def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    *,
    like: Tensor | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor filled with one value.

    Args:
        shape: The shape, an integer or a sequence of them.
        fill_value: A number, or a tensor that broadcasts to the shape.
        dtype: By default that of the number, float64 for Python floats.
        like: A tensor whose world the result belongs to: traced, if that is traced.
        requires_grad: Whether `backward()` computes its derivative.
    """
    found = _filled(shape, fill_value, dtype, like)
    return found.detach().requires_grad_() if requires_grad else found


def _filled(shape: Any, fill_value: Any, dtype: Any, like: Tensor | None) -> Tensor:
    if isinstance(fill_value, Tensor):
        filled = fill_value if dtype is None else astype(fill_value, dtype)
        return broadcast_to(filled, as_shape(shape))
    value = np.asarray(fill_value, dtype=dtype)
    if like is not None and like.is_symbolic:
        trace = Trace.of(like.array)
        return broadcast_to(make(trace.lift(make(value))), as_shape(shape))
    return make(np.full(as_shape(shape), value, value.dtype))


@operation
def zeros(
    shape: Any,
    dtype: Any = np.float64,
    *,
    like: Tensor | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor of zeros; arguments as for `full`."""
    return full(shape, 0, dtype, like=like, requires_grad=requires_grad)


@operation
def ones(
    shape: Any,
    dtype: Any = np.float64,
    *,
    like: Tensor | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a tensor of ones; arguments as for `full`."""
    return full(shape, 1, dtype, like=like, requires_grad=requires_grad)


@operation
def full_like(x: Any, fill_value: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Return one value in the shape and dtype of another tensor."""
    tensor = as_tensor(x)
    kind = tensor.array.dtype if dtype is None else np.dtype(dtype)
    if not tensor.is_symbolic and not isinstance(fill_value, Tensor):
        filled = make(np.full(tensor.array.shape, fill_value, kind))
        return filled.requires_grad_() if requires_grad else filled
    return full(tensor.shape, fill_value, kind, like=tensor, requires_grad=requires_grad)


@operation
def zeros_like(x: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Return zeros in the shape and dtype of another tensor."""
    return full_like(x, 0, dtype, requires_grad=requires_grad)


@operation
def ones_like(x: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Return ones in the shape and dtype of another tensor."""
    return full_like(x, 1, dtype, requires_grad=requires_grad)


@operation
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Tensor:
    """Return numbers from start (by default 0) up to, not including, stop."""
    first, last = (0, start) if stop is None else (start, stop)
    return make(np.arange(first, last, step, dtype=dtype))


@operation
def eye(rows: int, columns: int | None = None, k: int = 0, dtype: Any = np.float64) -> Tensor:
    """Return ones on the k-th diagonal and zeros elsewhere."""
    return make(np.eye(rows, columns, k, dtype))


def asarray(value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor over the value, without a copy where NumPy needs none.

    Raises:
        DtypeError: If the values are neither numbers nor Booleans.
    """
    if isinstance(value, Tensor):
        return value if dtype is None else astype(value, dtype)
    if _holds_tensors(value):
        joined: Tensor = op.stack([asarray(item, dtype) for item in value])
        return joined
    tensor = as_tensor(np.asarray(value, dtype=dtype))
    return make(tensor.array)


def _holds_tensors(value: Any) -> bool:
    if not isinstance(value, (list, tuple)):
        return False
    return any(isinstance(item, Tensor) or _holds_tensors(item) for item in value)


def array(value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor over a copy of the value; lists may hold tensors, also traced ones.

    Raises:
        DtypeError: If the values are neither numbers nor Booleans.

    Example:
        >>> import thalweg as tw
        >>> x = tw.Tensor(2.0)
        >>> tw.array([x, x**2])
        tensor([2., 4.])
    """
    if isinstance(value, Tensor) or _holds_tensors(value):
        return asarray(value, dtype)
    return make(as_tensor(np.array(value, dtype=dtype)).array)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a new tensor over a copy of the data, as PyTorch's function of that name.

    Args:
        data: Anything `numpy.asarray` accepts.
        dtype: By default that of the data.
        requires_grad: Whether `backward()` computes its derivative.
    """
    return Tensor(data, requires_grad, dtype)


def spec_of(value: Any) -> Spec:
    """Return the shape and dtype of anything that can become a tensor."""
    return as_tensor(value).spec
