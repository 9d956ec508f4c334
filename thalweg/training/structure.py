"""The structure of a tree as JSON, and back, without importing or running anything it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from thalweg import optim, tree
from thalweg.errors import CheckpointError


def describe(structure: tree.TreeDef) -> Any:
    """Return a tree's structure as JSON; leaves are numbered in the order of flattening."""
    return _described(tree.unflatten(structure, [_Leaf(i) for i in range(structure.num_leaves)]))


class _Leaf:
    def __init__(self, number: int) -> None:
        self.number = number


def definition(description: Any, count: int) -> tuple[tree.TreeDef, list[int]]:
    """Return the structure of a description, and its leaves' numbers in the order of flattening.

    Raises:
        CheckpointError: If the description means nothing.
    """
    leaves, found = tree.flatten(rebuild(description, [_Leaf(i) for i in range(count)]))
    numbers = [leaf.number for leaf in leaves]
    if sorted(numbers) != list(range(count)):
        raise CheckpointError("The structure of the parameters in the file does not fit them.")
    return found, numbers


def _described(node: Any) -> Any:
    if isinstance(node, _Leaf):
        return node.number
    if node is None:
        return {"none": []}
    if isinstance(node, dict):
        return {"dict": [[_key(key), _described(value)] for key, value in node.items()]}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        items = {f: _described(v) for f, v in zip(node._fields, node, strict=True)}
        return {"named": type(node).__name__, "items": items}
    if isinstance(node, (list, tuple)):
        kind = "list" if isinstance(node, list) else "tuple"
        return {kind: [_described(item) for item in node]}
    # Another registered container: its leaves by their paths.
    leaves = zip(tree.paths(node), tree.leaves(node), strict=True)
    return {"dict": [[path, _described(leaf)] for path, leaf in leaves]}


def _key(key: Any) -> Any:
    if isinstance(key, (str, int, float, bool)):
        return key
    raise CheckpointError(
        f"params has a dict with the key {key!r}, which cannot be written to a file. "
        "Use strings or numbers for keys."
    )


def rebuild(description: Any, leaves: Sequence[Any]) -> Any:
    """Return the tree of a description around its leaves.

    Named tuples are those of thalweg's optimizers; any other one becomes a dict of its fields.

    Raises:
        CheckpointError: If the description means nothing.
    """
    match description:
        case int() if 0 <= description < len(leaves):
            return leaves[description]
        case {"none": []}:
            return None
        case {"dict": [*items]}:
            return {key: rebuild(value, leaves) for key, value in items}
        case {"list": [*items]}:
            return [rebuild(item, leaves) for item in items]
        case {"tuple": [*items]}:
            return tuple(rebuild(item, leaves) for item in items)
        case {"named": str(name), "items": dict(items)}:
            return _named(name, {field: rebuild(v, leaves) for field, v in items.items()})
    raise CheckpointError("The structure of the parameters in the file means nothing.")


def _named(name: str, items: Mapping[str, Any]) -> Any:
    known = getattr(optim, name, None) if name in optim.__all__ else None
    if isinstance(known, type) and getattr(known, "_fields", None) == tuple(items):
        return known(**items)
    return dict(items)
