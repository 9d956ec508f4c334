"""Writing into tensors: x[...] = value, copy_, fill_, zero_; and its pure form, `put_at`."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.core.apply import apply
from thalweg.core.operation import method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tape import is_recording
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.core.writing import READ_ONLY, operand, overwrite, require_changeable
from thalweg.errors import DtypeError, ShapeError
from thalweg.ops.creation.creation import asarray
from thalweg.ops.elementwise.comparison import equal, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.index.getitem import getitem
from thalweg.ops.index.take import take
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import slice_
from thalweg.ops.shape.flip import flip
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import transpose

__all__ = [
    "copy_",
    "fill",
    "fill_",
    "zero_",
]


Array = np.ndarray[Any, Any]


def _put_arguments(x: Any, indices: Any, values: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tensor, places, new = as_tensor(x), as_tensor(indices), as_tensor(values)
    if places.dtype.kind not in "iu":
        raise DtypeError(
            f"put got indices of dtype {places.dtype}; it wants integers, which count elements."
        )
    new = astype(broadcast_to(new, places.shape), tensor.dtype)
    return (tensor, places, new), {}


def _read_where_last(g: Tensor, x: Tensor, indices: Tensor) -> Tensor:
    """Return the cotangents of what was written; that of an element overwritten later is 0."""
    read = take(reshape(g, (-1,)), indices)
    order = np.arange(indices.size).reshape(indices.array.shape)
    last = take(put_at(np.zeros(x.size, np.int64), indices, order), indices)
    if not last.is_symbolic and bool((last.array == order).all()):
        return read
    return where(last == order, read, 0.0)


@linear(
    lambda x, indices, values: Spec(x.shape, x.dtype),
    lambda g, out, x, indices, values: op.put_at(g, indices, 0.0),
    None,
    lambda g, out, x, indices, values: _read_where_last(g, x, indices),
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
    for position, (primitive, _) in enumerate(steps):
        if primitive.name in ("real_part", "imaginary_part"):
            return _embed_part(base, part, steps[:position], steps[position:])
    if base.is_symbolic or part.is_symbolic:
        moved = all(primitive in _MOVING for primitive, _ in steps)
        return (_moved_back if moved else _placed)(base, part, steps)
    return put_at(base, _shown(make(_counted(base)), steps), part)


def _embed_part(base: Tensor, part: Tensor, before: Any, after: Any) -> Tensor:
    """Replace what steps show of the real or imaginary parts of what other steps show."""
    numbers = _shown(base, before)
    real, imaginary = op.real(numbers), op.imag(numbers)
    if after[0][0].name == "real_part":
        real = embed(real, part, after[1:])
    else:
        imaginary = embed(imaginary, part, after[1:])
    found: Tensor = embed(base, op.complex_of(real, imaginary), before)
    return found


# Views whose elements are those of their base in other places, so that their transposes put
# the elements back.
_MOVING = {slice_, reshape, transpose, flip}


def _shown(x: Tensor, steps: Any) -> Tensor:
    for primitive, params in steps:
        x = apply(primitive, (x,), params)
    return x


def _moved_back(base: Tensor, part: Tensor, steps: Any) -> Tensor:
    """Replace what steps show by a choice between the base and the part, moved to its place."""
    # Positions stay what they are where a step copies, as the base may lie in another order.
    shown = [make(_counted(base))]
    for primitive, params in steps:
        shown.append(apply(primitive, (shown[-1],), params))
    for (primitive, params), before in zip(reversed(steps), reversed(shown[:-1]), strict=True):
        part = primitive.rules[0](part, part, before, **params)
    chosen = np.zeros(base.array.shape, np.bool_)
    chosen.reshape(-1)[shown[-1].array.reshape(-1)] = True
    return part if chosen.all() else where(chosen, part, base)


def _placed(base: Tensor, part: Tensor, steps: Any) -> Tensor:
    """Replace what steps show, known by its positions."""
    places = _shown(make(_counted(base)), steps)
    if not places.array.flags.writeable:
        raise ShapeError(READ_ONLY)
    return chosen_at(base, places, part)


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
    places = getitem(counted, _whole(key, x.ndim))
    new = asarray(value) if isinstance(value, (list, tuple)) else as_tensor(value)
    # What shows the tensor's own memory, and not that of a copy made on the way, is written there.
    if places.origin is not None and places.origin.base is counted:
        shown = _shown(x, places.origin.steps)
        if _is_same_view(new, shown):
            # Whose elements are there already, as after x[key] += 1.
            return
        if new.dtype != x.dtype:
            new = astype(new, x.dtype)
        overwrite(shown, _own(_fitted(new, shown.array.shape), value))
        return
    write_at(x, places, _fitted(new, places.array.shape))


def _whole(key: Any, ndim: int) -> Any:
    """Return a key that shows an element where one of integers alone would copy it."""
    items = key if isinstance(key, tuple) else (key,)
    if len(items) == ndim and not any(isinstance(item, (Tensor, bool)) for item in items):
        return key if any(item is Ellipsis for item in items) else (*items, ...)
    return key


def write_at(x: Tensor, places: Tensor, values: Tensor) -> None:
    """Write into elements of a tensor, counted in row-major order."""
    traced = x.is_symbolic or values.is_symbolic
    if places.is_symbolic and places.size == 1:
        # So it compiles.
        chosen = equal(reshape(places, ()), _counted(x))
        new = reshape(astype(values, x.dtype), ())
        overwrite(x, where(chosen, new, operand(x, (values,))))
        return
    write = chosen_at if traced and not places.is_symbolic else put_at
    overwrite(x, write(operand(x, (values,)), places, values))


def _is_same_view(x: Tensor, y: Tensor) -> bool:
    mine, other = x.origin, y.origin
    if mine is None or other is None or mine.detached or mine.base is not other.base:
        return False
    return mine.steps == other.steps


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
