"""Patterns of parameters' names, and masks made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from thalweg import tree
from thalweg.errors import ArgumentError, did_you_mean
from thalweg.tree import Tree

__all__ = ["matching"]

# How many names an error lists.
_MOST = 40

Steps = tuple[str, ...]


class MaskedNode(NamedTuple):
    """An empty subtree, where a masked transformation sees no leaf."""


def steps_of(leaves: Tree, hidden: bool = False) -> list[Steps]:
    """Return the way to each parameter, by keys, fields and numbers.

    A key of several steps, as modules name their parameters (`"0.bias"`), is these steps.

    Args:
        leaves: The parameters.
        hidden: Whether those count that a mask around hides.
    """
    ways = tree.names(leaves, (lambda node: isinstance(node, MaskedNode)) if hidden else None)
    return [tuple(".".join(way).split(".")) if way else () for way in ways]


def name_of(steps: Steps) -> str:
    """Return the name of a parameter; that of parameters without any is a dot."""
    return ".".join(steps) or "·"


def matches(pattern: str, steps: Steps) -> bool:
    """Tell whether a parameter's name has a form."""
    return _match(pattern.split("."), steps)


def _match(pattern: Sequence[str], steps: Steps) -> bool:
    if not pattern:
        return not steps
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_match(rest, steps[i:]) for i in range(len(steps) + 1))
    if not steps:
        return False
    # As it stands too: a key may have the characters of patterns in it.
    return (first == steps[0] or fnmatchcase(steps[0], first)) and _match(rest, steps[1:])


def require_matches(patterns: Iterable[str], params: Tree) -> None:
    """Accept patterns that match a parameter each, be it one that a mask around hides.

    Raises:
        ArgumentError: If one matches none.
    """
    ways = steps_of(params, hidden=True)
    for pattern in patterns if ways else ():
        if not any(matches(pattern, steps) for steps in ways):
            names = [*map(name_of, ways)]
            more = f", … ({len(names):,} in all)" if len(names) > _MOST else ""
            raise ArgumentError(
                f"The pattern {pattern!r} matches no parameter; there are "
                f"{', '.join(names[:_MOST])}{more}. Remove it or correct it."
                f"{did_you_mean(pattern, names)}"
            )


class NameMask:
    """A mask by patterns of names: what `matching` returns."""

    def __init__(self, patterns: tuple[str, ...], excluding: tuple[str, ...]) -> None:
        self.patterns, self.excluding = patterns, excluding

    def __call__(self, params: Tree) -> Tree:
        """Return the tree of booleans of parameters.

        Raises:
            ArgumentError: If a pattern matches none of them.
        """
        require_matches((*self.patterns, *self.excluding), params)
        return self.of(params)

    def of(self, updates: Tree) -> Tree:
        """Return the tree of booleans of updates, some of which may be None."""
        chosen = [*map(self._holds, steps_of(updates))]
        return tree.unflatten(tree.structure(updates), chosen)

    def _holds(self, steps: Steps) -> bool:
        wanted = not self.patterns or any(matches(pattern, steps) for pattern in self.patterns)
        return wanted and not any(matches(pattern, steps) for pattern in self.excluding)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NameMask) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.patterns, self.excluding))

    def __repr__(self) -> str:
        given = [*map(repr, self.patterns)]
        if self.excluding:
            given.append(f"excluding=[{', '.join(map(repr, self.excluding))}]")
        return f"matching({', '.join(given)})"


def matching(*patterns: str, excluding: str | Sequence[str] = ()) -> NameMask:
    """Return a mask by patterns of parameters' names, wherever a mask is taken.

    A parameter's name is the way to it: `layers.0.bias` for `params["layers"][0].bias`, and for
    what modules call `layers.0.bias`. In a pattern `*` stands for any part of one step of the way,
    `?` for a character, `**` for any number of steps, none too. A pattern alone is a mask as well:
    `mask="**.weight"` is `mask=matching("**.weight")`.

    Args:
        patterns: The parameters that match one of these are selected; without any, all are.
        excluding: A pattern or several of those that are not.

    Raises:
        ArgumentError: If something is given that is no text; where the mask is used, if a pattern
            matches no parameter.

    Example:
        >>> import thalweg as tw
        >>> mask = tw.optim.matching(excluding=["**.bias", "norm.*"])
        >>> mask({"0.weight": 1.0, "0.bias": 1.0, "norm": {"scale": 1.0}})
        {'0.weight': True, '0.bias': False, 'norm': {'scale': False}}
        >>> tw.optim.adamw(0.1, mask=mask)
        adamw(learning_rate=0.1, mask=matching(excluding=['**.bias', 'norm.*']))
    """
    left_out = (excluding,) if isinstance(excluding, str) else tuple(excluding)
    for pattern in (*patterns, *left_out):
        if not isinstance(pattern, str):
            raise ArgumentError(
                f"matching got {pattern!r} where a pattern of names is wanted. Give text such as "
                "'**.bias', several as several arguments."
            )
    return NameMask(patterns, left_out)


def read_mask(mask: Any) -> Any:
    """Return a mask with a pattern made what `matching` makes of it."""
    return matching(mask) if isinstance(mask, str) else mask
