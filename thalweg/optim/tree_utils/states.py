"""What lies in states: found, replaced and mapped by name, wherever in a chain it stands."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import optree

from thalweg import tree as trees
from thalweg.errors import MissingEntry
from thalweg.tree import Tree

__all__ = [
    "DictKey", "NamedTupleKey", "SequenceKey", "tree_get", "tree_get_all_with_path",
    "tree_map_params", "tree_set",
]  # fmt: skip


@dataclass(frozen=True)
class NamedTupleKey:
    """A step of a path into a field of a named tuple.

    Attributes:
        tuple_name: The class of the named tuple.
        name: The field.
    """

    tuple_name: str
    name: str

    def __str__(self) -> str:
        return f"{self.tuple_name}.{self.name}"


class _AsInJax:
    """What is equal to JAX's object of the same name, too."""

    def __eq__(self, other: object) -> bool:
        if type(other).__name__ != type(self).__name__:
            return NotImplemented
        return all(getattr(other, name, None) == value for name, value in vars(self).items())

    def __hash__(self) -> int:
        (value,) = vars(self).values()
        return hash(value)


@dataclass(frozen=True, eq=False)
class DictKey(_AsInJax):
    """A step of a path to an entry of a dict; it is equal to JAX's.

    Attributes:
        key: The entry's key.
    """

    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@dataclass(frozen=True, eq=False)
class SequenceKey(_AsInJax):
    """A step of a path to an item of a list or a tuple; it is equal to JAX's.

    Attributes:
        idx: The item's number.
    """

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx}]"


Path = tuple[Any, ...]

Filtering = Callable[[Path, Any], bool]


# ---- walks


def _is_named_tuple(node: Any) -> bool:
    return isinstance(node, tuple) and hasattr(node, "_fields")


def _children(node: Any) -> list[tuple[Any, Any, Any]]:
    """Return what a node holds: a step to it, its name or number, and itself."""
    if _is_named_tuple(node):
        kind = type(node).__name__
        return [(NamedTupleKey(kind, f), f, getattr(node, f)) for f in node._fields]
    if isinstance(node, dict):
        return [(DictKey(key), key, value) for key, value in node.items()]
    if isinstance(node, (list, tuple)):
        return [(SequenceKey(i), i, value) for i, value in enumerate(node)]
    if node is None or optree.tree_is_leaf(node):
        return []
    return [(DictKey(name), name, child) for name, child in trees.children(node)]


def _match(path: Path, node: Any, key: Any) -> tuple[Path, Any] | None:
    """Return what a node holds under a name, or the node if that is its class."""
    if _is_named_tuple(node):
        if type(node).__name__ == key:
            return path, node
        if key in node._fields:
            return (*path, NamedTupleKey(type(node).__name__, key)), getattr(node, key)
    if isinstance(node, dict) and key in node:
        return (*path, DictKey(key)), node[key]
    return None


def _topmost(path: Path, node: Any, key: Any) -> Iterator[tuple[Path, Any, tuple[Path, Any]]]:
    """Yield the nodes that hold a name and lie in no other one that does."""
    found = _match(path, node, key)
    if found is not None:
        yield path, node, found
        return
    for step, _, child in _children(node):
        yield from _topmost((*path, step), child, key)


def _found(path: Path, node: Any, key: Any) -> Iterator[tuple[Path, Any]]:
    """Yield all that is held under a name, what lies less deep first."""
    holding = list(_topmost(path, node, key))
    for _, _, match in holding:
        yield match
    for above, holder, _ in holding:
        for step, _, child in _children(holder):
            yield from _found((*above, step), child, key)


# ---- what is public


def tree_get_all_with_path(
    tree: Tree, key: Any, filtering: Filtering | None = None
) -> list[tuple[Path, Any]]:
    """Return everything of a name in a tree, with the paths to it.

    Args:
        tree: Any tree, such as the state of an optimizer.
        key: A key of a dict, a field of a named tuple, or the name of its class.
        filtering: Tells, of a path and what lies there, whether it is wanted; None for all.

    Example:
        >>> import thalweg as tw
        >>> state = tw.optim.adam(0.1).init([0.0])
        >>> [(path, value)] = tw.optim.tree.get_all_with_path(state, "count")
        >>> ".".join(map(str, path)), value
        ('[0].ScaleByAdamState.count', np.int32(0))
    """
    found = _found((), tree, key)
    return [pair for pair in found if filtering is None or filtering(*pair)]


def tree_get(tree: Tree, key: Any, default: Any = None, filtering: Filtering | None = None) -> Any:
    """Return the one thing of a name in a tree.

    Args:
        tree: Any tree, such as the state of an optimizer.
        key: A key of a dict, a field of a named tuple, or the name of its class.
        default: What is returned if there is nothing of that name.
        filtering: Tells, of a path and what lies there, whether it is wanted; None for all.

    Raises:
        MissingEntry: If there are several.

    Example:
        >>> import thalweg as tw
        >>> tw.optim.tree.get(tw.optim.adam(0.1).init([3.0]), "mu")
        [np.float64(0.0)]
    """
    found = tree_get_all_with_path(tree, key, filtering)
    if len(found) > 1:
        places = " and ".join("".join(map(str, path)) for path, _ in found)
        raise MissingEntry(
            f"Found multiple values for '{key}' in {tree}: at {places}. Give a `filtering` that "
            "chooses one of them."
        )
    return found[0][1] if found else default


def tree_set(tree: Tree, filtering: Filtering | None = None, /, **kwargs: Any) -> Tree:
    """Return a tree with other values in the places of some names.

    Args:
        tree: Any tree, such as the state of an optimizer.
        filtering: Tells, of a path and what lies there, whether it is replaced; None for all.
        kwargs: The new values by name: keys of dicts, fields of named tuples, or names of their
            classes.

    Raises:
        MissingEntry: If nothing of such a name is there.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.inject_hyperparams(tw.optim.sgd)(learning_rate=0.1)
        >>> state = tw.optim.tree.set(optimizer.init([0.0]), learning_rate=0.5)
        >>> tw.optim.tree.get(state, "learning_rate")
        0.5
    """
    for key in kwargs:
        if not tree_get_all_with_path(tree, key, filtering):
            given = " given the filtering operation" if filtering else ""
            raise MissingEntry(f"Found no values matching '{key}'{given} in {tree}.")

    def replaced(path: Path, node: Any) -> Any:
        if _is_named_tuple(node) and type(node).__name__ in kwargs and wanted(path, node):
            return kwargs[type(node).__name__]
        children = _children(node)
        if not children:
            return node
        named = isinstance(node, dict) or _is_named_tuple(node)
        values = [
            kwargs[name]
            if named and isinstance(name, str) and name in kwargs and wanted((*path, step), child)
            else replaced((*path, step), child)
            for step, name, child in children
        ]
        return _rebuilt(node, [name for _, name, _ in children], values)

    def wanted(path: Path, node: Any) -> bool:
        return filtering is None or filtering(path, node)

    return replaced((), tree)


def _rebuilt(node: Any, names: list[Any], values: list[Any]) -> Any:
    """Return a node that holds other things."""
    if _is_named_tuple(node):
        return type(node)(*values)
    if isinstance(node, dict):
        copy = node.copy()
        copy.update(zip(names, values, strict=True))
        return copy
    if isinstance(node, (list, tuple)):
        return type(node)(values)
    apart = optree.tree_flatten_one_level(node)
    return apart.unflatten_func(apart.metadata, values)


# ---- what of a state belongs to parameters


class ParamsPlaceholder:
    """Stands where parameters would: a tree without leaves that no map changes."""


_made: Any = ParamsPlaceholder

_AS_NODE: Any = (_made, lambda node: ((), None), lambda _, children: _made())

optree.register_pytree_node(*_AS_NODE, namespace=optree.registry.__GLOBAL_NAMESPACE)


def _made_known_to_jax() -> None:
    """Let the placeholder be a tree for JAX too, with which a user's `init` may map parameters."""
    of_jax = getattr(sys.modules.get("jax"), "tree_util", None)
    if of_jax is not None:
        with contextlib.suppress(ValueError):  # it is one already
            of_jax.register_pytree_node(*_AS_NODE)


def _is_placeholder(node: Any) -> bool:
    return isinstance(node, ParamsPlaceholder)


@runtime_checkable
class Initable(Protocol):
    """Anything that makes a state of parameters."""

    def init(self, params: Tree) -> Tree:
        """Return the initial state for parameters."""


def tree_map_params(
    initable: Any,
    f: Callable[..., Any],
    state: Tree,
    /,
    *rest: Tree,
    transform_non_params: Callable[..., Any] | None = None,
    is_leaf: Callable[[Tree], bool] | None = None,
) -> Tree:
    """Map what of a state has the parameters' structure, leaf by leaf, and leave the rest.

    Args:
        initable: The transformation whose state it is, or its `init`.
        f: A function of a leaf that belongs to a parameter, and of that parameter's leaves in
            `rest`.
        state: The state.
        rest: Trees of the parameters' structure.
        transform_non_params: A function of the other leaves, such as the step count; by default
            they stay.
        is_leaf: Tells what is a leaf, besides those that always are.

    Raises:
        ShapeError: If a tree has another structure than the parameters.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.trace(0.9)
        >>> state = optimizer.init({"w": 0.0})
        >>> tw.optim.tree_map_params(optimizer, lambda leaf, name: name, state, {"w": "weights"})
        TraceState(trace={'w': 'weights'})
    """
    _made_known_to_jax()
    init = initable.init if isinstance(initable, Initable) else initable
    with_places = init(ParamsPlaceholder())
    places, definition = optree.tree_flatten(with_places, is_leaf=_is_placeholder)

    def mapped(place: Any, value: Any) -> Any:
        if _is_placeholder(place):
            return optree.tree_map(f, value, *rest, is_leaf=is_leaf)
        return value if transform_non_params is None else transform_non_params(value)

    found = definition.flatten_up_to(state)
    return trees.unflatten(definition, map(mapped, places, found))
