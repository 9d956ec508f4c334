"""How a function takes a short road: by NumPy alone, if its operands are ordinary arrays.

A function of the wing is composed of primitives, each of which is applied, checked and, if need be,
recorded or traced. Where nobody records or traces them, a few calls of NumPy do the same in a tenth
of the time. A short road knows the ordinary case alone: of all else, errors too, it says nothing,
and the function takes its long road, which has the one meaning.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from thalweg.core.apply import refresh
from thalweg.core.program import tracing
from thalweg.core.tape import recording
from thalweg.core.tensor import Tensor
from thalweg.torch.naming import NAMES, in_place_variant
from thalweg.torch.tensors import TorchTensor

Array = np.ndarray[Any, Any]

Form = Callable[..., Any]

Function = TypeVar("Function", bound=Form)


class LongRoadError(Exception):
    """The ordinary case is not this one."""


# What a short road that was not meant for a call may stumble over.
_STUMBLES = (LongRoadError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


def short_road(*names: str, inplace: bool = False) -> Callable[[Form], Form]:
    """Let functions and methods of these names try a form first.

    Args:
        names: PyTorch's names; the first operand of methods is the tensor.
        inplace: Whether `name_` shall go the same way.
    """

    def declare(form: Form) -> Form:
        for name in names:
            if name in NAMES:
                rename(name, trying(form, NAMES[name]))
            if hasattr(TorchTensor, name):
                method = trying(form, getattr(TorchTensor, name))
                setattr(TorchTensor, name, method)
                if inplace:
                    written = in_place_variant(name, method)
                    setattr(TorchTensor, f"{name}_", written)
                    NAMES[f"{name}_"] = written
        return form

    return declare


def rename(name: str, function: Form) -> None:
    """Let a function of PyTorch's name, and of all its other names, be another one."""
    before = NAMES[name]
    NAMES.update({other: function for other, held in NAMES.items() if held is before})


def trying(form: Form, long: Function) -> Function:
    """Return a function that takes the short road where it can, and the long one elsewhere."""

    def called(*args: Any, **kwargs: Any) -> Any:
        if not tracing.traces:
            try:
                return form(*args, **kwargs)
            except _STUMBLES:
                pass
        return long(*args, **kwargs)

    return functools.update_wrapper(called, long)  # type: ignore[return-value]


def tries(form: Form) -> Callable[[Function], Function]:
    """Let a function that is being declared try a form first."""
    return lambda long: trying(form, long)


def known(x: Any) -> Array:
    """Return the array of a tensor of the wing that nobody records.

    Raises:
        LongRoadError: If it is none.
    """
    array = followed(x)
    if is_recorded(x):
        raise LongRoadError
    return array


def is_recorded(x: Tensor) -> bool:
    """Tell whether what is made of a tensor is noted on the tape."""
    return x.node is not None and recording.enabled


def followed(x: Any) -> Array:
    """Return the array of a tensor of the wing, for what minds itself that it may be recorded.

    Raises:
        LongRoadError: If it is none.
    """
    array: Array = x.array
    if array.__class__ is not np.ndarray or x.results is not TorchTensor or x.weak:
        raise LongRoadError
    if x.origin is not None and recording.enabled:
        refresh(x)
    return array


def positions(x: Any, extent: int) -> Array:
    """Return an array of positions along an axis, none of them negative.

    Raises:
        LongRoadError: If they are not all on the axis, or no integers of a common width.
    """
    index = known(x)
    # Negative numbers are the largest of all without signs.
    words = index.view(_WITHOUT_SIGN[index.dtype.char])
    if index.size and np.maximum.reduce(words, None) >= extent:
        raise LongRoadError
    return index


_WITHOUT_SIGN: dict[str, Any] = {"l": np.dtype(np.uint64), "i": np.dtype(np.uint32)}


def axis_in(axis: Any, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises:
        LongRoadError: If it is not one of these.
    """
    if axis.__class__ is not int or not -ndim <= axis < ndim:
        raise LongRoadError
    return axis + ndim if axis < 0 else axis


def require(holds: bool) -> None:
    """Leave the short road unless something holds.

    Raises:
        LongRoadError: If it does not.
    """
    if not holds:
        raise LongRoadError


def new(array: Any) -> Tensor:
    """Return a tensor over new memory."""
    tensor = TorchTensor.__new__(TorchTensor)
    tensor.array = array if array.__class__ is np.ndarray else np.asarray(array)
    tensor.weak = False
    tensor.node = tensor.memory = tensor.origin = tensor._grad = None
    return tensor
