"""Other shapes of the same memory: PyTorch's views, and the copies of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.leaving import require_no_derivative
from thalweg.core.memory import memory_of
from thalweg.core.operation import FURTHER, attach, method, op, operation
from thalweg.core.primitive import linear
from thalweg.core.spec import Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import ArgumentError, ShapeError
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import zeros
from thalweg.ops.index.take import scatter_add
from thalweg.ops.shape.axes import normalize_axes, without
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.reshape import as_shape, expand_dims, reshape
from thalweg.ops.shape.scalars import axis_of
from thalweg.ops.shape.transpose import moveaxis, swapaxes, transpose
from thalweg.ops.torch.parts import narrow, select, split_with_sizes, unbind

__all__ = [
    "adjoint",
    "expand",
    "expand_as",
    "movedim",
    "permute",
    "reshape_as",
    "swapdims",
    "t",
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
    # What overlaps is not written, as there would be several values for one place.
    writeable = x.flags.writeable and step >= size
    shown = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=writeable)
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
