"""Writing in place: into parts, and the arithmetic methods that end in `_`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.memory import Memory, memory_of
from thalweg.core.program import tracing
from thalweg.core.tape import recording
from thalweg.core.tensor import Tensor
from thalweg.lines import user_line
from thalweg.ops.index.items import getitem, setitem
from thalweg.torch.functions.short.places import read
from thalweg.torch.functions.short.road import (
    Array,
    LongRoadError,
    known,
    require,
    short_road,
    trying,
)
from thalweg.torch.steps import call_part
from thalweg.torch.tensors import TorchTensor

_NUMBERS = (float, int)


def changeable(x: Any) -> Array:
    """Return the array of a tensor whose memory may be written without a look at the tape.

    Raises:
        LongRoadError: If it may not.
    """
    array, view, memory = known(x), x.origin, x.memory
    # Elements that were read alone, and what a derivative is asked of, are not written at once.
    if (
        (memory is not None and memory.__class__ is not Memory)
        or (view is not None and view.base.node is not None)
        or not array.flags.writeable
    ):
        raise LongRoadError
    return array


def written(x: Tensor) -> Tensor:
    """Note that a tensor's memory was written, and return it."""
    memory = x.memory
    if memory is None or x.node is not None or x.origin is not None:
        memory = memory_of(x)
    # Between a user's line and this one there are a form and what tried it.
    memory.written(user_line(3) if recording.enabled else "")
    return x


def _operand(x: Array, other: Any) -> Any:
    """Return what is combined with floating numbers in place, without changing their dtype."""
    require(x.dtype.char in "fd")
    if other.__class__ in _NUMBERS:
        return x.dtype.type(other)
    array = known(other)
    require(array.dtype == x.dtype and (array.shape == x.shape or array.ndim == 0))
    return array


def _arithmetic(name: str, ufunc: Callable[..., Any]) -> None:
    @short_road(f"{name}_")
    def changed(x: Any, other: Any, **scale: Any) -> Tensor:
        array = changeable(x)
        operand = _operand(array, other)
        if scale:
            alpha = scale.pop("alpha", None)
            require(not scale and name in ("add", "sub") and alpha.__class__ in _NUMBERS)
            operand = tracing.quiet(np.multiply, operand, array.dtype.type(alpha))
        tracing.quiet(ufunc, array, operand, array)
        return written(x)


for _name, _ufunc in (
    ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div", np.divide),
):  # fmt: skip
    _arithmetic(_name, _ufunc)


@short_road("zero_")
def _zero(x: Any) -> Tensor:
    changeable(x).fill(0)
    return written(x)


@short_road("fill_")
def _fill(x: Any, value: Any) -> Tensor:
    array = changeable(x)
    require(array.dtype.char in "fd" and value.__class__ in _NUMBERS)
    array.fill(value)
    return written(x)


@short_road("copy_")
def _copy(x: Any, src: Any) -> Tensor:
    array, source = changeable(x), known(src)
    require(array.dtype == source.dtype and array.shape == source.shape)
    np.copyto(array, source)
    return written(x)


# ---- parts


def _key(item: Any) -> Any:
    kind = item.__class__
    if kind is int or kind is slice or item is None or item is Ellipsis:
        return item
    array = known(item)
    require(array.dtype.char in "li?" and array.ndim > 0)
    return array


def _set(x: Any, key: Any, value: Any) -> None:
    array = changeable(x)
    if key.__class__ is tuple:
        at: Any = tuple([_key(item) for item in key])
        arrays = [item for item in at if item.__class__ is np.ndarray]
        # Integers beside index arrays, and arrays apart, are read in another order by NumPy.
        require(not arrays or len(arrays) == len(at))
    else:
        at = _key(key)
    if value.__class__ in _NUMBERS or value.__class__ is bool:
        require(array.dtype.kind == "f")
        array[at] = value
    else:
        source = known(value)
        require(source.dtype == array.dtype)
        array[at] = source
    written(x)


TorchTensor.__setitem__ = trying(_set, setitem)  # type: ignore[method-assign]


def _get(x: Any, key: Any) -> Tensor:
    """Return the part of a tensor that a key shows."""
    kind = key.__class__
    if (kind is TorchTensor or kind is tuple) and not tracing.traces:
        found: Tensor | None = _read(x, key)
        if found is not None:
            return found
    shown = getitem(x, key)
    if shown.node is not None:
        call_part(shown, x, key)
    return shown


def _nothing(x: Any, key: Any) -> None:
    """Say that there is no short road."""


def _reading(x: Any, key: Any) -> Any:
    if key.__class__ is tuple:
        require(TorchTensor in [item.__class__ for item in key])
    return read(x, key)


_read: Any = trying(_reading, _nothing)

TorchTensor.__getitem__ = _get  # type: ignore[method-assign, assignment]
