"""A tensor's memory laid out anew: as_strided, resize_, and views that a tensor itself becomes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.apply import apply, refresh
from thalweg.core.layout import row_major
from thalweg.core.memory import Memory, memory_of
from thalweg.core.operation import FURTHER, attach, method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.program import user_line
from thalweg.core.spec import Spec
from thalweg.core.tape import is_recording, set_recording
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.core.writing import keep_retained, require_changeable
from thalweg.errors import GradientError, ShapeError, TracingError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import zeros
from thalweg.ops.creation.ranges import arange
from thalweg.ops.index.take import scatter_add, take
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import swapaxes
from thalweg.ops.torch.viewing import extents, squeeze_ones, swapdims, t, unsqueeze

__all__ = [
    "as_strided",
    "as_strided_",
    "as_strided_copy",
    "as_strided_scatter",
]


Array = np.ndarray[Any, Any]

Steps = tuple[int, ...]

# ---- elements by their places in memory


def _steps(array: Array) -> Steps:
    return tuple(step // array.itemsize for step in array.strides)


def _in_memory_order(array: Array, layout: Steps) -> Array:
    """Return an array of this layout with its axes in the order that memory has."""
    flipped = array[tuple(slice(None, None, -1 if step < 0 else 1) for step in layout)]
    order = sorted(range(len(layout)), key=lambda axis: (-abs(layout[axis]), -array.shape[axis]))
    return flipped.transpose(order)


def _is_dense(array: Array) -> bool:
    """Tell whether the elements fill the memory between the first and the last of them."""
    return bool(_in_memory_order(array, _steps(array)).flags.c_contiguous)


def _reach(shape: Steps, stride: Steps) -> int:
    """Return how many places there are from the first element to the last."""
    if 0 in shape:
        return 0
    return 1 + sum((n - 1) * step for n, step in zip(shape, stride, strict=True))


def _places(shape: Steps, stride: Steps, offset: int) -> Array:
    """Return the place in memory of each element of a view."""
    found = np.full(shape, offset, np.int64)
    for axis, (n, step) in enumerate(zip(shape, stride, strict=True)):
        along = np.arange(n) * step
        found += along.reshape(n, *(1,) * (len(shape) - axis - 1))
    return found


def positions(whole: Steps, shape: Steps, stride: Steps, offset: int, layout: Steps) -> Array:
    """Return which element, in row-major order, each element of a view of an array is."""
    counted = np.arange(math.prod(whole)).reshape(whole)
    found: Array = _in_memory_order(counted, layout).ravel()[_places(shape, stride, offset)]
    return found


def _scattered(
    g: Tensor, out: Tensor, x: Tensor, shape: Steps, stride: Steps, offset: int, layout: Steps
) -> Tensor:
    places = positions(tuple(x.shape), shape, stride, offset, layout).reshape(-1)
    flat = zeros((x.size,), g.dtype, like=g)
    return reshape(scatter_add(flat, places, reshape(g, (-1,)), axis=0), tuple(x.shape))


def _read_at_places(x: Tensor, shape: Steps, stride: Steps, offset: int, layout: Steps) -> Tensor:
    return take(reshape(x, (-1,)), positions(tuple(x.shape), shape, stride, offset, layout))


@linear(
    lambda x, shape, stride, offset, layout: Spec(shape, x.dtype),
    _scattered,
    view=True,
    expansion=_read_at_places,
)
def strided(x: Array, *, shape: Steps, stride: Steps, offset: int, layout: Steps) -> Array:
    """Show elements by their places in the memory of an array of this layout."""
    if _steps(x) != layout or not _is_dense(x):
        found: Array = x.reshape(-1)[positions(tuple(x.shape), shape, stride, offset, layout)]
        return found
    memory = _in_memory_order(x, layout).reshape(-1)
    wide = [step * x.itemsize for step in stride]
    shown = np.ndarray(shape, x.dtype, memory, offset * x.itemsize, wide)
    if any(step == 0 and n > 1 for n, step in zip(shape, stride, strict=True)):
        shown.flags.writeable = False
    return shown


# ---- as_strided


def _root(x: Tensor) -> Tensor:
    """Return the tensor whose memory another one shows part of."""
    return x if x.origin is None or x.is_symbolic else x.origin.base


def _start(array: Array) -> int:
    """Return the address of the element that comes first in memory."""
    before = sum(
        (n - 1) * step for n, step in zip(array.shape, array.strides, strict=True) if step < 0
    )
    address: int = array.__array_interface__["data"][0]
    return address + before if array.size else address


def _storage(array: Array) -> Array:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@method
def as_strided(x: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Show a tensor's memory in a shape, with elements so many places apart along each axis.

    The derivative adds up at the places in memory.

    Args:
        x: A tensor; what it is a view of counts as its memory.
        size: The shape.
        stride: How many places apart neighbours are along each axis, at least 0.
        storage_offset: The place of the first element; by default that of x.

    Raises:
        ShapeError: If places lie outside the memory, the memory has gaps, a step is negative, or
            there are not as many steps as axes.

    Example:
        >>> import thalweg as tw
        >>> tw.arange(5.0).as_strided((3, 3), (1, 1))
        tensor([[0., 1., 2.],
                [1., 2., 3.],
                [2., 3., 4.]])
    """
    tensor = as_tensor(x)
    root, shape, steps = _root(tensor), extents((size,)), extents((stride,))
    if tensor.is_symbolic:
        _require_whole(tensor)
        own, before, layout = 0, 0, row_major(tuple(root.shape))
    else:
        if tensor.origin is not None:
            refresh(tensor)
        item = root.array.itemsize
        before = (_start(root.array) - _start(_storage(root.array))) // item
        own = (tensor.array.__array_interface__["data"][0] - _start(root.array)) // item
        layout = _steps(root.array)
        _require_dense(root)
    offset = own if storage_offset is None else int(storage_offset) - before
    _require_inside(root, shape, steps, offset)
    params = {"shape": shape, "stride": steps, "offset": offset, "layout": layout}
    # What the tensor does not remember of its base, what is cut out of it does not either.
    with set_recording(is_recording() and tensor.node is not None):
        return apply(strided, (root,), params)


def _require_whole(x: Tensor) -> None:
    if x.origin is not None and x.origin.steps:
        raise TracingError(
            "as_strided was asked of a view while a function is traced, where memory has no "
            "places that one could count from. Take it of a copy: x.clone().as_strided(…)."
        )


def _require_dense(root: Tensor) -> None:
    if not _is_dense(root.array):
        raise ShapeError(
            f"as_strided got a tensor on memory of shape {root.shape} and strides "
            f"{_steps(root.array)}, whose elements do not follow each other without gaps. Use "
            "contiguous() first."
        )


def _require_inside(root: Tensor, shape: Steps, stride: Steps, offset: int) -> None:
    if len(shape) != len(stride):
        raise ShapeError(
            f"mismatch in length of strides and shape: as_strided got {list(stride)} for the shape "
            f"{list(shape)}. Give one step for each axis."
        )
    if min((*shape, *stride), default=0) < 0:
        raise ShapeError(
            f"as_strided: negative sizes and strides are not supported; got sizes {list(shape)} "
            f"and strides {list(stride)}. Use flip for the other order."
        )
    if offset < 0 or offset + _reach(shape, stride) > root.size:
        raise ShapeError(
            f"as_strided: sizes {list(shape)}, strides {list(stride)} and the storage offset "
            f"{offset} are out of bounds for storage of {root.size} elements. Stay inside of it."
        )


@operation
def as_strided_copy(x: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Return what `as_strided` shows, in memory of its own."""
    return clone(as_strided(x, size, stride, storage_offset))


@method
def as_strided_scatter(
    x: Any, src: Any, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """Return a copy of a tensor with other values where `as_strided` would show it.

    Example:
        >>> import thalweg as tw
        >>> tw.as_strided_scatter(tw.zeros(5), tw.ones(2), (2,), (3,))
        tensor([1., 0., 0., 1., 0.])
    """
    tensor, new = as_tensor(x), as_tensor(src)
    shape = extents((size,))
    if tuple(new.shape) != shape:
        raise ShapeError(
            f"as_strided_scatter: expected src to have a size equal to the slice of self. src size "
            f"= {list(new.shape)}, slice size = {list(shape)}. Give one value for each place."
        )
    places = as_strided(arange(tensor.size).reshape(tensor.shape), size, stride, storage_offset)
    return op.put_at(tensor, places, new)  # type: ignore[no-any-return]


# ---- views that a tensor itself becomes


def _become(x: Tensor, shown: Callable[[Tensor], Tensor]) -> Tensor:
    """Let a tensor be a view of what it was: another shape of the same memory.

    Raises:
        GradientError: If it is a leaf that requires gradients, or a view of one, while recording.
    """
    require_changeable(x)
    if x.node is not None and x.node.leaf is not None:
        x.data = shown(x.data)
        return x
    if x.origin is not None:
        refresh(x)
    memory = memory_of(x)
    former = make(x.array, x.node, x.weak)
    former.origin = x.origin
    former.memory = memory if x.origin is None else None
    # A tensor with a history keeps one of its own shape, whatever the mode.
    with set_recording(True):
        new = shown(former)
    if new is not former:
        keep_retained(x, new.node)
        own = x.origin is None or x.origin.own
        x.array, x.node, x.origin = new.array, new.node, new.origin
        if x.origin is not None:
            x.origin.own = own
    memory.written(user_line() if is_recording() else "")
    if x.origin is not None:
        x.origin.seen = memory.version
    return x


def _becoming(name: str, function: Callable[..., Tensor], text: str) -> Callable[..., Tensor]:
    def become(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return _become(x, lambda former: function(former, *args, **kwargs))

    become.__name__ = become.__qualname__ = name
    become.__doc__ = text
    return become


for _name, _function, _text in (
    ("squeeze_", squeeze_ones, "Remove axes of extent 1 from the tensor itself."),
    ("swapaxes_", swapaxes, "Exchange two axes of the tensor itself."),
    ("swapdims_", swapdims, "Exchange two axes of the tensor itself."),
    ("t_", t, "Transpose the tensor itself, a matrix."),
    ("transpose_", swapdims, "Exchange two axes of the tensor itself."),
    ("unsqueeze_", unsqueeze, "Insert an axis of extent 1 into the tensor itself."),
):
    attach(_name, _becoming(_name, _function, _text))


@method
def as_strided_(x: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Lay the tensor itself out anew on its memory; arguments and errors as for `as_strided`."""
    return _become(x, lambda former: as_strided(former, size, stride, storage_offset))


def _resized(x: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give the tensor itself another number of elements, in row-major order of its memory.

    They are those in its memory from its first element on; where that does not hold as many, in
    new memory, which the tensor shares with no other, the rest are 0.

    Raises:
        GradientError: If the tensor requires gradients.
        ShapeError: If an extent is negative.
    """
    shape = extents(sizes)
    if x.is_symbolic:
        raise TracingError(
            "resize_ was called while a function is traced, where tensors have no memory. Build "
            "the new values with concatenate."
        )
    if x.requires_grad:
        raise GradientError("cannot resize variables that require grad. Use detach() first.")
    if min(shape, default=0) < 0:
        raise ShapeError(f"resize_ got the sizes {list(shape)}; it wants none below 0.")
    root, count = _root(x), math.prod(shape)
    if not _is_dense(root.array):
        rest = x.array.reshape(-1)
    else:
        start = x.array.__array_interface__["data"][0] - _start(root.array)
        memory = _in_memory_order(root.array, _steps(root.array)).reshape(-1)
        rest = memory[start // x.array.itemsize :]
        if count <= rest.size:
            return as_strided_(x, shape, row_major(shape))
    require_changeable(x)
    grown = np.zeros(count, x.dtype)
    grown[: rest.size] = rest[:count]
    version = memory_of(x).version
    x.array, x.origin, x.memory = grown.reshape(shape), None, Memory()
    x.memory.version = version
    x.memory.written(user_line() if is_recording() else "")
    return x


attach("resize_", _resized)


def _resized_as(x: Tensor, other: Any, *, memory_format: Any = None) -> Tensor:
    """Give the tensor itself the shape of another one, as `resize_` does."""
    return _resized(x, tuple(as_tensor(other).shape))


attach("resize_as_", _resized_as)

FURTHER["resize_as_"] = _resized_as
