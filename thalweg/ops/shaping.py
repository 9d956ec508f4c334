"""Primitives that rearrange elements; each states its shape and its transpose."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from thalweg.core.applying import apply
from thalweg.core.operation import attach, method, op, publish, register
from thalweg.core.primitive import general, is_floating, linear
from thalweg.core.spec import Shape, Spec, broadcast, promote
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError, AxisError, CallError, ShapeError
from thalweg.ops.cutting import slice_

__all__ = [
    "broadcast_to",
    "concatenate",
    "expand_dims",
    "flip",
    "reshape",
    "squeeze",
    "stop_gradient",
    "transpose",
]

Array = np.ndarray[Any, Any]

# ---- axes and shapes, validated


def normalize_axis(name: str, axis: int, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises:
        AxisError: If there is no such axis.
    """
    position = int(axis)
    if not -ndim <= position < ndim:
        raise AxisError(
            f"{name} got axis {axis} for a tensor with {ndim} axes; "
            f"it wants one between {-ndim} and {ndim - 1}."
        )
    return position % ndim


def normalize_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front and sorted; None means all of them.

    Raises:
        ArgumentError: If there is no such axis, or one is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    if not ndim:
        # As NumPy's reductions and PyTorch: without axes, 0 and -1 name none.
        for one in given:
            normalize_axis(name, one, 1)
        return ()
    axes = tuple(sorted(normalize_axis(name, a, ndim) for a in given))
    if len(set(axes)) != len(axes):
        raise ArgumentError(f"{name} got axis {axis}, which names an axis twice.")
    return axes


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


Resolved = tuple[tuple[Any, ...], dict[str, Any]]


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
        raise ShapeError(
            f"reshape got a tensor of shape {tensor.shape} ({tensor.size} elements) and the shape "
            f"{given}, which does not hold as many. Change an extent, or make one of them -1."
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
_resolve_reshape.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("shape", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("copy", inspect.Parameter.KEYWORD_ONLY, default=None),
    ]
)


@linear(
    lambda x, shape: Spec(shape, x.dtype),
    lambda g, out, x, shape: op.reshape(g, x.shape),
    arguments=_resolve_reshape,
    identity=True,
    view=True,
)
def reshape(x: Array, *, shape: Shape) -> Array:
    """Give the elements, in row-major order, another shape; one extent may be -1."""
    return np.reshape(x, shape)


attach("reshape", reshape)


def _resolve_transpose(
    x: Any, *order: Any, axes: Any = None, dim0: Any = None, dim1: Any = None
) -> Resolved:
    tensor = as_tensor(x)
    if dim0 is not None:
        return (tensor,), {"axes": _swapped((dim0, *order) if order else (dim0, dim1), tensor.ndim)}
    if dim1 is not None:
        return (tensor,), {"axes": _swapped((*order, dim1), tensor.ndim)}
    if len(order) == 2:
        # No permutation: PyTorch's two axes to exchange.
        return (tensor,), {"axes": _swapped(order, tensor.ndim)}
    single = len(order) == 1 and not isinstance(order[0], (int, np.integer))
    given = (order[0] if single else order or None) if axes is None else axes
    if given is None:
        return (tensor,), {"axes": tuple(reversed(range(tensor.ndim)))}
    places = tuple(normalize_axis("transpose", a, tensor.ndim) for a in given)
    if sorted(places) != list(range(tensor.ndim)):
        raise ArgumentError(
            f"transpose got axes {tuple(given)} for a tensor with {tensor.ndim} axes; "
            "it wants each axis once."
        )
    return (tensor,), {"axes": places}


def _swapped(pair: tuple[Any, ...], ndim: int) -> tuple[int, ...]:
    first, second = (normalize_axis("transpose", axis, ndim or 1) for axis in pair)
    order = list(range(ndim))
    if ndim:
        order[first], order[second] = order[second], order[first]
    return tuple(order)


@linear(
    lambda x, axes: Spec(tuple(x.shape[a] for a in axes), x.dtype),
    lambda g, out, x, axes: op.transpose(g, tuple(int(a) for a in np.argsort(axes))),
    arguments=_resolve_transpose,
    view=True,
)
def transpose(x: Array, *, axes: tuple[int, ...]) -> Array:
    """Permute the axes; by default reverse them."""
    return np.transpose(x, axes)


@method
def sum_to(g: Tensor, shape: Shape) -> Tensor:
    """Sum over the axes that broadcasting added, the transpose of `broadcast_to`."""
    if g.shape == shape:
        return g
    added = g.ndim - len(shape)
    stretched = [i for i, n in enumerate(shape) if n == 1 and g.shape[i + added] != 1]
    axes = (*range(added), *(i + added for i in stretched))
    from_operation: Tensor = reduce_sum(g, axes)
    return from_operation if from_operation.shape == shape else reshape(from_operation, shape)


def _resolve_broadcast(x: Any, shape: Any) -> Resolved:
    tensor, wanted = as_tensor(x), as_shape(shape)
    if broadcast("broadcast_to", (tensor.spec, Spec(wanted, tensor.dtype))) != wanted:
        raise ShapeError(f"broadcast_to got shape {tensor.shape}, which is not part of {wanted}.")
    return (tensor,), {"shape": wanted}


@linear(
    lambda x, shape: Spec(shape, x.dtype),
    lambda g, out, x, shape: sum_to(g, x.shape),
    arguments=_resolve_broadcast,
    identity=True,
    view=True,
)
def broadcast_to(x: Array, *, shape: Shape) -> Array:
    """Repeat along new leading axes and axes of extent 1."""
    if x.flags.c_contiguous:
        # NumPy's own function takes longer than small operations do.
        whole = (1,) * (len(shape) - x.ndim) + x.shape
        steps = (0,) * (len(shape) - x.ndim) + x.strides
        strides = [0 if n == 1 else step for n, step in zip(whole, steps, strict=True)]
        spread: Array = np.ndarray(shape, x.dtype, x, 0, strides)
        if shape != x.shape:
            spread.flags.writeable = False
        return spread
    return x[...] if shape == x.shape else np.broadcast_to(x, shape)


attach("broadcast_to", broadcast_to)


def _resolve_reduce_sum(x: Any, axis: Any) -> Resolved:
    tensor = as_tensor(x)
    return (tensor,), {"axis": normalize_axes("sum", axis, tensor.ndim)}


def without(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """Return a shape without some of its axes."""
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def restore_axes(g: Tensor, shape: Shape, axes: tuple[int, ...]) -> Tensor:
    """Put reduced axes back as axes of extent 1."""
    return reshape(g, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def _spread_again(g: Tensor, shape: Shape, axis: tuple[int, ...]) -> Tensor:
    restored = g if not g.array.shape else restore_axes(g, shape, axis)
    return apply(broadcast_to, (restored,), {"shape": shape})


@linear(
    lambda x, axis: Spec(without(x.shape, axis), x.dtype),
    lambda g, out, x, axis: _spread_again(g, x.array.shape, axis),
    arguments=_resolve_reduce_sum,
    identity=True,
)
def reduce_sum(x: Array, *, axis: tuple[int, ...]) -> Array:
    """Sum over some axes, which disappear."""
    total: Array = np.add.reduce(x, axis=axis, dtype=x.dtype)
    return total


def _resolve_concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None) -> Resolved:
    tensors = [as_tensor(array) for array in arrays]
    if dtype is None and tensors:
        dtype = promote(tuple(tensor.spec for tensor in tensors))[0]
    if axis is not None and len({tensor.ndim for tensor in tensors}) > 1:
        # As PyTorch: vectors without elements join anything.
        tensors = [tensor for tensor in tensors if tensor.array.shape != (0,)]
    if not tensors:
        raise ArgumentError("concatenate got no tensors; it wants at least one. Check the list.")
    if axis is None:
        tensors, axis = [reshape(tensor, (tensor.size,)) for tensor in tensors], 0
    first = tensors[0]
    if not first.array.shape:
        raise ShapeError("zero-dimensional tensors cannot be concatenated. Use stack.")
    position = normalize_axis("concatenate", axis, first.ndim)
    for tensor in tensors:
        same_rank = tensor.ndim == first.ndim
        if not same_rank or without(tensor.shape, (position,)) != without(first.shape, (position,)):
            shapes = ", ".join(f"{t.shape}" for t in tensors)
            raise ShapeError(
                f"concatenate got shapes {shapes}; they may differ along axis {axis} only. "
                "Reshape or broadcast them first."
            )
    return tuple(astype(tensor, dtype) for tensor in tensors), {"axis": position}


def _concatenated(*specs: Spec, axis: int) -> Spec:
    total = sum(spec.shape[axis] for spec in specs)
    shape = specs[0].shape
    return Spec((*shape[:axis], total, *shape[axis + 1 :]), specs[0].dtype)


def _own_parts(g: Tensor, out: Tensor, *operands: Tensor, axis: int) -> Iterator[Tensor]:
    bounds = [(0, n, 1) for n in g.array.shape]
    start = 0
    for operand in operands:
        stop = start + operand.array.shape[axis]
        bounds[axis] = (start, stop, 1)
        yield slice_(g, tuple(bounds))
        start = stop


@linear(_concatenated, variadic=_own_parts, arguments=_resolve_concatenate, additive=True)
def concatenate(*arrays: Array, axis: int) -> Array:
    """Join tensors along an existing axis."""
    return np.concatenate(arrays, axis=axis)


publish(concatenate, ("cat", "concat"), False, False, "concatenate")


def _resolve_flip(x: Any, axis: Any = None) -> Resolved:
    tensor = as_tensor(x)
    return (tensor,), {"axis": normalize_axes("flip", axis, tensor.ndim)}


@linear(
    lambda x, axis: Spec(x.shape, x.dtype),
    lambda g, out, x, axis: op.flip(g, axis),
    arguments=_resolve_flip,
    view=True,
)
def flip(x: Array, *, axis: tuple[int, ...]) -> Array:
    """Reverse the order along some axes; by default along all."""
    return np.flip(x, axis)


attach("flip", flip)


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


@method
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


def _transposed(x: Tensor, *order: Any, **named: Any) -> Tensor:
    """Permute the axes, by default reverse them; or exchange two.

    Of a matrix two integers are, as NumPy's, the order of its axes.
    """
    if len(order) == 2 and x.ndim == 2:
        return transpose(x, order)
    return transpose(x, *order, **named)


attach("transpose", _transposed)
