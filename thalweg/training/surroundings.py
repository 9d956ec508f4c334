"""What a loss refers to besides its arguments, by the names that its author knows it by."""

from __future__ import annotations

import functools
import itertools
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from thalweg.autodiff.transformed import Transformed
from thalweg.core.tensor import Tensor
from thalweg.engines.randomness import is_generator, random_state
from thalweg.training.fingerprint import (
    checksum,
    is_library,
    is_outside,
    members_of,
    names_read,
    slots_of,
)

# A loss that refers to more than this is known in part.
_LIMIT = 5_000

_ATOMS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype, np.ufunc)
_COUNTS = (itertools.count, itertools.cycle, itertools.repeat)
# Its generators may be seeded by the operating system at every call.
_NUMPYS = "numpy.random"
# Where modules keep what is assigned to them; it is found by name.
_REGISTRIES = frozenset({"_parameters", "_buffers", "_modules"})


class Surroundings:
    """Everything that a function's code leads to: `found` has its names and values in order.

    Names are written as the author would reach the value: `settings['rate']`, `model.fc.weight`.

    Attributes:
        found: The values by name.
        unsteady: Whether there is something whose state cannot be told, or a clock: what may give
            another value at every call without a trace here.
    """

    def __init__(self, function: Callable[..., Any], name: str = "") -> None:
        self.found: dict[str, Any] = {}
        self.unsteady = False
        self._seen: dict[int, Any] = {}
        self._left = _LIMIT
        self._visit(name, function)

    def _visit(self, label: str, value: Any) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        if not isinstance(value, _ATOMS):
            if id(value) in self._seen:
                return
            self._seen[id(value)] = value
        if isinstance(value, (*_ATOMS, *_COUNTS, np.ndarray, Tensor)) or is_generator(value):
            self.found[label] = value
            node = value.node if isinstance(value, Tensor) else None
            for hook in list(node.watched.hooks.values()) if node and node.watched else []:
                self._visit(f"the hook of {label}", hook)
            return
        try:
            self.unsteady |= _is_unsteady(value)
            parts = list(_parts(label, value))
        except Exception:  # what attributes of the user's own raise when they are looked at
            self.unsteady, parts = True, []
        if not parts:
            self.found[label] = value
        for inner, part in parts:
            self._visit(inner, part)

    def name_of(self, array: np.ndarray[Any, Any]) -> str | None:
        """Return the name of an array, or of a tensor on it; None if it has none."""
        for label, value in self.found.items():
            if value is array or (isinstance(value, Tensor) and value.array is array):
                return label
        return None

    def state(self) -> dict[str, Any]:
        """Return what can be told of each value, to be compared later."""
        return {label: _mark(value) for label, value in self.found.items()}


def _is_unsteady(value: Any) -> bool:
    if isinstance(value, types.ModuleType):
        name = value.__name__
        return is_outside(name) or not is_library(name) or name == _NUMPYS
    if callable(value):
        home = str(getattr(value, "__module__", ""))
        return is_outside(home) or home.startswith(_NUMPYS)
    hidden = not hasattr(value, "__dict__") and not any(map(slots_of, type(value).__mro__))
    return hidden and not isinstance(value, (Mapping, list, tuple, set, frozenset))


def _parts(label: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a value is made of, with names."""
    if isinstance(value, types.FunctionType):
        yield from _parts_of_function(value)
    elif isinstance(value, types.MethodType):
        yield label, value.__func__
        yield "self", value.__self__
    elif isinstance(value, Transformed):
        yield label, value.made[1]
    elif isinstance(value, functools.partial):
        yield label, value.func
        yield from ((f"{label} argument {i}", a) for i, a in enumerate(value.args, 1))
        yield from value.keywords.items()
    elif isinstance(value, Mapping):
        yield from ((f"{label}[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, (list, tuple, deque)):
        yield from ((f"{label}[{i}]", part) for i, part in enumerate(value))
    elif isinstance(value, type):
        yield from _functions(label, value)
    elif not isinstance(value, types.ModuleType):
        yield from _parts_of_object(label, value)


def _parts_of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code = function.__code__
    if is_library(function.__module__) and not function.__closure__:
        return
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    for name, attributes in names_read(code):
        try:
            value = cells[name].cell_contents if name in cells else function.__globals__[name]
        except (KeyError, ValueError):
            continue
        for attribute in attributes:
            inside = value is np and attribute == "random"
            if not isinstance(value, types.ModuleType) or (
                is_library(value.__name__) and not inside
            ):
                break
            name, value = f"{name}.{attribute}", getattr(value, attribute, None)
        yield name, value
    named = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    yield from zip(named[len(named) - len(defaults) :], defaults, strict=True)
    yield from (function.__kwdefaults__ or {}).items()


def _parts_of_object(label: str, value: Any) -> Iterator[tuple[str, Any]]:
    before = f"{label}." if label else ""
    attributes = dict(getattr(value, "__dict__", None) or {})
    for base in type(value).__mro__:
        for slot in slots_of(base):
            if hasattr(value, slot):
                attributes[slot] = getattr(value, slot)
    for registry in _REGISTRIES & attributes.keys():
        attributes.update(attributes.pop(registry))
    yield from ((f"{before}{name}", part) for name, part in attributes.items())
    yield from _functions(label, type(value))


def _functions(label: str, owner: type) -> Iterator[tuple[str, Any]]:
    for base in owner.__mro__:
        if is_library(base.__module__):
            continue
        for name, member in members_of(base):
            if isinstance(member, types.FunctionType):
                yield from _parts_of_function(member)
            else:
                yield f"{label or owner.__name__}.{name}", member


def _mark(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.array
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, None if value.dtype.hasobject else checksum(value)
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, _ATOMS):
        return repr(value)
    if is_generator(value):
        return random_state(value)
    return repr(value) if isinstance(value, _COUNTS) else id(value)
