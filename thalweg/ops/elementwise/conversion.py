"""Other dtypes of the same numbers, and constants of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.operation import attach, op, register
from thalweg.core.primitive import general, is_floating
from thalweg.core.spec import FLOAT64, Spec
from thalweg.core.tensor import Tensor, as_tensor

__all__ = [
    "stop_gradient",
]


Array = np.ndarray[Any, Any]

# ---- the primitives


Resolved = tuple[tuple[Any, ...], dict[str, Any]]


def _resolve_astype(x: Any, dtype: Any) -> Resolved:
    return (x,), {"dtype": np.dtype(dtype)}


def _converted_back(g: Tensor, dtype: np.dtype[Any]) -> Tensor:
    return astype(op.real(g) if dtype.kind == "f" else g, dtype)


@general(
    lambda x, dtype: Spec(x.shape, dtype),
    lambda g, out, x, dtype: _converted_back(g, x.dtype) if is_floating(x.dtype) else None,
    arguments=_resolve_astype,
    identity=True,
    strong=True,
)
def astype(x: Array, *, dtype: np.dtype[Any]) -> Array:
    """Convert to another dtype; of complex numbers a real one keeps the real part."""
    return (x.real if x.dtype.kind == "c" and dtype.kind not in "cb" else x).astype(dtype)


# What converts inside of operations returns the tensor itself where nothing changes.
register("cast", astype)


@general(lambda x: x)
def stop_gradient(x: Array) -> Array:
    """Return the same values, as a constant to derivatives."""
    return x.copy()


attach("stop_gradient", stop_gradient)


def as_floating(x: Any, dtype: Any) -> Tensor:
    tensor = as_tensor(x)
    if dtype is None and tensor.dtype.kind not in "fc":
        dtype = FLOAT64
    return tensor if dtype is None else astype(tensor, dtype)
