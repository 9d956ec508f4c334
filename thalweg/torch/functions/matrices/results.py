"""Several results under names, which print as PyTorch's do."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


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
