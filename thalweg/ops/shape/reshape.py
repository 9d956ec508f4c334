"""The same elements in another shape."""

from __future__ import annotations

import functools
import inspect
import math
import operator
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from thalweg.core.apply import with_params
from thalweg.core.layout import follows_itself
from thalweg.core.operation import attach, method, op, operation, register, widen
from thalweg.core.primitive import Index, Resolved, linear
from thalweg.core.spec import Array, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, CallError, ShapeError
from thalweg.ops.shape.axes import normalize_axes, normalize_axis, without
from thalweg.ops.shape.transpose import transpose

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "expand_dims", "ravel", "reshape", "squeeze"]


def as_shape(shape: Any) -> Shape:
    """Return a shape given as an integer or a sequence of integers.

    Raises:
        CallError: If it is neither.
    """
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    try:
        return tuple(map(operator.index, shape))
    except TypeError:
        raise CallError(
            f"The shape {shape!r} was given; a shape is an integer or a sequence of integers."
        ) from None


# ---- the primitives


def _resolve_reshape(
    x: Any, *extents: Any, shape: Any = None, copy: bool | None = None
) -> Resolved:
    tensor = as_tensor(x) if not copy else op.clone(x)
    if extents and extents[-1] == "C":
        extents = extents[:-1]
    given = as_shape((extents[0] if len(extents) == 1 else extents) if shape is None else shape)
    wanted = given
    known = math.prod(extent for extent in wanted if extent != -1)
    if wanted.count(-1) == 1 and known and tensor.size % known == 0:
        wanted = tuple(tensor.size // known if extent == -1 else extent for extent in wanted)
    if -1 in wanted or math.prod(wanted) != tensor.size:
        fault = f"shape '{list(given)}' is invalid for input of size {tensor.size}"
        if wanted.count(-1) > 1:
            fault = "only one dimension can be inferred"
        raise ShapeError(
            f"{fault}: reshape got a tensor of shape {tensor.shape} ({tensor.size} elements) and "
            f"the shape {given}, which does not hold as many. Change an extent, or make one of "
            "them -1."
        )
    if copy is False:
        _require_view(tensor, wanted)
    return (tensor,), {"shape": wanted}


def _require_view(tensor: Tensor, shape: Shape) -> None:
    if tensor.is_symbolic:
        return
    try:
        np.reshape(tensor.array, shape, copy=False)
    except ValueError:
        raise ArgumentError(
            f"reshape got copy=False for a tensor of shape {tensor.shape} and strides "
            f"{tensor.array.strides}, which needs a copy for shape {shape}. Allow it."
        ) from None


# It takes the extents apart too, as PyTorch's and NumPy's methods; the standard's is this.
_resolve_reshape.__signature__ = inspect.signature(  # type: ignore[attr-defined]
    lambda x, shape, *, copy=None: None
)


def _shown(x: Array, shape: Shape) -> Array | None:
    try:
        return np.reshape(x, shape, copy=False)
    except ValueError:
        return None


def _same_axes(index: Index, x: Spec, shape: Shape) -> tuple[Index | None]:
    """Return where an element is where axes of extent 1 come and go, and nothing else."""
    if [n for n in x.shape if n != 1] != [n for n in shape if n != 1]:
        return (None,)
    rest = iter([at for at, n in zip(index, shape, strict=True) if n != 1])
    return (tuple(0 if n == 1 else next(rest) for n in x.shape),)


@linear(
    lambda x, shape: Spec(shape, x.dtype),
    lambda g, out, x, shape: op.reshape(g, x.shape),
    arguments=_resolve_reshape,
    identity=True,
    view=_shown,
    role="view",
    reads=_same_axes,
    batch=with_params(lambda size, shape: {"shape": (size, *shape)}),
)
def reshape(x: Array, *, shape: Shape) -> Array:
    """Give the elements, in row-major order, another shape; one extent may be -1."""
    return x.reshape(shape)


attach("reshape", reshape)


def restore_axes(g: Tensor, shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """Put reduced axes back as axes of extent 1."""
    return reshape(g, tuple(1 if i in axes else n for i, n in enumerate(shape)))


@operation
def expand_dims(x: Any, axis: Any) -> Tensor:
    """Insert axes of extent 1 at the given positions of the result."""
    tensor = as_tensor(x)
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = normalize_axes("expand_dims", tuple(given), tensor.ndim + len(given))
    rest = iter(tensor.shape)
    shape = tuple(1 if i in axes else next(rest) for i in range(tensor.ndim + len(given)))
    return reshape(tensor, shape)


@method
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Remove axes of extent 1; by default all of them."""
    tensor = as_tensor(x)
    if axis is None:
        axes = tuple(i for i, n in enumerate(tensor.shape) if n == 1)
    else:
        axes = normalize_axes("squeeze", axis, tensor.ndim)
    if any(tensor.shape[a] != 1 for a in axes):
        raise ShapeError(f"squeeze got axis {axis} of shape {tensor.shape}; only extent 1 can go.")
    return reshape(tensor, without(tensor.shape, axes))


def column_major(name: str, x: Tensor, order: str) -> bool:
    """Tell whether an order of elements means column-major here: "F", or "A" of such memory."""
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"{name} got order {order!r}; it wants 'C', 'F', 'A' or 'K'.")
    if order == "F" or order == "C" or not isinstance(x.array, np.ndarray):
        return order == "F"
    flags = x.array.flags
    return bool(flags.f_contiguous and not flags.c_contiguous)


@widen("reshape", "order")
def _reshaped(
    x: Any, *extents: Any, shape: Any = None, order: str = "C", copy: bool | None = None
) -> Tensor:
    given = (extents[0] if len(extents) == 1 else extents) if shape is None else shape
    tensor = as_tensor(x)
    if order == "K":
        raise ArgumentError("reshape got order 'K'; it wants 'C', 'F' or 'A'.")
    if not column_major("reshape", tensor, order):
        return reshape(tensor, given, copy=copy)
    wanted = (given,) if isinstance(given, (int, np.integer)) else tuple(given)
    return transpose(reshape(transpose(tensor), wanted[::-1], copy=copy))


# ---- shapes and axes


def _shape(x: Any) -> Shape:
    return as_tensor(x).shape


def _ndim(x: Any) -> int:
    return as_tensor(x).ndim


def _size(x: Any, axis: int | None = None) -> int:
    tensor = as_tensor(x)
    return tensor.size if axis is None else tensor.shape[normalize_axis("size", axis, tensor.ndim)]


# These answer with Python numbers, so they are reachable as np.shape(x) but are no operations.
register("shape", _shape)

register("ndim", _ndim)

register("size", _size)


@method
def ravel(x: Any, order: str = "C") -> Tensor:
    """Return all elements along one axis, in row-major order; a view if they lie so in memory.

    Their order is column-major for order "F", as NumPy has it.
    """
    tensor = as_tensor(x)
    if order != "C" and column_major("ravel", tensor, order):
        tensor = transpose(tensor)
    flat = reshape(tensor, (tensor.size,))
    contiguous = follows_itself(tensor)  # NumPy's reshape of a vector need not be
    if contiguous is None and flat.origin is not None:
        flat.origin.doubtful = True
    elif contiguous is False and (flat is tensor or flat.origin is not None):
        flat = op.clone(flat)
    return flat


@method
def flatten(
    x: Any, start_dim: Any = None, end_dim: int | None = None, *, order: str = "C"
) -> Tensor:
    """Return all elements, or those of a run of axes, along one axis, in row-major order.

    Called with nothing but the tensor it copies, as NumPy's method does; the elements of a run
    of axes are shown where that can be. NumPy's only argument is the order, as `ravel`'s.

    Raises:
        ArgumentError: If the first axis of the run is after the last.
    """
    tensor = as_tensor(x)
    if isinstance(start_dim, str) or (start_dim is None and end_dim is None):
        return _flat_copy(tensor, order if start_dim is None else start_dim)
    start, end = 0 if start_dim is None else start_dim, -1 if end_dim is None else end_dim
    first, last = (normalize_axis("flatten", a, tensor.ndim or 1) for a in (start, end))
    if not tensor.ndim:
        return reshape(tensor, (1,))
    if first > last:
        raise ArgumentError(
            f"flatten() has invalid args: start_dim {start} cannot come after end_dim {end}"
        )
    if first == last:
        return tensor
    shape = tensor.shape
    return reshape(tensor, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def _flat_copy(x: Tensor, order: str) -> Tensor:
    flat = ravel(x, order)
    return op.clone(flat) if flat is x or flat.origin is not None else flat


def _each(function: Any, arrays: tuple[Any, ...]) -> Any:
    """Apply a function to one tensor, or to each of several."""
    if len(arrays) == 1 and not (
        isinstance(arrays[0], (tuple, list)) and any(isinstance(a, Tensor) for a in arrays[0])
    ):
        return function(as_tensor(arrays[0]))
    given = arrays[0] if len(arrays) == 1 else arrays
    return tuple(function(as_tensor(array)) for array in given)


@operation
def atleast_1d(*arrays: Any) -> Any:
    """Return a tensor, or each of several, with at least one axis: a scalar becomes shape (1,)."""
    return _each(lambda x: x if x.ndim else reshape(x, (1,)), arrays)


@operation
def atleast_2d(*arrays: Any) -> Any:
    """Return a tensor, or each of several, with two axes or more: n numbers become (1, n)."""
    return _each(lambda x: x if x.ndim > 1 else reshape(x, (1, x.size)), arrays)


def _three(x: Tensor) -> Tensor:
    if x.ndim > 2:
        return x
    return reshape(x, (1, x.size, 1) if x.ndim < 2 else (*x.shape, 1))


@operation
def atleast_3d(*arrays: Any) -> Any:
    """Return a tensor, or each of several, with three axes or more: n numbers become (1, n, 1)."""
    return _each(_three, arrays)


Function = TypeVar("Function", bound=Callable[..., Any])


def lifted(x: Any, *others: Any) -> tuple[Tensor, ...]:
    """Return tensors, those without axes as vectors of one element."""
    tensors = tuple(as_tensor(item) for item in (x, *others))
    return tuple(reshape(t, (1,)) if t.ndim == 0 else t for t in tensors)


def along(function: Function) -> Function:
    """Let a function of a tensor and an axis take a tensor without axes."""

    @functools.wraps(function)
    def wrapped(x: Any, *args: Any, **kwargs: Any) -> Any:
        tensor = as_tensor(x)
        if tensor.ndim:
            return function(tensor, *args, **kwargs)
        found = function(reshape(tensor, (1,)), *args, **kwargs)
        return lowered(found)

    return wrapped  # type: ignore[return-value]


def lowered(found: Any) -> Any:
    """Return results of one element as tensors without axes."""
    if isinstance(found, Tensor):
        return reshape(found, ()) if found.ndim == 1 and found.array.shape == (1,) else found
    parts = [lowered(part) for part in found]
    return type(found)(*parts) if hasattr(found, "_fields") else type(found)(parts)


def axis_of(name: str, axis: Any, ndim: int) -> int:
    """Return an axis counted from the front; of a tensor without axes, 0.

    Raises:
        ArgumentError: If it is no integer.
        AxisError: If there is no such axis.
    """
    if isinstance(axis, (tuple, list, float, str)) or axis is None:
        raise ArgumentError(f"{name} got axis {axis!r}; it wants one integer.")
    return normalize_axis(name, axis, ndim or 1)
