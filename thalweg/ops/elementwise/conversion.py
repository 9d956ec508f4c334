"""Other dtypes of the same numbers, and constants of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, op
from thalweg.core.primitive import Resolved, general, is_floating
from thalweg.core.spec import FLOAT64, REAL, Array, Spec, require_dtypes
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.foreign import dtype_of, in_library_at_hand, is_other

__all__ = ["stop_gradient"]

# ---- the primitives


def _resolve_astype(x: Any, dtype: Any) -> Resolved:
    kind = dtype_of(dtype)
    if is_other(kind):
        tensor = as_tensor(x)
        if isinstance(tensor.array, np.ndarray):
            x = make(in_library_at_hand(tensor.array, kind))
    return (x,), {"dtype": kind}


def _converted_back(g: Tensor, dtype: np.dtype[Any]) -> Tensor:
    return astype(op.real(g) if dtype.kind == "f" else g, dtype)


@general(
    lambda x, dtype: Spec(x.shape, dtype),
    lambda g, out, x, dtype: _converted_back(g, x.dtype) if is_floating(x.dtype) else None,
    arguments=_resolve_astype,
    identity=True,
    strong=True,
    order="K",
    role="elementwise",
    reads=lambda index, x, dtype: (index,),
    zero_if=all,
)
def astype(x: Array, *, dtype: np.dtype[Any]) -> Array:
    """Convert to another dtype; of complex numbers a real one keeps the real part."""
    return (x.real if x.dtype.kind == "c" and dtype.kind not in "cb" else x).astype(dtype)


# What converts inside of operations returns the tensor itself where nothing changes.
attach("_cast", lambda x, dtype: astype(x, dtype))


@general(lambda x: x, role="view", order="K", reads=lambda index, x: (index,))
def stop_gradient(x: Array) -> Array:
    """Return the same values, as a constant to derivatives."""
    return x.copy("K")


@general(
    lambda x, other: x,
    None,
    lambda g, out, x, other: g,
    role="view",
    order="K",
    reads=lambda index, x, other: (index, index),
)
def with_derivative_of(x: Array, other: Array) -> Array:
    """Return the same values, whose derivative is that of another value of their shape."""
    return x.copy("K")


def as_real(name: str, x: Any) -> Tensor:
    """Return a tensor of real numbers.

    Raises:
        DtypeError: If they are complex; it names the operation.
    """
    tensor = as_tensor(x)
    require_dtypes(name, REAL, tensor)
    return tensor


def as_floating(x: Any, dtype: Any = None) -> Tensor:
    """Return a tensor in a dtype, by default its own; of integers and Booleans float64."""
    tensor = as_tensor(x)
    if dtype is None and tensor.dtype.kind not in "fc":
        dtype = FLOAT64
    return tensor if dtype is None else astype(tensor, dtype)
