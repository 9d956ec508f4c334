"""The structure of a tree as JSON, and back, without importing or running anything it names.

A structure is given as a tree of numbers: where in a list of arrays each leaf stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg import optim, tree
from thalweg.errors import CheckpointError


def describe(node: Any) -> Any:
    """Return a tree of numbers as JSON.

    Raises:
        CheckpointError: If a key of a dict is none that JSON can hold.
    """
    if type(node) is int:
        return node
    if node is None:
        return {"none": []}
    if isinstance(node, dict):
        return {"dict": [[_key(key), describe(value)] for key, value in node.items()]}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        items = {f: describe(v) for f, v in zip(node._fields, node, strict=True)}
        return {"named": type(node).__name__, "items": items}
    if isinstance(node, (list, tuple)):
        return {"list" if isinstance(node, list) else "tuple": [describe(i) for i in node]}
    return {"dict": [[_key(key), describe(part)] for key, part in tree.children(node)]}


def _key(key: Any) -> Any:
    if isinstance(key, (str, int, float, bool)):
        return key
    raise CheckpointError(
        f"params has a dict with the key {key!r}, which cannot be written to a file. "
        "Use strings or numbers for keys."
    )


def rebuild(description: Any, count: int) -> Any:
    """Return the tree of numbers of a description.

    Named tuples are those of thalweg's optimizers; any other one becomes a dict of its fields.

    Raises:
        CheckpointError: If it means nothing, or has other numbers than 0 … count - 1.
    """
    found = _rebuilt(description)
    if sorted(tree.leaves(found)) != list(range(count)):
        raise CheckpointError("The structure of the parameters in the file does not fit them.")
    return found


def _rebuilt(description: Any) -> Any:
    match description:
        case bool():
            pass
        case int():
            return description
        case {"none": []}:
            return None
        case {"dict": [*items]}:
            return {key: _rebuilt(value) for key, value in items}
        case {"list": [*items]}:
            return [_rebuilt(item) for item in items]
        case {"tuple": [*items]}:
            return tuple(_rebuilt(item) for item in items)
        case {"named": str(name), "items": dict(items)}:
            return _named(name, {field: _rebuilt(v) for field, v in items.items()})
    raise CheckpointError("The structure of the parameters in the file means nothing.")


def _named(name: str, items: Mapping[str, Any]) -> Any:
    known = getattr(optim, name, None) if name in optim.__all__ else None
    if isinstance(known, type) and getattr(known, "_fields", None) == tuple(items):
        return known(**items)
    return dict(items)
