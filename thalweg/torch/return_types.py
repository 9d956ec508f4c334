"""Several results under names, which print as PyTorch's do."""

from __future__ import annotations

import functools
from collections import namedtuple
from typing import Any


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

    def reduced(self: Any) -> Any:
        return _remade, (name, fields, tuple(self))

    members = {"__repr__": text, "__reduce__": reduced, "__module__": __name__, "__slots__": ()}
    return type(name, (kind,), members)


# Of what NumPy returns as plain tuples.
_FIELDS = {"frexp": ("mantissa", "exponent")}


def as_named(found: Any, name: str) -> Any:
    """Return a named tuple as what prints under a name in `torch.return_types`; others as given."""
    if not isinstance(found, tuple) or type(found).__module__ == __name__:
        return found
    fields = getattr(found, "_fields", None) or _FIELDS.get(name)
    if fields is None:
        return found
    return named_result(name, *fields)(*found)


def _remade(name: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return named_result(name, *fields)(*values)
