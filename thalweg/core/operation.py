"""The register of operations: what NumPy's functions and a tensor's methods resolve to."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from thalweg.core.tensor import Tensor

from thalweg.core.methods import Methods
from thalweg.foreign import MODULES, may_be_foreign

Function = TypeVar("Function", bound=Callable[..., Any])

OPERATIONS: dict[str, Callable[..., Any]] = {}

# The public names that are no function's own: NumPy's other names of it.
FURTHER: dict[str, Callable[..., Any]] = {}

# By an elementwise primitive's name: keywords that are no operands, and what takes them.
WIDER: dict[str, tuple[frozenset[str], Callable[..., Any]]] = {}


# By a function that takes `out=`: what it calls where none is given.
WITHOUT_OUT: dict[Callable[..., Any], Callable[..., Any]] = {}


class Operations:
    """The operations by name, for derivative rules: `op.cos` is found when the rule runs.

    A rule may so name an operation declared after it, or the very one it belongs to.
    """

    def __getattr__(self, name: str) -> Callable[..., Tensor]:
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
def operation(*names: str) -> Callable[[Function], Function]: ...
def operation(*given: Any) -> Any:
    """Register a function composed of primitives under its own name and NumPy's others.

    Args:
        given: Further names.
    """
    return _declared(given, methods=False)


@overload
def method(given: Function, /) -> Function: ...
@overload
def method(*names: str) -> Callable[[Function], Function]: ...
def method(*given: Any) -> Any:
    """Register a function as `operation` does, and make it a method of tensors."""
    return _declared(given, methods=True)


def _declared(given: tuple[Any, ...], methods: bool) -> Any:
    if given and callable(given[0]):
        return publish(taking_out(given[0]), (), methods)
    return lambda function: publish(taking_out(function), given, methods)


def publish(
    function: Function, names: tuple[str, ...] = (), methods: bool = False, own: str = ""
) -> Function:
    """Register a function under its own name and others, as methods too if that is asked."""
    for name in (own or function.__name__, *names):
        register(name, function)
        if name in names and "." not in name:
            FURTHER[name] = function
        if methods:
            attach(name, function)
    return function


def attach(name: str, member: Any) -> None:
    """Make a function a method of tensors, or a property one of theirs."""
    if inspect.isfunction(member) and not member.__name__[0].isalpha():
        member.__name__ = member.__qualname__ = name  # what `help` shows
    setattr(Methods, name, member)


def widen(name: str, *keywords: str) -> Callable[[Function], Function]:
    """Let a function take the calls of an elementwise primitive that give these keywords.

    Without keywords it takes those that give another number of operands.
    """

    def declare(function: Function) -> Function:
        WIDER[name] = frozenset(keywords), function
        return function

    return declare


def arguments_of(other: Callable[..., Any]) -> Callable[[Function], Function]:
    """Let a function that hands its arguments on take those of another one, and no more."""
    stated = inspect.signature(other)

    def declare(function: Function) -> Function:
        @functools.wraps(function)
        def passed(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except TypeError:
                try:
                    stated.bind(*args, **kwargs)
                except TypeError as error:
                    wrong = str(error).replace("multiple", "got multiple")
                    raise TypeError(f"{function.__name__}() {wrong}") from None
                raise

        passed.__signature__ = stated  # type: ignore[attr-defined]
        return passed  # type: ignore[return-value]

    return declare


@functools.cache
def parameters_of(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of a function's parameters; "**" if it takes any others by name."""
    stated = inspect.signature(function).parameters
    others = {"**"} if any(p.kind is p.VAR_KEYWORD for p in stated.values()) else set()
    wider = WIDER.get(function.__name__)
    return frozenset(stated) | others | (wider[0] if wider is not None else frozenset())


def taking_out(function: Function) -> Function:
    """Let a function take `out=`, where its result is written."""

    @functools.wraps(function)
    def written(*args: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            return OPERATIONS["write_out"](kwargs.pop("out"), written, args, kwargs)
        if ("jax" in MODULES or "torch" in MODULES) and may_be_foreign(args, kwargs):
            hosted = OPERATIONS["of_library"](function, args, kwargs)
            if hosted is not NotImplemented:
                return hosted
        return function(*args, **kwargs)

    WITHOUT_OUT[written] = function
    return written  # type: ignore[return-value]
