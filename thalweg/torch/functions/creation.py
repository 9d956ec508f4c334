"""Tensors over memory that is there already: PyTorch's names."""

from __future__ import annotations

import functools
import math
import operator
import warnings
from typing import Any

import numpy as np

from thalweg.core.operation import arguments_of
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, CallError, DataError, DtypeError, ShapeError
from thalweg.lines import level_of_user
from thalweg.ops.creation import ranges
from thalweg.ops.creation.copying import clone
from thalweg.ops.creation.creation import asarray, tensor
from thalweg.ops.index.items import fill_
from thalweg.torch.dtypes import TORCH
from thalweg.torch.naming import creating, function, make


@function
def fill(x: Any, value: Any) -> Tensor:
    """Return a tensor's copy with all elements set to one number; derivatives go to the number."""
    return fill_(clone(x), value)


@function
def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor on the memory of a NumPy array: what is written into one is in the other.

    Raises:
        DtypeError: If it is no array, or does not hold numbers.

    Example:
        >>> import numpy as np, thalweg.torch as torch
        >>> a = np.zeros(2)
        >>> torch.from_numpy(a).add_(1.0)
        tensor([1., 1.], dtype=torch.float64)
        >>> a
        array([1., 1.])
    """
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(
            f"expected np.ndarray (got {type(ndarray).__name__}); from_numpy shares the memory of "
            "an array. Use torch.tensor for numbers and lists."
        )
    if ndarray.dtype.kind not in "biufc":
        raise DtypeError(
            f"can't convert np.ndarray of type {ndarray.dtype}: a tensor holds numbers or "
            "booleans. Encode text and objects as numbers first."
        )
    return make(ndarray)


@function
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return a tensor of data, on their own memory where they are an array of that dtype."""
    return creating(asarray)(data, dtype)


for _own in (asarray, tensor):
    function(creating(_own))


def _require_towards(start: Any, end: Any, step: Any) -> None:
    if (end - start) / step < 0:
        raise ArgumentError(
            f"upper bound and lower bound inconsistent with step sign: {step} leads from {start} "
            f"away from {end}. Change its sign."
        )


@function
@arguments_of(ranges.arange)
def arange(*args: Any, **kwargs: Any) -> Tensor:
    """Return numbers from start (by default 0) up to, not including, the end.

    Raises:
        ArgumentError: If the step is 0 or leads away from the end; if an end is not finite.
    """
    found: Tensor = creating(ranges.arange)(*args, **kwargs)
    if not found.size:
        given = dict(zip(("start", "end", "step"), args, strict=False)) | kwargs
        end = given.get("end", given.get("stop"))
        start, end = (0, given["start"]) if end is None else (given.get("start", 0), end)
        _require_towards(start, end, given.get("step", 1))
    return found


def _require_numbers(name: str, start: Any, end: Any) -> None:
    axes = {
        label: value.ndim
        for label, value in (("start", start), ("end", end))
        if isinstance(value, (Tensor, np.ndarray)) and value.ndim
    }
    if axes:
        said = " and ".join(f"{label} with {n} dimension(s)" for label, n in axes.items())
        raise ShapeError(
            f"{name} only supports 0-dimensional start and end tensors, but got {said}."
        )


def _spaced(name: str, own: Any) -> None:
    """Put a function of two ends into PyTorch's namespace, whose ends are numbers."""

    @function
    @arguments_of(own)
    @functools.wraps(own)
    def spaced(*args: Any, **kwargs: Any) -> Tensor:
        start = args[0] if args else kwargs.get("start")
        _require_numbers(name, start, args[1] if len(args) > 1 else kwargs.get("end"))
        found: Tensor = creating(own)(*args, **kwargs)
        return found


_spaced("linspace", ranges.linspace)
_spaced("logspace", ranges.logspace)


@function
def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return numbers from `start` to `end`, which is one of them; of old: `arange` is Python's.

    Raises:
        ArgumentError: If the step is 0, or leads away from the end.
        CallError: If there is no end.
    """
    if end is None:
        raise CallError('range() missing 1 required positional arguments: "end". Use arange(n).')
    kind = np.dtype(TORCH.default if dtype is None else dtype)
    if kind.kind in "iu":
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise ArgumentError("step must be nonzero, and 0 was given. Give the difference.")
    _require_towards(start, end, step)
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior "
        "is inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        UserWarning,
        stacklevel=level_of_user(),
    )
    count = math.floor((end - start) / step) + 1
    found = make((start + np.arange(count) * step).astype(kind))
    found.requires_grad = requires_grad
    return found


@function
def empty_strided(
    size: Any,
    stride: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return a tensor of a shape whose neighbours are so many places apart along each axis.

    Its elements are still to be set.

    Raises:
        ShapeError: If there is not one step for each axis, or one or an extent is negative.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.empty_strided((2, 3), (1, 2)).stride()
        (1, 2)
    """
    shape, steps = tuple(map(operator.index, size)), tuple(map(operator.index, stride))
    if len(shape) != len(steps):
        raise ShapeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides "
            f"({len(steps)}). Give one step for each axis."
        )
    if min(shape, default=0) < 0:
        raise ShapeError(
            f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}"
        )
    if min(steps, default=0) < 0:
        raise ShapeError(
            f"Storage size calculation overflowed with sizes={list(shape)} and "
            f"strides={list(steps)}. Steps are not negative."
        )
    kind = np.dtype(TORCH.default if dtype is None else dtype)
    places = sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) + 1
    memory = np.zeros(0 if 0 in shape else places, kind)
    strides = [step * kind.itemsize for step in steps]
    found = make(np.lib.stride_tricks.as_strided(memory, shape, strides))
    found.requires_grad = requires_grad
    return found


@function
def empty_permuted(
    size: Any,
    physical_layout: Any,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return a tensor of a shape whose axes follow each other in memory in a given order.

    Raises:
        ShapeError: If the order does not name each axis once.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.empty_permuted((2, 3, 4), (0, 2, 1)).stride()
        (12, 1, 3)
    """
    shape, order = tuple(map(operator.index, size)), tuple(map(operator.index, physical_layout))
    if len(shape) != len(order):
        raise ShapeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    if sorted(order) != [*np.arange(len(shape))]:
        raise ShapeError(
            f"Duplicate dim not allowed: {order} does not name each of {len(shape)} axes once."
        )
    steps, step = [0] * len(shape), 1
    for axis in reversed(order):
        steps[axis] = step
        step *= max(shape[axis], 1)
    return empty_strided(shape, steps, dtype=dtype, requires_grad=requires_grad)


@function
def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """Return a tensor of one axis on the memory of a buffer, such as a bytearray.

    Args:
        buffer: What has memory; of one that cannot be written the tensor cannot either.
        dtype: What the memory holds.
        count: How many elements are shown; all for -1.
        offset: How many bytes are left out at the start.
        requires_grad: Whether `backward()` computes its derivative.

    Raises:
        DataError: If it is no buffer, or has not as many bytes.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.frombuffer(bytearray([1, 0, 2, 0]), dtype=torch.int16)
        tensor([1, 2], dtype=torch.int16)
    """
    kind = np.dtype(dtype)
    try:
        memory = memoryview(buffer)
    except TypeError:
        raise DataError(
            "object does not implement Python buffer protocol: "
            f"{type(buffer).__name__} was given. Give bytes or an array."
        ) from None
    _check_buffer(memory.nbytes, kind.itemsize, count, offset)
    if memory.readonly:
        warnings.warn(
            "The given buffer is not writable; writing into the tensor will fail. Copy the buffer "
            "into a bytearray to write.",
            UserWarning,
            stacklevel=level_of_user(),
        )
    found = make(np.frombuffer(memory, kind, count, offset))
    found.requires_grad = requires_grad
    return found


def _check_buffer(total: int, item: int, count: int, offset: int) -> None:
    if not total or not count:
        raise DataError(f"both buffer length ({total}) and count ({count}) must not be 0")
    if not 0 <= offset < total:
        raise DataError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({total} bytes) minus 1"
        )
    rest = total - offset
    if count < 0 and rest % item:
        raise DataError(
            f"buffer length ({rest} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({item})"
        )
    if count > 0 and count * item > rest:
        raise DataError(
            f"requested buffer length ({count} * {item} bytes) after offset ({offset} bytes) must "
            f"not be greater than actual buffer length ({total} bytes)"
        )
