"""Axes as PyTorch counts them: a 0-d tensor has one axis of one element, named 0 or -1."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import ArgumentError
from thalweg.ops.shape.axes import normalize_axis
from thalweg.ops.shape.reshape import reshape

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
