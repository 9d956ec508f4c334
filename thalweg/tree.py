"""Nested parameters: tuples, lists, dicts, named tuples of arrays, over optree.

`None` is an empty subtree, as in Optax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optree

from thalweg.errors import ShapeError

Tree = Any
TreeDef = optree.PyTreeSpec


def flatten(tree: Tree) -> tuple[list[Any], TreeDef]:
    """Return the leaves of a tree, in a fixed order, and its structure."""
    leaves, definition = optree.tree_flatten(tree)
    return leaves, definition


def unflatten(definition: TreeDef, leaves: Any) -> Tree:
    """Rebuild a tree from its structure and leaves."""
    return optree.tree_unflatten(definition, leaves)


def leaves(tree: Tree) -> list[Any]:
    """Return the leaves of a tree, in a fixed order."""
    return optree.tree_leaves(tree)


def map(function: Callable[..., Any], tree: Tree, *rest: Tree) -> Tree:
    """Apply a function to corresponding leaves of trees of one structure.

    Raises:
        ShapeError: If the structures differ.
    """
    try:
        return optree.tree_map(function, tree, *rest)
    except ValueError as error:
        if rest and structure(tree) != structure(rest[0]):
            raise ShapeError(
                f"The trees differ in structure: {structure(tree)} against {structure(rest[0])}. "
                "Give both the same nesting and keys."
            ) from error
        raise


def structure(tree: Tree) -> TreeDef:
    """Return the structure of a tree, without its leaves."""
    return optree.tree_structure(tree)


def paths(tree: Tree) -> list[str]:
    """Name each leaf by where it sits, as Python would reach it: `['w'][0]`."""
    accessors = optree.tree_accessors(tree)
    return [accessor.codify("") for accessor in accessors]


def prefix_leaves(prefix: Tree, tree: Tree) -> list[Any]:
    """Return, for each leaf of a tree, the leaf of a prefix that stands above it.

    A prefix has the tree's structure down to some depth; `None` in it is a leaf.

    Raises:
        ShapeError: If the prefix is not one of this tree.
    """
    try:
        above = optree.broadcast_prefix(prefix, tree, none_is_leaf=True)
    except ValueError as error:
        raise ShapeError(
            f"{prefix} was given for a tree of structure {structure(tree)}; it wants one value "
            "for the whole tree, or that nesting with a value for each part."
        ) from error
    below = optree.tree_leaves(tree, none_is_leaf=True)
    return [value for value, leaf in zip(above, below, strict=True) if leaf is not None]
