"""What a call of one of NumPy's functions means: its arguments are NumPy's, by place and by name.

Our functions have NumPy's names for most parameters, in another order where PyTorch's habit or
the Array API wants it, and fewer of them. So a place beyond the operands is read by NumPy's
signature, and a parameter that we do not have may be given its default.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core import refusals
from thalweg.core.leaving import what_to_write
from thalweg.core.operation import OPERATIONS, parameters_of
from thalweg.errors import GradientError, ThalwegError, UnsupportedOperation

_NO_VALUE = np._NoValue

# Parameters that change how NumPy computes a result and not the result.
_WITHOUT_EFFECT = frozenset({"kind", "overwrite_input"})

# Functions of other things than numbers, some with names of numeric ones.
_APART = ("numpy.char", "numpy.strings", "numpy.ma", "numpy.polynomial")


@functools.cache
def _signature(func: Callable[..., Any]) -> tuple[tuple[str, ...], int, dict[str, Any]]:
    """Return NumPy's parameters by place, how many are operands, and the others' defaults."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except ValueError:
        return (), 0, {}
    kinds = inspect.Parameter
    if any(p.kind is kinds.VAR_POSITIONAL for p in parameters):
        # All further places are operands.
        return (), 1 << 16, {p.name: p.default for p in parameters}
    places = tuple(
        p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    )
    operands = sum(p.default is kinds.empty and p.name in places for p in parameters)
    return places, operands, {p.name: p.default for p in parameters}


def operation_called(func: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the operation that a NumPy function is here, None if there is none.

    Where NumPy's meaning of a name is not ours, the operation is registered as `numpy.NAME`;
    `numpy.linalg`'s diagonal, trace and outer are not numpy's and registered as `linalg.NAME`.
    """
    module, name = func.__module__, func.__name__
    if module == "numpy":
        return OPERATIONS.get(f"numpy.{name}") or OPERATIONS.get(name)
    if module in _APART:
        return None
    called = f"{module}.{name}"
    return (
        OPERATIONS.get(called)
        or OPERATIONS.get(called.removeprefix("numpy."))
        or OPERATIONS.get(name)
    )


def by_name(
    func: Callable[..., Any],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a NumPy call as the operation takes them.

    Operands come by place, the rest by name; what has NumPy's default and no name here is left out.
    """
    places, operands, defaults = _signature(func)
    if len(args) <= operands and not kwargs:
        return args, {}
    named = dict(zip(places[operands:], args[operands:], strict=False)) | dict(kwargs)
    args = args[:operands]
    while len(args) < min(operands, len(places)) and places[len(args)] in named:
        args = (*args, named.pop(places[len(args)]))
    known = parameters_of(function)
    return args, {
        name: value
        for name, value in named.items()
        # None says the same as nothing, also where it is not our default.
        if not (
            _is_unsaid(value, name, defaults)
            or (name not in known and _is_idle(value, name, defaults))
        )
    }


def _is_unsaid(value: Any, name: str, defaults: dict[str, Any]) -> bool:
    return (value is None or value is _NO_VALUE) and defaults.get(name, 0) is value


def _is_idle(value: Any, name: str, defaults: dict[str, Any]) -> bool:
    if name == "out":
        return value is None
    if name in _WITHOUT_EFFECT:
        return True
    return name in defaults and (value is defaults[name] or _is_plain(value, defaults[name]))


def _is_plain(value: Any, default: Any) -> bool:
    return type(value) is type(default) and isinstance(value, (bool, int, str)) and value == default


_OUT = frozenset({"out"})


class Protocols:
    """The part of a tensor that other libraries call.

    A function of NumPy's is ours of that name. Where ours does not take the call, or there is
    none, NumPy's own is called on the values of tensors that remember nothing.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        requires_grad: bool
        numpy: Any

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.requires_grad:
            raise GradientError(refusals.LOSES_GRADIENT + what_to_write())
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = OPERATIONS.get(ufunc.__name__)
        if method == "__call__" and function is not None and not kwargs:
            try:
                return function(*inputs)
            except (TypeError, ThalwegError) as error:
                return OPERATIONS["on_values_instead"](ufunc, error, inputs, kwargs)
        found = OPERATIONS["call_ufunc"](ufunc, method, inputs, kwargs)
        if found is NotImplemented:
            own = ufunc if method == "__call__" else getattr(ufunc, method)
            name, extra = refusals.ufunc_name(ufunc, method), kwargs.keys() - _OUT
            called = refusals.with_keywords(name, extra)
            return OPERATIONS["on_values"](own, called, function, inputs, kwargs)
        return found

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        called = f"{func.__module__}.{func.__name__}"
        function, given = operation_called(func), (args, kwargs)
        if function is not None:
            args, kwargs = by_name(func, function, args, kwargs)
        known = parameters_of(function) if function and kwargs else frozenset({"**"})
        unknown = kwargs.keys() - known - _OUT if "**" not in known else ()
        if function is None or unknown:
            called = refusals.with_keywords(called, unknown)
            return OPERATIONS["on_values"](func, called, function, *given)
        if "out" not in kwargs:
            try:
                return function(*args, **kwargs)
            except (TypeError, ThalwegError) as error:
                return OPERATIONS["on_values_instead"](func, error, *given)
        out = kwargs.pop("out")
        return OPERATIONS["write_out"](out, function, args, kwargs, overlapping=True)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise UnsupportedOperation(refusals.foreign(f"torch.{func.__name__}") + what_to_write())

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return self.__array__().__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.__array__().__dlpack_device__()

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return sys.modules["thalweg"]
