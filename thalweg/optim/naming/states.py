"""The leaves of a state by name: of the transformation, its field and the parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import optree

from thalweg import tree
from thalweg.errors import ArgumentError
from thalweg.optim.naming.patterns import Steps, name_of
from thalweg.tree import Tree

__all__ = ["named_state"]


def named_state(state: Tree) -> dict[str, Any]:
    """Return the leaves of a state by name.

    A name is the way to a leaf: `ScaleByAdamState.mu.layers.0.weight`. The links of a chain go by
    the class of their state, of several of one class by its number among these (`TraceState#2`);
    chains in a chain are one chain. So another link, parameter or layer leaves the names of the
    rest what they are.

    Args:
        state: The state of a transformation, or any tree.

    Raises:
        ArgumentError: If two leaves have one name, as of the keys `"a.b"` and `"a"`, `"b"`.

    Example:
        >>> import thalweg as tw
        >>> optimizer = tw.optim.chain(tw.optim.clip(1.0), tw.optim.trace(0.9))
        >>> tw.optim.named_state(optimizer.init({"0.bias": 0.0, "0.weight": 0.0}))
        {'TraceState.trace.0.bias': np.float64(0.0), 'TraceState.trace.0.weight': np.float64(0.0)}
    """
    leaves, definition = tree.flatten_known(state)
    found = [
        (name_of(way), leaf)
        for way, leaf in _walk(_as_chain(tree.unflatten(definition, leaves)), ())
    ]
    repeated = [name for name, count in Counter(name for name, _ in found).items() if count > 1]
    if repeated:
        raise ArgumentError(
            f"Several leaves have the name {repeated[0]}. Give the parameters keys whose parts, "
            "joined by dots, are names of their own."
        )
    return dict(found)


def with_named(state: Tree, leaves: Mapping[str, Any]) -> Tree:
    """Return a state with other leaves where names are given, and its own elsewhere."""
    own, definition = tree.flatten_known(state)
    names = named_state(tree.unflatten(definition, own))
    return tree.unflatten(definition, [leaves.get(name, leaf) for name, leaf in names.items()])


def _walk(node: Tree, way: Steps) -> Iterator[tuple[Steps, Any]]:
    """Yield the leaves below a node in the order of the tree, and the way to each."""
    if node is None:
        return
    if optree.tree_is_leaf(node):
        yield way, node
        return
    for step, child in _children(node):
        yield from _walk(child, (*way, step))


def _children(node: Tree) -> list[tuple[str, Tree]]:
    if _is_named(node):
        return list(zip(node._fields, node, strict=True))
    if type(node) is tuple and _is_link(node):
        links = [*_links(node)]
        kinds = [type(link).__name__ for link in links]
        return [(_numbered(kinds, i), link) for i, link in enumerate(links)]
    return [(str(key), child) for key, child in tree.children(node)]


def _as_chain(state: Tree) -> Tree:
    """Return a state as that of a chain: it has the same names alone and in one."""
    return (state,) if _is_named(state) else state


def _links(chain: Tree) -> Iterator[Tree]:
    """Yield the states of the links of a chain, and of the chains in it."""
    for link in chain:
        if type(link) is tuple:
            yield from _links(link)
        else:
            yield link


def _is_named(node: Tree) -> bool:
    return isinstance(node, tuple) and hasattr(node, "_fields")


def _is_link(node: Tree) -> bool:
    """Tell whether a node may be the state of a link of a chain."""
    return _is_named(node) or (type(node) is tuple and all(map(_is_link, node)))


def _numbered(kinds: list[str], position: int) -> str:
    """Return the name of a link, with its number among those of its kind if there are several."""
    kind = kinds[position]
    return kind if kinds.count(kind) == 1 else f"{kind}#{kinds[: position + 1].count(kind)}"
