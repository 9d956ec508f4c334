"""Writing into tensors: x[...] = value, copy_, fill_, zero_; and its pure form, `put_at`."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.applying import apply
from thalweg.core.inplace import operand, overwrite, require_changeable
from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import DtypeError, ShapeError
from thalweg.ops.elementwise import where
from thalweg.ops.getitem import getitem
from thalweg.ops.indexing import take
from thalweg.ops.shaping import astype, broadcast_to, reshape

__all__ = ["copy_", "fill", "fill_", "zero_"]

Array = np.ndarray[Any, Any]


def _put_arguments(x: Any, indices: Any, values: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tensor, places, new = as_tensor(x), as_tensor(indices), as_tensor(values)
    if places.dtype.kind not in "iu":
        raise DtypeError(
            f"put got indices of dtype {places.dtype}; it wants integers, which count elements."
        )
    new = astype(broadcast_to(new, places.shape), tensor.dtype)
    return (tensor, places, new), {}


@linear(
    lambda x, indices, values: Spec(x.shape, x.dtype),
    lambda g, out, x, indices, values: op.put_at(g, indices, 0.0),
    None,
    lambda g, out, x, indices, values: take(reshape(g, (-1,)), indices),
    arguments=_put_arguments,
    additive=True,
)
def put_at(x: Array, indices: Array, values: Array) -> Array:
    """Replace elements, counted in row-major order; of equal indices the last one wins."""
    flat = x.ravel().copy()
    flat[indices.ravel()] = values.ravel()  # negative ones count from the back
    return flat.reshape(x.shape)


@operation
def embed(base: Tensor, part: Tensor, steps: Any) -> Tensor:
    """Replace what some steps, each a primitive and its parameters, show of a tensor."""
    places: Tensor = make(_counted(base))
    for primitive, params in steps:
        places = apply(primitive, (places,), params)
    return put_at(base, places, part)


def _counted(x: Tensor) -> Array:
    """Return the position of each element in row-major order."""
    return np.arange(x.size).reshape(x.array.shape)


@operation
def setitem(x: Tensor, key: Any, value: Any) -> None:
    """Write into part of a tensor: `x[key] = value`; the value broadcasts, arrays index as NumPy's.

    Raises:
        ShapeError: If the value does not broadcast to the part.
        UnsupportedOperation: If a mask is traced: write x = where(mask, value, x).
    """
    counted = make(_counted(x))
    places = getitem(counted, key)
    new = as_tensor(value)
    # What shows the tensor's own memory, and not that of a copy made on the way, is written there.
    if not x.is_symbolic and places.origin is not None and places.origin.base is counted:
        shown = x[key]
        if new.dtype != x.dtype:
            new = astype(new, x.dtype)
        overwrite(shown, _own(_fitted(new, shown.array.shape), value))
        return
    new = _fitted(new, places.array.shape)
    write = chosen_at if x.is_symbolic and not places.is_symbolic else put_at
    overwrite(x, write(operand(x, (new,)), places, new))


def chosen_at(x: Tensor, places: Tensor, values: Tensor) -> Tensor:
    """Do what `put_at` does at places that are known while tracing, so that it compiles."""
    at = places.array.ravel()
    chosen, source = np.zeros(x.size, np.bool_), np.zeros(x.size, np.int64)
    chosen[at], source[at] = True, np.arange(at.size)
    if not at.size:
        return x
    new = reshape(take(reshape(values, (-1,)), source), x.array.shape)
    return where(chosen.reshape(x.array.shape), new, x)


def _fitted(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    # As NumPy and PyTorch: leading axes of extent 1 do not count.
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = reshape(value, value.array.shape[1:])
    try:
        return broadcast_to(value, shape)
    except ShapeError:
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"indexing result of shape {list(shape)}. Give a value of that shape."
        ) from None


def _own(new: Tensor, given: Any) -> Tensor:
    """Return a value with a step of the tape of its own, which another tensor may then take."""
    return op.clone(new) if new is given and new.node is not None else new


@method
def copy_(x: Tensor, source: Any, non_blocking: bool = False) -> Tensor:
    """Write another tensor's values into this one, broadcast and converted to its dtype."""
    itself = source is x
    if itself:
        require_changeable(x)
        return x
    new = astype(broadcast_to(as_tensor(source), x.array.shape), x.dtype)
    before = operand(x, (new,))
    # The history goes on, with a derivative of zero.
    kept = before.node is not None and is_recording()
    return overwrite(x, where(False, before, new) if kept else _own(new, source))


@method
def fill_(x: Tensor, value: Any) -> Tensor:
    """Set all elements to one number."""
    number = as_tensor(value)
    if number.ndim:
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {number.ndim} "
            "dimensions. Give a number, or use copy_."
        )
    filled = astype(broadcast_to(number, x.array.shape), x.dtype)
    source = operand(x, (number,))
    # The history goes on, with a derivative of zero.
    return overwrite(x, filled if source.node is None else where(False, source, filled))


@operation
def fill(x: Any, value: Any) -> Tensor:
    """Return a tensor's copy with all elements set to one number; derivatives go to the number."""
    return fill_(op.clone(x), value)


@method
def zero_(x: Tensor) -> Tensor:
    """Set all elements to zero, as in `w.grad.zero_()`, and return the tensor."""
    return fill_(x, 0)
