"""Views: other shapes, and parts, of the same memory, and copies of them. PyTorch's names."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from thalweg.core.apply import apply, as_view, is_plain
from thalweg.core.leaving import require_no_derivative
from thalweg.core.memory import memory_of
from thalweg.core.operation import op
from thalweg.core.program import tracing
from thalweg.core.tensor import Tensor, fresh, make
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.index.items import getitem
from thalweg.ops.index.repeat import tile
from thalweg.ops.shape.axes import normalize_axes, without
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.cut import part_of
from thalweg.ops.shape.flip import flip as reversed_along
from thalweg.ops.shape.join import array_split
from thalweg.ops.shape.reshape import as_shape, axis_of, reshape
from thalweg.ops.shape.reshape import flatten as along_one_axis
from thalweg.ops.shape.transpose import moveaxis, swapaxes, transpose
from thalweg.ops.windows.windows import windows_along
from thalweg.torch.naming import as_tensor, attach, function, method, named
from thalweg.torch.steps import call_part, step
from thalweg.torch.tensors import TorchTensor

# ---- parts


def _with_axis(
    name: str, x: Any, axis: int, error: type[Exception] = ShapeError
) -> tuple[Tensor, int]:
    """Return a tensor, which must have axes, and one of them counted from the front."""
    tensor = as_tensor(x)
    if not tensor.ndim:
        raise error(f"{name}() cannot be applied to a 0-dim tensor. Reshape it first.")
    return tensor, axis_of(name, axis, tensor.ndim)


@method
def narrow(x: Any, axis: int, start: Any, length: int) -> Tensor:
    """Read `length` positions from `start` on along an axis.

    Raises:
        ShapeError: If the tensor has no axes, or they reach over the end.
        ArgumentError: If the start is a tensor, and not one integer.
    """
    (tensor, place), first = _with_axis("narrow", x, axis), _integer(start)
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


def _integer(given: Any) -> int:
    if isinstance(given, Tensor) and (given.ndim or given.dtype.kind not in "iu"):
        raise ArgumentError(
            f"start must be an 0-dim integral Tensor; narrow got shape {given.shape} and dtype "
            f"{given.dtype}. Give an int."
        )
    return int(given)


@method
def select(x: Any, axis: int, index: int) -> Tensor:
    """Read one position along an axis, which disappears.

    Raises:
        IndexOutOfRange: If there is no such position or axis.
    """
    tensor, place = _with_axis("select", x, axis, IndexOutOfRange)
    position, extent = int(index), tensor.shape[place]
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
    tensor, place = _with_axis("unbind", x, axis, IndexOutOfRange)
    return tuple(select(tensor, place, i) for i in range(tensor.shape[place]))


@method
def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Show the elements of a run of axes along one axis, or copy them where they lie elsewhere.

    Raises:
        ArgumentError: If the first axis of the run is after the last.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.zeros(2, 2)
        >>> _ = x.flatten().fill_(1)
        >>> x.sum()
        tensor(4.)
    """
    return along_one_axis(x, start_dim, end_dim)


@method("unsafe_split_with_sizes")
def split_with_sizes(x: Any, split_sizes: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into parts of the given sizes along an axis.

    Raises:
        ShapeError: If they do not sum to its extent.
    """
    tensor, place = _with_axis("split", x, axis)
    sizes = [int(n) for n in split_sizes]
    if sum(sizes) != tensor.shape[place] or min(sizes, default=0) < 0:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {tensor.shape[place]} (input "
            f"tensor's size at dimension {place}), but got split_sizes={sizes}. Change one."
        )
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(part_of(tensor, place, a, b) for a, b in pairwise(starts))


@method("unsafe_split")
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into parts of one size, the last one smaller, or of several sizes.

    NumPy's `split` counts the parts.
    """
    x, place = _with_axis("split", tensor, dim)
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(x, split_size_or_sections, place)
    extent, size = x.shape[place], int(split_size_or_sections)
    if size < 0 or (size == 0 and extent):
        raise ArgumentError(f"split expects split_size be positive, but got {size}.")
    count = -(-extent // size) if extent else 1
    return split_with_sizes(x, [min(size, extent - i * size) for i in range(count)], place)


@method("unsafe_chunk")
def chunk(x: Any, chunks: int, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into at most `chunks` parts of one size, the last one smaller."""
    tensor, place = _with_axis("chunk", x, axis)
    if chunks < 1:
        raise ArgumentError(f"chunk expects `chunks` to be greater than 0, got: {chunks}.")
    size = -(-tensor.shape[place] // chunks)
    if not size:
        return split_with_sizes(tensor, [0] * chunks, place)
    return split(tensor, size, place)


@method
def tensor_split(x: Any, indices_or_sections: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """Cut a tensor into nearly equal parts, the first ones larger, or at the given positions."""
    (tensor, place), where = _with_axis("tensor_split", x, axis), indices_or_sections
    if isinstance(where, Tensor):
        if where.ndim > 1 or where.dtype != np.int64:
            raise ShapeError("tensor_split expected a tensor of int64 with zero or one axes.")
        where = where.tolist()
    return tuple(array_split(tensor, where, place))


Array = np.ndarray[Any, Any]


def extents(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Return a shape given as several integers or as one sequence of them."""
    single = len(sizes) == 1 and not isinstance(sizes[0], (int, np.integer))
    return as_shape(sizes[0] if single else sizes)


def _getitem(x: Tensor, key: Any) -> Tensor:
    """Return the part of a tensor that a key shows."""
    found = getitem(x, key)
    if found.node is not None:
        call_part(found, x, key)
    return found


# Not spoken by PyTorch's words, which would take time.
TorchTensor.__getitem__ = _getitem  # type: ignore[assignment, method-assign]

# ---- another shape


_spoken_reshape: Any = TorchTensor.reshape


@functools.wraps(_spoken_reshape)
def _reshape(x: Tensor, *shape: Any, **words: Any) -> Tensor:
    """Give the elements another shape; one extent may be -1."""
    array = x.array
    if not words and array.__class__ is np.ndarray:
        try:
            found = array.reshape(*shape)
        except (TypeError, ValueError):
            found = None  # PyTorch's words of why are spoken
        if not array.flags.c_contiguous:
            if found is not None and is_plain(x) and not np.may_share_memory(found, array):
                return fresh(found, x.results)
            found = None
        if found is not None and is_plain(x):
            return as_view(x, found, ((reshape, {"shape": found.shape}),))
        if found is not None and not tracing.traces:
            return apply(reshape, (x,), {"shape": found.shape})
    reshaped: Tensor = _spoken_reshape(x, *shape, **words)
    return reshaped


TorchTensor.reshape = _reshape  # type: ignore[assignment, method-assign]


@method
def view(x: Tensor, *shape: Any, dtype: Any = None) -> Tensor:
    """Show the same memory in another shape, or as another dtype.

    Raises:
        ShapeError: If the elements are not laid out so that it could be.

    Example:
        >>> import thalweg.torch as torch
        >>> x = torch.zeros((2, 3))
        >>> x.view(3, -1).fill_(1.0)[0]
        tensor([1., 1.])
        >>> x[1]
        tensor([1., 1., 1.])
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], (type, np.dtype))):
        return _reinterpret(x, shape[0] if dtype is None else dtype)
    if is_plain(x) and x.array.flags.c_contiguous:
        return _reshape(x, *shape)
    shown: Tensor = reshape(x, extents(shape))
    if not x.is_symbolic and x.size and not np.may_share_memory(shown.array, x.array):
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return shown


def _reinterpret(x: Tensor, dtype: Any) -> Tensor:
    require_no_derivative(x, f"view({np.dtype(dtype)}), what the bits mean as another dtype,")
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


def _repeat(x: Tensor, *repeats: Any) -> Tensor:
    """Return a tensor so many times along each axis, one after another.

    Args:
        x: A tensor.
        repeats: How often, for each axis; further ones in front are new axes.

    Raises:
        ShapeError: If there are fewer than axes, or a negative one.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
    """
    times = extents(repeats)
    if len(times) < x.ndim:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            f"tensor: repeat got {times} for the shape {tuple(x.shape)}. Give one for each."
        )
    return tile(x, times)


attach("repeat", _repeat)


@method
def flip(x: Any, *axes: Any, dims: Any = None) -> Tensor:
    """Reverse the order along some axes.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.arange(4).view(2, 2).flip(0, 1)
        tensor([[3, 2],
                [1, 0]])
    """
    return reversed_along(as_tensor(x), axis=extents(axes if dims is None else (dims,)))


@function
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return the coordinates of a grid, one tensor an axis.

    Args:
        tensors: The vectors of coordinates along each axis, or one list of them.
        indexing: "ij", where the first vector runs along the first axis; "xy", along the second.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.meshgrid(torch.arange(2), torch.arange(3))[1]
        tensor([[0, 1, 2],
                [0, 1, 2]])
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    return tuple(op.meshgrid(*given, indexing=indexing))


@method
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Remove axes of extent 1 among those given, by default all; others stay, as in PyTorch."""
    tensor = as_tensor(x)
    axes = normalize_axes("squeeze", axis, tensor.ndim)
    return reshape(tensor, without(tensor.shape, tuple(a for a in axes if tensor.shape[a] == 1)))


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


@method("transpose")
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
@step("Transpose")
def adjoint(x: Any) -> Tensor:
    """Conjugate transpose of a matrix or a stack of them."""
    return swapaxes(op.conjugated(x), -1, -2)


def _conjugate_transpose(x: Tensor) -> Tensor:
    if x.ndim not in (0, 2):
        raise ShapeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {x.ndim}-D tensor. "
            "Use mH for stacks of matrices."
        )
    return adjoint(x) if x.ndim else x


attach("H", property(_conjugate_transpose))

attach("mH", property(adjoint))


@step("Transpose")
def _transposed(x: Tensor) -> Tensor:
    """Return the matrix, or each of a stack, with its axes exchanged."""
    return swapaxes(x, -1, -2)


attach("mT", property(_transposed))


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
attach("unfold", unfold)

# ---- copies of what the views show


def copying(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that copies what another one, of that name, shows."""

    @named(f"{name}_copy", f"Return a copy of what `{name}` shows.")
    @functools.wraps(view)
    def copy(*args: Any, **kwargs: Any) -> Any:
        found = view(*args, **kwargs)
        return tuple(map(clone, found)) if isinstance(found, tuple) else clone(found)

    return copy


_VIEWS = """
diagonal expand narrow permute select split split_with_sizes squeeze t transpose unbind unfold
unsqueeze view
"""

for _name in _VIEWS.split():
    function(copying(_name, getattr(TorchTensor, _name)))


@function
def slice_copy(
    x: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Return a copy of what `x[start:end:step]` shows along an axis.

    Raises:
        ArgumentError: If the step is not positive.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.slice_copy(torch.arange(5.0), 0, 1, -1, 2)
        tensor([1., 3.])
    """
    tensor, place = _with_axis("slice_copy", x, dim)
    if step <= 0:
        raise ArgumentError(f"slice step must be positive, and {step} was given. Use flip.")
    return clone(tensor[(*(slice(None),) * place, slice(start, end, step))])
