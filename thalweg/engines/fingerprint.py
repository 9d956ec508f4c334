"""What a loss is, as a key: equal keys mean that tracing would write the same program again.

A function's meaning is its code, its defaults, and the values of its closure and of the globals
it reads, looked at recursively. Numbers, strings, arrays and containers count by value, functions
and objects by what they are made of, classes and libraries by identity. Whatever influences a
program without being seen here makes the loss unknown, and it is traced at every fit: so does what
code may ask of the world outside, such as files, the environment and clocks.
"""

from __future__ import annotations

import dis
import functools
import os
import random
import sys
import types
import zlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.autodiff.transformed import Transformed
from thalweg.core.program import place_of
from thalweg.core.tensor import Tensor

# A loss that refers to more objects than this, and these for each tensor that is given, is traced
# anew at every fit.
_LIMIT = 2_000
_FOR_EACH_GIVEN = 100

# Libraries are taken not to change while a program runs.
_LIBRARIES = frozenset({"numpy", "thalweg", *sys.stdlib_module_names})

# Modules of Python's that answer by the state of the world, and functions that reach anything.
_OUTSIDE = frozenset(
    {"_io", "datetime", "importlib", "io", "os", "pathlib", "posix", "secrets",
     "shelve", "socket", "sqlite3", "subprocess", "sys", "tempfile", "time", "uuid"}
)  # fmt: skip
_REACHING = frozenset({"__import__", "eval", "exec", "globals", "open"})
# Functions of NumPy's that read files.
_READING = frozenset({"fromfile", "genfromtxt", "load", "loadtxt", "memmap"})

_STANDARD: str = os.path.realpath(os.path.dirname(os.__file__)) + os.sep

_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)

_BY_VALUE = frozenset({int, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented)})


class Fingerprint:
    """The key of a function, or several, and the arrays they refer to, in a fixed order.

    Args:
        function: The function, or a tuple of what it consists of.
        given: Tensors that the function refers to and whose values each run gives: these do not
            count in the key, nor are they among the arrays.

    Attributes:
        key: Equal for functions that trace to the same program; None if it cannot be told.
        arrays: The arrays met on the way; their contents count in the key by a checksum.
    """

    __slots__ = ("_budget", "_given", "_memory", "_places", "_seen", "arrays", "key")

    def __init__(
        self, function: Callable[..., Any] | tuple[Any, ...], given: Sequence[Tensor] = ()
    ) -> None:
        self.arrays: list[np.ndarray[Any, Any]] = []
        self._given = {place_of(tensor.array): i for i, tensor in enumerate(given)}
        self._memory = [tensor.array for tensor in given]
        # Objects by id, which are kept here so that no id is given to another one meanwhile.
        self._seen: dict[int, tuple[int, Any]] = {}
        self._places: dict[Hashable, int] = {}
        self._budget = _LIMIT + _FOR_EACH_GIVEN * len(self._memory)
        self.key: Hashable | None
        try:
            self.key = self._of(function)
            hash(self.key)
        except Exception:
            # The unknown; and what attributes of the user's own raise when they are looked at.
            self.key = None

    def position(self, array: np.ndarray[Any, Any]) -> int | None:
        """Return where an array stands among those referred to, or None."""
        return next((i for i, known in enumerate(self.arrays) if known is array), None)

    def _of(self, value: Any) -> Hashable:
        kind = type(value)
        if kind is float:
            digits: str = value.hex()
            return digits
        if kind in _BY_VALUE:
            return kind, value
        seen = self._seen.get(id(value))
        if seen is not None:
            return "again", seen[0]
        self._seen[id(value)] = len(self._seen), value
        self._spend(1)
        if kind is types.FunctionType:
            return self._of_function(value)
        if isinstance(value, (np.ndarray, Tensor)):
            return self._of_array(value)
        if kind in (tuple, list):
            self._spend(len(value))
            return kind, tuple(map(self._of, value))
        if kind is dict:
            self._spend(len(value))
            return kind, tuple((self._of(k), self._of(v)) for k, v in value.items())
        return self._of_object(value)

    def _spend(self, objects: int) -> None:
        self._budget -= objects
        if self._budget < 0:
            raise _UnknownError

    def _of_function(self, function: types.FunctionType) -> Hashable:
        closure = function.__closure__ or ()
        if not closure and is_library(function.__module__):
            return function
        code = function.__code__
        cells = dict(zip(code.co_freevars, closure, strict=True))
        found: list[Hashable] = [code]
        for name, attributes in names_read(code):
            if name in _REACHING and name not in function.__globals__:
                raise _UnknownError
            if name in cells:
                try:
                    found.append(self._of_name(cells[name].cell_contents, attributes))
                except ValueError:  # the cell is still empty
                    found.append("empty")
            elif name in function.__globals__:
                found.append(self._of_name(function.__globals__[name], attributes))
        if any(not is_library(module) or is_outside(module) for module in imported(code)):
            raise _UnknownError
        found += [self._of(function.__defaults__), self._of(function.__kwdefaults__)]
        return tuple(found)

    def _of_name(self, value: Any, attributes: tuple[str, ...]) -> Hashable:
        """Look at what a name stands for; of a module, only at the attributes that are read."""
        for attribute in attributes:
            if not isinstance(value, (types.ModuleType, type)):
                break
            is_module = isinstance(value, types.ModuleType)
            home = value.__name__ if is_module else value.__module__
            if is_outside(home) or (home == "numpy" and attribute in _READING):
                raise _UnknownError
            if is_library(home):
                return value
            if not hasattr(value, attribute):
                return "missing", attribute
            value = getattr(value, attribute)
        return self._of(value)

    def _of_array(self, value: Any) -> Hashable:
        array = value.array if isinstance(value, Tensor) else value
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufcSUmM":
            raise _UnknownError
        place = self._given.get(place_of(array))
        if place is not None:
            return self._with_hooks(value, (type(value), array.shape, array.dtype.str, place))
        if isinstance(value, Tensor) and value.requires_grad:
            # Whether a gradient is wanted of it is looked at while tracing.
            raise _UnknownError
        if any(np.may_share_memory(array, other) for other in self._memory):
            # What shows a part of memory that changes in the run is refused while tracing.
            raise _UnknownError
        self.arrays.append(array)
        # Whether two arrays are one, or equal, makes a difference where one is trained.
        first = self._places.setdefault(place_of(array), len(self.arrays))
        facts = type(value), array.shape, array.dtype.str, checksum(array), first
        return self._with_hooks(value, facts)

    def _with_hooks(self, value: Any, facts: tuple[Any, ...]) -> Hashable:
        node = value.node if isinstance(value, Tensor) else None
        if node is None or node.watched is None:
            return facts
        return *facts, tuple(map(self._of, node.watched.hooks.values()))

    def _of_object(self, value: Any) -> Hashable:
        outside = is_outside(type(value).__module__) or (
            callable(value) and is_outside(getattr(value, "__module__", None))
        )
        # Which attributes of a user's module are read cannot be told.
        own_module = isinstance(value, types.ModuleType) and not is_library(value.__name__)
        if outside or own_module or isinstance(value, _GENERATORS):
            raise _UnknownError
        if isinstance(value, type):
            return value, *self._of_class(value)
        if isinstance(value, np.generic):
            return value.dtype.str, value.tobytes()
        if isinstance(value, (np.dtype, np.ufunc, types.ModuleType, types.BuiltinFunctionType)):
            return value
        if isinstance(value, types.MethodType):
            return "method", self._of(value.__func__), self._of(value.__self__)
        if isinstance(value, Transformed):
            maker, arguments = value.made
            return "made", self._of(maker), self._of(arguments)
        if isinstance(value, functools.partial):
            return "partial", self._of(value.func), self._of(value.args), self._of(value.keywords)
        if isinstance(value, (set, frozenset)):
            self._spend(len(value))
            return type(value), frozenset(map(self._of, value))
        if isinstance(value, complex):
            return repr(value)
        if hasattr(value, "__name__") and is_library(getattr(value, "__module__", "")):
            known: Hashable = value
            return known
        if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
            # Another library's array: whether its contents change cannot be told cheaply.
            raise _UnknownError
        state = tuple(map(self._of, _state(value)))
        return type(value), *self._of_class(type(value)), state

    def _of_class(self, owner: type) -> Iterator[Hashable]:
        """Yield what a class and those it inherits from consist of."""
        for base in owner.__mro__:
            if is_library(base.__module__):
                continue
            for name, member in members_of(base):
                yield name, self._of(member)


def members_of(owner: type) -> Iterator[tuple[str, Any]]:
    """Yield the functions and values that a class itself defines, by name."""
    for name, member in list(vars(owner).items()):
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__func__
        elif isinstance(member, property):
            member = member.fget
        elif isinstance(member, (functools.cached_property, functools.partialmethod)):
            member = member.func
        is_function = isinstance(member, types.FunctionType)
        if is_function or not (name.startswith(("__", "_abc_")) or _is_slot(member)):
            yield name, member


def _is_slot(member: Any) -> bool:
    return isinstance(member, (types.MemberDescriptorType, types.GetSetDescriptorType))


class _UnknownError(Exception):
    """An object whose influence on a program cannot be told."""


def _state(value: Any) -> Iterator[Any]:
    """Yield what an object holds: its attributes by name and by slot, and its items.

    Raises:
        _UnknownError: If it hides its state.
    """
    attributes = getattr(value, "__dict__", None)
    slots = [slot for base in type(value).__mro__ for slot in slots_of(base)]
    if attributes is None and not slots and not isinstance(value, (tuple, list, dict)):
        raise _UnknownError
    yield attributes
    for slot in slots:
        yield getattr(value, slot, "unset")
    if isinstance(value, dict):
        yield dict(value)
    elif isinstance(value, (tuple, list)):
        yield tuple(value)


def slots_of(owner: type) -> tuple[str, ...]:
    """Return the names of the attributes that a class itself keeps in slots."""
    slots = owner.__dict__.get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if name not in ("__weakref__", "__dict__"))


@functools.cache
def is_library(module: str | None) -> bool:
    """Tell whether a module is taken not to change while a program runs, by its name."""
    name = (module or "").partition(".")[0]
    if name not in _LIBRARIES:
        return False
    # A user's own file may have the name of a standard module, such as trace.py.
    path: str | None = getattr(sys.modules.get(name), "__file__", None)
    if path is None or name in ("numpy", "thalweg"):
        return True
    return os.path.realpath(path).startswith(_STANDARD)


def is_outside(module: str | None) -> bool:
    """Tell whether a module of Python's answers by the state of the world outside the program."""
    return (module or "").partition(".")[0] in _OUTSIDE


def checksum(array: np.ndarray[Any, Any]) -> int:
    """Return a checksum of an array's contents, in the order of its indices."""
    if array.size == 0:
        return 0
    if array.flags.c_contiguous:
        return zlib.crc32(array.reshape(-1).view(np.uint8).data)
    return zlib.crc32(array.tobytes())


def _instructions(code: types.CodeType) -> Iterator[dis.Instruction]:
    """Yield the instructions of code, with those of functions defined inside it."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _instructions(constant)


@functools.lru_cache(maxsize=1024)
def names_read(code: types.CodeType) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the globals and closure variables that code reads, with the attributes read of each.

    Functions defined inside the code are included.

    Example:
        >>> names_read((lambda b: np.linalg.norm(b)).__code__)
        (('np', ('linalg', 'norm')),)
    """
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    name, attributes = "", []
    for instruction in _instructions(code):
        if instruction.opname in ("CACHE", "PRECALL"):
            continue
        if name and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.append(str(instruction.argval))
            continue
        if name:
            found[name, tuple(attributes)] = None
        name, attributes = "", []
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLOSURE"):
            name = str(instruction.argval)
    return tuple(found)


@functools.lru_cache(maxsize=1024)
def imported(code: types.CodeType) -> tuple[str, ...]:
    """Return the modules that code imports itself, with those of functions defined inside it."""
    return tuple(str(i.argval) for i in _instructions(code) if i.opname == "IMPORT_NAME")
