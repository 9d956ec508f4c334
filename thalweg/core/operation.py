"""The register of operations: what NumPy's functions and a tensor's methods resolve to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

OPERATIONS: dict[str, Callable[..., Any]] = {}


def register(name: str, function: Callable[..., Any]) -> None:
    """Make a function reachable under NumPy's name for it."""
    OPERATIONS[name] = function


def operation(function: Function) -> Function:
    """Register a function composed of primitives under its own name."""
    register(function.__name__, function)
    return function


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
