"""What a call of one of NumPy's functions means: its arguments are NumPy's, by place and by name.

Our functions have NumPy's names for most parameters, in another order where PyTorch's habit or
the Array API wants it, and fewer of them. So a place beyond the operands is read by NumPy's
signature, and a parameter that we do not have may be given its default.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg.core.operation import OPERATIONS, parameters_of

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
