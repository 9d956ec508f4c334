"""New tensors: from numbers, ranges and other tensors' shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import operation
from thalweg.core.primitive import general
from thalweg.core.spec import DType, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.core.tracing import Trace
from thalweg.ops.shaping import as_shape, broadcast_to


@general(lambda shape, dtype, axis: Spec(shape, dtype))
def iota(*, shape: Shape, dtype: DType, axis: int) -> np.ndarray[Any, Any]:
    """Return the position along one axis, at every element. Only the compiler writes it."""
    row = [1] * len(shape)
    row[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis], dtype=dtype).reshape(row), shape)


@operation
def full(shape: Any, fill_value: Any, dtype: Any = None, *, like: Tensor | None = None) -> Tensor:
    """Return a tensor filled with one value.

    Args:
        shape: The shape, an integer or a sequence of them.
        fill_value: A number.
        dtype: By default that of the number, float64 for Python floats.
        like: A tensor whose world the result belongs to: traced, if that is traced.
    """
    value = np.asarray(fill_value, dtype=dtype)
    if like is not None and like.is_symbolic:
        trace = Trace.of(like.data)
        return broadcast_to(make(trace.lift(make(value))), as_shape(shape))
    return make(np.full(as_shape(shape), value, value.dtype))


@operation
def zeros(shape: Any, dtype: Any = np.float64, *, like: Tensor | None = None) -> Tensor:
    """Return a tensor of zeros; arguments as for `full`."""
    return full(shape, 0, dtype, like=like)


@operation
def ones(shape: Any, dtype: Any = np.float64, *, like: Tensor | None = None) -> Tensor:
    """Return a tensor of ones; arguments as for `full`."""
    return full(shape, 1, dtype, like=like)


@operation
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return one value in the shape and dtype of another tensor."""
    tensor = as_tensor(x)
    return full(tensor.shape, fill_value, dtype or tensor.dtype, like=tensor)


@operation
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros in the shape and dtype of another tensor."""
    return full_like(x, 0, dtype)


@operation
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Return ones in the shape and dtype of another tensor."""
    return full_like(x, 1, dtype)


@operation
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Tensor:
    """Return numbers from start (by default 0) up to, not including, stop."""
    first, last = (0, start) if stop is None else (start, stop)
    return make(np.arange(first, last, step, dtype=dtype))


@operation
def linspace(start: float, stop: float, num: int = 50, dtype: Any = None) -> Tensor:
    """Return evenly spaced numbers from start to stop, both included."""
    return make(np.linspace(start, stop, num, dtype=dtype))


@operation
def eye(rows: int, columns: int | None = None, dtype: Any = np.float64) -> Tensor:
    """Return ones on the main diagonal and zeros elsewhere."""
    return make(np.eye(rows, columns, dtype=dtype))


def asarray(value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor over the value, without a copy where NumPy needs none.

    Raises:
        DtypeError: If the values are neither numbers nor Booleans.
    """
    if isinstance(value, Tensor):
        return value if dtype is None else value.astype(dtype)
    tensor = as_tensor(np.asarray(value, dtype=dtype))
    return make(tensor.data)


def spec_of(value: Any) -> Spec:
    """Return the shape and dtype of anything that can become a tensor."""
    return as_tensor(value).spec
