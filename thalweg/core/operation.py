"""The register of operations: what NumPy's functions and a tensor's methods resolve to."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

Function = TypeVar("Function", bound=Callable[..., Any])

OPERATIONS: dict[str, Callable[..., Any]] = {}

# The public names that are no function's own name: other names of it, and in-place variants.
FURTHER: dict[str, Callable[..., Any]] = {}

# PyTorch's names of parameters, where a function has ours and not theirs.
_KEYWORDS = {
    "dim": "axis",
    "dims": "axis",
    "exponent": "y",
    "input": "x",
    "keepdim": "keepdims",
    "other": "y",
    "self": "x",
    "tensors": "arrays",
}

# By an elementwise primitive's name: keywords that are no operands, and what takes them.
WIDER: dict[str, tuple[frozenset[str], Callable[..., Any]]] = {}

_owners: list[type] = []


def owns_methods(owner: type) -> type:
    """Mark the class whose methods the operations declared with `method` become."""
    _owners.append(owner)
    return owner


class Operations:
    """The operations by name, for derivative rules: `op.cos` is found when the rule runs.

    A rule may so name an operation declared after it, or the very one it belongs to.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            return OPERATIONS[name]
        except KeyError:
            raise AttributeError(f"There is no operation named {name}.") from None


op = Operations()


def register(name: str, function: Callable[..., Any]) -> None:
    """Make a function reachable under NumPy's name for it."""
    OPERATIONS[name] = function
    setattr(op, name, function)


@overload
def operation(given: Function, /) -> Function: ...
@overload
def operation(*names: str, inplace: bool = False) -> Callable[[Function], Function]: ...
def operation(*given: Any, inplace: bool = False) -> Any:
    """Register a function composed of primitives under its own name and others.

    Args:
        given: Further names, such as PyTorch's.
        inplace: Whether `name_` shall exist too, which writes the result into the first operand.
    """
    return _declared(given, inplace, methods=False)


@overload
def method(given: Function, /) -> Function: ...
@overload
def method(*names: str, inplace: bool = False) -> Callable[[Function], Function]: ...
def method(*given: Any, inplace: bool = False) -> Any:
    """Register a function as `operation` does, and make it a method of tensors."""
    return _declared(given, inplace, methods=True)


def _declared(given: tuple[Any, ...], inplace: bool, methods: bool) -> Any:
    if given and callable(given[0]):
        return publish(understanding(given[0]), (), methods, inplace)
    return lambda function: publish(understanding(function), given, methods, inplace)


def publish(
    function: Function, names: tuple[str, ...], methods: bool, inplace: bool, own: str = ""
) -> Function:
    """Register a function under its own name and others, as methods, with in-place variants."""
    own = own or function.__name__
    for name in (own, *names):
        register(name, function)
        if methods:
            attach(name, function)
        if name != own:
            FURTHER[name] = function
        if inplace:
            written = in_place_variant(name, function)
            register(f"{name}_", written)
            FURTHER[f"{name}_"] = written
            attach(f"{name}_", written)
    return function


def attach(name: str, function: Any, replace: bool = False) -> None:
    """Make a function a method of tensors, unless they have one of that name already."""
    for owner in _owners:
        if replace or name not in vars(owner):
            setattr(owner, name, function)


def widen(name: str, *keywords: str) -> Callable[[Function], Function]:
    """Let a function take the calls of an elementwise primitive that give these keywords.

    Without keywords it takes those that give another number of operands.
    """

    def declare(function: Function) -> Function:
        WIDER[name] = frozenset(keywords), function
        return function

    return declare


def in_place_variant(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `name_`: the function with its result written into the first operand."""

    def written(x: Any, *args: Any, **kwargs: Any) -> Any:
        return OPERATIONS["inplace"](function, x, *args, **kwargs)

    written.__name__ = written.__qualname__ = f"{name}_"
    written.__module__ = function.__module__
    written.__doc__ = f"Write the result of `{name}` into the tensor itself, and return it."
    return written


@functools.cache
def parameters_of(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of a function's parameters; "**" if it takes any others by name."""
    stated = inspect.signature(function).parameters
    others = {"**"} if any(p.kind is p.VAR_KEYWORD for p in stated.values()) else set()
    wider = WIDER.get(function.__name__)
    return frozenset(stated) | others | (wider[0] if wider is not None else frozenset())


def understanding(function: Function) -> Function:
    """Let a function take PyTorch's names of its parameters too, and `out=`."""
    own = inspect.signature(function).parameters
    # Of two of PyTorch's names for one parameter a call gives one.
    keywords = _KEYWORDS if "axis" in own else _KEYWORDS | {"dim": "axes", "dims": "axes"}
    names = {theirs: ours for theirs, ours in keywords.items() if ours in own and theirs not in own}

    @functools.wraps(function)
    def understood(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {names.get(name, name): value for name, value in kwargs.items()}
            if "out" in kwargs:
                return OPERATIONS["write_out"](kwargs.pop("out"), understood, args, kwargs)
        return function(*args, **kwargs)

    return understood  # type: ignore[return-value]


def translated(kwargs: dict[str, Any], parameters: tuple[str, ...]) -> dict[str, Any]:
    """Return keyword arguments under the names a primitive gives its parameters."""
    return {
        name if name in parameters else _KEYWORDS.get(name, name): value
        for name, value in kwargs.items()
    }
