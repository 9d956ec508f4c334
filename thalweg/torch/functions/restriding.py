"""A tensor's memory laid out anew: as_strided, resize_, and views that a tensor itself becomes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from thalweg.core.apply import apply, refresh
from thalweg.core.layout import row_major
from thalweg.core.memory import Memory, memory_of
from thalweg.core.program import owner_of
from thalweg.core.tape import is_recording, set_recording
from thalweg.core.tensor import Tensor, make
from thalweg.core.writing import keep_retained, require_changeable
from thalweg.errors import GradientError, ShapeError, TracingError
from thalweg.lines import user_line
from thalweg.ops.index.strided import in_memory_order, is_dense, steps_of, strided
from thalweg.torch.functions.scattering import replace_view
from thalweg.torch.functions.viewing import copying, extents
from thalweg.torch.naming import as_tensor, attach, function, method, named
from thalweg.torch.tensors import TorchTensor

Array = np.ndarray[Any, Any]

Steps = tuple[int, ...]


def _reach(shape: Steps, stride: Steps) -> int:
    """Return how many places there are from the first element to the last."""
    if 0 in shape:
        return 0
    return 1 + sum((n - 1) * step for n, step in zip(shape, stride, strict=True))


# ---- as_strided


def _root(x: Tensor) -> Tensor:
    """Return the tensor whose memory another one shows part of."""
    return x if x.origin is None or x.is_symbolic else x.origin.base


def address(array: Array) -> int:
    """Return the address of an array's first element."""
    found: int = array.__array_interface__["data"][0]
    return found


def _start(array: Array) -> int:
    """Return the address of the element that comes first in memory."""
    return byte_bounds(array)[0] if array.size else address(array)


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
        >>> import thalweg.torch as torch
        >>> torch.arange(5.0).as_strided((3, 3), (1, 1))
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
        before = (_start(root.array) - _start(owner_of(root.array))) // item
        own = (address(tensor.array) - _start(root.array)) // item
        layout = steps_of(root.array)
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
    if not is_dense(root.array):
        raise ShapeError(
            f"as_strided got a tensor on memory of shape {root.shape} and strides "
            f"{steps_of(root.array)}, whose elements do not follow each other without gaps. Use "
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


function(copying("as_strided", as_strided))


@method
def as_strided_scatter(
    x: Any, src: Any, size: Any, stride: Any, storage_offset: int | None = None
) -> Tensor:
    """Return a copy of a tensor with other values where `as_strided` would show it.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.as_strided_scatter(torch.zeros(5), torch.ones(2), (2,), (3,))
        tensor([1., 0., 0., 1., 0.])
    """
    return replace_view("as_strided_scatter", x, src, as_strided, size, stride, storage_offset)


# ---- views that a tensor itself becomes


def _become(x: Tensor, shown: Callable[[Tensor], Tensor]) -> Tensor:
    """Let a tensor be a view of what it was: another shape of the same memory.

    Raises:
        GradientError: If it is a leaf that requires gradients, or a view of one, while recording.
    """
    require_changeable(x)
    if x.node is not None and x.node.leaf is not None:
        tensor: Any = x
        tensor.data = shown(tensor.data)
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


def _in_place(name: str) -> Callable[..., Tensor]:
    """Return the method `name_`: the tensor itself becomes what `name` shows."""
    view = getattr(TorchTensor, name)

    @named(f"{name}_", f"Make the tensor itself the view of it that `{name}` shows.")
    @functools.wraps(view)
    def become(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return _become(x, lambda former: view(former, *args, **kwargs))

    return become


for _name in ("squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze"):
    attach(f"{_name}_", _in_place(_name))


@method
def as_strided_(x: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Lay the tensor itself out anew on its memory; arguments and errors as for `as_strided`."""
    return _become(x, lambda former: as_strided(former, size, stride, storage_offset))


def _resize(x: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
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
    if not is_dense(root.array):
        rest = x.array.reshape(-1)
    else:
        start = address(x.array) - _start(root.array)
        memory = in_memory_order(root.array, steps_of(root.array)).reshape(-1)
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


attach("resize_", _resize)


@method
def resize_as_(x: Tensor, other: Any, *, memory_format: Any = None) -> Tensor:
    """Give the tensor itself the shape of another one, as `resize_` does."""
    return _resize(x, tuple(as_tensor(other).shape))
