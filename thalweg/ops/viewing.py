"""Other shapes of the same memory: PyTorch's views, and the copies of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from thalweg.core.memory import memory_of
from thalweg.core.operation import FURTHER, attach, method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError
from thalweg.ops.arranging import moveaxis, swapaxes
from thalweg.ops.axes import axis_of
from thalweg.ops.copying import clone
from thalweg.ops.creation import zeros
from thalweg.ops.indexing import scatter_add
from thalweg.ops.joining import array_split
from thalweg.ops.shaping import (
    as_shape,
    broadcast_to,
    expand_dims,
    normalize_axes,
    reshape,
    slice_,
    transpose,
    without,
)

__all__ = [
    "adjoint",
    "chunk",
    "expand",
    "expand_as",
    "movedim",
    "narrow",
    "permute",
    "reshape_as",
    "select",
    "split_with_sizes",
    "swapdims",
    "t",
    "tensor_split",
    "unbind",
    "unflatten",
    "unsqueeze",
    "view_as",
]

Array = np.ndarray[Any, Any]


def extents(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Return a shape given as several integers or as one sequence of them."""
    single = len(sizes) == 1 and not isinstance(sizes[0], (int, np.integer))
    return as_shape(sizes[0] if single else sizes)


# ---- another shape


@method
def view(x: Tensor, *shape: Any, dtype: Any = None) -> Tensor:
    """Show the same memory in another shape, or as another dtype.

    Raises:
        ShapeError: If the elements are not laid out so that it could be.

    Example:
        >>> import thalweg as tw
        >>> x = tw.zeros((2, 3))
        >>> x.view(3, -1).fill_(1.0)[0]
        tensor([1., 1.])
        >>> x[1]
        tensor([1., 1., 1.])
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], (type, np.dtype))):
        return _reinterpreted(x, shape[0] if dtype is None else dtype)
    shown: Tensor = reshape(x, extents(shape))
    if not x.is_symbolic and x.size and not np.may_share_memory(shown.array, x.array):
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return shown


def _reinterpreted(x: Tensor, dtype: Any) -> Tensor:
    shown = make(x.detach().numpy().view(dtype))
    shown.memory = memory_of(x)
    return shown


@method
def view_as(x: Tensor, y: Tensor) -> Tensor:
    """Show the same memory in the shape of another tensor."""
    return view(x, y.shape)


@method
def reshape_as(x: Any, y: Tensor) -> Tensor:
    """Give the elements the shape of another tensor."""
    return reshape(x, y.shape)


@method
def expand(x: Any, *sizes: Any, implicit: bool = False) -> Tensor:
    """Repeat along axes of extent 1 and new leading axes without a copy; -1 leaves an axis.

    Raises:
        ShapeError: If an axis of another extent would change.
    """
    tensor, wanted = as_tensor(x), list(extents(sizes))
    new = len(wanted) - tensor.ndim
    for place, n in enumerate(wanted):
        if n == -1 and place >= max(0, new):
            wanted[place] = tensor.shape[place - new]
    if new < 0 or min(wanted, default=0) < 0:
        raise ShapeError(
            f"expand got the sizes {wanted} for a tensor of shape {tensor.shape}; the number of "
            "sizes provided must be greater or equal to the number of dimensions in the tensor."
        )
    return broadcast_to(tensor, tuple(wanted))


@method
def expand_as(x: Any, y: Any) -> Tensor:
    """Repeat to the shape of another tensor, without a copy."""
    return expand(x, as_tensor(y).shape)


@method
def unsqueeze(x: Any, axis: int) -> Tensor:
    """Insert an axis of extent 1."""
    return expand_dims(x, axis)


@method
def squeeze_ones(x: Any, axis: Any = None) -> Tensor:
    """Remove axes of extent 1 among those given, by default all; others stay, as in PyTorch."""
    tensor = as_tensor(x)
    axes = normalize_axes("squeeze", axis, tensor.ndim)
    return reshape(tensor, without(tensor.shape, tuple(a for a in axes if tensor.shape[a] == 1)))


attach("squeeze", squeeze_ones, replace=True)


@method
def unflatten(x: Any, axis: int, sizes: Any) -> Tensor:
    """Unfold one axis into several; one of the sizes may be -1.

    Raises:
        ShapeError: If they do not hold as many elements.
    """
    tensor, given = as_tensor(x), tuple(sizes)
    place = axis_of("unflatten", axis, tensor.ndim)
    if not given:
        raise ShapeError("unflatten: sizes must be non-empty; it got none. Give the new extents.")
    held = tensor.shape[place]
    known = math.prod(n for n in given if n != -1)
    fits = held % known == 0 if -1 in given and known else held == known
    if not fits or given.count(-1) > 1:
        raise ShapeError(
            f"unflatten: provided sizes {list(given)} don't multiply up to the size of dim {axis} "
            f"({held}) in the input tensor. Change one, or make one of them -1."
        )
    full = tuple(held // known if n == -1 else n for n in given)
    return reshape(tensor, (*tensor.shape[:place], *full, *tensor.shape[place + 1 :]))


# ---- axes in another order


@method
def permute(x: Any, *axes: Any) -> Tensor:
    """Put the axes into another order."""
    tensor = as_tensor(x)
    return transpose(tensor, extents(axes) if tensor.ndim or axes not in ((), ((),)) else ())


@method
def movedim(x: Any, source: Any, destination: Any) -> Tensor:
    """Move axes to other places; the others keep their order."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        for axis in (source, destination):
            for one in axis if isinstance(axis, (tuple, list)) else (axis,):
                axis_of("movedim", one, 0)
        return tensor
    return moveaxis(tensor, source, destination)


@method
def swapdims(x: Any, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        axis_of("transpose", dim0, 0), axis_of("transpose", dim1, 0)
        return tensor
    return swapaxes(tensor, dim0, dim1)


@method
def t(x: Any) -> Tensor:
    """Transpose a matrix; a vector stays as it is.

    Raises:
        ShapeError: If there are more than two axes.
    """
    tensor = as_tensor(x)
    if tensor.ndim > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {tensor.ndim}D. "
            "Use mT for stacks of matrices, or permute."
        )
    return transpose(tensor)


@method
def adjoint(x: Any) -> Tensor:
    """Conjugate transpose of a matrix or a stack of them."""
    return swapaxes(op.conj(x), -1, -2)


def _conjugate_transpose(x: Tensor) -> Tensor:
    if x.ndim not in (0, 2):
        raise ShapeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {x.ndim}-D tensor. "
            "Use mH for stacks of matrices."
        )
    return adjoint(x) if x.ndim else x


attach("H", property(_conjugate_transpose))
attach("mH", property(adjoint))

# ---- parts


@method
def narrow(x: Any, axis: int, start: Any, length: int) -> Tensor:
    """Read `length` positions from `start` on along an axis.

    Raises:
        ShapeError: If the tensor has no axes, or they reach over the end.
    """
    tensor, first = as_tensor(x), int(start)
    if not tensor.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor. Reshape it first.")
    place = axis_of("narrow", axis, tensor.ndim)
    extent = tensor.shape[place]
    if not -extent <= first <= extent:
        raise IndexOutOfRange(f"narrow got start {first}; it wants one from {-extent} to {extent}.")
    first += extent if first < 0 else 0
    if length < 0 or first + length > extent:
        raise ShapeError(
            f"narrow: start ({first}) + length ({length}) exceeds dimension size ({extent}), or "
            "the length is negative. Give fewer positions."
        )
    return part_of(tensor, place, first, first + length)


def part_of(x: Tensor, axis: int, start: int, stop: int, step: int = 1) -> Tensor:
    """Read a slice along one axis."""
    bounds = [(0, n, 1) for n in x.shape]
    bounds[axis] = (start, max(start, stop), step)
    return slice_(x, tuple(bounds))


@method
def select(x: Any, axis: int, index: int) -> Tensor:
    """Read one position along an axis, which disappears.

    Raises:
        IndexOutOfRange: If there is no such position or axis.
    """
    tensor, position = as_tensor(x), int(index)
    if not tensor.ndim:
        raise IndexOutOfRange("select() cannot be applied to a 0-dim tensor. Reshape it first.")
    place = axis_of("select", axis, tensor.ndim)
    extent = tensor.shape[place]
    if not -extent <= position < extent:
        raise IndexOutOfRange(
            f"select(): index {position} out of range for tensor of size {list(tensor.shape)} at "
            f"dimension {place}. It wants one from {-extent} to {extent - 1}."
        )
    position %= extent
    cut = part_of(tensor, place, position, position + 1)
    return reshape(cut, without(tensor.shape, (place,)))


@method
def unbind(x: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Read all positions along an axis, one tensor each."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise IndexOutOfRange("unbind() cannot be applied to a 0-dim tensor. Reshape it first.")
    place = axis_of("unbind", axis, tensor.ndim)
    return tuple(select(tensor, place, i) for i in range(tensor.shape[place]))


@method
def split_with_sizes(x: Any, split_sizes: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into parts of the given sizes along an axis.

    Raises:
        ShapeError: If they do not sum to its extent.
    """
    tensor, sizes = as_tensor(x), [int(n) for n in split_sizes]
    if not tensor.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor; reshape it first.")
    place = axis_of("split", axis, tensor.ndim)
    if sum(sizes) != tensor.shape[place] or min(sizes, default=0) < 0:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {tensor.shape[place]} (input "
            f"tensor's size at dimension {place}), but got split_sizes={sizes}. Change one."
        )
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(part_of(tensor, place, a, b) for a, b in pairwise(starts))


@operation
def split_in_sizes(x: Any, split_size: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into parts of one size, the last one smaller, or of several sizes.

    This is the method `x.split`, as PyTorch's; the function `tw.split` counts parts, as NumPy's.
    """
    tensor = as_tensor(x)
    if isinstance(split_size, (tuple, list)):
        return split_with_sizes(tensor, split_size, axis)
    if not tensor.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor; reshape it first.")
    extent, size = tensor.shape[axis_of("split", axis, tensor.ndim)], int(split_size)
    if size < 0 or (size == 0 and extent):
        raise ArgumentError(f"split expects split_size be positive, but got {split_size}.")
    count = -(-extent // size) if extent else 1
    return split_with_sizes(tensor, [min(size, extent - i * size) for i in range(count)], axis)


attach("split", split_in_sizes, replace=True)


@method("unsafe_chunk")
def chunk(x: Any, chunks: int, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into at most `chunks` parts of one size, the last one smaller."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise ShapeError("chunk expects at least a 1-dimensional tensor; reshape it first.")
    if chunks < 1:
        raise ArgumentError(f"chunk expects `chunks` to be greater than 0, got: {chunks}.")
    place = axis_of("chunk", axis, tensor.ndim)
    size = -(-tensor.shape[place] // chunks)
    if not size:
        return split_with_sizes(tensor, [0] * chunks, place)
    return split_in_sizes(tensor, size, place)


@method
def tensor_split(x: Any, indices_or_sections: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into nearly equal parts, the first ones larger, or at the given positions."""
    tensor, where = as_tensor(x), indices_or_sections
    if not tensor.ndim:
        raise ShapeError("tensor_split expected at least a 1-dimensional tensor; reshape it first.")
    if isinstance(where, Tensor):
        if where.ndim > 1 or where.dtype != np.int64:
            raise ShapeError("tensor_split expected a tensor of int64 with zero or one axes.")
        where = where.tolist()
    return tuple(array_split(tensor, where, axis))


# ---- windows


def _unfolded(x: Spec, axis: int, size: int, step: int) -> Spec:
    count = (x.shape[axis] - size) // step + 1
    return Spec((*x.shape[:axis], count, *x.shape[axis + 1 :], size), x.dtype)


def _fold(g: Tensor, out: Tensor, x: Tensor, axis: int, size: int, step: int) -> Tensor:
    starts = np.arange(g.shape[axis]) * step
    places = starts[:, None] + np.arange(size)
    updates = moveaxis(g, -1, axis + 1)
    return scatter_add(zeros(x.shape, x.dtype, like=g), places, updates, axis=axis)


@linear(_unfolded, _fold, view=True)
def windows_along(x: Array, *, axis: int, size: int, step: int) -> Array:
    """Show windows of one size along an axis, `step` apart; the last axis runs inside them."""
    # A window of no elements has nothing to show, which NumPy refuses.
    if size == 0:
        return np.zeros(_unfolded(Spec(x.shape, x.dtype), axis, size, step).shape, x.dtype)
    shown = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=x.flags.writeable)
    return shown[(*(slice(None),) * axis, slice(None, None, step))]


def unfold(x: Any, axis: int, size: int, step: int) -> Tensor:
    """Show all windows of `size` positions along an axis, `step` apart, along a new last axis.

    Raises:
        ShapeError: If a window is larger than the axis, or of a negative size.
        ArgumentError: If the step is not positive.
    """
    tensor = as_tensor(x)
    place = axis_of("unfold", axis, tensor.ndim)
    if not tensor.ndim:
        return reshape(unfold(reshape(tensor, (1,)), 0, size, step), (-1,))
    extent = tensor.shape[place]
    if step <= 0:
        raise ArgumentError(f"unfold: step is {step} but must be > 0.")
    if not 0 <= size <= extent:
        raise ShapeError(
            f"unfold: maximum size for tensor at dimension {place} is {extent} but size is {size}. "
            "Give a smaller one."
        )
    return windows_along(tensor, axis=place, size=int(size), step=int(step))


# As a function, the name means images' windows.
attach("unfold", unfold, replace=True)

# ---- copies of what the views show

_COPIED: dict[str, Callable[..., Any]] = {
    "expand_copy": expand,
    "narrow_copy": narrow,
    "permute_copy": permute,
    "select_copy": select,
    "split_with_sizes_copy": split_with_sizes,
    "squeeze_copy": squeeze_ones,
    "t_copy": t,
    "transpose_copy": swapdims,
    "unbind_copy": unbind,
    "unfold_copy": unfold,
    "unsqueeze_copy": unsqueeze,
    "view_copy": view,
}


def _copying(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def copy(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        return tuple(map(clone, found)) if isinstance(found, tuple) else clone(found)

    copy.__name__ = copy.__qualname__ = name
    copy.__doc__ = f"Return a copy of what `{function.__name__}` shows."
    return copy


for _name, _function in _COPIED.items():
    FURTHER[_name] = operation(_copying(_name, _function))
