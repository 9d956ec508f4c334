"""Pickles read as data: a small machine that knows containers, numbers and text, and runs nothing.

Python's own unpickler calls what a stream names. Here a stream is read instruction by instruction;
what it names is looked up in a table that the caller gives, and anything else is refused by name.
"""

from __future__ import annotations

import pickletools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from thalweg.errors import ArgumentError, DamagedFile, DtypeError, RefusedPickle, printable

# What a stream asks for by module and name, and how it is made of the arguments.
Makers = Mapping[str, Callable[..., Any]]


class Named:
    """Something that a stream names and may call, where it is called with arguments.

    Args:
        name: Its module and name, with a dot between them.
        make: What is called in its stead.
    """

    __slots__ = ("make", "name")

    def __init__(self, name: str, make: Callable[..., Any]) -> None:
        self.name, self.make = name, make


class _Mark:
    """Where a container's items begin on the stack."""


_MARK = _Mark()

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}

_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": set,
}  # fmt: skip

# Instructions whose argument is the value itself.
_VALUES = frozenset({
    "BINBYTES", "BINBYTES8", "BINFLOAT", "BININT", "BININT1", "BININT2", "BINSTRING",
    "BINUNICODE", "BINUNICODE8", "FLOAT", "INT", "LONG", "LONG1", "LONG4", "SHORT_BINBYTES",
    "SHORT_BINSTRING", "SHORT_BINUNICODE", "STRING", "UNICODE",
})  # fmt: skip

_SHORT_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

_PUT, _GET = (
    frozenset(["PUT", "BINPUT", "LONG_BINPUT"]),
    frozenset(["GET", "BINGET", "LONG_BINGET"]),
)

# What may be a key: of tuples one inside the other the hash would take exponentially long.
_PLAIN_KEYS = (str, bytes, int, float, complex, bool, type(None))


def read_pickle(
    stream: bytes,
    names: Makers,
    values: Mapping[str, Any],
    persistent: Callable[[Any], Any],
    build: Callable[[Any, Any], Any],
) -> Any:
    """Return what a pickle holds.

    Args:
        stream: The pickle.
        names: What it may call, by module and name.
        values: What it may mention, by module and name.
        persistent: Called with what stands for something outside of the stream; returns that.
        build: Called with an object and the state that it is to be given; returns the object.

    Raises:
        RefusedPickle: If it asks for anything else.
        DamagedFile: If it is no pickle, or ends too early.
    """
    machine = _Machine(names, values, persistent, build)
    try:
        for code, argument, _ in pickletools.genops(stream):
            if code.name == "STOP":
                return machine.pop()
            machine.step(code.name, argument)
    except (ArgumentError, DtypeError, RefusedPickle, DamagedFile):
        raise
    except Exception as error:
        raise DamagedFile(
            f"The file is damaged: its pickle cannot be read ({printable(str(error))}). Copy or "
            "save it again."
        ) from error
    raise DamagedFile("The file is damaged: its pickle has no end. Copy or save it again.")


class _Machine:
    """The stack that a pickle's instructions work on, and what they have put aside."""

    def __init__(
        self,
        names: Makers,
        values: Mapping[str, Any],
        persistent: Callable[[Any], Any],
        build: Callable[[Any, Any], Any],
    ) -> None:
        self._names, self._values = names, values
        self._persistent, self._build = persistent, build
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def pop(self) -> Any:
        """Take the last value off the stack."""
        if self._stack[-1] is _MARK:
            raise DamagedFile("The file is damaged: its pickle ends a container twice.")
        return self._stack.pop()

    def _items(self) -> list[Any]:
        """Take all values after the last mark, and the mark."""
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise DamagedFile("The file is damaged: its pickle ends a container never begun.")
        items = self._stack[place + 1 :]
        del self._stack[place:]
        return items

    def step(self, code: str, argument: Any) -> None:
        """Execute one instruction."""
        stack = self._stack
        if code in _VALUES:
            stack.append(argument)
        elif code in _PUT:
            self._memo[int(argument)] = stack[-1]
        elif code in _GET:
            stack.append(self._memo[int(argument)])
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code in _EMPTY:
            stack.append(_EMPTY[code]())
        elif code in _SHORT_TUPLES:
            parts = [self.pop() for _ in range(_SHORT_TUPLES[code])]
            stack.append(tuple(parts[::-1]))
        elif code in ("GLOBAL", "STACK_GLOBAL"):
            if argument is None:
                name, module = self.pop(), self.pop()
                argument = f"{module} {name}"
            stack.append(self._find(str(argument)))
        elif code in ("REDUCE", "NEWOBJ"):
            arguments, function = self.pop(), self.pop()
            stack.append(_made(function, arguments))
        elif code == "BUILD":
            state = self.pop()
            stack.append(self._build(self.pop(), state))
        elif code == "BINPERSID":
            stack.append(self._persistent(self.pop()))
        else:
            self._step_container(code, argument)

    def _step_container(self, code: str, argument: Any) -> None:
        stack = self._stack
        if code == "MARK":
            stack.append(_MARK)
        elif code in ("TUPLE", "LIST", "FROZENSET"):
            items = self._items()
            kinds: dict[str, Callable[[Any], Any]] = {"TUPLE": tuple, "LIST": list}
            stack.append(kinds[code](items) if code in kinds else as_set(items, frozenset))
        elif code in ("SETITEM", "SETITEMS", "DICT"):
            items = [self.pop(), self.pop()][::-1] if code == "SETITEM" else self._items()
            if code == "DICT":
                stack.append({})
            _put_items(stack[-1], items)
        elif code in ("APPEND", "APPENDS"):
            items = [self.pop()] if code == "APPEND" else self._items()
            _require(stack[-1], list).extend(items)
        elif code == "ADDITEMS":
            items = self._items()
            _require(stack[-1], set).update(as_set(items, set))
        elif code == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif code == "BYTEARRAY8":
            stack.append(bytearray(argument))
        elif code == "POP":
            stack.pop()
        elif code == "POP_MARK":
            self._items()
        elif code == "DUP":
            stack.append(stack[-1])
        elif code not in ("PROTO", "FRAME"):
            raise RefusedPickle(
                f"Weights only load failed: the file's pickle has the instruction {code}, which "
                "plain data do not need. Save a state_dict() of tensors, numbers and text."
            )

    def _find(self, spelled: str) -> Any:
        module, _, name = spelled.partition(" ")
        dotted = f"{module}.{name}".replace("__builtin__.", "builtins.", 1)
        if dotted in self._values:
            return self._values[dotted]
        if dotted in self._names:
            return Named(dotted, self._names[dotted])
        raise refusal(dotted)


def refusal(name: str) -> RefusedPickle:
    """Return the error for something that a file names and that is not data."""
    return RefusedPickle(
        f"Weights only load failed: the file asks for {printable(name)}, which is not plain data, "
        "and loading runs no code. Save the state_dict() of a module, or tensors, numbers and text "
        "in dicts, lists and tuples."
    )


def _made(function: Any, arguments: Any) -> Any:
    if not isinstance(function, Named):
        raise refusal(f"a call of {type(function).__name__}")
    if not isinstance(arguments, tuple):
        raise DamagedFile("The file is damaged: something is called without arguments.")
    return function.make(*arguments)


def _require(container: Any, kind: type[Any]) -> Any:
    # Exactly: what is derived from a list may do anything when it grows.
    if type(container) is not kind:
        raise DamagedFile(
            f"The file is damaged: items are put into a {type(container).__name__}, not a "
            f"{kind.__name__}."
        )
    return container


def _put_items(container: Any, items: list[Any]) -> None:
    kind = OrderedDict if type(container) is OrderedDict else dict
    into = _require(container, kind)
    if len(items) % 2:
        raise DamagedFile("The file is damaged: a dictionary has a key without a value.")
    for key, value in zip(items[::2], items[1::2], strict=True):
        into[as_key(key)] = value


def as_key(key: Any) -> Any:
    """Return what may be a key of a dictionary or an element of a set.

    Raises:
        RefusedPickle: If it is something else than a number, text, or a tuple of these.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if all(isinstance(part, _PLAIN_KEYS) for part in parts):
        return key
    raise RefusedPickle(
        f"Weights only load failed: the file has a key of type {type(key).__name__}. Keys are "
        "text, numbers, or tuples of these; save it with such ones."
    )


def as_set(items: Any, kind: Callable[[Any], Any]) -> Any:
    """Return a set of plain items."""
    return kind([as_key(item) for item in _require(items, list)])
