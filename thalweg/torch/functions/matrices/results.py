"""Several results under names, which print as PyTorch's do."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@functools.cache
def named_result(name: str, *fields: str) -> Any:
    """Return a class of tuples with named fields.

    Args:
        name: The name it has in `torch.return_types`.
        fields: The names of what it holds.

    Example:
        >>> pair = named_result("qr", "Q", "R")
        >>> pair(1, 2)
        torch.return_types.qr(
        Q=1,
        R=2)
    """
    kind: Any = namedtuple(name, fields)  # type: ignore[misc]

    def text(self: Any) -> str:
        lines = (f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n" + ",\n".join(lines) + ")"

    return type(name, (kind,), {"__slots__": (), "__repr__": text, "__module__": __name__})


def renamed(function: Function, prefix: str) -> Function:
    """Return a function whose named results print under its own name.

    Args:
        function: The function.
        prefix: What stands before its name.
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        fields = getattr(found, "_fields", None)
        if fields is None or _is_named(found):
            return found
        return named_result(f"{prefix}{function.__name__}", *fields)(*found)

    return called  # type: ignore[return-value]


def _is_named(found: Any) -> bool:
    return type(found).__module__ == __name__
