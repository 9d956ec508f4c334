"""What a tensor answers to NumPy's functions, and to other libraries that ask for an array."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core import refusals
from thalweg.core.callers import what_to_write
from thalweg.core.numpy_calls import by_name, operation_called
from thalweg.core.operation import OPERATIONS, parameters_of
from thalweg.errors import GradientError, ThalwegError, UnsupportedOperation

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
