"""Functions that a transformation made of others, and that other processes can make again."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any


class Transformed:
    """A function with the call that made it, by which it is pickled.

    Args:
        function: What it computes.
        maker: What made it, a transformation.
        arguments: What that was called with.
    """

    def __init__(
        self, function: Callable[..., Any], maker: Callable[..., Any], *arguments: Any
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self.made = maker, arguments

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute it."""
        return self._function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return it as a method, where it stands in a class."""
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        # A decorated function is found by its name, as any other.
        found: Any = sys.modules.get(getattr(self, "__module__", ""))
        name: str = getattr(self, "__qualname__", "")
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return name
        return self.made

    def __deepcopy__(self, memo: dict[int, Any]) -> Transformed:
        return self

    def __repr__(self) -> str:
        return f"<function {getattr(self, '__qualname__', '')}>"
