"""Nested parameters: tuples, lists, dicts, named tuples of arrays, over optree.

`None` is an empty subtree, as in Optax. Data classes, and classes of attrs, become nodes where one
is among parameters; a field declared with `metadata={"static": True}` is part of the structure.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import optree

from thalweg.errors import ArgumentError, ShapeError

Tree = Any
TreeDef = optree.PyTreeSpec


def flatten(tree: Tree) -> tuple[list[Any], TreeDef]:
    """Return the leaves of a tree, in a fixed order, and its structure."""
    leaves, definition = optree.tree_flatten(tree)
    return leaves, definition


def flatten_known(tree: Tree) -> tuple[list[Any], TreeDef]:
    """Return the leaves of a tree and its structure; what JAX knows as nodes become nodes here.

    PyTorch's `ParameterDict` and `ParameterList` are dicts and lists of what they hold.
    """
    leaves, definition = optree.tree_flatten(tree)
    of_jax = getattr(sys.modules.get("jax"), "tree_util", None)
    new = {type(leaf): leaf for leaf in leaves if type(leaf) not in _LEAVES_OF_JAX}
    containers = {kind: made for kind in new if (made := _contents_of(kind)) is not None}
    if containers:
        return flatten_known(
            optree.tree_map(
                lambda leaf: containers[type(leaf)](leaf) if type(leaf) in containers else leaf,
                tree,
            )
        )
    nodes = [kind for kind, leaf in new.items() if of_jax and not of_jax.all_leaves([leaf])]
    for kind in nodes:
        _register_as(kind, of_jax)
    if of_jax is not None:
        _LEAVES_OF_JAX.update(new.keys() - set(nodes))
    return flatten_known(tree) if nodes else (leaves, definition)


# By PyTorch's names of them: what its containers of parameters are here.
_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "ParameterDict": lambda held: dict(held.items()),
    "ParameterList": list,
}


def _contents_of(kind: type) -> Callable[[Any], Any] | None:
    """Return what makes plain trees of a container of PyTorch's; None for other classes."""
    made = _CONTAINERS.get(kind.__name__)
    known = getattr(getattr(sys.modules.get("torch"), "nn", None), kind.__name__, None)
    return made if kind is known else None


def _register_as(kind: type, of_jax: Any) -> None:
    """Let a class be a node of trees as JAX takes it apart and together."""

    def apart(node: Any) -> tuple[list[Any], Any]:
        found: tuple[list[Any], Any] = of_jax.tree_flatten(node, is_leaf=lambda x: x is not node)
        return found

    with contextlib.suppress(ValueError):  # another thread may have been first
        optree.register_pytree_node(
            kind,
            apart,
            lambda definition, parts: of_jax.tree_unflatten(definition, parts),
            namespace=optree.registry.__GLOBAL_NAMESPACE,
        )


def flatten_parameters(tree: Tree) -> tuple[list[Any], TreeDef]:
    """Return the leaves of parameters and their structure; data classes in it become nodes."""
    leaves, definition = optree.tree_flatten(tree)
    if all(type(leaf) in _PLAIN for leaf in leaves):
        return leaves, definition
    met = {type(leaf) for leaf in leaves} - _PLAIN
    new = [kind for kind in met if _fields_of(kind) is not None]
    _PLAIN.update(met.difference(new))
    if not new:
        return leaves, definition
    for kind in new:
        register_dataclass(kind)
    return flatten_parameters(tree)


# Types of leaves that are no nodes: neither data classes, nor, of the others, known to JAX.
_PLAIN: set[type] = {float, int, np.ndarray}
_LEAVES_OF_JAX: set[type] = {float, int, np.ndarray}


def register_dataclass(kind: type) -> type:
    """Let a data class, or a class of attrs, be a node of trees; may be used as a decorator.

    Args:
        kind: The class. Fields declared with `metadata={"static": True}` are part of a tree's
            structure and not trained; they are compared, so they must be hashable.

    Raises:
        ArgumentError: If it is another class.

    Example:
        >>> import dataclasses
        >>> @register_dataclass
        ... @dataclasses.dataclass
        ... class Line:
        ...     slope: float
        ...     degree: int = dataclasses.field(default=1, metadata={"static": True})
        >>> map(lambda x: 2 * x, Line(1.5))
        Line(slope=3.0, degree=1)
    """
    fields = _fields_of(kind)
    if fields is None:
        raise ArgumentError(
            f"{kind.__name__} is no data class. Decorate it with dataclasses.dataclass, or "
            "register it with optree.register_pytree_node."
        )
    static = tuple(name for name, is_static in fields if is_static)
    parts = tuple(name for name, is_static in fields if not is_static)

    def apart(node: Any) -> tuple[list[Any], Any, tuple[str, ...]]:
        known = tuple((name, getattr(node, name)) for name in static)
        return [getattr(node, name) for name in parts], known, parts

    def together(known: Any, children: Any) -> Any:
        # Not by calling the class, whose checks may look at values that are traced.
        node: Any = object.__new__(kind)
        for name, value in (*known, *zip(parts, children, strict=True)):
            object.__setattr__(node, name, value)
        return node

    with contextlib.suppress(ValueError):  # another thread may have been first
        optree.register_pytree_node(
            kind,
            apart,
            together,
            path_entry_type=optree.GetAttrEntry,
            namespace=optree.registry.__GLOBAL_NAMESPACE,
        )
    return kind


def _fields_of(kind: type) -> list[tuple[str, bool]] | None:
    """Return the fields of a data class with whether they are static; None of other classes."""
    found = getattr(kind, "__attrs_attrs__", None)
    if found is None and dataclasses.is_dataclass(kind):
        found = dataclasses.fields(kind)
    if found is None or hasattr(kind, "__array__"):
        return None
    return [(field.name, bool(field.metadata.get("static"))) for field in found]


def children(node: Tree) -> list[tuple[Any, Tree]]:
    """Return what a node holds, by key, index or attribute."""
    apart = optree.tree_flatten_one_level(node)
    return list(zip(apart.entries, apart.children, strict=True))


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
            keys = "Dict key mismatch. " if "dictionary key mismatch" in str(error) else ""
            raise ShapeError(
                f"{keys}The trees differ in structure: {structure(tree)} against "
                f"{structure(rest[0])}. Give both the same nesting and keys."
            ) from error
        raise


def map_present(function: Callable[..., Any], tree: Tree, *rest: Tree) -> Tree:
    """Apply a function as `map` does, where the tree has leaves; a None in it stands for anything.

    Raises:
        ShapeError: If the structures differ in more than that.
    """
    try:
        return map(function, tree, *rest)
    except ShapeError:
        if all(leaf is not None for leaf in optree.tree_leaves(tree, none_is_leaf=True)):
            raise

    def present(leaf: Any, *others: Any) -> Any:
        return None if leaf is None else function(leaf, *others)

    try:
        return optree.tree_map(present, tree, *rest, none_is_leaf=True)
    except ValueError:
        return map(function, tree, *rest)  # which says how they differ


def filled(tree: Tree, new: Tree, old: Tree) -> Tree:
    """Return a tree of another's leaves with what a third one has where the first is None."""
    return optree.tree_map(
        lambda leaf, one, other: other if leaf is None else one, tree, new, old, none_is_leaf=True
    )


def structure(tree: Tree) -> TreeDef:
    """Return the structure of a tree, without its leaves."""
    return optree.tree_structure(tree)


def paths(tree: Tree) -> list[str]:
    """Name each leaf by where it sits, as Python would reach it: `['w'][0]`."""
    accessors = optree.tree_accessors(tree)
    return [accessor.codify("") for accessor in accessors]


def names(tree: Tree, is_leaf: Callable[[Any], bool] | None = None) -> list[tuple[str, ...]]:
    """Name each leaf by the keys, fields and numbers on the way to it: `('layers', '0')`."""

    def name(step: Any) -> str:
        return str(step.field if isinstance(step, optree.NamedTupleEntry) else step.entry)

    accessors = optree.tree_accessors(tree, is_leaf)
    return [tuple(name(step) for step in accessor) for accessor in accessors]


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
